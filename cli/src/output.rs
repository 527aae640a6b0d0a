//! Texts to files and to standard output. What they say is rendered by `report` and `web`.

use std::io::Write;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use engine::Failure;
use model::{ExitStatus, Report, visible, visible_lines};
use report::{Format, Options, Pages, style};
use serde::Serialize;

use crate::args::CheckArgs;

/// How pages are made.
pub(crate) const PAGES: Pages = Pages {
    report: web::page,
    file: web::file_page,
};

/// Refuse names whose format is not known before any work is done.
pub(crate) fn check_names(files: &[Utf8PathBuf]) -> Result<(), Failure> {
    for file in files {
        format_of(file)?;
        let parent = file.parent().filter(|p| !p.as_str().is_empty());
        if let Some(parent) = parent.filter(|p| !p.is_dir()) {
            return Err(Failure::usage(format!(
                "{file}: there is no directory {parent}"
            )));
        }
    }
    Ok(())
}

/// The format that the end of a name chooses.
pub(crate) fn format_of(file: &Utf8Path) -> Result<&'static Format, Failure> {
    report::format_of_file(file.as_str()).ok_or_else(|| {
        let endings = report::endings();
        Failure::usage(format!(
            "{file}: the end of the name chooses the format; it must be {endings}"
        ))
    })
}

/// Write every file that was asked for, and standard output.
pub(crate) fn write(args: &CheckArgs, report: &Report) -> Result<(), Failure> {
    let options = Options {
        verbose: args.verbose,
    };
    for file in &args.output {
        let text = format_of(file)?.report(report, &options, PAGES);
        write_file(file, &text)?;
    }
    let mut text = args.format.report(report, &options, PAGES);
    if args.format.is_text() {
        for file in &args.output {
            text.push_str("wrote ");
            text.push_str(&visible(file.as_str()));
            text.push('\n');
        }
    }
    print(&text)
}

/// Print on standard output. A reader that has seen enough, as `head` has, is told nothing; the exit code tells all
/// others that the results did not arrive.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {
            Err(Failure::no_verdict(String::new()))
        }
        Err(e) => Err(cannot_write("standard output", &e)),
    }
}

/// Say something on standard error, if that can be written: nobody hears of it otherwise.
pub(crate) fn say(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let written = stderr.write_all(format!("{text}{line_end}").as_bytes());
    let _ = written.and_then(|()| stderr.flush());
}

/// Say what went wrong, and give the exit code for it.
pub(crate) fn fail(failure: &Failure) -> ExitCode {
    let why = failure.to_string();
    if !why.is_empty() {
        let (bad, why) = (style::ERROR, visible_lines(&why));
        say(&format!("{bad}error:{bad:#} {why}"));
    }
    ExitCode::from(failure.status.code())
}

/// Say why a program in the sandbox did not end by itself.
pub(crate) fn complain(what: &str) {
    say(&format!("wasmcheck: {}", visible_lines(what)));
}

/// A value of the contract as JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    report::render::json::text(value)
}

/// Write text without colours to a file.
pub(crate) fn write_file(file: &Utf8Path, text: &str) -> Result<(), Failure> {
    let plain = anstream::adapter::strip_str(text).to_string();
    engine::write(file, &plain).map_err(|e| cannot_write(file.as_str(), &e))
}

fn cannot_write(what: &str, error: &std::io::Error) -> Failure {
    let mut failure = Failure::usage(format!("{what}: the report cannot be written: {error}"));
    failure.status = ExitStatus::NoVerdict;
    failure
}
