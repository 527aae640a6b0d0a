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
    #[serde(alias = "told")]
    pub summary: String,
    /// The goroutine that crashed, innermost call first.
    pub stack: Vec<Frame>,
    /// The end of what it wrote to standard output, as text.
    pub stdout: String,
    /// The end of what it wrote to standard error, as text.
    pub stderr: String,
    /// What it called on the host, by name. Empty where the host does not count.
    pub calls: Vec<HostCall>,
    /// Calls to the host that were refused, and who made them; those that only the standard library
    /// itself makes when it starts are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What ran it: `wasmtime 48.0.8`, `node v20.20.2`.
    pub host: String,
    /// Wall time, in milliseconds, compilation apart.
    pub milliseconds: u64,
    /// Largest linear memory, in bytes; 0 where it was not measured.
    pub memory: u64,
    /// Packages that were initialised by the same program.
    pub together: usize,
    /// Of `init`: goroutines that initialisation left running, all packages of the program together.
    #[serde(default)]
    pub goroutines: usize,
    /// Of `test`: what became of each test, subtests, examples and fuzz seeds included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tests: BTreeMap<String, TestResult>,
    /// Of `test`, and of scenarios: the functions of the standard library that behave differently on wasm and
    /// were entered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entered: Vec<Entered>,
    /// Of `main`: the scenario of `wasmcheck.toml` that was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Scenario>,
}

/// A run of a program with given arguments, input and files, compared with the native one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scenario {
    /// What its owners call it.
    pub name: String,
    /// Arguments of the program.
    pub args: Vec<String>,
    /// How it compares: `same`, `fake-network`, `differs`, `timed-out` or `not-compared`.
    pub class: TestClass,
    /// What explains a difference, the most decisive first: functions, in Go's own spelling.
    pub because: Vec<String>,
    /// What is other than natively, or than was expected.
    pub differences: Vec<Difference>,
    /// What is not the same in two native runs, and so was not compared.
    pub unsteady: Vec<String>,
    /// Files that the program wrote or removed, as it names them.
    pub files: Vec<String>,
    /// The exit code of the native run; none when there was none, or it did not end by itself.
    pub native_exit: Option<i32>,
}

impl Scenario {
    /// One of its differences, as text.
    pub fn tell(&self, difference: &Difference) -> String {
        let Difference { what, native, here } = difference;
        let other = match self.class {
            TestClass::NotCompared => "expected",
            _ => "natively",
        };
        format!("{what}: {other} {native}, here {here}")
    }
}

/// Something that is other than natively.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// `exit code`, `standard output`, `standard error`, or `file` and its name.
    pub what: String,
    /// What it is natively, or was expected to be.
    pub native: String,
    /// What it is on the target.
    pub here: String,
}

/// What became of a test here and natively.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestResult {
    /// The outcome on this machine; none when there is no such test, or it was not run.
    pub native: Option<TestOutcome>,
    /// The outcome on the target; none when there is no such test, or it was not reached.
    pub here: Option<TestOutcome>,
    /// How the two compare.
    pub class: TestClass,
    /// What explains a difference, the most decisive first: functions, in Go's own spelling; for
    /// `not-built` the file that leaves the test out, or that does not compile.
    pub because: Vec<String>,
}

/// How a test ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// It passed.
    Pass,
    /// It failed, or ended the program.
    Fail,
    /// It skipped itself.
    Skip,
    /// It was running when the time was up.
    Timeout,
}

impl TestOutcome {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Timeout => "timeout",
        }
    }
}

/// How a test compares with its native run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TestClass {
    /// The same outcome; both may fail.
    Same,
    /// It passes in both, here on Go's network inside the process alone.
    FakeNetwork,
    /// It runs natively, and skips itself here.
    Skipped,
    /// Here it is not in the test binary.
    NotBuilt,
    /// A subtest that its parent did not start here.
    NotStarted,
    /// The test binary ended before it.
    NotReached,
    /// It ran out of time here.
    TimedOut,
    /// Anything else.
    Differs,
    /// It exists here alone.
    OnlyHere,
    /// There was no native run to compare with.
    NotCompared,
}

