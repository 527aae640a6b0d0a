//! What is kept between runs: what the source of dependencies says, compiled programs, and remedies that were tried.
//!
//! A file of the cache belongs to one directory of the module cache or of GOROOT. It is written
//! beside its place and renamed, so that whoever reads sees all of it or none; whether it is whole
//! and of this version of the reader, the analyzer sees by its checksum. A cache that cannot be
//! written is none.
#![expect(clippy::disallowed_methods, reason = "the cache is ours")]

mod compiled;
mod remedies;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use analyzer::{Disk, System};
use camino::{Utf8Path, Utf8PathBuf};
use toolchain::files;

pub(crate) use self::compiled::CompiledModules;
pub(crate) use self::remedies::KeptRemedies;
use crate::failure::Failure;

/// Variable that names another directory for the cache.
const VARIABLE: &str = "WASMCHECK_CACHE";

/// What is kept of the source, of programs, and of remedies.
const FACTS: &str = "facts";
const MODULES: &str = "modules";
const REMEDIES: &str = "remedies";
const KINDS: [&str; 3] = [FACTS, MODULES, REMEDIES];

/// The file by which a directory of ours is known, to others, too (<https://bford.info/cachedir/>).
const MARK: &str = "CACHEDIR.TAG";
const MARK_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of wasmcheck; `wasmcheck cache clean` removes it.\n";

/// How the names of files begin that are being written.
const PART: &str = ".part-";

/// A larger cache loses what was not used for longest, down to half of it.
const MAX_SIZE: u64 = 512 << 20;

/// Whether something was used is known to a day.
const FRESH: Duration = Duration::from_hours(24);

/// Where facts are kept.
#[derive(Clone, Debug)]
struct Store {
    dir: Utf8PathBuf,
}

/// The disk, and facts of those of its files that do not change.
#[derive(Debug)]
pub(crate) struct CachedDisk {
    store: Option<Store>,
    /// Directories with dependencies.
    roots: Vec<Utf8PathBuf>,
    written: AtomicBool,
}

impl CachedDisk {
    /// Without `cached`, nothing is kept or recalled.
    pub(crate) fn new(cached: bool, roots: &[&Utf8Path]) -> Self {
        let store = cached.then(|| Store::find(FACTS)).flatten();
        let roots = roots.iter().filter(|root| !root.as_str().is_empty());
        Self {
            store,
            roots: roots.map(|root| (*root).to_owned()).collect(),
            written: AtomicBool::new(false),
        }
    }
}

