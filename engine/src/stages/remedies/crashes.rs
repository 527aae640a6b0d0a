//! Other versions of dependencies in which programs crash, or the initialisation of packages does.

use std::collections::BTreeMap;

use advisors::Trial;
use model::{End, Observation, Report, Rule, RunKind};
use toolchain::Platform;

use super::TrialWork;
use crate::checkup::Checkup;

/// Most modules whose versions are tried.
const MODULES: usize = 4;

/// Try versions of the modules in which the packages of the module being checked crash; a version is good when they do
/// not crash with it. False where it could not be asked what versions there are.
pub(super) fn upgrade(checkup: &Checkup<'_>, report: &mut Report) -> bool {
    let mut asked = true;
    let mut ended = Vec::new();
    for trial in trials(checkup, report).into_iter().take(MODULES) {
        if checkup.is_over() {
            break;
        }
        let mut work = TrialWork::new(checkup, &trial);
        work.crashes = true;
        work.upgrade(report);
        work.say_if_nothing_helps(report);
        asked &= work.asked;
        ended.append(&mut work.ended);
    }
    report.incomplete.extend(super::ended_attempts(&ended));
    asked
}

/// For each module in which packages crash, what must not crash any more.
fn trials(checkup: &Checkup<'_>, report: &Report) -> Vec<Trial> {
    let mut trials: BTreeMap<(String, String), Trial> = BTreeMap::new();
    for seen in &report.observations {
        let goos = seen.target.goos();
        let Some((module, version)) = culprit(checkup, seen) else {
            continue;
        };
        let ids = report.findings.iter().filter(|f| {
            f.rule == Rule::Crash && f.package == seen.package && f.targets.contains(&seen.target)
        });
        let ids: Vec<String> = ids.map(|f| f.id.clone()).collect();
        let trial = trials
            .entry((module.clone(), version.clone()))
            .or_insert_with(|| Trial::of_versions(module, version));
        for id in ids {
            if !trial.findings.contains(&id) {
                trial.findings.push(id);
            }
        }
        let packages = trial.packages.entry(goos).or_default();
        packages.insert(seen.package.clone());
        if !trial.targets.contains(&seen.target) {
            trial.targets.push(seen.target);
        }
    }
    let trials = trials.into_values();
    trials.filter(|trial| !trial.findings.is_empty()).collect()
}

/// The dependency, with its version, whose function is the innermost one of a crash, the standard library left out. In
/// a browser nothing is tried.
fn culprit(checkup: &Checkup<'_>, seen: &Observation) -> Option<(String, String)> {
    let goos = seen.target.goos();
    let is_tried = matches!(seen.kind, RunKind::Init | RunKind::Main)
        && seen.scenario.is_none()
        && seen.end == Some(End::Crash)
        && seen.target == goos.representative();
    if !is_tried {
        return None;
    }
    let frames = seen.stack.iter();
    let mut packages =
        frames.filter_map(|f| checkup.builds.package(Platform::Wasm(goos), f.package()));
    let module = packages.find(|p| !p.standard)?.module.as_ref()?;
    let named = !module.main && !module.version.is_empty() && module.replace.is_none();
    named.then(|| (module.path.clone(), module.version.clone()))
}
