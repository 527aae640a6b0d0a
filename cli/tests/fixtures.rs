//! Every fixture, scanned and built: the outcome it states, a report by the schema, one fingerprint
//! for each finding in all of its reports, the user's tree untouched, nothing left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;
#[path = "common/fingerprints.rs"]
mod fingerprints;

use std::sync::Mutex;

use common::{Ran, World};
use fingerprints::Fingerprints;
use fixtures::{At, Expect, Fixture, Targets, Test, Unwanted};
use model::{Level, Target};
use serde::Serialize;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/report.schema.json");

#[test]
fn every_fixture_has_the_outcome_it_states() {
    let complaints = Mutex::new(Vec::new());
    let all = fixtures::all();
    let next = Mutex::new(all.iter());
    let again = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(fixture) = next.lock().unwrap().next() else {
                        return;
                    };
                    let (bad, found) = check(fixture);
                    complaints.lock().unwrap().extend(bad);
                    *again.lock().unwrap() += found;
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    let again = again.into_inner().unwrap();
    assert!(again > 100, "only {again} fingerprints were compared");
}

/// Run a fixture at both levels. What only the compiler sees, or takes away, holds for the second.
/// What is wrong, and how many fingerprints were compared.
fn check(fixture: &Fixture) -> (Vec<String>, usize) {
    let world = World::of(fixture);
    let before = world.tree();
    let mut bad = Vec::new();
    let mut fingerprints = Fingerprints::default();
    for level in fixture.levels() {
        let mut args = vec!["--level", level.name()];
        args.extend(fixture.args());
        let ran = world.run(&args);
        if let Some(report) = &ran.report {
            fingerprints.compare(&format!("{} ({})", fixture.name, level.name()), report);
        }
        if level != Level::Scan || !fixture.needs_compiler() {
            bad.extend(
                outcome(fixture, &ran)
                    .into_iter()
                    .map(|c| format!("{} ({}): {c}", fixture.name, level.name())),
            );
        }
        if world.tree() != before {
            bad.push(format!(
                "{} ({}): the module was changed",
                fixture.name,
                level.name()
            ));
        }
        let left = world.left_behind();
        if !left.is_empty() {
            bad.push(format!(
                "{} ({}): left behind {left:?}",
                fixture.name,
                level.name()
            ));
        }
    }
    if !fingerprints.is_empty() {
        one_target(fixture, &world, &mut fingerprints);
    }
    bad.append(&mut fingerprints.complaints);
    (bad, fingerprints.again)
}

/// The scan of one target gives the fingerprints of all targets.
fn one_target(fixture: &Fixture, world: &World, fingerprints: &mut Fingerprints) {
    let mut args = vec!["--level", "scan", "--target", "wasip1"];
    args.extend(fixture.args());
    if let Some(report) = &world.run(&args).report {
        fingerprints.compare(&format!("{} (scan of wasip1)", fixture.name), report);
    }
}

