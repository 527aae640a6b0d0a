//! Scenarios of `wasmcheck.toml`: runs of programs with arguments, input and files, compared with the
//! native run where the user allows one.
//!
//! The wasm is built with hooks in the standard library, which say what of it that fails, fakes or
//! lies was entered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use analyzer::{Scan, Weight, weight};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Difference, Entered, Observation, Report, RunKind, Target, TestClass, TestOutcome};
use toolchain::{Linked, Platform, Scratch};

use super::NETWORK;
use super::observation::observation;
use crate::checkup::Checkup;
use crate::compare::{
    Compared, HookEntry, Played, Suite, differences, read_suite, without_entries,
};
use crate::config::Scenario;
use crate::events::Event;
use crate::hosts::Site;
use crate::incomplete::incomplete;
use crate::task::{Input, Run, Sees, Task};
use model::Stage;

/// Default time limit of a scenario.
const EACH: Duration = Duration::from_mins(1);
/// Shortest time that a program gets, however little is left.
const LEAST: Duration = Duration::from_secs(1);

/// A program for one platform.
struct Built {
    file: Utf8PathBuf,
    _scratch: Scratch,
}

/// Programs by platform and package: built once for all scenarios.
type Programs = BTreeMap<(Platform, String), Result<Built, String>>;

/// Play the scenarios of a module; what is seen goes into the scan and the report.
pub(crate) fn play(checkup: Checkup<'_>, scan: &mut Scan<'_>, report: &mut Report) {
    let scenarios = &checkup.config.scenario;
    if scenarios.is_empty() {
        return;
    }
    let missing = &mut report.incomplete;
    let mut say = |why: String| missing.push(incomplete(Stage::Scenario, None, why));
    if !checkup.settings.trusted.native {
        say(NO_NATIVE.to_owned());
    }
    let mut player = Player {
        checkup: &checkup,
        native: &checkup,
        programs: Programs::new(),
        cut: 0,
    };
    for scenario in scenarios {
        match package(&checkup, scenario) {
            None => say(no_main(scenario)),
            Some(package) => {
                for seen in player.on_all_targets(&package, scenario) {
                    scan.observed(&seen);
                    scan.played(&seen);
                    report.observations.push(seen);
                }
            }
        }
    }
    if player.cut > 0 {
        say(checkup.ended_before_all("", player.cut, "run", " of scenarios"));
    }
}

/// What the scenarios of packages do in a candidate, compared with the module as it is, and whether there was time for
/// all.
pub(super) fn of_candidate(
    checkup: &Checkup<'_>,
    candidate: &Checkup<'_>,
    wanted: &BTreeSet<String>,
) -> (Vec<Observation>, bool) {
    let mut player = Player {
        checkup: candidate,
        native: checkup,
        programs: Programs::new(),
        cut: 0,
    };
    let mut seen = Vec::new();
    for scenario in &checkup.config.scenario {
        let package = package(checkup, scenario).filter(|p| wanted.contains(p));
        if let Some(package) = package {
            seen.extend(player.on_all_targets(&package, scenario));
        }
    }
    (seen, player.cut == 0)
}

/// Import path of the main package of a scenario.
fn package(checkup: &Checkup<'_>, scenario: &Scenario) -> Option<String> {
    let dir = checkup.session.root().join(&scenario.main);
    let parts: Utf8PathBuf = dir.components().collect();
    let mut packages = checkup.builds.iter().flat_map(|(_, l)| &l.packages);
    let found = packages.find(|p| p.name == "main" && p.dir == parts)?;
    Some(found.import_path.clone())
}

/// Plays scenarios.
struct Player<'s, 'r> {
    checkup: &'s Checkup<'r>,
    /// What the native runs are of.
    native: &'s Checkup<'r>,
    programs: Programs,
    /// Runs that the budget left out.
    cut: usize,
}

/// What came of playing a scenario here, and natively; none natively where the user does not allow it.
type Pair = (Result<Run, String>, Option<Result<Run, String>>);

impl Player<'_, '_> {
    fn on_all_targets(&mut self, package: &str, scenario: &Scenario) -> Vec<Observation> {
        let mut native = None;
        let mut seen = Vec::new();
        for target in self.checkup.hosts.targets(self.checkup.settings) {
            if self.checkup.is_over() {
                self.cut += 1;
                continue;
            }
            self.checkup.tell(Event::Playing {
                scenario: &scenario.name,
                target,
            });
            let here = self.play(Site::On(target), package, scenario);
            let native = native.get_or_insert_with(|| self.natively(package, scenario));
            let pair = (here, native.clone());
            seen.push(self.compare(target, package, scenario, pair));
        }
        seen
    }

