//! The functions of WASI preview 1, each wrapped: counted, and held to the limits.

mod context;
mod files;
mod memory;
mod paths;
mod stat;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use wasmtime::{Caller, Linker, WasmBacktrace};

pub(crate) use self::context::{Context, Stream};
use self::memory::Done;
pub(crate) use self::memory::{Memory, answer};
use crate::callers::{POINTER, Position};
use crate::errno::Errno;
use crate::host::{Call, Host, null};
use crate::stop::Stop;
use crate::watch::about;
use crate::{errno, poll};

const MODULE: &str = "wasi_snapshot_preview1";

/// `oflags::creat`
const CREATE: i32 = 1;

/// Errors by which a sandbox refuses: nosys, notsock, notsup, perm, rofs, notcapable.
const REFUSALS: [usize; 6] = [52, 57, 58, 63, 69, 76];
const BADF: usize = 8;

const FAULT: i32 = 21;
const FBIG: i32 = 22;
const INVAL: i32 = 28;
const IO: i32 = 29;

/// Add all functions to a linker; the host's list of calls is in their order.
pub(crate) fn add(linker: &mut Linker<Host>) -> wasmtime::Result<Vec<Call>> {
    let mut calls = Vec::new();
    add_direct(linker, &mut calls)?;
    add_files(linker, &mut calls)?;
    add_guarded(linker, &mut calls)?;
    add_ours(linker, &mut calls)?;
    Ok(calls)
}

/// What both kinds of wrappers share: memory, checks before, the count after.
fn with(
    mut caller: Caller<'_, Host>,
    id: usize,
    args: &[i64],
    call: impl FnOnce(&mut Host, &mut [u8]) -> wasmtime::Result<i32>,
) -> wasmtime::Result<i32> {
    let exported = exported(&mut caller)?;
    let (memory, host) = exported.data_and_store_mut(&mut caller);
    let watched = host.trace.is_some() || host.callers.is_some();
    let begun = watched.then(Instant::now);
    let result = call(host, memory);
    let errno = result.as_ref().ok().copied();
    if let Some(time) = begun.map(|begun| begun.elapsed()) {
        host.calls[id].took(time);
        if let Some(trace) = &mut host.trace {
            trace.call(host.calls[id].name, args, errno, time, memory);
        }
    }
    if errno.is_some_and(|errno| errno != 0) && host.callers.is_some() {
        failed(caller, exported, id, args, errno.unwrap_or_default());
        return result;
    }
    let errno = result?;
    host.calls[id].count(errno);
    Ok(errno)
}

/// The guest's memory, which is looked for once: a store runs one guest.
fn exported(caller: &mut Caller<'_, Host>) -> wasmtime::Result<wasmtime::Memory> {
    if let Some(memory) = caller.data().exported {
        return Ok(memory);
    }
    let found = caller
        .get_export("memory")
        .and_then(wasmtime::Extern::into_memory);
    let Some(memory) = found else {
        return Err(wasmtime::Error::msg(
            "the module exports no memory, which WASI needs",
        ));
    };
    caller.data_mut().exported = Some(memory);
    Ok(memory)
}

/// A call that failed: who made it?
fn failed(
    mut caller: Caller<'_, Host>,
    memory: wasmtime::Memory,
    id: usize,
    args: &[i64],
    errno: i32,
) {
    let at = position(&mut caller);
    let (memory, host) = memory.data_and_store_mut(&mut caller);
    host.calls[id].count(errno);
    let (Some(at), Some(callers)) = (at, &mut host.callers) else {
        return;
    };
    let name = host.calls[id].name;
    if let Some(trace) = &mut host.trace {
        trace.stack(&callers.stack(memory, at));
    }
    let error = usize::try_from(errno)
        .ok()
        .filter(|n| is_refusal(name, args, *n));
    if let Some(error) = error {
        let about = about(name, args, memory);
        callers.refused((name, errno::name(error)), about, memory, at);
    }
}

/// Where the guest is.
fn position(caller: &mut Caller<'_, Host>) -> Option<Position> {
    let function = WasmBacktrace::force_capture(&*caller)
        .frames()
        .first()?
        .func_index();
    let sp = caller
        .get_export(POINTER)?
        .into_global()?
        .get(caller)
        .i32()?;
    Some(Position {
        sp: sp.cast_unsigned(),
        function,
    })
}

