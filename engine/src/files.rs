//! Files that the user named, and those that a worker writes.

use std::io::{self, ErrorKind, Write};

use camino::Utf8Path;
use toolchain::files;

/// Largest wasm file that is read: what an engine takes lies far below.
const MAX_WASM: u64 = 1 << 30;

/// Largest text that is read.
const MAX_TEXT: u64 = 64 << 20;

/// Read a wasm file, or say why that cannot be.
pub(crate) fn read_wasm(file: &Utf8Path) -> Result<Vec<u8>, String> {
    let read = files::read_named(file.as_std_path(), MAX_WASM);
    read.map_err(|e| unreadable(file, &e))
}

/// Its first bytes.
pub(crate) fn head_of_wasm(file: &Utf8Path, most: u64) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let opened = files::open(file.as_std_path());
    let read = opened.and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|e| unreadable(file, &e))?;
    Ok(bytes)
}

fn unreadable(file: &Utf8Path, e: &io::Error) -> String {
    match e.kind() {
        ErrorKind::NotFound => format!("{file}: there is no such file"),
        ErrorKind::FileTooLarge => format!("{file}: larger than 1 GiB, which no engine takes"),
        _ if file.is_dir() => {
            format!("{file}: this is a directory; `wasmcheck {file}` checks a Go module")
        }
        _ => format!("{file}: {e}"),
    }
}

/// The content of a small file that may lie beside another.
pub(crate) fn beside(file: &Utf8Path, name: &str) -> Option<Vec<u8>> {
    const MAX: u64 = 1 << 20;
    files::read(file.with_file_name(name).as_std_path(), MAX).ok()
}

/// Write a file that the user named: one that exists is replaced as a whole, a link, a device or a pipe is
/// written as `>` of a shell does.
///
/// # Errors
///
/// Those of the system.
pub fn write(file: &Utf8Path, text: &str) -> io::Result<()> {
    files::write(file.as_std_path(), text.as_bytes())
}

/// Write a file where there is none yet, not even a link.
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`], and those of the system.
pub fn write_new(file: &Utf8Path, text: &str) -> io::Result<()> {
    files::write_new(file.as_std_path(), text.as_bytes())
}

/// The text of a file that the user named, whatever its encoding: a regular one, or a pipe of the shell.
///
/// # Errors
///
/// Those of the system; files that are no regular ones, or larger than 64 MiB, are refused.
pub fn read_stored(file: &Utf8Path) -> io::Result<String> {
    let bytes = files::read_named(file.as_std_path(), MAX_TEXT)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A file that is written line by line, while something goes on.
pub(crate) fn lines(file: &Utf8Path) -> io::Result<impl Write + Send + use<>> {
    std::fs::File::create(file).map(io::LineWriter::new)
}

/// The text of a small file of the user's.
pub(crate) fn read_text(file: &Utf8Path) -> Result<String, String> {
    let read = files::read_text(file.as_std_path(), MAX_TEXT);
    read.map_err(|e| e.to_string())
}
