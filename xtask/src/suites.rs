//! `cargo xtask suites`: tests of the standard library in the sandbox, each test against what Go's
//! own scripts make of it: `go_wasip1_wasm_exec` with wazero and with the wasmtime package of
//! Python, `go_js_wasm_exec` with Node, and the native run.
#![expect(clippy::disallowed_methods, reason = "chores build with Go")]
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::target_dir::target_dir;

const PACKAGES: [&str; 9] = [
    "strings",
    "sort",
    "encoding/json",
    "io/fs",
    "time",
    "path/filepath",
    "os",
    "net",
    "net/http",
];
const WAZERO: &str = "v1.12.0";
const WASMTIME: &str = "50.0.1";

/// What is measured, and what is known of differences that stay.
const TABLE: &str = "docs/sandbox-suites.tsv";
const HEAD: &str = "package\ttarget\tagainst\ttests\tsame\tonly here\tonly there\tother\n";

/// Why a test may come out otherwise.
const EXPLAINED: &str = "xtask/data/suites.tsv";

/// What a run on this machine is called in the table.
const NATIVE: &str = "native";

/// The package whose tests also run with virtual clocks, and what that is called in the table.
const CLOCKS: &str = "time";
const VIRTUAL: &str = "itself --deterministic";

/// By the name of a test: pass, fail, skip, or nothing when it never ended.
type Outcomes = BTreeMap<String, String>;

