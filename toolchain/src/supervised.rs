//! This program once more, in a process of its own on the same streams: whatever ends that one, this
//! one is there to tell.

use std::ffi::OsString;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;

use crate::command::Interrupt;
#[cfg(unix)]
use crate::command::signal_name;
use crate::error::Error;
use crate::parent_death::end_with_us;

/// How often the process is looked at.
const TICK: Duration = Duration::from_millis(2);
/// How long it may take to end after an interrupt.
const GRACE: Duration = Duration::from_secs(3);

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a code.
    Code(i32),
    /// By a signal, which has this name.
    Signal(String),
    /// The user interrupted it.
    Interrupted,
}

/// A program that is started again with other variables.
#[derive(Clone, Debug)]
pub struct Supervised {
    /// Its file.
    pub program: String,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables beside those of this process.
    pub env: Vec<(String, String)>,
}

impl Supervised {
    /// Run it to its end. What it leaves in the directory for temporary files goes with that: `temporary`
    /// is to be one of ours.
    #[expect(clippy::disallowed_methods, reason = "this is where processes start")]
    pub fn run(&self, temporary: &Utf8Path, interrupt: &Interrupt) -> Result<Ending, Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env("TMPDIR", temporary);
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        end_with_us(&mut command);
        let mut child = command.spawn().map_err(|source| Error::NoGo {
            program: self.program.clone(),
            source,
        })?;
        loop {
            if let Some(status) = child.try_wait().map_err(Error::Scratch)? {
                return Ok(ending(status));
            }
            if interrupt.is_raised() {
                stop(&mut child);
                return Ok(Ending::Interrupted);
            }
            thread::sleep(TICK);
        }
    }
}

/// Ask a process to end, and end it when it does not.
fn stop(child: &mut Child) {
    ask(child);
    let end = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        thread::sleep(TICK);
    }
}

#[cfg(target_os = "linux")]
fn ask(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It has not been waited for, so that the number is still its own.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(target_os = "linux"))]
fn ask(_: &Child) {}

#[cfg(unix)]
fn ending(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal_name(signal.unwrap_or_default())),
    }
}

#[cfg(not(unix))]
fn ending(status: ExitStatus) -> Ending {
    match status.code() {
        // The codes of exceptions (NTSTATUS) have this bit.
        Some(code) if code.cast_unsigned() >> 30 == 3 => Ending::Signal(format!("{code:#x}")),
        code => Ending::Code(code.unwrap_or_default()),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, interrupt: &Interrupt) -> Ending {
        let shell = Supervised {
            program: "sh".to_owned(),
            args: vec!["-c".into(), script.into()],
            env: vec![("GIVEN".to_owned(), "7".to_owned())],
        };
        shell.run(Utf8Path::new("/nowhere"), interrupt).unwrap()
    }

    #[test]
    fn every_end_is_told() {
        let quiet = Interrupt::default();
        let code = shell("test $TMPDIR = /nowhere && exit $GIVEN", &quiet);
        assert_eq!(code, Ending::Code(7));
        let aborted = Ending::Signal("SIGABRT".to_owned());
        assert_eq!(shell("kill -6 $$", &quiet), aborted);
        let raised = Interrupt::default();
        raised.raise();
        assert_eq!(shell("exec sleep 60", &raised), Ending::Interrupted);
    }
}
