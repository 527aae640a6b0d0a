//! What builds and then fails or differs, grouped by the claim about the symbols.

use std::collections::{BTreeMap, BTreeSet};

use model::{Advice, Effect, Evidence, Finding, Report, Target};

use super::advice::advice;
use super::finding::{place, statement, what};
use super::words::target_list;

/// Symbols with the same claim.
#[derive(Debug)]
pub struct SymbolGroup<'r> {
    /// The symbols, in order.
    pub symbols: Vec<&'r str>,
    /// The claim about each.
    pub what: &'r str,
    /// What it does.
    pub effect: Effect,
    /// On which targets.
    pub targets: Vec<Target>,
    /// On which of them it was seen.
    pub seen: Vec<Target>,
    /// Where it is used.
    pub findings: Vec<&'r Finding>,
    /// Remedies.
    pub advice: Vec<&'r Advice>,
}

/// What two findings with the same claim about a symbol share, and the targets of the claim.
type WhereSaid<'r> = BTreeMap<(&'r str, &'r str, Effect), BTreeSet<Target>>;

pub(super) fn behaviours<'r>(report: &'r Report, findings: &[&'r Finding]) -> Vec<SymbolGroup<'r>> {
    let mut groups = grouped(findings);
    for group in &mut groups {
        let symbols: BTreeSet<&str> = group.findings.iter().map(|f| f.symbol.as_str()).collect();
        group.symbols = symbols.into_iter().collect();
        group.seen = seen(group, findings);
        group.advice = advice(report, &group.findings);
    }
    groups.sort_by_key(|g| (g.effect, std::cmp::Reverse(g.targets.len()), g.symbols[0]));
    groups
}

/// Findings by what they say, where, and with which effect.
fn grouped<'r>(findings: &[&'r Finding]) -> Vec<SymbolGroup<'r>> {
    // What is known better on one target than on another is two findings, and one to a reader.
    let mut where_so = WhereSaid::new();
    for finding in findings {
        let targets = where_so.entry(statement(finding)).or_default();
        targets.extend(finding.targets.iter().copied());
    }
    let mut groups: Vec<SymbolGroup<'r>> = Vec::new();
    for finding in findings {
        let targets = where_so.get(&statement(finding));
        let targets: Vec<Target> = targets.into_iter().flatten().copied().collect();
        let (what, effect) = (what(finding), finding.effect);
        let same =
            |g: &&mut SymbolGroup<'_>| g.what == what && g.effect == effect && g.targets == targets;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(SymbolGroup {
                symbols: Vec::new(),
                what,
                effect,
                targets,
                seen: Vec::new(),
                findings: vec![finding],
                advice: Vec::new(),
            }),
        }
    }
    groups
}

/// The targets on which what a group says was seen in a run.
fn seen(group: &SymbolGroup<'_>, findings: &[&Finding]) -> Vec<Target> {
    let of = |f: &&&Finding| what(f) == group.what && group.symbols.contains(&f.symbol.as_str());
    let seen = findings.iter().filter(of);
    let seen = seen.filter(|f| f.evidence == Evidence::Observed);
    let targets: BTreeSet<Target> = seen.flat_map(|f| f.targets.iter().copied()).collect();
    targets.into_iter().collect()
}

impl<'r> SymbolGroup<'r> {
    /// Add a finding, or put it in the place of one that is less well known.
    fn push(&mut self, finding: &'r Finding) {
        let same = |f: &&mut &Finding| place(f) == place(finding) && f.symbol == finding.symbol;
        match self.findings.iter_mut().find(same) {
            Some(known) if known.evidence < finding.evidence => *known = finding,
            Some(_) => {}
            None => self.findings.push(finding),
        }
    }

    /// How it is known, where it is known by more than the source.
    pub fn known(&self) -> String {
        let best = self.findings.iter().map(|f| f.evidence).max();
        match best {
            Some(Evidence::Observed) if self.seen == self.targets => "seen in a run".to_owned(),
            Some(Evidence::Observed) => {
                format!("seen in a run on {}", target_list(&self.seen))
            }
            Some(Evidence::Linked) => "found in the wasm".to_owned(),
            _ => String::new(),
        }
    }
}
