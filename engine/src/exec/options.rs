//! What `wasmcheck exec` is asked to do.

use std::ffi::OsString;
use std::time::Duration;

use bytesize::ByteSize;
use camino::Utf8PathBuf;

use crate::task::Compiler;

/// A program that is run in the sandbox, and what it is given.
#[derive(Clone, Debug)]
pub struct Exec {
    /// What the program can access on this machine; by the program's name and `dir` when none is named.
    pub profile: Option<Profile>,
    /// Directories for reading and writing, `HOST` or `HOST::GUEST`.
    pub dir: Vec<String>,
    /// Directories for reading alone.
    pub read: Vec<String>,
    /// Variables of its environment.
    pub env: Vec<(String, String)>,
    /// Longest wall time; zero for no limit.
    pub timeout: Duration,
    /// Most memory, output and disk.
    pub sizes: MaxSizes,
    /// Whether its clocks are moved by it alone, and its random bytes are the same in each run.
    pub deterministic: bool,
    /// Where calls to the host are written; `-` is standard error.
    pub trace: Option<Utf8PathBuf>,
    /// The export that is called instead of starting it.
    pub invoke: Option<String>,
    /// Whether its compiled form is kept between runs.
    pub cached: bool,
    /// Go's `wasm_exec.js`; that of the Go in PATH when none is named.
    pub wasm_exec: Option<Utf8PathBuf>,
    /// The host that is played for programs of `GOOS=js`.
    pub js_host: JsHost,
    /// What compiles it.
    pub compiler: Compiler,
    /// The file that takes the [`Run`] as JSON.
    pub report: Option<Utf8PathBuf>,
    /// The arguments by which this process is started again, with the variable [`super::SUPERVISED`], as
    /// the one that runs a program of `GOOS=js` itself; none when it is that one.
    pub again: Option<Vec<OsString>>,
    /// The program.
    pub file: Utf8PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

/// What a program sees of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// No file, no environment.
    Nothing,
    /// A scratch copy of the current directory at its own path.
    Cwd,
    /// What `go test` needs: a scratch copy of the module, `/tmp`, GOROOT and shared data to read.
    GoTest,
    /// Every file of this machine, for reading and writing.
    Full,
}

/// Hosts that are played for programs of `GOOS=js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsHost {
    /// With files.
    Node,
    /// Without.
    Browser,
}

/// What a guest may use.
#[derive(Clone, Copy, Debug)]
pub struct MaxSizes {
    /// Linear memory.
    pub memory: ByteSize,
    /// Memory that compiling it may take.
    pub compile_memory: ByteSize,
    /// What it prints.
    pub output: ByteSize,
    /// What it writes to files, and the largest scratch copy.
    pub disk: ByteSize,
}

impl Default for MaxSizes {
    fn default() -> Self {
        Self {
            memory: ByteSize::gib(1),
            compile_memory: ByteSize::gib(4),
            output: ByteSize::mib(100),
            disk: ByteSize::gib(1),
        }
    }
}

/// How the process of a guest ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code: the program's own, or one that says that it has none.
    pub code: u8,
    /// What the export gave that was invoked.
    pub results: Vec<String>,
}
