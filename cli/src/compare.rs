//! `wasmcheck compare`: what differs between two stored reports.

use std::process::ExitCode;

use camino::Utf8Path;
use model::{ExitStatus, Report};

use crate::args::CompareArgs;
use crate::{output, render};
use engine::Failure;

/// Print what differs; something new has an exit code of its own.
pub(crate) fn run(args: &CompareArgs) -> Result<ExitCode, Failure> {
    if args.old == "-" && args.new == "-" {
        return Err(Failure::usage(
            "only one of the reports can be read from standard input".to_owned(),
        ));
    }
    let compared = report::compare(&read(&args.old)?, &read(&args.new)?);
    output::print(&if args.format.is_json() {
        output::json(&compared)
    } else {
        report::render::compare::render(&compared)
    })?;
    let status = if compared.has_new() {
        ExitStatus::Findings
    } else {
        ExitStatus::Clean
    };
    Ok(ExitCode::from(status.code()))
}

fn read(file: &Utf8Path) -> Result<Report, Failure> {
    let stored = render::read(file)?;
    stored
        .into_report()
        .map_err(|e| render::unreadable(file, &e))
}
