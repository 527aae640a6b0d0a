//! The files of a program of `GOOS=js`, as Node's `fs` has them: only those that it was given.
//!
//! The directories are opened once, and everything is looked up below them (cap-std): neither `..`
//! nor a link leads out.

mod node;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom, Write};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions};

use self::node::{bits, code, device, moment, owned, permissions, permit, stat, symlink, whole};
use crate::host::{Quota, Stop};
use crate::{Error, Preopen};

/// Flags of `open`: those of Linux, which `host.js` tells the program.
const WRITE_ONLY: u32 = 1;
const READ_WRITE: u32 = 2;
const CREATE: u32 = 64;
const EXCLUSIVE: u32 = 128;
const TRUNCATE: u32 = 512;
const APPEND: u32 = 1024;
const DIRECTORY: u32 = 65536;

/// The first number that a file gets: 0, 1 and 2 are the standard streams.
const FIRST: u32 = 3;
/// What swallows everything: a device, for which the scratch root has an ordinary file.
const NULL: &str = "/dev/null";
/// A device that anybody may read and write.
const NULL_MODE: u32 = 0o020_666;
/// A pipe.
const PIPE_MODE: u32 = 0o010_600;
/// Links on one way, as on Linux (`path_resolution(7)`).
const MAX_LINKS: u32 = 40;
/// Most that is read at once.
const MAX_READ: usize = 64 << 20;

