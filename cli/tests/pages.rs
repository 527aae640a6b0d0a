//! The examples in the pages of rules, with Go's own toolchain: Go agrees with what
//! `wasmcheck explain` shows. That a scan finds the same is tested beside the rules.
#![expect(clippy::disallowed_methods, reason = "tests prepare modules")]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs;
use std::sync::Mutex;

use common::World;
use fixtures::findings::{self, Expected, Found};
use fixtures::pages::{Example, examples};
use model::{Finding, Level, Rule};
use serde_json::Value;

#[test]
fn go_agrees_with_the_examples_of_pages() {
    let all: Vec<(Rule, Example)> = Rule::ALL.into_iter().flat_map(of_page).collect();
    let (next, complaints) = (Mutex::new(all.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((rule, example)) = next.lock().unwrap().next() else {
                        return;
                    };
                    let differ = check(example).into_iter();
                    let told = differ.map(|c| format!("{rule}.md:{}: {c}", example.line));
                    complaints.lock().unwrap().extend(told);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The examples of a page that need no module of others.
fn of_page(rule: Rule) -> Vec<(Rule, Example)> {
    let examples = examples(rule.info().page).unwrap_or_else(|e| panic!("{rule}.md: {e}"));
    let alone = |e: &Example| !e.files.iter().any(|(path, _)| path.contains('@'));
    examples
        .into_iter()
        .filter(alone)
        .map(|e| (rule, e))
        .collect()
}

/// How the findings in an example differ from what it expects.
fn check(example: &Example) -> Vec<String> {
    let world = World::empty("m");
    for (path, text) in &example.files {
        let file = world.module.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let level = example.level.max(Level::Build).name();
    let ran = world.run(&["--level", level]);
    let Some(report) = ran.report else {
        return vec![format!("no report: {}", ran.stderr)];
    };
    let findings = findings(&report);
    let found: Vec<Found> = findings.iter().map(found).collect();
    let files = example.files.iter();
    let expected: Result<Vec<Vec<Expected>>, String> = files
        .map(|(path, text)| findings::read(path, text))
        .collect();
    match expected {
        Ok(expected) => findings::compare(&expected.concat(), &found),
        Err(wrong) => vec![wrong],
    }
}

fn findings(report: &Value) -> Vec<Finding> {
    serde_json::from_value(report["findings"].clone()).unwrap()
}

/// A finding as expectations speak of it.
fn found(finding: &Finding) -> Found {
    let dir = finding.package.strip_prefix("example.com/m");
    let dir = dir.unwrap_or_default().trim_start_matches('/');
    Found::of(finding, &finding.file, dir)
}
