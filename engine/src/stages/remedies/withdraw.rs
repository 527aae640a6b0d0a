//! Versions and tags that help what failed, and break what did not: with all of them together, what built before has to
//! build, on the targets and on this machine. Changes of the source would only hide it.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{Attempt, Builds, Confirmed, Edit, ListedPackage, Report, Target};
use toolchain::{Error, Platform};

use super::candidate::Candidate;
use super::{first_lines, go_within, mending, why_not};
use crate::checkup::Checkup;

/// Longest compiling of the module with some edits, within the time for remedies.
const EACH: Duration = Duration::from_mins(10);

/// A package that built before, and what is said of it now.
struct Damage {
    platform: Platform,
    package: String,
    why: String,
}

/// Take back what breaks something. Its advice says what.
pub(super) fn withdraw(checkup: &Checkup<'_>, report: &mut Report) -> Result<(), Error> {
    loop {
        let edits = mending::confirmed_edits(checkup, report);
        if edits.is_empty() || checkup.is_over() {
            return Ok(());
        }
        let damage = damage(checkup, report, &edits, None)?;
        let Some(first) = damage.first() else {
            return Ok(());
        };
        let culprit = culprit(checkup, report, &edits, &damage)?;
        say(report, &edits[culprit], first);
    }
}

/// The edit without which least is broken.
fn culprit(
    checkup: &Checkup<'_>,
    report: &Report,
    edits: &[Edit],
    broken: &[Damage],
) -> Result<usize, Error> {
    let packages: BTreeSet<String> = broken.iter().map(|d| d.package.clone()).collect();
    let mut best = (broken.len(), edits.len() - 1);
    for number in (0..edits.len()).rev().filter(|_| edits.len() > 1) {
        if checkup.is_over() {
            break;
        }
        let mut others = edits.to_vec();
        others.remove(number);
        let left = damage(checkup, report, &others, Some(&packages))?.len();
        best = best.min((left, number));
        if left == 0 {
            break;
        }
    }
    Ok(best.1)
}

/// What no longer builds with some edits, of all own packages or of some.
fn damage(
    checkup: &Checkup<'_>,
    report: &Report,
    edits: &[Edit],
    of: Option<&BTreeSet<String>>,
) -> Result<Vec<Damage>, Error> {
    let go = go_within(checkup, EACH);
    let patterns = match of {
        Some(packages) => packages.iter().cloned().collect(),
        None => vec!["./...".to_owned()],
    };
    let wasm = checkup.builds.wasm().map(|(goos, _)| Platform::Wasm(goos));
    let mut all = Vec::new();
    for platform in wasm.chain([Platform::Native]) {
        let edits: Vec<Edit> = edits
            .iter()
            .filter(|e| is_for(e, platform, report))
            .cloned()
            .collect();
        let session = checkup.session.candidate(&go, &edits)?;
        let with = session.compile_listed(platform, &patterns)?;
        let failing = with.packages.iter().filter(|p| fails(p));
        let failing: Vec<&ListedPackage> = failing.collect();
        let good = good_before(checkup, report, platform, &failing)?;
        for package in failing {
            if good.contains(&package.import_path) {
                all.push(Damage {
                    platform,
                    package: package.import_path.clone(),
                    why: first_lines(&why_not(package, &with.packages)),
                });
            }
        }
    }
    Ok(all)
}

/// Whether an edit is made for a build: a tag is given to those that it helps.
fn is_for(edit: &Edit, platform: Platform, report: &Report) -> bool {
    let Edit::Tag { .. } = edit else {
        return true;
    };
    let Platform::Wasm(goos) = platform else {
        return false;
    };
    let mut advice = report.advice.iter().filter(|a| a.edits.contains(edit));
    advice.any(|a| {
        let mut confirmed = a.confirmed.iter();
        confirmed.any(|(target, how)| target.goos() == goos && how.is_good())
    })
}

/// Whether a package of the module, which has files, did not compile.
fn fails(package: &ListedPackage) -> bool {
    let own = package.module.as_ref().is_some_and(|m| m.main) && !package.dep_only;
    own && package.export.is_empty() && !package.go_files.is_empty()
}

/// Those of some packages that build without the edits.
fn good_before(
    checkup: &Checkup<'_>,
    report: &Report,
    platform: Platform,
    packages: &[&ListedPackage],
) -> Result<BTreeSet<String>, Error> {
    let names: Vec<String> = packages.iter().map(|p| p.import_path.clone()).collect();
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    if let Platform::Wasm(goos) = platform {
        let targets = report.targets.iter().filter(|t| t.target.goos() == goos);
        let listed = targets.flat_map(|t| &t.packages);
        let good = listed.filter(|p| p.builds == Builds::Yes);
        return Ok(good.map(|p| p.package.clone()).collect());
    }
    let session = checkup.session.candidate(&go_within(checkup, EACH), &[])?;
    let before = session.compile_listed(platform, &names)?;
    let good = before.packages.into_iter().filter(|p| !p.export.is_empty());
    Ok(good.map(|p| p.import_path).collect())
}

/// Of the advice that makes an edit, nothing is confirmed any more.
fn say(report: &mut Report, edit: &Edit, damage: &Damage) {
    let on = match damage.platform {
        Platform::Wasm(goos) => format!("for {}", goos.name()),
        Platform::Native => "on this machine".to_owned(),
    };
    let what = Candidate::from(edit.clone()).name();
    let advice = report.advice.iter_mut();
    for advice in advice.filter(|a| a.helps() && a.edits.contains(edit)) {
        let targets: Vec<Target> = advice.confirmed.keys().copied().collect();
        for confirmed in advice.confirmed.values_mut() {
            *confirmed = Confirmed::CouldNot;
        }
        advice.tried.push(Attempt {
            what: what.clone(),
            targets,
            outcome: Confirmed::CouldNot,
            why: Some(format!(
                "{} no longer builds {on}: {}",
                damage.package, damage.why
            )),
        });
    }
}
