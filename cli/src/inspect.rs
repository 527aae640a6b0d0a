//! `wasmcheck inspect`: what is in a wasm file.

use std::process::ExitCode;

use analyzer::Inspected;
use camino::Utf8Path;
use engine::Failure;
use model::{ExitStatus, SCHEMA, WasmFile, WasmPath};
use serde::Serialize;

use crate::args::{InspectArgs, InspectFormat};
use crate::output::diff::Diff;
use crate::{output, sbom};
use web::view;

/// The answer to `--why`.
#[derive(Serialize)]
struct Why<'a> {
    schema: u32,
    file: &'a str,
    symbol: &'a str,
    paths: &'a [WasmPath],
}

/// Read the files and tell what is in them.
pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let format = format(args)?;
    // A list of all functions takes as much memory as the rest.
    let functions = format == InspectFormat::Json || args.why.is_some();
    let mut answers = Vec::new();
    let mut status = ExitStatus::Clean;
    for file in &args.files {
        let read = engine::inspect(file, functions, args.why.as_deref())?;
        if over(args, &read.file) {
            status = ExitStatus::Findings;
        }
        answers.push(answer(args, format, file, &read)?);
    }
    let text = match (answers.as_slice(), format) {
        ([_, _, ..], InspectFormat::Json) => format!("[\n{}\n]\n", answers.join(",\n")),
        _ => answers.join("\n"),
    };
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None => output::print(&text)?,
    }
    Ok(ExitCode::from(status.code()))
}

/// The format that is asked for, or that the end of the output's name says.
fn format(args: &InspectArgs) -> Result<InspectFormat, Failure> {
    let named = args.output.as_ref().and_then(|file| file.extension());
    let named = match named {
        Some("json") => InspectFormat::Json,
        Some("html" | "htm") => InspectFormat::Html,
        _ => InspectFormat::Text,
    };
    let format = args.format.unwrap_or(named);
    let special = args.why.is_some() || args.diff.is_some() || args.sbom;
    if format == InspectFormat::Html && (special || args.files.len() > 1) {
        return Err(Failure::usage(
            "a page is about one file, and about all of it: leave --why, --diff and --sbom, and name one file"
                .to_owned(),
        ));
    }
    Ok(format)
}

fn answer(
    args: &InspectArgs,
    format: InspectFormat,
    file: &Utf8Path,
    read: &Inspected,
) -> Result<String, Failure> {
    let wasm = &read.file;
    if let Some(symbol) = &args.why {
        return Ok(why(format, wasm, symbol, &read.ways));
    }
    if let Some(old) = &args.diff {
        let diff = Diff::of(&engine::inspect(old, false, None)?.file, wasm);
        return Ok(match format {
            InspectFormat::Json => output::json(&diff),
            InspectFormat::Text | InspectFormat::Html => diff.render(),
        });
    }
    if args.sbom {
        return bill(file, wasm);
    }
    Ok(match format {
        InspectFormat::Text => output::wasm::render(wasm, args.sinks),
        InspectFormat::Json => output::json(wasm),
        InspectFormat::Html => web::file_page(wasm, &output::paths::told),
    })
}

/// Whether a file is larger than it may be; says so.
fn over(args: &InspectArgs, wasm: &WasmFile) -> bool {
    let Some(most) = args.max_size.map(|size| size.as_u64()) else {
        return false;
    };
    let size = wasm.size.file;
    if size > most {
        let (has, may) = (view::bytes(size), view::bytes(most));
        output::complain(&format!(
            "{}: {has} are {} more than the {may} that it may have; `--diff OLD.wasm` shows what has grown",
            wasm.file,
            view::bytes(size - most)
        ));
    }
    size > most
}

fn bill(file: &Utf8Path, wasm: &WasmFile) -> Result<String, Failure> {
    if wasm.modules.is_empty() {
        return Err(Failure::no_verdict(format!(
            "{file}: it has no list of modules; the go command writes one into every program of the Go toolchain"
        )));
    }
    Ok(sbom::render(wasm))
}

fn why(format: InspectFormat, wasm: &WasmFile, symbol: &str, paths: &[WasmPath]) -> String {
    match format {
        InspectFormat::Text | InspectFormat::Html => output::paths::render(wasm, symbol, paths),
        InspectFormat::Json => output::json(&Why {
            schema: SCHEMA,
            file: &wasm.file,
            symbol,
            paths,
        }),
    }
}