/// Whether a call failed because the sandbox lacks something: it is not there, not allowed, or,
/// where Go finds no open directory for a path and says so with -1, not shown
/// (`syscall/fs_wasip1.go`, `preparePath`). Other errors are a program's daily bread.
fn is_refusal(name: &str, args: &[i64], errno: usize) -> bool {
    match errno {
        BADF => name.starts_with("path_") && args.contains(&-1),
        _ => REFUSALS.contains(&errno),
    }
}

/// Wrappers of functions.
macro_rules! wrapped {
    ($linker:ident, $calls:ident; $( $name:ident($($arg:ident: $ty:ty),*); )*) => {$(
        let id = $calls.len();
        $calls.push(Call::new(stringify!($name)));
        $linker.func_wrap(MODULE, stringify!($name), move |caller: Caller<'_, Host>, $($arg: $ty),*| {
            with(caller, id, &[$(i64::from($arg)),*], |host, memory| {
                answer(host.wasi.$name(&mut Memory(memory), $($arg),*))
            })
        })?;
    )*};
}

/// The same of functions that are looked at first: they then end the guest at a limit, or answer
/// themselves with an errno.
macro_rules! guarded {
    ($linker:ident, $calls:ident; $( $name:ident($($arg:ident: $ty:ty),*) if $look:expr; )*) => {$(
        let id = $calls.len();
        $calls.push(Call::new(stringify!($name)));
        $linker.func_wrap(MODULE, stringify!($name), move |caller: Caller<'_, Host>, $($arg: $ty),*| {
            with(caller, id, &[$(i64::from($arg)),*], |host, memory| {
                let look: fn(&mut Host, &mut [u8], $($ty),*) -> wasmtime::Result<Option<i32>> = $look;
                match look(host, memory, $($arg),*)? {
                    Some(errno) => Ok(errno),
                    None => answer(host.wasi.$name(&mut Memory(memory), $($arg),*)),
                }
            })
        })?;
    )*};
}

fn add_direct(linker: &mut Linker<Host>, calls: &mut Vec<Call>) -> wasmtime::Result<()> {
    wrapped! { linker, calls;
        args_get(a: i32, b: i32);
        args_sizes_get(a: i32, b: i32);
        environ_get(a: i32, b: i32);
        environ_sizes_get(a: i32, b: i32);
        clock_res_get(a: i32, b: i32);
        clock_time_get(a: i32, b: i64, c: i32);
        fd_allocate(a: i32, b: i64, c: i64);
        fd_fdstat_set_flags(a: i32, b: i32);
        fd_fdstat_set_rights(a: i32, b: i64, c: i64);
        fd_prestat_get(a: i32, b: i32);
        fd_prestat_dir_name(a: i32, b: i32, c: i32);
        fd_tell(a: i32, b: i32);
        proc_raise(a: i32);
        sched_yield();
        sock_accept(a: i32, b: i32, c: i32);
        sock_recv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
        sock_send(a: i32, b: i32, c: i32, d: i32, e: i32);
        sock_shutdown(a: i32, b: i32);
    }
    Ok(())
}

fn add_files(linker: &mut Linker<Host>, calls: &mut Vec<Call>) -> wasmtime::Result<()> {
    wrapped! { linker, calls;
        fd_advise(a: i32, b: i64, c: i64, d: i32);
        fd_datasync(a: i32);
        fd_filestat_set_times(a: i32, b: i64, c: i64, d: i32);
        fd_readdir(a: i32, b: i32, c: i32, d: i64, e: i32);
        fd_seek(a: i32, b: i64, c: i32, d: i32);
        fd_sync(a: i32);
        path_filestat_set_times(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32);
        path_readlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
        path_remove_directory(a: i32, b: i32, c: i32);
        path_rename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
        path_unlink_file(a: i32, b: i32, c: i32);
    }
    Ok(())
}

