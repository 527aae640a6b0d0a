//! The one door to files. Everything that the analyzer reads comes through [`System`].

use std::io::{self, Read};

use camino::Utf8Path;

/// Where files come from: the disk, or a table in tests.
pub trait System: Sync {
    /// The bytes of a file.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;

    /// What of a file may stand in a report; none where there is no such file.
    fn quotable(&self, _path: &Utf8Path) -> Option<Quotable> {
        Some(Quotable::Lines)
    }

    /// Whether it keeps what was read of the files of a directory for later runs: of dependencies,
    /// which do not change.
    fn keeps(&self, _dir: &Utf8Path) -> bool {
        false
    }

    /// What was kept of the files of a directory. It need not be whole.
    fn recall(&self, _dir: &Utf8Path) -> Option<Vec<u8>> {
        None
    }

    /// Keep this of the files of a directory, or do not.
    fn keep(&self, _dir: &Utf8Path, _bytes: &[u8]) {}
}

/// What of a file may stand in a report: a module can name files of the machine that are none of its readers' business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotable {
    /// Its lines, and what is said of them.
    Lines,
    /// What is said of it: it lies where its module was put by another.
    Messages,
    /// Nothing.
    Nothing,
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// Larger files are not read: no compiler takes them either, and offsets have 32 bits.
const MAX_FILE: u64 = 128 << 20;

impl System for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        if size > MAX_FILE {
            return Err(io::Error::other(format!(
                "{} MiB are too much for a source file",
                size >> 20
            )));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
