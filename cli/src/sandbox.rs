//! Programs, run where they can do no harm: each in a worker process of its own, which is
//! `wasmcheck exec`, in a scratch copy of the module. Node and Chromium only where the user allows
//! them.

mod browser;
mod played;
mod suite;

use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{End, Goos, Ran, Target};
use runtime_harness::{JS_NAME, NAME, World, crash_in};
use toolchain::{Chromium, Ended, Interrupt, Node, Program, Scratch, Session};

pub(crate) use self::played::{Play, PlayedHere};
pub(crate) use self::suite::{Binary, Copy};
use crate::check::Settings;
use crate::exec::ZONES;

/// Largest copy of a module that a program gets to see, in bytes.
const COPY: u64 = 256 << 20;
/// How long the worker may take beyond the guest's time, to tell what happened.
const GRACE: Duration = Duration::from_secs(5);

/// What ran, and what it printed.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) ran: Ran,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Why the program did not see its module, if it did not.
    pub(crate) without_module: Option<String>,
}

/// Where programs run.
pub(crate) struct Sandbox<'s> {
    pub(crate) interrupt: &'s Interrupt,
    /// For programs of `GOOS=js` that the user trusts; others run in our own worker.
    pub(crate) node: Option<Node>,
    /// What Go's programs of `GOOS=js` run with; none when the toolchain has no such file.
    wasm_exec: Option<Utf8PathBuf>,
    /// Why there is no Node although the user wants it.
    pub(crate) no_node: Option<String>,
    /// For programs of `GOOS=js` in a page, where the user trusts them.
    chromium: Option<Chromium>,
    /// Why there is no Chromium although the user wants it.
    pub(crate) no_chromium: Option<String>,
}

