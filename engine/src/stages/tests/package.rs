//! The tests of one package: its binaries built and run, and what they did compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use analyzer::{Disk, System, Weight, build_causes, outline, weight};
use camino::{Utf8Path, Utf8PathBuf};
use model::{
    End, Entered, Goos, ListedPackage, Observation, RunBuild, RunKind, TestOutcome, TestResult,
};
use toolchain::{Linked, Platform, Scratch};

use super::{TestBuild, has_tests};
use crate::checkup::Checkup;
use crate::compare::{Compared, Suite, SuiteRun, read_suite};
use crate::hosts::Site;
use crate::settings::TestSettings;
use crate::stages::NETWORK;
use crate::stages::observation::blank;
use crate::stages::scan::places;
use crate::task::{Sees, Task, TaskKind};

/// First runs of a binary that are repeated in any case to see whether a difference stays; longer ones
/// as long as they take no more than this part of the time that is left.
const SHORT: Duration = Duration::from_secs(40);
const PART: u32 = 4;

/// Least time that a run gets.
const LEAST: Duration = Duration::from_secs(10);

/// Functions that tell a test from other functions of a test file (`go help testfunc`).
const TESTS: [&str; 3] = ["Test", "Example", "Fuzz"];

/// What became of a test binary.
enum Outcome {
    /// There are no tests.
    Nothing,
    /// It did not build; the go command's message.
    Failed(String),
    /// It could not be run, or there was no time.
    NotRun(String),
    /// It ran.
    Ran(Suite, Box<TestBinary>),
}

impl Outcome {
    fn suite(&self) -> Option<&Suite> {
        match self {
            Self::Ran(suite, _) => Some(suite),
            _ => None,
        }
    }

    /// In one sentence.
    fn summary(&self, tests: &BTreeMap<String, TestResult>) -> String {
        match self {
            Self::Nothing => "build constraints exclude all test files on this target".to_owned(),
            Self::Failed(said) => {
                let lines = said.lines().filter(|l| !l.starts_with("# "));
                let said = lines.collect::<Vec<_>>().join("\n");
                format!("the test binary does not build: {}", said.trim())
            }
            Self::NotRun(why) => format!("the tests could not be run: {why}"),
            Self::Ran(suite, _) => {
                let crash = suite.crash.as_ref();
                let ended = crash.map_or_else(String::new, |c| format!("; {}", c.message));
                format!("{}{ended}", model::summary_of_tests(&tests.values()))
            }
        }
    }
}

/// A test binary, removed when it is dropped.
struct TestBinary {
    file: Utf8PathBuf,
    /// How long its first run took.
    took: Duration,
    _scratch: Scratch,
}

/// The tests of one package.
pub(super) struct Suites<'s, 'r> {
    checkup: &'s Checkup<'r>,
    /// What the native tests are of, with which the others are compared.
    native: &'s Checkup<'r>,
    tests: TestSettings,
    package: &'s str,
}

impl<'s, 'r> Suites<'s, 'r> {
    pub(super) fn new(
        checkup: &'s Checkup<'r>,
        native: &'s Checkup<'r>,
        tests: TestSettings,
        package: &'s str,
    ) -> Self {
        Self {
            checkup,
            native,
            tests,
            package,
        }
    }

    /// Build and run for all places, natively too, and compare. Whether all of it could be done.
    pub(super) fn observe(&self, places: &[TestBuild]) -> (Vec<Observation>, bool) {
        let ran: Vec<(&TestBuild, Outcome)> = thread::scope(|scope| {
            let running: Vec<_> = places
                .iter()
                .map(|place| (place, scope.spawn(move || self.outcome(place))))
                .collect();
            let done = running.into_iter().map(|(place, run)| {
                let stopped = |_| Outcome::NotRun("the test runner was stopped".to_owned());
                (place, run.join().unwrap_or_else(stopped))
            });
            done.collect()
        });
        let whole = !ran.iter().any(|(_, o)| matches!(o, Outcome::NotRun(_)));
        let (here, native): (Vec<_>, Vec<_>) =
            ran.into_iter().partition(|(p, _)| p.site != Site::Native);
        let none = Suite::default();
        let native = native.first().and_then(|(_, outcome)| match outcome {
            Outcome::Ran(suite, _) => Some(suite),
            // Tests that do not exist natively can only be here.
            Outcome::Nothing | Outcome::Failed(_) => Some(&none),
            Outcome::NotRun(_) => None,
        });
        let here = here.into_iter();
        let seen = here.filter_map(|(place, outcome)| self.compare(place, native, outcome));
        (seen.collect(), whole)
    }

