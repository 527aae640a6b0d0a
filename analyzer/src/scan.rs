//! From listings to a judged module: run the rules for each build, join what the compiler says,
//! and turn findings into verdicts, roots and a fix order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use model::{Effect, Evidence, Finding, Goos, Incomplete, Listing, Rule, Target, TargetReport};

use crate::compiled::{self, Compiled};
use crate::graph::{DeclaredGuard, Graph, Package, Places};
use crate::linked::LinkedProgram;
use crate::rules::{self, Context};
use crate::source::Sources;
use crate::system::System;
use crate::verdict;

/// What a module is judged by.
#[derive(Debug)]
pub struct Settings<'a> {
    /// Path of the module being checked.
    pub module: &'a str,
    /// Where its go.mod lies, and where Go is called.
    pub dir: &'a Utf8Path,
    /// How files are named.
    pub places: Places<'a>,
    /// Build tags that the user gave.
    pub tags: &'a [String],
    /// N of Go 1.N.
    pub release: u32,
    /// The targets that are asked for.
    pub targets: &'a [Target],
    /// The packages of this machine's build, for comparison; none when it could not be listed.
    pub native: Option<&'a Listing>,
    /// Names that the user declares to be guards.
    pub guards: &'a [DeclaredGuard],
    /// Packages that are known to build as stubs.
    pub stubs: &'a [StubSignature],
}

/// How a package that builds as a stub is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubSignature {
    /// Import path.
    pub package: String,
    /// Packages below that path, too.
    pub below: bool,
    /// Text in one of its selected files.
    pub text: String,
    /// What it means.
    pub message: String,
}

impl StubSignature {
    /// Whether a package may be this stub.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.package.as_str());
        rest.is_some_and(|rest| rest.is_empty() || (self.below && rest.starts_with('/')))
    }
}

/// A module that was scanned, and may be joined with what the compiler says.
pub struct Scan<'a> {
    settings: Settings<'a>,
    sources: Arc<Sources<'a>>,
    builds: Vec<Build<'a>>,
}

/// One `GOOS`.
pub(crate) struct Build<'a> {
    pub(crate) graph: Graph<'a>,
    pub(crate) targets: Vec<Target>,
    pub(crate) findings: Vec<Finding>,
    /// Packages that could not be had, and why.
    pub(crate) unreachable: Vec<(String, String)>,
    /// Packages that the compiler was content with.
    pub(crate) compiled: Option<BTreeSet<String>>,
    /// Mains whose wasm calls what nobody defines.
    pub(crate) broken_mains: BTreeSet<String>,
    /// Packages that were run, and behaved.
    pub(crate) behaved: BTreeSet<(Target, String)>,
    /// Mains whose wasm was read.
    pub(crate) programs: Vec<LinkedProgram>,
}

/// An own package that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runnable {
    /// Import path.
    pub package: String,
    /// It is a main package.
    pub main: bool,
    /// Something was found in it.
    pub suspect: bool,
}

/// What is said of a module.
#[derive(Debug, Default)]
pub struct Judged {
    /// One entry per target that could be listed.
    pub targets: Vec<TargetReport>,
    /// In fix order, with ids and chains, without advice.
    pub findings: Vec<Finding>,
    /// What could not be found out.
    pub incomplete: Vec<Incomplete>,
}

