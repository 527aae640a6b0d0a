//! What a check is to do, resolved from what was typed.

use std::time::Duration;

use camino::Utf8PathBuf;
use model::{Level, Target};

/// Wall time of the stages that run programs and try remedies.
pub const DEFAULT_BUDGET: Duration = Duration::from_mins(2);
/// The same when the module's tests are run, too.
pub const BUDGET_WITH_TESTS: Duration = Duration::from_mins(30);

/// Which modules are checked, and how Go is asked about them.
#[derive(Clone, Debug)]
pub struct Request {
    /// Directories, package patterns as in Go, `MODULE@VERSION`; the current directory without any.
    pub paths: Vec<String>,
    /// The Go command: a name looked up on PATH, or a path.
    pub go: String,
    /// Neither modules nor toolchains are fetched.
    pub offline: bool,
}

/// How deep modules are checked, for which targets, and what may run where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Depth of the check.
    pub level: Level,
    /// The targets that are judged.
    pub targets: Vec<Target>,
    /// Whether remedies are tried.
    pub remedies: bool,
    /// Build tags beside those of GOFLAGS.
    pub tags: Vec<String>,
    /// Whether facts of dependencies are kept between runs.
    pub cached: bool,
    /// Where code may run outside of the sandbox.
    pub trusted: Trusted,
    /// How the module's tests are run; none when they are not.
    pub tests: Option<TestSettings>,
    /// Wall time of the stages that run programs and try remedies, for each module.
    pub budget: Duration,
    /// Part of it that running may take; the rest is for trying remedies.
    pub run_share: f64,
    /// The program that runs guests.
    pub worker: WorkerProgram,
}

/// Where the user lets the code run with all that the user may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trusted {
    /// Under Node.
    pub node: bool,
    /// In a page of headless Chromium.
    pub chromium: bool,
    /// On this machine itself; under Node then, too.
    pub native: bool,
}

/// How tests are run.
#[derive(Clone, Copy, Debug)]
pub struct TestSettings {
    /// Whether tests run outside of the sandbox, too: the user trusts the code.
    pub native: bool,
    /// Wall time of the tests of one package.
    pub timeout: Duration,
    /// Only those of packages that remedies mend, with the remedies.
    pub only_mended: bool,
}

/// The program whose only argument `worker` makes it call [`crate::worker`]: each guest runs in a
/// process of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkerProgram {
    /// The program that is running.
    #[default]
    Own,
    /// Another one.
    At(Utf8PathBuf),
}
