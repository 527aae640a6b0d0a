//! The sandbox: each program in a worker process of its own, which sees a scratch root directory.

use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::End;
use runtime_harness::{JS_NAME, NAME};
use toolchain::{Ended, Program, Scratch};

use super::{GRACE, Host, HostSetup, engine_ended, worker_program};
use crate::compare::read_suite;
use crate::files;
use crate::prepared::Prepared;
use crate::settings::WorkerProgram;
use crate::task::{Compiler, Input, Printed, Run, Sees, Task, TaskKind};

/// What Cranelift may take to compile a test binary, beside its time.
const COMPILING: Duration = Duration::from_secs(30);

/// The argument that makes a program a worker.
const ARGUMENT: &str = "worker";

/// Starts workers for programs of one build.
struct WorkerHost {
    place: HostSetup,
    program: WorkerProgram,
    /// What programs of `GOOS=js` run with.
    wasm_exec: Option<Utf8PathBuf>,
}

/// The host of a build.
pub(super) fn host(
    place: &HostSetup,
    program: &WorkerProgram,
    wasm_exec: Option<Utf8PathBuf>,
) -> Box<dyn Host> {
    Box::new(WorkerHost {
        place: place.clone(),
        program: program.clone(),
        wasm_exec,
    })
}

impl Host for WorkerHost {
    fn name(&self) -> String {
        let name = self.wasm_exec.as_ref().map_or(NAME, |_| JS_NAME);
        name.to_owned()
    }

    fn run(&self, task: &Task) -> Result<Run, String> {
        let mut memory = task.memory;
        let mut run = self.of_kind(task)?;
        // A program that needs more runs twice, so that others do not take what they do not need.
        if run.over_memory && largest() > memory {
            memory = largest();
            let more = Task {
                memory,
                ..task.clone()
            };
            run = self.of_kind(&more)?;
        }
        // More than that no program of 32 bits has: the limit is not that of the sandbox. The JavaScript engine has
        // a lower one.
        if run.over_memory && (memory < WASM32 || self.wasm_exec.is_some()) {
            let why = run.why.unwrap_or_default();
            return Err(format!("{why}, which is the sandbox's own"));
        }
        Ok(run)
    }
}

/// The memory that 32 bits address.
const WASM32: u64 = 1 << 32;

/// The memory that a program may have which needs more than others: half of what is free, and not more than it can
/// address (`proc_meminfo(5)`, in KiB).
fn largest() -> u64 {
    let told = files::read_text(Utf8Path::new("/proc/meminfo")).unwrap_or_default();
    let line = told.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let free = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let half = free.map_or(0, |kib| kib / 2 / 1024 * (1 << 20));
    half.min(WASM32)
}

impl WorkerHost {
    fn of_kind(&self, task: &Task) -> Result<Run, String> {
        match task.kind {
            TaskKind::Program => self.program(task),
            TaskKind::Tests => self.tests(task),
        }
    }

    /// A program that sees a scratch root directory and nothing else.
    fn program(&self, task: &Task) -> Result<Run, String> {
        let prepared = Prepared::of(task)?;
        let scratch = prepared.world.scratch();
        let there = Task {
            env: prepared.world.env().to_vec(),
            input: prepared.stdin.clone().map_or(Input::Nothing, Input::File),
            sees: Sees::Dirs(prepared.dirs()?),
            files: std::collections::BTreeMap::new(),
            ..self.handed_over(task, scratch)
        };
        let program = Program {
            dir: scratch.to_owned(),
            whole: task.watched,
            ..self.command(&there, scratch)?
        };
        let (mut run, ended) = self.start(&program, &there)?;
        run.printed = Printed {
            stdout: ended.stdout,
            stderr: ended.stderr,
            both: String::new(),
        };
        if task.watched {
            run.files = prepared.changes()?;
            if run.exit.is_none() {
                run.printed.stderr = without_last_word(&run.printed.stderr);
            }
        }
        run.without_module = prepared.without_module;
        Ok(run)
    }

