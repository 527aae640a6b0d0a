//! Swaps that `wasmcheck fix` carries out: a catalogue of the user's says which names and literals another module
//! has, and what is written was built and started before.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs;

use common::{World, fix, go, unpacked};

/// What the module says of its dependencies.
const CATALOGUE: &str = r#"
-- wasmcheck.toml --
catalogue = ["remedies.toml"]
-- remedies.toml --
schema = 1

[[entry]]
id = "olddb"
match = { module = "example.com/olddb", packages = ["."] }
versions = [{ introduced = "0" }]
targets = ["js", "wasip1"]
reason = "cgo"
shape = "stub"
signature = ["olddb needs cgo. This is a stub"]
summary = "without cgo it is a stub"

[[entry.fix]]
kind = "swap"
title = "use example.com/newdb"
to = { module = "example.com/newdb", tested = "v1.1.0" }
tags_on = { js = ["newdb_files"], wasip1 = ["newdb_files"] }

[[entry.fix.rewrite]]
package = "example.com/olddb"
imports = ["example.com/newdb", "example.com/newdb/all"]
names = ["Open", "DB"]
renamed = { OldVersion = "Version" }
arguments = [
  { of = ["example.com/olddb.Open"], from = "old", to = "new" },
  { of = ["example.com/olddb.Open"], at = 1, refuse = ["?mode="] },
]

[[entry.evidence]]
kind = "measured"
says = "built"

[[entry]]
id = "olddb-raw"
match = { module = "example.com/olddb", packages = ["raw"] }
versions = [{ introduced = "0" }]
targets = ["js", "wasip1"]
reason = "excluded"
shape = "excluded"
summary = "it has a file for Unix alone"

[[entry.fix]]
kind = "swap"
title = "use example.com/newdb/raw"
to = { module = "example.com/newdb", package = "example.com/newdb/raw", tested = "v1.1.0" }

[[entry.fix.rewrite]]
package = "example.com/olddb/raw"
imports = ["example.com/newdb/raw"]
names = ["Size"]

[[entry.evidence]]
kind = "measured"
says = "built"
-- go.mod --
module example.com/app

go 1.21

require example.com/olddb v1.0.0
"#;

/// A program that writes and reads a file through what is a stub on wasm.
const APP: &str = r#"
-- main.go --
// Command app writes and reads.
package main

import (
	"fmt"
	"os"

	"example.com/app/store"
	_ "example.com/olddb" // the library
)

func main() {
	text, err := store.Round("data.txt")
	fmt.Println(text, err)
	if err != nil {
		os.Exit(1)
	}
}
-- store/store.go --
package store

import lib "example.com/olddb"

// Round writes and reads.
func Round(path string) (string, error) {
	db, err := lib.Open("old", path)
	if err != nil {
		return "", err
	}
	if err := db.Put("kept"); err != nil {
		return "", err
	}
	return db.Get()
}

var open func(kind, path string) (*lib.DB, error)

func shadows(lib interface{ Vacuum() }) { lib.Vacuum() }
-- store/store_test.go --
package store

import (
	"testing"

	"example.com/olddb"
)

func TestVersion(t *testing.T) { t.Log(olddb.OldVersion) }
-- store/store_windows.go --
package store

import "example.com/olddb"

var version = olddb.OldVersion
"#;

fn module(archives: &[&str]) -> World {
    unpacked("app", archives)
}

