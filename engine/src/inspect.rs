//! Wasm files, read as `wasmcheck inspect` shows them.

use analyzer::{InspectOptions, Inspected};
use camino::Utf8Path;
use model::Entry;

use crate::failure::Failure;
use crate::files;

/// The support file of Go for JavaScript hosts.
const GLUE: &str = "wasm_exec.js";

/// Ways to a symbol that are found.
const WAYS: usize = 5;

/// Read a wasm file: with a list of all functions, and with the ways to a symbol, if they are wanted.
pub fn inspect(file: &Utf8Path, functions: bool, why: Option<&str>) -> Result<Inspected, Failure> {
    let bytes = files::read_wasm(file).map_err(Failure::no_verdict)?;
    let name = file.file_name().unwrap_or(file.as_str());
    let asked = InspectOptions {
        functions,
        why,
        count: WAYS,
        ..InspectOptions::default()
    };
    let mut read = analyzer::inspect_wasm(name, bytes, asked)
        .map_err(|e| Failure::no_verdict(format!("{file}: {e}")))?;
    if read.file.entry == Entry::Js {
        let text = files::beside(file, GLUE);
        read.file.glue = text.map(|text| analyzer::glue(&read.file, GLUE, &text));
    }
    Ok(read)
}
