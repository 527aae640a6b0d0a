//! Real fixes and real breaks: releases between which Go's verdict changed must be told apart by the
//! scan. Fetches modules; not part of CI.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use engine::{Event, Events, Interrupt, Request, Settings, Trusted, WorkerProgram};
use model::{Builds, Level, Report, Target};

const TABLE: &str = include_str!("../data/pairs.tsv");

/// Scan every release of the table.
#[expect(clippy::print_stderr, reason = "chores talk to developers")]
pub(crate) fn run() -> Result<()> {
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
                reports.insert(spec.clone(), scan(&spec)?);
            }
            for package in packages.split_whitespace() {
                let found = builds(&reports[&spec], target, package);
                let right = match found {
                    Some(Builds::Yes) => expected,
                    Some(Builds::No | Builds::Absent) => !expected,
                    _ => false,
                };
                if !right {
                    wrong += 1;
                    eprintln!("{spec} {target}: {package} is {found:?}, and Go says {expected}");
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

fn scan(spec: &str) -> Result<Report> {
    let request = Request {
        paths: vec![spec.to_owned()],
        go: "go".to_owned(),
        offline: false,
    };
    let settings = Settings {
        remedies: false,
        level: Level::Scan,
        targets: Target::ALL.to_vec(),
        tags: Vec::new(),
        cached: true,
        trusted: Trusted::default(),
        tests: None,
        budget: Duration::ZERO,
        run_share: 1.0,
        worker: WorkerProgram::Own,
    };
    let quiet: Events = Arc::new(|_: Event<'_>| ());
    let reports = engine::check(&request, &settings, &quiet, &Interrupt::default());
    let reports = reports.with_context(|| spec.to_owned())?;
    let report = reports.into_iter().next();
    report.with_context(|| format!("{spec}: there is no report"))
}

fn builds(report: &Report, target: &str, package: &str) -> Option<Builds> {
    let target = if target == "js" { "js-node" } else { target };
    let of = report.targets.iter().find(|t| t.target.name() == target)?;
    let found = of.packages.iter().find(|p| p.package == package)?;
    Some(found.builds)
}