impl System for CachedDisk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        files::regular(&fs::metadata(path)?)?;
        Disk.read(path)
    }

    fn keeps(&self, dir: &Utf8Path) -> bool {
        self.store.is_some() && self.roots.iter().any(|root| dir.starts_with(root))
    }

    fn recall(&self, dir: &Utf8Path) -> Option<Vec<u8>> {
        self.store.as_ref()?.recall(dir)
    }

    fn keep(&self, dir: &Utf8Path, bytes: &[u8]) {
        let Some(store) = &self.store else { return };
        // A full disk, or one that may not be written: the next run reads the source again.
        if store.keep(dir, &[bytes]).is_ok() {
            self.written.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for CachedDisk {
    fn drop(&mut self) {
        if let Some(store) = self.store.as_ref().filter(|_| *self.written.get_mut()) {
            store.trim(MAX_SIZE);
        }
    }
}

/// A file of the cache.
struct CacheFile {
    path: Utf8PathBuf,
    size: u64,
    used: SystemTime,
}

impl Store {
    /// Where the user's system keeps such things; none when it does not say.
    fn find(kind: &str) -> Option<Self> {
        let named = env::var(VARIABLE).ok().filter(|dir| !dir.is_empty());
        let dir = named.map_or_else(
            || {
                Some(
                    Utf8PathBuf::from_path_buf(dirs::cache_dir()?)
                        .ok()?
                        .join("wasmcheck"),
                )
            },
            |dir| Some(dir.into()),
        )?;
        Some(Self {
            dir: dir.join(kind),
        })
    }

    /// Whether other users cannot write into the cache, whose files are trusted.
    fn is_private(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let metadata = fs::symlink_metadata(&self.dir);
            let ours = |mode: u32| (mode & 0o777) | 0o700 == 0o700;
            metadata.is_ok_and(|m| m.is_dir() && ours(m.permissions().mode()))
        }
        #[cfg(not(unix))]
        true
    }

    fn file(&self, dir: &Utf8Path) -> Utf8PathBuf {
        let name = blake3::hash(dir.as_str().as_bytes()).to_hex();
        self.dir.join(name.as_str())
    }

    fn recall(&self, dir: &Utf8Path) -> Option<Vec<u8>> {
        files::read_open(self.open(dir).ok()?, MAX_SIZE).ok()
    }

    /// What is kept under a name, noted as used.
    fn open(&self, name: &Utf8Path) -> io::Result<fs::File> {
        let path = self.file(name);
        let file = files::open_own(path.as_std_path())?;
        let used = file.metadata()?.modified()?;
        if used.elapsed().is_ok_and(|since| since > FRESH) {
            // That it was used decides what is kept, and nothing else.
            let _ = fs::File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()));
        }
        Ok(file)
    }

    fn keep(&self, dir: &Utf8Path, parts: &[&[u8]]) -> io::Result<()> {
        private(&self.dir)?;
        self.mark()?;
        let mut part = tempfile::Builder::new()
            .prefix(PART)
            .tempfile_in(&self.dir)?;
        for bytes in parts {
            part.write_all(bytes)?;
        }
        part.persist(self.file(dir))?;
        Ok(())
    }

    /// Mark the directory as ours, when it is new, or holds nothing else.
    fn mark(&self) -> io::Result<()> {
        let mark = self.dir.join(MARK);
        if fs::symlink_metadata(&mark).is_ok() {
            return Ok(());
        }
        let mut entries = self.dir.read_dir_utf8()?.flatten();
        if !entries.all(|entry| is_ours(entry.file_name())) {
            let why = "the directory for the cache has files that are not of the cache";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let made = fs::File::options()
            .write(true)
            .create_new(true)
            .open(&mark)
            .and_then(|mut file| file.write_all(MARK_TEXT.as_bytes()));
        match made {
            // Another run was quicker.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Whether the directory bears our mark.
    fn is_marked(&self) -> bool {
        let mark = files::open_own(self.dir.join(MARK).as_std_path());
        let text = mark.and_then(|mark| files::read_open(mark, MAX_SIZE));
        text.is_ok_and(|text| text == MARK_TEXT.as_bytes())
    }

    /// All files, those of an interrupted run included, of a directory that is ours.
    fn files(&self) -> Vec<CacheFile> {
        if !self.is_marked() {
            return Vec::new();
        }
        let entries = self.dir.read_dir_utf8().into_iter().flatten().flatten();
        let kept = entries.filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            if !is_ours(entry.file_name()) || metadata.is_dir() {
                return None;
            }
            Some(CacheFile {
                path: entry.into_path(),
                size: metadata.len(),
                used: metadata.modified().ok()?,
            })
        });
        kept.collect()
    }

    /// Remove what was not used for longest once there is too much.
    fn trim(&self, most: u64) {
        let mut files = self.files();
        let mut size: u64 = files.iter().map(|f| f.size).sum();
        if size <= most {
            return;
        }
        files.sort_by_key(|f| f.used);
        for file in files {
            if size <= most / 2 {
                break;
            }
            // Another run may have been quicker.
            let _ = fs::remove_file(&file.path);
            size -= file.size;
        }
    }
}

/// Whether a file has a name that we give: a hash, or that of a file that is being written.
fn is_ours(name: &str) -> bool {
    let hash = name.len() == 2 * blake3::OUT_LEN && name.bytes().all(|b| b.is_ascii_hexdigit());
    // As earlier versions had it.
    let temporary = name.starts_with(".tmp") && name.len() == ".tmp123456".len();
    hash || temporary || name.starts_with(PART)
}

/// Whether a directory holds what is run or applied without being made again, or is a part of that.
pub(crate) fn is_trusted(dir: &Path) -> bool {
    let kept = [MODULES, REMEDIES].into_iter().filter_map(Store::find);
    let mut kept = kept.filter_map(|store| real(store.dir.as_std_path()));
    let dir = dir.canonicalize();
    dir.is_ok_and(|dir| kept.any(|kept| kept.starts_with(&dir) || dir.starts_with(kept)))
}

/// The place of what may not exist yet, without the links on the way there.
fn real(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let mut above = absolute.ancestors();
    let (there, real) = above.find_map(|dir| Some((dir, dir.canonicalize().ok()?)))?;
    Some(real.join(absolute.strip_prefix(there).ok()?))
}

