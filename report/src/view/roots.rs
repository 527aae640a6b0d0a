//! What keeps packages from building, grouped by the package to blame.

use model::{Advice, Finding, Report, Target, count};

use super::advice::advice;
use super::words::target_list;

/// A root with all that is found there.
#[derive(Debug)]
pub struct RootGroup<'r> {
    /// Import path.
    pub root: &'r str,
    /// For each target it breaks: own packages that it alone unblocks, and those that fail
    /// through it.
    pub targets: Vec<(Target, usize, usize)>,
    /// Effort points.
    pub effort: u32,
    /// What is found, in order of place.
    pub findings: Vec<&'r Finding>,
    /// Remedies.
    pub advice: Vec<&'r Advice>,
}

pub(super) fn roots<'r>(report: &'r Report, findings: &[&'r Finding]) -> Vec<RootGroup<'r>> {
    let mut groups: Vec<RootGroup<'r>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|g| g.root == finding.root) {
            Some(group) => group.findings.push(finding),
            None => groups.push(root_group(report, finding)),
        }
    }
    for group in &mut groups {
        group.advice = advice(report, &group.findings);
    }
    groups
}

fn root_group<'r>(report: &'r Report, finding: &'r Finding) -> RootGroup<'r> {
    let ranked = report.targets.iter().filter_map(|t| {
        let root = t.roots.iter().find(|r| r.root == finding.root)?;
        Some((t.target, root))
    });
    let ranked: Vec<_> = ranked.collect();
    RootGroup {
        root: &finding.root,
        targets: ranked
            .iter()
            .map(|(t, r)| (*t, r.unblocks, r.victims))
            .collect(),
        effort: ranked.iter().map(|(_, r)| r.effort).max().unwrap_or(0),
        findings: vec![finding],
        advice: Vec::new(),
    }
}

/// What a root breaks, in a few words, targets of one build taken together.
pub fn impact(group: &RootGroup<'_>) -> String {
    let mut said: Vec<(Vec<Target>, String)> = Vec::new();
    for (target, unblocks, victims) in &group.targets {
        let packages = count(*victims, "package");
        let words = match unblocks {
            all if all == victims => format!("alone keeps {packages} from building"),
            0 => format!("keeps {packages} from building, together with other causes"),
            some => format!("keeps {packages} from building, {some} of them alone"),
        };
        match said.iter_mut().find(|(_, w)| *w == words) {
            Some((targets, _)) => targets.push(*target),
            None => said.push((vec![*target], words)),
        }
    }
    let parts = said
        .into_iter()
        .map(|(targets, words)| format!("{}: {words}", target_list(&targets)));
    parts.collect::<Vec<_>>().join("; ")
}
