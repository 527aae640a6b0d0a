//! `wasmcheck render` and `compare`: stored reports, without a module and without Go.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::process::Stdio;

use common::World;
use serde_json::Value;

const REPORT: &str = include_str!("../../report/tests/data/report-schema-1.json");
const FILE: &str = include_str!("../../report/tests/data/inspect-schema-1.json");

/// A directory with a stored report and what `inspect` stored.
fn world() -> World {
    let world = World::empty("m");
    std::fs::write(world.module.join("report.json"), REPORT).unwrap();
    std::fs::write(world.module.join("app.json"), FILE).unwrap();
    world
}

fn run(world: &World, args: &[&str]) -> (Option<i32>, String, String) {
    // Whoever renders a stored report needs no Go.
    let ran = world.command(args).env("PATH", "").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

fn written(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.module.join(name)).unwrap()
}

#[test]
fn a_report_of_schema_1_renders_in_every_format() {
    let world = world();
    let (code, text, told) = run(&world, &["render", "report.json"]);
    assert_eq!(code, Some(0), "{told}");
    for words in [
        "example.com/stored",
        "`syscall` does not declare `Flock` on wasm",
        "What ran",
        "Scenarios",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let args = ["render", "report.json", "-o", "a.html", "-o", "a.txt"];
    let (code, printed, told) = run(&world, &args);
    assert_eq!((code, printed.as_str()), (Some(0), ""), "{told}");
    assert_eq!(written(&world, "a.txt"), text);
    let page = written(&world, "a.html");
    assert!(page.contains("<title>wasmcheck: example.com/stored</title>"));
    let (_, json, _) = run(&world, &["render", "report.json", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    // It is brought to the schema of today.
    let stored: Value = serde_json::from_str(REPORT).unwrap();
    assert_eq!(json["schema"], model::SCHEMA);
    assert_eq!(json["targets"], stored["targets"]);
    let notes = json["findings"][0]["notes"].as_array().map(Vec::len);
    let details = stored["findings"][0]["details"].as_array().map(Vec::len);
    assert_eq!(notes, details);
    let (_, all, _) = run(&world, &["render", "report.json", "--verbose"]);
    assert!(all.len() > text.len(), "{all}");
}

#[test]
fn what_inspect_stored_renders_too() {
    let world = world();
    let (code, text, told) = run(&world, &["render", "app.json", "-o", "app.html"]);
    assert_eq!((code, text.as_str()), (Some(0), ""), "{told}");
    assert!(written(&world, "app.html").contains("app.wasm"));
    let (_, text, _) = run(&world, &["render", "app.json"]);
    assert!(text.contains("os/exec.Command"), "{text}");
}

#[test]
fn a_dash_is_standard_input() {
    let world = world();
    let mut command = world.command(&["render", "-"]);
    let stdin = std::fs::File::open(world.module.join("report.json")).unwrap();
    let ran = command.stdin(Stdio::from(stdin)).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.contains("example.com/stored"), "{text}");
    let mut command = world.command(&["render", "-"]);
    let ran = command.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(told.contains("standard input: this is not JSON"), "{told}");
}

#[test]
fn what_cannot_be_rendered_says_why_and_what_to_do() {
    let world = world();
    let newer = REPORT.replacen("\"schema\": 1", "\"schema\": 99", 1);
    let files = [
        ("cut.json", &REPORT[..1000], "not JSON"),
        ("foreign.json", "{}", "no report of wasmcheck"),
        ("newer.json", &newer, "newer wasmcheck"),
    ];
    for (name, content, words) in files {
        std::fs::write(world.module.join(name), content).unwrap();
        let (code, _, told) = run(&world, &["render", name, "-o", "x.html"]);
        assert_eq!(code, Some(3), "{told}");
        assert!(told.contains(name) && told.contains(words), "{told}");
    }
    let (code, _, told) = run(&world, &["render", "none.json"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("none.json: there is no such file"), "{told}");
    let (code, _, told) = run(&world, &["render", "report.json", "-o", "x.doc"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains(".txt, .json, .html or .htm"), "{told}");
    for args in [
        &["render"][..],
        &["render", "report.json", "--format", "doc"],
    ] {
        assert_eq!(run(&world, args).0, Some(2));
    }
}

#[test]
fn compare_has_an_exit_code_for_what_is_new() {
    let world = world();
    let mut older: Value = serde_json::from_str(REPORT).unwrap();
    let findings = older["findings"].as_array_mut().unwrap();
    let removed = findings.remove(0);
    std::fs::write(world.module.join("old.json"), older.to_string()).unwrap();
    let (code, text, told) = run(&world, &["compare", "old.json", "report.json"]);
    assert_eq!(code, Some(1), "{told}");
    let message = removed["message"].as_str().unwrap();
    assert!(text.contains("New") && text.contains(message), "{text}");
    let back = ["compare", "report.json", "old.json", "--format", "json"];
    let (code, json, told) = run(&world, &back);
    assert_eq!(code, Some(0), "{told}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let gone = &json["findings"]["gone"][0];
    assert_eq!(gone["fingerprint"], removed["fingerprint"]);
    let (code, _, told) = run(&world, &["compare", "report.json", "app.json"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("app.json"), "{told}");
    assert_eq!(run(&world, &["compare", "-", "-"]).0, Some(2));
    assert_eq!(run(&world, &["compare", "report.json"]).0, Some(2));
}
