//! One process from start to end: output captured, killed with its children when asked to stop.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::error::Error;
use crate::files;
use crate::lookup::{self, NotFound};
use crate::notes::{self, Note};
#[cfg(target_os = "linux")]
use crate::parent_death::ask_to_end_with_us;
use crate::parent_death::end_with_us;
use crate::started;

/// How often a running process is looked at whose output ended.
const TICK: Duration = Duration::from_millis(1);

/// The same while it may still write.
const LONG_TICK: Duration = Duration::from_millis(40);

/// How long a reaper may take to end what its program has started, before it is killed itself.
const REAPING: Duration = Duration::from_secs(5);

/// SIGTERM, the same number on all systems.
#[cfg(unix)]
const TERM: i32 = 15;
/// SIGCONT, as Linux has it; reapers are for Linux.
#[cfg(unix)]
const CONTINUE: i32 = 18;

/// How long nothing may come of streams that are open although their process has ended.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long something may: no more than a pipe holds is left of the process itself.
const OTHER_WORDS: Duration = Duration::from_mins(1);

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

/// What a process printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) success: bool,
    /// None when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal's name.
    pub(crate) signal: Option<String>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// A command that always runs in a named directory with a given environment and no input.
#[derive(Debug)]
pub(crate) struct Process {
    command: Command,
    shown: String,
    /// When it is ended, and what the error calls it.
    deadline: Option<Instant>,
    /// Bytes of output that are kept, the last ones.
    keep: usize,
    /// Where both streams go instead.
    log: Option<Log>,
    stdin: Option<File>,
    /// Why there is no such program.
    missing: Option<NotFound>,
    /// Whether it ends in order when it is asked to, with all that it has started.
    reaps: bool,
}

/// A file that takes what a process prints, in the order in which it does, and how much of it.
#[derive(Debug)]
struct Log {
    file: File,
    most: u64,
}

impl Log {
    fn is_full(&self) -> bool {
        self.file.metadata().is_ok_and(|m| m.len() > self.most)
    }
}

impl Process {
    #[expect(clippy::disallowed_methods, reason = "this is where processes start")]
    pub(crate) fn new(program: &str, dir: &Utf8Path) -> Self {
        let shown = program.to_owned();
        let (program, missing) = match lookup::find(program, dir) {
            Ok(file) => (file, None),
            Err(e) => (program.into(), Some(e)),
        };
        let mut command = Command::new(&program);
        command
            .current_dir(dir)
            .env("PWD", dir)
            .env("PATH", lookup::path(dir));
        end_with_us(&mut command);
        Self {
            command,
            shown,
            deadline: None,
            keep: usize::MAX,
            log: None,
            stdin: None,
            missing,
            reaps: false,
        }
    }

    /// It is a reaper (`crate::reaper`), which is asked to end before it is killed.
    #[cfg(target_os = "linux")]
    pub(crate) fn reaps(mut self) -> Self {
        ask_to_end_with_us(&mut self.command);
        self.reaps = true;
        self
    }

    /// The directory that it runs in.
    pub(crate) fn dir(&self) -> Utf8PathBuf {
        let dir = self.command.get_current_dir().and_then(Utf8Path::from_path);
        dir.unwrap_or(Utf8Path::new(".")).to_owned()
    }

    /// Let it read a file as its standard input, which is empty otherwise.
    pub(crate) fn stdin(mut self, file: &Utf8Path) -> Result<Self, Error> {
        self.stdin = Some(files::open(file.as_std_path()).map_err(Error::io(file))?);
        Ok(self)
    }

