//! Functions of WASI preview 1 on paths below an open directory (`path_*`): cap-std looks them up,
//! so that none leads out of it.

use cap_fs_ext::OpenOptionsMaybeDirExt as _;
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, OpenOptions};

use super::context::{Context, Descriptor, OpenDir, OpenFile, size};
use super::files::{ALL_FD_FLAGS, ALL_RIGHTS, APPEND, FD_READ, FD_WRITE, NONBLOCK, SYNC};
use super::memory::{Done, Failure, Memory, flags};
use super::stat::{Stat, Times};
use crate::errno::Errno;

/// `$lookupflags`
const FOLLOW: u32 = 1;
/// `$oflags`
const CREATE: u32 = 1;
const DIRECTORY: u32 = 1 << 1;
const EXCLUSIVE: u32 = 1 << 2;
const TRUNCATE: u32 = 1 << 3;

impl Context {
    pub(crate) fn path_create_directory(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        path: i32,
        len: i32,
    ) -> Done {
        self.open.dir(dir)?;
        let path = memory.text(path, len)?;
        Ok(self.open.dir_to_change(dir)?.dir.create_dir(path)?)
    }

    pub(crate) fn path_filestat_get(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        links: i32,
        path: i32,
        len: i32,
        to: i32,
    ) -> Done {
        let follow = follows(links)?;
        let dir = &self.open.dir(dir)?.dir;
        let path = memory.text(path, len)?;
        let found = if follow {
            dir.metadata(path)?
        } else {
            dir.symlink_metadata(path)?
        };
        Stat::of(&found)?.put(memory, to)
    }

    #[expect(clippy::too_many_arguments, reason = "those of the specification")]
    pub(crate) fn path_filestat_set_times(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        links: i32,
        path: i32,
        len: i32,
        accessed: i64,
        modified: i64,
        which: i32,
    ) -> Done {
        let follow = follows(links)?;
        let [accessed, modified] = Times::read(accessed, modified, which)?.of_path();
        self.open.dir(dir)?;
        let path = memory.text(path, len)?;
        let dir = &self.open.dir_to_change(dir)?.dir;
        if follow {
            Ok(dir.set_times(path, accessed, modified)?)
        } else {
            Ok(dir.set_symlink_times(path, accessed, modified)?)
        }
    }

    #[expect(clippy::too_many_arguments, reason = "those of the specification")]
    pub(crate) fn path_link(
        &mut self,
        memory: &mut Memory<'_>,
        from: i32,
        links: i32,
        path: i32,
        len: i32,
        to: i32,
        new_path: i32,
        new_len: i32,
    ) -> Done {
        let follow = follows(links)?;
        let ([from, to], [path, new]) =
            self.between(memory, [from, to], [(path, len), (new_path, new_len)])?;
        if follow {
            return Err(Errno::INVAL.into());
        }
        Ok(from.hard_link(path, to, new)?)
    }

    #[expect(clippy::too_many_arguments, reason = "those of preview 1")]
    pub(crate) fn path_rename(
        &mut self,
        memory: &mut Memory<'_>,
        from: i32,
        path: i32,
        len: i32,
        to: i32,
        new_path: i32,
        new_len: i32,
    ) -> Done {
        let ([from, to], [path, new]) =
            self.between(memory, [from, to], [(path, len), (new_path, new_len)])?;
        // With a slash at its end a path means a directory. Some systems then follow a link, even out of
        // the directory that is open, so that none is handed to them.
        let plain = [&path, &new].map(|path| path.trim_end_matches('/'));
        let slashed = plain[0] != path || plain[1] != new;
        if slashed && plain.iter().all(|path| !path.is_empty()) {
            if !from.symlink_metadata(plain[0])?.is_dir() {
                return Err(Errno::NOTDIR.into());
            }
            return Ok(from.rename(plain[0], to, plain[1])?);
        }
        Ok(from.rename(path, to, new)?)
    }

    /// Two directories in which something is to change, and a path in each.
    fn between(
        &self,
        memory: &Memory<'_>,
        [from, to]: [i32; 2],
        [path, new]: [(i32, i32); 2],
    ) -> Done<([&Dir; 2], [String; 2])> {
        self.open.dir(from)?;
        self.open.dir(to)?;
        let paths = [memory.text(path.0, path.1)?, memory.text(new.0, new.1)?];
        let from = &self.open.dir_to_change(from)?.dir;
        let to = &self.open.dir_to_change(to)?.dir;
        Ok(([from, to], paths))
    }

    #[expect(clippy::too_many_arguments, reason = "those of the specification")]
    pub(crate) fn path_open(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        links: i32,
        path: i32,
        len: i32,
        how: i32,
        rights: i64,
        _passed: i64,
        fd_flags: i32,
        to: i32,
    ) -> Done {
        let asked = OpenRequest::read(links, how, rights, fd_flags)?;
        let path = memory.text(path, len)?;
        let dir = match self.open.get(dir)? {
            Descriptor::Dir(dir) => dir,
            Descriptor::File(_) => return Err(Errno::NOTDIR.into()),
            _ => return Err(Errno::BADF.into()),
        };
        asked.allowed(dir.writable)?;
        let file = dir.dir.open_with(path, &asked.options())?;
        let opened = asked.opened(file, dir.writable)?;
        let fd = self.open.push(opened)?;
        memory.put_u32(to, fd)
    }

