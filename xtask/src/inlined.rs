//! Which functions of the standard library that behave differently on wasm are never inlined, so that each
//! call of one leaves an instruction in the wasm. Of the others a call may leave nothing: what
//! `exec.LookPath` returns on wasip1 is known to the compiler, which drops the call and all that
//! its success would lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use analyzer::{all_behaviours, split_symbol};
use anyhow::{Context, Result, ensure};

use crate::tables::VERSIONS;

/// By symbol, whether some version inlines it on some target.
type Inlined = BTreeMap<String, bool>;

/// Write `analyzer/data/std-calls.tsv`.
#[expect(clippy::disallowed_methods, reason = "chores write into the tree")]
pub(crate) fn write() -> Result<()> {
    let packages: BTreeSet<&str> = all_behaviours()
        .filter_map(|(symbol, _)| Some(split_symbol(symbol)?.0))
        .collect();
    let mut inlined = Inlined::new();
    for version in VERSIONS {
        for goos in ["js", "wasip1"] {
            read(version, goos, &packages, &mut inlined)?;
        }
    }
    let mut text = format!(
        "# Made by `cargo xtask inlined` from what `go build -gcflags=-m=2` says of Go {} to {}; not to be edited.\n\
         # Functions that no version inlines on js or wasip1: where a program calls one, there is an instruction.\n\
         #\n# symbol\n",
        VERSIONS.first().context("there are versions")?,
        VERSIONS.last().context("there are versions")?
    );
    for (symbol, _) in all_behaviours().filter(|(symbol, _)| inlined.get(*symbol) == Some(&false)) {
        let _ = writeln!(text, "{symbol}");
    }
    std::fs::write("analyzer/data/std-calls.tsv", text)?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "it takes minutes")]
fn read(version: &str, goos: &str, packages: &BTreeSet<&str>, inlined: &mut Inlined) -> Result<()> {
    eprintln!("xtask: compiling the standard library of Go {version} for {goos}");
    let there = "{{if .GoFiles}}{{.ImportPath}}{{end}}";
    let mut list = go(version, goos, &["list", "-e", "-f", there]);
    let listed = list.args(packages).output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let mut build = go(version, goos, &["build", "-gcflags=-m=2"]);
    let output = build.args(listed.split_whitespace()).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "go build with Go {version} for {goos}: {}",
        text.lines().last().unwrap_or_default()
    );
    let mut package = "";
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("# ") {
            package = path;
        } else if let Some((_, rest)) = line.split_once(": can inline ") {
            let name = rest.split(" with cost").next().unwrap_or_default();
            inlined.insert(format!("{package}.{name}"), true);
        } else if let Some((_, rest)) = line.split_once(": cannot inline ") {
            let name = rest.split(": ").next().unwrap_or_default();
            inlined.entry(format!("{package}.{name}")).or_insert(false);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "chores run Go")]
fn go(version: &str, goos: &str, args: &[&str]) -> Command {
    let mut command = Command::new("go");
    command
        .args(args)
        .current_dir(std::env::temp_dir())
        .env("GOTOOLCHAIN", format!("go{version}"))
        .env("GOOS", goos)
        .env("GOARCH", "wasm");
    command
}
