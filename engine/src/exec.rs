//! The sandbox as a program: one guest in this process, for `wasmcheck exec` and for the workers of a
//! check.

mod options;
mod program;
mod reasons;
mod supervise;
mod view;
mod watch;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use analyzer::Stacks;
use bytesize::ByteSize;
use camino::Utf8PathBuf;
use runtime_harness::{
    Asked, End, Guest, JS_NAME, JsSupport, Keeper, Limits, NAME, OVER_MEMORY, Outcome, Unwinder,
    Wasm,
};
use toolchain::Interrupt;

pub use self::options::{Exec, Exit, JsHost, MaxSizes, Profile};
use self::program::{GoStacks, program, trace};
use self::reasons::{callers, hint, why};
pub use self::supervise::SUPERVISED;
use self::view::View;
use crate::cache::CompiledModules;
use crate::files;
use crate::hosts::start_watchdog;
use crate::prepared::Prepared;
use crate::settings::WorkerProgram;
use crate::task::{self, Compiler, Run, Sees, Task, TaskKind};

/// The time is up.
const TIMED_OUT: u8 = 124;
/// The sandbox refused, or could not run it.
const REFUSED: u8 = 125;
/// A trap: 128 + SIGABRT, as wasmtime has it.
const TRAPPED: u8 = 134;

/// Run a program in this process. `complain` gets the reason when the program did not choose the exit code.
pub fn exec(exec: &Exec, interrupt: &Interrupt, complain: fn(&str)) -> Exit {
    let launch = Launch::of(exec, complain);
    launch.finish(|launch| {
        let program = program(&exec.file)?;
        // What is no file can be read just once.
        let again = exec.again.as_ref().filter(|_| exec.file.is_file());
        if let Some(args) = again.filter(|_| analyzer::is_js(&program.0)) {
            return supervise::run(launch, args, interrupt);
        }
        if view::is_in_scratch(exec) && view::variable(SUPERVISED).is_none() {
            start_watchdog(&WorkerProgram::Own);
        }
        let view = View::of(exec)?;
        let stdin: Box<dyn Read + Send> = Box::new(std::io::stdin());
        launch.run((program, view, Some(stdin)), interrupt)
    })
}

/// Run the task that standard input names, as JSON; the exit code is that of [`exec`].
pub fn worker(interrupt: &Interrupt, complain: fn(&str)) -> u8 {
    let task: Task = match serde_json::from_reader(std::io::stdin().lock()) {
        Ok(task) => task,
        Err(e) => {
            complain(&format!("standard input names no task: {e}"));
            return REFUSED;
        }
    };
    let launch = Launch::of_task(&task, complain);
    let exit = launch.finish(|launch| {
        let program = program(&task.program)?;
        let (view, stdin) = seen_by(&task)?;
        launch.run((program, view, stdin), interrupt)
    });
    exit.code
}

/// What the program of a task sees, and its standard input.
fn seen_by(task: &Task) -> Result<(View, Option<Box<dyn Read + Send>>), String> {
    let (view, stdin) = match &task.sees {
        Sees::Tests { .. } => (View::of_tests(MaxSizes::default().disk.as_u64())?, None),
        Sees::Dirs(dirs) => {
            let view = View {
                dirs: dirs.iter().map(task::Dir::preopen).collect(),
                env: task.env.clone(),
                ..View::default()
            };
            (view, task.input.file().map(ToOwned::to_owned))
        }
        Sees::Root | Sees::Module { .. } => {
            let prepared = Prepared::of(task)?;
            let view = View {
                dirs: prepared.dirs()?.iter().map(task::Dir::preopen).collect(),
                env: prepared.world.env().to_vec(),
                missing: prepared.world.left_out(),
                world: Some(prepared.world),
            };
            (view, prepared.stdin)
        }
    };
    let opened = stdin.map(|file| {
        let opened = toolchain::files::open(file.as_std_path());
        let opened = opened.map_err(|e| format!("{file}: {e}"))?;
        Ok::<Box<dyn Read + Send>, String>(Box::new(opened))
    });
    Ok((view, opened.transpose()?))
}

/// A guest of this process: what its command line, or its task, says of how it is run.
#[derive(Clone, Debug)]
struct Launch {
    file: Utf8PathBuf,
    args: Vec<String>,
    timeout: Duration,
    sizes: MaxSizes,
    deterministic: bool,
    trace: Option<Utf8PathBuf>,
    invoke: Option<String>,
    cached: bool,
    wasm_exec: Option<Utf8PathBuf>,
    js_host: JsHost,
    compiler: Compiler,
    result: Option<Utf8PathBuf>,
    complain: fn(&str),
}

