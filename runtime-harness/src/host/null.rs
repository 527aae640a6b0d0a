//! `/dev/null`: an ordinary file in the scratch root, and a device for guests of wasip1.
//!
//! What is written to it is gone, nothing is read from it, and its type is that of a character
//! device, as Go's own tests have it (`os/os_test.go`, `TestDevNullFile`).

use std::collections::BTreeSet;

use crate::host::Host;
use crate::wasi::{Memory, answer};

/// Descriptors of the directories that are open from the start begin here.
const FIRST: i32 = 3;
/// `$filetype`: a character device.
const DEVICE: u8 = 2;
/// Where `$filestat` has its type and its size, and `$fdstat` its type (`typenames.witx`).
const STAT_TYPE: usize = 16;
const STAT_SIZE: usize = 32;
const FDSTAT_TYPE: usize = 0;

/// Which descriptors are the device.
#[derive(Debug, Default)]
pub(crate) struct Nulls {
    open: BTreeSet<i32>,
    /// Names of the directories that are open from the start, in their order.
    dirs: Vec<String>,
}

impl Nulls {
    /// Nothing is open yet but these directories.
    pub(crate) fn below(dirs: Vec<String>) -> Self {
        Self {
            dirs,
            ..Self::default()
        }
    }

    pub(crate) fn has(&self, fd: i32) -> bool {
        self.open.contains(&fd)
    }

    pub(crate) fn close(&mut self, fd: i32) {
        self.open.remove(&fd);
    }

    pub(crate) fn renumber(&mut self, from: i32, to: i32) {
        self.open.remove(&to);
        if self.open.remove(&from) {
            self.open.insert(to);
        }
    }

    /// Whether a path below an open directory is the device.
    pub(crate) fn is_path(&self, memory: &[u8], dir: i32, at: i32, len: i32) -> bool {
        let named = || {
            let dir = self
                .dirs
                .get(usize::try_from(dir.checked_sub(FIRST)?).ok()?)?;
            let bytes = memory.get(at.cast_unsigned() as usize..)?;
            let path = std::str::from_utf8(bytes.get(..len.cast_unsigned() as usize)?).ok()?;
            Some(format!("{}/{path}", dir.trim_end_matches('/')) == "/dev/null")
        };
        named().unwrap_or(false)
    }
}

/// Arguments of `path_open`, in their order.
type Open = (i32, i32, i32, i32, i32, i64, i64, i32, i32);

/// Open the device.
pub(crate) fn open(host: &mut Host, memory: &mut [u8], args: Open) -> wasmtime::Result<i32> {
    let (dir, links, path, len, flags, rights, inherited, fd_flags, to) = args;
    let opened = answer(host.wasi.path_open(
        &mut Memory(memory),
        dir,
        links,
        path,
        len,
        flags,
        rights,
        inherited,
        fd_flags,
        to,
    ))?;
    let at = to.cast_unsigned() as usize;
    if opened == 0
        && let Some(fd) = memory.get(at..).and_then(|m| m.first_chunk())
    {
        host.nulls.open.insert(i32::from_le_bytes(*fd));
    }
    Ok(opened)
}

/// Say in a `$filestat` that it is a device.
pub(crate) fn stat(memory: &mut [u8], at: i32) {
    put(memory, at, STAT_TYPE, &[DEVICE]);
    put(memory, at, STAT_SIZE, &[0; 8]);
}

/// Say so in a `$fdstat`.
pub(crate) fn fdstat(memory: &mut [u8], at: i32) {
    put(memory, at, FDSTAT_TYPE, &[DEVICE]);
}

fn put(memory: &mut [u8], at: i32, offset: usize, bytes: &[u8]) {
    let start = at.cast_unsigned() as usize + offset;
    if let Some(slot) = memory
        .get_mut(start..)
        .and_then(|m| m.get_mut(..bytes.len()))
    {
        slot.copy_from_slice(bytes);
    }
}
