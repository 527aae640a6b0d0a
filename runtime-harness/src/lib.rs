//! The sandbox: a wasip1 program in, what it did out.
//!
//! A guest gets what [`Guest`] names and nothing else: no environment, no files, no input but
//! those. Every function of the host is ours, so that each call is counted with the error it
//! returned and every limit holds, whatever the guest waits for. One process runs one guest: a
//! crash of the engine is then a crash of that process alone.

mod budget;
mod callers;
mod clock;
mod deadline;
mod engine;
mod errno;
mod host;
mod invoke;
mod js;
mod poll;
mod run;
mod stop;
mod wasi;
mod watch;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use crate::callers::Unwinder;
pub use crate::deadline::Asked;
use crate::deadline::Deadline;
pub use crate::engine::{Compiler, Keeper, NAME, Wasm};
pub use crate::host::OVER_MEMORY;
pub use crate::js::{JS_NAME, JsSupport, run_js};
pub use crate::run::run;

/// A program, and the world that it sees.
pub struct Guest {
    /// The module.
    pub wasm: Wasm,
    /// Arguments; the first is the program's name.
    pub args: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// Directories that are open from the start.
    pub dirs: Vec<Preopen>,
    /// Its standard input; that is empty without one.
    pub stdin: Option<Box<dyn Read + Send>>,
    /// Where standard output goes.
    pub stdout: Box<dyn Write + Send>,
    /// Where standard error goes.
    pub stderr: Box<dyn Write + Send>,
    /// What it may use.
    pub limits: Limits,
    /// Its clocks start at a fixed moment, and only it moves them; its random bytes are the same in
    /// each run.
    pub deterministic: bool,
    /// Where its calls to the host are written as they happen.
    pub trace: Option<Box<dyn Write + Send>>,
    /// Who reads its stacks, so that calls to the host that are refused are known with their caller.
    pub unwinder: Option<Box<dyn Unwinder>>,
    /// What compiles it.
    pub compiler: Compiler,
    /// Where its compiled form is kept between runs.
    pub keeper: Option<Box<dyn Keeper>>,
    /// Initialise it and call this export, with the arguments after the first as numbers, instead
    /// of starting it.
    pub invoke: Option<String>,
    /// Whether somebody wants it to end, which it then does as if its time were up.
    pub stop: Option<Asked>,
}

/// A directory of this machine that the guest sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preopen {
    /// Where it lies.
    pub host: PathBuf,
    /// What the guest calls it.
    pub guest: String,
    /// Whether the guest may change it.
    pub writable: bool,
}

/// What a guest may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wall time, compilation included; none for no limit.
    pub time: Option<Duration>,
    /// Linear memory, in bytes.
    pub memory: u64,
    /// Standard output and error together, in bytes.
    pub output: u64,
    /// What it writes to files, in bytes, the same byte counted each time that it is written.
    pub disk: u64,
    /// Files, directories and links that it makes or opens for writing.
    pub files: u64,
}

impl Guest {
    /// What ends it; a time that no clock can hold is none.
    fn deadline(&self, started: Instant) -> Deadline {
        let time = self.limits.time;
        let end = time.and_then(|time| started.checked_add(time));
        Deadline::new(end, self.stop.clone())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Some(Duration::from_mins(10)),
            memory: 1 << 30,
            output: 100 << 20,
            disk: 1 << 30,
            files: 100_000,
        }
    }
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned, or called `proc_exit`, with this code.
    Exit(i32),
    /// It ran out of time.
    TimedOut,
    /// It hit another limit, which the sentence names.
    Limit(String),
    /// It called a function that the host does not have.
    UnknownImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It trapped.
    Trapped(String),
    /// What ran it failed, which the sentence names: that is the program's doing.
    Failed(String),
}

/// A guest that was run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it called on the host.
    pub calls: Vec<model::HostCall>,
    /// Calls that were refused, and by whom they were made; known with an [`Unwinder`] alone.
    pub refusals: Vec<model::Refusal>,
    /// Wall time, compilation apart.
    pub time: Duration,
    /// Largest linear memory, in bytes.
    pub memory: u64,
    /// What the function gave that was invoked.
    pub results: Vec<String>,
    /// Functions that were on the engine's stack when it was ended, by their index, innermost first.
    /// Go empties that stack when goroutines switch: what is there is right, and may not be all.
    pub stack: Vec<u32>,
    /// The goroutine that was running when a trap or a call to an undefined function ended it, innermost call first;
    /// known with an [`Unwinder`] alone.
    pub callers: Vec<model::Frame>,
}

/// Why a guest could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("{0}")]
    Read(String),
    /// The engine could not be made.
    #[error("the wasm engine cannot be set up: {0:#}")]
    Engine(wasmtime::Error),
    /// The bytes are no module that the engine takes.
    #[error("this WebAssembly module cannot be run: {0:#}")]
    Module(wasmtime::Error),
    /// It exports nothing to start it by, or imports more than functions.
    #[error("the module cannot be started: {0}")]
    Start(String),
    /// A directory could not be opened.
    #[error("{}: {why}", dir.display())]
    Dir {
        /// Which one.
        dir: PathBuf,
        /// The system's word.
        why: String,
    },
}
