//! Files that the user named, and those that a worker writes.

use std::io::{Read, Write};

use camino::Utf8Path;

/// Largest wasm file that is read: what an engine takes lies far below.
const MAX_WASM: u64 = 1 << 30;

/// Read a wasm file, or say why that cannot be.
pub(crate) fn read_wasm(file: &Utf8Path) -> Result<Vec<u8>, String> {
    head_of_wasm(file, MAX_WASM)
}

/// Its first bytes.
pub(crate) fn head_of_wasm(file: &Utf8Path, most: u64) -> Result<Vec<u8>, String> {
    let told = |e: &std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{file}: there is no such file"),
        _ => format!("{file}: {e}"),
    };
    let metadata = std::fs::metadata(file).map_err(|e| told(&e))?;
    if metadata.is_dir() {
        return Err(format!(
            "{file}: this is a directory; `wasmcheck {file}` checks a Go module"
        ));
    }
    if metadata.len() > MAX_WASM {
        return Err(format!("{file}: larger than 1 GiB, which no engine takes"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(most)).unwrap_or(0));
    let opened = std::fs::File::open(file).map_err(|e| told(&e))?;
    let read = opened.take(most).read_to_end(&mut bytes);
    read.map_err(|e| told(&e))?;
    Ok(bytes)
}

/// The content of a small file that may lie beside another.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn beside(file: &Utf8Path, name: &str) -> Option<Vec<u8>> {
    const MAX: u64 = 1 << 20;
    let other = file.with_file_name(name);
    let metadata = std::fs::metadata(&other).ok()?;
    let small = metadata.is_file() && metadata.len() < MAX;
    small.then(|| std::fs::read(&other).ok())?
}

/// Write a file through one beside it, so that a full disk leaves no half of it.
pub(crate) fn write(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let temporary = file.with_file_name(format!(".{}.part", file.file_name().unwrap_or("report")));
    let written = put(&temporary, text).and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// A file that is written line by line, while something goes on.
pub(crate) fn lines(file: &Utf8Path) -> std::io::Result<impl Write + Send + use<>> {
    std::fs::File::create(file).map(std::io::LineWriter::new)
}

fn put(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let mut out = std::fs::File::create(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

/// The text of a small file of the user's.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn read_text(file: &Utf8Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|e| e.to_string())
}