/// The program with what stands before its code, what it sees, and its standard input.
type Given = ((Vec<u8>, Wasm), View, Option<Box<dyn Read + Send>>);

impl Launch {
    fn of(exec: &Exec, complain: fn(&str)) -> Self {
        let exec = exec.clone();
        Self {
            file: exec.file,
            args: exec.args,
            timeout: exec.timeout,
            sizes: exec.sizes,
            deterministic: exec.deterministic,
            trace: exec.trace,
            invoke: exec.invoke,
            cached: exec.cached,
            wasm_exec: exec.wasm_exec,
            js_host: exec.js_host,
            compiler: exec.compiler,
            result: exec.report,
            complain,
        }
    }

    fn of_task(task: &Task, complain: fn(&str)) -> Self {
        Self {
            file: task.program.clone(),
            args: task.arguments(),
            timeout: task.time,
            sizes: MaxSizes {
                memory: ByteSize::b(task.memory),
                ..MaxSizes::default()
            },
            deterministic: false,
            trace: None,
            invoke: None,
            // Programs of a check are built anew by the next.
            cached: task.kind == TaskKind::Tests,
            wasm_exec: task.wasm_exec.clone(),
            js_host: JsHost::Node,
            compiler: task.compiler,
            result: task.result.clone(),
            complain,
        }
    }

    /// Run it; the exit code is its own, or says that it has none.
    fn finish(&self, run: impl FnOnce(&Self) -> Result<Exit, String>) -> Exit {
        run(self).unwrap_or_else(|why| {
            self.report(&Run::crashed(NAME.to_owned(), why.clone()));
            self.complain(&why);
            Exit {
                code: REFUSED,
                results: Vec::new(),
            }
        })
    }

    fn run(&self, (program, view, stdin): Given, interrupt: &Interrupt) -> Result<Exit, String> {
        let (head, wasm) = program;
        let js = analyzer::is_js(&head);
        let js = js.then(|| self.js(&view)).transpose()?;
        if let Some(missing) = &view.missing {
            self.complain(missing);
        }
        watch::watch(self, interrupt, view.scratch());
        let mut args = vec![self.file.to_string()];
        args.extend(self.args.iter().cloned());
        let guest = Guest {
            args,
            env: view.env.clone(),
            dirs: view.dirs.clone(),
            stdin,
            stdout: Box::new(std::io::stdout()),
            stderr: Box::new(std::io::stderr()),
            limits: self.limits(),
            deterministic: self.deterministic,
            trace: self.trace.as_deref().map(trace).transpose()?,
            unwinder: self.unwinder(&head)?,
            compiler: self.compiler.into(),
            keeper: self.keeper(),
            invoke: self.invoke.clone(),
            stop: Some(stop(interrupt)),
            wasm,
        };
        self.other_arguments();
        let host = if js.is_some() { JS_NAME } else { NAME };
        let outcome = match js {
            Some(support) => runtime_harness::run_js(guest, support),
            None => runtime_harness::run(guest),
        };
        let outcome = outcome.map_err(|e| format!("{e}{}", hint(&self.file)))?;
        drop(view);
        if interrupt.is_raised() && outcome.end == End::TimedOut {
            self.complain(watch::WAS_INTERRUPTED);
            return Ok(Exit {
                code: watch::INTERRUPTED,
                results: Vec::new(),
            });
        }
        Ok(self.report_end(outcome, host))
    }

    /// Report how a guest ended.
    fn report_end(&self, outcome: Outcome, host: &str) -> Exit {
        let callers = callers(&self.file, &outcome);
        let (code, why) = self.exit(&outcome.end);
        let results = outcome.results.clone();
        let mut run = seen(outcome, host);
        run.why = run.why.map(|why| why + &callers);
        self.report(&run);
        if let Some(why) = why {
            self.complain(&(why + &callers));
        }
        Exit { code, results }
    }

    fn limits(&self) -> Limits {
        Limits {
            time: (!self.timeout.is_zero()).then_some(self.timeout),
            memory: self.sizes.memory.as_u64(),
            output: self.sizes.output.as_u64(),
            disk: self.sizes.disk.as_u64(),
            ..Limits::default()
        }
    }

