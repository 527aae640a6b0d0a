//! The run stage: every main once, without arguments, and the initialisation of every library.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use analyzer::{Runnable, Scan};
use camino::{Utf8Path, Utf8PathBuf};
use model::{End, Goos, Incomplete, Observation, Report, RunBuild, RunKind, Target, WasmFile};
use runtime_harness::{NAME, crash_in};
use toolchain::{INIT_GOROUTINES, Linked, Session};

use crate::check::Settings;
use crate::module::LinkedMain;
use crate::progress::Progress;
use crate::sandbox::{Sandbox, Seen};

/// Longest run of one program, compilation included.
pub(crate) const EACH: Duration = Duration::from_secs(20);
/// Part of the budget that runs may take; the rest is for trying remedies.
const SHARE: f64 = 0.6;

/// Runs what was built.
pub(crate) struct Stage<'r> {
    /// Path of the module.
    module: &'r str,
    session: &'r Session,
    settings: &'r Settings,
    progress: &'r Progress,
    sandbox: &'r Sandbox<'r>,
    deadline: Instant,
}

impl<'r> Stage<'r> {
    pub(crate) fn new(
        module: &'r str,
        session: &'r Session,
        settings: &'r Settings,
        progress: &'r Progress,
        sandbox: &'r Sandbox<'r>,
        deadline: Instant,
    ) -> Self {
        let left = deadline.saturating_duration_since(Instant::now());
        Self {
            module,
            session,
            settings,
            progress,
            sandbox,
            deadline: Instant::now() + left.mul_f64(SHARE),
        }
    }

    /// Run everything; what is seen goes into the scan and the report.
    pub(crate) fn run(&self, scan: &mut Scan<'_>, linked: &[LinkedMain], report: &mut Report) {
        if !scan.runnable(Goos::Js).is_empty() {
            self.say_what_is_not_run(report);
        }
        for target in self.sandbox.targets(self.settings) {
            let goos = target.goos();
            let mut round = Round {
                stage: self,
                goos,
                target,
                cut: 0,
                number: 0,
                seen: Vec::new(),
            };
            round.mains(linked, &report.wasm);
            round.inits(&scan.runnable(goos));
            if round.cut > 0 {
                report
                    .incomplete
                    .push(cut(target, round.cut, self.settings.budget));
            }
            round.seen.iter().for_each(|seen| scan.observed(seen));
            report.observations.append(&mut round.seen);
        }
    }

    fn say_what_is_not_run(&self, report: &mut Report) {
        let mut say = |target: Target, reason: &str| {
            if self.settings.targets.contains(&target) {
                report.incomplete.push(Incomplete {
                    stage: model::Stage::Run,
                    target: Some(target),
                    reason: reason.to_owned(),
                });
            }
        };
        if let Some(why) = &self.sandbox.no_node {
            let why = format!("Node could not be used, and our own host ran the programs: {why}");
            say(Target::JsNode, &why);
        }
        if !self.sandbox.runs(Target::JsNode) {
            say(Target::JsNode, NO_SCRIPT);
        }
        if let Some(why) = &self.sandbox.no_chromium {
            let why = format!("Chromium could not be used: {why}");
            say(Target::JsBrowser, &why);
        } else if !self.sandbox.runs(Target::JsBrowser) {
            say(Target::JsBrowser, NO_BROWSER);
        }
    }
}

const NO_BROWSER: &str = "no program is run in a browser, so that nothing is said to work there; if you trust the code, `--host chromium` runs it";
pub(crate) const NO_SCRIPT: &str = "no program of GOOS=js is run, so that nothing is said to work there: the toolchain has no wasm_exec.js, which they run with";

fn cut(target: Target, count: usize, budget: Duration) -> Incomplete {
    let budget = humantime::format_duration(budget);
    Incomplete {
        stage: model::Stage::Run,
        target: Some(target),
        reason: format!(
            "the budget of {budget} was used up before {} could be run; --budget raises it",
            model::count(count, "package")
        ),
    }
}

/// The runs of one build.
struct Round<'s, 'r> {
    stage: &'s Stage<'r>,
    goos: Goos,
    target: Target,
    /// Packages that the budget left out.
    cut: usize,
    number: usize,
    seen: Vec<Observation>,
}

impl Round<'_, '_> {
    fn is_over(&self) -> bool {
        self.stage.session.interrupt().is_raised() || Instant::now() >= self.stage.deadline
    }

    fn mains(&mut self, linked: &[LinkedMain], files: &[WasmFile]) {
        let mains: Vec<&LinkedMain> = linked.iter().filter(|m| m.goos == self.goos).collect();
        for (number, main) in (1..).zip(&mains) {
            if self.is_over() {
                self.cut += 1;
                continue;
            }
            self.stage.progress.phase(&format!(
                "running {} on {} ({number} of {})",
                main.package,
                self.target,
                mains.len()
            ));
            let file = files.iter().find(|f| {
                f.package.as_ref() == Some(&main.package) && f.targets.contains(&self.target)
            });
            if let Some(why) = file.and_then(|f| f.invalid.as_ref()) {
                let seen = Err(format!("no engine takes the module: {why}"));
                let mut seen = observation(self.target, &main.package, RunKind::Main, 1, seen);
                (seen.build, seen.end) = (RunBuild::Ok, Some(End::Crash));
                self.seen.push(seen);
                continue;
            }
            let root = self.stage.session.root();
            let seen = self.start(&main.file, Some(root));
            self.seen.push(observation(
                self.target,
                &main.package,
                RunKind::Main,
                1,
                seen,
            ));
        }
    }

