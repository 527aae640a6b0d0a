//! Which packages are to blame, and the order to mend them in.

use std::collections::{BTreeMap, BTreeSet};

use model::{Effect, Finding, Target};

use super::{breaks, origin};
use crate::build::Build;

/// A root with what it breaks.
pub(super) struct Ranked {
    pub(super) root: String,
    pub(super) unblocks: usize,
    pub(super) victims: usize,
    pub(super) effort: u32,
}

/// The roots of a target, best to mend first.
pub(super) fn rank(build: &Build<'_>, target: Target, findings: &[Finding]) -> Vec<Ranked> {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut effort: BTreeMap<&str, u32> = BTreeMap::new();
    for finding in findings.iter().filter(|f| breaks(f, target)) {
        places
            .entry(&finding.root)
            .or_default()
            .insert(origin(finding));
        let most = effort.entry(&finding.root).or_default();
        *most = (*most).max(finding.rule.info().effort);
    }
    let own = |path: &&str| build.graph.get(path).is_some_and(|p| p.own);
    let mut through: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (root, places) in &places {
        let places = places.iter().filter_map(|p| build.graph.key(p));
        for victim in build
            .graph
            .closure_of_importers(places)
            .into_iter()
            .filter(own)
        {
            through.entry(victim).or_default().push(root);
        }
    }
    let mut ranked: Vec<Ranked> = places
        .keys()
        .map(|root| Ranked {
            root: (*root).to_owned(),
            unblocks: through
                .values()
                .filter(|roots| roots.as_slice() == [*root])
                .count(),
            victims: through
                .values()
                .filter(|roots| roots.contains(root))
                .count(),
            effort: effort.get(root).copied().unwrap_or(0),
        })
        .collect();
    ranked.sort_by(|a, b| {
        (b.unblocks, b.victims, a.effort, &a.root).cmp(&(a.unblocks, a.victims, b.effort, &b.root))
    });
    ranked
}

pub(super) fn in_fix_order(
    mut findings: Vec<Finding>,
    roots: &[(Target, Vec<Ranked>)],
) -> Vec<Finding> {
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, ranked) in roots {
        for (index, root) in ranked.iter().enumerate() {
            let best = place.entry(&root.root).or_insert(index);
            *best = (*best).min(index);
        }
    }
    findings.sort_by_cached_key(|f| {
        let rank = if f.effect == Effect::FailsToBuild {
            place.get(f.root.as_str()).copied().unwrap_or(usize::MAX)
        } else {
            0
        };
        (
            f.effect,
            rank,
            !f.init,
            f.version.is_some(),
            f.root.clone(),
            f.package.clone(),
            f.file.clone(),
            (f.line, f.column, f.symbol.clone()),
        )
    });
    findings
}