impl TestClass {
    /// In the order of summaries: what is wrong first.
    pub const ALL: [Self; 10] = [
        Self::Differs,
        Self::TimedOut,
        Self::NotReached,
        Self::NotStarted,
        Self::NotBuilt,
        Self::Skipped,
        Self::FakeNetwork,
        Self::OnlyHere,
        Self::NotCompared,
        Self::Same,
    ];

    /// The words that stand after a number of tests of this class.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::FakeNetwork => "passed on the fake network",
            Self::Skipped => "skipped on wasm",
            Self::NotBuilt => "not built for wasm",
            Self::NotStarted => "not started by their test",
            Self::NotReached => "not reached",
            Self::TimedOut => "timed out",
            Self::Differs => "differ",
            Self::OnlyHere => "on wasm only",
            Self::NotCompared => "not compared",
        }
    }

    /// Whether something is other than natively.
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::Same | Self::FakeNetwork | Self::NotCompared)
    }
}

/// A function of the standard library that fails, fakes or lies, and was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entered {
    /// In Go's own spelling.
    pub symbol: String,
    /// The tests in which it was; an empty name stands for outside of any.
    pub tests: Vec<String>,
    /// One stack, innermost call first, down to the test.
    pub stack: Vec<Frame>,
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

impl Frame {
    /// Import path of the function's package: up to the first dot behind the last slash, both before
    /// type arguments.
    pub fn package(&self) -> &str {
        let name = self.function.split('[').next().unwrap_or_default();
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let end = name[last..].find('.').map_or(name.len(), |dot| last + dot);
        &name[..end]
    }

    /// Whether the call is one of the standard library's: its package has no dot in the first part
    /// of its path, and its file lies in the package's directory below `src`, or, with `-trimpath`,
    /// is named by it (`go help build`).
    pub fn is_std(&self) -> bool {
        let package = self.package();
        let first = package.split('/').next().unwrap_or_default();
        let named = self.file.starts_with(&format!("{package}/"));
        let below = self.file.contains(&format!("src/{package}/"));
        package != "main" && !first.contains('.') && (named || below)
    }
}

/// What ran.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A main package, once without arguments, and once for each scenario.
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
    /// Wall time inside of it, waiting included, in microseconds; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microseconds: Option<u64>,
    /// Errors that it returned, by the name that the host has for them (`noent` of WASI, `ENOENT` of
    /// Node), and how often.
    pub errors: BTreeMap<String, u64>,
}

/// A call to the host that failed as only a sandbox makes calls fail: a function that it does not
/// have, a file that it does not show. And who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Name of the host's function.
    pub call: String,
    /// The error, by the name that the host has for it.
    pub error: String,
    /// The file that it was about, where the call names one.
    pub about: Option<String>,
    /// How often, from the same place.
    pub times: u64,
    /// The goroutine that made it, innermost call first.
    pub stack: Vec<Frame>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_standard_library_are_told_from_others() {
        let is_std = |function: &str, file: &str| {
            let frame = Frame {
                function: function.to_owned(),
                file: file.to_owned(),
                line: 1,
            };
            frame.is_std()
        };
        assert!(is_std("os.(*File).Close", "/usr/local/go/src/os/file.go"));
        assert!(is_std("internal/poll.(*FD).Write", "internal/poll/fd.go"));
        assert!(is_std("slices.SortFunc[...]", "/go/src/slices/sort.go"));
        assert!(!is_std("main.main", "/src/main/main.go"));
        assert!(!is_std("app/cmd.Run", "/home/app/cmd/run.go"));
        assert!(!is_std("github.com/a/b.F", "github.com/a/b@v1.0.0/b.go"));
    }
}
