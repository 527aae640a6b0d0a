//! What a report quotes: the source of the module at the right place, whatever bytes it has, and nothing that lies
//! elsewhere.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests prepare files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::os::unix::fs::symlink;
use std::path::Path;

use common::{Ran, World};
use serde_json::Value;

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn module(files: &[(&str, &[u8])]) -> World {
    let world = World::empty("m");
    write(
        &world.module.join("go.mod"),
        b"module example.com/m\n\ngo 1.24\n",
    );
    for (name, bytes) in files {
        write(&world.module.join(name), bytes);
    }
    world
}

/// Text, page and JSON of a check.
fn check(world: &World, level: &str) -> (Ran, String, String) {
    let ran = world.run(&[
        "--level",
        level,
        "--target",
        "wasip1",
        "--verbose",
        "-o",
        "r.html",
    ]);
    let page = std::fs::read_to_string(world.module.join("r.html")).unwrap();
    let json = ran
        .report
        .as_ref()
        .map(Value::to_string)
        .unwrap_or_default();
    (ran, page, json)
}

/// Files that do not compile: bytes, the place of the error in bytes as Go has it, and what is marked.
const ODD: [(&str, &[u8], &str, &str); 14] = [
    (
        "quotes",
        "package p\n\nfunc f() { println(“hi”) }\n".as_bytes(),
        "3:20",
        "“",
    ),
    (
        "dash",
        "package p\n\nvar x = 1 – 2\n".as_bytes(),
        "3:11",
        "–",
    ),
    (
        "nbsp",
        "package p\n\nvar\u{a0}x = 1\n".as_bytes(),
        "3:4",
        "\u{a0}",
    ),
    (
        "emoji",
        "package p\n\nvar x = “😀”\n".as_bytes(),
        "3:9",
        "“",
    ),
    (
        "bom",
        "package p\n\nvar \u{feff}x = 1\n".as_bytes(),
        "3:5",
        r"\u{feff}",
    ),
    (
        "override",
        "package p\n\nvar \u{202e}x = 1\n".as_bytes(),
        "3:5",
        r"\u{202e}",
    ),
    (
        "latin",
        b"package p // caf\xe9\n\nvar x = 1\n",
        "1:17",
        "\u{fffd}",
    ),
    (
        "overlong",
        b"package p\n\nvar x = \"\xc0\xaf\"\n",
        "3:10",
        "\u{fffd}",
    ),
    (
        "surrogate",
        b"package p\n\nvar x = \"\xed\xa0\x80\"\n",
        "3:10",
        "\u{fffd}",
    ),
    ("zero", b"package p\n\nvar x = \"a\0b\"\n", "3:11", r"\u{0}"),
    (
        "wide",
        b"\xff\xfep\0a\0c\0k\0a\0g\0e\0 \0p\0\n\0",
        "1:1",
        "\u{fffd}",
    ),
    (
        "tab",
        b"package p\n\nfunc f() {\n\t\t_ = \xe2\x80\x9c1\n}\n",
        "4:7",
        "“",
    ),
    ("return", b"package p\n\nvar x = 1 \r\r + @\n", "3:16", "@"),
    ("long", b"", "3:", "GONE"),
];

#[test]
fn odd_bytes_are_shown_at_their_place() {
    let long = format!("package p\n\nvar x = {}GONE\n", "1 + ".repeat(900));
    for (name, bytes, place, marked) in ODD {
        let bytes = if bytes.is_empty() {
            long.as_bytes()
        } else {
            bytes
        };
        let file = format!("{name}/a.go");
        let world = module(&[(&file, bytes)]);
        for level in ["scan", "build"] {
            let (ran, page, json) = check(&world, level);
            let text = &ran.stdout;
            assert!(matches!(ran.code, 0 | 1), "{name}: {}", ran.stderr);
            assert_eq!(caret(text).is_some(), ran.code == 1, "{name}: {text}");
            // Where Go sees a mistake, the scan may see another, or none.
            if level == "scan" {
                continue;
            }
            assert!(text.contains(&format!("{file}:{place}")), "{name}: {text}");
            assert!(page.contains(&format!("<mark>{marked}")), "{name}: {page}");
            assert_eq!(caret(text), marked.chars().next(), "{name}: {text}");
            let at: Vec<u64> = place.split(':').filter_map(|n| n.parse().ok()).collect();
            let finding = &ran.report.unwrap()["findings"][0];
            assert_eq!(finding["line"], at[0], "{json}");
            if let Some(column) = at.get(1) {
                assert_eq!(finding["column"], *column, "{name} {level}: {json}");
            }
        }
    }
}

/// The character above the first caret of a report.
fn caret(text: &str) -> Option<char> {
    let lines: Vec<&str> = text.lines().collect();
    let below = lines.iter().position(|line| line.contains('^'))?;
    let column = lines[below].chars().position(|c| c == '^')?;
    lines[below - 1].chars().nth(column)
}

const SECRET: &str = "ghp_TOKEN = s3cr3t\n";

