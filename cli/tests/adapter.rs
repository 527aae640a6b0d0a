//! Adapters of a catalogue: files that do in the copy of a dependency on wasm what C, or a platform, does elsewhere.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]

mod common;

use std::fs;

use common::{UNIX_ONLY, World, fix, go, unpacked};

/// A catalogue whose adapter has this body of `Files`, and requires this version of example.com/newdb.
fn catalogue(body: &str, version: &str) -> String {
    let head = r#"
-- wasmcheck.toml --
catalogue = ["remedies.toml"]
-- remedies.toml --
schema = 1

[[entry]]
id = "unixonly"
match = { module = "example.com/unixonly" }
versions = [{ introduced = "0" }]
targets = ["js", "wasip1"]
reason = "excluded"
shape = "excluded"
summary = "it has a file for Unix alone"

[[entry.fix]]
kind = "fork"
title = "use a copy of example.com/unixonly that calls example.com/newdb on wasm"
to = { module = "example.com/newdb", tested = "VERSION" }
lost = "the limits of the system"

[entry.fix.adapter]
package = "example.com/unixonly"
source = '''
package unixonly

import "example.com/newdb"

// Files is a number.
"#;
    let tail = "'''\n\n[[entry.evidence]]\nkind = \"measured\"\nsays = \"built\"\n";
    let head = head.replace("VERSION", version);
    format!("{head}func Files() (uint64, error) {{ {body} }}\n{tail}")
}

fn runs(world: &World) -> String {
    for goos in ["js", "wasip1"] {
        let built = go(world, Some(goos), &["build", "-o", goos, "."]);
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{goos}: {said}");
    }
    let ran = world.command(&["exec", "wasip1"]).output();
    String::from_utf8_lossy(&ran.expect("it starts").stderr).into_owned()
}

#[test]
fn an_adapter_does_in_a_copy_what_files_do_elsewhere() {
    let body = "return newdb.Version, nil";
    let world = unpacked("adapter", &[UNIX_ONLY, &catalogue(body, "v1.1.0")]);
    let (_, text) = fix(&world, &["--apply", "."]);
    let title = "in which example.com/newdb does the work on wasm, and C elsewhere";
    assert!(text.contains(title), "{text}");
    assert!(
        text.contains("lost there: the limits of the system"),
        "{text}"
    );
    assert!(text.contains("adds 1 module"), "{text}");
    let go_mod = fs::read_to_string(world.module.join("go.mod")).expect("go.mod");
    assert!(go_mod.contains("example.com/newdb v1.1.0"), "{go_mod}");
    assert!(runs(&world).starts_with('2'), "{}", runs(&world));
}

#[test]
fn an_adapter_that_does_not_compile_is_no_remedy() {
    let world = unpacked(
        "adapter",
        &[UNIX_ONLY, &catalogue("return newdb.Missing()", "v1.1.0")],
    );
    let (_, text) = fix(&world, &["--apply", "."]);
    assert!(
        text.contains("# fork: ") && !text.contains("newdb does"),
        "{text}"
    );
    let go_mod = fs::read_to_string(world.module.join("go.mod")).expect("go.mod");
    assert!(!go_mod.contains("newdb"), "{go_mod}");
    // An error, as println shows it.
    let said = runs(&world);
    assert!(
        said.starts_with("0 (0x") && !said.contains("(0x0,"),
        "{said}"
    );
}

#[test]
fn an_adapter_whose_module_is_not_there_keeps_nothing_from_being_mended() {
    let body = "return newdb.Version, nil";
    let world = unpacked("adapter", &[UNIX_ONLY, &catalogue(body, "v1.9.9")]);
    let (_, text) = fix(&world, &["--apply", "."]);
    let told = "the adapter for example.com/unixonly is of no use: ";
    assert!(text.contains(told) && text.contains("# fork: "), "{text}");
    let said = runs(&world);
    assert!(said.starts_with("0 (0x"), "{said}");
}