/// Make a directory that other users cannot write: files in it are trusted.
fn private(dir: &Utf8Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// A part of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Where it lies.
    pub dir: Utf8PathBuf,
    /// Number of its files.
    pub files: usize,
    /// Their size, in bytes.
    pub size: u64,
    /// The size from which on files are removed, in bytes.
    pub limit: u64,
}

/// The parts of the cache, whether there is anything in them or not.
pub fn usage() -> Result<Vec<Usage>, Failure> {
    let usage = |kind: &str| Ok(store(kind)?.usage());
    KINDS.into_iter().map(usage).collect()
}

/// Remove everything that is kept, and nothing else that lies there; the value is what it was.
pub fn clean() -> Result<Vec<Usage>, Failure> {
    let clean = |kind: &str| {
        let store = store(kind)?;
        let usage = store.usage();
        store
            .clean()
            .map_err(|e| Failure::usage(format!("{}: {e}", usage.dir)))?;
        Ok(usage)
    };
    KINDS.into_iter().map(clean).collect()
}

fn store(kind: &str) -> Result<Store, Failure> {
    Store::find(kind).ok_or_else(|| {
        Failure::usage(format!(
            "this system has no directory for caches; name one with {VARIABLE}"
        ))
    })
}

impl Store {
    /// Remove our files, and the directory if there are no others in it.
    fn clean(&self) -> io::Result<()> {
        if !self.is_marked() {
            return Ok(());
        }
        for file in self.files() {
            fs::remove_file(file.path)?;
        }
        fs::remove_file(self.dir.join(MARK))?;
        match fs::remove_dir(&self.dir) {
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }

    fn usage(&self) -> Usage {
        let files = self.files();
        Usage {
            dir: self.dir.clone(),
            files: files.len(),
            size: files.iter().map(|f| f.size).sum(),
            limit: MAX_SIZE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let scratch = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(scratch.path()).unwrap().join("facts");
        (scratch, Store { dir })
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let (_scratch, store) = store();
        for (n, name) in ["/a", "/b", "/c", "/d"].into_iter().enumerate() {
            store.keep(name.into(), &[&[0; 100]]).unwrap();
            let file = fs::File::options()
                .append(true)
                .open(store.file(name.into()));
            let age = Duration::from_hours(24 * (10 - n as u64));
            file.unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        assert!(store.recall("/a".into()).is_some(), "now it is the newest");
        store.trim(400);
        assert_eq!(store.files().len(), 4);
        store.trim(399);
        let left = ["/a", "/b", "/c", "/d"].map(|name| store.recall(name.into()).is_some());
        assert_eq!(left, [true, false, false, false]);
    }

    #[test]
    fn cleaning_removes_what_is_ours_alone() {
        let (_scratch, store) = store();
        fs::create_dir(&store.dir).unwrap();
        fs::write(store.dir.join("thesis"), "").unwrap();
        assert!(store.keep("/a".into(), &[b"facts"]).is_err());
        store.clean().unwrap();
        assert!(store.dir.join("thesis").exists());
        fs::remove_file(store.dir.join("thesis")).unwrap();
        store.keep("/a".into(), &[b"facts"]).unwrap();
        fs::create_dir(store.dir.join("mine")).unwrap();
        fs::write(store.dir.join("thesis"), "").unwrap();
        assert_eq!(store.usage().files, 1);
        store.clean().unwrap();
        let left = ["mine", "thesis"].map(|name| store.dir.join(name).exists());
        assert!(left[0] && left[1] && store.recall("/a".into()).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_kept() {
        let (_scratch, store) = store();
        store.keep("/a".into(), &[b"facts"]).unwrap();
        let file = store.file("/a".into());
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert_eq!(store.recall("/a".into()), None);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_no_cache() {
        let (scratch, _) = store();
        let file = Utf8PathBuf::from_path_buf(scratch.path().join("file")).unwrap();
        fs::write(&file, "").unwrap();
        let disk = CachedDisk {
            store: Some(Store {
                dir: file.join("facts"),
            }),
            roots: vec!["/m".into()],
            written: AtomicBool::new(false),
        };
        disk.keep("/m/a".into(), b"facts");
        assert_eq!(disk.recall("/m/a".into()), None);
        assert!(disk.keeps("/m/a".into()) && !disk.keeps("/mine".into()));
    }
}
