//! What a guest of WASI preview 1 is given: arguments, environment, clocks, and the table of its
//! open files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::memory::{Done, Memory, unknown};
use crate::Preopen;
use crate::clock::Clock;
use crate::errno::Errno;

/// The guest's side of WASI.
pub(crate) struct Context {
    args: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    clock: Clock,
    pub(super) open: Table,
}

/// A stream that a guest writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Most descriptors that a guest may have open: those of this process are limited, too.
const MOST_OPEN: usize = 512;

/// What a number of the guest stands for.
pub(super) enum Descriptor {
    Stdin,
    Output(Stream),
    Dir(OpenDir),
    File(OpenFile),
}

pub(super) struct OpenDir {
    pub(super) dir: Dir,
    /// Its name, when it is open from the start.
    pub(super) preopen: Option<String>,
    /// Whether anything below it may be changed.
    pub(super) writable: bool,
    /// Whether it was opened for reading.
    pub(super) reads: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag or a right of preview 1, apart from the others"
)]
pub(super) struct OpenFile {
    pub(super) file: File,
    /// Where the next read or write begins: the one of the file itself is not used.
    pub(super) position: u64,
    pub(super) append: bool,
    pub(super) nonblock: bool,
    /// Whether the directory that it lies in may be changed.
    pub(super) writable: bool,
    pub(super) reads: bool,
    pub(super) writes: bool,
}

/// Open files by their number.
pub(super) struct Table {
    used: BTreeMap<u32, Descriptor>,
    free: BTreeSet<u32>,
}

impl Context {
    /// Standard streams, and directories that are still to be opened.
    pub(crate) fn new(args: &[String], env: &[(String, String)], clock: Clock) -> Self {
        let ended = |text: String| format!("{text}\0").into_bytes();
        let env = env.iter().map(|(key, value)| format!("{key}={value}"));
        let streams = [
            Descriptor::Stdin,
            Descriptor::Output(Stream::Stdout),
            Descriptor::Output(Stream::Stderr),
        ];
        Self {
            args: args.iter().cloned().map(ended).collect(),
            env: env.map(ended).collect(),
            clock,
            open: Table {
                used: (0..).zip(streams).collect(),
                free: BTreeSet::new(),
            },
        }
    }

    /// Open a directory for the guest.
    pub(crate) fn preopen(&mut self, preopen: &Preopen) -> std::io::Result<()> {
        let dir = Dir::open_ambient_dir(Path::new(&preopen.host), ambient_authority())?;
        self.open.insert(Descriptor::Dir(OpenDir {
            dir,
            preopen: Some(preopen.guest.clone()),
            writable: preopen.writable,
            reads: true,
        }));
        Ok(())
    }

    /// Whether a descriptor is standard input.
    pub(crate) fn is_stdin(&self, fd: i32) -> bool {
        matches!(self.open.get(fd), Ok(Descriptor::Stdin))
    }

    /// The stream that a descriptor writes to.
    pub(crate) fn stream(&self, fd: i32) -> Option<Stream> {
        match self.open.get(fd) {
            Ok(Descriptor::Output(stream)) => Some(*stream),
            _ => None,
        }
    }

    /// The length of a file that the guest may change.
    pub(crate) fn length(&self, fd: i32) -> Option<u64> {
        match self.open.get(fd) {
            Ok(Descriptor::File(file)) if file.writable => Some(file.file.metadata().ok()?.len()),
            _ => None,
        }
    }

    /// Where a write to a file that the guest may change begins, at a position or where it is, and where
    /// the file ends now.
    pub(crate) fn written(&self, fd: i32, to: Option<i64>) -> Option<(u64, u64)> {
        let Ok(Descriptor::File(file)) = self.open.get(fd) else {
            return None;
        };
        let end = file.file.metadata().ok()?.len();
        let from = match to {
            _ if file.append => end,
            Some(to) => to.cast_unsigned(),
            None => file.position,
        };
        Some((from, end))
    }

    pub(crate) fn args_get(&mut self, memory: &mut Memory<'_>, list: i32, text: i32) -> Done {
        put_texts(memory, &self.args, list, text)
    }

    pub(crate) fn args_sizes_get(&mut self, memory: &mut Memory<'_>, n: i32, size: i32) -> Done {
        put_sizes(memory, &self.args, n, size)
    }

    pub(crate) fn environ_get(&mut self, memory: &mut Memory<'_>, list: i32, text: i32) -> Done {
        put_texts(memory, &self.env, list, text)
    }

    pub(crate) fn environ_sizes_get(&mut self, memory: &mut Memory<'_>, n: i32, size: i32) -> Done {
        put_sizes(memory, &self.env, n, size)
    }

    #[expect(clippy::unused_self, reason = "called as all other functions are")]
    pub(crate) fn clock_res_get(&mut self, memory: &mut Memory<'_>, id: i32, to: i32) -> Done {
        match id {
            0 | 1 => memory.put_u64(to, 1),
            2 | 3 => Err(Errno::BADF.into()),
            _ => Err(unknown("Clockid")),
        }
    }

    pub(crate) fn clock_time_get(
        &mut self,
        memory: &mut Memory<'_>,
        id: i32,
        _precision: i64,
        to: i32,
    ) -> Done {
        let now = match id {
            0 => self.clock.wall(),
            1 => self.clock.since_start(),
            2 | 3 => return Err(Errno::BADF.into()),
            _ => return Err(unknown("Clockid")),
        };
        let now = u64::try_from(now.as_nanos()).map_err(|_| Errno::OVERFLOW)?;
        memory.put_u64(to, now)
    }

