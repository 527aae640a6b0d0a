//! Reports to files and to standard output, one file per format.

pub(crate) mod diff;
pub(crate) mod paths;
mod scenarios;
pub(crate) mod style;
mod suites;
mod text;
pub(crate) mod wasm;

use std::io::Write;

use camino::Utf8Path;
use engine::Failure;
use model::{ExitStatus, Report};
use serde::Serialize;

use crate::args::{CheckArgs, Format};
use crate::files;

/// Refuse names whose format is not known before any work is done.
pub(crate) fn check_names(files: &[camino::Utf8PathBuf]) -> Result<(), Failure> {
    for file in files {
        if format_of(file).is_none() {
            return Err(Failure::usage(format!(
                "{file}: the end of the name chooses the format; it must be .json, .html or .txt"
            )));
        }
        let parent = file.parent().filter(|p| !p.as_str().is_empty());
        if let Some(parent) = parent.filter(|p| !p.is_dir()) {
            return Err(Failure::usage(format!(
                "{file}: there is no directory {parent}"
            )));
        }
    }
    Ok(())
}

fn format_of(file: &Utf8Path) -> Option<Format> {
    match file.extension()? {
        "json" => Some(Format::Json),
        "html" | "htm" => Some(Format::Html),
        "txt" => Some(Format::Text),
        _ => None,
    }
}

/// Write every file that was asked for, and standard output.
pub(crate) fn write(args: &CheckArgs, report: &Report) -> Result<(), Failure> {
    for file in &args.output {
        let format = format_of(file).unwrap_or(Format::Text);
        write_file(file, &render(format, args, report))?;
    }
    let mut text = render(args.format, args, report);
    if args.format == Format::Text {
        for file in &args.output {
            text.push_str("wrote ");
            text.push_str(file.as_str());
            text.push('\n');
        }
    }
    print(&text)
}

/// Print on standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Ok(()),
        // The reader has seen enough, as `head` does.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(cannot_write("standard output", &e)),
    }
}

/// Say what went wrong.
pub(crate) fn error(failure: &Failure) {
    let bad = style::ERROR;
    anstream::eprintln!("{bad}error:{bad:#} {failure:#}");
}

/// Say why a program in the sandbox did not end by itself.
pub(crate) fn complain(what: &str) {
    anstream::eprintln!("wasmcheck: {what}");
}

fn render(format: Format, args: &CheckArgs, report: &Report) -> String {
    match format {
        Format::Text => text::render(report, args.verbose),
        Format::Json => json(report),
        Format::Html => web::page(report),
    }
}

/// A value of the contract as JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("the contract has string keys only");
    text.push('\n');
    text
}

/// Write text without colours to a file.
pub(crate) fn write_file(file: &Utf8Path, text: &str) -> Result<(), Failure> {
    let plain = anstream::adapter::strip_str(text).to_string();
    files::write(file, &plain).map_err(|e| cannot_write(file.as_str(), &e))
}

fn cannot_write(what: &str, error: &std::io::Error) -> Failure {
    let mut failure = Failure::usage(format!("{what}: the report cannot be written: {error}"));
    failure.status = ExitStatus::NoVerdict;
    failure
}
