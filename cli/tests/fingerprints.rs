//! Fingerprints of every fixture: the same at every level and for every list of targets, and never
//! shared by two findings of one target.

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;

use common::World;
use fixtures::Fixture;
use model::Level;
use serde_json::Value;

#[test]
fn a_finding_has_one_fingerprint_at_every_level() {
    let all = fixtures::all();
    let next = Mutex::new(all.iter());
    let complaints = Mutex::new(Vec::new());
    let compared = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(fixture) = next.lock().unwrap().next() else {
                        return;
                    };
                    let (count, bad) = check(fixture);
                    *compared.lock().unwrap() += count;
                    complaints.lock().unwrap().extend(bad);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    let compared = compared.into_inner().unwrap();
    assert!(compared > 100, "only {compared} findings were compared");
}

/// Findings that two reports have, and what is wrong with them.
fn check(fixture: &Fixture) -> (usize, Vec<String>) {
    let world = World::of(fixture);
    let mut runs = vec![
        vec!["--level", "scan"],
        vec!["--level", "scan", "--target", "wasip1"],
        vec!["--level", "build"],
    ];
    if fixture.levels().contains(&Level::Run) {
        runs.push(vec!["--level", "run"]);
    }
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let (mut count, mut bad) = (0, Vec::new());
    for mut args in runs {
        let name = format!("{} {}", fixture.name, args.join(" "));
        args.extend(fixture.args());
        let report = world.run(&args).report.unwrap_or_default();
        let found = fingerprints(&report);
        bad.extend(shared(&found).map(|why| format!("{name}: {why}")));
        for (place, fingerprint) in alone(&found) {
            match known.insert(place.to_owned(), fingerprint.to_owned()) {
                Some(before) if before != fingerprint => {
                    bad.push(format!("{name}: {place} had {before}, has {fingerprint}"));
                }
                Some(_) => count += 1,
                None => {}
            }
        }
    }
    (count, bad)
}

/// A place on a target, and its fingerprint.
type Found = Vec<(String, String)>;

fn fingerprints(report: &Value) -> Found {
    let findings = report["findings"].as_array().into_iter().flatten();
    let each = findings.flat_map(|finding| {
        let targets = finding["targets"].as_array().into_iter().flatten();
        let fingerprint = finding["fingerprint"].as_str().unwrap_or_default();
        targets.map(move |target| {
            let place = format!("{target} {}", place(finding));
            (place, format!("{target} {fingerprint}"))
        })
    });
    each.collect()
}

/// Fingerprints that two findings of one target have.
fn shared(found: &Found) -> impl Iterator<Item = String> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut bad = Vec::new();
    for (place, fingerprint) in found {
        if let Some(other) = seen.insert(fingerprint, place) {
            bad.push(format!("{other} and {place} share {fingerprint}"));
        }
    }
    bad.into_iter()
}

/// Places that no other finding of the report has: a line may have two.
fn alone(found: &Found) -> impl Iterator<Item = (&str, &str)> {
    let twice = |place: &str| found.iter().filter(|(p, _)| p == place).count() > 1;
    let alone = found.iter().filter(move |(place, _)| !twice(place));
    alone.map(|(place, fingerprint)| (place.as_str(), fingerprint.as_str()))
}

/// What tells findings of one report apart, whatever is known of them.
fn place(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let parts = ["rule", "root", "package", "symbol", "file"].map(text);
    // The compiler may place a finding in another column of its line.
    format!("{}:{} {}", parts.join(" "), finding["line"], what(finding))
}

/// The claim without the name of the build, which depends on the targets.
fn what(finding: &Value) -> String {
    let what = finding["what"].as_str().unwrap_or_default();
    what.replace(" wasip1", " wasm").replace(" js", " wasm")
}
