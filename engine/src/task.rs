//! What is run, and what came of it: the messages between the engine and the processes that run
//! guests.
//!
//! Both are JSON between processes: durations as `{secs, nanos}`, sizes in bytes, contents of files
//! as arrays of bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{End, HostCall, Refusal};
use runtime_harness::Preopen;
use serde::{Deserialize, Serialize};

use crate::compare::crash_in;

/// How long before a test binary is ended its own limit ends it, which prints the tests that run.
const OWN_LIMIT: Duration = Duration::from_secs(5);

/// The memory that a program gets unless it asks for more.
pub(crate) const MEMORY: u64 = 1 << 30;

/// A program to run, and what it is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The program's file; its name is what the program is called.
    pub program: Utf8PathBuf,
    /// What kind of program it is.
    pub kind: TaskKind,
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// Variables beside those that every program of its host gets.
    pub env: Vec<(String, String)>,
    /// Its standard input.
    pub input: Input,
    /// What it sees of this machine.
    pub sees: Sees,
    /// Files that are there when it starts, relative to its current directory, with their text.
    pub files: BTreeMap<Utf8PathBuf, String>,
    /// Longest wall time, compilation included.
    pub time: Duration,
    /// Largest linear memory, in bytes.
    pub memory: u64,
    /// Whether all that it prints and the files that it changes are wanted, not the end of its output
    /// alone.
    pub watched: bool,
    /// Of a worker: what compiles it.
    pub compiler: Compiler,
    /// Of a worker, for programs of `GOOS=js`: the toolchain's `wasm_exec.js`.
    pub wasm_exec: Option<Utf8PathBuf>,
    /// Of a worker: the file that takes the [`Run`] as JSON.
    pub result: Option<Utf8PathBuf>,
}

/// Kinds of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// A main package, or a generated program.
    Program,
    /// A test binary, which gets the flags of `go test -short` before its arguments. Its two streams
    /// are read as one.
    Tests,
}

/// Standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// There is none.
    #[default]
    Nothing,
    /// A text.
    Text(String),
    /// A file of this machine.
    File(Utf8PathBuf),
    /// A file below the module that the program sees, in the program's own copy of it.
    InModule(Utf8PathBuf),
}

impl Input {
    /// The file of this machine that it is.
    pub(crate) fn file(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(file) => Some(file),
            _ => None,
        }
    }
}

/// What a program sees of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sees {
    /// A root directory of its own with what every system has: `/tmp`, a home, `/etc/hosts`.
    Root,
    /// The same, with a copy of a module at the module's own path.
    Module {
        /// The directory of go.mod.
        root: Utf8PathBuf,
        /// Where it starts.
        dir: Utf8PathBuf,
        /// Whether it is not run at all when the module cannot be copied.
        needed: bool,
    },
    /// What `go test` shows: a copy of the module around the package, GOROOT and shared data of the
    /// system to read.
    Tests {
        /// The directory of the package.
        dir: Utf8PathBuf,
    },
    /// Directories of this machine.
    Dirs(Vec<Dir>),
}

/// A directory of this machine that a program sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dir {
    /// Where it lies.
    pub host: Utf8PathBuf,
    /// What the program calls it.
    pub guest: String,
    /// Whether the program may change it.
    pub writable: bool,
}

impl Dir {
    /// The same as the sandbox takes it.
    pub(crate) fn preopen(&self) -> Preopen {
        Preopen {
            host: self.host.as_std_path().to_owned(),
            guest: self.guest.clone(),
            writable: self.writable,
        }
    }
}

/// Compilers of the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compiler {
    /// Starts several times sooner.
    #[default]
    Winch,
    /// Its code is up to three times as fast.
    Cranelift,
}

impl From<Compiler> for runtime_harness::Compiler {
    fn from(compiler: Compiler) -> Self {
        match compiler {
            Compiler::Winch => Self::Winch,
            Compiler::Cranelift => Self::Cranelift,
        }
    }
}

impl Task {
    /// A program that is given nothing and sees nothing.
    pub fn new(program: &Utf8Path, time: Duration) -> Self {
        Self {
            program: program.to_owned(),
            kind: TaskKind::Program,
            args: Vec::new(),
            env: Vec::new(),
            input: Input::Nothing,
            sees: Sees::Root,
            files: BTreeMap::new(),
            time,
            memory: MEMORY,
            watched: false,
            compiler: Compiler::default(),
            wasm_exec: None,
            result: None,
        }
    }

    /// All of its arguments.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut args = match self.kind {
            TaskKind::Program => Vec::new(),
            TaskKind::Tests => test_flags(self.time),
        };
        args.extend_from_slice(&self.args);
        args
    }
}