    /// With the compiler that starts sooner, and once more with the one whose code is faster when
    /// time was up.
    fn tests(&self, task: &Task) -> Result<Run, String> {
        let run = self.compiled_by(Compiler::Winch, task)?;
        let read = read_suite(&run.printed.both, run.exit, run.is_late());
        if read.end != End::Timeout || self.place.interrupt.is_raised() {
            return Ok(run);
        }
        let longer = Task {
            time: task.time + COMPILING,
            ..task.clone()
        };
        self.compiled_by(Compiler::Cranelift, &longer)
    }

    fn compiled_by(&self, compiler: Compiler, task: &Task) -> Result<Run, String> {
        let Sees::Tests { dir } = &task.sees else {
            return Err("tests see what `go test` shows".to_owned());
        };
        let scratch = Scratch::new().map_err(|e| e.to_string())?;
        let log = scratch.path().join("log");
        let there = Task {
            compiler,
            ..self.handed_over(task, scratch.path())
        };
        let text = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let program = Program {
            dir: dir.clone(),
            env: [
                ("GOROOT", self.place.goroot.as_str()),
                // Further runs of the binary are quicker; it is compiled for no later check.
                ("WASMCHECK_CACHE", cache(&task.program).as_str()),
                // What a killed worker leaves goes with our own scratch directory.
                ("TMPDIR", scratch.path().as_str()),
                ("PWD", dir.as_str()),
            ]
            .map(text)
            .to_vec(),
            log: Some(log.clone()),
            ..self.command(&there, scratch.path())?
        };
        let (mut run, _) = self.start(&program, &there)?;
        run.printed.both = super::printed(&log);
        Ok(run)
    }

    /// The task that a worker gets.
    fn handed_over(&self, task: &Task, scratch: &Utf8Path) -> Task {
        // Limits are passed in milliseconds.
        let time = u64::try_from(task.time.as_millis()).unwrap_or(u64::MAX);
        Task {
            time: Duration::from_millis(time),
            wasm_exec: self.wasm_exec.clone(),
            result: Some(scratch.join("result.json")),
            ..task.clone()
        }
    }

    /// The process that reads a task, which is written into its scratch directory.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    fn command(&self, task: &Task, scratch: &Utf8Path) -> Result<Program, String> {
        let file = scratch.join("task.json");
        let text = serde_json::to_vec(task).map_err(|e| e.to_string())?;
        std::fs::write(&file, text).map_err(|e| format!("no scratch space: {e}"))?;
        Ok(Program {
            program: worker_program(&self.program)?,
            args: vec![ARGUMENT.to_owned()],
            time: task.time + GRACE,
            stdin: Some(file),
            ..Program::default()
        })
    }

    fn start(&self, program: &Program, task: &Task) -> Result<(Run, Ended), String> {
        let ended = self.place.start(program)?;
        let run = task.result.as_deref().and_then(read);
        let run = run.unwrap_or_else(|| self.no_word(&ended));
        Ok((run, ended))
    }

    /// The worker is gone, and left no word.
    fn no_word(&self, ended: &Ended) -> Run {
        let why = if ended.timed_out {
            "the sandbox did not answer in time and was stopped".to_owned()
        } else {
            match (ended.code, &ended.signal) {
                (_, Some(signal)) => engine_ended(self.wasm_exec.is_some(), signal),
                (Some(code), _) => format!("the sandbox ended with {code} and without a message"),
                (None, None) => "the sandbox was killed from outside".to_owned(),
            }
        };
        Run {
            why: Some(why),
            ..Run::ended(self.name(), None, ended.timed_out)
        }
    }
}

/// A directory beside a binary, which goes with it.
fn cache(binary: &Utf8Path) -> String {
    let dir = binary.parent().unwrap_or(binary);
    dir.join("compiled").into_string()
}

/// What a program printed without the worker's last word, which is the reason why it has no exit code.
fn without_last_word(stderr: &str) -> String {
    let lines = stderr.lines().filter(|l| !l.starts_with("wasmcheck: "));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the worker left in its scratch directory"
)]
fn read(result: &Utf8Path) -> Option<Run> {
    let bytes = std::fs::read(Path::new(result.as_str())).ok()?;
    serde_json::from_slice(&bytes).ok()
}
