//! One process from start to end: output captured, killed with its children when asked to stop.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use camino::Utf8Path;
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::error::Error;

/// How often a running process is looked at.
const TICK: Duration = Duration::from_millis(4);

/// A request to stop, shared by everything that waits.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ask all waiting calls to kill their process and return [`Error::Interrupted`].
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked to stop.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a process printed, and whether it ended well.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// A command that always runs in a named directory with a given environment and no input.
#[derive(Debug)]
pub(crate) struct Process {
    command: Command,
    shown: String,
}

impl Process {
    #[expect(clippy::disallowed_methods, reason = "this is where processes start")]
    pub(crate) fn new(program: &str, dir: &Utf8Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(dir).env("PWD", dir);
        Self {
            command,
            shown: program.to_owned(),
        }
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<str>>>(mut self, args: I) -> Self {
        for arg in args {
            self.shown.push(' ');
            self.shown.push_str(arg.as_ref());
            self.command.arg(arg.as_ref());
        }
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// What to call the command in messages, where our own flags would only be in the way.
    pub(crate) fn shown_as(mut self, shown: &str) -> Self {
        shown.clone_into(&mut self.shown);
        self
    }

    /// The command as one would type it, shortened when it names hundreds of packages.
    pub(crate) fn shown(&self) -> String {
        const MAX: usize = 160;
        match self.shown.char_indices().nth(MAX) {
            Some((end, _)) => format!("{}…", &self.shown[..end]),
            None => self.shown.clone(),
        }
    }

    /// Run to the end. Standard output and error are read as they come, and each line of the
    /// latter is told at once.
    pub(crate) fn run(
        self,
        interrupt: &Interrupt,
        on_line: impl Fn(&str) + Send + 'static,
    ) -> Result<Output, Error> {
        let program = self.command.get_program().to_string_lossy().into_owned();
        let mut wrap = CommandWrap::from(self.command);
        wrap.command_mut()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        wrap.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        wrap.wrap(process_wrap::std::JobObject);
        let mut child = wrap
            .spawn()
            .map_err(|source| Error::NoGo { program, source })?;
        let stdout = drain(child.stdout().take());
        let stderr = drain_lines(child.stderr().take(), on_line);
        let success = wait(child.as_mut(), interrupt)?;
        let stdout = stdout.join().unwrap_or_default();
        let stderr = stderr.join().unwrap_or_default();
        Ok(Output {
            success,
            stdout,
            stderr,
        })
    }
}

fn drain<R: Read + Send + 'static>(from: Option<R>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // A pipe that breaks ends the output; the exit status tells the rest.
            let _ = from.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn drain_lines<R: Read + Send + 'static>(
    from: Option<R>,
    on_line: impl Fn(&str) + Send + 'static,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let Some(from) = from else { return text };
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            let told = String::from_utf8_lossy(&line);
            on_line(told.trim_end());
            text.push_str(&told);
            line.clear();
        }
        text
    })
}

fn wait(child: &mut dyn ChildWrapper, interrupt: &Interrupt) -> Result<bool, Error> {
    loop {
        if interrupt.is_raised() {
            let _ = child.kill();
            return Err(Error::Interrupted);
        }
        match child.try_wait().map_err(Error::Scratch)? {
            Some(status) => return Ok(status.success()),
            None => thread::sleep(TICK),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_interrupt_ends_the_process_and_its_children() {
        let interrupt = Interrupt::default();
        let raiser = interrupt.clone();
        let start = Instant::now();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            raiser.raise();
        });
        // The inner sleep keeps the pipe open: only the end of the whole group lets the call return.
        let process = Process::new("sh", Utf8Path::new("/")).args(["-c", "sleep 60 & sleep 60"]);
        let end = process.run(&interrupt, |_| ());
        assert!(matches!(end, Err(Error::Interrupted)), "{end:?}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_says_what_to_install() {
        let process = Process::new("no-such-go", Utf8Path::new("."));
        let text = process
            .run(&Interrupt::default(), |_| ())
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("no-such-go") && text.contains("install Go"),
            "{text}"
        );
    }
}
