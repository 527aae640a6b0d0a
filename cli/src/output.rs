//! Reports to files and to standard output, one file per format.

pub(crate) mod style;
mod text;

use std::io::Write;

use camino::Utf8Path;
use model::{ExitStatus, Report};

use crate::args::{CheckArgs, Format};
use crate::check::Failure;

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
        let text = anstream::adapter::strip_str(&render(format, args, report)).to_string();
        write_file(file, &text)?;
    }
    let mut text = render(args.format, args, report);
    if args.format == Format::Text {
        for file in &args.output {
            text.push_str("wrote ");
            text.push_str(file.as_str());
            text.push('\n');
        }
    }
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

fn render(format: Format, args: &CheckArgs, report: &Report) -> String {
    match format {
        Format::Text => text::render(report, args.verbose),
        Format::Json => json(report),
        Format::Html => web::page(report),
    }
}

fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has string keys only");
    text.push('\n');
    text
}

/// Through a file beside it, so that a full disk leaves no half a report.
fn write_file(file: &Utf8Path, text: &str) -> Result<(), Failure> {
    let temporary = file.with_file_name(format!(".{}.part", file.file_name().unwrap_or("report")));
    let written = put(&temporary, text).and_then(|()| std::fs::rename(&temporary, file));
    written.map_err(|e| {
        let _ = std::fs::remove_file(&temporary);
        cannot_write(file.as_str(), &e)
    })
}

fn put(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let mut out = std::fs::File::create(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

fn cannot_write(what: &str, error: &std::io::Error) -> Failure {
    let mut failure = Failure::usage(format!("{what}: the report cannot be written: {error}"));
    failure.status = ExitStatus::NoVerdict;
    failure
}
