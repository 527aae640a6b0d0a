//! Real fixes and real breaks: releases between which Go's verdict changed must be told apart by the
//! scan. Fetches modules; not part of CI.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

const TABLE: &str = include_str!("../data/pairs.tsv");

/// Scan every release of the table with a built `wasmcheck`.
#[expect(clippy::print_stderr, reason = "chores talk to developers")]
pub(crate) fn run(wasmcheck: &Path) -> Result<()> {
    let mut reports = BTreeMap::new();
    let (mut pairs, mut wrong) = (0, 0);
    for line in TABLE.lines().filter(|l| !l.starts_with('#')) {
        let [module, before, after, target, direction, packages] = columns(line)?;
        let (was, is) = match direction {
            "fixed" => (false, true),
            "broken" => (true, false),
            other => bail!("`{other}` is no direction"),
        };
        pairs += 1;
        for (version, expected) in [(before, was), (after, is)] {
            let spec = format!("{module}@{version}");
            if !reports.contains_key(&spec) {
                eprintln!("xtask: scanning {spec}");
                reports.insert(spec.clone(), scan(wasmcheck, &spec)?);
            }
            for package in packages.split_whitespace() {
                let found = builds(&reports[&spec], target, package);
                let builds = found.as_deref().unwrap_or("missing");
                let right = match builds {
                    "yes" => expected,
                    "no" | "absent" => !expected,
                    _ => false,
                };
                if !right {
                    wrong += 1;
                    eprintln!("{spec} {target}: {package} is {builds}, and Go says {expected}");
                }
            }
        }
    }
    eprintln!(
        "xtask: {pairs} pairs, {} releases, {wrong} wrong",
        reports.len()
    );
    if wrong == 0 {
        Ok(())
    } else {
        bail!("the scan and Go differ")
    }
}

fn columns(line: &str) -> Result<[&str; 6]> {
    let columns: Vec<&str> = line.split('\t').collect();
    columns
        .try_into()
        .ok()
        .with_context(|| format!("`{line}` has not six columns"))
}

#[expect(clippy::disallowed_methods, reason = "chores run programs")]
fn scan(wasmcheck: &Path, spec: &str) -> Result<Value> {
    let args = ["--level", "scan", "--quiet", "--format", "json", spec];
    let output = Command::new(wasmcheck).args(args).output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{spec}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn builds(report: &Value, target: &str, package: &str) -> Option<String> {
    let target = if target == "js" { "js-node" } else { target };
    let targets = report["targets"].as_array()?;
    let of = targets.iter().find(|t| t["target"] == target)?;
    let mut packages = of["packages"].as_array()?.iter();
    let found = packages.find(|p| p["package"] == package)?;
    found["builds"].as_str().map(str::to_owned)
}
