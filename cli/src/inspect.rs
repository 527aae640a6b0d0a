//! `wasmcheck inspect`: what is in a wasm file.

use std::process::ExitCode;

use analyzer::Asked;
use camino::Utf8Path;
use model::{ExitStatus, Producer, SCHEMA, WasmFile, WasmPath};
use serde::Serialize;

use crate::args::{InspectArgs, InspectFormat};
use crate::check::Failure;
use crate::output::diff::Diff;
use crate::{files, output, sbom};

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
    // A list of all functions takes as much memory as the rest.
    let functions = args.format == InspectFormat::Json || args.why.is_some();
    let (wasm, ways) = read(&args.file, functions, args.why.as_deref())?;
    let text = match (&args.why, &args.diff) {
        (Some(symbol), _) => why(args, &wasm, symbol, &ways)?,
        (None, Some(old)) => {
            let diff = Diff::of(&read(old, false, None)?.0, &wasm);
            match args.format {
                InspectFormat::Text => diff.render(),
                InspectFormat::Json => output::json(&diff),
            }
        }
        (None, None) if args.sbom => bill(args, &wasm)?,
        (None, None) => match args.format {
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

fn read(
    file: &Utf8Path,
    functions: bool,
    why: Option<&str>,
) -> Result<(WasmFile, Vec<WasmPath>), Failure> {
    let bytes = files::read_wasm(file).map_err(Failure::no_verdict)?;
    let name = file.file_name().unwrap_or(file.as_str());
    let asked = Asked {
        functions,
        why,
        count: WAYS,
    };
    analyzer::inspect_wasm(name, &bytes, asked)
        .map_err(|e| Failure::no_verdict(format!("{file}: {e}")))
}

fn bill(args: &InspectArgs, wasm: &WasmFile) -> Result<String, Failure> {
    if wasm.modules.is_empty() {
        return Err(Failure::no_verdict(format!(
            "{}: it has no list of modules; the go command writes one into every program of the Go toolchain",
            args.file
        )));
    }
    Ok(sbom::render(wasm))
}

fn why(
    args: &InspectArgs,
    wasm: &WasmFile,
    symbol: &str,
    paths: &[WasmPath],
) -> Result<String, Failure> {
    if wasm.producer != Producer::Go {
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