    fn natively(&mut self, package: &str, scenario: &Scenario) -> Option<Result<Run, String>> {
        let allowed = self.checkup.settings.trusted.native;
        allowed.then(|| self.play(Site::Native, package, scenario))
    }

    fn play(&mut self, site: Site, package: &str, scenario: &Scenario) -> Result<Run, String> {
        let checkup = match site {
            Site::Native => self.native,
            Site::On(_) => self.checkup,
        };
        let platform = site.platform();
        let key = (platform, package.to_owned());
        let built = self.programs.entry(key);
        let built = built.or_insert_with(|| build(checkup, platform, package));
        let built = built.as_ref().map_err(Clone::clone)?;
        let most = scenario.timeout.unwrap_or(EACH);
        let time = most.min(checkup.deadline.left()).max(LEAST);
        let task = task(self.checkup.session.root(), scenario, &built.file, time);
        let mut run = checkup.hosts.run(site, &task)?;
        // Programs tell their own name.
        run.rename(built.file.as_str(), program_name(package));
        Ok(run)
    }

    fn compare(
        &mut self,
        target: Target,
        package: &str,
        scenario: &Scenario,
        (here, native): Pair,
    ) -> Observation {
        let mut told = result(scenario, TestClass::NotCompared);
        let run = match here {
            Ok(run) => run,
            Err(why) => {
                let mut seen = observation(target, package, RunKind::Main, 1, Err(why));
                seen.scenario = Some(told);
                return seen;
            }
        };
        let here = PlayedHere::of(&run);
        told.files = here.played.files.keys().cloned().collect();
        match &native {
            Some(Ok(native)) => {
                let native = PlayedHere::of(native);
                told.native_exit = native.played.exit;
                told.differences = differences(&native.played, &here.played);
                self.steady(package, scenario, &native, &mut told);
            }
            _ if here.played.exit != Some(scenario.exit) => {
                told.differences.push(unexpected(scenario, &here.played));
            }
            _ => {}
        }
        let compared = native.as_ref().is_some_and(Result::is_ok);
        let entered = explain(self.checkup, &mut told, &here, compared);
        let mut seen = observation(target, package, RunKind::Main, 1, Ok(shown(run, &here)));
        seen.summary = summary(&told, native.as_ref());
        seen.entered = entered;
        seen.scenario = Some(told);
        seen
    }

    /// What differs between two native runs is not compared with wasm.
    fn steady(
        &mut self,
        package: &str,
        scenario: &Scenario,
        native: &PlayedHere,
        told: &mut model::Scenario,
    ) {
        if told.differences.is_empty() {
            return;
        }
        let again = self.play(Site::Native, package, scenario);
        let Ok(again) = again else { return };
        let again = PlayedHere::of(&again);
        let moved = differences(&native.played, &again.played);
        told.unsteady = moved.into_iter().map(|d| d.what).collect();
        let unsteady = &told.unsteady;
        told.differences.retain(|d| !unsteady.contains(&d.what));
    }
}

/// A program as a scenario of the module at `root` runs it.
pub(crate) fn task(root: &Utf8Path, scenario: &Scenario, file: &Utf8Path, time: Duration) -> Task {
    let root = root.to_owned();
    let dir = match &scenario.dir {
        Some(dir) => root.join(dir),
        None => root.clone(),
    };
    let input = match (&scenario.stdin_file, &scenario.stdin) {
        (Some(file), _) => Input::InModule(file.clone()),
        (None, Some(text)) => Input::Text(text.clone()),
        (None, None) => Input::Nothing,
    };
    Task {
        args: scenario.args.clone(),
        env: scenario.env.clone().into_iter().collect(),
        input,
        sees: Sees::Module {
            root,
            dir,
            needed: true,
        },
        files: scenario.files.clone(),
        watched: true,
        ..Task::new(file, time)
    }
}

fn build(checkup: &Checkup<'_>, platform: Platform, package: &str) -> Result<Built, String> {
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let file = scratch.path().join(program_name(package));
    let hooks = hooks(checkup, platform);
    let linked = checkup
        .session
        .link_to(platform, package, hooks.as_deref(), &file);
    match linked.map_err(|e| e.to_string())? {
        Linked::Failed(said) => Err(said),
        Linked::Ok(file) => Ok(Built {
            file,
            _scratch: scratch,
        }),
    }
}

/// The name of a program's file, which programs print.
fn program_name(package: &str) -> &str {
    package.rsplit('/').next().unwrap_or("main")
}

/// The overlay with the hooks; none natively, and where there is no room for it.
fn hooks(checkup: &Checkup<'_>, platform: Platform) -> Option<Utf8PathBuf> {
    let Platform::Wasm(goos) = platform else {
        return None;
    };
    super::hooks(checkup, goos.representative()).ok()
}

