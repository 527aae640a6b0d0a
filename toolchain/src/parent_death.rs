//! Processes that end when this one does, however that ends.

use std::process::Command;

/// Let a process end when this one does, however that ends: it may be one that never would. What it starts
/// itself is the affair of the watchdog, or of a reaper.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_us(command: &mut Command) {
    at_our_end(command, rustix::process::Signal::KILL);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_us(_: &mut Command) {}

/// Let a process be asked to end when this one does.
#[cfg(target_os = "linux")]
pub(crate) fn ask_to_end_with_us(command: &mut Command) {
    at_our_end(command, rustix::process::Signal::TERM);
}

/// Let a process get a signal when this one ends (`PR_SET_PDEATHSIG`, prctl(2)).
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "between fork and exec, one system call is made and nothing else"
)]
fn at_our_end(command: &mut Command, signal: rustix::process::Signal) {
    use std::os::unix::process::CommandExt;

    use rustix::process::set_parent_process_death_signal;
    let ask = move || set_parent_process_death_signal(Some(signal)).map_err(Into::into);
    // SAFETY: prctl(2) is async-signal-safe; nothing is allocated, no lock is taken. The thread
    // that starts it waits for it, so that the thread's end is that of the process.
    unsafe { command.pre_exec(ask) };
}
