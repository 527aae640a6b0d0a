//! What a scan finds in every fixture, as JSON: a new false positive shows as a changed snapshot.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::sync::Mutex;

use common::World;
use fixtures::Fixture;
use serde_json::{Map, Value};

/// What a snapshot keeps of a finding.
const KEPT: [&str; 9] = [
    "rule", "targets", "effect", "package", "file", "line", "column", "symbol", "message",
];

#[test]
fn a_scan_of_every_fixture_finds_what_it_found() {
    let all = fixtures::all();
    let next = Mutex::new(all.iter());
    let scanned = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(fixture) = next.lock().unwrap().next() else {
                        return;
                    };
                    let found = scan(fixture);
                    scanned.lock().unwrap().push((&fixture.name, found));
                }
            });
        }
    });
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/fixtures");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut changed = Vec::new();
    for (name, found) in scanned.into_inner().unwrap() {
        let compare = || settings.bind(|| insta::assert_snapshot!(name.as_str(), found));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err() {
            changed.push(name);
        }
    }
    assert!(
        changed.is_empty(),
        "other findings than before: {changed:?}"
    );
}

/// The findings of a scan, or that there was no report.
fn scan(fixture: &Fixture) -> String {
    let world = World::of(fixture);
    let mut args = fixture.args();
    // What tests do is no finding of a scan, and some wait for their time to be up.
    if let Some(tests) = args.iter().position(|arg| *arg == "--tests") {
        args.truncate(tests);
    }
    args.extend(["--level", "scan"]);
    let Some(report) = world.run(&args).report else {
        return "no report".to_owned();
    };
    let found = report["findings"].as_array().unwrap().iter();
    let kept: Vec<Value> = found.map(|f| keep(f, &world)).collect();
    serde_json::to_string_pretty(&kept).unwrap()
}

fn keep(finding: &Value, world: &World) -> Value {
    let mut kept = Map::new();
    for key in KEPT {
        kept.insert(key.to_owned(), finding[key].clone());
    }
    let message = finding["message"].as_str().unwrap_or_default();
    kept.insert("message".to_owned(), neutral(message, world).into());
    if let Some(notes) = finding["notes"].as_array() {
        let kinds = notes.iter().map(|note| note["kind"].clone());
        kept.insert("notes".to_owned(), kinds.collect());
    }
    kept.into()
}

/// A message without the directories of this machine.
fn neutral(message: &str, world: &World) -> String {
    let message = message.replace(world.module.to_str().unwrap(), "DIR");
    // `package x is not in std (/usr/lib/go/src/x)`
    match message.split_once(" is not in std (") {
        Some((before, _)) => format!("{before} is not in std"),
        None => message,
    }
}
