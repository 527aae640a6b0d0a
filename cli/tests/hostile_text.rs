//! Texts that strangers chose: on a terminal, in files and in pages people see them and nothing obeys them, and
//! JSON says them as they are.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::process::{Command, Output};

use common::World;
use model::is_hidden;
use serde_json::Value;

/// Colours, the title of the terminal, BEL, CSI of 8 bits, an override of the direction, a line of its own.
const NAME: &str = "\x1b[31mred\x1b]0;PWNED\x07\u{9b}2J\u{202e}\r\nwasmcheck: clean";
const SHOWN: &str = r"\u{1b}[31mred\u{1b}]0;PWNED\u{7}\u{9b}2J\u{202e}\u{d}\u{a}wasmcheck: clean";

/// A module whose scenario, output and imports are called so.
fn module() -> World {
    let world = common::program(
        r#"package main

import "os"

func main() {
	os.Stderr.WriteString("said \x1b[31mred\x1b]0;PWNED\x07\u009b2J\u202e\r\n::error::forged\n")
	os.Exit(3)
}
"#,
    );
    let scenario = format!("[[scenario]]\nname = {}\n", toml(NAME));
    write(&world, "wasmcheck.toml", scenario.as_bytes());
    write(
        &world,
        "odd/a.go",
        "package odd\n\nvar \u{202e}x = “1”\n".as_bytes(),
    );
    let import = "package far\n\nimport _ \"example.com/a\u{202e}b\"\n";
    write(&world, "far/a.go", import.as_bytes());
    world
}

/// A string of TOML: JSON spells it alike.
fn toml(text: &str) -> String {
    serde_json::to_string(text)
        .unwrap()
        .replace('\u{7f}', "\\u007f")
}

fn write(world: &World, name: &str, bytes: &[u8]) {
    let path = world.module.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.module.join(name)).unwrap()
}

fn assert_visible(what: &str, text: &str) {
    let found = text.find(|c| c != '\n' && is_hidden(c));
    let around = found.map(|at| text[..at].lines().last().unwrap_or_default());
    assert_eq!(
        around, None,
        "{what} has a character that is not seen behind this"
    );
}

/// What a command shows on a terminal.
#[cfg(target_os = "linux")]
fn on_terminal(world: &World, args: &[&str]) -> String {
    let quoted = |arg: &&str| format!("'{}'", arg.replace('\'', r"'\''"));
    let args = args.iter().map(quoted).collect::<Vec<_>>().join(" ");
    let program = env!("CARGO_BIN_EXE_wasmcheck");
    let mut script = Command::new("script");
    script.args(["-qec", &format!("{program} {args}"), "/dev/null"]);
    for (name, value) in world.command(&[]).get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let ran = script
        .current_dir(&world.module)
        .env("TERM", "xterm-256color")
        .output();
    String::from_utf8(ran.unwrap().stdout).unwrap()
}

/// Colours, and how progress is drawn on a line; nothing else reaches a terminal.
#[cfg(target_os = "linux")]
fn assert_drawn(what: &str, text: &str) {
    let mut rest = text.replace("\r\n", "\n").replace('\r', "");
    for part in text.split('\x1b').skip(1) {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        let sequence = &part[..=end];
        let known = sequence.starts_with('[') && sequence.ends_with(['m', 'K', 'A', 'B', 'G']);
        assert!(known, "{what}: {sequence:?} in {text:?}");
        rest = rest.replacen(&format!("\x1b{sequence}"), "", 1);
    }
    assert!(!text.contains("\x1b[31mred"), "{what}: {text:?}");
    assert_visible(what, &rest);
}

