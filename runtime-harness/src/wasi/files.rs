//! Functions of WASI preview 1 on what is open (`fd_*`): what they answer is what wasmtime-wasi
//! answers, whose sources they follow (`crates/wasi/src/p1.rs`).

use std::fs::File;
use std::io;

use cap_std::fs::Dir;

use super::context::{Context, Descriptor, OpenDir, OpenFile, size};
use super::memory::{Done, Memory, flags, unknown};
use super::stat::{self, Stat, Times};
use crate::errno::Errno;

/// `$fdflags`
pub(super) const APPEND: u32 = 1;
pub(super) const NONBLOCK: u32 = 1 << 2;
/// `dsync`, `rsync` and `sync`, which no file has here.
pub(super) const SYNC: u32 = 1 << 1 | 1 << 3 | 1 << 4;
pub(super) const ALL_FD_FLAGS: u32 = APPEND | NONBLOCK | SYNC;

/// `$rights`, by the bit of each.
pub(super) const FD_READ: u64 = 1 << 1;
pub(super) const FD_WRITE: u64 = 1 << 6;
const FD_SEEK: u64 = 1 << 2;
const FD_READDIR: u64 = 1 << 14;
const SET_SIZE: u64 = 1 << 19 | 1 << 22;
pub(super) const ALL_RIGHTS: u64 = (1 << 30) - 1;
/// What a directory that is open from the start is said to allow: `path_create_directory` to
/// `path_filestat_get`, times of paths and files, `fd_filestat_get`, links, and removal.
const PREOPEN: u64 = 0x3ff << 9 | 1 << 20 | 1 << 21 | 1 << 23 | 0x7 << 24;
/// What it is said to pass on: that, and all that files allow.
const PREOPEN_PASSED: u64 = PREOPEN | 0x1ff | 1 << 22 | 1 << 27;

/// Size of a `$dirent` without the name.
const DIRENT: usize = 24;

impl Context {
    pub(crate) fn fd_advise(
        &mut self,
        _: &mut Memory<'_>,
        fd: i32,
        _from: i64,
        _len: i64,
        advice: i32,
    ) -> Done {
        if !(0..=5).contains(&advice) {
            return Err(unknown("Advice"));
        }
        self.open.file(fd)?;
        Ok(())
    }

    pub(crate) fn fd_allocate(&mut self, _: &mut Memory<'_>, fd: i32, _: i64, _: i64) -> Done {
        self.open.file(fd)?;
        Err(Errno::NOTSUP.into())
    }

    pub(crate) fn fd_close(&mut self, _: &mut Memory<'_>, fd: i32) -> Done {
        self.open.close(fd)
    }

    pub(crate) fn fd_datasync(&mut self, _: &mut Memory<'_>, fd: i32) -> Done {
        synced(self.open.file(fd)?.file.sync_data())
    }

    pub(crate) fn fd_sync(&mut self, _: &mut Memory<'_>, fd: i32) -> Done {
        synced(self.open.file(fd)?.file.sync_all())
    }

    pub(crate) fn fd_fdstat_get(&mut self, memory: &mut Memory<'_>, fd: i32, to: i32) -> Done {
        let (kind, flags, rights, passed) = match self.open.get(fd)? {
            Descriptor::Stdin => (stat::UNKNOWN, 0, FD_READ, FD_READ),
            Descriptor::Output(_) => (stat::UNKNOWN, 0, FD_WRITE, FD_WRITE),
            Descriptor::Dir(dir) => {
                let (rights, passed) = rights_of_dir(dir);
                (stat::DIRECTORY, 0, rights, passed)
            }
            Descriptor::File(file) => {
                let kind = Stat::of_file(&file.file)?.kind;
                let rights = rights_of_file(file);
                (kind, flags_of(file), rights, rights)
            }
        };
        let mut raw = [0; 24];
        raw[0] = kind;
        raw[2..4].copy_from_slice(&flags.to_le_bytes());
        raw[8..16].copy_from_slice(&rights.to_le_bytes());
        raw[16..].copy_from_slice(&passed.to_le_bytes());
        memory.put_aligned(to, &raw, 8)
    }

    pub(crate) fn fd_fdstat_set_flags(&mut self, _: &mut Memory<'_>, fd: i32, to: i32) -> Done {
        let flags = flags(to, ALL_FD_FLAGS, "Fdflags")?;
        let file = self.open.file(fd)?;
        if flags & SYNC != 0 {
            return Err(Errno::INVAL.into());
        }
        file.append = flags & APPEND != 0;
        file.nonblock = flags & NONBLOCK != 0;
        Ok(())
    }

