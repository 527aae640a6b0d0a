//! The report: everything wasmcheck has to say; every output is a rendering of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Advice, Finding};
use crate::observation::Observation;
use crate::target::{Target, Verdict};
use crate::wasm::WasmFile;

/// Version of the report's shape. It rises with every change that an old reader could trip over.
pub const SCHEMA: u32 = 2;

/// What wasmcheck has to say of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// What was checked.
    pub module: Module,
    /// Version of the Go toolchain that was asked, as `go env GOVERSION` prints it.
    pub go: String,
    /// The level that was asked for.
    pub level: Level,
    /// One entry per requested target.
    pub targets: Vec<TargetReport>,
    /// All findings, in fix order.
    pub findings: Vec<Finding>,
    /// All remedies.
    pub advice: Vec<Advice>,
    /// What stands in the wasm files that were built.
    pub wasm: Vec<WasmFile>,
    /// What was seen in the sandbox.
    pub observations: Vec<Observation>,
    /// What could not be done, and why.
    pub incomplete: Vec<Incomplete>,
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Always `wasmcheck`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The module being checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Module {
    /// Module path; the directory's name when there is no usable go.mod.
    pub path: String,
    /// Version, for `MODULE@VERSION`.
    pub version: Option<String>,
}

/// How deep wasmcheck looks; each level includes the ones above it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Read the source; compile nothing.
    Scan,
    /// Compile, and join the compiler's errors with the scan's.
    Build,
    /// Run what was built.
    Run,
}

impl Level {
    /// The name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Build => "build",
            Self::Run => "run",
        }
    }
}

/// The verdict of one target, and of its packages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetReport {
    /// Which one.
    pub target: Target,
    /// The worst verdict of the module's own packages, absent ones apart.
    pub verdict: Verdict,
    /// Share of the own packages that build, absent ones apart, in percent with one decimal.
    /// None when there is no such package.
    pub builds_percent: Option<f64>,
    /// Share of the module's own packages that were seen to work; none as for the packages that
    /// build, and 0 below the level `run`.
    #[serde(default)]
    pub works_percent: Option<f64>,
    /// Own packages, and the dependencies that have a finding.
    pub packages: Vec<Package>,
    /// The packages to blame, in fix order.
    pub roots: Vec<Root>,
}

/// The verdict of one package on one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Package {
    /// Import path.
    pub package: String,
    /// It belongs to the module being checked.
    pub own: bool,
    /// It is a main package.
    pub main: bool,
    /// What `go build` says or would say.
    pub builds: Builds,
    /// The worst of what was found.
    pub verdict: Verdict,
    /// The same for its tests, which are judged apart.
    pub tests: Verdict,
    /// Ids of everything that it fails through.
    pub findings: Vec<String>,
}

/// What `go build` says or would say of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Builds {
    /// It builds.
    Yes,
    /// It does not.
    No,
    /// No Go file is left on the target, and no selected file of the graph imports it.
    Absent,
    /// It could not be found out.
    Unknown,
}

/// A package to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Root {
    /// Import path.
    pub root: String,
    /// How many own packages would build if this root alone were mended.
    pub unblocks: usize,
    /// How many own packages fail through it, other roots apart.
    pub victims: usize,
    /// Effort points: 1 is an upgrade or a line, 8 another architecture.
    pub effort: u32,
    /// Ids of its findings.
    pub findings: Vec<String>,
}

/// A part of the work of a check, in the order of the work.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The Go command lists the packages.
    Load,
    /// The source is read.
    Scan,
    /// Packages are compiled and mains are linked.
    Build,
    /// Mains and package initialisation run.
    Run,
    /// Scenarios of `wasmcheck.toml` are played.
    Scenario,
    /// The module's own tests run.
    Test,
    /// Remedies are tried.
    Advise,
}

impl Stage {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Scan => "scan",
            Self::Build => "build",
            Self::Run => "run",
            Self::Scenario => "scenario",
            Self::Test => "test",
            Self::Advise => "advise",
        }
    }
}

/// A stage that could not run, or was cut short.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Incomplete {
    /// The stage.
    pub stage: Stage,
    /// The target it holds for; none for all.
    pub target: Option<Target>,
    /// Why.
    pub reason: String,
}