/// Build a package with the plain go command; the value is where the program lies.
fn build(world: &World, goos: Option<&str>, args: &[&str]) -> String {
    let file = world.scratch.path().join(goos.unwrap_or("native"));
    let file = file.to_str().unwrap();
    let output = go(world, goos, &[&["build", "-o", file], args].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    file.to_owned()
}

fn read(world: &World, name: &str) -> String {
    fs::read_to_string(world.module.join(name)).unwrap()
}

#[test]
fn a_program_on_a_stub_is_moved_to_what_works() {
    let world = module(&[CATALOGUE, APP]);
    let crlf = read(&world, "main.go").replace('\n', "\r\n");
    fs::write(world.module.join("main.go"), crlf).unwrap();
    let before = world.tree();
    let (_, shown) = fix(&world, &["."]);
    assert_eq!(world.tree(), before, "nothing is written without --apply");
    assert!(shown.contains("# swap: use example.com/newdb\n"), "{shown}");
    assert!(
        shown.contains("builds, links and starts with it"),
        "{shown}"
    );
    assert!(shown.contains("# build with: -tags newdb_files"), "{shown}");

    let (output, text) = fix(&world, &["--apply", "."]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let main = read(&world, "main.go");
    assert!(
        main.contains(
            "\t_ \"example.com/newdb\"\r\n\t_ \"example.com/newdb/all\" // the library\r\n"
        ),
        "{main}"
    );
    let store = read(&world, "store/store.go");
    assert!(
        store.contains("import lib \"example.com/newdb\"\nimport _ \"example.com/newdb/all\"\n")
    );
    assert!(store.contains("lib.Open(\"new\", path)"), "{store}");
    assert!(store.contains("{ lib.Vacuum() }"), "{store}");
    for name in ["store/store_test.go", "store/store_windows.go"] {
        let file = read(&world, name);
        assert!(file.contains("olddb \"example.com/newdb\""), "{file}");
        assert!(file.contains("olddb.Version"), "{file}");
    }
    assert!(read(&world, "go.mod").contains("example.com/newdb v1.1.0"));
    build(&world, None, &["."]);
    for goos in ["wasip1", "js"] {
        let file = build(&world, Some(goos), &["-tags", "newdb_files", "."]);
        let ran = world.command(&["exec", &file]).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(said, "kept <nil>\n", "{goos}");
    }
    let (_, again) = fix(&world, &["."]);
    assert!(again.contains("there is nothing to change"), "{again}");
}

#[test]
fn what_has_no_counterpart_is_told_and_nothing_is_changed() {
    let world = module(&[CATALOGUE, APP]);
    let more = "\nfunc vacuum(db *lib.DB) { lib.Vacuum(db) }\n\nvar again, _ = lib.Open(\"old\", \"x?mode=ro\")\n";
    let store = read(&world, "store/store.go") + more;
    fs::write(world.module.join("store/store.go"), store).unwrap();
    let before = world.tree();
    let (_, text) = fix(&world, &["--apply", "."]);
    assert!(!text.contains("# swap"), "{text}");
    assert!(
        text.contains("# not made: use example.com/newdb\n#   store/store.go:21 uses lib.Vacuum"),
        "{text}"
    );
    assert_eq!(world.tree(), before);
    let report = world.run(&["."]).report.unwrap();
    let advice = report["advice"].as_array().unwrap();
    let swap = advice.iter().find(|a| a["kind"] == "swap").unwrap();
    assert_eq!(swap["confirmed"]["wasip1"], "could-not");
    assert_eq!(swap["edits"].as_array().unwrap().len(), 0);
    assert_eq!(
        swap["tried"][0]["why"],
        "store/store.go:21 uses lib.Vacuum, which has no known counterpart; store/store.go:23 gives lib.Open `?mode=`, which the new package does not know"
    );
}

#[test]
fn tests_that_no_longer_compile_are_told() {
    let world = module(&[CATALOGUE, APP]);
    let file = world.module.join("store/store_test.go");
    let test = fs::read_to_string(&file).unwrap();
    let test = test.replace(
        "t.Log(olddb.OldVersion)",
        "t.Log([1]int([olddb.OldVersion]int{}))",
    );
    fs::write(&file, test).unwrap();
    let before = world.tree();
    let (_, told) = fix(&world, &["--apply"]);
    assert!(
        told.contains("the tests of example.com/app/store do not compile any more"),
        "{told}"
    );
    assert_eq!(world.tree(), before);
}

#[test]
fn what_a_dependency_still_needs_is_not_swapped() {
    let world = module(&[CATALOGUE, APP]);
    let go_mod = read(&world, "go.mod") + "\nrequire example.com/usesold v1.0.0\n";
    fs::write(world.module.join("go.mod"), go_mod).unwrap();
    let main =
        read(&world, "main.go").replace("\t\"os\"\n", "\t\"os\"\n\n\t_ \"example.com/usesold\"\n");
    fs::write(world.module.join("main.go"), main).unwrap();
    let report = world.run(&["."]).report.unwrap();
    let advice = report["advice"].as_array().unwrap();
    let swap = advice.iter().find(|a| a["kind"] == "swap").unwrap();
    assert_eq!(
        swap["tried"][0]["why"],
        "example.com/usesold imports example.com/olddb, too"
    );
}

#[test]
fn a_swap_is_confirmed_by_the_edits_that_its_package_needs_too() {
    let world = module(&[
        CATALOGUE,
        r#"
-- main.go --
package main

import (
	"fmt"
	"syscall"

	"example.com/olddb/raw"
)

func main() { fmt.Println(raw.Size(), lock()) }

func lock() error { return syscall.Flock(0, syscall.LOCK_EX) }
"#,
    ]);
    let (output, text) = fix(&world, &["--apply", "."]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for kind in ["# swap: use example.com/newdb/raw\n", "# split: move lock"] {
        assert!(text.contains(kind), "{kind}\n{text}");
    }
    for goos in ["wasip1", "js"] {
        build(&world, Some(goos), &["."]);
    }
    assert!(read(&world, "main.go").contains("\"example.com/newdb/raw\""));
}

#[test]
fn edits_of_a_file_build_upon_each_other() {
    let world = module(&[
        CATALOGUE,
        r#"
-- main.go --
package main

import (
	"fmt"

	"example.com/olddb"
	"example.com/olddb/raw"
)

func main() {
	fmt.Println(raw.Size(), olddb.OldVersion)
}
-- lock/lock.go --
package lock

import (
	"syscall"

	"example.com/olddb/raw"
)

// Lock a file.
func Lock() error { return syscall.Flock(raw.Size(), syscall.LOCK_EX) }
"#,
    ]);
    let (_, text) = fix(&world, &["--apply", "."]);
    for kind in [
        "# swap: use example.com/newdb\n",
        "# swap: use example.com/newdb/raw\n",
        "# split: move Lock",
    ] {
        assert!(text.contains(kind), "{kind}\n{text}");
    }
    for goos in ["wasip1", "js"] {
        build(&world, Some(goos), &["-tags", "newdb_files", "."]);
        build(&world, Some(goos), &["-tags", "newdb_files", "./lock"]);
    }
    let main = read(&world, "main.go");
    assert!(
        main.contains("olddb \"example.com/newdb\"") && main.contains("\"example.com/newdb/raw\""),
        "{main}"
    );
    assert!(
        read(&world, "lock/lock_wasm.go").contains("errors.ErrUnsupported"),
        "{text}"
    );
}

#[test]
fn an_edit_without_the_one_that_it_is_made_upon_is_refused() {
    let world = module(&[
        CATALOGUE,
        r#"
-- a/a.go --
package a

import "example.com/olddb/raw"

// A is a size.
var A = raw.Size()
-- lock/lock.go --
package lock

import (
	"syscall"

	"example.com/olddb/raw"
)

// Lock a file.
func Lock() error { return syscall.Flock(raw.Size(), syscall.LOCK_EX) }
"#,
    ]);
    let before = world.tree();
    for (chosen, add) in [
        (["--kind", "split"], "give --kind swap too"),
        (
            ["--only", "example.com/app/lock"],
            "give --only example.com/olddb/raw too",
        ),
    ] {
        for apply in [&["."][..], &["--apply", "."]] {
            let (output, text) = fix(&world, &[&chosen[..], apply].concat());
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}{text}");
            assert!(
                said.contains("lock/lock.go: ") && said.contains(add),
                "{said}"
            );
        }
    }
    assert_eq!(world.tree(), before);
    let lock = ["--only", "example.com/app/lock", "--apply"];
    let (_, text) = fix(
        &world,
        &[&lock[..], &["--only", "example.com/olddb/raw"]].concat(),
    );
    assert!(text.contains("# wrote lock/lock.go"), "{text}");
}
