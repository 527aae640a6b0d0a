//! Scratch modules, the `go` command in them, and programs in the sandbox.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use advisors::file::{Adapter, Shape};
use anyhow::{Context, Result, ensure};
use model::Goos;

use super::plan::{Check, Runs, State, What};
use super::record::{Outcome, Record, Suite};
use super::what::{Built, Came, build, fails, fixed, runs, suite};

/// The `go` command, and what runs programs.
pub(super) struct Go {
    wasmcheck: PathBuf,
    version: String,
    cache: String,
    runtime: String,
    /// What was built, and what ran: many entries have one remedy, and a patch fails as its entry does.
    built: RefCell<BTreeMap<String, Built>>,
    ran: RefCell<BTreeMap<String, Came>>,
    suites: RefCell<BTreeMap<String, Suite>>,
}

impl Go {
    pub(super) fn new(wasmcheck: &Path) -> Result<Self> {
        let said = |program: &Path, args: &[&str]| -> Result<String> {
            let name = program.display().to_string();
            let output = Command::new(program).args(args).output().context(name)?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let go = Path::new("go");
        let version = said(go, &["env", "GOVERSION"])?;
        Ok(Self {
            version: version.trim_start_matches("go").to_owned(),
            cache: said(go, &["env", "GOMODCACHE"])?,
            runtime: said(wasmcheck, &["--version"])?,
            wasmcheck: wasmcheck.to_owned(),
            built: RefCell::default(),
            ran: RefCell::default(),
            suites: RefCell::default(),
        })
    }

    /// Do what a check asks for.
    pub(super) fn check(&self, check: &Check) -> Result<Record> {
        let scratch = Scratch::new(self, check.goos)?;
        let (module, came) = match &check.what {
            What::Fails(state) => {
                let at = format!("{}@{}", state.package, state.version);
                (at, self.fails(&scratch, check.goos, state)?)
            }
            What::Runs(wanted) => {
                let at = wanted.versions.last().map_or("latest", String::as_str);
                let module = if wanted.module.is_empty() {
                    wanted.package.clone()
                } else {
                    format!("{}@{at}", wanted.module)
                };
                (module, self.runs(&scratch, check.goos, wanted)?)
            }
            What::Fixed(wanted) => {
                let module = format!("{}@{}", wanted.module, wanted.version);
                (module, fixed(&scratch, wanted)?)
            }
        };
        let Came {
            level,
            good,
            said,
            ran,
        } = came;
        Ok(Record {
            id: check.id.clone(),
            fix: check.fix,
            go: self.version.clone(),
            target: check.goos.name().to_owned(),
            module,
            level,
            result: if good { Outcome::Pass } else { Outcome::Fail },
            first_error: said.map(|text| self.plain(&text)),
            runtime: ran.then(|| self.runtime.clone()),
            tests: None,
            hash: check.hash.clone(),
            stale: false,
        })
    }

    fn fails(&self, scratch: &Scratch<'_>, goos: Goos, state: &State) -> Result<Came> {
        let key = format!("{} {} {}", goos.name(), state.package, state.version);
        let known = self.built.borrow().get(&key).cloned();
        // A stub and a hollow package are looked into where they were required.
        let known = known.filter(|_| matches!(state.shape, Shape::Excluded | Shape::Partial));
        let built = match known {
            Some(built) => built,
            None => build(scratch, &state.package, &state.version)?,
        };
        self.built.borrow_mut().insert(key, built.clone());
        fails(scratch, state, built)
    }

    fn runs(&self, scratch: &Scratch<'_>, goos: Goos, wanted: &Runs) -> Result<Came> {
        let key = format!("{} {wanted:?}", goos.name());
        if let Some(came) = self.ran.borrow().get(&key) {
            return Ok(came.clone());
        }
        let came = runs(scratch, wanted)?;
        self.ran.borrow_mut().insert(key, came.clone());
        Ok(came)
    }

    /// Run the tests of what a check uses, in the sandbox.
    pub(super) fn suite(&self, goos: Goos, wanted: &Runs) -> Result<Suite> {
        let at = wanted.versions.last().map_or("latest", String::as_str);
        let key = format!("{} {} {at}", goos.name(), wanted.package);
        if let Some(suite) = self.suites.borrow().get(&key) {
            return Ok(suite.clone());
        }
        let scratch = Scratch::new(self, goos)?;
        let mut suite = suite(&scratch, wanted)?;
        suite.ended = suite.ended.map(|text| self.plain(&text));
        self.suites.borrow_mut().insert(key, suite.clone());
        Ok(suite)
    }

    /// Without the paths of this machine.
    fn plain(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.cache), "");
        text.trim().chars().take(240).collect()
    }
}