    pub(crate) fn fd_fdstat_set_rights(
        &mut self,
        _: &mut Memory<'_>,
        fd: i32,
        _: i64,
        _: i64,
    ) -> Done {
        match self.open.get(fd)? {
            Descriptor::Stdin | Descriptor::Output(_) => Err(Errno::BADF.into()),
            _ => Err(Errno::NOTSUP.into()),
        }
    }

    pub(crate) fn fd_filestat_get(&mut self, memory: &mut Memory<'_>, fd: i32, to: i32) -> Done {
        let stat = match self.open.get(fd)? {
            Descriptor::Stdin | Descriptor::Output(_) => Stat::default(),
            Descriptor::Dir(dir) => Stat::of(&dir.dir.dir_metadata()?)?,
            Descriptor::File(file) => Stat::of_file(&file.file)?,
        };
        stat.put(memory, to)
    }

    pub(crate) fn fd_filestat_set_size(&mut self, _: &mut Memory<'_>, fd: i32, to: i64) -> Done {
        let file = self.open.file(fd)?;
        if !file.writable {
            return Err(Errno::PERM.into());
        }
        Ok(file.file.set_len(to.cast_unsigned())?)
    }

    pub(crate) fn fd_filestat_set_times(
        &mut self,
        _: &mut Memory<'_>,
        fd: i32,
        accessed: i64,
        modified: i64,
        which: i32,
    ) -> Done {
        let times = Times::read(accessed, modified, which)?.of_file();
        match self.open.get(fd)? {
            Descriptor::Stdin | Descriptor::Output(_) => Err(Errno::BADF.into()),
            Descriptor::Dir(OpenDir { writable, .. })
            | Descriptor::File(OpenFile { writable, .. })
                if !writable =>
            {
                Err(Errno::PERM.into())
            }
            Descriptor::Dir(dir) => Ok(dir.dir.try_clone()?.into_std_file().set_times(times)?),
            Descriptor::File(file) => Ok(file.file.set_times(times)?),
        }
    }

    pub(crate) fn fd_read(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        list: i32,
        count: i32,
        done: i32,
    ) -> Done {
        let (at, len) = memory.first_buffer(list, count)?;
        if matches!(self.open.get(fd)?, Descriptor::Stdin) {
            // The wrapper of this function reads standard input under its own number.
            return memory.put_u32(done, 0);
        }
        let file = self.open.file(fd)?;
        let read = read_at(&file.file, memory.room(at, len)?, file.position)?;
        file.position = moved(file.position, read)?;
        memory.put_u32(done, size(read)?)
    }

    pub(crate) fn fd_pread(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        list: i32,
        count: i32,
        from: i64,
        done: i32,
    ) -> Done {
        let (at, len) = memory.first_buffer(list, count)?;
        let file = match self.open.get(fd)? {
            Descriptor::Stdin => return Err(Errno::SPIPE.into()),
            _ => self.open.file(fd)?,
        };
        let read = read_at(&file.file, memory.room(at, len)?, from.cast_unsigned())?;
        memory.put_u32(done, size(read)?)
    }

    pub(crate) fn fd_write(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        list: i32,
        count: i32,
        done: i32,
    ) -> Done {
        let (at, len) = memory.first_buffer(list, count)?;
        let bytes = memory.bytes(at, len)?;
        if matches!(self.open.get(fd)?, Descriptor::Output(_)) {
            // The wrapper of this function writes standard output under its own number.
            return memory.put_u32(done, len);
        }
        let file = self.open.file(fd)?;
        let written = file.write(bytes, file.position)?;
        file.position = if file.append {
            file.file.metadata()?.len()
        } else {
            moved(file.position, written)?
        };
        memory.put_u32(done, size(written)?)
    }

    pub(crate) fn fd_pwrite(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        list: i32,
        count: i32,
        to: i64,
        done: i32,
    ) -> Done {
        let (at, len) = memory.first_buffer(list, count)?;
        let bytes = memory.bytes(at, len)?;
        let file = match self.open.get(fd)? {
            Descriptor::Output(_) => return Err(Errno::SPIPE.into()),
            _ => self.open.file(fd)?,
        };
        let written = file.write(bytes, to.cast_unsigned())?;
        memory.put_u32(done, size(written)?)
    }

    pub(crate) fn fd_prestat_get(&mut self, memory: &mut Memory<'_>, fd: i32, to: i32) -> Done {
        let Descriptor::Dir(OpenDir {
            preopen: Some(name),
            ..
        }) = self.open.get(fd)?
        else {
            return Err(Errno::BADF.into());
        };
        // The tag of a directory is 0.
        let mut raw = [0; 8];
        raw[4..].copy_from_slice(&size(name.len())?.to_le_bytes());
        memory.put_aligned(to, &raw, 4)
    }

