//! Where code must run, and the verdicts about it there.

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

/// What is known of a target.
#[derive(Clone, Copy, Debug)]
pub struct TargetInfo {
    /// The target of this row.
    pub target: Target,
    /// The name in reports and on the command line.
    pub name: &'static str,
    /// The build that serves the target.
    pub goos: Goos,
    /// What its programs run in.
    pub host: HostKind,
}

/// What the programs of a target run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// A WASI runtime: wasmtime.
    Wasi,
    /// Node, or a JavaScript engine that plays it.
    Node,
    /// A page of a browser.
    Browser,
}

/// All targets, in the order of [`Target`] and of every output.
pub const TARGETS: [TargetInfo; 3] = [
    TargetInfo {
        target: Target::Wasip1,
        name: "wasip1",
        goos: Goos::Wasip1,
        host: HostKind::Wasi,
    },
    TargetInfo {
        target: Target::JsNode,
        name: "js-node",
        goos: Goos::Js,
        host: HostKind::Node,
    },
    TargetInfo {
        target: Target::JsBrowser,
        name: "js-browser",
        goos: Goos::Js,
        host: HostKind::Browser,
    },
];

impl Target {
    /// All targets, in the order of every output.
    pub const ALL: [Self; TARGETS.len()] = {
        let mut all = [TARGETS[0].target; TARGETS.len()];
        let mut row = 0;
        while row < TARGETS.len() {
            all[row] = TARGETS[row].target;
            row += 1;
        }
        all
    };

    /// The row of the table.
    pub const fn info(self) -> &'static TargetInfo {
        &TARGETS[self as usize]
    }

    /// The name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The build that serves the target.
    pub const fn goos(self) -> Goos {
        self.info().goos
    }

    /// What its programs run in.
    pub const fn host(self) -> HostKind {
        self.info().host
    }

    /// The target of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A `GOOS` whose `GOARCH` is `wasm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Goos {
    /// `GOOS=wasip1`
    Wasip1,
    /// `GOOS=js`
    Js,
}

/// What is known of a `GOOS`.
#[derive(Clone, Copy, Debug)]
pub struct GoosInfo {
    /// The `GOOS` of this row.
    pub goos: Goos,
    /// The value of the variable.
    pub name: &'static str,
    /// The target whose host runs a build where one run has to stand for all of its targets.
    pub representative: Target,
    /// The wasm modules from which its programs import the functions of the host: the name that Go
    /// uses today, then older ones.
    pub host_modules: &'static [&'static str],
}

/// All of them, in the order of [`Goos`] and of [`TARGETS`].
pub const GOOSES: [GoosInfo; 2] = [
    GoosInfo {
        goos: Goos::Wasip1,
        name: "wasip1",
        representative: Target::Wasip1,
        host_modules: &["wasi_snapshot_preview1"],
    },
    GoosInfo {
        goos: Goos::Js,
        name: "js",
        representative: Target::JsNode,
        // `cmd/link/internal/wasm/asm.go`; `go` up to Go 1.20.
        host_modules: &["gojs", "go"],
    },
];

impl Goos {
    /// All of them, in the order of [`Target::ALL`].
    pub const ALL: [Self; GOOSES.len()] = {
        let mut all = [GOOSES[0].goos; GOOSES.len()];
        let mut row = 0;
        while row < GOOSES.len() {
            all[row] = GOOSES[row].goos;
            row += 1;
        }
        all
    };

    /// The row of the table.
    pub const fn info(self) -> &'static GoosInfo {
        &GOOSES[self as usize]
    }

    /// The value of the `GOOS` variable.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The target whose host runs a build where one run has to stand for all of its targets.
    pub const fn representative(self) -> Target {
        self.info().representative
    }

    /// The targets that the build serves.
    pub fn targets(self) -> impl Iterator<Item = Target> {
        Target::ALL.into_iter().filter(move |t| t.goos() == self)
    }

    /// The `GOOS` of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.name() == name)
    }
}

impl fmt::Display for Goos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The verdict about a package, a main or a module on a target, worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// `go build` fails.
    FailsToBuild,
    /// It builds, but calls undefined functions.
    LinksBroken,
    /// It builds, and something it does fails at run time.
    FailsAtRunTime,
    /// It runs and silently behaves differently from the native build.
    SilentlyDifferent,
    /// Nothing could be found out.
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

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_enums() {
        for (number, row) in TARGETS.iter().enumerate() {
            assert_eq!(row.target as usize, number, "{}", row.name);
        }
        for (number, row) in GOOSES.iter().enumerate() {
            assert_eq!(row.goos as usize, number, "{}", row.name);
        }
    }

    #[test]
    fn names_are_those_of_reports_and_configurations() {
        for target in Target::ALL {
            let read: Result<_, Error> = Target::deserialize(target.name().into_deserializer());
            assert_eq!(read, Ok(target));
        }
        for goos in Goos::ALL {
            let read: Result<_, Error> = Goos::deserialize(goos.name().into_deserializer());
            assert_eq!(read, Ok(goos));
        }
    }

    #[test]
    fn a_build_is_represented_by_a_target_of_its_own() {
        for goos in Goos::ALL {
            assert_eq!(goos.representative().goos(), goos);
        }
    }
}