/// The flags that `go test -short` gives.
fn test_flags(time: Duration) -> Vec<String> {
    // What Go's own limit ends tells which tests were running; it does not fire in a busy loop
    // under wasm, where nothing is preempted.
    let own = time.saturating_sub(OWN_LIMIT).as_secs();
    let flags = ["-test.v=test2json", "-test.paniconexit0", "-test.short"];
    let mut flags = flags.map(str::to_owned).to_vec();
    flags.push(format!("-test.timeout={own}s"));
    flags
}

/// What a host saw of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// The exit code, when the program ended by itself.
    pub exit: Option<i32>,
    /// Why, when it did not; a sentence without a full stop.
    pub why: Option<String>,
    /// What it called on the host.
    pub calls: Vec<HostCall>,
    /// Calls that were refused.
    pub refusals: Vec<Refusal>,
    /// Wall time of the run, in milliseconds, compilation apart.
    pub milliseconds: u64,
    /// Largest linear memory, in bytes.
    pub memory: u64,
    /// It was refused memory by the sandbox, and ended for that.
    #[serde(default)]
    pub over_memory: bool,
    /// What ran it.
    pub host: String,
    /// What it printed.
    #[serde(default)]
    pub printed: Printed,
    /// Of a watched task: files that it wrote, by their names in its world, with their content; none
    /// for those that it removed.
    #[serde(default)]
    pub files: BTreeMap<String, Option<Vec<u8>>>,
    /// Why it did not see its module, if it did not.
    #[serde(default)]
    pub without_module: Option<String>,
}

/// What a program printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// Standard output, its end alone unless the task is watched.
    pub stdout: String,
    /// Standard error, its end alone unless the task is watched.
    pub stderr: String,
    /// Of tests: both streams, in the order in which they were written.
    pub both: String,
}

impl Run {
    /// A program that ended with a code, was ended by others, or because its time was up.
    pub fn ended(host: String, code: Option<i32>, late: bool) -> Self {
        Self {
            end: end(code, late),
            exit: code.filter(|_| !late),
            why: None,
            calls: Vec::new(),
            refusals: Vec::new(),
            milliseconds: 0,
            memory: 0,
            over_memory: false,
            host,
            printed: Printed::default(),
            files: BTreeMap::new(),
            without_module: None,
        }
    }

    /// A program that could not be run, or whose host ended it.
    pub fn crashed(host: String, why: String) -> Self {
        Self {
            why: Some(why),
            ..Self::ended(host, None, false)
        }
    }

    /// Whether its time was up.
    pub fn is_late(&self) -> bool {
        self.end == End::Timeout
    }

    /// Put another name in the place of a directory, in all that the program printed and wrote.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let printed = &mut self.printed;
        for text in [&mut printed.stdout, &mut printed.stderr, &mut printed.both] {
            *text = text.replace(from, to);
        }
        for content in self.files.values_mut().flatten() {
            if let Ok(read) = std::str::from_utf8(content)
                && read.contains(from)
            {
                *content = read.replace(from, to).into_bytes();
            }
        }
    }

    /// An exit code of Go's runtime after a panic is a crash, too.
    #[must_use]
    pub(crate) fn with_panics_as_crashes(mut self) -> Self {
        if self.end == End::Fail && crash_in(&self.printed.stderr).is_some() {
            self.end = End::Crash;
        }
        self
    }
}

/// How a program ended, from its exit code, and from whether its time was up.
pub(crate) fn end(code: Option<i32>, late: bool) -> End {
    match (late, code) {
        (true, _) => End::Timeout,
        (false, Some(0)) => End::Ok,
        (false, Some(_)) => End::Fail,
        (false, None) => End::Crash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_run_has_one_name() {
        let mut run = Run::ended("host".to_owned(), Some(0), false);
        run.printed.stdout = "at /tmp/x1/m".to_owned();
        run.files = BTreeMap::from([("/f".to_owned(), Some(b"/tmp/x1/m/f".to_vec()))]);
        run.rename("/tmp/x1", "");
        assert_eq!(run.printed.stdout, "at /m");
        assert_eq!(run.files["/f"], Some(b"/m/f".to_vec()));
    }

    #[test]
    fn tasks_and_runs_go_as_json() {
        let mut task = Task::new("/m/app.wasm".into(), Duration::from_millis(1500));
        task.input = Input::Text("in".to_owned());
        task.sees = Sees::Dirs(vec![Dir {
            host: "/tmp/x".into(),
            guest: "/".to_owned(),
            writable: true,
        }]);
        let text = serde_json::to_string(&task).unwrap();
        let read: Task = serde_json::from_str(&text).unwrap();
        assert_eq!((read.time, &read.input), (task.time, &task.input));
        assert_eq!(read.sees, task.sees);
        let run = Run::crashed("host".to_owned(), "it is gone".to_owned());
        let text = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run);
    }
}