    pub(crate) fn fd_prestat_dir_name(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        to: i32,
        len: i32,
    ) -> Done {
        match self.open.get(fd)? {
            Descriptor::Dir(OpenDir {
                preopen: Some(name),
                ..
            }) if name.len() > len.cast_unsigned() as usize => Err(Errno::NAMETOOLONG.into()),
            Descriptor::Dir(OpenDir {
                preopen: Some(name),
                ..
            }) => memory.put(to, name.as_bytes()),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    pub(crate) fn fd_renumber(&mut self, _: &mut Memory<'_>, from: i32, to: i32) -> Done {
        self.open.renumber(from, to)
    }

    pub(crate) fn fd_seek(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        offset: i64,
        whence: i32,
        to: i32,
    ) -> Done {
        if !(0..=2).contains(&whence) {
            return Err(unknown("Whence"));
        }
        let file = self.open.seekable(fd)?;
        let base = match whence {
            0 => 0,
            1 => file.position,
            _ => file.file.metadata()?.len(),
        };
        file.position = base.checked_add_signed(offset).ok_or(Errno::INVAL)?;
        memory.put_u64(to, file.position)
    }

    pub(crate) fn fd_tell(&mut self, memory: &mut Memory<'_>, fd: i32, to: i32) -> Done {
        let position = self.open.seekable(fd)?.position;
        memory.put_u64(to, position)
    }

    pub(crate) fn fd_readdir(
        &mut self,
        memory: &mut Memory<'_>,
        fd: i32,
        to: i32,
        len: i32,
        cookie: i64,
        done: i32,
    ) -> Done {
        let entries = entries(&self.open.dir(fd)?.dir)?;
        let skipped = usize::try_from(cookie.cast_unsigned()).map_err(|_| Errno::OVERFLOW)?;
        let room = memory.room(to, len.cast_unsigned())?;
        let mut left = &mut *room;
        for bytes in entries.iter().skip(skipped) {
            // The last entry may be cut short: the guest then asks again.
            let fits = bytes.len().min(left.len());
            let (slot, rest) = left.split_at_mut(fits);
            slot.copy_from_slice(&bytes[..fits]);
            left = rest;
        }
        let written = len.cast_unsigned() - size(left.len())?;
        memory.put_u32(done, written)
    }
}

impl OpenFile {
    /// Write at a position, or behind the end: `pwrite` of Linux does the same.
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let at = if self.append {
            self.file.metadata()?.len()
        } else {
            at
        };
        write_at(&self.file, bytes, at)
    }
}

/// Entries of a directory as the guest gets them, itself and its parent first.
fn entries(dir: &Dir) -> Done<Vec<Vec<u8>>> {
    let own = Stat::of(&dir.dir_metadata()?)?;
    let mut entries = vec![(own.inode, own.kind, ".".to_owned())];
    entries.push((own.inode, own.kind, "..".to_owned()));
    for entry in dir.entries()? {
        let name = entry?.file_name();
        let name = name.into_string().map_err(|_| Errno::ILSEQ)?;
        let stat = Stat::of(&dir.symlink_metadata(&name)?)?;
        entries.push((stat.inode, stat.kind, name));
    }
    let raw = (1_u64..).zip(entries).map(|(next, (inode, kind, name))| {
        let mut raw = vec![0; DIRENT];
        raw[..8].copy_from_slice(&next.to_le_bytes());
        raw[8..16].copy_from_slice(&inode.to_le_bytes());
        raw[16..20].copy_from_slice(&size(name.len())?.to_le_bytes());
        raw[20] = kind;
        raw.extend(name.into_bytes());
        Ok(raw)
    });
    raw.collect()
}

fn rights_of_dir(dir: &OpenDir) -> (u64, u64) {
    if dir.preopen.is_some() {
        return (PREOPEN, PREOPEN_PASSED);
    }
    let mut rights = ALL_RIGHTS & !(FD_SEEK | SET_SIZE | FD_WRITE);
    if !dir.reads {
        rights &= !(FD_READ | FD_READDIR);
    }
    (rights, rights)
}

fn rights_of_file(file: &OpenFile) -> u64 {
    let mut rights = ALL_RIGHTS;
    if !file.reads {
        rights &= !(FD_READ | FD_READDIR);
    }
    if !file.writes {
        rights &= !FD_WRITE;
    }
    rights
}

fn flags_of(file: &OpenFile) -> u16 {
    u16::from(file.append) | u16::from(file.nonblock) << 2
}

/// Windows refuses to write out a file that is open for reading alone; POSIX does not.
fn synced(result: io::Result<()>) -> Done {
    match result {
        Err(e) if cfg!(windows) && e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => Ok(result?),
    }
}

fn moved(position: u64, by: usize) -> Done<u64> {
    let moved = position.checked_add(u64::from(size(by)?));
    Ok(moved.ok_or(Errno::OVERFLOW)?)
}

#[cfg(unix)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, room, at)
}

#[cfg(windows)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, room, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}