/// Functions that are looked at first.
fn add_guarded(linker: &mut Linker<Host>, calls: &mut Vec<Call>) -> wasmtime::Result<()> {
    guarded! { linker, calls;
        fd_close(a: i32)
            if |host, _, fd| { host.nulls.close(fd); Ok(None) };
        fd_fdstat_get(a: i32, b: i32)
            if |host, memory, fd, at| {
                if !host.nulls.has(fd) { return Ok(None) }
                let errno = answer(host.wasi.fd_fdstat_get(&mut Memory(&mut *memory), fd, at))?;
                null::fdstat(memory, at);
                Ok(Some(errno))
            };
        fd_filestat_get(a: i32, b: i32)
            if |host, memory, fd, at| {
                if !host.nulls.has(fd) { return Ok(None) }
                let errno = answer(host.wasi.fd_filestat_get(&mut Memory(&mut *memory), fd, at))?;
                null::stat(memory, at);
                Ok(Some(errno))
            };
        path_filestat_get(a: i32, b: i32, c: i32, d: i32, e: i32)
            if |host, memory, dir, links, path, len, at| {
                if !host.nulls.is_path(memory, dir, path, len) { return Ok(None) }
                let guest = &mut Memory(&mut *memory);
                let wasi = &mut host.wasi;
                let errno = answer(wasi.path_filestat_get(guest, dir, links, path, len, at))?;
                if errno == 0 { null::stat(memory, at) }
                Ok(Some(errno))
            };
        fd_renumber(a: i32, b: i32)
            if |host, memory, from, to| {
                let errno = answer(host.wasi.fd_renumber(&mut Memory(memory), from, to))?;
                if errno == 0 && from != to { host.nulls.renumber(from, to) }
                Ok(Some(errno))
            };
        fd_pread(a: i32, b: i32, c: i32, d: i64, e: i32)
            if |host, memory, fd, _, _, _, done| {
                Ok(host.nulls.has(fd).then(|| put(memory, done, 0)))
            };
        fd_filestat_set_size(a: i32, b: i64)
            if |host, _, fd, size| {
                if host.nulls.has(fd) { return Ok(Some(0)) }
                let Ok(size) = u64::try_from(size) else { return Ok(Some(INVAL)) };
                let grown = host.wasi.length(fd).map(|now| size.saturating_sub(now));
                Ok(host.disk.ask(grown.unwrap_or_default())?)
            };
        fd_pwrite(a: i32, b: i32, c: i32, d: i64, e: i32)
            if |host, memory, fd, list, count, to, done| {
                let length = Memory(&mut *memory).written(list, count);
                if host.nulls.has(fd) { return Ok(Some(put(memory, done, whole(length)))) }
                ask_disk(host, fd, Some(to), length)
            };
        fd_read(a: i32, b: i32, c: i32, d: i32)
            if read_input;
        fd_write(a: i32, b: i32, c: i32, d: i32)
            if write_output;
        path_create_directory(a: i32, b: i32, c: i32)
            if |host, _, _, _, _| Ok(host.files.ask(1)?);
        path_link(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32)
            if |host, _, _, _, _, _, _, _, _| Ok(host.files.ask(1)?);
        path_open(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32)
            if |host, memory, dir, links, path, len, flags, rights, more, fd_flags, to| {
                host.files.take(u64::from(flags & CREATE != 0))?;
                if !host.nulls.is_path(memory, dir, path, len) { return Ok(None) }
                let args = (dir, links, path, len, flags, rights, more, fd_flags, to);
                null::open(host, memory, args).map(Some)
            };
        path_symlink(a: i32, b: i32, c: i32, d: i32, e: i32)
            if |host, _, _, length, _, _, _| {
                host.disk.take(length.cast_unsigned().into())?;
                Ok(host.files.ask(1)?)
            };
    }
    Ok(())
}

/// What a write to a file uses of the disk: its bytes, and the hole before them, each block of which
/// could be filled by a single byte. No file has holes beyond the limit.
fn ask_disk(
    host: &mut Host,
    fd: i32,
    to: Option<i64>,
    length: u64,
) -> wasmtime::Result<Option<i32>> {
    let (from, end) = host.wasi.written(fd, to).unwrap_or_default();
    // The system refuses what is no position at all.
    let is_position = i64::try_from(from).is_ok();
    if is_position && from > host.disk.limit() {
        return Ok(Some(FBIG));
    }
    let end = if is_position { end } else { from };
    let grown = from.saturating_add(length).saturating_sub(end);
    Ok(host.disk.ask(length.max(grown))?)
}

/// The functions that are ours altogether: sleep and exit.
fn add_ours(linker: &mut Linker<Host>, calls: &mut Vec<Call>) -> wasmtime::Result<()> {
    let id = |calls: &mut Vec<Call>, name| {
        calls.push(Call::new(name));
        calls.len() - 1
    };
    let wait = id(calls, "poll_oneoff");
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        move |caller: Caller<'_, Host>, input: i32, output: i32, count: i32, done: i32| {
            let args = [input, output, count, done].map(i64::from);
            with(caller, wait, &args, |host, memory| {
                let [input, output, count, done] =
                    [input, output, count, done].map(i32::cast_unsigned);
                Ok(poll::poll(host, memory, input, output, count, done)?)
            })
        },
    )?;
    let random = id(calls, "random_get");
    linker.func_wrap(
        MODULE,
        "random_get",
        move |caller: Caller<'_, Host>, at: i32, len: i32| {
            with(caller, random, &[at, len].map(i64::from), |host, memory| {
                fill(host, memory, at, len)
            })
        },
    )?;
    let exit = id(calls, "proc_exit");
    linker.func_wrap(
        MODULE,
        "proc_exit",
        move |mut caller: Caller<'_, Host>, code: i32| -> wasmtime::Result<()> {
            let host = caller.data_mut();
            host.calls[exit].count(0);
            if let Some(trace) = &mut host.trace {
                trace.call("proc_exit", &[i64::from(code)], None, Duration::ZERO, &[]);
            }
            // Any code: wasmtime-wasi refuses those from 126 on.
            Err(Stop::Exit(code).into())
        },
    )?;
    Ok(())
}

