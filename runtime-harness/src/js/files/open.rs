//! Open files: opening, reading, writing, and what is known of them.

use std::io::{self, Read, Seek, SeekFrom, Write};

use cap_std::fs::{Dir, File, Metadata, OpenOptions};

use super::node::{device, permissions, permit, stat};
use super::{Done, Failure, Files, Open, Reply, resize};

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

/// Most files that a guest may have open: those of this process are limited, too.
const MOST_OPEN: usize = 512;

/// What the flags of `open` ask for.
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags that can be set one by one"
)]
struct Wants {
    reads: bool,
    writes: bool,
    makes: bool,
    exclusive: bool,
    truncates: bool,
}

impl Wants {
    fn new(flags: u32) -> Self {
        let makes = flags & CREATE != 0;
        Self {
            reads: flags & WRITE_ONLY == 0,
            writes: flags & (WRITE_ONLY | READ_WRITE) != 0,
            makes,
            exclusive: makes && flags & EXCLUSIVE != 0,
            truncates: flags & TRUNCATE != 0,
        }
    }

    /// Opens a file that is no directory, and makes it where it is asked for and not there.
    fn open(&self, dir: &Dir, path: &str, there: bool) -> Done<File> {
        if self.makes && !self.writes && !there {
            // Made, and then opened for reading alone.
            dir.open_with(path, OpenOptions::new().write(true).create_new(true))?;
        }
        let mut options = OpenOptions::new();
        options
            .read(self.reads)
            .write(self.writes)
            .create(self.makes && self.writes)
            .create_new(self.exclusive && self.writes)
            .truncate(self.truncates && self.writes);
        Ok(dir.open_with(path, &options)?)
    }
}

impl Files {
    pub(super) fn open(&mut self, path: &str, flags: u32, mode: u32) -> Done<Reply> {
        let wants = Wants::new(flags);
        if wants.makes || wants.writes {
            self.made.take(1)?;
        }
        let walked = self.walk(path, !wants.exclusive)?;
        if walked == NULL {
            return self.number(Open::Null);
        }
        let (mount, path) = self.mount(&walked)?;
        if (wants.writes || wants.makes) && !mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        let there = mount.dir.symlink_metadata(&path).ok();
        if there.is_some() && wants.exclusive {
            return Err(Failure::Code("EEXIST"));
        }
        let opened = if there.as_ref().is_some_and(Metadata::is_dir) {
            if wants.writes || wants.makes {
                return Err(Failure::Code("EISDIR"));
            }
            Open::Dir(walked)
        } else if flags & DIRECTORY != 0 {
            let code = if there.is_some() { "ENOTDIR" } else { "ENOENT" };
            return Err(Failure::Code(code));
        } else {
            let file = wants.open(&mount.dir, &path, there.is_some())?;
            if there.is_none() {
                permit(&mount.dir, &path, mode & !self.umask)?;
            }
            let append = flags & APPEND != 0;
            Open::File { file, append }
        };
        self.number(opened)
    }

    fn number(&mut self, opened: Open) -> Done<Reply> {
        if self.open.len() >= MOST_OPEN {
            return Err(Failure::Code("EMFILE"));
        }
        let mut numbers = FIRST..;
        let fd = numbers.find(|fd| !self.open.contains_key(fd));
        let fd = fd.ok_or(Failure::Code("EMFILE"))?;
        self.open.insert(fd, opened);
        Ok(Reply::Number(fd.into()))
    }

    pub(super) fn fstat(&self, fd: u32) -> Done<Reply> {
        match self.open.get(&fd) {
            Some(Open::File { file, .. }) => Ok(stat(&file.metadata()?)),
            Some(Open::Dir(path)) => self.stat(path, false),
            Some(Open::Null) => Ok(device(NULL_MODE)),
            // The standard streams are pipes.
            None if fd < FIRST => Ok(device(PIPE_MODE)),
            None => Err(Failure::Code("EBADF")),
        }
    }

    pub(super) fn stat(&self, path: &str, last: bool) -> Done<Reply> {
        if self.walk(path, last)? == NULL {
            return Ok(device(NULL_MODE));
        }
        let found = self.at(path, last, |dir, path| Ok(dir.symlink_metadata(path)?))?;
        Ok(stat(&found))
    }

    pub(super) fn file(&mut self, fd: u32) -> Done<(&mut File, bool)> {
        match self.open.get_mut(&fd) {
            Some(Open::File { file, append }) => Ok((file, *append)),
            Some(Open::Dir(_)) => Err(Failure::Code("EISDIR")),
            Some(Open::Null) => Err(Failure::Code("EINVAL")),
            None => Err(Failure::Code("EBADF")),
        }
    }

    pub(super) fn sync(&mut self, fd: u32) -> Done<()> {
        if let Some(Open::Dir(_)) = self.open.get(&fd) {
            return Ok(());
        }
        let (file, _) = self.file(fd)?;
        Ok(file.sync_all()?)
    }

    pub(super) fn truncate_open(&mut self, fd: u32, length: u64) -> Done<()> {
        let Some(Open::File { file, .. }) = self.open.get(&fd) else {
            return self.file(fd).map(|_| ());
        };
        resize(&mut self.disk, file, length)
    }

    pub(super) fn change_mode_open(&mut self, fd: u32, mode: u32) -> Done<()> {
        if let Some(Open::Dir(path)) = self.open.get(&fd) {
            return self.changed(path, false, |dir, path| permit(dir, path, mode));
        }
        let (file, _) = self.file(fd)?;
        Ok(file.set_permissions(permissions(mode))?)
    }

    /// Read from a file, at a position if one is given.
    pub(crate) fn read(&mut self, fd: u32, room: &mut [u8], at: Option<u64>) -> Done<usize> {
        if let Some(Open::Null) = self.open.get(&fd) {
            return Ok(0);
        }
        let (file, _) = self.file(fd)?;
        there(file, at, |file| file.read(room))
    }

    /// Write to a file, at a position if one is given.
    pub(crate) fn write(&mut self, fd: u32, bytes: &[u8], at: Option<u64>) -> Done<usize> {
        if let Some(Open::Null) = self.open.get(&fd) {
            return Ok(bytes.len());
        }
        let (file, append) = self.file(fd)?;
        let end = file.metadata()?.len();
        let from = match at {
            _ if append => end,
            Some(at) => at,
            None => file.stream_position()?,
        };
        if from > self.largest {
            return Err(Failure::Code("EFBIG"));
        }
        // A hole before it counts, too: each of its blocks could be filled by a single byte.
        let written = bytes.len() as u64;
        let grown = from.saturating_add(written).saturating_sub(end);
        self.disk.take(written.max(grown))?;
        let (file, _) = self.file(fd)?;
        if append {
            file.seek(SeekFrom::End(0))?;
            return Ok(file.write(bytes)?);
        }
        there(file, at, |file| file.write(bytes))
    }
}

/// Do something at a position of a file, which then is where it was.
fn there<T>(
    file: &mut File,
    at: Option<u64>,
    work: impl FnOnce(&mut File) -> io::Result<T>,
) -> Done<T> {
    let Some(at) = at else {
        return Ok(work(file)?);
    };
    let before = file.stream_position()?;
    file.seek(SeekFrom::Start(at))?;
    let done = work(file);
    file.seek(SeekFrom::Start(before))?;
    Ok(done?)
}
