//! `wasmcheck inspect` on files that Go made, and on files that are none.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::{World, build, inspect};
use serde_json::Value;

#[test]
fn go_tells_what_it_built_stripped_or_not() {
    let world = World::of(&fixtures::named("works"));
    for strip in [false, true] {
        let file = build(&world, "wasip1", "./cmd/greet", strip);
        let wasm = inspect(&world, &file);
        assert_eq!(wasm["producer"], "go");
        assert!(
            wasm["go_version"].as_str().unwrap().starts_with("go1."),
            "{wasm}"
        );
        assert_eq!(wasm["main"], "example.com/works/cmd/greet");
        assert_eq!(wasm["modules"][0]["path"], "example.com/works");
        assert_eq!(wasm["modules"][0]["version"], "(devel)");
        assert_eq!(
            (&wasm["entry"], &wasm["names"]),
            (&"command".into(), &"pclntab".into())
        );
        let imports = wasm["imports"].as_array().unwrap();
        assert!(
            imports
                .iter()
                .all(|i| i["module"] == "wasi_snapshot_preview1")
        );
        assert!(imports.iter().any(|i| i["name"] == "fd_write"));
        assert_eq!(wasm["undefined_calls"], Value::Array(Vec::new()));
        assert_eq!(wasm["invalid"], Value::Null);
    }
    let wasm = inspect(&world, &build(&world, "js", "./cmd/greet", false));
    assert_eq!(wasm["entry"], "js");
}

#[test]
fn a_call_to_nobody_is_named_with_its_place() {
    let world = World::of(&fixtures::named("undefined-call"));
    for strip in [false, true] {
        let wasm = inspect(&world, &build(&world, "js", ".", strip));
        let calls = wasm["undefined_calls"].as_array().unwrap();
        assert_eq!(calls.len(), 1, "{wasm}");
        assert_eq!(calls[0]["caller"], "main.main");
        assert!(calls[0]["file"].as_str().unwrap().ends_with("main.go"));
        assert_eq!(calls[0]["line"], 6);
        assert!(
            wasm["invalid"].as_str().unwrap().contains("out of bounds"),
            "{wasm}"
        );
    }
}

#[test]
fn a_person_can_read_it() {
    let world = World::of(&fixtures::named("undefined-call"));
    let file = build(&world, "wasip1", ".", false);
    let ran = world.command(&["inspect", &file]).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    for words in [
        "a WASI command",
        "No engine takes it",
        "main.main at",
        "GOOS=wasip1",
        "MiB",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn what_is_no_wasm_has_exit_code_3() {
    let world = World::empty("m");
    let cases: [(&[u8], &str); 5] = [
        (b"", "the file is empty"),
        (b"\x7fELF\x02\x01", "no WebAssembly"),
        (b"\0asm\x0d\0\x01\0", "component"),
        // A code section that is cut, and one that claims 4 GiB.
        (b"\0asm\x01\0\0\0\x0a\x20\x01", "damaged at byte"),
        (
            b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f\x01",
            "damaged at byte",
        ),
    ];
    for (bytes, words) in cases {
        std::fs::write(world.module.join("x.wasm"), bytes).unwrap();
        let ran = world.command(&["inspect", "x.wasm"]).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(3), "{told}");
        assert!(told.contains("x.wasm") && told.contains(words), "{told}");
    }
    for path in ["none.wasm", "."] {
        let ran = world.command(&["inspect", path]).output().unwrap();
        assert_eq!(ran.status.code(), Some(3));
    }
}

#[test]
fn a_truncated_program_is_damaged_wherever_it_is_cut() {
    let world = World::of(&fixtures::named("works"));
    let file = build(&world, "wasip1", "./cmd/greet", false);
    let whole = std::fs::read(&file).unwrap();
    let cut = world.module.join("cut.wasm");
    for part in 1..12 {
        std::fs::write(&cut, &whole[..whole.len() * part / 12]).unwrap();
        let ran = world
            .command(&["inspect", cut.to_str().unwrap()])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(3), "{part}: {told}");
        assert!(told.contains("damaged at byte"), "{told}");
    }
}