/// A module in a directory of its own.
pub(super) struct Scratch<'a> {
    go: &'a Go,
    goos: Goos,
    dir: tempfile::TempDir,
}

impl<'a> Scratch<'a> {
    fn new(go: &'a Go, goos: Goos) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let text = "module example.com/scratch\n\ngo 1.26\n";
        std::fs::write(dir.path().join("go.mod"), text)?;
        Ok(Self { go, goos, dir })
    }

    /// Write the program.
    pub(super) fn main(&self, text: &str) -> Result<()> {
        Ok(std::fs::write(self.dir.path().join("main.go"), text)?)
    }

    /// Run the `go` command for the build.
    pub(super) fn go(&self, args: &[&str]) -> Result<(bool, String)> {
        self.command(args, &[("GOOS", self.goos.name()), ("GOARCH", "wasm")])
    }

    /// Require modules.
    pub(super) fn get(&self, wanted: &[String]) -> Result<(bool, String)> {
        let mut args = vec!["get"];
        args.extend(wanted.iter().map(String::as_str));
        self.command(&args, &[])
    }

    fn command(&self, args: &[&str], env: &[(&str, &str)]) -> Result<(bool, String)> {
        let mut command = Command::new("nice");
        command
            .args(["-n", "10", "timeout", "600", "go"])
            .args(args);
        command.current_dir(self.dir.path());
        command.env("GOFLAGS", "-mod=mod -buildvcs=false");
        command.env("GOTOOLCHAIN", "local").env("GOWORK", "off");
        command.env("CGO_ENABLED", "0").envs(env.iter().copied());
        let Output {
            status,
            stderr,
            stdout,
        } = command.output().context("nice")?;
        let text = [stdout, stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let told = text.lines().filter(|l| !l.starts_with("go: downloading"));
        let told: Vec<&str> = told.collect();
        Ok((status.success(), told.join("\n")))
    }

    /// Run the tests of a package in the sandbox.
    pub(super) fn test(&self, package: &str, tags: &str) -> Result<(bool, String)> {
        let program = self.go.wasmcheck.display();
        let run = format!("-exec='{program}' exec --timeout 500s --max-memory 2GiB");
        self.go(&[
            "test", "-v", "-short", "-vet=off", "-p", "1", tags, &run, package,
        ])
    }

    /// Let `wasmcheck fix` change the module for the build.
    pub(super) fn fix(&self) -> Result<(bool, String)> {
        let mut command = Command::new("nice");
        command.args(["-n", "10"]).arg(&self.go.wasmcheck);
        command.args(["fix", "--apply", "--allow-dirty", "--quiet"]);
        command.args(["--target", self.goos.name()]);
        let output = command.current_dir(self.dir.path());
        let output = output.output().context("wasmcheck fix")?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((output.status.success(), text))
    }

    /// Whether a file with an adapter lies in the copy of its module.
    pub(super) fn has(&self, adapter: &Adapter) -> Result<bool> {
        let dir = self.dir.path().join("third_party").join(&adapter.package);
        for file in std::fs::read_dir(dir)? {
            let text = std::fs::read(file?.path()).unwrap_or_default();
            if text.ends_with(adapter.source.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Run the program that was linked as `x.wasm`, in an empty directory.
    pub(super) fn run(&self) -> Result<(bool, String)> {
        let dir = self.dir.path().join("run");
        std::fs::create_dir_all(&dir)?;
        ensure!(
            self.dir.path().join("x.wasm").exists(),
            "nothing was linked"
        );
        let mut command = Command::new("nice");
        command.args(["-n", "10"]).arg(&self.go.wasmcheck);
        // C that was translated to Go reserves a gigabyte.
        let limits = ["--timeout", "120s", "--max-memory", "2GiB"];
        command
            .arg("exec")
            .args(limits)
            .args(["--no-cache", "../x.wasm"]);
        let output = command
            .current_dir(&dir)
            .output()
            .context("wasmcheck exec")?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((output.status.success(), text))
    }
}