    /// What a program of `GOOS=js` is run with.
    fn js(&self, view: &View) -> Result<JsSupport, String> {
        if self.invoke.is_some() {
            return Err(
                "--invoke calls exports of GOOS=wasip1; it was built with GOOS=js".to_owned(),
            );
        }
        let file = match &self.wasm_exec {
            Some(file) => file.clone(),
            None => wasm_exec().ok_or(
                "it was built with GOOS=js, and no Go is found whose wasm_exec.js could run it; name the file with --wasm-exec",
            )?,
        };
        let dir = view.env.iter().find(|(name, _)| name == "PWD");
        Ok(JsSupport {
            wasm_exec: files::read_text(&file)?,
            node: self.js_host == JsHost::Node,
            dir: dir.map_or_else(|| "/".to_owned(), |(_, dir)| dir.clone()),
        })
    }

    /// Go's stacks, where somebody wants to know who calls the host.
    fn unwinder(&self, head: &[u8]) -> Result<Option<Box<dyn Unwinder>>, String> {
        let wanted = self.trace.is_some() || self.result.is_some() || analyzer::has_own_host(head);
        if !wanted {
            return Ok(None);
        }
        let stacks = if self.file.is_file() {
            Stacks::read(&files::read_wasm(&self.file)?)
        } else {
            Stacks::read(head)
        };
        Ok(stacks.map(|stacks| Box::new(GoStacks(stacks)) as Box<dyn Unwinder>))
    }

    /// Where the compiled program is kept.
    fn keeper(&self) -> Option<Box<dyn Keeper>> {
        let kept = (self.cached && self.file.is_file())
            .then(|| CompiledModules::of(&self.file))
            .flatten()?;
        Some(Box::new(kept))
    }

    /// Variables for Go's own runner are ignored, with a warning.
    fn other_arguments(&self) {
        const NAME: &str = "GOWASIRUNTIMEARGS";
        if view::variable(NAME).is_some_and(|args| !args.is_empty()) {
            (self.complain)(&format!(
                "{NAME} is for the hosts that Go's own runner starts; give `wasmcheck exec` its own options"
            ));
        }
    }

    fn complain(&self, why: &str) {
        let name = self.file.as_str();
        let why = why.strip_prefix(&format!("{name}: ")).unwrap_or(why);
        (self.complain)(&format!("{name}: {why}"));
    }

    /// The exit code, and the reason where the program did not choose it.
    fn exit(&self, end: &End) -> (u8, Option<String>) {
        match end {
            // Eight bits, as for every process.
            End::Exit(code) => (code.to_le_bytes()[0], None),
            End::TimedOut => {
                let time = humantime::format_duration(self.timeout);
                let why = format!("it ran longer than {time} (--timeout)");
                (TIMED_OUT, Some(why))
            }
            End::Trapped(why) => (TRAPPED, Some(format!("it trapped: {why}"))),
            End::Limit(_) | End::Failed(_) | End::UnknownImport { .. } => (REFUSED, why(end)),
        }
    }

    /// Tell the process that started us, if one did.
    fn report(&self, run: &Run) {
        let Some(file) = &self.result else { return };
        let mut text = serde_json::to_string_pretty(run).expect("a run has string keys only");
        text.push('\n');
        if let Err(e) = files::write(file, &text) {
            (self.complain)(&format!("{file}: {e}"));
        }
    }
}

/// A guest ends when the user wants it.
fn stop(interrupt: &Interrupt) -> Asked {
    let interrupt = interrupt.clone();
    Arc::new(move || interrupt.is_raised())
}

/// `wasm_exec.js` of the Go that is there.
fn wasm_exec() -> Option<Utf8PathBuf> {
    toolchain::wasm_exec(&Utf8PathBuf::from_path_buf(view::goroot()?).ok()?)
}

/// A guest's outcome as the JSON of `wasmcheck exec` has it.
fn seen(outcome: Outcome, host: &str) -> Run {
    let code = match &outcome.end {
        End::Exit(code) => Some(*code),
        _ => None,
    };
    let mut run = Run::ended(host.to_owned(), code, outcome.end == End::TimedOut);
    run.why = why(&outcome.end);
    run.over_memory = matches!(&outcome.end, End::Limit(what) if what.starts_with(OVER_MEMORY));
    run.calls = outcome.calls;
    run.refusals = outcome.refusals;
    run.milliseconds = u64::try_from(outcome.time.as_millis()).unwrap_or(u64::MAX);
    run.memory = outcome.memory;
    run
}
