//! A process between this one and a program that runs outside of the sandbox. When the program ends, or is to
//! end, all that it has started is ended with it.
//!
//! Ending a process group is not enough: setsid(2), which daemons call, leaves the group. Linux gives a process
//! whose parent has ended to its nearest ancestor that is a child subreaper (`PR_SET_CHILD_SUBREAPER`,
//! prctl(2)), so that nothing that a program starts gets out of the sight of its subreaper.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper, wait,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::command::end_with_us;

/// Run a program, then end what it has left. The end is that of the program: the same exit code, or the same
/// signal. A signal that asks this process to end ends everything.
///
/// # Errors
///
/// When the program cannot be started.
#[expect(clippy::disallowed_methods, reason = "this is where processes start")]
pub fn reap(program: &OsString, args: &[OsString]) -> io::Result<ExitCode> {
    set_child_subreaper(Some(getpid()))?;
    let mut asked = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = asked.forever().next() {
            end_descendants();
            let _ = emulate_default_handler(signal);
        }
    });
    let mut command = Command::new(program);
    // A program that sends a signal to its own group does not mean this process.
    command.args(args).process_group(0);
    end_with_us(&mut command);
    let child = command.spawn()?;
    let status = end_of(child.id())?;
    end_descendants();
    if let Some(signal) = status.terminating_signal() {
        emulate_default_handler(signal)?;
    }
    let code = status.exit_status().unwrap_or_default();
    Ok(ExitCode::from(code.to_le_bytes()[0]))
}

/// Wait for a child, and for whatever else ends before it.
fn end_of(child: u32) -> io::Result<WaitStatus> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().cast_unsigned() == child => {
                return Ok(status);
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Kill what descends from this process, which gets the children of what is gone, until it has none.
///
/// Nothing is waited for meanwhile, since programs may start others as fast as this one ends them.
fn end_descendants() {
    while has_children() {
        let mut todo = children();
        while let Some(process) = todo.pop() {
            todo.extend(children_of(process));
            // It may have ended by itself.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// Whether there is a child, once those that have ended are waited for.
fn has_children() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The children of this process.
fn children() -> Vec<Pid> {
    let told = children_of(getpid());
    if told.is_empty() {
        found_children()
    } else {
        told
    }
}

/// The children of a process, where the kernel lists them (`/proc/PID/task/TID/children`, `proc_tid_children(5)`).
#[expect(clippy::disallowed_methods, reason = "files of the kernel's")]
fn children_of(process: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()));
    let threads = threads.into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let numbers = |list: String| {
        let numbers = list.split_whitespace().filter_map(|n| n.parse().ok());
        numbers.filter_map(Pid::from_raw).collect::<Vec<_>>()
    };
    lists.flat_map(numbers).collect()
}

/// The children of this process, by the parent that each one has (`/proc/PID/stat`, `proc_pid_stat(5)`).
fn found_children() -> Vec<Pid> {
    let own = getpid();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let processes = ids.filter_map(Pid::from_raw);
    processes.filter(|pid| parent(*pid) == Some(own)).collect()
}

#[expect(clippy::disallowed_methods, reason = "a file of the kernel's")]
fn parent(process: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name of the program stands in parentheses, and may contain them.
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}
