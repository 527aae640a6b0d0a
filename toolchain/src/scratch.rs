//! Scratch directories: they vanish with the run that made them, or, when that was killed, with the
//! next run.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;
use crate::files;
use crate::notes::{self, Note};
use crate::remove::remove_tree;

const PREFIX: &str = "wasmcheck-";

/// The file by which a scratch directory is known: others may have a name that begins so, too.
const MARK: &str = ".wasmcheck-scratch";

/// Largest mark that is read, in bytes.
const MARK_SIZE: u64 = 256;

/// A directory as young as this may be about to be locked.
const YOUNG: Duration = Duration::from_mins(1);

/// A directory of this run, removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: Utf8PathBuf,
    /// Its mark, locked for as long as somebody works in it: the lock ends with the process, however
    /// that ends.
    held: Option<File>,
}

impl Scratch {
    /// A new one, in the system's directory for such things.
    ///
    /// # Errors
    ///
    /// [`Error::Scratch`], where TMPDIR cannot be written, or is not UTF-8.
    pub fn new() -> Result<Self, Error> {
        Self::within(&temporary(std::env::var_os("TMPDIR")).map_err(Error::Scratch)?)
    }

    /// A new one in which Go works: where GOTMPDIR says, if it does.
    pub(crate) fn for_go() -> Result<Self, Error> {
        match std::env::var_os("GOTMPDIR").filter(|dir| !dir.is_empty()) {
            None => Self::new(),
            Some(dir) => Self::within(&std::path::absolute(dir).map_err(Error::Scratch)?),
        }
    }

    fn within(parent: &Path) -> Result<Self, Error> {
        sweep_once(parent);
        let failed = |e: io::Error| {
            let why = format!("{}: {e}", parent.display());
            Error::Scratch(io::Error::new(e.kind(), why))
        };
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .make_in(parent, |path| {
                let path = Utf8Path::from_path(path)
                    .ok_or_else(|| io::Error::other("the path is not UTF-8"))?;
                // Whoever cleans up after us has to know of it before it is there.
                notes::note(&Note::Made(path.to_owned()));
                let made = private_directory(path);
                if made.is_err() {
                    // What is there may be that of another run.
                    notes::note(&Note::Removed(path.to_owned()));
                }
                made.map(|()| path.to_owned())
            })
            .map_err(failed)?;
        let (path, name) = dir.into_parts();
        // It is ours to remove, as the directory that it is.
        drop(name.keep());
        let mut scratch = Self { path, held: None };
        mark(scratch.path.as_std_path()).map_err(failed)?;
        scratch.held = locked(scratch.path.as_std_path());
        Ok(scratch)
    }

    /// Where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed, the next run tries again.
        if remove_tree(self.path.as_std_path(), MARK).is_ok() {
            notes::note(&Note::Removed(self.path.clone()));
        }
    }
}

/// Whether a directory is a scratch directory of this user.
pub fn is_scratch(dir: &Path) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|m| is_ours(dir, &m))
}

/// Remove a scratch directory of this user, and nothing else.
pub fn remove_scratch(dir: &Path) {
    if is_scratch(dir) {
        let _ = remove_tree(dir, MARK);
    }
}

/// Remove a directory with a name of ours that was announced and has nothing in it yet, not even its mark.
pub(crate) fn remove_unmarked(dir: &Utf8Path) {
    if dir.file_name().is_some_and(|name| name.starts_with(PREFIX)) {
        // Whatever has a file in it stays.
        let _ = fs::remove_dir(dir);
    }
}

/// The directory for temporary files, absolute: an empty TMPDIR is none (Go: `os.TempDir`), where
/// `std::env::temp_dir` takes the current directory.
fn temporary(named: Option<impl AsRef<OsStr>>) -> io::Result<PathBuf> {
    let named = named.filter(|dir| !dir.as_ref().is_empty());
    let dir = match &named {
        Some(dir) => PathBuf::from(dir.as_ref()),
        None if cfg!(unix) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    };
    std::path::absolute(dir)
}

/// Make a directory that only this user may enter.
fn private_directory(path: &Utf8Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(unix)]
fn mark(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.join(MARK))?;
    file.write_all(identity(&fs::symlink_metadata(dir)?).as_bytes())
}

#[cfg(not(unix))]
fn mark(dir: &Path) -> io::Result<()> {
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).open(dir.join(MARK))?;
    file.write_all(identity(&fs::symlink_metadata(dir)?).as_bytes())
}

/// What a mark says: which directory it belongs to, and when that was made. A repository cannot know what
/// a clone of it will be.
fn identity(dir: &Metadata) -> String {
    let made = dir.created().ok();
    let made = made.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let made = made.map_or(0, |at| at.as_nanos());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        format!("{} {} {made}\n", dir.dev(), dir.ino())
    }
    #[cfg(not(unix))]
    format!("{made}\n")
}

