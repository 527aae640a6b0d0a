//! Several modules in one report: nested ones, those of a workspace.

use std::collections::BTreeMap;

use model::{Builds, Finding, Package, Report, Root, TargetReport, Verdict};

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

/// From ids of the report that is taken in to ids of the one that takes it.
type Ids = BTreeMap<String, String>;

fn absorb(into: &mut Report, mut other: Report) {
    let advice: Ids = (1..)
        .zip(&other.advice)
        .map(|(n, a)| (a.id.clone(), format!("A{}", into.advice.len() + n)))
        .collect();
    let findings = absorb_findings(
        &mut into.findings,
        std::mem::take(&mut other.findings),
        &advice,
    );
    for mut remedy in other.advice {
        rename(&mut remedy.id, &advice);
        rename(&mut remedy.finding, &findings);
        into.advice.push(remedy);
    }
    into.wasm.append(&mut other.wasm);
    into.observations.append(&mut other.observations);
    for mut incomplete in other.incomplete {
        // What holds for the whole run is kept once.
        if into.incomplete.contains(&incomplete) {
            continue;
        }
        incomplete.reason = format!("{}: {}", other.module.path, incomplete.reason);
        into.incomplete.push(incomplete);
    }
    for mut target in other.targets {
        let packages = target.packages.iter_mut().flat_map(|p| &mut p.findings);
        let roots = target.roots.iter_mut().flat_map(|r| &mut r.findings);
        packages.chain(roots).for_each(|id| rename(id, &findings));
        match into.targets.iter_mut().find(|t| t.target == target.target) {
            Some(same) => absorb_target(same, target),
            None => into.targets.push(target),
        }
    }
}

fn rename(id: &mut String, ids: &Ids) {
    if let Some(new) = ids.get(id) {
        id.clone_from(new);
    }
}

/// A finding that both modules meet is one; its chains come from both.
fn absorb_findings(into: &mut Vec<Finding>, other: Vec<Finding>, advice: &Ids) -> Ids {
    let mut ids = Ids::new();
    for mut finding in other {
        let same = into.iter_mut().find(|f| {
            (&f.fingerprint, &f.package, &f.file, f.line, f.column)
                == (
                    &finding.fingerprint,
                    &finding.package,
                    &finding.file,
                    finding.line,
                    finding.column,
                )
        });
        if let Some(same) = same {
            ids.insert(finding.id, same.id.clone());
            let new = finding
                .chains
                .into_iter()
                .filter(|c| !same.chains.contains(c));
            same.chains.extend(new.collect::<Vec<_>>());
            continue;
        }
        let id = format!("F{}", into.len() + 1);
        ids.insert(std::mem::replace(&mut finding.id, id.clone()), id);
        finding.advice.iter_mut().for_each(|id| rename(id, advice));
        into.push(finding);
    }
    ids
}

fn absorb_target(into: &mut TargetReport, other: TargetReport) {
    for package in other.packages {
        absorb_package(&mut into.packages, package);
    }
    into.packages
        .sort_by(|a, b| (!a.own, &a.package).cmp(&(!b.own, &b.package)));
    let own: Vec<_> = into
        .packages
        .iter()
        .filter(|p| p.own && p.builds != Builds::Absent)
        .collect();
    let builds = own.iter().filter(|p| p.builds == Builds::Yes).count();
    into.builds_percent = percent(builds, own.len());
    let works = own.iter().filter(|p| p.verdict == Verdict::Works).count();
    into.works_percent = percent(works, own.len());
    // A module that could not be judged at all has no package to say so.
    let unjudged = [into.verdict, other.verdict].contains(&Verdict::Unknown);
    let worst = own.iter().map(|p| p.verdict).min();
    into.verdict = worst
        .into_iter()
        .chain(unjudged.then_some(Verdict::Unknown))
        .min()
        .unwrap_or(Verdict::Absent);
    absorb_roots(&mut into.roots, other.roots);
}

/// Share of a whole with one decimal, rounded down so that 100 means all.
fn percent(part: usize, whole: usize) -> Option<f64> {
    let tenths = (part * 1000).checked_div(whole)?;
    u32::try_from(tenths).ok().map(|t| f64::from(t) / 10.0)
}

/// Roots that both modules have are one; all of them in fix order.
fn absorb_roots(into: &mut Vec<Root>, other: Vec<Root>) {
    let mut roots: BTreeMap<String, Root> = BTreeMap::new();
    for root in std::mem::take(into).into_iter().chain(other) {
        match roots.get_mut(&root.root) {
            None => {
                roots.insert(root.root.clone(), root);
            }
            Some(same) => {
                same.unblocks += root.unblocks;
                same.victims += root.victims;
                same.effort = same.effort.max(root.effort);
                let new = root
                    .findings
                    .into_iter()
                    .filter(|id| !same.findings.contains(id));
                same.findings.extend(new.collect::<Vec<_>>());
            }
        }
    }
    *into = roots.into_values().collect();
    into.sort_by(|a, b| {
        (b.unblocks, b.victims, a.effort, &a.root).cmp(&(a.unblocks, a.victims, b.effort, &b.root))
    });
}

/// A package that one module owns and another depends on is an own one.
fn absorb_package(into: &mut Vec<Package>, package: Package) {
    match into.iter_mut().find(|p| p.package == package.package) {
        None => into.push(package),
        Some(same) if package.own && !same.own => *same = package,
        Some(same) => {
            let new = package
                .findings
                .into_iter()
                .filter(|id| !same.findings.contains(id));
            same.findings.extend(new.collect::<Vec<_>>());
        }
    }
}
