//! Dependencies of the sandbox engine are built with the same features for the program and for its tests.
//!
//! Cargo joins the features of all that it builds at once. If tests asked for more of them, a user who
//! runs the program and then its tests would wait for wasmtime twice.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Compares what cargo would build for the program and for its tests.
pub(super) fn check(complaints: &mut Vec<String>) -> Result<()> {
    let engine = tree(&["--package=runtime-harness", "--edges=normal"])?;
    let names: BTreeSet<&str> = engine.iter().filter_map(|l| l.split(' ').next()).collect();
    let program = tree(&["--workspace", "--edges=normal,build"])?;
    let tests = tree(&["--workspace", "--edges=normal,build,dev"])?;
    let apart = program.difference(&tests);
    let apart = apart.filter(|l| l.split(' ').next().is_some_and(|name| names.contains(name)));
    complaints.extend(apart.map(|l| format!("Cargo.toml: tests build `{l}` with other features")));
    Ok(())
}

/// Packages, and their features behind them.
#[expect(clippy::disallowed_methods, reason = "chores run programs")]
fn tree(args: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["tree", "--locked", "--prefix=none", "--format={p} [{f}]"]);
    let output = cargo.args(args).output().context("cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|l| l.trim_end_matches(" (*)").to_owned());
    Ok(lines.collect())
}
