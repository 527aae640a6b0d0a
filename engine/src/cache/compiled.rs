//! Programs of the sandbox as they were compiled: machine code, which is run only when it is, byte
//! for byte, what was kept.

use std::cell::OnceCell;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use runtime_harness::Keeper;

use super::{MAX_SIZE, MODULES, Store, private};

/// Length of the checksum, in bytes, that follows a compiled module.
const SUM: u64 = blake3::OUT_LEN as u64;

/// The clock of a file system ticks within this time: what changed more lately may change again and
/// look the same.
const TICK: Duration = Duration::from_secs(2);

/// Compiled forms of a program for the sandbox: machine code, under a checksum, in a directory of the
/// user's alone.
#[derive(Clone, Debug)]
pub(crate) struct CompiledModules {
    store: Store,
    /// The program.
    file: Utf8PathBuf,
    /// The hash of its content, once somebody asked.
    hash: OnceCell<blake3::Hash>,
}

impl CompiledModules {
    /// Where those of a program are kept; none when others could write there.
    pub(crate) fn of(file: &Utf8Path) -> Option<Self> {
        let store = Store::find(MODULES)?;
        private(&store.dir).ok()?;
        store.is_private().then(|| Self {
            store,
            file: file.to_owned(),
            hash: OnceCell::new(),
        })
    }

    fn hash(&self) -> Option<blake3::Hash> {
        if let Some(hash) = self.hash.get() {
            return Some(*hash);
        }
        let hash = self.hashed().ok()?;
        Some(*self.hash.get_or_init(|| hash))
    }

    /// The hash of the program. One that has not changed since it was read is not read again.
    fn hashed(&self) -> io::Result<blake3::Hash> {
        let file = File::open(&self.file)?;
        // Before it is read: a change from here on makes another stamp.
        let stamp = stamp(&file.metadata()?);
        let read = stamp.map(|stamp| {
            let stamp = blake3::hash(&stamp).to_hex();
            Utf8PathBuf::from(format!("{stamp}.read"))
        });
        let known = read.as_ref().and_then(|read| self.store.recall(read));
        if let Some(known) = known.and_then(|hash| hash.try_into().ok()) {
            return Ok(blake3::Hash::from_bytes(known));
        }
        let mut wasm = blake3::Hasher::new();
        wasm.update_reader(file)?;
        let hash = wasm.finalize();
        if let Some(read) = read {
            // Without it, the next run reads the program again.
            let _ = self.store.keep(&read, &[hash.as_bytes()]);
        }
        Ok(hash)
    }

    /// By the content of the program.
    fn name(wasm: blake3::Hash, form: u64) -> Utf8PathBuf {
        format!("{}-{form:016x}", wasm.to_hex()).into()
    }

    /// Of the name, too: what was kept of another program is as good as damaged.
    fn checksum(name: &Utf8Path, compiled: impl Read) -> io::Result<blake3::Hash> {
        let mut hash = blake3::Hasher::new();
        hash.update(name.as_str().as_bytes());
        hash.update_reader(compiled)?;
        Ok(hash.finalize())
    }

    /// What lies there under its name, if it is whole. A file that has not changed since it was found
    /// whole is not read again: the system notes each change, and who may not set its clock cannot turn
    /// that back.
    fn verified(&self, name: &Utf8Path) -> io::Result<File> {
        let mut file = self.store.open(name)?;
        let metadata = file.metadata()?;
        let found = name.with_added_extension("whole");
        let stamp = stamp(&metadata);
        if stamp.is_some() && self.store.recall(&found) == stamp {
            return Ok(file);
        }
        let end = metadata.len().checked_sub(SUM);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let sum = Self::checksum(name, (&mut file).take(end))?;
        let mut kept = Vec::new();
        file.read_to_end(&mut kept)?;
        if kept != sum.as_bytes() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if let Some(stamp) = stamp {
            // Without it, the next run reads the file again.
            let _ = self.store.keep(&found, &[&stamp]);
        }
        Ok(file)
    }
}

impl Keeper for CompiledModules {
    fn recall(&self, form: u64) -> Option<File> {
        self.verified(&Self::name(self.hash()?, form)).ok()
    }

    fn keep(&self, wasm: &[u8], form: u64, compiled: &[u8]) {
        let name = Self::name(blake3::hash(wasm), form);
        let Ok(sum) = Self::checksum(&name, compiled) else {
            return;
        };
        // A full disk: the next run compiles again.
        if self.store.keep(&name, &[compiled, sum.as_bytes()]).is_ok() {
            self.store.trim(MAX_SIZE);
        }
    }
}

/// What is another once a file was changed or replaced; none when it changed just now.
#[cfg(unix)]
fn stamp(metadata: &Metadata) -> Option<Vec<u8>> {
    use std::os::unix::fs::MetadataExt;
    let changed = u64::try_from(metadata.ctime()).ok()?;
    let changed = std::time::UNIX_EPOCH + Duration::new(changed, 0);
    let settled = changed.elapsed().is_ok_and(|since| since > TICK);
    let parts = [
        metadata.dev().cast_signed(),
        metadata.ino().cast_signed(),
        metadata.size().cast_signed(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ];
    settled.then(|| parts.into_iter().flat_map(i64::to_le_bytes).collect())
}

#[cfg(not(unix))]
fn stamp(_: &Metadata) -> Option<Vec<u8>> {
    None
}
