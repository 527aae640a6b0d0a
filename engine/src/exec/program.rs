//! The file of a guest, its stacks, and the file that its calls are written to.

use std::io::{self, Write};

use analyzer::Stacks;
use camino::Utf8Path;
use model::{Frame, visible_lines};
use runtime_harness::{Unwinder, Wasm};

use crate::files;

/// What stands before a program's code, its imports included, is not longer than this, in bytes.
const HEAD: u64 = 1 << 20;

/// What stands before the program's code, and the program, read when it must be compiled; what is no
/// file, a pipe, can be read just once.
pub(super) fn program(file: &Utf8Path) -> Result<(Vec<u8>, Wasm), String> {
    if file.is_file() {
        let (head, file) = (files::head_of_wasm(file, HEAD)?, file.to_owned());
        return Ok((head, Wasm::read_by(move || files::read_wasm(&file))));
    }
    let bytes = files::read_wasm(file)?;
    Ok((bytes.clone(), bytes.into()))
}

/// Go's stacks, for the sandbox, which knows nothing of Go.
pub(super) struct GoStacks(pub(super) Stacks);

impl Unwinder for GoStacks {
    fn walk(&self, memory: &[u8], sp: u32, function: u32) -> Vec<u64> {
        self.0.walk(memory, sp, function)
    }

    fn frames(&self, places: &[u64]) -> Vec<Frame> {
        self.0.frames(places)
    }

    fn matters(&self, frames: &[Frame]) -> bool {
        !frames.iter().all(Frame::is_std)
    }
}

/// Where calls are written.
pub(super) fn trace(file: &Utf8Path) -> Result<Box<dyn Write + Send>, String> {
    if file == "-" {
        return Ok(Box::new(Shown(std::io::stderr())));
    }
    let out = files::lines(file).map_err(|e| format!("--trace={file}: {e}"))?;
    Ok(Box::new(Shown(out)))
}

/// What is written for people: names that the guest chose are in it.
struct Shown<W>(W);

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(visible_lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_guests_have_no_colours_in_a_trace() {
        let mut out = Shown(Vec::new());
        let (function, file) = ("f\x1b[31m", "a\u{202e}.go");
        writeln!(out, "    {function} {file}:1").unwrap();
        assert_eq!(out.0, b"    f\\u{1b}[31m a\\u{202e}.go:1\n");
    }
}
