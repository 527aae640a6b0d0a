//! Test binaries: under wasm where they can do no harm, natively and under Node where the user
//! allows it.

use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{End, Goos};
use runtime_harness::{SuiteRun, read_suite};
use tempfile::TempDir;
use toolchain::{Program, Session};

use super::{GRACE, Sandbox, inside, path, read, utf8, worker, world};

/// A test binary, and how it is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary<'b> {
    /// Where it lies.
    pub(crate) file: &'b Utf8Path,
    /// The directory of its package, which is the current one of tests.
    pub(crate) dir: &'b Utf8Path,
    /// Arguments after those that `go test` always gives.
    pub(crate) args: &'b [String],
    /// Longest wall time.
    pub(crate) time: Duration,
}

impl Sandbox<'_> {
    /// Run a test binary of a wasm build.
    pub(crate) fn suite(
        &self,
        session: &Session,
        goos: Goos,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        match goos {
            Goos::Wasip1 => self.suite_wasip1(session, binary),
            Goos::Js => self.suite_node(session, binary),
        }
    }

    fn suite_wasip1(&self, session: &Session, binary: Binary<'_>) -> Result<SuiteRun, String> {
        let scratch = scratch()?;
        let at = |name: &str| utf8(&scratch.path().join(name));
        let (report, log) = (at("report.json")?, at("log")?);
        let mut args = vec!["exec".to_owned(), "--profile=go-test".to_owned()];
        args.push(format!("--timeout={}ms", binary.time.as_millis()));
        args.push(format!("--report={report}"));
        args.push(binary.file.to_string());
        args.extend(test_args(binary));
        let goroot = session.env().goroot.to_string();
        let program = Program {
            program: worker()?,
            args,
            dir: binary.dir.to_owned(),
            env: vec![
                ("GOROOT".to_owned(), goroot),
                // What a killed worker leaves goes with our own scratch directory.
                ("TMPDIR".to_owned(), scratch.path().display().to_string()),
                ("PWD".to_owned(), binary.dir.to_string()),
            ],
            time: binary.time + GRACE,
            log: Some(log.clone()),
        };
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        let ran = read(report.as_std_path());
        let late = ended.timed_out || ran.is_some_and(|ran| ran.end == End::Timeout);
        Ok(read_suite(&printed(&log), ended.code, late))
    }

    fn suite_node(&self, session: &Session, binary: Binary<'_>) -> Result<SuiteRun, String> {
        let node = self
            .node
            .as_ref()
            .ok_or("programs of GOOS=js are not run")?;
        let (scratch, world, without) = world(Some(session.root()))?;
        if let Some(why) = without {
            return Err(why);
        }
        let dir = utf8(&world.host_path(binary.dir.as_std_path()))?;
        let log = utf8(&scratch.path().join("log"))?;
        let mut env: Vec<(String, String)> = [("HOME", "/home"), ("TMPDIR", "/tmp")]
            .map(|(key, guest)| (key.to_owned(), inside(&world, guest)))
            .to_vec();
        env.push(("PWD".to_owned(), dir.to_string()));
        env.push(("GOROOT".to_owned(), session.env().goroot.to_string()));
        let mut program = node.program(binary.file, &dir, env, binary.time);
        program.args.extend(test_args(binary));
        program.log = Some(log.clone());
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        Ok(read_suite(&printed(&log), ended.code, ended.timed_out))
    }

    /// Run a test binary of this machine's build, in a scratch copy of the module: tests may write
    /// where they stand.
    pub(crate) fn suite_native(
        &self,
        session: &Session,
        binary: Binary<'_>,
    ) -> Result<SuiteRun, String> {
        let (scratch, world, without) = world(Some(session.root()))?;
        if let Some(why) = without {
            return Err(why);
        }
        let dir = utf8(&world.host_path(binary.dir.as_std_path()))?;
        let log = utf8(&scratch.path().join("log"))?;
        let mut env = inherited();
        env.retain(|(key, _)| !matches!(key.as_str(), "PWD" | "TMPDIR" | "PATH" | "GOROOT"));
        let goroot = &session.env().goroot;
        // As `go test` has it.
        env.push(("PATH".to_owned(), format!("{goroot}/bin:{}", path())));
        env.push(("TMPDIR".to_owned(), inside(&world, "/tmp")));
        env.push(("PWD".to_owned(), dir.to_string()));
        let program = Program {
            program: binary.file.to_string(),
            args: test_args(binary),
            dir,
            env,
            time: binary.time,
            log: Some(log.clone()),
        };
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        Ok(read_suite(&printed(&log), ended.code, ended.timed_out))
    }
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

fn scratch() -> Result<TempDir, String> {
    let scratch = tempfile::Builder::new().prefix("wasmcheck-").tempdir();
    scratch.map_err(|e| format!("no scratch space: {e}"))
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
