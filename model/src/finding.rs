//! One cause at one place, and what to do about it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::edit::Edit;
use crate::effect::{Effect, Evidence};
use crate::note::Note;
use crate::rule::Rule;
use crate::target::Target;

/// One cause at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `F1`, `F2` …, unique within a report and in fix order.
    pub id: String,
    /// Hash of rule, root, symbol, package, enclosing declaration and source line, without line
    /// numbers and targets: the same at every level, for every list of targets. Two findings of one
    /// target never share it.
    pub fingerprint: String,
    /// What it is an instance of.
    pub rule: Rule,
    /// The targets on which it holds.
    pub targets: Vec<Target>,
    /// What it does there.
    pub effect: Effect,
    /// How it is known.
    pub evidence: Evidence,
    /// Import path of the package to blame.
    pub root: String,
    /// Import path of the package in which [`Finding::file`] lies.
    pub package: String,
    /// Path of the module of [`Finding::package`]; `std` for the standard library.
    pub module: String,
    /// Version of that module; none for the module being checked.
    pub version: Option<String>,
    /// File, relative to the module being checked; `MODULE@VERSION/dir/file.go` in dependencies,
    /// `std/dir/file.go` in the standard library; empty when no file is at fault.
    pub file: String,
    /// Line, counted from 1; 0 when unknown.
    pub line: u32,
    /// Column in bytes, counted from 1; 0 when unknown.
    pub column: u32,
    /// The line in which the place ends; 0 when unknown.
    #[serde(default)]
    pub end_line: u32,
    /// The column behind its last byte, counted from 1; 0 when unknown.
    #[serde(default)]
    pub end_column: u32,
    /// Import path, `import/path.Name` or `import/path.(*Type).Method`.
    pub symbol: String,
    /// The grammatical subject of [`Finding::what`]: a name as the source spells it; empty where `what` is a
    /// sentence of its own.
    #[serde(default)]
    pub subject: String,
    /// What is wrong: text that continues the subject.
    #[serde(default)]
    pub what: String,
    /// Subject and `what` as one sentence for people; programs read the fields.
    pub message: String,
    /// Where to look and what else is known.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// The source line, when it could be read and may be quoted; a long one is cut behind the place. It has the bytes
    /// that columns count: each that is part of no UTF-8 character stands as U+001A.
    pub source: Option<String>,
    /// `file:line` of the guard that makes the use unreachable.
    pub guard: Option<String>,
    /// The use runs at package initialisation.
    pub init: bool,
    /// Import chains from a package of the module to the root, shortest first.
    pub chains: Vec<Vec<String>>,
    /// Chains of calls from the user's code to the place, mains first, as far as the source shows
    /// them: the last step is the place itself.
    pub calls: Vec<Vec<CallStep>>,
    /// The module's own packages that answer for it: mains from which calls lead to the place, and
    /// packages whose calls out of the module do.
    pub callers: Vec<String>,
    /// Ids of the remedies, in the order to try them.
    pub advice: Vec<String>,
}

/// A step of a chain of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallStep {
    /// The function, in Go's own spelling; `path.init` for initialisers of package variables.
    pub function: String,
    /// Where it calls the next one: named like [`Finding::file`].
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
}

/// A remedy for a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// `A1`, `A2` …, unique within a report.
    pub id: String,
    /// The first finding it is for.
    pub finding: String,
    /// What sort of change it is.
    pub kind: AdviceKind,
    /// One line that says what to do.
    pub title: String,
    /// The version or package to move to.
    pub to: Option<String>,
    /// Per target, how far the remedy was confirmed.
    pub confirmed: BTreeMap<Target, Confirmed>,
    /// What is lost by it.
    pub loses: Option<String>,
    /// What it costs besides.
    #[serde(default, skip_serializing_if = "Cost::is_empty")]
    pub cost: Cost,
    /// The command, or the patch, that does it.
    pub patch: Option<String>,
    /// The changes that the patch makes, and build tags, for which there is no patch.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// What was tried for it, in order.
    pub tried: Vec<Attempt>,
    /// What tests, and scenarios of `wasmcheck.toml`, did with all confirmed remedies together: those of packages that
    /// need what this one changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tested: Vec<Tested>,
    /// The name of a sketch in Go that shows how it is done: `wasmcheck explain NAME` prints its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<String>,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// What: a version, a tag, a module.
    pub what: String,
    /// What came of it.
    pub outcome: Confirmed,
    /// The targets that it was tried for.
    pub targets: Vec<Target>,
    /// Why it could not be confirmed.
    pub why: Option<String>,
}

/// The tests of a package, or a scenario of its program, under wasm with the remedies, compared with the native run of
/// the module as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tested {
    /// Import path of the package.
    pub package: String,
    /// The scenario; none of tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Where it ran.
    pub target: Target,
    /// Whether it does what it does natively; none where that is not known of all tests.
    pub same: Option<bool>,
    /// What was seen, in one sentence.
    pub summary: String,
}

/// What sort of change a remedy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdviceKind {
    /// A newer version of the same module.
    Upgrade,
    /// A build tag to add or to leave away.
    Tag,
    /// Another module.
    Swap,
    /// A build constraint that takes the target in, or leaves it out.
    Constraint,
    /// A patched copy of a module.
    Fork,
    /// A file per platform.
    Split,
    /// A function that the host supplies.
    Bridge,
    /// Another compiler.
    Compiler,
    /// A stub that returns an error.
    Stub,
    /// Nothing is known to help.
    None,
}

impl AdviceKind {
    /// The kinds that are edits of a module, or of how it is built.
    pub const EDITS: [Self; 7] = [
        Self::Upgrade,
        Self::Tag,
        Self::Swap,
        Self::Constraint,
        Self::Stub,
        Self::Split,
        Self::Fork,
    ];

    /// Its name, as reports have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Tag => "tag",
            Self::Swap => "swap",
            Self::Constraint => "constraint",
            Self::Fork => "fork",
            Self::Split => "split",
            Self::Bridge => "bridge",
            Self::Compiler => "compiler",
            Self::Stub => "stub",
            Self::None => "none",
        }
    }
}

/// How far a remedy was confirmed on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmed {
    /// Not tried.
    None,
    /// It builds with it.
    Build,
    /// It ran with it.
    Run,
    /// Tests or scenarios do with it what they do natively.
    Tests,
    /// It was tried and could not be confirmed.
    CouldNot,
}

impl Confirmed {
    /// Whether it was seen to help.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Build | Self::Run | Self::Tests)
    }
}

impl Advice {
    /// Whether the remedy was seen to help on a target.
    pub fn helps(&self) -> bool {
        self.confirmed.values().any(|c| c.is_good())
    }
}
