//! Tests and scenarios of what remedies mend: run with all remedies together, and compared with the native run.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::{fix, unpacked};
use serde_json::Value;

/// Two packages that do not build on wasm: the tests of one do not need what it lacks, those of the other do.
const LOCKS: &str = r#"
-- go.mod --
module example.com/locks

go 1.22
-- table/table.go --
// Package table reads tables.
package table

import (
	"strings"
	"syscall"
)

// Cells of a line.
func Cells(line string) []string { return strings.Split(line, "|") }

// Keep others out.
func Keep(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX) }
-- table/table_test.go --
package table

import "testing"

func TestCells(t *testing.T) {
	if n := len(Cells("a|b")); n != 2 {
		t.Fatal(n)
	}
}
-- lock/lock.go --
// Package lock locks files.
package lock

import "syscall"

// Take the lock of a file.
func Take(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX) }
-- lock/lock_test.go --
package lock

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTake(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Take(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
}
"#;

/// A program whose dependency crashes on wasm, and does not with its next version.
const CRASHES: &str = r#"
-- go.mod --
module example.com/m

go 1.22

require example.com/crashing v1.0.0
-- main.go --
package main

import (
	"fmt"

	"example.com/crashing"
)

func main() { fmt.Println(crashing.Do()) }
-- wasmcheck.toml --
[[scenario]]
name = "prints a number"
"#;

fn advice<'r>(report: &'r Value, package: &str) -> &'r Value {
    let of_package = |f: &&Value| f["package"] == package;
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(of_package);
    let id = &finding.unwrap()["advice"][0];
    let mut all = report["advice"].as_array().unwrap().iter();
    all.find(|a| a["id"] == *id).unwrap()
}

#[test]
fn tests_of_mended_packages_are_compared_with_their_native_run() {
    let world = unpacked("locks", &[LOCKS]);
    let before = world.tree();
    let ran = world.run(&["--tests", "--native", "--target", "wasip1", "."]);
    let report = ran.report.unwrap();
    let table = advice(&report, "example.com/locks/table");
    assert_eq!(table["confirmed"]["wasip1"], "tests", "{table:#}");
    assert_eq!(table["tested"][0]["same"], true, "{table:#}");
    let lock = advice(&report, "example.com/locks/lock");
    assert_eq!(lock["confirmed"]["wasip1"], "run", "{lock:#}");
    assert_eq!(lock["tested"][0]["same"], false, "{lock:#}");
    assert_eq!(world.tree(), before);

    let (_, text) = fix(&world, &["--tests", "--native", "--target", "wasip1", "."]);
    for line in [
        "#   wasip1: builds and links with it, and tests do what they do natively",
        "#   the tests of example.com/locks/lock on wasip1: ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(world.tree(), before);
}

#[test]
fn scenarios_say_whether_another_version_helps() {
    let world = unpacked("crashes", &[CRASHES]);
    let ran = world.run(&["--native", "--target", "wasip1", "."]);
    let report = ran.report.unwrap();
    let upgrade = report["advice"].as_array().unwrap();
    let upgrade = upgrade.iter().find(|a| a["kind"] == "upgrade").unwrap();
    assert_eq!(upgrade["to"], "v1.0.1", "{upgrade:#}");
    assert_eq!(upgrade["confirmed"]["wasip1"], "tests", "{upgrade:#}");
    let tested = &upgrade["tested"][0];
    assert_eq!(tested["scenario"], "prints a number", "{upgrade:#}");
    assert_eq!(tested["same"], true, "{upgrade:#}");

    // Without a native run there is nothing that it could be the same as.
    let ran = world.run(&["--target", "wasip1", "."]);
    let report = ran.report.unwrap();
    let upgrade = report["advice"].as_array().unwrap();
    let upgrade = upgrade.iter().find(|a| a["kind"] == "upgrade").unwrap();
    assert_eq!(upgrade["confirmed"]["wasip1"], "run", "{upgrade:#}");
    assert_eq!(upgrade["tested"][0]["same"], Value::Null, "{upgrade:#}");
}

/// A program that crashes by itself on wasm.
const OWN: &str = r#"
-- go.mod --
module example.com/own

go 1.22
-- main.go --
package main

import "runtime"

var system = map[string]string{"linux": "Linux"}[runtime.GOOS]

func main() { println(system[0]) }
"#;

#[test]
fn what_crashes_and_cannot_be_mended_is_not_passed_over() {
    let world = unpacked("own", &[OWN]);
    let (_, text) = fix(&world, &["--target", "wasip1", "."]);
    assert!(
        text.contains("everything builds, and no other version"),
        "{text}"
    );
}