/// Compare all packages, or some, and write their rows of the table.
pub(crate) fn run(packages: &[&str], wasmcheck: &Path) -> Result<()> {
    let world = World::new(wasmcheck)?;
    let chosen = if packages.is_empty() {
        &PACKAGES[..]
    } else {
        packages
    };
    let explained = std::fs::read_to_string(EXPLAINED)?;
    let (mut rows, mut wrong) = (String::new(), Vec::new());
    for package in chosen {
        for row in world.compare(package)? {
            eprintln!("xtask: {}", row.summary_line());
            rows.push_str(&row.line());
            wrong.extend(row.unexplained(&explained));
        }
    }
    note(chosen, &rows)?;
    ensure!(
        wrong.is_empty(),
        "outcomes that nothing in {EXPLAINED} explains:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// Replace the rows of some packages.
fn note(packages: &[&str], rows: &str) -> Result<()> {
    let kept = std::fs::read_to_string(TABLE).unwrap_or_default();
    let of = |row: &str| row.split('\t').next().unwrap_or_default().to_owned();
    let kept = kept.lines().skip(1);
    let mut all: Vec<&str> = kept
        .filter(|row| !packages.contains(&of(row).as_str()))
        .chain(rows.lines())
        .collect();
    // Packages that are no part of the usual ones come last.
    all.sort_by_key(|row| {
        PACKAGES
            .iter()
            .position(|p| *p == of(row))
            .unwrap_or(usize::MAX)
    });
    let table = all
        .iter()
        .fold(HEAD.to_owned(), |table, row| table + row + "\n");
    Ok(std::fs::write(TABLE, table)?)
}

/// The outcomes of one package on one target, compared with those of one other runner.
struct Row {
    package: String,
    target: &'static str,
    against: String,
    ours: Outcomes,
    theirs: Outcomes,
}

impl Row {
    fn same(&self) -> usize {
        let same = |(test, end): &(&String, &String)| self.theirs.get(*test) == Some(*end);
        self.ours.iter().filter(same).count()
    }

    /// Tests that both ran with another outcome: name, ours, theirs.
    fn differ(&self) -> Vec<(&str, &str, &str)> {
        let both = self.ours.iter().filter_map(|(test, end)| {
            let other = self.theirs.get(test)?;
            (end != other).then_some((test.as_str(), end.as_str(), other.as_str()))
        });
        both.collect()
    }

    /// Tests that ran on one side alone.
    fn only_here(&self) -> Vec<&str> {
        alone(&self.ours, &self.theirs)
    }

    fn only_there(&self) -> Vec<&str> {
        alone(&self.theirs, &self.ours)
    }

    fn summary_line(&self) -> String {
        format!(
            "{} {} against {}: {} tests, {} the same, {} differ, {} only here, {} only there",
            self.package,
            self.target,
            self.against,
            self.ours.len(),
            self.same(),
            self.differ().len(),
            self.only_here().len(),
            self.only_there().len(),
        )
    }

    /// A line of the table. What differs from the native run is Go's doing where the other runners
    /// say the same: it is counted by kind, not named.
    fn line(&self) -> String {
        let mut differ: Vec<String> = Vec::new();
        if self.against == NATIVE {
            let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
            for (_, ours, theirs) in self.differ() {
                *kinds.entry(format!("{theirs} to {ours}")).or_default() += 1;
            }
            differ.extend(kinds.iter().map(|(kind, count)| format!("{count} {kind}")));
        } else {
            differ.extend(self.odd().into_iter().map(|test| self.ends(test)));
        }
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            self.package,
            self.target,
            self.against,
            self.ours.len(),
            self.same(),
            self.only_here().len(),
            self.only_there().len(),
            differ.join(", "),
        )
    }

    /// Tests, without their subtests, that are not the same on both sides.
    fn odd(&self) -> BTreeSet<&str> {
        let differ = self.differ().into_iter().map(|(test, ..)| test);
        let alone = self.only_here().into_iter().chain(self.only_there());
        differ
            .chain(alone)
            .filter_map(|test| test.split('/').next())
            .collect()
    }

    /// How a test ended on both sides.
    fn ends(&self, test: &str) -> String {
        let end = |of: &Outcomes| of.get(test).map_or("absent", String::as_str).to_owned();
        format!("{test} ({}, there {})", end(&self.ours), end(&self.theirs))
    }

    /// What no line of the explanations covers.
    fn unexplained(&self, explained: &str) -> Vec<String> {
        if self.against == NATIVE {
            return Vec::new();
        }
        let runner = self.against.split(' ').next().unwrap_or_default();
        let covered = |test: &str| {
            let covers = |line: &str| {
                let fields: Vec<&str> = line.split('\t').collect();
                let [package, of, name, _] = fields[..] else {
                    return false;
                };
                package == self.package && (of == "*" || of == runner) && name == test
            };
            explained.lines().any(covers)
        };
        let odd = self.odd().into_iter().filter(|test| !covered(test));
        odd.map(|test| {
            let (package, target) = (&self.package, self.target);
            format!("{package} {target} {runner}: {}", self.ends(test))
        })
        .collect()
    }
}

struct World {
    scratch: tempfile::TempDir,
    wasmcheck: PathBuf,
    goroot: PathBuf,
    /// Where `wazero` and `wasmtime` are.
    runners: PathBuf,
}

impl World {
    fn new(wasmcheck: &Path) -> Result<World> {
        let goroot = stdout_of(Command::new("go").args(["env", "GOROOT"]))?;
        let scratch = tempfile::tempdir()?;
        // A copy: it may be built anew in these minutes.
        let copy = scratch.path().join("wasmcheck");
        std::fs::copy(wasmcheck, &copy).context("build wasmcheck first")?;
        let world = World {
            scratch,
            wasmcheck: copy,
            goroot: PathBuf::from(goroot.trim()),
            runners: std::path::absolute(target_dir())?.join("suites"),
        };
        world.install().context("the runners to compare with")?;
        Ok(world)
    }

    /// Fetch what is compared with, once.
    fn install(&self) -> Result<()> {
        if !self.runners.join("wazero").is_file() {
            let wazero = format!("github.com/tetratelabs/wazero/cmd/wazero@{WAZERO}");
            let mut go = Command::new("go");
            stdout_of(go.args(["install", &wazero]).env("GOBIN", &self.runners))?;
        }
        let python = self.runners.join("python");
        if !python.is_dir() {
            stdout_of(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
            let package = format!("wasmtime=={WASMTIME}");
            stdout_of(Command::new(python.join("bin/pip")).args(["install", "--quiet", &package]))?;
        }
        let script = std::path::absolute("xtask/data/run_wasmtime.py")?;
        let command = self.runners.join("wasmtime");
        let text = format!(
            "#!/bin/sh\nexec '{}' '{}' \"$@\"\n",
            python.join("bin/python").display(),
            script.display()
        );
        std::fs::write(&command, text)?;
        stdout_of(Command::new("chmod").arg("+x").arg(&command))?;
        Ok(())
    }

    fn compare(&self, package: &str) -> Result<Vec<Row>> {
        let native = self.build(package, "")?;
        let native = self.outcomes(package, Command::new(native))?;
        let mut rows = Vec::new();
        for (target, goos) in [("wasip1", "wasip1"), ("js-node", "js")] {
            let wasm = self.build(package, goos)?;
            let sandbox = |options: &[&str]| {
                let mut run = Command::new(&self.wasmcheck);
                run.args(["exec", "--max-output=1GiB"]);
                run.args(options).arg(&wasm);
                self.outcomes(package, run)
            };
            let ours = sandbox(&[])?;
            let row = |against: String, theirs: Outcomes| Row {
                package: package.to_owned(),
                target,
                against,
                ours: ours.clone(),
                theirs,
            };
            rows.push(row(NATIVE.to_owned(), native.clone()));
            if package == CLOCKS {
                let theirs = sandbox(&["--deterministic"])?;
                rows.push(row(VIRTUAL.to_owned(), theirs));
            }
            let peers: &[&str] = match goos {
                "js" => &["node"],
                _ => &["wazero", "wasmtime"],
            };
            for peer in peers {
                let script = format!("lib/wasm/go_{goos}_wasm_exec");
                let mut theirs = Command::new(self.goroot.join(script));
                theirs.arg(&wasm).env("GOWASIRUNTIME", peer);
                let outcomes = self.outcomes(package, theirs)?;
                rows.push(row(version(peer)?, outcomes));
            }
        }
        Ok(rows)
    }

    fn build(&self, package: &str, goos: &str) -> Result<PathBuf> {
        let name = format!("{}{goos}.test", package.replace('/', "-"));
        let file = self.scratch.path().join(name);
        let mut go = Command::new("go");
        go.args(["test", "-c", "-o"]).arg(&file).arg(package);
        if !goos.is_empty() {
            go.env("GOOS", goos).env("GOARCH", "wasm");
        }
        go.current_dir(self.goroot.join("src"));
        go.env_remove("GOFLAGS").env("GOWORK", "off");
        stdout_of(&mut go)?;
        Ok(file)
    }

    /// Run a test binary in the directory of its package, as `go test` does.
    fn outcomes(&self, package: &str, mut command: Command) -> Result<Outcomes> {
        command.args([
            "-test.v=test2json",
            "-test.short",
            "-test.paniconexit0",
            "-test.timeout=20m",
        ]);
        let dir = self.goroot.join("src").join(package);
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.runners.display());
        command.current_dir(&dir).env("PATH", path).env("PWD", &dir);
        command
            .env("TMPDIR", self.scratch.path())
            .stdin(Stdio::null());
        let ran = command.output()?;
        let outcomes = events(&ran)?;
        let said = String::from_utf8_lossy(&ran.stderr);
        ensure!(!outcomes.is_empty(), "no test ran: {command:?}: {said}");
        if !ran.status.success() {
            let last: Vec<&str> = said.lines().take(3).collect();
            eprintln!("xtask: {command:?}: {}: {}", ran.status, last.join("; "));
        }
        Ok(outcomes)
    }
}

/// Tests of one side that the other has not run.
fn alone<'a>(a: &'a Outcomes, b: &Outcomes) -> Vec<&'a str> {
    let alone = a.keys().filter(|test| !b.contains_key(*test));
    alone.map(String::as_str).collect()
}

