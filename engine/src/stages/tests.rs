//! `--tests`: the module's own tests, under wasm and natively, test by test.
//!
//! Each package has one test binary for each platform: built, run, and removed. The wasm binaries are
//! built with hooks in the standard library, which say what a test enters that fails, fakes or lies.

mod package;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use camino::Utf8PathBuf;
use model::{
    HostKind, Incomplete, ListedPackage, Observation, Report, RunBuild, Target, TestClass, Verdict,
};
use toolchain::Platform;

use self::package::Suites;
use super::run::NO_SCRIPT;
use crate::checkup::Checkup;
use crate::events::{Event, Step};
use crate::hosts::Site;
use crate::incomplete::incomplete;
use crate::settings::TestSettings;
use model::Stage;

/// A build whose tests are run.
#[derive(Debug)]
struct TestBuild {
    /// Where they run.
    site: Site,
    /// The overlay with the hooks; none natively, and where there is no room for it.
    overlay: Option<Utf8PathBuf>,
    /// Outside of the sandbox: the copy of the module in which they are built and run.
    copy: Option<Utf8PathBuf>,
}

/// Run all tests; what became of them goes into the report.
pub(crate) fn run(checkup: Checkup<'_>, tests: TestSettings, report: &mut Report) {
    let places = places(&checkup, tests, &mut report.incomplete);
    let packages = packages(&checkup, &places);
    if packages.is_empty() {
        report.incomplete.retain(|i| i.stage != Stage::Test);
        say(&mut report.incomplete, None, NO_TESTS.to_owned());
        return;
    }
    let both = Both {
        wasm: &checkup,
        native: &checkup,
    };
    let (mut seen, cut) = all(&both, tests, &packages, &places);
    seen.sort_by(|a, b| (a.target, &a.package).cmp(&(b.target, &b.package)));
    report.observations.append(&mut seen);
    if !cut.is_empty() {
        let why = checkup.ended_before_all("the tests of ", cut.len(), "package", " were run");
        say(&mut report.incomplete, None, why);
    }
    judge(report);
}

/// What is tested under wasm, and what is tested natively to compare it with.
struct Both<'s, 'r> {
    wasm: &'s Checkup<'r>,
    native: &'s Checkup<'r>,
}

/// What the tests of packages do in a candidate, compared with the module as it is, and whether there was time for all.
/// Nothing where there is nothing to compare with.
pub(super) fn of_candidate(
    checkup: &Checkup<'_>,
    candidate: &Checkup<'_>,
    tests: TestSettings,
    wanted: &BTreeSet<String>,
) -> (Vec<Observation>, bool) {
    // What cannot be run was said of the module's own tests.
    let mut places = places(candidate, tests, &mut Vec::new());
    if !places.iter().any(|p| p.site == Site::Native) {
        return (Vec::new(), true);
    }
    for place in places.iter_mut().filter(|p| p.site != Site::Native) {
        // The files of a candidate lie over the module, and over no copy of it.
        place.copy = None;
    }
    let mut packages = packages(checkup, &places);
    packages.retain(|package| wanted.contains(*package));
    let both = Both {
        wasm: candidate,
        native: checkup,
    };
    let (seen, cut) = all(&both, tests, &packages, &places);
    (seen, cut.is_empty())
}