fn outcome(fixture: &Fixture, ran: &Ran) -> Vec<String> {
    let mut bad = Vec::new();
    for expected in &fixture.expect {
        let holds = match (&expected.what, &ran.report) {
            (Expect::Args(_) | Expect::Level(_), _) => true,
            (Expect::Exit(code), _) => *code == ran.code,
            (Expect::Stderr(text), _) => ran.stderr.contains(text),
            (_, None) => false,
            (what, Some(report)) => holds(what, report),
        };
        if !holds {
            bad.push(format!("expected {}\n{}", expected.text, told(ran)));
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

fn holds(expected: &Expect, report: &Value) -> bool {
    match expected {
        // Of the program, not of its report.
        Expect::Args(_) | Expect::Level(_) | Expect::Exit(_) | Expect::Stderr(_) => true,
        Expect::Verdict(..) | Expect::Builds(..) | Expect::Root(..) | Expect::Share(..) => {
            on_targets(expected, report)
        }
        Expect::Seen(..) | Expect::Told(..) | Expect::Test(_) | Expect::Scenario(..) => {
            observed(expected, report)
        }
        Expect::Advice(..) | Expect::Title(..) | Expect::Tried(..) => advised(expected, report),
        Expect::Tests(on, package, verdict) => targets(report, *on)
            .flat_map(|t| list(&t["packages"]))
            .any(|p| p["package"] == **package && is(&p["tests"], verdict)),
        Expect::Undefined(goos, from, callee) => list(&report["wasm"])
            .iter()
            .filter(|w| text(&w["file"]).starts_with(goos.name()))
            .flat_map(|w| list(&w["undefined_calls"]))
            .any(|c| c["caller"] == **from && c["callee"] == **callee),
        Expect::Incomplete(reason) => list(&report["incomplete"])
            .iter()
            .any(|i| text(&i["reason"]).contains(reason)),
        _ => found(expected, list(&report["findings"])),
    }
}

fn found(expected: &Expect, findings: &[Value]) -> bool {
    match expected {
        Expect::Finding(rule, effect, place) => findings.iter().any(|f| {
            is(&f["rule"], rule)
                && is(&f["effect"], effect)
                && place.as_ref().is_none_or(|place| is_at(f, place))
        }),
        Expect::Never(rule, effect, place) => !findings
            .iter()
            .any(|f| is(&f["rule"], rule) && is(&f["effect"], effect) && is_at(f, place)),
        Expect::None(unwanted) => !findings.iter().any(|f| match unwanted {
            Unwanted::Effect(effect) => is(&f["effect"], effect),
            Unwanted::Rule(rule) => is(&f["rule"], rule),
            Unwanted::Root(root) => f["root"] == **root,
        }),
        Expect::Chain(chain) => findings
            .iter()
            .flat_map(|f| list(&f["chains"]))
            .any(|c| list(c).iter().eq(chain.iter())),
        Expect::Called(place, functions) => findings.iter().any(|f| {
            let is_it = |chain: &Value| {
                let steps = list(chain).iter().map(|s| &s["function"]);
                steps.eq(functions.iter())
            };
            is_at(f, place) && list(&f["calls"]).iter().any(is_it)
        }),
        Expect::Init(place) => findings
            .iter()
            .any(|f| is_at(f, place) && f["init"] == true),
        Expect::Evidence(place, evidence) => findings
            .iter()
            .any(|f| is_at(f, place) && is(&f["evidence"], evidence)),
        other => panic!("{other:?} is not of findings"),
    }
}

fn on_targets(expected: &Expect, report: &Value) -> bool {
    match expected {
        Expect::Verdict(on, verdict) => targets(report, *on).all(|t| is(&t["verdict"], verdict)),
        Expect::Builds(on, package, builds) => targets(report, *on).all(|t| {
            list(&t["packages"])
                .iter()
                .any(|p| p["package"] == **package && is(&p["builds"], builds))
        }),
        Expect::Root(on, root, count) => targets(report, *on).all(|t| {
            list(&t["roots"])
                .iter()
                .any(|r| r["root"] == **root && is(&r["unblocks"], count))
        }),
        Expect::Share(on, built, working) => targets(report, *on)
            .all(|t| is(&t["builds_percent"], built) && is(&t["works_percent"], working)),
        other => panic!("{other:?} is not of targets"),
    }
}

fn observed(expected: &Expect, report: &Value) -> bool {
    let mut all = list(&report["observations"]).iter();
    match expected {
        Expect::Seen(target, package, kind, end) => all.any(|o| {
            is(&o["target"], target)
                && o["package"] == **package
                && is(&o["kind"], kind)
                && is(&o["end"], end)
        }),
        Expect::Told(package, part) => all.any(|o| {
            // The older name of the field, and the newer.
            let mut summary = [&o["told"], &o["summary"]].into_iter();
            o["package"] == **package && summary.any(|s| text(s).contains(part))
        }),
        Expect::Test(test) => tested(report, test),
        Expect::Scenario(target, name, class, because) => all.any(|o| {
            let played = &o["scenario"];
            let named = list(&played["because"]);
            is(&o["target"], target)
                && played["name"] == **name
                && is(&played["class"], class)
                && because.iter().all(|b| named.iter().any(|h| *h == **b))
        }),
        other => panic!("{other:?} is not of observations"),
    }
}

fn advised(expected: &Expect, report: &Value) -> bool {
    let mut all = list(&report["advice"]).iter();
    match expected {
        Expect::Advice(kind, to, target, confirmed) => all.any(|a| {
            is(&a["kind"], kind)
                && is(&a["to"], to)
                && is(&a["confirmed"][target.name()], confirmed)
        }),
        Expect::Title(part) => all.any(|a| text(&a["title"]).contains(part)),
        Expect::Tried(what, target, outcome, why) => {
            let mut tried = all.flat_map(|a| list(&a["tried"]));
            tried.any(|t| {
                t["what"] == **what
                    && is(&t["outcome"], outcome)
                    && list(&t["targets"]).iter().any(|t| is(t, target))
                    && text(&t["why"]).contains(why)
            })
        }
        other => panic!("{other:?} is not of advice"),
    }
}

fn tested(report: &Value, expected: &Test) -> bool {
    let module = text(&report["module"]["path"]);
    let package = match expected.dir.as_str() {
        "." => module.to_owned(),
        dir => format!("{module}/{dir}"),
    };
    let seen = list(&report["observations"]).iter().find(|o| {
        o["kind"] == "test" && is(&o["target"], &expected.target) && o["package"] == *package
    });
    seen.map(|o| &o["tests"][&expected.name])
        .is_some_and(|test| {
            let named = list(&test["because"]);
            let because = &expected.because;
            is(&test["native"], &expected.native)
                && is(&test["here"], &expected.here)
                && is(&test["class"], &expected.class)
                && because.iter().all(|b| named.iter().any(|h| *h == **b))
                && (!because.is_empty() || named.is_empty())
        })
}

/// Whether a value of a report is what a value of the model looks like there.
fn is<T: Serialize>(value: &Value, expected: &T) -> bool {
    serde_json::to_value(expected).unwrap() == *value
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_at(finding: &Value, place: &At) -> bool {
    finding["file"] == *place.file && finding["line"] == place.line
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn targets(report: &Value, wanted: Targets) -> impl Iterator<Item = &Value> {
    let all = list(&report["targets"]);
    assert_eq!(all.len(), 3, "a report has every target that was asked for");
    let named = move |t: &&Value| {
        Target::ALL
            .iter()
            .any(|k| wanted.has(*k) && is(&t["target"], k))
    };
    all.iter().filter(named)
}
