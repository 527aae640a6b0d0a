//! `wasmcheck inspect`: what is in a wasm file.

use std::process::ExitCode;

use camino::Utf8Path;
use engine::Failure;
use engine::knowledge::Inspected;
use model::{ExitStatus, SCHEMA, WasmFile, WasmPath};
use report::{Diff, Format, Options, render, view};
use serde::Serialize;

use crate::args::InspectArgs;
use crate::output::{self, PAGES};

/// What an inspected file contains.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    /// All of it.
    File(Box<WasmFile>),
    /// `--why`
    Why(Why),
    /// `--diff`
    Diff(Diff),
    /// `--sbom`
    Bill(serde_json::Value),
}

/// The answer to `--why`.
#[derive(Serialize)]
struct Why {
    schema: u32,
    file: String,
    symbol: String,
    paths: Vec<WasmPath>,
    #[serde(skip)]
    wasm: Box<WasmFile>,
}

/// Read the files and tell what is in them.
pub(crate) fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let format = format(args)?;
    // A list of all functions takes as much memory as the rest.
    let functions = format.is_json() || args.why.is_some();
    let mut answers = Vec::new();
    let mut status = ExitStatus::Clean;
    for file in &args.files {
        let read = engine::inspect(file, functions, args.why.as_deref())?;
        if over(args, &read.file) {
            status = ExitStatus::Findings;
        }
        answers.push(answer(args, file, read)?);
    }
    let text = if answers.len() > 1 && format.is_json() {
        output::json(&answers)
    } else {
        let options = Options {
            verbose: args.sinks,
        };
        let texts = answers.iter().map(|answer| answer.render(format, options));
        texts.collect::<Vec<_>>().join("\n")
    };
    match &args.output {
        Some(file) => output::write_file(file, &text)?,
        None => output::print(&text)?,
    }
    Ok(ExitCode::from(status.code()))
}

/// The format that is asked for, or that the end of the output's name says; text for other ends.
fn format(args: &InspectArgs) -> Result<&'static Format, Failure> {
    let named = args.output.as_ref();
    let named = named.and_then(|file| report::format_of_file(file.as_str()));
    let named = named.filter(|format| format.has_files());
    let format = args.format.or(named).unwrap_or(report::text_format());
    let special = args.why.is_some() || args.diff.is_some() || args.sbom;
    let page = !format.is_text() && !format.is_json();
    if page && (special || args.files.len() > 1) {
        return Err(Failure::usage(
            "an HTML page shows one whole file: omit --why, --diff and --sbom, and name one file"
                .to_owned(),
        ));
    }
    Ok(format)
}

fn answer(args: &InspectArgs, file: &Utf8Path, read: Inspected) -> Result<Answer, Failure> {
    let wasm = read.file;
    if let Some(symbol) = &args.why {
        return Ok(Answer::Why(Why {
            schema: SCHEMA,
            file: wasm.file.clone(),
            symbol: symbol.clone(),
            paths: read.ways,
            wasm: Box::new(wasm),
        }));
    }
    if let Some(old) = &args.diff {
        let old = engine::inspect(old, false, None)?.file;
        return Ok(Answer::Diff(Diff::of(&old, &wasm)));
    }
    if args.sbom {
        return bill(file, &wasm);
    }
    Ok(Answer::File(Box::new(wasm)))
}

impl Answer {
    fn render(&self, format: &Format, options: Options) -> String {
        match self {
            Self::File(wasm) => format.file(wasm, &options, PAGES).unwrap_or_default(),
            Self::Bill(_) => output::json(self),
            _ if format.is_json() => output::json(self),
            Self::Why(why) => render::paths::render(&why.wasm, &why.symbol, &why.paths),
            Self::Diff(diff) => render::diff::render(diff),
        }
    }
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
            "{}: {has} exceed --max-size {may} by {}; `--diff OLD.wasm` shows what has grown",
            wasm.file,
            view::bytes(size - most)
        ));
    }
    size > most
}

fn bill(file: &Utf8Path, wasm: &WasmFile) -> Result<Answer, Failure> {
    if wasm.modules.is_empty() {
        return Err(Failure::no_verdict(format!(
            "{file}: the file contains no list of modules; the go command writes one into every program of the Go toolchain"
        )));
    }
    Ok(Answer::Bill(render::sbom::bill(wasm)))
}
