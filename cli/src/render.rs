//! `wasmcheck render`: a stored report in any format.

use std::process::ExitCode;

use camino::Utf8Path;
use report::{Format, Options, Stored};

use crate::args::RenderArgs;
use crate::files;
use crate::output::{self, PAGES};
use engine::Failure;

/// Write what was stored, to every file and to standard output.
pub(crate) fn run(args: &RenderArgs) -> Result<ExitCode, Failure> {
    output::check_names(&args.output)?;
    let stored = read(&args.file)?;
    let options = Options {
        verbose: args.verbose,
    };
    let render = |format: &Format| {
        let text = stored.render(format, &options, PAGES);
        text.ok_or_else(|| {
            Failure::usage(format!(
                "{}: it tells what is in a wasm file, and {} is a format of reports",
                args.file, format.name
            ))
        })
    };
    for file in &args.output {
        output::write_file(file, &render(output::format_of(file)?)?)?;
    }
    let nothing_else = args.output.is_empty();
    let text = nothing_else.then(report::text_format);
    let printed = args.format.or(text);
    if let Some(format) = printed {
        output::print(&render(format)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Read what an earlier run wrote.
pub(crate) fn read(file: &Utf8Path) -> Result<Stored, Failure> {
    let text = files::read_stored(file).map_err(Failure::no_verdict)?;
    report::read_stored(&text).map_err(|e| unreadable(file, &e))
}

/// Say which file cannot be read, and why.
pub(crate) fn unreadable(file: &Utf8Path, why: &report::Unreadable) -> Failure {
    let name = if file == "-" {
        "standard input"
    } else {
        file.as_str()
    };
    Failure::no_verdict(format!("{name}: {why}"))
}
