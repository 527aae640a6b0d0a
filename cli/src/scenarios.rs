//! Scenarios of `wasmcheck.toml`: runs of programs with arguments, input and files, held against the
//! native run where the user allows one.
//!
//! The wasm is built with hooks in the standard library, which say what of it that fails, fakes or
//! lies was entered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use analyzer::{Disk, Scan, Weight, weight};
use camino::Utf8PathBuf;
use model::{
    Difference, End, Entered, Goos, Incomplete, Observation, Ran, Report, RunKind, Target,
    TestClass, TestOutcome,
};
use runtime_harness::{Compared, Entry, Suite, differences};
use toolchain::{Linked, Platform, Scratch, Session};

use crate::check::Settings;
use crate::config::Scenario;
use crate::progress::Progress;
use crate::run::observation;
use crate::sandbox::{Play, PlayedHere, Sandbox, Seen};
use crate::suites::{Listed, NETWORK};

/// Longest run of a scenario that says nothing else.
const EACH: Duration = Duration::from_mins(1);

/// Plays the scenarios of a module.
pub(crate) struct Stage<'r> {
    pub(crate) session: &'r Session,
    pub(crate) settings: &'r Settings,
    pub(crate) progress: &'r Progress,
    pub(crate) sandbox: &'r Sandbox<'r>,
    pub(crate) listed: Listed<'r>,
    pub(crate) deadline: Instant,
}

/// A program for one platform.
struct Built {
    file: Utf8PathBuf,
    _scratch: Scratch,
}

/// Programs by platform and package: built once for all scenarios.
type Programs = BTreeMap<(Option<Goos>, String), Result<Built, String>>;

impl Stage<'_> {
    /// Play all of them; what is seen goes into the scan and the report.
    pub(crate) fn run(&self, scan: &mut Scan<'_>, report: &mut Report) {
        let scenarios = &self.settings.config.scenario;
        if scenarios.is_empty() {
            return;
        }
        if !self.settings.trusted.native {
            say(report, None, NO_NATIVE.to_owned());
        }
        let targets = self.sandbox.targets(self.settings);
        let mut programs = Programs::new();
        let mut cut = 0;
        for scenario in scenarios {
            let Some(package) = self.package(scenario) else {
                say(report, None, no_main(scenario));
                continue;
            };
            let mut native = None;
            for target in &targets {
                if self.is_over() {
                    cut += 1;
                    continue;
                }
                let name = &scenario.name;
                self.progress
                    .phase(&format!("playing `{name}` on {target}"));
                let here = self.play(Some(*target), &package, scenario, &mut programs);
                let native =
                    native.get_or_insert_with(|| self.natively(&package, scenario, &mut programs));
                let native = native.clone();
                let seen = self.compare(*target, &package, scenario, (here, native), &mut programs);
                scan.observed(&seen);
                scan.played(&seen);
                report.observations.push(seen);
            }
        }
        if cut > 0 {
            let budget = humantime::format_duration(self.settings.budget);
            let runs = model::count(cut, "run");
            let why = format!(
                "the budget of {budget} was used up before {runs} of scenarios; --budget raises it"
            );
            say(report, None, why);
        }
    }

    fn is_over(&self) -> bool {
        self.session.interrupt().is_raised() || Instant::now() >= self.deadline
    }

    /// Import path of the main package.
    fn package(&self, scenario: &Scenario) -> Option<String> {
        let dir = self.session.root().join(&scenario.main);
        let parts: Utf8PathBuf = dir.components().collect();
        let listings = self.listed.wasm.iter().map(|(_, l)| l);
        let mut packages = listings.chain(self.listed.native).flat_map(|l| &l.packages);
        let found = packages.find(|p| p.name == "main" && p.dir == parts)?;
        Some(found.import_path.clone())
    }

    fn natively(
        &self,
        package: &str,
        scenario: &Scenario,
        programs: &mut Programs,
    ) -> Option<Result<PlayedHere, String>> {
        let allowed = self.settings.trusted.native;
        allowed.then(|| self.play(None, package, scenario, programs))
    }

    fn play(
        &self,
        on: Option<Target>,
        package: &str,
        scenario: &Scenario,
        programs: &mut Programs,
    ) -> Result<PlayedHere, String> {
        let goos = on.map(Target::goos);
        let key = (goos, package.to_owned());
        let built = programs
            .entry(key)
            .or_insert_with(|| self.build(goos, package));
        let built = built.as_ref().map_err(Clone::clone)?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let play = Play {
            file: &built.file,
            scenario,
            session: self.session,
            time: scenario
                .timeout
                .unwrap_or(EACH)
                .min(left)
                .max(Duration::from_secs(1)),
        };
        self.sandbox.play(on, play)
    }

    fn build(&self, goos: Option<Goos>, package: &str) -> Result<Built, String> {
        let scratch = Scratch::new().map_err(|e| e.to_string())?;
        let dir = scratch.path();
        let file = dir.join(package.rsplit('/').next().unwrap_or("main"));
        let platform = goos.map_or(Platform::Native, Platform::Wasm);
        let hooks = goos.and_then(|goos| self.hooks(goos));
        let linked = self
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

    /// The overlay with the hooks; none where there is no room for it.
    fn hooks(&self, goos: Goos) -> Option<Utf8PathBuf> {
        let target = match goos {
            Goos::Wasip1 => Target::Wasip1,
            Goos::Js => Target::JsNode,
        };
        let hooks = analyzer::overlay(&Disk, &self.session.env().goroot, target);
        let overlay = self.session.overlay(&format!("hooks-{goos}"), &hooks.files);
        overlay.ok()
    }

    fn compare(
        &self,
        target: Target,
        package: &str,
        scenario: &Scenario,
        (here, native): (
            Result<PlayedHere, String>,
            Option<Result<PlayedHere, String>>,
        ),
        programs: &mut Programs,
    ) -> Observation {
        let here = match here {
            Ok(here) => here,
            Err(why) => {
                let mut seen = observation(target, package, RunKind::Main, 1, Err(why));
                seen.scenario = Some(result(scenario, TestClass::NotCompared));
                return seen;
            }
        };
        let mut told = result(scenario, TestClass::NotCompared);
        told.files = here.played.files.keys().cloned().collect();
        match &native {
            Some(Ok(native)) => {
                told.native_exit = native.played.exit;
                told.differences = differences(&native.played, &here.played);
                self.steady(package, scenario, native, &mut told, programs);
            }
            _ if here.played.exit != Some(scenario.exit) => told.differences.push(Difference {
                what: "exit code".to_owned(),
                native: scenario.exit.to_string(),
                here: here
                    .played
                    .exit
                    .map_or_else(|| "none".to_owned(), |c| c.to_string()),
            }),
            _ => {}
        }
        let compared = native.as_ref().is_some_and(Result::is_ok);
        self.explain(&mut told, &here, compared);
        let mut seen = observation(
            target,
            package,
            RunKind::Main,
            1,
            Ok(words(&here, self.sandbox.host(target))),
        );
        seen.told = in_words(&told, native.as_ref());
        seen.entered = entered(&told.name, &here.entries);
        seen.scenario = Some(told);
        seen
    }

    /// What differs between two native runs says nothing about wasm.
    fn steady(
        &self,
        package: &str,
        scenario: &Scenario,
        native: &PlayedHere,
        told: &mut model::Scenario,
        programs: &mut Programs,
    ) {
        if told.differences.is_empty() {
            return;
        }
        let again = self.play(None, package, scenario, programs);
        let Ok(again) = again else { return };
        let moved = differences(&native.played, &again.played);
        told.unsteady = moved.into_iter().map(|d| d.what).collect();
        let unsteady = &told.unsteady;
        told.differences.retain(|d| !unsteady.contains(&d.what));
    }

    /// The class, and what explains it: a scenario is compared as a test is.
    fn explain(&self, told: &mut model::Scenario, here: &PlayedHere, compared: bool) {
        let one = |outcome| Suite {
            tests: BTreeMap::from([(told.name.clone(), outcome)]),
            ..Suite::default()
        };
        let outcome = match (here.timed_out, told.differences.is_empty()) {
            (true, false) => TestOutcome::Timeout,
            (false, false) => TestOutcome::Fail,
            (_, true) => TestOutcome::Pass,
        };
        let (native, mut suite) = (one(TestOutcome::Pass), one(outcome));
        suite.entries = named(&told.name, &here.entries);
        let result = Compared {
            native: compared.then_some(&native),
            here: Some(&suite),
            built: &|_| true,
            left_out: &|_| Vec::new(),
            other_code: &[],
            network: NETWORK,
            weight: &|symbol| weight(symbol).map(|w| w as u8),
            weak: Weight::Weak as u8,
            goroot: self.session.env().goroot.as_str(),
        }
        .results()
        .remove(&told.name);
        if let Some(result) = result {
            told.class = result.class;
            told.because = result.because;
        }
    }
}

