//! What the tests of packages that remedies mend do with all remedies together, and the scenarios of their programs:
//! compared with what they do natively in the module as it is.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Builds as PackageBuilds, Confirmed, End, Goos, Observation, Report, RunBuild, RunKind, Stage,
    Target, TestClass, Tested, Verdict, summary_of_tests,
};
use toolchain::{Error, Platform, Session};

use super::needs;
use crate::builds::Builds;
use crate::checkup::Checkup;
use crate::incomplete::incomplete;
use crate::stages::{scenarios, tests};

/// For each build, what each package imports, itself included.
type Imports = BTreeMap<Goos, BTreeMap<String, BTreeSet<String>>>;

/// Test what is mended, where the user asks for tests or has scenarios, and put it into the advice. `session` opens the
/// module with all remedies.
pub(super) fn judge(
    checkup: &Checkup<'_>,
    report: &mut Report,
    session: impl FnOnce() -> Result<Session, Error>,
) {
    let asked = checkup.settings.tests.is_some() || !checkup.config.scenario.is_empty();
    let wanted = mended(report);
    if !asked || wanted.is_empty() {
        return;
    }
    let why = match session().and_then(|session| observe(checkup, &session, &wanted)) {
        Ok((seen, imports, whole)) => {
            tell(report, &seen, &imports);
            let what = "all tests and scenarios of what is mended were run";
            (!whole).then(|| checkup.ended_before(what))
        }
        Err(e) => Some(format!(
            "the tests and scenarios of what is mended could not be run: {e}"
        )),
    };
    let missing = why.map(|why| incomplete(Stage::Advise, None, why));
    report.incomplete.extend(missing);
}

/// Own packages that failed before, where something helps.
fn mended(report: &Report) -> BTreeSet<String> {
    let helped: BTreeSet<Target> = report
        .advice
        .iter()
        .flat_map(|a| &a.confirmed)
        .filter(|(_, confirmed)| confirmed.is_good())
        .map(|(target, _)| *target)
        .collect();
    let targets = report.targets.iter();
    let targets = targets.filter(|t| helped.contains(&t.target));
    let own = targets.flat_map(|t| &t.packages).filter(|p| p.own);
    let failed = own.filter(|p| p.builds == PackageBuilds::No);
    let crashed = report.observations.iter().filter(|o| {
        o.kind != RunKind::Test && o.end == Some(End::Crash) && helped.contains(&o.target)
    });
    failed
        .map(|p| p.package.clone())
        .chain(crashed.map(|o| o.package.clone()))
        .collect()
}

/// What tests and scenarios of packages do with the remedies, what the packages import, and whether there was time for
/// all.
fn observe(
    checkup: &Checkup<'_>,
    session: &Session,
    wanted: &BTreeSet<String>,
) -> Result<(Vec<Observation>, Imports, bool), Error> {
    let patterns: Vec<String> = wanted.iter().cloned().collect();
    let mut builds = Builds::default();
    let mut imports = Imports::new();
    for (goos, _) in checkup.builds.wasm() {
        let platform = Platform::Wasm(goos);
        let listing = session.list(platform, &patterns)?;
        let packages = listing.packages.iter();
        let of_path = packages.map(|p| (p.import_path.as_str(), p)).collect();
        let needs = patterns.iter().map(|p| (p.clone(), needs([p], &of_path)));
        imports.insert(goos, needs.collect());
        builds.insert(platform, listing);
    }
    if let Some(native) = checkup.builds.get(Platform::Native) {
        builds.insert(Platform::Native, native.clone());
    }
    let candidate = Checkup {
        session,
        builds: &builds,
        ..*checkup
    };
    let (mut seen, mut whole) = (Vec::new(), true);
    if let Some(settings) = checkup.settings.tests {
        let (tested, all) = tests::of_candidate(checkup, &candidate, settings, wanted);
        seen.extend(tested);
        whole &= all;
    }
    let (played, all) = scenarios::of_candidate(checkup, &candidate, wanted);
    seen.extend(played);
    Ok((seen, imports, whole & all))
}

/// Say of each advice what was seen of packages that need what it changes.
fn tell(report: &mut Report, seen: &[Observation], imports: &Imports) {
    for advice in report.advice.iter_mut().filter(|a| a.helps()) {
        let at_fault = report
            .findings
            .iter()
            .filter(|f| f.advice.contains(&advice.id));
        let at_fault: BTreeSet<&String> = at_fault.map(|f| &f.package).collect();
        let concerns = |o: &&Observation| {
            let needs = imports
                .get(&o.target.goos())
                .and_then(|i| i.get(&o.package));
            advice.confirmed.get(&o.target).is_some_and(|c| c.is_good())
                && needs.is_some_and(|needs| at_fault.iter().any(|p| needs.contains(*p)))
        };
        let tested: Vec<Tested> = seen.iter().filter(concerns).map(tested).collect();
        for (target, confirmed) in &mut advice.confirmed {
            let mut here = tested.iter().filter(|t| t.target == *target).peekable();
            if here.peek().is_some() && here.all(|t| t.same == Some(true)) {
                *confirmed = Confirmed::Tests;
            }
        }
        advice.tested = tested;
    }
}

/// One observation as an advice has it.
fn tested(seen: &Observation) -> Tested {
    let (scenario, same) = match &seen.scenario {
        Some(told) => (Some(told.name.clone()), is_same(told)),
        None => (None, do_same(seen)),
    };
    let summary = if seen.tests.is_empty() {
        seen.summary.clone()
    } else {
        summary_of_tests(&seen.tests.values())
    };
    Tested {
        package: seen.package.clone(),
        scenario,
        target: seen.target,
        same,
        summary: super::first_lines(&summary),
    }
}

/// Whether a scenario does what it does natively; not known where that was not run, and it ends as its owners expect.
fn is_same(told: &model::Scenario) -> Option<bool> {
    match told.class {
        TestClass::Same => Some(true),
        _ if !told.differences.is_empty() => Some(false),
        _ => None,
    }
}

/// Whether tests do what they do natively.
fn do_same(seen: &Observation) -> Option<bool> {
    let ran = seen.build == RunBuild::Ok && !seen.tests.is_empty();
    match tests::verdict(seen) {
        Verdict::Works if ran => Some(true),
        Verdict::FailsAtRunTime => Some(false),
        _ => None,
    }
}