/// The names of a program's own functions by what the inspection gives of them.
fn own(wasm: &Value, key: &str) -> Vec<String> {
    let functions = wasm["functions"].as_array().unwrap();
    let own = functions
        .iter()
        .filter(|f| f["package"] == "main" && f[key] == true);
    own.map(|f| f["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn functions_are_reached_in_every_way_that_go_has() {
    let world = World::of(&fixtures::named("reach"));
    for (goos, strip) in [("wasip1", false), ("wasip1", true), ("js", true)] {
        let wasm = inspect(&world, &build(&world, goos, ".", strip));
        let (all, main) = (own(&wasm, "reachable"), own(&wasm, "reachable_from_main"));
        let has = |names: &[String], name: &str| names.iter().any(|n| n == name);
        for name in [
            "main.real.run",
            "main.fromList",
            "main.fromNested",
            "main.fromNestedTail",
            "main.deferred",
            "main.spawned",
            "main.captured.func1",
            "main.inClosure",
            "main.thing.bound",
            "main.lessThan",
            "main.generic[go.shape.int]",
            "main.Service.Hello",
            "main.small",
            "main.tiny",
        ] {
            assert!(has(&all, name) && has(&main, name), "{goos}: {name}");
        }
        assert!(has(&all, "main.fromInit") && !has(&main, "main.fromInit"));
        let functions = wasm["functions"].as_array().unwrap();
        for name in ["main.never", "main.unused.run"] {
            assert!(functions.iter().all(|f| f["name"] != name), "{name}");
        }
        // Small functions exist only inlined; what exists has a file and a line.
        let named = |name: &str| functions.iter().find(|f| f["name"] == name).unwrap();
        assert_eq!(named("main.tiny")["index"], Value::Null);
        assert_eq!(named("main.mark")["line"], 98);
        let without = functions
            .iter()
            .filter(|f| f["index"] != Value::Null && f["file"] == Value::Null);
        let without: Vec<_> = without.map(|f| f["name"].as_str().unwrap()).collect();
        assert_eq!(without, ["go:buildid"]);
    }
}

#[test]
fn ways_have_lines_and_say_how_believable_they_are() {
    let world = World::of(&fixtures::named("reach"));
    let file = build(&world, "wasip1", ".", true);
    let ask = |args: &[&str]| {
        let ran = world.command(args).output().unwrap();
        (
            String::from_utf8(ran.stdout).unwrap(),
            String::from_utf8(ran.stderr).unwrap(),
            ran.status.code(),
        )
    };
    let (text, _, _) = ask(&["inspect", &file, "--why", "main.(*real).run"]);
    assert!(
        text.contains("if what the variable holds is used"),
        "{text}"
    );
    assert!(
        text.contains("main.main  reach/main.go:112") || text.contains("main.go:112"),
        "{text}"
    );
    let (text, _, _) = ask(&["inspect", &file, "--why", "main.inClosure"]);
    assert!(text.contains("main.captured.func1"), "{text}");
    let (text, _, _) = ask(&["inspect", &file, "--why", "main.fromInit"]);
    assert!(
        text.contains("from the initialisation of a package"),
        "{text}"
    );
    let (text, _, _) = ask(&["inspect", &file, "--why", "main.never"]);
    assert!(text.contains("it is not in this program"), "{text}");
    let (json, _, _) = ask(&["inspect", &file, "--why", "main.mark", "--format", "json"]);
    let why: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(why["symbol"], "main.mark");
    assert_eq!(why["paths"][0]["level"], "direct");
    let empty = world.scratch.path().join("empty.wasm");
    std::fs::write(&empty, b"\0asm\x01\0\0\0").unwrap();
    let (text, _, code) = ask(&["inspect", empty.to_str().unwrap(), "--why", "main.main"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("it is not in this program"), "{text}");
}

#[test]
fn builds_are_compared_and_modules_listed() {
    let world = World::of(&fixtures::named("calls"));
    let older = World::of(&fixtures::named("reach"));
    let old = build(&older, "wasip1", ".", false);
    let new = build(&world, "wasip1", ".", false);
    let ask = |args: &[&str]| {
        let ran = world.command(args).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let text = ask(&["inspect", &new, "--diff", &old]);
    assert!(text.contains("  + os/exec.Command\n"), "{text}");
    assert!(text.contains("+ example.com/dep"), "{text}");
    let diff: Value =
        serde_json::from_str(&ask(&["inspect", &new, "--diff", &new, "--format", "json"])).unwrap();
    assert_eq!(diff["packages"], Value::Array(Vec::new()));
    assert_eq!(diff["size"][0], diff["size"][1]);
    let bill: Value = serde_json::from_str(&ask(&["inspect", &new, "--sbom"])).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let parts = bill["components"].as_array().unwrap();
    let names: Vec<_> = parts.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["example.com/dep", "std"]);
    // A directory that replaces a module has no address; what Go ships has.
    assert_eq!(parts[0]["purl"], Value::Null);
    let std = parts[1]["purl"].as_str().unwrap();
    assert!(std.starts_with("pkg:golang/std@1."), "{std}");
    let wasm = inspect(&world, &new);
    let packages = wasm["packages"].as_array().unwrap();
    let of = |path: &str| packages.iter().find(|p| p["package"] == path).unwrap();
    assert_eq!(of("example.com/dep")["module"], "example.com/dep");
    assert_eq!(of("main")["module"], "example.com/calls");
    assert_eq!(of("os/exec")["module"], Value::Null);
    let code: u64 = packages.iter().map(|p| p["code"].as_u64().unwrap()).sum();
    let section = wasm["size"]["code"].as_u64().unwrap();
    assert!(
        code < section && code > section / 10 * 9,
        "{code} of {section}"
    );
    let text = ask(&["inspect", &new]);
    assert!(
        text.contains("fails-at-run-time on wasip1: cannot start processes"),
        "{text}"
    );
    // What is stored says as much as the file itself.
    let stored = world.scratch.path().join("stored.json");
    let stored = stored.to_str().unwrap();
    ask(&["inspect", &new, "-o", stored]);
    assert_eq!(ask(&["render", stored]), text);
    let both = ask(&["inspect", &new, &old, "--format", "json"]);
    let both: Value = serde_json::from_str(&both).unwrap();
    assert_eq!(both.as_array().unwrap().len(), 2);
}
