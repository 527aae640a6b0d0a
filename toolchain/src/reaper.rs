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
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper, wait, waitpid,
};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::parent_death::end_with_us;

/// How long processes that were killed may take to go, before they are looked at again.
const TICK: Duration = Duration::from_millis(1);
/// How often what this process was given is looked for.
const PASSES: usize = 1_000;
/// What shells add to the number of a signal.
const SIGNALLED: i32 = 128;

/// Run a program, then end what it has left. The end is that of the program: the same exit code, or the same
/// signal. A signal that asks this process to end ends everything.
///
/// # Errors
///
/// When the program cannot be started.
#[expect(clippy::disallowed_methods, reason = "this is where processes start")]
pub fn reap(program: &OsString, args: &[OsString]) -> io::Result<ExitCode> {
    adopt();
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGHUP])?;
    let mut command = Command::new(program);
    // A program that sends a signal to its own group does not mean this process.
    command.args(args).process_group(0);
    end_with_us(&mut command);
    let child = command.spawn()?;
    let asked_or_ended = signals.forever().find_map(|signal| match signal {
        SIGCHLD => ended(child.id()).map(Ok),
        asked => Some(Err(asked)),
    });
    end_descendants();
    let (code, signal) = match asked_or_ended {
        Some(Ok(status)) => (status.exit_status(), status.terminating_signal()),
        Some(Err(asked)) => (None, Some(asked)),
        None => (None, None),
    };
    if let Some(signal) = signal {
        // Some signals end nothing that does not ask for it, and others are not known there.
        let _ = emulate_default_handler(signal);
    }
    let code = code.or(signal.map(|number| SIGNALLED + number));
    Ok(ExitCode::from(code.unwrap_or_default().to_le_bytes()[0]))
}

/// Children that this process had before it started any: a shell that becomes this program (`exec`) leaves it its own.
static BEFORE: OnceLock<Vec<Pid>> = OnceLock::new();

/// Be the one to whom processes are given whose parent has ended, among those that descend from this one.
pub(crate) fn adopt() {
    BEFORE.get_or_init(|| children_of(getpid()));
    // Kernels before 3.4 do not know it.
    let _ = set_child_subreaper(Some(getpid()));
}

/// How a child has ended, if it has; whatever else has ended is waited for as well.
fn ended(child: u32) -> Option<WaitStatus> {
    let mut status = None;
    while let Ok(Some((pid, one))) = wait(WaitOptions::NOHANG) {
        if pid.as_raw_nonzero().get().cast_unsigned() == child {
            status = Some(one);
        }
    }
    status
}

/// Kill what descends from this process, which gets the children of what is gone, until nothing is left that it
/// may kill.
fn end_descendants() {
    let mut before = Vec::new();
    while has_children() {
        let all = tree(children());
        if !kill(&all) {
            // What a setuid program has become.
            return;
        }
        // Programs may start others as fast as this one ends them.
        if all == before {
            thread::sleep(TICK);
        }
        before = all;
    }
}

/// Kill what descends from a process, but not that itself.
pub(crate) fn kill_descendants(process: u32) {
    if let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        kill(&tree(children_of(process)));
    }
}

/// Kill the children of this process that it has not started, with what descends from them, until there are none.
pub(crate) fn kill_adopted(is_ours: impl Fn(u32) -> bool) {
    // The first process of a container is given those of everybody.
    if getpid().as_raw_nonzero().get() == 1 {
        return;
    }
    let before = BEFORE.get().map_or(&[][..], Vec::as_slice);
    for _ in 0..PASSES {
        let mut adopted = children_of(getpid());
        adopted.retain(|pid| {
            !before.contains(pid) && !is_ours(pid.as_raw_nonzero().get().cast_unsigned())
        });
        if !kill(&tree(adopted.clone())) {
            return;
        }
        for process in adopted {
            let _ = waitpid(Some(process), WaitOptions::NOHANG);
        }
        thread::sleep(TICK);
    }
}

/// Whether one of them was there, and may be killed.
fn kill(processes: &[Pid]) -> bool {
    let killed = |process: &Pid| kill_process(*process, Signal::KILL) != Err(Errno::PERM);
    processes.iter().filter(|process| killed(process)).count() > 0
}

/// Processes, and what descends from each, which comes after it.
fn tree(processes: Vec<Pid>) -> Vec<Pid> {
    let mut all = processes;
    let mut next = 0;
    while let Some(process) = all.get(next) {
        let children = children_of(*process);
        all.extend(children);
        next += 1;
    }
    all
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
