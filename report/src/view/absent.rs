//! Own packages that the targets do not have.

use std::collections::BTreeMap;

use model::{Advice, Builds, Finding, Report, Rule, Target};

use super::advice::advice;

/// An own package that some targets do not have.
#[derive(Debug)]
pub struct Absent<'r> {
    /// Import path.
    pub package: &'r str,
    /// Where it is absent.
    pub targets: Vec<Target>,
    /// Why, if that is known.
    pub why: Option<&'r Finding>,
    /// What to do about it.
    pub advice: Vec<&'r Advice>,
}

pub(super) fn absent(report: &Report) -> Vec<Absent<'_>> {
    let mut absent: BTreeMap<&str, Vec<Target>> = BTreeMap::new();
    for target in &report.targets {
        for package in target
            .packages
            .iter()
            .filter(|p| p.own && p.builds == Builds::Absent)
        {
            absent
                .entry(&package.package)
                .or_default()
                .push(target.target);
        }
    }
    let gone = |f: &&Finding| matches!(f.rule, Rule::Cgo | Rule::ExcludedPackage);
    let explained = absent.into_iter().map(|(package, targets)| {
        let why = report
            .findings
            .iter()
            .filter(gone)
            .find(|f| f.root == package);
        let advice = advice(report, why.as_slice());
        Absent {
            package,
            targets,
            why,
            advice,
        }
    });
    explained.collect()
}
