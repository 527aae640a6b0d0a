//! From listings to a judged module: run the rules for each build, join what the compiler says,
//! and turn findings into verdicts, roots and a fix order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gobin::Line;
use model::{Effect, Finding, Goos, Listing, Observation, Rule, Target, WasmFile};

use crate::build::{Build, BuildFacts};
use crate::context::Context;
use crate::go::graph::{Graph, Package};
use crate::go::source::Sources;
use crate::inspect::Inspected;
use crate::join::compiled::{self, Compiled};
use crate::join::{linked, observed, undefined_calls};
use crate::judge::{self, Judged};
use crate::rules::{self, scenario};
use crate::settings::Settings;
use crate::system::System;

/// A module that was scanned, and may be joined with what the compiler says.
pub struct Scan<'a> {
    settings: Settings<'a>,
    sources: Arc<Sources<'a>>,
    builds: Vec<Build<'a>>,
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
            let known = BuildFacts {
                findings: said.findings,
                unreachable: said.unreachable,
                ..BuildFacts::default()
            };
            builds.push(Build {
                graph,
                targets,
                known,
            });
        }
        Self {
            settings,
            sources,
            builds,
        }
    }

    /// What one build is judged by, and what is known of it.
    pub(crate) fn build(&mut self, goos: Goos) -> Option<(Context<'_, 'a>, &mut BuildFacts)> {
        let (settings, sources) = (&self.settings, &self.sources);
        let build = self.builds.iter_mut().find(|b| b.graph.goos == goos)?;
        let cx = Context {
            settings,
            graph: &build.graph,
            sources,
            targets: build.targets.clone(),
        };
        Some((cx, &mut build.known))
    }

    /// Join with what the compiler says of a build: errors confirm findings or become new ones,
    /// and what compiled is no finding.
    pub fn join(&mut self, goos: Goos, compiled: &Compiled) {
        if let Some((cx, known)) = self.build(goos) {
            compiled::join(&cx, &mut known.findings, compiled);
            known.compiled = Some(compiled.content.clone());
            for (path, why) in &compiled.undecided {
                if known.unreachable.iter().all(|(known, _)| known != path) {
                    known.unreachable.push((path.clone(), why.clone()));
                }
            }
        }
    }

    /// Nothing was compiled, as when the user has interrupted the run: whether packages without an error in the
    /// source build is not known.
    pub fn not_compiled(&mut self, goos: Goos) {
        if let Some((_, known)) = self.build(goos) {
            known.compiled = Some(BTreeSet::new());
        }
    }

    /// Main packages were not linked, so that it is not known whether they build.
    pub fn not_linked(&mut self, goos: Goos, mains: &[String]) {
        if let Some((_, known)) = self.build(goos)
            && let Some(compiled) = &mut known.compiled
        {
            compiled.retain(|path| !mains.contains(path));
        }
    }

    /// The main packages whose closure has no error: those that can be linked.
    pub fn linkable(&self, goos: Goos) -> Vec<String> {
        let Some(build) = self.builds.iter().find(|b| b.graph.goos == goos) else {
            return Vec::new();
        };
        let Some(content) = &build.known.compiled else {
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
        let Some(content) = &build.known.compiled else {
            return Vec::new();
        };
        let broken = build.broken();
        let whole = |p: &&Package<'_>| {
            p.own && !p.is_empty() && content.contains(p.path()) && !broken.contains(p.path())
        };
        let packages = build.graph.packages.values().filter(whole);
        let suspect = |path: &str| {
            let finding = |f: &&Finding| f.package == path && f.effect != Effect::Note;
            build.known.findings.iter().any(|f| finding(&f))
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
        if let Some((cx, known)) = self.build(goos) {
            if compiled::is_of_machine(output) {
                let why = output.lines().filter(|line| !line.starts_with("# "));
                let why = why.collect::<Vec<_>>().join("\n");
                known.unreachable.push((package.to_owned(), why));
            } else {
                compiled::link_failed(&cx, &mut known.findings, package, output);
            }
        }
    }

    /// Join with what was found in the wasm of a main package: calls to undefined
    /// functions confirm findings, or are findings of their own. Fills in who is called.
    pub fn inspected(&mut self, goos: Goos, main: &str, wasm: &mut WasmFile) {
        if let Some((cx, known)) = self.build(goos) {
            undefined_calls::join(&cx, known, main, wasm);
        }
    }

    /// The places of findings that the linker may have dropped, by the two names that a build may
    /// give a file.
    pub fn places(&mut self, goos: Goos) -> Vec<Line> {
        let places = self
            .build(goos)
            .map(|(cx, known)| linked::places(&cx, known));
        places.unwrap_or_default()
    }

    /// Join with the wasm of a main package: places that are in it, with the way there, confirm
    /// findings, or are findings of their own.
    pub fn linked(&mut self, goos: Goos, main: &str, wasm: &Inspected) {
        if let Some((cx, known)) = self.build(goos) {
            linked::join(&cx, known, main, wasm);
        }
    }

    /// Say of findings that are in no program that could have them, that they were dropped. A package
    /// that others may import answers for its own.
    pub fn dropped(&mut self, goos: Goos) {
        if let Some((cx, known)) = self.build(goos) {
            linked::dropped(&cx, known);
        }
    }

    /// Join with what was seen when a program ran: what fails and was foretold confirms findings, and
    /// what ended well behaved.
    pub fn observed(&mut self, seen: &Observation) {
        if let Some((cx, known)) = self.build(seen.target.goos()) {
            observed::join(&cx, known, seen);
        }
    }

    /// A scenario in which a program behaved differently from the native run, or from what the scenario expects, is a
    /// finding of its main package.
    pub fn played(&mut self, seen: &Observation) {
        if let Some((cx, known)) = self.build(seen.target.goos()) {
            known.findings.extend(scenario::check(&cx, seen));
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
        judge::judge(&self.settings, &self.builds, &self.sources)
    }
}