/// Random bytes, part by part, so that the end of the guest's time is seen.
fn fill(host: &mut Host, memory: &mut [u8], at: i32, len: i32) -> wasmtime::Result<i32> {
    const PART: usize = 1 << 20;
    let mut guest = Memory(memory);
    let room = match guest.room(at, len.cast_unsigned()) {
        Ok(room) => room,
        Err(failure) => return answer(Err(failure)),
    };
    for part in room.chunks_mut(PART) {
        if host.deadline.is_over() {
            return Err(Stop::TimedOut.into());
        }
        match &mut host.random {
            Some(fixed) => fixed.fill(part),
            None if getrandom::fill(part).is_err() => return Ok(IO),
            None => {}
        }
    }
    Ok(0)
}

/// Standard output and error; files are left to the other function, within the limit.
fn write_output(
    host: &mut Host,
    memory: &mut [u8],
    fd: i32,
    list: i32,
    count: i32,
    done: i32,
) -> wasmtime::Result<Option<i32>> {
    let guest = Memory(&mut *memory);
    if host.nulls.has(fd) {
        let written = whole(guest.written(list, count));
        return Ok(Some(put(memory, done, written)));
    }
    let Some(stream) = host.wasi.stream(fd) else {
        let length = guest.written(list, count);
        return ask_disk(host, fd, None, length);
    };
    let mut total = 0_u32;
    let printed = print(host, stream, &guest, (list, count), &mut total)?;
    Ok(Some(match answer(printed)? {
        0 => put(memory, done, total),
        errno => errno,
    }))
}

/// Print an array of buffers; `total` counts their bytes.
fn print(
    host: &mut Host,
    stream: Stream,
    memory: &Memory<'_>,
    (list, count): (i32, i32),
    total: &mut u32,
) -> wasmtime::Result<Done> {
    let buffers = match memory.buffers(list, count) {
        Ok(buffers) => buffers,
        Err(failure) => return Ok(Err(failure)),
    };
    for buffer in buffers {
        let bytes = match buffer.and_then(|(at, length)| memory.bytes(at, length)) {
            Ok(bytes) => bytes,
            Err(failure) => return Ok(Err(failure)),
        };
        host.output.take(bytes.len() as u64)?;
        let out = match stream {
            Stream::Stdout => &mut host.stdout,
            Stream::Stderr => &mut host.stderr,
        };
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            return Ok(Err(Errno::IO.into()));
        }
        *total = total.saturating_add(whole(bytes.len() as u64));
    }
    Ok(Ok(()))
}

/// Standard input; files are left to the other function.
fn read_input(
    host: &mut Host,
    memory: &mut [u8],
    fd: i32,
    list: i32,
    count: i32,
    done: i32,
) -> wasmtime::Result<Option<i32>> {
    if host.nulls.has(fd) {
        return Ok(Some(put(memory, done, 0)));
    }
    if !host.wasi.is_stdin(fd) {
        return Ok(None);
    }
    let mut guest = Memory(&mut *memory);
    let first = guest.first_buffer(list, count);
    let room = match first.and_then(|(at, length)| guest.room(at, length)) {
        Ok(room) => room,
        Err(failure) => return answer(Err(failure)).map(Some),
    };
    let got = match &mut host.stdin {
        Some(stdin) if !room.is_empty() => stdin.read(room),
        _ => Ok(0),
    };
    Ok(Some(match got {
        Ok(n) => put(memory, done, whole(n as u64)),
        Err(_) => IO,
    }))
}

/// A length as guests have it.
fn whole(length: u64) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn put(memory: &mut [u8], at: i32, value: u32) -> i32 {
    let at = at.cast_unsigned() as usize;
    match memory.get_mut(at..).and_then(|m| m.get_mut(..4)) {
        Some(slot) => {
            slot.copy_from_slice(&value.to_le_bytes());
            0
        }
        None => FAULT,
    }
}
