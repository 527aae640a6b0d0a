//! Scratch directories: they vanish with the run that made them, or, when that was killed, with the
//! next run.

use std::fs::{self, DirEntry, File};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::error::Error;

const PREFIX: &str = "wasmcheck-";

/// The file by which a scratch directory is known: others may have a name that begins so, too.
const MARK: &str = ".wasmcheck-scratch";

/// A directory as young as this may be about to be locked.
const YOUNG: Duration = Duration::from_mins(1);

/// A directory of this run, removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: Utf8PathBuf,
    _dir: TempDir,
    /// Its mark, locked for as long as somebody works in it: the lock ends with the process, however
    /// that ends.
    _held: Option<File>,
}

impl Scratch {
    /// A new one, in the system's directory for such things.
    pub fn new() -> Result<Self, Error> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(&std::env::temp_dir()));
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir();
        let dir = dir.map_err(Error::Scratch)?;
        let path = Utf8Path::from_path(dir.path()).ok_or_else(|| {
            Error::Scratch(std::io::Error::other("the temporary path is not UTF-8"))
        })?;
        mark(dir.path()).map_err(Error::Scratch)?;
        Ok(Self {
            path: path.to_owned(),
            _held: locked(dir.path()),
            _dir: dir,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
fn mark(dir: &Path) -> std::io::Result<()> {
    fs::write(dir.join(MARK), [])
}

/// The lock of a scratch directory; none where somebody has it, and of directories that are none.
fn locked(dir: &Path) -> Option<File> {
    let file = File::open(dir.join(MARK)).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Remove what runs have left that were killed.
fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten().filter(is_old) {
        if let Some(_held) = locked(&entry.path()) {
            // What cannot be removed, the next run tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_old(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let ours = name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    let metadata = ours.then(|| entry.metadata().ok()).flatten();
    metadata.is_some_and(|m| {
        let age = m.modified().ok().and_then(|at| at.elapsed().ok());
        m.is_dir() && age.is_some_and(|age| age > YOUNG)
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn make(dir: &Path, name: &str, age: Duration) {
        let dir = dir.join(name);
        fs::create_dir_all(dir.join("deep")).unwrap();
        mark(&dir).unwrap();
        let dir = File::open(dir).unwrap();
        dir.set_modified(SystemTime::now() - age).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_nobody_holds_is_swept() {
        let dir = TempDir::new().unwrap();
        let old = YOUNG * 2;
        make(dir.path(), "wasmcheck-left", old);
        make(dir.path(), "wasmcheck-young", Duration::ZERO);
        make(dir.path(), "wasmcheck-held", old);
        make(dir.path(), "other", old);
        make(dir.path(), "wasmcheck-of-the-user", old);
        fs::remove_file(dir.path().join("wasmcheck-of-the-user").join(MARK)).unwrap();
        let user = File::open(dir.path().join("wasmcheck-of-the-user")).unwrap();
        user.set_modified(SystemTime::now() - old).unwrap();
        let held = locked(&dir.path().join("wasmcheck-held")).unwrap();
        sweep(dir.path());
        let left = |name: &str| dir.path().join(name).exists();
        assert!(!left("wasmcheck-left"));
        assert!(left("wasmcheck-young") && left("wasmcheck-held") && left("other"));
        assert!(left("wasmcheck-of-the-user"));
        drop(held);
        sweep(dir.path());
        assert!(!left("wasmcheck-held"));
    }
}