    #[expect(clippy::too_many_arguments, reason = "those of preview 1")]
    pub(crate) fn path_readlink(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        path: i32,
        len: i32,
        to: i32,
        room: i32,
        done: i32,
    ) -> Done {
        let dir = &self.open.dir(dir)?.dir;
        let target = dir.read_link(memory.text(path, len)?)?;
        let target = target.into_os_string().into_string();
        let mut target = target.map_err(|_| Errno::ILSEQ)?.into_bytes();
        target.truncate(room.cast_unsigned() as usize);
        memory.put(to, &target)?;
        memory.put_u32(done, size(target.len())?)
    }

    pub(crate) fn path_remove_directory(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        path: i32,
        len: i32,
    ) -> Done {
        self.open.dir(dir)?;
        let path = memory.text(path, len)?;
        Ok(self.open.dir_to_change(dir)?.dir.remove_dir(path)?)
    }

    pub(crate) fn path_symlink(
        &mut self,
        memory: &mut Memory<'_>,
        target: i32,
        target_len: i32,
        dir: i32,
        path: i32,
        len: i32,
    ) -> Done {
        self.open.dir(dir)?;
        let target = memory.text(target, target_len)?;
        let path = memory.text(path, len)?;
        let dir = &self.open.dir_to_change(dir)?.dir;
        Ok(cap_fs_ext::DirExt::symlink(dir, target, path)?)
    }

    pub(crate) fn path_unlink_file(
        &mut self,
        memory: &mut Memory<'_>,
        dir: i32,
        path: i32,
        len: i32,
    ) -> Done {
        self.open.dir(dir)?;
        let path = memory.text(path, len)?;
        let dir = &self.open.dir_to_change(dir)?.dir;
        Ok(dir.remove_file_or_symlink(path)?)
    }
}

/// How a path is to be opened.
struct OpenRequest {
    follow: bool,
    how: u32,
    reads: bool,
    writes: bool,
    fd_flags: u32,
}

impl OpenRequest {
    fn read(links: i32, how: i32, rights: i64, fd_flags: i32) -> Done<Self> {
        let follow = follows(links)?;
        let how = flags(how, CREATE | DIRECTORY | EXCLUSIVE | TRUNCATE, "Oflags")?;
        let rights = rights.cast_unsigned();
        if rights & !ALL_RIGHTS != 0 {
            return Err(Failure::Trap("Invalid flag value Rights".to_owned()));
        }
        Ok(Self {
            follow,
            how,
            reads: rights & FD_READ != 0,
            writes: rights & FD_WRITE != 0,
            fd_flags: flags(fd_flags, ALL_FD_FLAGS, "Fdflags")?,
        })
    }

    fn has(&self, flag: u32) -> bool {
        self.how & flag != 0
    }

    /// For reading: what is not opened for writing is, so that the system opens it at all.
    fn is_read(&self) -> bool {
        self.reads || !self.writes
    }

    /// For writing: what is made or emptied is, too.
    fn is_written(&self) -> bool {
        self.writes || self.has(CREATE) || self.has(TRUNCATE)
    }

    /// Whether it can be done at all below such a directory.
    fn allowed(&self, writable: bool) -> Done {
        if self.fd_flags & SYNC != 0 {
            return Err(Errno::NOTSUP.into());
        }
        if self.has(DIRECTORY) && self.how != DIRECTORY {
            return Err(Errno::INVAL.into());
        }
        if !writable && self.is_written() {
            return Err(Errno::PERM.into());
        }
        Ok(())
    }

    fn options(&self) -> OpenOptions {
        let exclusive = self.has(CREATE) && self.has(EXCLUSIVE);
        let mut options = OpenOptions::new();
        options
            .read(self.is_read())
            .write(self.is_written())
            .create(self.has(CREATE) && !exclusive)
            .create_new(exclusive)
            .truncate(self.has(TRUNCATE))
            .maybe_dir(true)
            .follow(if self.follow {
                FollowSymlinks::Yes
            } else {
                FollowSymlinks::No
            });
        options
    }

    /// What was opened is a directory, or a file.
    fn opened(&self, file: File, writable: bool) -> Done<Descriptor> {
        if file.metadata()?.is_dir() {
            // POSIX opens no directory for writing; Windows does.
            if cfg!(windows) && self.writes {
                return Err(Errno::ISDIR.into());
            }
            return Ok(Descriptor::Dir(OpenDir {
                dir: Dir::from_std_file(file.into_std()),
                preopen: None,
                writable,
                reads: self.is_read(),
            }));
        }
        if self.has(DIRECTORY) {
            return Err(Errno::NOTDIR.into());
        }
        Ok(Descriptor::File(OpenFile {
            file: file.into_std(),
            position: 0,
            append: self.fd_flags & APPEND != 0,
            nonblock: self.fd_flags & NONBLOCK != 0,
            writable,
            reads: self.is_read(),
            writes: self.is_written(),
        }))
    }
}

fn follows(links: i32) -> Done<bool> {
    Ok(flags(links, FOLLOW, "Lookupflags")? == FOLLOW)
}
