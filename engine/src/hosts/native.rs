//! This machine, with all that the user may do: the reference of every comparison.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use toolchain::{Ended, Program, Scratch};

use super::{Host, HostSetup, TestCopy, inside, path};
use crate::prepared::Prepared;
use crate::task::{Printed, Run, Sees, Task, TaskKind};
use crate::world::World;

/// Who runs tests: `os/user.Current` wants a name beside HOME (`os/user/lookup_stubs.go`).
pub(crate) const USER: &str = "user";

/// Runs programs of this machine's build.
pub(super) struct NativeHost {
    place: HostSetup,
    copy: TestCopy,
}

impl NativeHost {
    pub(super) fn new(place: HostSetup) -> Self {
        Self {
            place,
            copy: TestCopy::default(),
        }
    }

    fn program(&self, task: &Task) -> Result<Run, String> {
        let prepared = Prepared::of(task)?;
        let program = Program {
            program: task.program.to_string(),
            args: task.arguments(),
            // There is no other root: paths are those of the copy.
            dir: prepared.dir.clone(),
            env: prepared.env_outside(),
            time: task.time,
            stdin: prepared.stdin.clone(),
            whole: task.watched,
            ..Program::default()
        };
        let begun = Instant::now();
        let ended = self.place.start_outside(program)?;
        let mut run = started(self.name(), ended, begun.elapsed());
        prepared.finish(task, &mut run)?;
        Ok(run)
    }

    /// With the user's own environment, as `go test` runs them, but for where they stand.
    fn tests(&self, task: &Task) -> Result<Run, String> {
        let goroot = &self.place.goroot;
        let dir = self.copy.dir(&self.place.root, tests_dir(task)?)?;
        let ours = own_env(self.copy.of(&self.place.root)?, goroot, &dir);
        let mut env = inherited();
        env.retain(|(key, _)| key != "PATH" && key != "PWD");
        // Its own bin directory comes first (cmd/go/internal/base/env.go, AppendPATH).
        env.push(("PATH".to_owned(), format!("{goroot}/bin:{}", path())));
        // Tests see whether TMPDIR is set.
        let missing = |key: &str| key != "TMPDIR" && !env.iter().any(|(k, _)| k == key);
        let ours: Vec<_> = ours.into_iter().filter(|(key, _)| missing(key)).collect();
        env.extend(ours);
        let program = Program {
            program: task.program.to_string(),
            args: task.arguments(),
            dir,
            env,
            time: task.time,
            ..Program::default()
        };
        logged(&self.place, program, self.name())
    }
}

impl Host for NativeHost {
    fn name(&self) -> String {
        "native".to_owned()
    }

    fn run(&self, task: &Task) -> Result<Run, String> {
        match task.kind {
            TaskKind::Program => self.program(task),
            TaskKind::Tests => self.tests(task),
        }
    }

    fn test_copy(&self) -> Result<Option<Utf8PathBuf>, String> {
        self.copy.dir(&self.place.root, &self.place.root).map(Some)
    }
}

/// The directory of the package whose tests are run.
pub(super) fn tests_dir(task: &Task) -> Result<&Utf8Path, String> {
    match &task.sees {
        Sees::Tests { dir } => Ok(dir),
        _ => Err("tests see what `go test` shows".to_owned()),
    }
}

/// A program that was run outside of the sandbox.
pub(super) fn started(host: String, ended: Ended, time: Duration) -> Run {
    let mut run = Run::ended(host, ended.code, ended.timed_out);
    run.milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    run.printed = Printed {
        stdout: ended.stdout,
        stderr: ended.stderr,
        both: String::new(),
    };
    run
}

/// Run a test binary, whose two streams are read as one.
pub(super) fn logged(place: &HostSetup, mut program: Program, host: String) -> Result<Run, String> {
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let log = scratch.path().join("log");
    program.log = Some(log.clone());
    let ended = place.start_outside(program)?;
    let mut run = Run::ended(host, ended.code, ended.timed_out);
    run.printed.both = super::printed(&log);
    Ok(run)
}

/// Variables of every test that runs in a copy of its module.
pub(super) fn own_env(copy: &World, goroot: &Utf8Path, dir: &Utf8Path) -> Vec<(String, String)> {
    let text = |(key, value): (&str, String)| (key.to_owned(), value);
    let all = [
        ("HOME", inside(copy, "/home")),
        ("TMPDIR", inside(copy, "/tmp")),
        ("PWD", dir.to_string()),
        ("USER", USER.to_owned()),
        ("GOROOT", goroot.to_string()),
    ];
    all.map(text).to_vec()
}

/// The environment of this process: native tests see what `go test` gives them.
pub(super) fn inherited() -> Vec<(String, String)> {
    let all = std::env::vars_os();
    let text = all.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    text.collect()
}