/// A module beside secrets, in a repository whose configuration has one.
fn beside_secrets(files: &[(&str, &[u8])]) -> World {
    let world = module(files);
    let root = world.scratch.path();
    for name in [
        "secret",
        "other/c.go",
        "m/.git/config",
        "m/.env",
        "secret.s",
        "secret.h",
    ] {
        write(&root.join(name), SECRET.as_bytes());
    }
    let foreign = "package other\n\nvar ghp_TOKEN = s3cr3t\n";
    write(&root.join("far/d.go"), foreign.as_bytes());
    write(&root.join("far/go.mod"), b"module example.com/far\n");
    world
}

fn assert_secret(world: &World, what: &str) {
    for level in ["scan", "build"] {
        let (ran, page, json) = check(world, level);
        assert!(
            matches!(ran.code, 0 | 1 | 3),
            "{what}: {} {}",
            ran.code,
            ran.stderr
        );
        for text in [&ran.stdout, &ran.stderr, &page, &json] {
            let leaked = text.contains("TOKEN") || text.contains("s3cr3t");
            assert!(!leaked, "{what} at {level}: {text}");
        }
    }
}

#[test]
fn a_link_out_of_the_module_is_read_and_not_quoted() {
    for to in [
        "../secret",
        "../other/c.go",
        ".git/config",
        ".env",
        "../far/d.go",
    ] {
        for name in ["leak.go", "p/leak.go", "leak_wasip1.go", "leak_test.go"] {
            let world = beside_secrets(&[("main.go", b"package main\n\nfunc main() {}\n")]);
            let path = world.module.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(world.module.join(to), &path).unwrap();
            assert_secret(&world, &format!("{name} -> {to}"));
        }
    }
}

#[test]
fn a_link_to_a_directory_outside_is_not_quoted() {
    let main = "package main\n\nimport _ \"example.com/m/lib\"\n\nfunc main() {}\n";
    for to in ["../other", "../far", ".git"] {
        let world = beside_secrets(&[("main.go", main.as_bytes())]);
        symlink(world.module.join(to), world.module.join("lib")).unwrap();
        assert_secret(&world, to);
    }
}

#[test]
fn a_line_directive_quotes_no_other_file() {
    for named in [
        "../secret",
        "/etc/passwd",
        ".env",
        ".git/config",
        "../far/d.go",
        "gone.go",
    ] {
        let source = format!("package main\n\n//line {named}:1\nfunc main() {{ undefined() }}\n");
        let world = beside_secrets(&[("main.go", source.as_bytes())]);
        assert_secret(&world, named);
        let (ran, ..) = check(&world, "build");
        assert!(!ran.stdout.contains("root:"), "{}", ran.stdout);
        assert!(ran.stdout.contains("undefined"), "{}", ran.stdout);
    }
}

#[test]
fn what_assembly_includes_is_not_quoted() {
    for named in [
        "../secret",
        "../secret.s",
        "../secret.h",
        ".env",
        ".git/config",
        "link.h",
    ] {
        let assembly = format!("TEXT ·f(SB), 4, $0-0\n#include \"{named}\"\n\tRET\n");
        let world = beside_secrets(&[
            (
                "main.go",
                b"package main\n\nfunc f()\n\nfunc main() { f() }\n",
            ),
            ("f_wasm.s", assembly.as_bytes()),
        ]);
        symlink("../secret", world.module.join("link.h")).unwrap();
        assert_secret(&world, named);
    }
}

#[test]
fn the_assembly_of_the_module_is_quoted() {
    let world = module(&[
        ("main.go", b"package main\n\nfunc f()\n\nfunc main() { f() }\n"),
        ("f_wasm.s", b"#include \"textflag.h\"\n#include \"x.h\"\n\nTEXT \xc2\xb7f(SB), NOSPLIT, $0-0\n\tNOSUCH\n\tRET\n"),
        ("x.h", b"#define X 1\n"),
    ]);
    let (ran, ..) = check(&world, "build");
    assert!(ran.stdout.contains("NOSUCH"), "{}", ran.stdout);
    assert!(ran.stdout.contains("f_wasm.s:5"), "{}", ran.stdout);
}

#[test]
fn a_member_outside_of_its_workspace_is_left_out() {
    for (named, outside) in [("../far", true), ("./link", true), ("./b", false)] {
        let world = beside_secrets(&[
            ("a/go.mod", b"module example.com/a\n\ngo 1.24\n"),
            ("a/a.go", b"package a\n"),
            ("b/go.mod", b"module example.com/b\n\ngo 1.24\n"),
            ("b/b.go", b"package b\n"),
        ]);
        std::fs::remove_file(world.module.join("go.mod")).unwrap();
        symlink("../far", world.module.join("link")).unwrap();
        let work = format!("go 1.24\n\nuse (\n\t./a\n\t{named}\n)\n");
        write(&world.module.join("go.work"), work.as_bytes());
        assert_secret(&world, named);
        let (ran, _, json) = check(&world, "build");
        assert_eq!(
            ran.stderr.contains("far is not checked"),
            outside,
            "{named}: {}",
            ran.stderr
        );
        assert_eq!(json.contains("example.com/b"), !outside, "{named}: {json}");
        assert!(json.contains("example.com/a"), "{named}: {json}");
    }
}
