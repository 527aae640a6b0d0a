//! What keeps packages from building, grouped by the package to blame.

use std::collections::BTreeSet;

use model::{Advice, Builds, Effect, Finding, Report, Rule, Target, count};

use super::advice::advice;
use super::words::target_list;

/// A root with all that is found there; packages without a file for a target that one package imports are one.
#[derive(Debug)]
pub struct RootGroup<'r> {
    /// Import paths.
    pub roots: Vec<&'r str>,
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

/// Most packages that the name of a group lists.
const NAMED: usize = 3;

impl RootGroup<'_> {
    /// The packages, for a title.
    pub fn name(&self) -> String {
        let named = self.roots.len().min(NAMED);
        let more = self.roots.len() - named;
        let name = self.roots[..named].join(", ");
        match more {
            0 => name,
            more => format!("{name} and {}", count(more, "more package")),
        }
    }

    /// Whether a finding is one of the same cause.
    fn takes(&self, finding: &Finding) -> bool {
        let Some(first) = self.findings.first() else {
            return false;
        };
        let excluded = |f: &Finding| f.rule == Rule::ExcludedPackage;
        let same = first.package == finding.package && first.targets == finding.targets;
        self.roots.contains(&finding.root.as_str())
            || (excluded(first) && excluded(finding) && same && self.roots.len() < LARGEST)
    }
}

/// Most packages of one group.
const LARGEST: usize = 100;

pub(super) fn roots<'r>(report: &'r Report, findings: &[&'r Finding]) -> Vec<RootGroup<'r>> {
    let mut groups: Vec<RootGroup<'r>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|g| g.takes(finding)) {
            Some(group) => {
                group.findings.push(finding);
                if !group.roots.contains(&finding.root.as_str()) {
                    group.roots.push(&finding.root);
                }
            }
            None => groups.push(root_group(report, finding)),
        }
    }
    for group in &mut groups {
        group.advice = advice(report, &group.findings);
        if group.roots.len() > 1 {
            together(report, group);
        }
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
        roots: vec![&finding.root],
        targets: ranked
            .iter()
            .map(|(t, r)| (*t, r.unblocks, r.victims))
            .collect(),
        effort: ranked.iter().map(|(_, r)| r.effort).max().unwrap_or(0),
        findings: vec![finding],
        advice: Vec::new(),
    }
}

/// What several roots unblock, and what fails through them, taken together.
fn together(report: &Report, group: &mut RootGroup<'_>) {
    let breaking = report
        .findings
        .iter()
        .filter(|f| f.effect == Effect::FailsToBuild);
    let breaking: BTreeSet<&str> = breaking.map(|f| f.id.as_str()).collect();
    let ours = report
        .findings
        .iter()
        .filter(|f| group.roots.contains(&f.root.as_str()));
    let ours: BTreeSet<&str> = ours.map(|f| f.id.as_str()).collect();
    for (target, unblocks, victims) in &mut group.targets {
        let of = report.targets.iter().filter(|t| t.target == *target);
        let failing = of
            .flat_map(|t| &t.packages)
            .filter(|p| p.own && p.builds == Builds::No);
        (*unblocks, *victims) = (0, 0);
        for package in failing {
            let mut through = package
                .findings
                .iter()
                .map(String::as_str)
                .filter(|id| breaking.contains(id));
            let fails = through.clone().any(|id| ours.contains(id));
            *victims += usize::from(fails);
            *unblocks += usize::from(fails && through.all(|id| ours.contains(id)));
        }
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