impl<'s> Sandbox<'s> {
    /// Find what programs can be run with.
    pub(crate) fn find(session: &'s Session, settings: &Settings) -> Self {
        let trusted = settings.trusted.node || settings.trusted.native;
        let wanted = trusted && settings.targets.contains(&Target::JsNode);
        let find = || Node::find(&session.env().goroot, &path(), session.interrupt());
        let (node, no_node) = match wanted.then(find) {
            Some(Ok(node)) => (Some(node), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        let wanted = settings.trusted.chromium && settings.targets.contains(&Target::JsBrowser);
        let find = || Chromium::find(&session.env().goroot, &path(), session.interrupt());
        let (chromium, no_chromium) = match wanted.then(find) {
            Some(Ok(chromium)) => (Some(chromium), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        Self {
            interrupt: session.interrupt(),
            wasm_exec: toolchain::wasm_exec(&session.env().goroot),
            node,
            no_node,
            chromium,
            no_chromium,
        }
    }

    /// Whether programs are run for a target at all.
    pub(crate) fn runs(&self, target: Target) -> bool {
        match target {
            Target::Wasip1 => true,
            Target::JsNode => self.node.is_some() || self.wasm_exec.is_some(),
            Target::JsBrowser => self.chromium.is_some(),
        }
    }

    /// The targets among those that were chosen for which programs are run.
    pub(crate) fn targets(&self, settings: &Settings) -> Vec<Target> {
        let chosen = settings.targets.iter().copied();
        chosen.filter(|target| self.runs(*target)).collect()
    }

    /// What runs programs of a target.
    pub(crate) fn host(&self, target: Target) -> String {
        match (target, &self.node, &self.chromium) {
            (Target::Wasip1, ..) => NAME.to_owned(),
            (Target::JsNode, Some(node), _) => format!("node {}", node.version),
            (Target::JsBrowser, _, Some(chromium)) => chromium.version.clone(),
            _ => JS_NAME.to_owned(),
        }
    }

    /// Run a program, in a copy of `module` if one is named; a page has no files.
    pub(crate) fn run(
        &self,
        target: Target,
        wasm: &Utf8Path,
        module: Option<&Utf8Path>,
        time: Duration,
    ) -> Result<Seen, String> {
        match (target, &self.node, &self.chromium) {
            (Target::JsNode, Some(node), _) => self.node(node, wasm, module, time),
            (Target::JsBrowser, _, Some(chromium)) => {
                let args = [wasm.file_name().unwrap_or("js").to_owned()];
                let shown = chromium.run(wasm, &args, &[], time, self.interrupt);
                let shown = shown.map_err(|e| e.to_string())?;
                Ok(browser::seen(shown, self.host(target)))
            }
            (target, ..) => self.worker(target.goos(), wasm, module, time),
        }
    }

    fn worker(
        &self,
        goos: Goos,
        wasm: &Utf8Path,
        module: Option<&Utf8Path>,
        time: Duration,
    ) -> Result<Seen, String> {
        let (scratch, world, without_module) = world(module)?;
        let report = scratch.path().join("report.json");
        let mut args = self.options(goos, &world, time, &report);
        args.push(wasm.to_string());
        let program = Program {
            program: worker()?,
            args,
            dir: scratch.path().to_owned(),
            env: Vec::new(),
            time: time + GRACE,
            ..Program::default()
        };
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        let ran = read(&report).unwrap_or_else(|| no_word(&ended, name_of(goos).to_owned()));
        Ok(seen(ran, ended, without_module))
    }

    /// Options of the worker for a program that sees a world and nothing else.
    fn options(&self, goos: Goos, world: &World, time: Duration, report: &Utf8Path) -> Vec<String> {
        let mut args = ["exec", "--profile=nothing", "--no-cache"]
            .map(str::to_owned)
            .to_vec();
        args.push(format!("--dir={}::/", world.preopen().host.display()));
        if Path::new(ZONES).is_dir() {
            args.push(format!("--read={ZONES}"));
        }
        args.extend(world.env().iter().map(|(k, v)| format!("--env={k}={v}")));
        args.push(format!("--timeout={}ms", time.as_millis()));
        args.push(format!("--report={report}"));
        args.extend(self.for_js(goos));
        args
    }

    /// What the worker needs for programs of `GOOS=js`.
    fn for_js(&self, goos: Goos) -> Option<String> {
        let file = self.wasm_exec.as_ref().filter(|_| goos == Goos::Js)?;
        Some(format!("--wasm-exec={file}"))
    }

    fn node(
        &self,
        node: &Node,
        wasm: &Utf8Path,
        module: Option<&Utf8Path>,
        time: Duration,
    ) -> Result<Seen, String> {
        let (_scratch, world, without_module) = world(module)?;
        let root = world.preopen().host;
        // Node has no root of its own: the paths are those of the copy.
        let env =
            [("HOME", "/home"), ("TMPDIR", "/tmp")].map(|(k, v)| (k.to_owned(), inside(&world, v)));
        let dir = match module {
            Some(module) if without_module.is_none() => {
                utf8(&world.host_path(module.as_std_path()))?
            }
            _ => utf8(&root)?,
        };
        let mut env = env.to_vec();
        env.push(("PWD".to_owned(), dir.to_string()));
        let started = std::time::Instant::now();
        let ended = node
            .program(wasm, &dir, env, time)
            .run(self.interrupt)
            .map_err(|e| e.to_string())?;
        let (end, exit) = match (ended.timed_out, ended.code) {
            (true, _) => (End::Timeout, None),
            (false, Some(0)) => (End::Ok, Some(0)),
            (false, Some(code)) => (End::Fail, Some(code)),
            (false, None) => (End::Crash, None),
        };
        let ran = Ran {
            end,
            exit,
            why: None,
            calls: Vec::new(),
            refusals: Vec::new(),
            milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            memory: 0,
            host: self.host(Target::JsNode),
        };
        Ok(seen(ran, ended, without_module))
    }
}

/// What our own worker is called.
fn name_of(goos: Goos) -> &'static str {
    match goos {
        Goos::Wasip1 => NAME,
        Goos::Js => JS_NAME,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "Node and browsers are looked up where the user has them"
)]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// This program. On Linux by a name that holds when its file was replaced since it started.
fn worker() -> Result<String, String> {
    if cfg!(target_os = "linux") && Path::new("/proc/self/exe").exists() {
        return Ok("/proc/self/exe".to_owned());
    }
    let file = std::env::current_exe().map_err(|e| format!("no worker for the sandbox: {e}"))?;
    Ok(file.to_string_lossy().into_owned())
}

/// A scratch directory with a world in it, and why the module is not in that.
fn world(module: Option<&Utf8Path>) -> Result<(Scratch, World, Option<String>), String> {
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let mut world = World::new(scratch.path().as_std_path()).map_err(|e| e.to_string())?;
    let Some(module) = module else {
        return Ok((scratch, world, None));
    };
    let copied = world.copy(module.as_std_path(), COPY);
    world.enter(module.as_std_path());
    Ok((scratch, world, copied.err().map(|e| e.to_string())))
}

/// Where a path of the guest lies, for programs that have no root of their own.
fn inside(world: &World, guest: &str) -> String {
    let path = world.host_path(Path::new(guest));
    path.to_string_lossy().into_owned()
}

fn utf8(path: &Path) -> Result<Utf8PathBuf, String> {
    Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|p| format!("{}: not UTF-8", p.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the worker left in its scratch directory"
)]
fn read(report: &Utf8Path) -> Option<Ran> {
    serde_json::from_slice(&std::fs::read(report).ok()?).ok()
}

/// The worker is gone, and left no word.
fn no_word(ended: &Ended, host: String) -> Ran {
    let why = if ended.timed_out {
        "the sandbox did not answer in time and was stopped".to_owned()
    } else {
        match ended.code {
            None => "the sandbox was killed from outside".to_owned(),
            Some(code) => format!("the sandbox ended with {code} and without a word"),
        }
    };
    Ran {
        end: if ended.timed_out {
            End::Timeout
        } else {
            End::Crash
        },
        exit: None,
        why: Some(why),
        calls: Vec::new(),
        refusals: Vec::new(),
        milliseconds: 0,
        memory: 0,
        host,
    }
}

/// An exit code of Go's runtime after a panic is a crash, too.
fn seen(mut ran: Ran, ended: Ended, without_module: Option<String>) -> Seen {
    if ran.end == End::Fail && crash_in(&ended.stderr).is_some() {
        ran.end = End::Crash;
    }
    Seen {
        ran,
        stdout: ended.stdout,
        stderr: ended.stderr,
        without_module,
    }
}