/// The lock of a scratch directory; none where somebody has it, and of directories that are none.
fn locked(dir: &Path) -> Option<File> {
    let file = files::open_own(&dir.join(MARK)).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Sweep a directory, once in a process.
fn sweep_once(parent: &Path) {
    static SWEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !swept.iter().any(|dir| dir == parent) {
        swept.push(parent.to_owned());
        sweep(parent);
    }
}

/// Remove what runs have left that were killed.
fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten().filter(is_left) {
        if let Some(_held) = locked(&entry.path()) {
            // What cannot be removed, the next run tries again.
            let _ = remove_tree(&entry.path(), MARK);
        }
    }
}

fn is_left(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let ours = name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    let metadata = ours.then(|| entry.metadata().ok()).flatten();
    metadata.is_some_and(|m| {
        let age = m.modified().ok().and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age > YOUNG) && is_ours(&entry.path(), &m)
    })
}

/// Whether a directory belongs to this user, is closed to others, and bears its own mark.
fn is_ours(path: &Path, dir: &Metadata) -> bool {
    let said = files::open_own(&path.join(MARK)).and_then(|file| {
        let owned = is_own(&file.metadata()?);
        files::read_open(file, MARK_SIZE).map(|text| (owned, text))
    });
    dir.is_dir()
        && is_own(dir)
        && said.is_ok_and(|(owned, text)| owned && text == identity(dir).as_bytes())
}

/// Whether a file belongs to this user, and others may not write it.
#[cfg(unix)]
fn is_own(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    metadata.uid() == user && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn is_own(_: &Metadata) -> bool {
    true
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::time::SystemTime;

    use tempfile::TempDir;

    use super::*;

    fn make(dir: &Path, name: &str) {
        let dir = dir.join(name);
        fs::create_dir_all(dir.join("deep")).unwrap();
        mark(&dir).unwrap();
    }

    fn age(dir: &Path, name: &str) {
        let dir = File::open(dir.join(name)).unwrap();
        dir.set_modified(SystemTime::now() - YOUNG * 2).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_nobody_holds_is_swept() {
        let dir = TempDir::new().unwrap();
        let dir = dir.path();
        for name in ["left", "young", "held"] {
            make(dir, &format!("wasmcheck-{name}"));
        }
        make(dir, "other");
        for name in ["wasmcheck-left", "wasmcheck-held", "other"] {
            age(dir, name);
        }
        let held = locked(&dir.join("wasmcheck-held")).unwrap();
        sweep(dir);
        let left = |name: &str| dir.join(name).exists();
        assert!(!left("wasmcheck-left"));
        assert!(left("wasmcheck-young") && left("wasmcheck-held") && left("other"));
        drop(held);
        sweep(dir);
        assert!(!left("wasmcheck-held"));
    }

    #[cfg(unix)]
    #[test]
    fn what_only_looks_like_ours_stays() {
        use rustix::fs::{FileType, Mode, mknodat};
        let dir = TempDir::new().unwrap();
        let dir = dir.path();
        let mark_of = |name: &str| dir.join(name).join(MARK);
        make(dir, "wasmcheck-real");
        fs::create_dir_all(dir.join("wasmcheck-none/.git")).unwrap();
        fs::create_dir(dir.join("wasmcheck-empty")).unwrap();
        fs::write(mark_of("wasmcheck-empty"), "").unwrap();
        // As a repository would bring it.
        fs::create_dir(dir.join("wasmcheck-copied")).unwrap();
        fs::copy(mark_of("wasmcheck-real"), mark_of("wasmcheck-copied")).unwrap();
        fs::create_dir(dir.join("wasmcheck-fifo")).unwrap();
        let fifo = mark_of("wasmcheck-fifo");
        mknodat(rustix::fs::CWD, fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        fs::create_dir(dir.join("wasmcheck-link")).unwrap();
        std::os::unix::fs::symlink(mark_of("wasmcheck-real"), mark_of("wasmcheck-link")).unwrap();
        let names = ["none", "empty", "copied", "fifo", "link"].map(|n| format!("wasmcheck-{n}"));
        names.iter().for_each(|name| age(dir, name));
        sweep(dir);
        for name in &names {
            assert!(dir.join(name).exists(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_empty_tmpdir_is_none() {
        assert_eq!(temporary(Some("")).unwrap(), Path::new("/tmp"));
        assert_eq!(temporary(None::<&str>).unwrap(), Path::new("/tmp"));
        assert_eq!(temporary(Some("/x")).unwrap(), Path::new("/x"));
        assert!(temporary(Some("x")).unwrap().is_absolute());
    }

    #[test]
    fn a_scratch_directory_vanishes() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        fs::create_dir_all(path.join("a/b")).unwrap();
        assert!(is_scratch(path.as_std_path()));
        drop(scratch);
        assert!(!path.exists());
    }
}