    /// Send both streams to a file, and end the process once it has printed more than `most` bytes.
    pub(crate) fn log(mut self, file: &Utf8Path, most: u64) -> Result<Self, Error> {
        let file = File::create(file).map_err(Error::Scratch)?;
        self.log = Some(Log { file, most });
        Ok(self)
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

    /// Start with an empty environment.
    pub(crate) fn without_env(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// End it then, with [`Error::TookTooLong`].
    pub(crate) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// End it after this time, if there is no sooner deadline.
    pub(crate) fn within(self, time: Duration) -> Self {
        let end = Instant::now() + time;
        let sooner = self.deadline.map_or(end, |deadline| deadline.min(end));
        self.until(Some(sooner))
    }

    /// Keep only the end of what it prints.
    pub(crate) fn keep(mut self, bytes: usize) -> Self {
        self.keep = bytes;
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
        if let Some(missing) = self.missing {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, missing);
            return Err(Error::NoGo { program, source });
        }
        let shown = self.shown();
        let mut wrap = CommandWrap::from(self.command);
        let stream = || match &self.log {
            Some(log) => log
                .file
                .try_clone()
                .map_or_else(|_| Stdio::null(), Stdio::from),
            None => Stdio::piped(),
        };
        wrap.command_mut()
            .stdin(self.stdin.map_or_else(Stdio::null, Stdio::from))
            .stdout(stream())
            .stderr(stream());
        #[cfg(unix)]
        wrap.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        wrap.wrap(process_wrap::std::JobObject);
        let mut child = Running::start(&mut wrap, self.reaps)
            .map_err(|source| Error::NoGo { program, source })?;
        // Dropped at the end of both streams, which is mostly that of the process.
        let (open, closed) = mpsc::channel();
        let stdout = drain(child.process.stdout().take(), self.keep, open.clone());
        let stderr = drain_lines(child.process.stderr().take(), self.keep, open, on_line);
        let until = Until {
            interrupt,
            deadline: self.deadline,
            log: self.log.as_ref(),
            closed,
        };
        let status = until.wait(&mut child);
        // Before the streams are read to their end, which what it has started may keep open.
        drop(child);
        let status = status?;
        until.streams(|| [&stdout, &stderr].map(length));
        let (stdout, stderr) = (taken(&stdout), taken(&stderr));
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        let Some(status) = status else {
            return Err(Error::TookTooLong { command: shown });
        };
        Ok(Output {
            success: status.success(),
            code: status.code(),
            signal: signal_of(status),
            stdout,
            stderr,
        })
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map(signal_name)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<String> {
    None
}

/// The name of a signal: these are the same on all systems.
#[cfg(unix)]
pub(crate) fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// A process that was started, with its group, which ends when this is dropped: what a process leaves
/// running when it ends is not left to the user.
struct Running {
    process: Box<dyn ChildWrapper>,
    reaps: bool,
    status: Option<ExitStatus>,
}

impl Running {
    fn start(wrap: &mut CommandWrap, reaps: bool) -> std::io::Result<Self> {
        #[cfg(target_os = "linux")]
        if reaps {
            // What a reaper does not end, since it is killed itself, comes here.
            crate::reaper::adopt();
        }
        let mut all = started::lock();
        let process = wrap.spawn()?;
        all.insert(process.id());
        let started = if reaps { Note::Reaping } else { Note::Started };
        notes::note(&started(process.id()));
        Ok(Self {
            process,
            reaps,
            status: None,
        })
    }

    /// How it has ended, if it has.
    fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.process.try_wait()?;
        }
        Ok(self.status)
    }

    /// End it, and its group.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if self.reaps && self.status.is_none() {
            self.ask();
        }
        // There may be nothing left to end.
        let _ = self.process.start_kill();
        let status = match self.status {
            Some(status) => status,
            None => self.process.wait()?,
        };
        self.status = Some(status);
        #[cfg(target_os = "linux")]
        if self.reaps && signal_of(status).is_some() {
            let all = started::lock();
            crate::reaper::kill_adopted(|process| all.contains(&process));
        }
        Ok(status)
    }

    /// Let it end what it has started, which is done for it when that takes too long.
    fn ask(&mut self) {
        #[cfg(unix)]
        for signal in [TERM, CONTINUE] {
            // It may have ended, and may have been stopped.
            let _ = self.process.signal(signal);
        }
        let until = Instant::now() + REAPING;
        while matches!(self.ended(), Ok(None)) {
            if Instant::now() >= until {
                #[cfg(target_os = "linux")]
                crate::reaper::kill_descendants(self.process.id());
                return;
            }
            thread::sleep(TICK);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let leader = self.process.id();
        let _ = self.end();
        started::lock().remove(&leader);
        notes::note(&Note::Ended(leader));
    }
}

/// What was read of a stream so far.
type Taken = Arc<Mutex<Vec<u8>>>;

fn taken(from: &Taken) -> Vec<u8> {
    let mut from = from.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *from)
}

fn length(of: &Taken) -> usize {
    of.lock().unwrap_or_else(PoisonError::into_inner).len()
}

