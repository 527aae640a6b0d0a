//! Where code must run, and what is said of it there.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place the code must run.
///
/// `js` is two targets: one build, two hosts. Node has files and no fetch, the browser has
/// fetch and no files.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// `GOOS=wasip1`, run by wasmtime with the module's directory preopened.
    Wasip1,
    /// `GOOS=js`, run by Node through the toolchain's `wasm_exec_node.js`.
    JsNode,
    /// `GOOS=js`, run by a browser page through the toolchain's `wasm_exec.js`.
    JsBrowser,
}

impl Target {
    /// All targets, in the order of every output.
    pub const ALL: [Self; 3] = [Self::Wasip1, Self::JsNode, Self::JsBrowser];

    /// The name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasip1 => "wasip1",
            Self::JsNode => "js-node",
            Self::JsBrowser => "js-browser",
        }
    }

    /// The build that serves the target.
    pub const fn goos(self) -> Goos {
        match self {
            Self::Wasip1 => Goos::Wasip1,
            Self::JsNode | Self::JsBrowser => Goos::Js,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A `GOOS` whose `GOARCH` is `wasm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goos {
    /// `GOOS=wasip1`
    Wasip1,
    /// `GOOS=js`
    Js,
}

impl Goos {
    /// Both, in the order of [`Target::ALL`].
    pub const ALL: [Self; 2] = [Self::Wasip1, Self::Js];

    /// The value of the `GOOS` variable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasip1 => "wasip1",
            Self::Js => "js",
        }
    }
}

impl fmt::Display for Goos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is said of a package, a main or a module on a target, worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// `go build` fails.
    FailsToBuild,
    /// It builds, but calls functions that nobody defines.
    LinksBroken,
    /// It builds, and something it does fails at run time.
    FailsAtRunTime,
    /// It runs, with another meaning than natively, and says nothing.
    SilentlyDifferent,
    /// Nothing could be said.
    Unknown,
    /// Nothing was found at the level reached.
    Clean,
    /// It ran on the target and behaved.
    Works,
    /// No Go file is left on the target, and nothing that is left imports it.
    Absent,
}

impl Verdict {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailsToBuild => "fails-to-build",
            Self::LinksBroken => "links-broken",
            Self::FailsAtRunTime => "fails-at-run-time",
            Self::SilentlyDifferent => "silently-different",
            Self::Unknown => "unknown",
            Self::Clean => "clean",
            Self::Works => "works",
            Self::Absent => "absent",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
