//! `wasmcheck inspect`: what is in a wasm file.

use std::process::ExitCode;

use analyzer::Asked;
use model::{ExitStatus, SCHEMA, WasmFile, WasmPath};
use serde::Serialize;

use crate::args::{InspectArgs, InspectFormat};
use crate::check::Failure;
use crate::{files, output};

/// Ways that are shown.
const WAYS: usize = 5;

/// The answer to `--why`.
#[derive(Serialize)]
struct Why<'a> {
    schema: u32,
    file: &'a str,
    symbol: &'a str,
    paths: &'a [WasmPath],
}

/// Read the file and tell what is in it.
pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let bytes = files::read_wasm(&args.file).map_err(Failure::no_verdict)?;
    let name = args.file.file_name().unwrap_or(args.file.as_str());
    let asked = Asked {
        why: args.why.as_deref(),
        count: WAYS,
    };
    let (wasm, ways) = analyzer::inspect_wasm(name, &bytes, asked)
        .map_err(|e| Failure::no_verdict(format!("{}: {e}", args.file)))?;
    let text = match &args.why {
        Some(symbol) => why(args, &wasm, symbol, &ways)?,
        None => match args.format {
            InspectFormat::Text => output::wasm::render(&wasm, args.sinks),
            InspectFormat::Json => output::json(&wasm),
        },
    };
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None => output::print(&text)?,
    }
    Ok(ExitCode::from(ExitStatus::Clean.code()))
}

fn why(
    args: &InspectArgs,
    wasm: &WasmFile,
    symbol: &str,
    paths: &[WasmPath],
) -> Result<String, Failure> {
    if wasm.functions.is_empty() {
        return Err(Failure::usage(format!(
            "{}: ways are found in programs of the Go toolchain alone; this is {}",
            args.file,
            wasm.producer.title()
        )));
    }
    Ok(match args.format {
        InspectFormat::Text => output::paths::render(wasm, symbol, paths),
        InspectFormat::Json => output::json(&Why {
            schema: SCHEMA,
            file: &wasm.file,
            symbol,
            paths,
        }),
    })
}
