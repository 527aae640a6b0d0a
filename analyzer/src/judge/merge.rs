//! Findings of several builds that say the same.

use std::collections::BTreeMap;

use model::Finding;

/// Findings that are equal but for their targets are one. Those that are known better on one target
/// than on another are two.
pub(super) fn merge<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Finding> {
    let mut merged: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in findings {
        let key = (
            (
                finding.package.clone(),
                finding.file.clone(),
                finding.line,
                finding.column,
            ),
            (
                finding.rule,
                finding.root.clone(),
                finding.symbol.clone(),
                finding.effect,
                finding.evidence,
                (finding.subject.clone(), finding.what.clone()),
            ),
        );
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, finding.clone());
            }
            Some(same) => absorb(same, finding),
        }
    }
    merged.into_values().collect()
}

/// What holds on further targets.
fn absorb(same: &mut Finding, finding: &Finding) {
    same.targets.extend(&finding.targets);
    same.targets.sort();
    same.targets.dedup();
    same.init |= finding.init;
    same.callers.extend(finding.callers.iter().cloned());
    same.callers.sort();
    same.callers.dedup();
    if same.calls.is_empty() {
        same.calls.clone_from(&finding.calls);
    }
    for note in &finding.notes {
        if !same.notes.contains(note) {
            same.notes.push(note.clone());
        }
    }
}
