//! The one door to files. Everything that the analyzer reads comes through [`System`].

use std::io;

use camino::Utf8Path;

/// Where files come from: the disk, or a table in tests.
pub trait System: Sync {
    /// The bytes of a file.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// Larger files are not read: no compiler takes them either, and offsets have 32 bits.
const MAX_FILE: u64 = 256 << 20;

impl System for Disk {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let size = std::fs::metadata(path)?.len();
        if size > MAX_FILE {
            return Err(io::Error::other(format!(
                "{} MiB are too much for a source file",
                size >> 20
            )));
        }
        std::fs::read(path)
    }
}