#[test]
fn a_module_is_shown_and_not_obeyed() {
    let world = module();
    let args = [
        "--target",
        "wasip1",
        "--verbose",
        "-o",
        "r.html",
        "-o",
        "r.txt",
        "-o",
        "r.json",
    ];
    let Output { stdout, stderr, .. } = world.command(&args).output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    for (what, text) in [
        ("stdout", &stdout),
        ("stderr", &stderr),
        ("r.html", &read(&world, "r.html")),
        ("r.txt", &read(&world, "r.txt")),
        ("r.json", &read(&world, "r.json")),
    ] {
        assert_visible(what, text);
        if what != "r.json" {
            assert!(text.contains(SHOWN) || what == "r.html", "{what}: {text}");
            let forged = |line: &str| {
                line.starts_with("wasmcheck: clean") || line.trim().starts_with("::error")
            };
            assert!(!text.lines().any(forged), "{what}: {text}");
        }
    }
    let told = r"odd/a.go:3:5";
    assert!(
        stdout.contains(told) && stdout.contains(r"var \u{202e}x = “1”"),
        "{stdout}"
    );
    let report: Value = serde_json::from_str(&read(&world, "r.json")).unwrap();
    let mut observations = report["observations"].as_array().unwrap().iter();
    let named = |seen: &Value| seen["scenario"]["name"] == NAME;
    assert!(observations.any(named), "{report}");
    // What was stored shows the same.
    let ran = world
        .command(&["render", "r.json", "--verbose"])
        .output()
        .unwrap();
    let again = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(again, read(&world, "r.txt"));
    for args in [
        &["compare", "r.json", "r.json"][..],
        &["why", NAME, "./..."],
        &["why", "fmt", "."],
    ] {
        let ran = world.command(args).output().unwrap();
        assert_visible("stdout", &String::from_utf8(ran.stdout).unwrap());
        assert_visible("stderr", &String::from_utf8(ran.stderr).unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_our_colours_alone() {
    let world = module();
    let shown = on_terminal(&world, &["--target", "wasip1"]);
    assert!(
        shown.contains("\x1b[") && shown.contains("PWNED"),
        "{shown:?}"
    );
    assert_drawn("check", &shown);
    let file = hostile_wasm(&world);
    for args in [
        &["inspect", &file][..],
        &["inspect", &file, "--sinks"],
        &["inspect", &file, "--format", "json"],
        &["inspect", &file, "--why", NAME],
        &["inspect", NAME],
        &["exec", NAME],
        &["explain", NAME],
        &["why", NAME],
        &["std", NAME],
        &["render", NAME],
        &["compare", NAME, NAME],
        &[NAME],
        &["--level", NAME],
        &["--target", NAME],
        &["inspect", &file, "-o", &format!("none/{NAME}")],
        &["exec", "--env", NAME, "a.wasm"],
        &[&format!("--{NAME}")],
    ] {
        let shown = on_terminal(&world, args);
        assert!(shown.contains("PWNED"), "{args:?}: {shown:?}");
        assert_drawn(&format!("{args:?}"), &shown);
    }
}

/// A module of WebAssembly whose names are hostile.
fn hostile_wasm(world: &World) -> String {
    let bytes = NAME.bytes().map(|byte| format!("\\{byte:02x}"));
    let name = bytes.collect::<Vec<_>>().concat();
    let text = format!(
        r#"(module
  (import "{name}" "{name}" (func (param i32)))
  (@custom "producers" "\01\0cprocessed-by\01\05\1b]0;t\05\1b[31m")
  (memory (export "memory") 1)
  (func (export "{name}") (call 0 (i32.const 1))))"#
    );
    let file = world.scratch.path().join("hostile.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn names_in_a_wasm_file_are_shown_and_not_obeyed() {
    let world = World::empty("m");
    let file = hostile_wasm(&world);
    for args in [
        &["inspect", &file][..],
        &["inspect", &file, "--sinks"],
        &["inspect", &file, "--format", "json"],
        &["inspect", &file, "--format", "html"],
        &["inspect", &file, "--why", NAME],
        &["inspect", &file, "--diff", &file],
        &["inspect", &file, "-o", "a.txt"],
        &["inspect", &file, "-o", "a.html"],
        &["inspect", &file, "-o", "a.json"],
        &["inspect", &file, "--sbom"],
    ] {
        let ran = world.command(args).output().unwrap();
        assert_visible(
            &format!("{args:?}"),
            &String::from_utf8(ran.stdout).unwrap(),
        );
        assert_visible(
            &format!("{args:?}"),
            &String::from_utf8(ran.stderr).unwrap(),
        );
    }
    for name in ["a.txt", "a.html", "a.json"] {
        let text = read(&world, name);
        assert_visible(name, &text);
        assert!(text.contains("PWNED"), "{name}: {text}");
    }
    let json: Value = serde_json::from_str(&read(&world, "a.json")).unwrap();
    assert_eq!(json["imports"][0]["name"], NAME);
}
