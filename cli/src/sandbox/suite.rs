//! Test binaries: under wasm where they can do no harm, natively and under Node where the user
//! allows it.

use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{End, Goos, Target};
use runtime_harness::{SuiteRun, World, read_suite};
use toolchain::{Node, Program, Scratch, Session};

use super::{GRACE, Sandbox, browser, inside, path, read, utf8, worker, world};
use crate::exec::USER;

/// What Cranelift may take to compile a test binary, beside its time.
const COMPILING: Duration = Duration::from_secs(30);

/// A test binary, and how it is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary<'b> {
    /// Where it lies.
    pub(crate) file: &'b Utf8Path,
    /// The directory of its package, which is the current one of tests.
    pub(crate) dir: &'b Utf8Path,
    /// Outside of the sandbox: the copy of the module in which it runs.
    pub(crate) copy: Option<&'b Copy>,
    /// Arguments after those that `go test` always gives.
    pub(crate) args: &'b [String],
    /// Longest wall time.
    pub(crate) time: Duration,
}

/// A scratch copy of a module, for tests outside of the sandbox, which may write where they stand.
#[derive(Debug)]
pub(crate) struct Copy {
    _scratch: Scratch,
    world: World,
}

impl Copy {
    /// Copy a module, or say why that cannot be.
    pub(crate) fn of(module: &Utf8Path) -> Result<Self, String> {
        let (scratch, world, without) = world(Some(module))?;
        match without {
            Some(why) => Err(why),
            None => Ok(Self {
                _scratch: scratch,
                world,
            }),
        }
    }

    /// Where a directory of the module lies in the copy.
    pub(crate) fn dir(&self, dir: &Utf8Path) -> Result<Utf8PathBuf, String> {
        utf8(&self.world.host_path(dir.as_std_path()))
    }

    /// Variables of every run in it.
    fn env(&self, session: &Session, dir: &Utf8Path) -> Vec<(String, String)> {
        let text = |(key, value): (&str, String)| (key.to_owned(), value);
        let all = [
            ("HOME", inside(&self.world, "/home")),
            ("TMPDIR", inside(&self.world, "/tmp")),
            ("PWD", dir.to_string()),
            ("USER", USER.to_owned()),
            ("GOROOT", session.env().goroot.to_string()),
        ];
        all.map(text).to_vec()
    }
}

