//! Rules: from the package graph of one build to findings. One file for each family; a rule
//! pushes findings and never sorts, merges or prints them.

mod bodies;
mod excluded;
mod linknames;
mod load;
mod members;
mod names;
mod std_behaviour;
mod stub;
mod typing;
mod unused;

pub(crate) use self::excluded::tags;
pub(crate) use self::load::other as load_error;
pub(crate) use self::std_behaviour::{explain, here as behaviours_here};

use std::sync::Arc;

use model::{Effect, Evidence, Finding, Rule, Target};

use crate::calls::Calls;
use crate::constraint::{Exclusion, Platform};
use crate::graph::{Graph, Package, Places};
use crate::scan::Settings;
use crate::source::{Source, Sources};
use crate::types::Types;

/// Everything that a rule may look at.
pub(crate) struct Context<'c, 'a> {
    pub(crate) settings: &'c Settings<'a>,
    pub(crate) graph: &'c Graph<'a>,
    pub(crate) sources: &'c Arc<Sources<'a>>,
    /// The requested targets that this build serves.
    pub(crate) targets: Vec<Target>,
}

/// What the rules say of one build.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) findings: Vec<Finding>,
    /// Packages that could not be had, and why: not a finding, an unknown.
    pub(crate) unreachable: Vec<(String, String)>,
}

/// Run every rule.
pub(crate) fn run(cx: &Context<'_, '_>) -> Said {
    let mut said = Said::default();
    load::check(cx, &mut said);
    names::check(cx, &mut said.findings);
    members::check(cx, &mut said.findings);
    let types = Types::of(cx.graph);
    typing::check(cx, &types, &mut said.findings);
    bodies::check(cx, &mut said.findings);
    linknames::check(cx, &mut said.findings);
    let calls = Calls::of(cx.graph, &types);
    std_behaviour::check(cx, &types, &calls, &mut said.findings);
    stub::check(cx, &mut said.findings);
    said
}

/// What a finding says, apart from its place.
pub(crate) struct Saying {
    pub(crate) rule: Rule,
    pub(crate) effect: Effect,
    pub(crate) root: String,
    pub(crate) symbol: String,
    pub(crate) message: String,
}

impl<'a> Context<'_, 'a> {
    /// A finding at an offset of a selected file.
    pub(crate) fn at(
        &self,
        package: &Package<'a>,
        file: &Source,
        offset: u32,
        saying: Saying,
    ) -> Finding {
        let (line, column) = file.facts.position(offset);
        let mut finding = self.without_place(package, saying);
        finding.file = self.places().name_in(package.listed, &file.name);
        (finding.line, finding.column) = (line, column);
        finding.source = file.facts.line(line).map(shorten);
        finding
    }

    /// A finding about a package as a whole.
    pub(crate) fn without_place(&self, package: &Package<'a>, saying: Saying) -> Finding {
        let module = package.listed.module.as_ref();
        let version = module.map(|m| m.version.clone()).filter(|v| !v.is_empty());
        Finding {
            id: String::new(),
            fingerprint: String::new(),
            rule: saying.rule,
            targets: self.targets.clone(),
            effect: saying.effect,
            evidence: Evidence::Static,
            root: saying.root,
            package: package.path().to_owned(),
            module: module.map_or_else(|| "std".to_owned(), |m| m.path.clone()),
            version,
            file: String::new(),
            line: 0,
            column: 0,
            symbol: saying.symbol,
            message: saying.message,
            details: Vec::new(),
            source: None,
            guard: None,
            init: false,
            chains: Vec::new(),
            calls: Vec::new(),
            callers: Vec::new(),
            advice: Vec::new(),
        }
    }

    pub(crate) fn places(&self) -> Places<'a> {
        self.settings.places
    }

    /// Packages whose source is judged: all but the standard library.
    pub(crate) fn judged(&self) -> impl Iterator<Item = &Package<'a>> {
        self.graph
            .packages
            .values()
            .filter(|p| !p.listed.standard && !p.is_empty())
    }

    /// The constraints of this build, with cgo as it is or switched on.
    pub(crate) fn platform(&self, cgo: bool) -> Platform<'a> {
        let (tags, release) = (self.settings.tags, self.settings.release);
        Platform {
            goos: self.graph.goos.name(),
            goarch: "wasm",
            cgo,
            tags,
            release,
        }
    }

    /// Why a file is not selected, in words that continue its name.
    pub(crate) fn why_ignored(&self, file: &Source) -> String {
        match self.platform(false).excludes(&file.name, &file.facts.src) {
            Some(Exclusion::Name(suffix)) => format!("left out by the `{suffix}` in its name"),
            Some(Exclusion::Line(line, text)) => {
                format!("left out by line {line}, `{}`", shorten(&text))
            }
            None if file.facts.cgo.is_some() => "left out because it imports \"C\"".to_owned(),
            None => "left out by Go".to_owned(),
        }
    }
}

/// A source line fit for a report.
pub(crate) fn shorten(line: &str) -> String {
    const MAX: usize = 200;
    let line = line.trim_end();
    match line.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
