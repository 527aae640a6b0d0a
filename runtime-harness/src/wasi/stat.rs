//! What is known of a file (`$filestat`), and the times that it is given.

use std::fs::{File, FileTimes};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_fs_ext::{FileTypeExt as _, MetadataExt as _, SystemTimeSpec};
use cap_std::fs::Metadata;

use super::memory::{Done, Memory, flags};
use crate::errno::Errno;

/// `$filetype`
pub(super) const UNKNOWN: u8 = 0;
const BLOCK_DEVICE: u8 = 1;
const CHARACTER_DEVICE: u8 = 2;
pub(super) const DIRECTORY: u8 = 3;
const REGULAR: u8 = 4;
const SYMLINK: u8 = 7;

/// `$fstflags`: set the time that is given, or the present one.
const ACCESSED: u32 = 1;
const ACCESSED_NOW: u32 = 1 << 1;
const MODIFIED: u32 = 1 << 2;
const MODIFIED_NOW: u32 = 1 << 3;

/// A `$filestat`; the default is that of a standard stream.
#[derive(Default)]
pub(super) struct Stat {
    device: u64,
    pub(super) inode: u64,
    pub(super) kind: u8,
    links: u64,
    size: u64,
    accessed: u64,
    modified: u64,
    /// Wasmtime tells when it was made; so do we.
    changed: u64,
}

impl Stat {
    pub(super) fn of(found: &Metadata) -> Done<Self> {
        Ok(Self {
            device: 1,
            inode: inode(found),
            kind: kind(found),
            links: found.nlink(),
            size: found.len(),
            accessed: nanos(found.accessed())?,
            modified: nanos(found.modified())?,
            changed: nanos(found.created())?,
        })
    }

    pub(super) fn of_file(file: &File) -> Done<Self> {
        Self::of(&Metadata::from_file(file)?)
    }

    pub(super) fn put(&self, memory: &mut Memory<'_>, to: i32) -> Done {
        let mut raw = [0; 64];
        let words = [
            self.device,
            self.inode,
            u64::from(self.kind),
            self.links,
            self.size,
            self.accessed,
            self.modified,
            self.changed,
        ];
        for (slot, word) in raw.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        memory.put_aligned(to, &raw, 8)
    }
}

/// Not the numbers of this machine.
fn inode(found: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    (found.dev(), found.ino()).hash(&mut hasher);
    hasher.finish()
}

fn kind(found: &Metadata) -> u8 {
    let kind = found.file_type();
    if kind.is_dir() {
        DIRECTORY
    } else if kind.is_symlink() {
        SYMLINK
    } else if kind.is_file() {
        REGULAR
    } else if kind.is_block_device() {
        BLOCK_DEVICE
    } else if kind.is_char_device() {
        CHARACTER_DEVICE
    } else {
        UNKNOWN
    }
}

/// Nanoseconds since 1970; 0 for what the system does not know, and for moments before.
fn nanos(time: std::io::Result<cap_std::time::SystemTime>) -> Done<u64> {
    let since = time.map(|time| time.into_std().duration_since(UNIX_EPOCH));
    let Ok(Ok(since)) = since else { return Ok(0) };
    Ok(u64::try_from(since.as_nanos()).map_err(|_| Errno::OVERFLOW)?)
}

/// Times that a file is to get; none stays as it is.
pub(super) struct Times {
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl Times {
    pub(super) fn read(accessed: i64, modified: i64, which: i32) -> Done<Self> {
        let all = ACCESSED | ACCESSED_NOW | MODIFIED | MODIFIED_NOW;
        let which = flags(which, all, "Fstflags")?;
        let has = |flag| which & flag != 0;
        Ok(Self {
            accessed: moment(has(ACCESSED), accessed, has(ACCESSED_NOW))?,
            modified: moment(has(MODIFIED), modified, has(MODIFIED_NOW))?,
        })
    }

    /// As the standard library takes them.
    pub(super) fn of_file(&self) -> FileTimes {
        let mut times = FileTimes::new();
        if let Some(time) = self.accessed {
            times = times.set_accessed(time);
        }
        if let Some(time) = self.modified {
            times = times.set_modified(time);
        }
        times
    }

    /// As cap-std takes them: accessed, modified.
    pub(super) fn of_path(&self) -> [Option<SystemTimeSpec>; 2] {
        [self.accessed, self.modified].map(|time| {
            let time = time.map(cap_std::time::SystemTime::from_std);
            time.map(SystemTimeSpec::Absolute)
        })
    }
}

fn moment(set: bool, nanos: i64, now: bool) -> Done<Option<SystemTime>> {
    match (set, now) {
        (true, true) => Err(Errno::INVAL.into()),
        (true, false) => {
            let since = Duration::from_nanos(nanos.cast_unsigned());
            Ok(Some(UNIX_EPOCH.checked_add(since).ok_or(Errno::OVERFLOW)?))
        }
        (false, true) => Ok(Some(SystemTime::now())),
        (false, false) => Ok(None),
    }
}
