//! `cargo xtask tidy`: what no compiler checks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Crates that a crate may use: the edges of `docs/architecture.md`.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("toolchain", &["model"]),
    ("analyzer", &["model"]),
    ("advisors", &["model"]),
    ("runtime-harness", &["model"]),
    ("web", &["model"]),
    (
        "cli",
        &[
            "advisors",
            "analyzer",
            "model",
            "runtime-harness",
            "toolchain",
            "web",
            "fixtures",
        ],
    ),
    ("fixtures", &[]),
    ("benches", &["analyzer", "runtime-harness"]),
    ("xtask", &["analyzer", "fixtures", "model"]),
];

/// Lines of a file, its tests apart.
const MAX_LINES: usize = 600;

/// Check the tree, and name all complaints.
pub(crate) fn check() -> Result<()> {
    let mut complaints = Vec::new();
    for (name, allowed) in EDGES {
        edges(name, allowed, &mut complaints)?;
        for file in rust_files(Path::new(name)) {
            source(&file, &mut complaints)?;
        }
    }
    features(&mut complaints)?;
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("the tree is not tidy:\n  {}", complaints.join("\n  "))
}

fn edges(name: &str, allowed: &[&str], complaints: &mut Vec<String>) -> Result<()> {
    let manifest = read(&Path::new(name).join("Cargo.toml"))?;
    if !manifest.contains("[lints]\nworkspace = true") {
        complaints.push(format!(
            "{name}/Cargo.toml: the lints of the workspace are not taken"
        ));
    }
    let crates: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for line in manifest
        .lines()
        .filter_map(|l| l.strip_suffix(".workspace = true"))
    {
        if crates.contains(&line) && !allowed.contains(&line) {
            complaints.push(format!("{name}/Cargo.toml: {name} must not know {line}"));
        }
    }
    Ok(())
}

/// What the sandbox is built on must have the features that tests give it: cargo joins those of what it
/// builds at once, and a user who runs the program and then its tests would wait for wasmtime twice.
fn features(complaints: &mut Vec<String>) -> Result<()> {
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

fn source(file: &Path, complaints: &mut Vec<String>) -> Result<()> {
    let text = read(file)?;
    let shown = file.display();
    if !text.starts_with("//! ") {
        complaints.push(format!(
            "{shown}: does not begin with what it is for (`//! `)"
        ));
    }
    let own = text
        .split("\n#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default()
        .lines()
        .count();
    if own > MAX_LINES {
        complaints.push(format!(
            "{shown}: {own} lines without tests, more than {MAX_LINES}"
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.ends_with([' ', '\t']) {
            complaints.push(format!("{shown}:{number}: space at the end of the line"));
        }
    }
    Ok(())
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in dir.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "chores read the tree")]
fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
