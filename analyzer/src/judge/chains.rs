//! How the user's code gets to a finding: import chains.

use model::Finding;

use super::origin;
use crate::build::Build;

/// Longest list of chains of a finding.
const MAX_CHAINS: usize = 8;

/// Import chains from the own packages to the root, mains first, each group shortest first.
pub(super) fn chains(builds: &[Build<'_>], finding: &Finding) -> Vec<Vec<String>> {
    let build = builds
        .iter()
        .find(|b| b.targets.iter().any(|t| finding.targets.contains(t)));
    let place = build.and_then(|b| {
        let graph = &b.graph;
        let place = graph.key(origin(finding));
        Some((b, place.or_else(|| graph.key(&finding.package))?))
    });
    let Some((build, place)) = place else {
        return Vec::new();
    };
    // The root ends every chain, also where the failure shows in another package.
    let root = (finding.root != place).then_some(finding.root.as_str());
    let chains = build.graph.chains_to(place).into_iter().take(MAX_CHAINS);
    let whole = |(_, chain): (bool, Vec<&str>)| {
        let steps = chain.into_iter().chain(root);
        steps.map(str::to_owned).collect()
    };
    chains.map(whole).collect()
}
