//! Every fixture, scanned and built: the outcome it states, a report by the schema, the user's
//! tree untouched, nothing left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::sync::Mutex;

use common::{Ran, World};
use fixtures::Fixture;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/report.schema.json");

#[test]
fn every_fixture_has_the_outcome_it_states() {
    let complaints = Mutex::new(Vec::new());
    let all = fixtures::all();
    let next = Mutex::new(all.iter());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(fixture) = next.lock().unwrap().next() else {
                        return;
                    };
                    let bad = check(fixture);
                    complaints.lock().unwrap().extend(bad);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Run a fixture at both levels. What only the compiler sees, or takes away, holds for the second.
fn check(fixture: &Fixture) -> Vec<String> {
    let world = World::of(fixture);
    let before = world.tree();
    let extra: Vec<&str> = fixture
        .expected("args")
        .flat_map(str::split_whitespace)
        .collect();
    let mut bad = Vec::new();
    let own: Vec<&str> = fixture.expected("level").collect();
    let levels = if own.is_empty() {
        vec!["scan", "build"]
    } else {
        own
    };
    for level in levels {
        let needs_compiler = fixture.expected("evidence").next().is_some();
        let mut args = vec!["--level", level];
        args.extend(&extra);
        let ran = world.run(&args);
        if level != "scan" || !needs_compiler {
            bad.extend(
                outcome(fixture, &ran)
                    .into_iter()
                    .map(|c| format!("{} ({level}): {c}", fixture.name)),
            );
        }
        if world.tree() != before {
            bad.push(format!(
                "{} ({level}): the module was changed",
                fixture.name
            ));
        }
        let left = world.left_behind();
        if !left.is_empty() {
            bad.push(format!("{} ({level}): left behind {left:?}", fixture.name));
        }
    }
    bad
}

fn outcome(fixture: &Fixture, ran: &Ran) -> Vec<String> {
    let mut bad = Vec::new();
    for (key, value) in &fixture.expect {
        let words: Vec<&str> = value.split_whitespace().collect();
        let holds = match (key.as_str(), &ran.report) {
            ("args" | "level", _) => true,
            ("exit", _) => value.parse() == Ok(ran.code),
            ("stderr", _) => ran.stderr.contains(value.as_str()),
            (_, None) => false,
            (key, Some(report)) => holds(key, &words, value, report),
        };
        if !holds {
            bad.push(format!("expected {key}: {value}\n{}", told(ran)));
        }
    }
    if let Some(report) = &ran.report {
        bad.extend(by_the_schema(report));
    }
    bad
}

fn told(ran: &Ran) -> String {
    format!("  exit {}\n{}{}", ran.code, ran.stdout, ran.stderr)
}

fn by_the_schema(report: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(report)
        .map(|e| format!("not by the schema: {e} at {}", e.instance_path()))
        .collect()
}

fn holds(key: &str, words: &[&str], value: &str, report: &Value) -> bool {
    let findings = list(&report["findings"]);
    match (key, words) {
        ("verdict", [target, verdict]) => targets(report, target).all(|t| t["verdict"] == *verdict),
        ("builds", [target, package, builds]) => targets(report, target).all(|t| {
            list(&t["packages"])
                .iter()
                .any(|p| p["package"] == *package && p["builds"] == *builds)
        }),
        ("finding", [rule, effect, place @ ..]) => findings.iter().any(|f| {
            f["rule"] == *rule
                && f["effect"] == *effect
                && place.first().is_none_or(|p| *p == at(f))
        }),
        ("never", [rule, effect, place]) => !findings
            .iter()
            .any(|f| f["rule"] == *rule && f["effect"] == *effect && at(f) == *place),
        ("none", ["all", text]) => findings
            .iter()
            .all(|f| f["effect"] != *text && f["rule"] != *text && f["root"] != *text),
        ("root", [target, root, "unblocks", count]) => targets(report, target).all(|t| {
            list(&t["roots"])
                .iter()
                .any(|r| r["root"] == *root && r["unblocks"] == count.parse::<u64>().unwrap())
        }),
        ("chain", chain) => findings
            .iter()
            .flat_map(|f| list(&f["chains"]))
            .any(|c| c.as_array().is_some_and(|c| c.iter().eq(chain.iter()))),
        ("share", [target, built, working]) => targets(report, target).all(|t| {
            let is = |key: &str, percent: &str| t[key].as_f64() == percent.parse().ok();
            is("builds_percent", built) && is("works_percent", working)
        }),
        ("called", [place, functions @ ..]) => findings.iter().any(|f| {
            let chains = list(&f["calls"]);
            let is_it = |chain: &Value| {
                let steps = list(chain).iter().map(|s| &s["function"]);
                steps.eq(functions.iter())
            };
            at(f) == *place && chains.iter().any(is_it)
        }),
        ("init", [place]) => findings
            .iter()
            .any(|f| at(f) == *place && f["init"] == true),
        ("evidence", [place, evidence]) => findings
            .iter()
            .any(|f| at(f) == *place && f["evidence"] == *evidence),
        ("seen", [target, package, kind, end]) => list(&report["observations"]).iter().any(|o| {
            o["target"] == *target
                && o["package"] == *package
                && o["kind"] == *kind
                && o["end"] == *end
        }),
        ("told", [package, ..]) => list(&report["observations"]).iter().any(|o| {
            let text = value.strip_prefix(package).unwrap_or_default().trim();
            o["package"] == *package && o["told"].as_str().is_some_and(|t| t.contains(text))
        }),
        ("advice", [kind, to, target, confirmed]) => list(&report["advice"]).iter().any(|a| {
            a["kind"] == *kind
                && a["to"].as_str().unwrap_or("-") == *to
                && a["confirmed"][*target] == *confirmed
        }),
        ("tried", [what, target, outcome, ..]) => {
            let text = words[3..].join(" ");
            let tried = list(&report["advice"])
                .iter()
                .flat_map(|a| list(&a["tried"]));
            tried.into_iter().any(|t| {
                t["what"] == *what
                    && t["outcome"] == *outcome
                    && list(&t["targets"]).iter().any(|t| t == target)
                    && t["why"].as_str().unwrap_or_default().contains(&text)
            })
        }
        ("tests", [target, package, verdict]) => targets(report, target)
            .flat_map(|t| list(&t["packages"]))
            .any(|p| p["package"] == *package && p["tests"] == *verdict),
        ("test", [target, dir, test @ ..]) => tested(report, target, dir, test),
        ("scenario", [target, name, class, because @ ..]) => {
            list(&report["observations"]).iter().any(|o| {
                let played = &o["scenario"];
                let named = list(&played["because"]);
                o["target"] == *target
                    && played["name"] == *name
                    && played["class"] == *class
                    && because.iter().all(|b| named.iter().any(|h| h == b))
            })
        }
        ("undefined", [goos, from, callee]) => list(&report["wasm"])
            .iter()
            .filter(|w| w["file"].as_str().is_some_and(|f| f.starts_with(goos)))
            .flat_map(|w| list(&w["undefined_calls"]))
            .any(|c| c["caller"] == *from && c["callee"] == *callee),
        ("incomplete", _) => list(&report["incomplete"])
            .iter()
            .any(|i| i["reason"].as_str().is_some_and(|r| r.contains(value))),
        _ => panic!("a fixture expects {key}: {value}, which means nothing"),
    }
}

/// `NAME NATIVE HERE CLASS BECAUSE…` of a test of a package.
fn tested(report: &Value, target: &str, dir: &str, expected: &[&str]) -> bool {
    let [name, native, here, class, because @ ..] = expected else {
        panic!("a test is expected, and not what becomes of it: {expected:?}");
    };
    let module = report["module"]["path"].as_str().unwrap_or_default();
    let package = match dir {
        "." => module.to_owned(),
        dir => format!("{module}/{dir}"),
    };
    let seen = list(&report["observations"])
        .iter()
        .find(|o| o["kind"] == "test" && o["target"] == target && o["package"] == package.as_str());
    let outcome = |o: &Value| o.as_str().unwrap_or("none").to_owned();
    seen.map(|o| &o["tests"][*name]).is_some_and(|test| {
        let named = list(&test["because"]);
        outcome(&test["native"]) == *native
            && outcome(&test["here"]) == *here
            && test["class"] == *class
            && because.iter().all(|b| named.iter().any(|h| h == b))
            && (!because.is_empty() || named.is_empty())
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn at(finding: &Value) -> String {
    format!(
        "{}:{}",
        finding["file"].as_str().unwrap_or_default(),
        finding["line"]
    )
}

fn targets<'r>(report: &'r Value, wanted: &'r str) -> impl Iterator<Item = &'r Value> {
    let all = list(&report["targets"]);
    assert_eq!(all.len(), 3, "a report has every target that was asked for");
    all.iter()
        .filter(move |t| wanted == "all" || t["target"] == wanted)
}