/// What `go tool test2json` reads in an output.
fn events(ran: &Output) -> Result<Outcomes> {
    let mut tool = Command::new("go");
    tool.args(["tool", "test2json"]);
    let mut tool = tool.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (mut stdin, printed) = (tool.stdin.take().context("no pipe")?, ran.stdout.clone());
    let feed = std::thread::spawn(move || stdin.write_all(&printed));
    let out = tool.wait_with_output()?;
    if feed.join().is_err() {
        bail!("test2json does not read");
    }
    let mut outcomes = Outcomes::new();
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        let event: Value = serde_json::from_str(line)?;
        let Some(test) = event["Test"].as_str() else {
            continue;
        };
        match event["Action"].as_str() {
            Some("run") => drop(outcomes.insert(test.to_owned(), "no end".to_owned())),
            Some(end @ ("pass" | "fail" | "skip")) => {
                outcomes.insert(test.to_owned(), end.to_owned());
            }
            _ => {}
        }
    }
    Ok(outcomes)
}

fn version(peer: &str) -> Result<String> {
    Ok(match peer {
        "wazero" => format!("wazero {WAZERO}"),
        "wasmtime" => format!("wasmtime {WASMTIME}"),
        _ => format!(
            "node {}",
            stdout_of(Command::new("node").arg("--version"))?.trim()
        ),
    })
}

fn stdout_of(command: &mut Command) -> Result<String> {
    let done = command.output().with_context(|| format!("{command:?}"))?;
    let error = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}: {error}");
    Ok(String::from_utf8(done.stdout)?)
}
