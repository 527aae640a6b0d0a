//! What to do about a finding: entries of the catalogue first, class rules where none matches; and
//! which remedies can be tried.
//!
//! A catalogue hit is a hypothesis: [`trials`] says what is worth trying, and who tries it reports
//! in the report how far it was confirmed.

mod catalogue;
pub mod diff;
mod search;
mod sketches;
mod swaps;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use model::{Advice, Confirmed, Effect, Finding, Report};

pub use crate::catalogue::file;
pub use crate::catalogue::{Adapted, Catalogue, Remedy, Rewriting, Stub, entries};
pub use crate::search::{Search, Verdict, guesses, is_later, newer, older};
pub use crate::sketches::{SKETCHES, Sketch};
pub use crate::swaps::SwapTrial;
pub use crate::trial::{Blamed, Trial};

/// [`Catalogue::stubs`] of what is part of the program.
pub fn stubs() -> Vec<Stub> {
    Catalogue::builtin().stubs()
}

/// [`Catalogue::advise`] with what is part of the program.
pub fn advise(findings: &mut [Finding], absent: &BTreeSet<String>) -> Vec<Advice> {
    Catalogue::builtin().advise(findings, absent)
}

/// [`Catalogue::trials`] with what is part of the program.
pub fn trials(
    report: &Report,
    tags: &BTreeMap<String, BTreeSet<String>>,
    blamed: &Blamed,
) -> Vec<Trial> {
    Catalogue::builtin().trials(report, tags, blamed)
}

impl Catalogue {
    /// Give every finding its advice. Returns the remedies, each once, and their ids in the findings.
    ///
    /// Notes need none, but for packages that are absent: these are worth advice, although they keep
    /// nothing from building.
    pub fn advise(&self, findings: &mut [Finding], absent: &BTreeSet<String>) -> Vec<Advice> {
        let mut advice: Vec<Advice> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let wanted = |f: &&mut Finding| f.effect != Effect::Note || absent.contains(&f.root);
        for finding in findings.iter_mut().filter(wanted) {
            for remedy in self.remedies(finding) {
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
        }
        advice
    }
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
        cost: remedy.cost.clone(),
        patch: None,
        edits: Vec::new(),
        tried: Vec::new(),
        tested: Vec::new(),
        sketch: remedy.sketch.clone(),
    }
}
