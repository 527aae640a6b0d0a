//! The files of a program of `GOOS=js`, as Node's `fs` has them: only those that it was given.
//!
//! The directories are opened once, and everything is looked up below them (cap-std): neither `..`
//! nor a link leads out.

mod call;
mod node;
mod open;
mod paths;

use std::collections::BTreeMap;
use std::fs::FileTimes;
use std::io;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, MetadataExt, OpenOptions};

pub(crate) use self::call::{Call, Slots};
use self::node::{code, moment, owned, permit, symlink};
use self::paths::clean;
use crate::host::Quota;
use crate::stop::Stop;
use crate::{Error, Preopen};

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

    /// Does what one of Node's functions does.
    pub(crate) fn call(&mut self, call: Call<'_>) -> Done<Reply> {
        match call {
            Call::Open { path, flags, mode } => return self.open(path, flags, mode),
            Call::Stat { path, follow } => return self.stat(path, follow),
            Call::StatOpen { fd } => return self.fstat(fd),
            Call::ReadDir { path } => return self.names(path),
            Call::ReadLink { path } => {
                let link = self.at(path, false, |dir, path| Ok(dir.read_link_contents(path)?))?;
                return Ok(Reply::Text(link.to_string_lossy().into_owned()));
            }
            Call::Close { fd } => {
                self.open.remove(&fd).ok_or(Failure::Code("EBADF"))?;
            }
            Call::ChangeDir { path } => self.change_dir(path)?,
            Call::Truncate { length, .. } | Call::TruncateOpen { length, .. }
                if length > self.largest =>
            {
                return Err(Failure::Code("EFBIG"));
            }
            Call::Sync { fd } => self.sync(fd)?,
            Call::TruncateOpen { fd, length } => self.truncate_open(fd, length)?,
            Call::ChangeModeOpen { fd, mode } => self.change_mode_open(fd, mode)?,
            Call::ChangeOwner {
                path,
                owner,
                follow,
            } => {
                let found = self.at(path, follow, |dir, path| Ok(dir.symlink_metadata(path)?))?;
                owned(&found, owner)?;
            }
            Call::ChangeOwnerOpen { fd, owner } => {
                let (file, _) = self.file(fd)?;
                let found = file.metadata()?;
                owned(&found, owner)?;
            }
            Call::Rename { from, to } => self.rename(from, to)?,
            Call::Link { from, to } => self.link(from, to)?,
            Call::Symlink { target, path } => {
                self.made.take(1)?;
                self.disk.take(target.len() as u64)?;
                self.changed(path, false, |dir, at| symlink(dir, target, at))?;
            }
            Call::MakeDir { path, mode } => self.make_dir(path, mode)?,
            Call::RemoveDir { path } => {
                self.changed(path, false, |dir, path| Ok(dir.remove_dir(path)?))?;
            }
            Call::Unlink { path } => self.changed(path, false, unlink)?,
            Call::Truncate { path, length } => {
                let write = OpenOptions::new().write(true).clone();
                let file = self.changed(path, true, |dir, path| Ok(dir.open_with(path, &write)?));
                resize(&mut self.disk, &file?, length)?;
            }
            Call::ChangeMode { path, mode } => {
                self.changed(path, true, |dir, path| permit(dir, path, mode))?;
            }
            Call::SetTimes {
                path,
                accessed,
                modified,
            } => {
                let times = FileTimes::new().set_accessed(moment(accessed)?);
                let times = times.set_modified(moment(modified)?);
                self.changed(path, true, |dir, path| {
                    Ok(dir.open(path)?.into_std().set_times(times)?)
                })?;
            }
        }
        Ok(Reply::Nothing)
    }

    fn change_dir(&mut self, path: &str) -> Done<()> {
        let found = self.at(path, true, |dir, path| Ok(dir.symlink_metadata(path)?))?;
        if !found.is_dir() {
            return Err(Failure::Code("ENOTDIR"));
        }
        self.cwd = self.walk(path, true)?;
        Ok(())
    }

    fn make_dir(&mut self, path: &str, mode: u32) -> Done<()> {
        self.made.take(1)?;
        let mode = mode & !self.umask;
        // A directory may be made by a name with a slash.
        self.changed(path.trim_end_matches('/'), false, |dir, path| {
            dir.create_dir(path)?;
            permit(dir, path, mode)
        })
    }

    fn rename(&self, from: &str, to: &str) -> Done<()> {
        let dots = |path: &str| {
            let last = path.trim_end_matches('/').rsplit('/').next();
            matches!(last, Some("." | ".."))
        };
        if dots(from) || dots(to) {
            return Err(Failure::Code("EBUSY"));
        }
        self.between(from, to, |from_dir, from, to_dir, to| {
            Ok(from_dir.rename(from, to_dir, to)?)
        })
    }

    fn link(&mut self, from: &str, to: &str) -> Done<()> {
        self.between(from, to, |from_dir, from, to_dir, to| {
            Ok(from_dir.hard_link(from, to_dir, to)?)
        })?;
        Ok(self.made.take(1)?)
    }

    /// Changes what two paths lead to, if both may be changed.
    fn between(
        &self,
        from: &str,
        to: &str,
        change: impl FnOnce(&Dir, &str, &Dir, &str) -> Done<()>,
    ) -> Done<()> {
        let walked = |path: &str| self.walk(path, path.ends_with('/'));
        let (from, to) = (walked(from)?, walked(to)?);
        let ((from_mount, from), (to_mount, to)) = (self.mount(&from)?, self.mount(&to)?);
        if !from_mount.writable || !to_mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        change(&from_mount.dir, &from, &to_mount.dir, &to)
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
}

/// Gives a file another length; what it grows by is written, holes included.
fn resize(disk: &mut Quota, file: &File, length: u64) -> Done<()> {
    disk.take(length.saturating_sub(file.metadata()?.len()))?;
    Ok(file.set_len(length)?)
}

fn unlink(dir: &Dir, path: &str) -> Done<()> {
    if dir.symlink_metadata(path)?.is_dir() {
        return Err(Failure::Code("EISDIR"));
    }
    Ok(dir.remove_file(path)?)
}
