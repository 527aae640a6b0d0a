//! What was seen when a program ran.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target::Target;

/// What happened to a program when it was run on a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// Where it ran.
    pub target: Target,
    /// Import path of the main package, or of the package that was initialised.
    pub package: String,
    /// What ran.
    pub kind: RunKind,
    /// Whether the program could be built.
    pub build: RunBuild,
    /// How it ended; none when it was not run.
    pub end: Option<End>,
    /// The exit code, when the program ended by itself.
    pub exit: Option<i32>,
    /// How it ended, in one sentence.
    pub told: String,
    /// The goroutine that crashed, innermost call first.
    pub stack: Vec<Frame>,
    /// The end of what it wrote to standard output, as text.
    pub stdout: String,
    /// The end of what it wrote to standard error, as text.
    pub stderr: String,
    /// What it called on the host, by name. Empty where the host does not count.
    pub calls: Vec<HostCall>,
    /// What ran it: `wasmtime 48.0.8`, `node v20.20.2`.
    pub host: String,
    /// Wall time, in milliseconds, compilation apart.
    pub milliseconds: u64,
    /// Largest linear memory, in bytes; 0 where it was not measured.
    pub memory: u64,
    /// Packages that were initialised by the same program.
    pub together: usize,
}

/// A call on a goroutine's stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    /// The function, as Go's runtime prints it.
    pub function: String,
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// What ran.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A main package, once, without arguments.
    Main,
    /// A generated program that imports the package for its initialisation alone.
    Init,
    /// The package's tests.
    Test,
}

/// Whether the program could be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunBuild {
    /// It was.
    Ok,
    /// It was not.
    Fail,
    /// There was nothing to build.
    None,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// With exit code 0.
    Ok,
    /// With another exit code.
    Fail,
    /// By a panic, a fatal error of Go's runtime, a trap, or a limit of the sandbox.
    Crash,
    /// It ran out of time.
    Timeout,
}

/// One function of the host, and what came of calling it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostCall {
    /// Its name, without the import module.
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// Errors that it returned, by their WASI name, and how often.
    pub errors: BTreeMap<String, u64>,
}

/// What a worker of the sandbox says of its one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// The exit code, when the program ended by itself.
    pub exit: Option<i32>,
    /// Why, when it did not; a sentence without a full stop.
    pub why: Option<String>,
    /// What it called on the host.
    pub calls: Vec<HostCall>,
    /// Wall time of the run, in milliseconds, compilation apart.
    pub milliseconds: u64,
    /// Largest linear memory, in bytes.
    pub memory: u64,
    /// What ran it.
    pub host: String,
}
