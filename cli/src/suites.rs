//! `--tests`: the module's own tests, under wasm and natively, test by test.
//!
//! Each package has one test binary for each platform: built, run, and removed. The wasm binaries are
//! built with hooks in the standard library, which say what a test enters that fails, fakes or lies.

mod package;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use analyzer::Disk;
use camino::{Utf8Path, Utf8PathBuf};
use model::{
    Goos, Incomplete, ListedPackage, Listing, Observation, Report, RunBuild, Target, TestClass,
    Verdict,
};
use toolchain::Session;

use self::package::Suites;
use crate::check::{Settings, TestSettings};
use crate::progress::Progress;
use crate::sandbox::{Copy, Sandbox};

/// The function that stands for Go's network inside the process.
pub(crate) const NETWORK: &str = "net.socket";

/// What Go lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed<'l> {
    /// On this machine; none when it could not be listed.
    pub(crate) native: Option<&'l Listing>,
    /// For each wasm build.
    pub(crate) wasm: &'l [(Goos, Listing)],
}

impl<'l> Listed<'l> {
    /// The builds that could be listed.
    pub(crate) fn builds(self) -> impl Iterator<Item = Goos> + 'l {
        self.wasm.iter().map(|(goos, _)| *goos)
    }

    /// A package of a build.
    fn package(&self, goos: Option<Goos>, path: &str) -> Option<&'l ListedPackage> {
        let listing = match goos {
            None => self.native?,
            Some(goos) => self.wasm.iter().find(|(g, _)| *g == goos).map(|(_, l)| l)?,
        };
        listing.packages.iter().find(|p| p.import_path == path)
    }
}

/// A build whose tests are run.
#[derive(Debug)]
struct Place {
    /// None for that of this machine.
    wasm: Option<(Goos, Target)>,
    /// The overlay with the hooks; none where there is no room for it.
    overlay: Option<Utf8PathBuf>,
    /// Outside of the sandbox: where tests run.
    copy: Option<Copy>,
}

impl Place {
    fn target(&self) -> Option<Target> {
        self.wasm.map(|(_, target)| target)
    }

    fn goos(&self) -> Option<Goos> {
        self.wasm.map(|(goos, _)| goos)
    }
}

/// Runs the tests of a module.
pub(crate) struct Stage<'r> {
    pub(crate) module: &'r str,
    pub(crate) top: &'r Utf8Path,
    pub(crate) session: &'r Session,
    pub(crate) settings: &'r Settings,
    pub(crate) tests: TestSettings,
    pub(crate) progress: &'r Progress,
    pub(crate) sandbox: &'r Sandbox<'r>,
    pub(crate) deadline: Instant,
    pub(crate) listed: Listed<'r>,
}

impl Stage<'_> {
    /// Run all tests; what became of them goes into the report.
    pub(crate) fn run(&self, report: &mut Report) {
        let places = self.places(report);
        let packages = self.packages(&places);
        let cut = self.all(&packages, &places, report);
        if !cut.is_empty() {
            let budget = humantime::format_duration(self.settings.budget);
            let count = model::count(cut.len(), "package");
            say(
                report,
                None,
                format!(
                    "the budget of {budget} was used up before the tests of {count} were run; --budget raises it"
                ),
            );
        }
        judge(report);
    }

    /// The packages, several at once.
    fn all(&self, packages: &[&str], places: &[Place], report: &mut Report) -> BTreeSet<String> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let queue = Mutex::new(packages.iter().copied().enumerate());
        let done = Mutex::new((Vec::new(), BTreeSet::new()));
        thread::scope(|scope| {
            // Each package is built and run for its platforms at once.
            for _ in 0..cores.div_ceil(2) {
                scope.spawn(|| {
                    loop {
                        let Some((number, package)) = lock(&queue).next() else {
                            return;
                        };
                        if self.is_over() {
                            lock(&done).1.insert(package.to_owned());
                            continue;
                        }
                        self.progress.phase(&format!(
                            "testing {package} ({} of {})",
                            number + 1,
                            packages.len()
                        ));
                        let (seen, whole) = Suites::new(self, package).observe(places);
                        let mut done = lock(&done);
                        done.0.extend(seen);
                        if !whole {
                            done.1.insert(package.to_owned());
                        }
                    }
                });
            }
        });
        let (mut seen, cut) = done
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.sort_by(|a: &Observation, b| (a.target, &a.package).cmp(&(b.target, &b.package)));
        report.observations.append(&mut seen);
        cut
    }

    fn is_over(&self) -> bool {
        self.session.interrupt().is_raised() || Instant::now() >= self.deadline
    }

    /// The builds whose tests can be run here.
    fn places(&self, report: &mut Report) -> Vec<Place> {
        let mut places = Vec::new();
        for target in self.settings.targets.iter().copied() {
            if !self.sandbox.runs(target) {
                if target == Target::JsNode {
                    say(report, Some(target), crate::run::NO_SCRIPT.to_owned());
                }
                continue;
            }
            let goos = target.goos();
            let copy = match target {
                Target::JsNode if self.sandbox.node.is_some() => {
                    Copy::of(self.session.root()).map(Some)
                }
                // The worker makes one for each run.
                _ => Ok(None),
            };
            match copy {
                Ok(copy) => places.push(Place {
                    wasm: Some((goos, target)),
                    overlay: self.hooks(goos, target, report),
                    copy,
                }),
                Err(why) => say(report, Some(target), why),
            }
        }
        if !self.tests.native {
            say(report, None, NO_NATIVE.to_owned());
            return places;
        }
        match Copy::of(self.session.root()) {
            Ok(copy) => places.push(Place {
                wasm: None,
                overlay: None,
                copy: Some(copy),
            }),
            Err(why) => say(
                report,
                None,
                format!("the tests were not run natively: {why}"),
            ),
        }
        places
    }

    /// The overlay with the hooks.
    fn hooks(&self, goos: Goos, target: Target, report: &mut Report) -> Option<Utf8PathBuf> {
        let hooks = analyzer::overlay(&Disk, &self.session.env().goroot, target);
        let overlay = self.session.overlay(&format!("hooks-{goos}"), &hooks.files);
        overlay
            .inspect_err(|e| say(report, Some(target), e.to_string()))
            .ok()
    }

    /// Own packages with tests, natively or here.
    fn packages(&self, places: &[Place]) -> Vec<&str> {
        let wanted = |goos: Goos| places.iter().any(|p| p.goos() == Some(goos));
        let wasm = self.listed.wasm.iter().filter(|(goos, _)| wanted(*goos));
        let listings = wasm.map(|(_, l)| l).chain(self.listed.native);
        let packages = listings.flat_map(|l| &l.packages);
        let own = packages.filter(|p| {
            let module = p.module.as_ref();
            let own = module.is_some_and(|m| m.main && m.path == self.module);
            own && !p.dep_only && has_tests(p)
        });
        let paths: BTreeSet<&str> = own.map(|p| p.import_path.as_str()).collect();
        paths.into_iter().collect()
    }
}

const NO_NATIVE: &str = "the tests were not run natively, so that there is nothing to compare with: native tests are not in the sandbox; if you trust the code, `--native` runs them";

fn has_tests(package: &ListedPackage) -> bool {
    !package.test_go_files.is_empty() || !package.xtest_go_files.is_empty()
}

fn say(report: &mut Report, target: Option<Target>, reason: String) {
    report.incomplete.push(Incomplete {
        stage: model::Stage::Test,
        target,
        reason,
    });
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

fn verdict(seen: &Observation) -> Verdict {
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