impl Sandbox<'_> {
    /// Run a test binary of a wasm build.
    pub(crate) fn suite(
        &self,
        session: &Session,
        target: Target,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        match (target, &self.node, &self.chromium) {
            (Target::JsNode, Some(node), _) => self.suite_node(node, session, binary),
            (Target::JsBrowser, _, Some(chromium)) => {
                let mut args = vec![binary.file.file_name().unwrap_or("js").to_owned()];
                args.extend(test_args(binary));
                let shown = chromium.run(binary.file, &args, &[], binary.time, self.interrupt);
                let mut shown = shown.map_err(|e| e.to_string())?;
                shown.both = session.with_true_paths(&shown.both);
                Ok(browser::suite(&shown))
            }
            (target, ..) => self.suite_worker(target.goos(), session, binary),
        }
    }

    /// With the compiler that starts sooner, and once more with the one whose code is faster when
    /// time was up.
    fn suite_worker(
        &self,
        goos: Goos,
        session: &Session,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        let run = self.compiled_by("winch", goos, session, binary)?;
        if run.end != End::Timeout || self.interrupt.is_raised() {
            return Ok(run);
        }
        let time = binary.time + COMPILING;
        self.compiled_by("cranelift", goos, session, Binary { time, ..binary })
    }

    fn compiled_by(
        &self,
        engine: &str,
        goos: Goos,
        session: &Session,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        let scratch = scratch()?;
        let at = |name: &str| scratch.path().join(name);
        let (report, log) = (at("report.json"), at("log"));
        let mut args = vec!["exec".to_owned(), "--profile=go-test".to_owned()];
        args.push(format!("--engine={engine}"));
        args.push(format!("--timeout={}ms", binary.time.as_millis()));
        args.push(format!("--report={report}"));
        args.extend(self.for_js(goos));
        args.push(binary.file.to_string());
        args.extend(test_args(binary));
        let goroot = session.env().goroot.to_string();
        let program = Program {
            program: worker()?,
            args,
            dir: binary.dir.to_owned(),
            env: vec![
                ("GOROOT".to_owned(), goroot),
                // Further runs of the binary are quicker; it is compiled for no later check.
                ("WASMCHECK_CACHE".to_owned(), cache(binary)),
                // What a killed worker leaves goes with our own scratch directory.
                ("TMPDIR".to_owned(), scratch.path().to_string()),
                ("PWD".to_owned(), binary.dir.to_string()),
            ],
            time: binary.time + GRACE,
            log: Some(log.clone()),
            ..Program::default()
        };
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        let ran = read(&report);
        let late = ended.timed_out || ran.is_some_and(|ran| ran.end == End::Timeout);
        let printed = session.with_true_paths(&printed(&log));
        Ok(read_suite(&printed, ended.code, late))
    }

    fn suite_node(
        &self,
        node: &Node,
        session: &Session,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        let copy = binary.copy.ok_or("there is no copy of the module")?;
        let dir = copy.dir(binary.dir)?;
        let mut env = copy.env(session, &dir);
        // Node sees the system's own list of users, which HOME and USER must agree with. The rest of
        // the environment may be more than wasm_exec.js takes.
        for (key, value) in inherited() {
            if matches!(key.as_str(), "HOME" | "USER") {
                env.retain(|(k, _)| *k != key);
                env.push((key, value));
            }
        }
        let mut program = node.program(binary.file, &dir, env, binary.time);
        program.args.extend(test_args(binary));
        self.outside(session, program)
    }

    /// Run a test binary of this machine's build, with the user's own environment, as `go test` does
    /// it, but for where it stands.
    pub(crate) fn suite_native(
        &self,
        session: &Session,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        let copy = binary.copy.ok_or("there is no copy of the module")?;
        let dir = copy.dir(binary.dir)?;
        let ours = copy.env(session, &dir);
        let mut env = inherited();
        env.retain(|(key, _)| key != "PATH" && key != "PWD");
        // Its own bin directory comes first (cmd/go/internal/base/env.go, AppendPATH).
        let goroot = &session.env().goroot;
        env.push(("PATH".to_owned(), format!("{goroot}/bin:{}", path())));
        // Tests see whether TMPDIR is set.
        let missing = |key: &str| key != "TMPDIR" && !env.iter().any(|(k, _)| k == key);
        let ours: Vec<_> = ours.into_iter().filter(|(key, _)| missing(key)).collect();
        env.extend(ours);
        let program = Program {
            program: binary.file.to_string(),
            args: test_args(binary),
            dir,
            env,
            time: binary.time,
            ..Program::default()
        };
        self.outside(session, program)
    }

    fn outside(&self, session: &Session, mut program: Program) -> Result<SuiteRun, String> {
        let scratch = scratch()?;
        let log = scratch.path().join("log");
        program.log = Some(log.clone());
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        let printed = session.with_true_paths(&printed(&log));
        Ok(read_suite(&printed, ended.code, ended.timed_out))
    }
}

/// A directory beside a binary, which goes with it.
fn cache(binary: Binary<'_>) -> String {
    let dir = binary.file.parent().unwrap_or(binary.file);
    dir.join("compiled").into_string()
}

/// The flags that `go test -short` gives, and those of the binary.
fn test_args(binary: Binary<'_>) -> Vec<String> {
    // What Go's own limit ends tells which tests were running; it does not fire in a busy loop
    // under wasm, where nothing is preempted.
    let own = binary.time.saturating_sub(GRACE).as_secs();
    let mut args: Vec<String> = ["-test.v=test2json", "-test.paniconexit0", "-test.short"]
        .map(str::to_owned)
        .to_vec();
    args.push(format!("-test.timeout={own}s"));
    args.extend_from_slice(binary.args);
    args
}

fn scratch() -> Result<Scratch, String> {
    Scratch::new().map_err(|e| e.to_string())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a program of ours has printed"
)]
fn printed(log: &Utf8PathBuf) -> String {
    let bytes = std::fs::read(Path::new(log.as_str())).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Native tests see what `go test` gives them.
fn inherited() -> Vec<(String, String)> {
    let all = std::env::vars_os();
    let text = all.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    text.collect()
}