const NO_NATIVE: &str = "scenarios were not run natively, so that only their exit codes are compared with what is expected; if you trust the code, `--native` runs them on this machine, too";

fn no_main(scenario: &Scenario) -> String {
    format!(
        "scenario `{}`: there is no main package in {}; `main` names its directory, relative to go.mod",
        scenario.name, scenario.main
    )
}

fn say(report: &mut Report, target: Option<Target>, reason: String) {
    report.incomplete.push(Incomplete {
        stage: model::Stage::Scenario,
        target,
        reason,
    });
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

/// A run as others are told.
fn words(here: &PlayedHere, host: String) -> Seen {
    let played = &here.played;
    let end = match (here.timed_out, played.exit) {
        (true, _) => End::Timeout,
        (false, Some(0)) => End::Ok,
        (false, Some(_)) => End::Fail,
        (false, None) => End::Crash,
    };
    let ran = here.ran.clone().unwrap_or(Ran {
        end,
        exit: played.exit,
        why: played.why.clone(),
        calls: Vec::new(),
        refusals: Vec::new(),
        milliseconds: 0,
        memory: 0,
        host,
    });
    Seen {
        ran,
        stdout: last(&played.stdout),
        stderr: last(&played.stderr),
        without_module: None,
    }
}

/// The end of a text, as much of it as reports have of other runs.
fn last(text: &str) -> String {
    const MOST: usize = 16 << 10;
    let start = text.len().saturating_sub(MOST);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at));
    text[start.unwrap_or(text.len())..].to_owned()
}

fn in_words(told: &model::Scenario, native: Option<&Result<PlayedHere, String>>) -> String {
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
            "the same as natively, on the network inside the program".to_owned()
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
fn named(name: &str, entries: &[Entry]) -> Vec<Entry> {
    let named = entries.iter().map(|entry| Entry {
        test: name.to_owned(),
        ..entry.clone()
    });
    named.collect()
}

fn entered(name: &str, entries: &[Entry]) -> Vec<Entered> {
    let mut all: BTreeMap<&str, Entered> = BTreeMap::new();
    for entry in entries {
        all.entry(&entry.symbol).or_insert_with(|| Entered {
            symbol: entry.symbol.clone(),
            tests: vec![name.to_owned()],
            stack: entry.stack.clone(),
        });
    }
    all.into_values().collect()
}
