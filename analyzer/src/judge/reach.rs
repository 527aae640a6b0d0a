//! Which packages a finding is a finding of.

use std::collections::BTreeSet;

use model::{Effect, Finding, Rule};

use super::origin;
use crate::build::Build;

/// The packages that a finding in one package is a finding of.
///
/// What does not build breaks everything that imports it; a stub fails for those that call it.
/// Other calls that fail are those of the package itself, and of the own packages from which
/// calls lead to it.
///
/// A call to an undefined function also breaks the mains whose wasm has it.
pub(super) fn reach<'b>(build: &'b Build<'_>, finding: &Finding) -> BTreeSet<&'b str> {
    let graph = &build.graph;
    let Some(place) = graph
        .key(origin(finding))
        .or_else(|| graph.key(&finding.package))
    else {
        return BTreeSet::new();
    };
    match (finding.effect, finding.rule) {
        (Effect::FailsToBuild, _) => graph.closure_of_importers([place]),
        (Effect::LinksBroken, _) => {
            let mut reached = graph.closure_of_importers([place]);
            reached.retain(|path| *path == place || build.known.broken_mains.contains(*path));
            reached
        }
        (_, Rule::Stub) => graph
            .importers(place)
            .iter()
            .copied()
            .chain([place])
            .collect(),
        _ => {
            let callers = finding.callers.iter().filter_map(|path| graph.key(path));
            callers.chain([place]).collect()
        }
    }
}