/// What a program did, and which hooked functions it entered on the way.
struct PlayedHere {
    played: Played,
    /// Its time was up.
    late: bool,
    entries: Vec<HookEntry>,
}

impl PlayedHere {
    fn of(run: &Run) -> Self {
        let late = run.is_late();
        let stderr = &run.printed.stderr;
        let why = match (late, run.exit, &run.why) {
            (true, ..) => Some("it was still running at the time limit".to_owned()),
            (false, _, Some(why)) => Some(why.clone()),
            (false, None, None) => Some("it was ended by a signal".to_owned()),
            (false, Some(_), None) => None,
        };
        Self {
            played: Played {
                exit: run.exit,
                why,
                stdout: run.printed.stdout.clone(),
                stderr: without_entries(stderr),
                files: run.files.clone(),
            },
            late,
            entries: read_suite(stderr, run.exit, late).entries,
        }
    }
}

fn unexpected(scenario: &Scenario, here: &Played) -> Difference {
    let code = |c: i32| c.to_string();
    Difference {
        what: "exit code".to_owned(),
        native: scenario.exit.to_string(),
        here: here.exit.map_or_else(|| "none".to_owned(), code),
    }
}

/// The class, and what explains it: a scenario is compared as a test is. The value is what was
/// entered.
fn explain(
    checkup: &Checkup<'_>,
    told: &mut model::Scenario,
    here: &PlayedHere,
    compared: bool,
) -> Vec<Entered> {
    let one = |outcome| Suite {
        tests: BTreeMap::from([(told.name.clone(), outcome)]),
        ..Suite::default()
    };
    let outcome = match (here.late, told.differences.is_empty()) {
        (true, false) => TestOutcome::Timeout,
        (false, false) => TestOutcome::Fail,
        (_, true) => TestOutcome::Pass,
    };
    let (native, mut suite) = (one(TestOutcome::Pass), one(outcome));
    suite.entries = named(&told.name, &here.entries);
    let compared = Compared {
        native: compared.then_some(&native),
        here: Some(&suite),
        built: &|_| true,
        left_out: &|_| Vec::new(),
        other_code: &[],
        network: NETWORK,
        weight: &|symbol| weight(symbol).map(|w| w as u8),
        weak: Weight::Weak as u8,
        goroot: checkup.session.env().goroot.as_str(),
    };
    if let Some(result) = compared.results().remove(&told.name) {
        told.class = result.class;
        told.because = result.because;
    }
    compared.entered()
}

const NO_NATIVE: &str = "scenarios were not run natively, so that only their exit codes are compared with what is expected; if you trust the code, `--native` runs them on this machine, too";

fn no_main(scenario: &Scenario) -> String {
    format!(
        "scenario `{}`: there is no main package in {}; `main` names its directory, relative to go.mod",
        scenario.name, scenario.main
    )
}

fn result(scenario: &Scenario, class: TestClass) -> model::Scenario {
    model::Scenario {
        name: scenario.name.clone(),
        args: scenario.args.clone(),
        class,
        because: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        files: Vec::new(),
        native_exit: None,
    }
}

/// A run as reports have it.
fn shown(mut run: Run, here: &PlayedHere) -> Run {
    run.printed.stdout = last(&here.played.stdout);
    run.printed.stderr = last(&here.played.stderr);
    run
}

/// The end of a text, as much of it as reports have of other runs.
fn last(text: &str) -> String {
    const MOST: usize = 16 << 10;
    let start = text.len().saturating_sub(MOST);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at));
    text[start.unwrap_or(text.len())..].to_owned()
}

fn summary(told: &model::Scenario, native: Option<&Result<Run, String>>) -> String {
    if let Some(Err(why)) = native {
        let why = why.trim();
        return format!(
            "it could not be run natively, so that there is nothing to compare with: {why}"
        );
    }
    match (told.class, told.differences.first()) {
        (_, Some(first)) => {
            let more = told.differences.len() - 1;
            let more = if more > 0 {
                format!(", and {more} more")
            } else {
                String::new()
            };
            told.tell(first) + &more
        }
        (TestClass::FakeNetwork, None) => {
            "same result as natively, but on Go's in-process fake network".to_owned()
        }
        (TestClass::NotCompared, None) => {
            "it ended with the exit code that was expected".to_owned()
        }
        (_, None) if !told.unsteady.is_empty() => {
            "the same as natively, as far as two native runs agree".to_owned()
        }
        (_, None) => "the same as natively".to_owned(),
    }
}

/// Entries as those of the scenario.
fn named(name: &str, entries: &[HookEntry]) -> Vec<HookEntry> {
    let named = entries.iter().map(|entry| HookEntry {
        test: name.to_owned(),
        ..entry.clone()
    });
    named.collect()
}