    #[expect(clippy::unused_self, reason = "all functions are called alike")]
    pub(crate) fn proc_raise(&mut self, _: &mut Memory<'_>, signal: i32) -> Done {
        match signal {
            0..=30 => Err(Errno::NOTSUP.into()),
            _ => Err(unknown("Signal")),
        }
    }

    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "all functions are called alike"
    )]
    pub(crate) fn sched_yield(&mut self, _: &mut Memory<'_>) -> Done {
        Ok(())
    }

    pub(crate) fn sock_accept(&mut self, _: &mut Memory<'_>, fd: i32, _: i32, _: i32) -> Done {
        self.no_socket(fd)
    }

    #[expect(clippy::too_many_arguments, reason = "those of the specification")]
    pub(crate) fn sock_recv(
        &mut self,
        _: &mut Memory<'_>,
        fd: i32,
        _: i32,
        _: i32,
        _: i32,
        _: i32,
        _: i32,
    ) -> Done {
        self.no_socket(fd)
    }

    pub(crate) fn sock_send(
        &mut self,
        _: &mut Memory<'_>,
        fd: i32,
        _: i32,
        _: i32,
        _: i32,
        _: i32,
    ) -> Done {
        self.no_socket(fd)
    }

    pub(crate) fn sock_shutdown(&mut self, _: &mut Memory<'_>, fd: i32, _: i32) -> Done {
        self.no_socket(fd)
    }

    /// A guest has no sockets.
    fn no_socket(&self, fd: i32) -> Done {
        self.open.get(fd)?;
        Err(Errno::NOTSOCK.into())
    }
}

impl Table {
    pub(super) fn get(&self, fd: i32) -> Done<&Descriptor> {
        let found = self.used.get(&fd.cast_unsigned());
        Ok(found.ok_or(Errno::BADF)?)
    }

    pub(super) fn file(&mut self, fd: i32) -> Done<&mut OpenFile> {
        match self.used.get_mut(&fd.cast_unsigned()) {
            Some(Descriptor::File(file)) => Ok(file),
            _ => Err(Errno::BADF.into()),
        }
    }

    /// A file with a position, which streams have not.
    pub(super) fn seekable(&mut self, fd: i32) -> Done<&mut OpenFile> {
        match self.get(fd)? {
            Descriptor::Stdin | Descriptor::Output(_) => Err(Errno::SPIPE.into()),
            _ => self.file(fd),
        }
    }

    pub(super) fn dir(&self, fd: i32) -> Done<&OpenDir> {
        match self.get(fd)? {
            Descriptor::Dir(dir) => Ok(dir),
            _ => Err(Errno::BADF.into()),
        }
    }

    /// A directory in which something is to change.
    pub(super) fn dir_to_change(&self, fd: i32) -> Done<&OpenDir> {
        let dir = self.dir(fd)?;
        if dir.writable {
            Ok(dir)
        } else {
            Err(Errno::PERM.into())
        }
    }

    /// Give a descriptor a number, unless too many are open.
    pub(super) fn push(&mut self, descriptor: Descriptor) -> Done<u32> {
        if self.used.len() >= MOST_OPEN {
            return Err(Errno::MFILE.into());
        }
        Ok(self.insert(descriptor))
    }

    /// Give a descriptor a number: one that was closed, the highest first, as wasmtime does.
    fn insert(&mut self, descriptor: Descriptor) -> u32 {
        let next = || self.used.last_key_value().map_or(0, |(fd, _)| fd + 1);
        let fd = self.free.pop_last().unwrap_or_else(next);
        self.used.insert(fd, descriptor);
        fd
    }

    pub(super) fn close(&mut self, fd: i32) -> Done {
        let fd = fd.cast_unsigned();
        self.used.remove(&fd).ok_or(Errno::BADF)?;
        self.free.insert(fd);
        Ok(())
    }

    pub(super) fn renumber(&mut self, from: i32, to: i32) -> Done {
        self.get(to)?;
        self.get(from)?;
        let (from, to) = (from.cast_unsigned(), to.cast_unsigned());
        if from != to
            && let Some(descriptor) = self.used.remove(&from)
        {
            self.used.insert(to, descriptor);
            self.free.insert(from);
        }
        Ok(())
    }
}

/// Write texts, and the addresses of each.
fn put_texts(memory: &mut Memory<'_>, texts: &[Vec<u8>], list: i32, text: i32) -> Done {
    let (mut list, mut at) = (list, text);
    for text in texts {
        memory.put_u32(list, at.cast_unsigned())?;
        memory.put(at, text)?;
        list = list.wrapping_add(4);
        at = at.wrapping_add_unsigned(size(text.len())?);
    }
    Ok(())
}

/// Write how many texts there are, and their bytes.
fn put_sizes(memory: &mut Memory<'_>, texts: &[Vec<u8>], count: i32, bytes: i32) -> Done {
    memory.put_u32(count, size(texts.len())?)?;
    memory.put_u32(bytes, size(texts.iter().map(Vec::len).sum())?)
}

/// A size as guests have it.
pub(super) fn size(n: usize) -> Done<u32> {
    Ok(u32::try_from(n).map_err(|_| Errno::OVERFLOW)?)
}