    /// Packages with a finding each alone, all others of a directory at once.
    fn inits(&mut self, runnable: &[Runnable]) {
        let mut groups: BTreeMap<(bool, Utf8PathBuf, &str), Vec<String>> = BTreeMap::new();
        for package in runnable.iter().filter(|p| !p.main) {
            let alone = if package.suspect {
                package.package.as_str()
            } else {
                ""
            };
            let key = (
                package.suspect,
                importer_dir(self.stage.module, &package.package),
                alone,
            );
            groups.entry(key).or_default().push(package.package.clone());
        }
        for ((_, below, _), packages) in groups {
            self.init(&below, &packages);
        }
    }

    fn init(&mut self, below: &Utf8Path, packages: &[String]) {
        if self.is_over() {
            self.cut += packages.len();
            return;
        }
        let what = match packages {
            [one] => one.clone(),
            many => format!("{} packages", many.len()),
        };
        self.stage
            .progress
            .phase(&format!("initialising {what} on {}", self.target));
        self.number += 1;
        let linked = self
            .stage
            .session
            .link_inits(self.goos, below, packages, self.number);
        let seen = match linked {
            Ok(Linked::Ok(file)) => self.start(&file, None),
            Ok(Linked::Failed(output)) => Err(output),
            Err(e) => Err(e.to_string()),
        };
        let ended_well = seen.as_ref().is_ok_and(|s| s.ran.end == End::Ok);
        if packages.len() > 1 && !ended_well {
            // One of them is to blame: each alone tells which.
            for package in packages {
                self.init(below, std::slice::from_ref(package));
            }
            return;
        }
        for package in packages {
            self.seen.push(observation(
                self.target,
                package,
                RunKind::Init,
                packages.len(),
                seen.clone(),
            ));
        }
    }

    fn start(&self, wasm: &Utf8Path, module: Option<&Utf8Path>) -> Result<Seen, String> {
        let left = self
            .stage
            .deadline
            .saturating_duration_since(Instant::now());
        let time = EACH.min(left).max(Duration::from_secs(1));
        self.stage.sandbox.run(self.target, wasm, module, time)
    }
}

/// The deepest directory from which a package may be imported, relative to its module.
pub(crate) fn importer_dir(module: &str, package: &str) -> Utf8PathBuf {
    let inside = package.strip_prefix(module).unwrap_or_default();
    let parts: Vec<&str> = inside.trim_start_matches('/').split('/').collect();
    let internal = parts.iter().rposition(|p| *p == "internal").unwrap_or(0);
    parts[..internal].iter().collect()
}

/// What was seen, in the words of the report.
pub(crate) fn observation(
    target: Target,
    package: &str,
    kind: RunKind,
    together: usize,
    seen: Result<Seen, String>,
) -> Observation {
    let mut observation = Observation {
        target,
        package: package.to_owned(),
        kind,
        build: RunBuild::Ok,
        end: None,
        exit: None,
        told: String::new(),
        stack: Vec::new(),
        stdout: String::new(),
        stderr: String::new(),
        calls: Vec::new(),
        refusals: Vec::new(),
        host: NAME.to_owned(),
        milliseconds: 0,
        memory: 0,
        together,
        goroutines: 0,
        tests: BTreeMap::new(),
        entered: Vec::new(),
        scenario: None,
    };
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => {
            observation.build = RunBuild::Fail;
            observation.told = format!("it could not be run: {}", why.trim());
            return observation;
        }
    };
    let crash = crash_in(&seen.stderr);
    observation.told = told(&seen, kind, crash.as_ref().map(|c| c.message.as_str()));
    observation.stack = crash.map(|c| c.stack).unwrap_or_default();
    observation.end = Some(seen.ran.end);
    observation.exit = seen.ran.exit;
    observation.stdout = plain(&seen.stdout);
    observation.stderr = plain(&seen.stderr);
    if kind == RunKind::Init {
        observation.goroutines = left_running(&seen.stderr);
        let said = observation.stderr.split_inclusive('\n');
        let said = said.filter(|l| !l.starts_with(INIT_GOROUTINES));
        observation.stderr = said.collect();
        if let (1, 1.., Some(End::Ok)) = (together, observation.goroutines, observation.end) {
            let left = model::count(observation.goroutines, "goroutine");
            observation.told = format!("it was initialised, and left {left} running");
        }
    }
    observation.calls = seen.ran.calls;
    observation.refusals = seen.ran.refusals;
    observation.host = seen.ran.host;
    observation.milliseconds = seen.ran.milliseconds;
    observation.memory = seen.ran.memory;
    observation
}

fn told(seen: &Seen, kind: RunKind, crash: Option<&str>) -> String {
    let told = match (seen.ran.end, kind, &seen.ran.why) {
        (End::Crash, _, why) => crash.or(why.as_deref()).unwrap_or("it crashed").to_owned(),
        (End::Ok, RunKind::Init, _) => "it was initialised".to_owned(),
        (End::Ok, ..) => "it ended with exit code 0".to_owned(),
        (End::Timeout, ..) => "it was still running when its time was up".to_owned(),
        (End::Fail, ..) => {
            let code = seen
                .ran
                .exit
                .map_or_else(|| "none".to_owned(), |c| c.to_string());
            format!("it ended with exit code {code}")
        }
    };
    match &seen.without_module {
        Some(why) => format!("{told} (it did not see its module: {why})"),
        None => told,
    }
}

/// The goroutines that initialisation has left running: one that waits for ever looks like a
/// deadlock, or hides one.
fn left_running(stderr: &str) -> usize {
    let told = stderr.lines();
    let mut numbers = told.filter_map(|l| l.strip_prefix(INIT_GOROUTINES));
    let last = numbers.next_back();
    last.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// Text of a guest without control characters, which could play with a terminal.
fn plain(text: &str) -> String {
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(shown).collect()
}