/// What was seen of all packages, several at once, and those for which there was no time.
fn all(
    both: &Both<'_, '_>,
    tests: TestSettings,
    packages: &[&str],
    places: &[TestBuild],
) -> (Vec<Observation>, BTreeSet<String>) {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let queue = Mutex::new(packages.iter().copied().enumerate());
    let done = Mutex::new((Vec::new(), BTreeSet::new()));
    let checkup = both.wasm;
    let work = || {
        loop {
            let Some((number, package)) = lock(&queue).next() else {
                return;
            };
            let (seen, whole) = if checkup.is_over() {
                (Vec::new(), false)
            } else {
                checkup.tell(Event::Testing {
                    package,
                    step: Step {
                        number: number + 1,
                        of: packages.len(),
                    },
                });
                Suites::new(checkup, both.native, tests, package).observe(places)
            };
            let mut done = lock(&done);
            done.0.extend(seen);
            if !whole {
                done.1.insert(package.to_owned());
            }
        }
    };
    thread::scope(|scope| {
        // Each package is built and run for its platforms at once.
        for _ in 0..cores.div_ceil(2) {
            scope.spawn(work);
        }
    });
    done.into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The builds whose tests can be run here.
fn places(
    checkup: &Checkup<'_>,
    tests: TestSettings,
    missing: &mut Vec<Incomplete>,
) -> Vec<TestBuild> {
    let mut places = Vec::new();
    for target in checkup.settings.targets.iter().copied() {
        if !checkup.hosts.runs(Site::On(target)) {
            if target.host() == HostKind::Node {
                say(missing, Some(target), NO_SCRIPT.to_owned());
            }
            continue;
        }
        match place(checkup, Site::On(target)) {
            Ok(mut place) => {
                let hooks = super::hooks(checkup, target);
                let hooks = hooks.inspect_err(|e| say(missing, Some(target), e.to_string()));
                place.overlay = hooks.ok();
                places.push(place);
            }
            Err(why) => say(missing, Some(target), why),
        }
    }
    if !tests.native {
        say(missing, None, NO_NATIVE.to_owned());
        return places;
    }
    match place(checkup, Site::Native) {
        Ok(place) => places.push(place),
        Err(why) => {
            let why = format!("the tests were not run natively: {why}");
            say(missing, None, why);
        }
    }
    places
}

/// A place without hooks.
fn place(checkup: &Checkup<'_>, site: Site) -> Result<TestBuild, String> {
    let copy = checkup.hosts.of(site)?.test_copy()?;
    Ok(TestBuild {
        site,
        overlay: None,
        copy,
    })
}

/// Own packages with tests, natively or here.
fn packages<'c>(checkup: &Checkup<'c>, places: &[TestBuild]) -> Vec<&'c str> {
    let wanted = |platform: Platform| {
        let runs = || places.iter().any(|p| p.site.platform() == platform);
        platform == Platform::Native || runs()
    };
    let listings = checkup.builds.iter();
    let listings = listings.filter(|(platform, _)| wanted(*platform));
    let packages = listings.flat_map(|(_, listing)| &listing.packages);
    let own = packages.filter(|p| {
        let module = p.module.as_ref();
        let own = module.is_some_and(|m| m.main && m.path == checkup.module);
        own && !p.dep_only && has_tests(p)
    });
    let paths: BTreeSet<&str> = own.map(|p| p.import_path.as_str()).collect();
    paths.into_iter().collect()
}

const NO_TESTS: &str = "no package of the module has tests";
const NO_NATIVE: &str = "the tests were not run natively, so that there is nothing to compare with: native tests are not in the sandbox; if you trust the code, `--native` runs them";

fn has_tests(package: &ListedPackage) -> bool {
    !package.test_go_files.is_empty() || !package.xtest_go_files.is_empty()
}

fn say(missing: &mut Vec<Incomplete>, target: Option<Target>, reason: String) {
    missing.push(incomplete(Stage::Test, target, reason));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Verdicts of the tests of packages.
fn judge(report: &mut Report) {
    for target in &mut report.targets {
        for package in target.packages.iter_mut().filter(|p| p.own) {
            let mut seen = report.observations.iter();
            let seen = seen.find(|o| {
                o.kind == model::RunKind::Test
                    && o.target == target.target
                    && o.package == package.package
            });
            if let Some(seen) = seen {
                package.tests = verdict(seen);
            }
        }
    }
}

/// What the tests of one package say of it.
pub(super) fn verdict(seen: &Observation) -> Verdict {
    let has = |classes: &[TestClass]| seen.tests.values().any(|t| classes.contains(&t.class));
    match seen.build {
        RunBuild::Fail => Verdict::FailsToBuild,
        RunBuild::None => Verdict::Absent,
        RunBuild::Ok if seen.end.is_none() => Verdict::Unknown,
        RunBuild::Ok => {
            if has(&[
                TestClass::Differs,
                TestClass::TimedOut,
                TestClass::NotReached,
                TestClass::NotStarted,
            ]) {
                Verdict::FailsAtRunTime
            } else if has(&[
                TestClass::FakeNetwork,
                TestClass::Skipped,
                TestClass::NotBuilt,
            ]) {
                Verdict::SilentlyDifferent
            } else if has(&[TestClass::NotCompared]) {
                Verdict::Unknown
            } else {
                Verdict::Works
            }
        }
    }
}
