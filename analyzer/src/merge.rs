//! Several modules in one report: nested ones, those of a workspace.

use std::collections::BTreeMap;

use model::{Builds, Report, Root, TargetReport, Verdict};

/// One report of several; the first gives its name. Ids are made anew.
///
/// # Panics
///
/// Without any report: a run has at least one module.
pub fn merge_reports(reports: Vec<Report>) -> Report {
    let mut reports = reports.into_iter();
    let mut merged = reports.next().expect("a run has at least one module");
    for report in reports {
        absorb(&mut merged, report);
    }
    merged
}

fn absorb(into: &mut Report, mut other: Report) {
    rename(&mut other, into.findings.len(), into.advice.len());
    into.findings.append(&mut other.findings);
    into.advice.append(&mut other.advice);
    into.wasm.append(&mut other.wasm);
    into.observations.append(&mut other.observations);
    for mut incomplete in other.incomplete {
        incomplete.reason = format!("{}: {}", other.module.path, incomplete.reason);
        into.incomplete.push(incomplete);
    }
    for target in other.targets {
        match into.targets.iter_mut().find(|t| t.target == target.target) {
            Some(same) => absorb_target(same, target),
            None => into.targets.push(target),
        }
    }
}

fn absorb_target(into: &mut TargetReport, other: TargetReport) {
    into.packages.extend(other.packages);
    into.packages
        .sort_by(|a, b| (!a.own, &a.package).cmp(&(!b.own, &b.package)));
    // A module without own packages on the target, or without any verdict, says so itself.
    into.verdict = into.verdict.min(other.verdict);
    let own: Vec<_> = into
        .packages
        .iter()
        .filter(|p| p.own && p.builds != Builds::Absent)
        .collect();
    let builds = own.iter().filter(|p| p.builds == Builds::Yes).count();
    into.builds_percent = crate::verdict::percent(builds, own.len());
    if own.is_empty() && into.verdict == Verdict::Clean {
        into.verdict = Verdict::Unknown;
    }
    let mut roots: BTreeMap<String, Root> = BTreeMap::new();
    for root in std::mem::take(&mut into.roots)
        .into_iter()
        .chain(other.roots)
    {
        match roots.get_mut(&root.root) {
            None => {
                roots.insert(root.root.clone(), root);
            }
            Some(same) => {
                same.unblocks += root.unblocks;
                same.victims += root.victims;
                same.effort = same.effort.max(root.effort);
                same.findings.extend(root.findings);
            }
        }
    }
    into.roots = roots.into_values().collect();
    into.roots.sort_by(|a, b| {
        (b.unblocks, b.victims, a.effort, &a.root).cmp(&(a.unblocks, a.victims, b.effort, &b.root))
    });
}

/// Ids that follow on those of another report.
fn rename(report: &mut Report, findings: usize, advice: usize) {
    let next = |id: &mut String, by: usize| {
        let (letter, number) = id.split_at(1);
        if let Ok(number) = number.parse::<usize>() {
            *id = format!("{letter}{}", number + by);
        }
    };
    for finding in &mut report.findings {
        next(&mut finding.id, findings);
        finding.advice.iter_mut().for_each(|id| next(id, advice));
    }
    for remedy in &mut report.advice {
        next(&mut remedy.id, advice);
        next(&mut remedy.finding, findings);
    }
    for target in &mut report.targets {
        let packages = target.packages.iter_mut().flat_map(|p| &mut p.findings);
        let roots = target.roots.iter_mut().flat_map(|r| &mut r.findings);
        packages.chain(roots).for_each(|id| next(id, findings));
    }
}
