//! `wasmcheck inspect`: what is in a wasm file.

use std::process::ExitCode;

use model::ExitStatus;

use crate::args::{InspectArgs, InspectFormat};
use crate::check::Failure;
use crate::{files, output};

/// Read the file and tell what is in it.
pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let bytes = files::read_wasm(&args.file).map_err(Failure::no_verdict)?;
    let name = args.file.file_name().unwrap_or(args.file.as_str());
    let wasm = analyzer::read_wasm(name, &bytes)
        .map_err(|e| Failure::no_verdict(format!("{}: {e}", args.file)))?;
    let text = match args.format {
        InspectFormat::Text => output::wasm::render(&wasm),
        InspectFormat::Json => output::json(&wasm),
    };
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None => output::print(&text)?,
    }
    Ok(ExitCode::from(ExitStatus::Clean.code()))
}