    fn checkup_of(&self, platform: Platform) -> &'s Checkup<'r> {
        match platform {
            Platform::Native => self.native,
            Platform::Wasm(_) => self.checkup,
        }
    }

    fn listed(&self, platform: Platform) -> Option<&'r ListedPackage> {
        let builds = self.checkup_of(platform).builds;
        builds.package(platform, self.package)
    }

    /// Build and run for a place, or natively, again without the tests that end the binary.
    fn outcome(&self, place: &TestBuild) -> Outcome {
        let Some(listed) = self.listed(place.site.platform()).filter(|p| has_tests(p)) else {
            return Outcome::Nothing;
        };
        let mut kept = match self.build(place) {
            Ok(Ok(kept)) => kept,
            Ok(Err(said)) => return Outcome::Failed(said),
            Err(why) => return Outcome::NotRun(why),
        };
        let mut why = String::new();
        let mut took = Duration::ZERO;
        let suite = Suite::measure(|skip| {
            let begun = Instant::now();
            let ran = self.once(place, listed, &kept.file, skip);
            if skip.is_empty() {
                took = begun.elapsed();
            }
            ran.inspect_err(|e| why.clone_from(e)).ok()
        });
        kept.took = took;
        match suite {
            Some(suite) => Outcome::Ran(suite, Box::new(kept)),
            None => Outcome::NotRun(why),
        }
    }

    fn build(&self, place: &TestBuild) -> Result<Result<TestBinary, String>, String> {
        let scratch = Scratch::new().map_err(|e| e.to_string())?;
        let dir = scratch.path();
        // Go's own name for it: programs print it.
        let name = self.package.rsplit('/').next().unwrap_or("package");
        let file = dir.join(format!("{name}.test"));
        let platform = place.site.platform();
        let built = self.checkup_of(platform).session.compile_test(
            platform,
            self.package,
            place.overlay.as_deref(),
            place.copy.as_deref(),
            &file,
        );
        Ok(match built.map_err(|e| e.to_string())? {
            Linked::Failed(said) => Err(said),
            Linked::Ok(file) => Ok(TestBinary {
                file,
                took: Duration::ZERO,
                _scratch: scratch,
            }),
        })
    }

    /// One run, as long as there is time.
    fn once(
        &self,
        place: &TestBuild,
        listed: &ListedPackage,
        file: &Utf8Path,
        skip: &BTreeSet<String>,
    ) -> Result<SuiteRun, String> {
        let checkup = self.checkup;
        if checkup.is_over() {
            return Err(checkup.ended_before("the tests were run"));
        }
        let left = checkup.deadline.left();
        let time = self.tests.timeout.min(left.max(LEAST));
        let task = Task {
            kind: TaskKind::Tests,
            args: skipping(skip),
            sees: Sees::Tests {
                dir: listed.dir.clone(),
            },
            ..Task::new(file, time)
        };
        let run = checkup.hosts.run(place.site, &task)?;
        if checkup.is_interrupted() {
            return Err(checkup.ended_before("the tests had ended"));
        }
        Ok(read_suite(&run.printed.both, run.exit, run.is_late()))
    }

    /// A second run, when a test differs: what then does as it does natively did not stay.
    fn again(&self, place: &TestBuild, native: &Suite, suite: &mut Suite, kept: &TestBinary) {
        let differs = |(name, outcome): (&String, &TestOutcome)| {
            native
                .tests
                .get(name)
                .is_some_and(|native| native != outcome)
        };
        let listed = self.listed(place.site.platform());
        let left = self.checkup.deadline.left();
        // What hung would hang again.
        let affordable =
            kept.took <= SHORT || suite.end != End::Timeout && kept.took * PART <= left;
        if !affordable || !suite.tests.iter().any(differs) {
            return;
        }
        let Some(Ok(again)) = listed.map(|l| self.once(place, l, &kept.file, &BTreeSet::new()))
        else {
            return;
        };
        for (name, outcome) in again.tests {
            if native.tests.get(&name) == Some(&outcome) {
                suite.tests.insert(name, outcome);
            }
        }
    }

    fn compare(
        &self,
        place: &TestBuild,
        native: Option<&Suite>,
        mut outcome: Outcome,
    ) -> Option<Observation> {
        let (Site::On(target), Platform::Wasm(goos)) = (place.site, place.site.platform()) else {
            return None;
        };
        if let (Some(native), Outcome::Ran(suite, kept)) = (native, &mut outcome) {
            self.again(place, native, suite, kept);
        }
        let (tests, entered) = self.results(goos, native, &outcome);
        let crash = outcome.suite().and_then(|s| s.crash.as_ref());
        let mut seen = Observation {
            summary: outcome.summary(&tests),
            tests,
            entered,
            host: self.checkup.hosts.name(target),
            stack: crash.map(|c| c.stack.clone()).unwrap_or_default(),
            ..blank(target, self.package, RunKind::Test)
        };
        (seen.build, seen.end) = match &outcome {
            Outcome::Nothing => (RunBuild::None, None),
            Outcome::Failed(_) => (RunBuild::Fail, None),
            Outcome::NotRun(_) => (RunBuild::Ok, None),
            Outcome::Ran(suite, _) => (RunBuild::Ok, Some(suite.end)),
        };
        Some(seen)
    }

    /// Each test compared with its native run, and the hooked functions that were entered.
    fn results(
        &self,
        goos: Goos,
        native: Option<&Suite>,
        outcome: &Outcome,
    ) -> (BTreeMap<String, TestResult>, Vec<Entered>) {
        let declared = self.declared();
        let selected = self.test_files(Platform::Wasm(goos));
        let built = |name: &str| {
            declared
                .get(name)
                .is_none_or(|file| selected.contains(file))
        };
        let failed = match outcome {
            Outcome::Failed(said) => {
                build_causes(said, self.checkup.session.root(), places(self.checkup))
            }
            _ => Vec::new(),
        };
        let left_out = |name: &str| {
            let file = declared.get(name).filter(|file| !selected.contains(*file));
            let file = file.map(|file| places(self.checkup).name(file));
            file.into_iter().chain(failed.iter().cloned()).collect()
        };
        let compared = Compared {
            native,
            here: outcome.suite(),
            built: &built,
            left_out: &left_out,
            other_code: &self.other_code(goos),
            network: NETWORK,
            weight: &|symbol| weight(symbol).map(|w| w as u8),
            weak: Weight::Weak as u8,
            goroot: self.checkup.session.env().goroot.as_str(),
        };
        (compared.results(), compared.entered())
    }

    /// The test files of a build.
    fn test_files(&self, platform: Platform) -> BTreeSet<Utf8PathBuf> {
        let listed = self.listed(platform);
        let files = listed.map(|p| p.test_go_files.iter().chain(&p.xtest_go_files));
        let dir = listed.map(|p| p.dir.clone()).unwrap_or_default();
        files.into_iter().flatten().map(|f| dir.join(f)).collect()
    }

    /// Where the tests of this machine's build are declared.
    fn declared(&self) -> BTreeMap<String, Utf8PathBuf> {
        let mut declared = BTreeMap::new();
        for file in self.test_files(Platform::Native) {
            let bytes = Disk.read(&file).unwrap_or_default();
            let text = Arc::new(String::from_utf8_lossy(&bytes).into_owned());
            let decls = outline(&text).decls;
            let names = decls.iter().filter_map(|d| d.strip_prefix("func "));
            let tests = names.filter(|name| TESTS.iter().any(|t| name.starts_with(t)));
            declared.extend(tests.map(|name| (name.to_owned(), file.clone())));
        }
        declared
    }

    /// The package's own files that this build selects and the native one does not.
    fn other_code(&self, goos: Goos) -> Vec<String> {
        let (Some(here), Some(native)) = (
            self.listed(Platform::Wasm(goos)),
            self.listed(Platform::Native),
        ) else {
            return Vec::new();
        };
        let files = here
            .go_files
            .iter()
            .filter(|file| !native.go_files.contains(file) && !native.cgo_files.contains(file));
        files
            .map(|f| places(self.checkup).name(&here.dir.join(f)))
            .collect()
    }
}

/// The flag that leaves top-level tests out.
fn skipping(skip: &BTreeSet<String>) -> Vec<String> {
    if skip.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = skip.iter().map(String::as_str).collect();
    vec![format!("-test.skip=^({})$", names.join("|"))]
}
