//! One build of a module: its package graph, which stays, and what is known of it, which grows.

use std::collections::BTreeSet;

use gobin::Line;
use hashbrown::HashSet;
use model::{Effect, Finding, Target};

use crate::go::graph::{Graph, Package};

/// One `GOOS`.
pub(crate) struct Build<'a> {
    pub(crate) graph: Graph<'a>,
    /// The requested targets that the build serves.
    pub(crate) targets: Vec<Target>,
    pub(crate) known: BuildFacts,
}

/// What the scan, the compiler, the linked programs and runs say of a build.
#[derive(Default)]
pub(crate) struct BuildFacts {
    pub(crate) findings: Vec<Finding>,
    /// Packages that could not be loaded, and why.
    pub(crate) unreachable: Vec<(String, String)>,
    /// Packages that compiled; none before the compiler was asked.
    pub(crate) compiled: Option<BTreeSet<String>>,
    /// Mains whose wasm calls undefined functions.
    pub(crate) broken_mains: BTreeSet<String>,
    /// Packages that were run, and behaved.
    pub(crate) behaved: BTreeSet<(Target, String)>,
    /// Mains whose wasm was read.
    pub(crate) programs: Vec<LinkedProgram>,
}

/// A main package that was linked, and what is in it.
#[derive(Debug)]
pub(crate) struct LinkedProgram {
    pub(crate) main: String,
    /// Functions of the standard library that behave differently on wasm and are in it, whoever gets to them.
    pub(crate) sinks: HashSet<&'static str>,
    /// Places of findings that have code.
    pub(crate) places: HashSet<Line>,
}

impl Build<'_> {
    /// Packages that do not build, for whatever reason.
    pub(crate) fn broken(&self) -> BTreeSet<&str> {
        self.broken_by(|_| true)
    }

    /// Packages that do not build through the findings that count.
    pub(crate) fn broken_by(&self, counts: impl Fn(&Finding) -> bool) -> BTreeSet<&str> {
        let at_fault = self
            .known
            .findings
            .iter()
            .filter(|f| f.effect == Effect::FailsToBuild && counts(f));
        let places = at_fault.filter_map(|f| self.graph.key(&f.package));
        let gone = |p: &&Package<'_>| p.has_load_error() || self.graph.is_imported_without_files(p);
        let load = self.graph.packages.values().filter(gone);
        let faults: BTreeSet<&str> = places.chain(load.map(Package::path)).collect();
        self.graph.closure_of_importers(faults)
    }

    /// Packages that may or may not build: something that they import could not be loaded.
    pub(crate) fn unknown(&self) -> BTreeSet<&str> {
        self.graph.closure_of_importers(
            self.known
                .unreachable
                .iter()
                .filter_map(|(path, _)| self.graph.key(path)),
        )
    }
}