/// Why a call fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With an error that the program gets, by the name that Node gives it.
    Code(&'static str),
    /// For good.
    Stop(Stop),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Code(code(&error))
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type Done<T> = Result<T, Failure>;

/// What a call gives.
#[derive(Debug)]
pub(crate) enum Reply {
    Nothing,
    Number(f64),
    Text(String),
    Names(Vec<String>),
    Stat(Vec<(&'static str, f64)>),
}

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'c> {
    pub(crate) path: &'c str,
    pub(crate) other: &'c str,
    pub(crate) fd: u32,
    pub(crate) n: f64,
    pub(crate) m: f64,
}

struct Mount {
    guest: String,
    dir: Dir,
    writable: bool,
}

enum Open {
    File { file: File, append: bool },
    Dir(String),
    Null,
}

/// Open files and directories, and the current directory.
pub(crate) struct Files {
    mounts: Vec<Mount>,
    open: BTreeMap<u32, Open>,
    cwd: String,
    umask: u32,
    disk: Quota,
    /// Length of the longest file, holes included.
    largest: u64,
    made: Quota,
}

impl Files {
    pub(crate) fn new(
        dirs: &[Preopen],
        cwd: &str,
        disk: Quota,
        made: Quota,
    ) -> Result<Self, Error> {
        let mounts = dirs.iter().map(|dir| {
            let opened = Dir::open_ambient_dir(&dir.host, ambient_authority());
            let opened = opened.map_err(|e| Error::Dir {
                dir: dir.host.clone(),
                why: e.to_string(),
            })?;
            Ok(Mount {
                guest: clean("/", &dir.guest),
                dir: opened,
                writable: dir.writable,
            })
        });
        Ok(Self {
            mounts: mounts.collect::<Result<_, Error>>()?,
            open: BTreeMap::new(),
            cwd: clean("/", cwd),
            umask: 0o22,
            largest: disk.limit(),
            disk,
            made,
        })
    }

    pub(crate) fn cwd(&self) -> &str {
        &self.cwd
    }

    /// Whose the files are, user and group: the guest is nobody else.
    pub(crate) fn owner(&self) -> [u32; 2] {
        let first = self.mounts.first().map(|m| m.dir.dir_metadata());
        let metadata = first.and_then(Result::ok);
        metadata.map_or([0; 2], |m| [m.uid(), m.gid()])
    }

    /// Paths joined from the right, up to the first that is absolute, as Node's `path.resolve`.
    pub(crate) fn resolve(&self, parts: &[String]) -> String {
        let parts = parts.iter();
        parts.fold(self.cwd.clone(), |at, part| clean(&at, part))
    }

    /// Set the mask of new files, if one is given; the one before it is returned.
    pub(crate) fn umask(&mut self, mask: Option<u32>) -> u32 {
        let before = self.umask;
        self.umask = mask.unwrap_or(before) & 0o777;
        before
    }

    /// One of Node's functions, by its name.
    pub(crate) fn call(&mut self, name: &str, asked: Asked<'_>) -> Done<Reply> {
        let Asked {
            path, other, fd, ..
        } = asked;
        match name {
            "open" => return self.open(asked),
            "close" => {
                self.open.remove(&fd).ok_or(Failure::Code("EBADF"))?;
            }
            "stat" | "lstat" => return self.stat(path, name == "stat"),
            "fstat" => return self.fstat(fd),
            "readdir" => return self.names(path),
            "readlink" => {
                let link = self.at(path, false, |dir, path| Ok(dir.read_link_contents(path)?))?;
                return Ok(Reply::Text(link.to_string_lossy().into_owned()));
            }
            "chdir" => {
                let found = self.at(path, true, |dir, path| Ok(dir.symlink_metadata(path)?))?;
                if !found.is_dir() {
                    return Err(Failure::Code("ENOTDIR"));
                }
                self.cwd = self.walk(path, true)?;
            }
            "ftruncate" | "truncate" if whole(asked.n) > self.largest => {
                return Err(Failure::Code("EFBIG"));
            }
            "fsync" | "ftruncate" | "fchmod" => self.change_open(name, asked)?,
            "rename" | "link" => self.between(name, path, other)?,
            "mkdir" | "rmdir" | "unlink" | "truncate" | "chmod" | "utimes" => {
                self.change(name, asked)?;
            }
            "symlink" => {
                self.made.take(1)?;
                self.changed(other, false, |dir, at| symlink(dir, path, at))?;
            }
            "chown" | "lchown" => self
                .at(path, name == "chown", |dir, path| {
                    Ok(dir.symlink_metadata(path)?)
                })
                .and_then(|found| owned(&found, asked))?,
            "fchown" => {
                let (file, _) = self.file(fd)?;
                let found = file.metadata()?;
                owned(&found, asked)?;
            }
            _ => return Err(Failure::Code("ENOSYS")),
        }
        Ok(Reply::Nothing)
    }

    // Paths.

    /// Where a path leads, links followed: from the root, and without `..`. Links that start at the
    /// root start at that of the guest. The last name need not exist, and is followed only when
    /// `last` is.
    fn walk(&self, path: &str, last: bool) -> Done<String> {
        if path.is_empty() {
            return Err(Failure::Code("ENOENT"));
        }
        let mut todo = parts(path);
        let from = if path.starts_with('/') {
            ""
        } else {
            self.cwd.as_str()
        };
        let from = from.split('/').filter(|part| !part.is_empty());
        let mut at: Vec<String> = from.map(str::to_owned).collect();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.pop();
                    continue;
                }
                _ => at.push(part),
            }
            if todo.is_empty() && !last {
                break;
            }
            let here = format!("/{}", at.join("/"));
            let found = self.mount(&here).and_then(|(mount, rest)| {
                let found = mount.dir.symlink_metadata(&rest)?;
                Ok((found, mount, rest))
            });
            let (found, mount, rest) = match found {
                // Above directories that were given, and in none itself.
                Err(_) if self.is_above(&here) => continue,
                Err(Failure::Code("ENOENT")) if todo.is_empty() => break,
                found => found?,
            };
            if found.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Failure::Code("ELOOP"));
                }
                let target = mount.dir.read_link_contents(&rest)?;
                let target = target.to_string_lossy();
                at.pop();
                if target.starts_with('/') {
                    at.clear();
                }
                for part in parts(&target).into_iter().rev() {
                    todo.push_front(part);
                }
            } else if !found.is_dir() && !todo.is_empty() {
                return Err(Failure::Code("ENOTDIR"));
            }
        }
        Ok(format!("/{}", at.join("/")))
    }

    fn is_above(&self, path: &str) -> bool {
        let below = |m: &Mount| m.guest.starts_with(&format!("{path}/"));
        self.mounts.iter().any(below)
    }

    /// The directory that a walked path lies in, and the path in it.
    fn mount(&self, path: &str) -> Done<(&Mount, String)> {
        let inside = |mount: &Mount| {
            let rest = path.strip_prefix(mount.guest.trim_end_matches('/'))?;
            let whole = rest.is_empty() || rest.starts_with('/');
            whole.then(|| rest.trim_start_matches('/').to_owned())
        };
        let mounts = self.mounts.iter();
        let fitting = mounts.filter_map(|m| Some((m, inside(m)?)));
        let (mount, rest) = fitting
            .max_by_key(|(m, _)| m.guest.len())
            .ok_or(Failure::Code("ENOENT"))?;
        let rest = if rest.is_empty() {
            ".".to_owned()
        } else {
            rest
        };
        Ok((mount, rest))
    }

    /// Look at what a path leads to, its last link followed or not.
    fn at<T>(&self, path: &str, last: bool, look: impl FnOnce(&Dir, &str) -> Done<T>) -> Done<T> {
        let path = self.walk(path, last || path.ends_with('/'))?;
        let (mount, rest) = self.mount(&path)?;
        look(&mount.dir, &rest)
    }

    fn changed<T>(
        &self,
        path: &str,
        last: bool,
        change: impl FnOnce(&Dir, &str) -> Done<T>,
    ) -> Done<T> {
        let path = self.walk(path, last || path.ends_with('/'))?;
        let (mount, rest) = self.mount(&path)?;
        if !mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        change(&mount.dir, &rest)
    }

    fn change(&mut self, name: &str, asked: Asked<'_>) -> Done<()> {
        if name == "mkdir" {
            self.made.take(1)?;
        }
        // A directory may be made by a name with a slash.
        let path = match name {
            "mkdir" => asked.path.trim_end_matches('/'),
            _ => asked.path,
        };
        let umask = self.umask;
        let follows = matches!(name, "truncate" | "chmod" | "utimes");
        self.changed(path, follows, |dir, path| {
            match name {
                "mkdir" => {
                    dir.create_dir(path)?;
                    permit(dir, path, bits(asked.n) & !umask)?;
                }
                "rmdir" => dir.remove_dir(path)?,
                "unlink" if dir.symlink_metadata(path)?.is_dir() => {
                    return Err(Failure::Code("EISDIR"));
                }
                "unlink" => dir.remove_file(path)?,
                "truncate" => {
                    let file = dir.open_with(path, OpenOptions::new().write(true))?;
                    file.set_len(whole(asked.n))?;
                }
                "chmod" => permit(dir, path, bits(asked.n))?,
                _ => {
                    let times = std::fs::FileTimes::new()
                        .set_accessed(moment(asked.n))
                        .set_modified(moment(asked.m));
                    dir.open(path)?.into_std().set_times(times)?;
                }
            }
            Ok(())
        })
    }

    fn between(&mut self, name: &str, from: &str, to: &str) -> Done<()> {
        let dots = |path: &str| {
            let last = path.trim_end_matches('/').rsplit('/').next();
            matches!(last, Some("." | ".."))
        };
        if name == "rename" && (dots(from) || dots(to)) {
            return Err(Failure::Code("EBUSY"));
        }
        let walked = |path: &str| self.walk(path, path.ends_with('/'));
        let (from, to) = (walked(from)?, walked(to)?);
        let ((from_mount, from), (to_mount, to)) = (self.mount(&from)?, self.mount(&to)?);
        if !from_mount.writable || !to_mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        if name == "rename" {
            from_mount.dir.rename(from, &to_mount.dir, to)?;
        } else {
            from_mount.dir.hard_link(from, &to_mount.dir, to)?;
            self.made.take(1)?;
        }
        Ok(())
    }

    fn names(&self, path: &str) -> Done<Reply> {
        let names = self.at(path, true, |dir, path| {
            let entries = dir.read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
            Ok(entries
                .iter()
                .map(|e| e.file_name().to_string_lossy().into_owned())
                .collect::<Vec<_>>())
        });
        let mut names = names?;
        names.sort();
        Ok(Reply::Names(names))
    }

    // Open files.

    fn open(&mut self, asked: Asked<'_>) -> Done<Reply> {
        let flags = bits(asked.n);
        let writes = flags & (WRITE_ONLY | READ_WRITE) != 0;
        let makes = flags & CREATE != 0;
        if makes || writes {
            self.made.take(1)?;
        }
        let exclusive = makes && flags & EXCLUSIVE != 0;
        let walked = self.walk(asked.path, !exclusive)?;
        if walked == NULL {
            return self.number(Open::Null);
        }
        let (mount, path) = self.mount(&walked)?;
        if (writes || makes) && !mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        let there = mount.dir.symlink_metadata(&path).ok();
        if there.is_some() && exclusive {
            return Err(Failure::Code("EEXIST"));
        }
        let opened = if there.as_ref().is_some_and(Metadata::is_dir) {
            if writes || makes {
                return Err(Failure::Code("EISDIR"));
            }
            Open::Dir(walked)
        } else if flags & DIRECTORY != 0 {
            return Err(Failure::Code(if there.is_some() {
                "ENOTDIR"
            } else {
                "ENOENT"
            }));
        } else {
            let mut options = OpenOptions::new();
            options
                .read(flags & WRITE_ONLY == 0)
                .write(writes)
                .create(makes && writes)
                .create_new(exclusive && writes)
                .truncate(flags & TRUNCATE != 0 && writes);
            if makes && !writes && there.is_none() {
                // Made, and then opened for reading alone.
                let mut made = OpenOptions::new();
                mount
                    .dir
                    .open_with(&path, made.write(true).create_new(true))?;
            }
            let file = mount.dir.open_with(&path, &options)?;
            if there.is_none() {
                permit(&mount.dir, &path, bits(asked.m) & !self.umask)?;
            }
            let append = flags & APPEND != 0;
            Open::File { file, append }
        };
        self.number(opened)
    }

    fn number(&mut self, opened: Open) -> Done<Reply> {
        let mut numbers = FIRST..;
        let fd = numbers.find(|fd| !self.open.contains_key(fd));
        let fd = fd.ok_or(Failure::Code("EMFILE"))?;
        self.open.insert(fd, opened);
        Ok(Reply::Number(fd.into()))
    }

    fn fstat(&self, fd: u32) -> Done<Reply> {
        match self.open.get(&fd) {
            Some(Open::File { file, .. }) => Ok(stat(&file.metadata()?)),
            Some(Open::Dir(path)) => self.stat(path, false),
            Some(Open::Null) => Ok(device(NULL_MODE)),
            // The standard streams are pipes.
            None if fd < FIRST => Ok(device(PIPE_MODE)),
            None => Err(Failure::Code("EBADF")),
        }
    }

    fn stat(&self, path: &str, last: bool) -> Done<Reply> {
        if self.walk(path, last)? == NULL {
            return Ok(device(NULL_MODE));
        }
        let found = self.at(path, last, |dir, path| Ok(dir.symlink_metadata(path)?))?;
        Ok(stat(&found))
    }

    fn file(&mut self, fd: u32) -> Done<(&mut File, bool)> {
        match self.open.get_mut(&fd) {
            Some(Open::File { file, append }) => Ok((file, *append)),
            Some(Open::Dir(_)) => Err(Failure::Code("EISDIR")),
            Some(Open::Null) => Err(Failure::Code("EINVAL")),
            None => Err(Failure::Code("EBADF")),
        }
    }

    fn change_open(&mut self, name: &str, asked: Asked<'_>) -> Done<()> {
        match (name, self.open.get(&asked.fd)) {
            ("fsync", Some(Open::Dir(_))) => return Ok(()),
            ("fchmod", Some(Open::Dir(path))) => {
                return self.changed(path, false, |dir, path| permit(dir, path, bits(asked.n)));
            }
            _ => {}
        }
        let (file, _) = self.file(asked.fd)?;
        match name {
            "fsync" => file.sync_all()?,
            "ftruncate" => file.set_len(whole(asked.n))?,
            _ => file.set_permissions(permissions(bits(asked.n)))?,
        }
        Ok(())
    }

    /// Read from a file, at a position if one is given.
    pub(crate) fn read(&mut self, fd: u32, length: usize, at: Option<u64>) -> Done<Vec<u8>> {
        if let Some(Open::Null) = self.open.get(&fd) {
            return Ok(Vec::new());
        }
        let (file, _) = self.file(fd)?;
        let mut bytes = vec![0; length.min(MAX_READ)];
        let before = at.map(|_| file.stream_position()).transpose()?;
        if let Some(at) = at {
            file.seek(SeekFrom::Start(at))?;
        }
        let read = file.read(&mut bytes);
        if let Some(before) = before {
            file.seek(SeekFrom::Start(before))?;
        }
        bytes.truncate(read?);
        Ok(bytes)
    }

    /// Write to a file, at a position if one is given.
    pub(crate) fn write(&mut self, fd: u32, bytes: &[u8], at: Option<u64>) -> Done<usize> {
        if let Some(Open::Null) = self.open.get(&fd) {
            return Ok(bytes.len());
        }
        if at.is_some_and(|at| at > self.largest) {
            return Err(Failure::Code("EFBIG"));
        }
        self.disk.take(bytes.len() as u64)?;
        let (file, append) = self.file(fd)?;
        if append {
            file.seek(SeekFrom::End(0))?;
            return Ok(file.write(bytes)?);
        }
        let before = at.map(|_| file.stream_position()).transpose()?;
        if let Some(at) = at {
            file.seek(SeekFrom::Start(at))?;
        }
        let written = file.write(bytes);
        if let Some(before) = before {
            file.seek(SeekFrom::Start(before))?;
        }
        Ok(written?)
    }
}

/// A path below another unless it is absolute, without `.` and `..`.
fn clean(below: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { below };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The names of a path in order; a slash at its end asks for a directory.
fn parts(path: &str) -> VecDeque<String> {
    let names = path.split('/').filter(|part| !part.is_empty());
    let mut parts: VecDeque<String> = names.map(str::to_owned).collect();
    if path.ends_with('/') && !parts.is_empty() {
        parts.push_back(".".to_owned());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn paths_stay_below_the_root() {
        for (below, path, whole) in [
            ("/a", "b/./c", "/a/b/c"),
            ("/a", "../../..", "/"),
            ("/a", "/x/../../y", "/y"),
            ("/", "", "/"),
        ] {
            assert_eq!(clean(below, path), whole);
        }
    }
}