impl<'a> Scan<'a> {
    /// Read the source of everything listed, and run the rules.
    pub fn new(
        settings: Settings<'a>,
        listings: impl IntoIterator<Item = (Goos, &'a Listing)>,
        system: &'a dyn System,
    ) -> Self {
        let sources = Arc::new(Sources::new(system));
        let mut builds = Vec::new();
        for (goos, listing) in listings {
            let graph = Graph::new(goos, listing, settings.module, settings.guards, &sources);
            let targets: Vec<Target> = settings
                .targets
                .iter()
                .copied()
                .filter(|t| t.goos() == goos)
                .collect();
            let cx = Context {
                settings: &settings,
                graph: &graph,
                sources: &sources,
                targets: targets.clone(),
            };
            let said = rules::run(&cx);
            let (findings, unreachable) = (said.findings, said.unreachable);
            builds.push(Build {
                graph,
                targets,
                findings,
                unreachable,
                compiled: None,
                broken_mains: BTreeSet::new(),
                behaved: BTreeSet::new(),
                programs: Vec::new(),
            });
        }
        Self {
            settings,
            sources,
            builds,
        }
    }

    /// What one build is judged by, and the build.
    pub(crate) fn build(&mut self, goos: Goos) -> Option<(Context<'_, 'a>, BuildParts<'_>)> {
        let (settings, sources) = (&self.settings, &self.sources);
        let build = self.builds.iter_mut().find(|b| b.graph.goos == goos)?;
        let cx = Context {
            settings,
            graph: &build.graph,
            sources,
            targets: build.targets.clone(),
        };
        let parts = BuildParts {
            findings: &mut build.findings,
            unreachable: &mut build.unreachable,
            compiled: &mut build.compiled,
            broken_mains: &mut build.broken_mains,
            behaved: &mut build.behaved,
            programs: &mut build.programs,
        };
        Some((cx, parts))
    }

    /// Join with what the compiler says of a build: errors confirm findings or become new ones,
    /// and what compiled is no finding.
    pub fn join(&mut self, goos: Goos, compiled: &Compiled) {
        let Some((cx, build)) = self.build(goos) else {
            return;
        };
        compiled::join(&cx, build.findings, compiled);
        *build.compiled = Some(compiled.content.clone());
        build.unreachable.extend(compiled.undecided.iter().cloned());
    }

    /// The main packages whose closure has no error: those that can be linked.
    pub fn linkable(&self, goos: Goos) -> Vec<String> {
        let Some(build) = self.builds.iter().find(|b| b.graph.goos == goos) else {
            return Vec::new();
        };
        let Some(content) = &build.compiled else {
            return Vec::new();
        };
        let broken = build.broken_by(|f| f.rule != Rule::RefusedLinkname);
        let mains = build
            .graph
            .packages
            .values()
            .filter(|p| p.own && p.listed.name == "main" && !p.is_empty());
        let whole = mains.filter(|p| content.contains(p.path()) && !broken.contains(p.path()));
        whole.map(|p| p.path().to_owned()).collect()
    }

    /// The own packages that can be run: they compiled, and so did all that they need.
    pub fn runnable(&self, goos: Goos) -> Vec<Runnable> {
        let Some(build) = self.builds.iter().find(|b| b.graph.goos == goos) else {
            return Vec::new();
        };
        let Some(content) = &build.compiled else {
            return Vec::new();
        };
        let broken = build.broken();
        let whole = |p: &&Package<'_>| {
            p.own && !p.is_empty() && content.contains(p.path()) && !broken.contains(p.path())
        };
        let packages = build.graph.packages.values().filter(whole);
        let suspect = |path: &str| {
            let finding = |f: &&Finding| f.package == path && f.effect != Effect::Note;
            build.findings.iter().any(|f| finding(&f))
        };
        let runnable = packages.map(|p| Runnable {
            package: p.path().to_owned(),
            main: p.listed.name == "main",
            suspect: suspect(p.path()),
        });
        runnable.collect()
    }

    /// A main package compiled and did not link.
    pub fn link_failed(&mut self, goos: Goos, package: &str, output: &str) {
        if let Some((cx, build)) = self.build(goos) {
            compiled::link_failed(&cx, build.findings, package, output);
        }
    }

    /// For each package at fault, the build tags that select other files of it.
    pub fn tags(&mut self) -> BTreeMap<String, BTreeSet<String>> {
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for goos in Goos::ALL {
            let Some((cx, build)) = self.build(goos) else {
                continue;
            };
            let broken = build
                .findings
                .iter()
                .filter(|f| f.effect == Effect::FailsToBuild);
            let packages: BTreeSet<&str> = broken.map(|f| f.package.as_str()).collect();
            for package in packages.into_iter().filter_map(|p| cx.graph.get(p)) {
                let of = tags.entry(package.path().to_owned()).or_default();
                of.extend(rules::tags(&cx, package));
            }
        }
        tags
    }

    /// Verdicts, roots, chains and the order to fix things in.
    pub fn judge(self) -> Judged {
        let findings = verdict::merge(self.builds.iter().flat_map(|b| &b.findings));
        verdict::judge(&self.settings, &self.builds, findings)
    }
}

/// The parts of a build that change while it is judged.
pub(crate) struct BuildParts<'b> {
    pub(crate) findings: &'b mut Vec<Finding>,
    unreachable: &'b mut Vec<(String, String)>,
    compiled: &'b mut Option<BTreeSet<String>>,
    pub(crate) broken_mains: &'b mut BTreeSet<String>,
    pub(crate) behaved: &'b mut BTreeSet<(Target, String)>,
    pub(crate) programs: &'b mut Vec<LinkedProgram>,
}

impl Build<'_> {
    /// Packages that do not build, for whatever reason.
    pub(crate) fn broken(&self) -> BTreeSet<&str> {
        self.broken_by(|_| true)
    }

    /// The same for some findings only.
    fn broken_by(&self, counts: impl Fn(&Finding) -> bool) -> BTreeSet<&str> {
        let at_fault = self
            .findings
            .iter()
            .filter(|f| f.effect == Effect::FailsToBuild && counts(f));
        let places = at_fault.filter_map(|f| self.graph.key(&f.package));
        let gone = |p: &&Package<'_>| p.has_load_error() || self.graph.is_imported_without_files(p);
        let load = self.graph.packages.values().filter(gone);
        let faults: BTreeSet<&str> = places
            .chain(load.map(super::graph::Package::path))
            .collect();
        self.graph.closure_of_importers(faults)
    }

    /// Packages of which it cannot be said whether they build: something that they need could
    /// not be had.
    pub(crate) fn unknown(&self) -> BTreeSet<&str> {
        self.graph.closure_of_importers(
            self.unreachable
                .iter()
                .filter_map(|(path, _)| self.graph.key(path)),
        )
    }
}

/// A finding that the compiler could not contradict so far.
pub(crate) fn is_static_build_failure(finding: &Finding) -> bool {
    finding.effect == Effect::FailsToBuild
        && finding.evidence == Evidence::Static
        && !matches!(finding.rule, Rule::MissingMain | Rule::RefusedLinkname)
}
