//! Swaps that can be carried out in the source of the user.

use std::collections::BTreeSet;

use model::{AdviceKind, Report, Target};

use crate::catalogue::{Catalogue, Rewriting};

/// A swap to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwapTrial {
    /// Id of the advice in the report that says it in words.
    pub advice: String,
    /// The targets on which the findings hold that have the advice.
    pub targets: BTreeSet<Target>,
    /// How it is carried out.
    pub rewriting: Rewriting,
}

impl Catalogue {
    /// The swaps among the advice of a report that say how they are carried out, in its order. One is left out where
    /// other advice was seen to help all of its findings.
    pub fn swaps(&self, report: &Report) -> Vec<SwapTrial> {
        let swaps = report.advice.iter().filter(|a| a.kind == AdviceKind::Swap);
        let helped = |id: &String| {
            let advice = report.advice.iter().find(|a| a.id == *id);
            advice.is_some_and(model::Advice::helps)
        };
        let trials = swaps.filter_map(|advice| {
            let findings = report.findings.iter();
            let findings: Vec<_> = findings.filter(|f| f.advice.contains(&advice.id)).collect();
            let remedies = findings.iter().flat_map(|f| self.remedies(f));
            let mut same =
                remedies.filter(|r| r.kind == AdviceKind::Swap && r.title == advice.title);
            let rewriting = same.find_map(|r| r.rewriting.clone())?;
            let open = findings.iter().any(|f| !f.advice.iter().any(helped));
            open.then(|| SwapTrial {
                advice: advice.id.clone(),
                targets: findings.iter().flat_map(|f| f.targets.clone()).collect(),
                rewriting,
            })
        });
        trials.collect()
    }
}
