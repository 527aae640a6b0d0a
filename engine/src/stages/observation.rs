//! Runs as observations of the report.

use std::collections::BTreeMap;

use model::{End, Observation, RunBuild, RunKind, Target, count};
use toolchain::INIT_GOROUTINES;

use crate::compare::crash_in;
use crate::task::Run;

/// An observation of nothing yet.
pub(crate) fn blank(target: Target, package: &str, kind: RunKind) -> Observation {
    Observation {
        target,
        package: package.to_owned(),
        kind,
        build: RunBuild::Ok,
        end: None,
        exit: None,
        summary: String::new(),
        stack: Vec::new(),
        stdout: String::new(),
        stderr: String::new(),
        calls: Vec::new(),
        refusals: Vec::new(),
        host: runtime_harness::NAME.to_owned(),
        milliseconds: 0,
        memory: 0,
        together: 1,
        goroutines: 0,
        tests: BTreeMap::new(),
        entered: Vec::new(),
        scenario: None,
    }
}

/// What came of running a program; `together` is the number of packages that it initialises.
pub(crate) fn observation(
    target: Target,
    package: &str,
    kind: RunKind,
    together: usize,
    seen: Result<Run, String>,
) -> Observation {
    let mut observation = Observation {
        together,
        ..blank(target, package, kind)
    };
    let run = match seen {
        Ok(run) => run,
        Err(why) => {
            observation.build = RunBuild::Fail;
            observation.summary = format!("it could not be run: {}", why.trim());
            return observation;
        }
    };
    let printed = &run.printed;
    let crash = crash_in(&printed.stderr);
    observation.summary = summary(&run, kind, crash.as_ref().map(|c| c.message.as_str()));
    observation.stack = crash.map(|c| c.stack).unwrap_or_default();
    observation.end = Some(run.end);
    observation.exit = run.exit;
    observation.stdout = plain(&printed.stdout);
    observation.stderr = plain(&printed.stderr);
    if kind == RunKind::Init {
        observation.goroutines = left_running(&printed.stderr);
        tell_goroutines(&mut observation);
    }
    observation.calls = run.calls;
    observation.refusals = run.refusals;
    observation.host = run.host;
    observation.milliseconds = run.milliseconds;
    observation.memory = run.memory;
    observation
}

/// Take the program's word about goroutines out of its output, and say it.
fn tell_goroutines(observation: &mut Observation) {
    let lines = observation.stderr.split_inclusive('\n');
    let lines = lines.filter(|l| !l.starts_with(INIT_GOROUTINES));
    observation.stderr = lines.collect();
    if let (1, 1.., Some(End::Ok)) = (
        observation.together,
        observation.goroutines,
        observation.end,
    ) {
        let left = count(observation.goroutines, "goroutine");
        observation.summary = format!("the package was initialised and left {left} running");
    }
}

fn summary(run: &Run, kind: RunKind, crash: Option<&str>) -> String {
    let summary = match (run.end, kind, &run.why) {
        (End::Crash, _, why) => crash.or(why.as_deref()).unwrap_or("it crashed").to_owned(),
        (End::Ok, RunKind::Init, _) => "initialised".to_owned(),
        (End::Ok, ..) => "exited with code 0".to_owned(),
        (End::Timeout, ..) => "it was still running at the time limit".to_owned(),
        (End::Fail, ..) => {
            let code = run
                .exit
                .map_or_else(|| "none".to_owned(), |c| c.to_string());
            format!("exited with code {code}")
        }
    };
    match &run.without_module {
        Some(why) => format!("{summary} (without the files of the module: {why})"),
        None => summary,
    }
}

/// The goroutines that initialisation has left running: one that waits for ever looks like a
/// deadlock, or hides one.
fn left_running(stderr: &str) -> usize {
    let lines = stderr.lines();
    let mut numbers = lines.filter_map(|l| l.strip_prefix(INIT_GOROUTINES));
    let last = numbers.next_back();
    last.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// Text of a guest without control characters, which could play with a terminal.
fn plain(text: &str) -> String {
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(shown).collect()
}