fn add(to: &Taken, bytes: &[u8], keep: usize) {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    to.extend_from_slice(bytes);
    shorten(&mut to, keep);
}

fn drain<R: Read + Send + 'static>(from: Option<R>, keep: usize, open: Sender<Never>) -> Taken {
    let bytes = Taken::default();
    let to = Arc::clone(&bytes);
    thread::spawn(move || {
        let _open = open;
        let Some(mut from) = from else { return };
        let mut part = vec![0; 1 << 16];
        // A pipe that breaks ends the output; the exit status tells the rest.
        while let Ok(n @ 1..) = from.read(&mut part) {
            add(&to, &part[..n], keep);
        }
    });
    bytes
}

/// Drop the start of what is longer than `keep` twice over, so that little is moved.
fn shorten(bytes: &mut Vec<u8>, keep: usize) {
    if bytes.len() / 2 > keep {
        bytes.drain(..bytes.len() - keep);
    }
}

fn drain_lines<R: Read + Send + 'static>(
    from: Option<R>,
    keep: usize,
    open: Sender<Never>,
    on_line: impl Fn(&str) + Send + 'static,
) -> Taken {
    let text = Taken::default();
    let to = Arc::clone(&text);
    thread::spawn(move || {
        let _open = open;
        let Some(from) = from else { return };
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.by_ref().take(1 << 20).read_until(b'\n', &mut line), Ok(n) if n > 0) {
            on_line(String::from_utf8_lossy(&line).trim_end());
            add(&to, &line, keep);
            line.clear();
        }
    });
    text
}

/// What is never sent: only the end of the channel is.
enum Never {}

/// What ends the wait for a process.
struct Until<'p> {
    interrupt: &'p Interrupt,
    deadline: Option<Instant>,
    log: Option<&'p Log>,
    closed: Receiver<Never>,
}

impl Until<'_> {
    /// Wait for the end; none when the deadline came first. The process group is ended with it.
    fn wait(&self, child: &mut Running) -> Result<Option<ExitStatus>, Error> {
        loop {
            if self.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            match child.ended().map_err(Error::Scratch)? {
                Some(status) => return Ok(Some(status)),
                None if self.deadline.is_some_and(|d| Instant::now() >= d) => return Ok(None),
                None if self.log.is_some_and(Log::is_full) => {
                    return child.end().map(Some).map_err(Error::Scratch);
                }
                None => self.pause(),
            }
        }
    }

    /// Until the streams end, or nothing more comes: somebody who is still there may keep them open.
    fn streams(&self, lengths: impl Fn() -> [usize; 2]) {
        let mut closed = Err(RecvTimeoutError::Timeout);
        let ended = Instant::now();
        let (mut seen, mut since) = (lengths(), ended);
        while closed == Err(RecvTimeoutError::Timeout)
            && since.elapsed() < LAST_WORDS
            && ended.elapsed() < OTHER_WORDS
            && !self.interrupt.is_raised()
        {
            let now = lengths();
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            closed = self
                .closed
                .recv_timeout(LONG_TICK)
                .map(|never| match never {});
        }
    }

    /// Until the streams end, or something else may have happened.
    fn pause(&self) {
        let closed = self.closed.recv_timeout(LONG_TICK);
        if matches!(closed, Err(RecvTimeoutError::Disconnected)) {
            thread::sleep(TICK);
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[cfg(unix)]
    #[test]
    fn a_deadline_ends_the_process() {
        let process = Process::new("sh", Utf8Path::new("/")).args(["-c", "sleep 60"]);
        let deadline = Instant::now() + Duration::from_millis(50);
        let end = process
            .until(Some(deadline))
            .run(&Interrupt::default(), |_| ());
        assert!(matches!(end, Err(Error::TookTooLong { .. })), "{end:?}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_end_of_long_output_is_kept() {
        let script =
            "i=0; while [ $i -lt 500 ]; do echo line $i; echo line $i >&2; i=$((i+1)); done";
        let process = Process::new("sh", Utf8Path::new("/")).args(["-c", script]);
        let output = process
            .keep(100)
            .run(&Interrupt::default(), |_| ())
            .unwrap();
        assert!(output.stdout.len() <= 300 && output.stdout.ends_with(b"line 499\n"));
        assert!(output.stderr.len() <= 300 && output.stderr.ends_with("line 499\n"));
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
