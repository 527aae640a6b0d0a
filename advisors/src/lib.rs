//! What to do about a finding: entries of the catalogue first, class rules where none matches.
//!
//! A catalogue hit is a hypothesis: nothing here says that a remedy was tried.

mod catalogue;

use std::collections::BTreeMap;

use model::{Advice, Confirmed, Effect, Finding, Rule};

pub use crate::catalogue::{Remedy, Stub, stubs};

/// Give every finding its advice. Returns the remedies, each once, and their ids in the findings.
pub fn advise(findings: &mut [Finding]) -> Vec<Advice> {
    let mut advice: Vec<Advice> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    // A package that is gone is worth advice, although it keeps nothing from building.
    let gone = |f: &Finding| {
        matches!(f.rule, Rule::Cgo | Rule::ExcludedPackage)
            && f.message.contains("nothing there imports")
    };
    for finding in findings
        .iter_mut()
        .filter(|f| f.effect != Effect::Note || gone(f))
    {
        let Some(remedy) = catalogue::remedy(finding) else {
            continue;
        };
        let key = format!("{}\n{}", remedy.title, finding.root);
        let index = *known.entry(key).or_insert_with(|| {
            advice.push(new_advice(advice.len() + 1, finding, remedy));
            advice.len() - 1
        });
        for target in &finding.targets {
            advice[index].confirmed.insert(*target, Confirmed::None);
        }
        finding.advice.push(advice[index].id.clone());
    }
    advice
}

fn new_advice(number: usize, finding: &Finding, remedy: &Remedy) -> Advice {
    Advice {
        id: format!("A{number}"),
        finding: finding.id.clone(),
        kind: remedy.kind,
        title: remedy.title.clone(),
        to: remedy.to.clone(),
        confirmed: BTreeMap::new(),
        loses: remedy.loses.clone(),
        patch: None,
    }
}
