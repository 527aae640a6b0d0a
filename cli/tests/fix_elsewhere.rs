//! `wasmcheck fix` on modules that are not the current directory, alone or several at once.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{World, fix, go, unpacked};

/// Two modules beside each other, of which neither builds for wasm.
const BESIDE: &str = r#"
-- one/go.mod --
module example.com/one

go 1.21
-- one/lock.go --
package one

// Lock a file.
func Lock() error { return lock() }
-- one/lock_unix.go --
//go:build unix

package one

import "syscall"

func lock() error { return syscall.Flock(1, syscall.LOCK_EX) }
-- one/sub/sub.go --
package sub
-- two/go.mod --
module example.com/two

go 1.21
-- two/in/in.go --
package in

import "syscall"

// Lock a file.
func Lock() error { return syscall.Flock(1, syscall.LOCK_EX) }
"#;

/// A module that another one has beside it: by a `replace`, or by a workspace.
const LOCAL: &str = r#"
-- app/main.go --
package main

import "example.com/unixonly"

func main() { println(unixonly.Files()) }
-- dep/go.mod --
module example.com/unixonly

go 1.21
-- dep/dep.go --
package unixonly

import "syscall"

// Files is the number of files that may be open.
func Files() (uint64, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}
"#;

/// `app` with a `replace`.
const REPLACED: &str = r"
-- app/go.mod --
module example.com/app

go 1.21

require example.com/unixonly v1.0.0

replace example.com/unixonly => ../dep
";

/// `app` in a workspace; the version of its go.mod is published, too.
const WORKSPACE: &str = r"
-- go.work --
go 1.21

use (
	./app
	./dep
)
-- app/go.mod --
module example.com/app

go 1.21

require example.com/unixonly v1.0.0
";

/// Run `git apply` in a directory.
fn apply(world: &World, dir: &Path, diff: &str) {
    let patch = world.scratch.path().join("shown.patch");
    fs::write(&patch, diff).unwrap();
    let mut git = Command::new("git");
    let applied = git.arg("apply").arg(&patch).current_dir(dir);
    let applied = applied.output().unwrap();
    let said = String::from_utf8_lossy(&applied.stderr);
    assert!(applied.status.success(), "{said}\n{diff}");
}

fn builds(world: &World, dir: &str) -> bool {
    let built = go(world, Some("wasip1"), &["-C", dir, "build", "./..."]);
    built.status.success()
}

#[test]
fn a_patch_of_several_modules_is_applied_where_it_was_made() {
    let world = unpacked("several", &[BESIDE]);
    let (_, text) = fix(&world, &["one", "two"]);
    apply(&world, &world.module, &text);
    assert!(builds(&world, "one") && builds(&world, "two"), "{text}");
}

#[test]
fn a_patch_of_a_module_elsewhere_says_where_it_is_applied() {
    let world = unpacked("several", &[BESIDE]);
    let below = world.module.join("one/sub");
    let mut command = world.command(&["fix", "--quiet", ".."]);
    let shown = command.current_dir(&below).output().unwrap();
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let root = world.module.join("one");
    let line = format!("# apply this in {}:", root.display());
    assert!(text.lines().any(|l| l == line), "{text}");
    apply(&world, &root, &text);
    assert!(builds(&world, "one"), "{text}");
}

#[test]
fn files_that_were_written_are_named_from_the_current_directory() {
    let world = unpacked("several", &[BESIDE]);
    let (_, text) = fix(&world, &["--apply", "one"]);
    let wrote = text.lines().find_map(|l| l.strip_prefix("# wrote "));
    assert_eq!(wrote, Some("one/lock_wasm.go"), "{text}");
    assert!(world.module.join("one/lock_wasm.go").exists());
}

#[test]
fn a_module_that_lies_beside_is_changed_there() {
    for how in [REPLACED, WORKSPACE] {
        let world = unpacked("local", &[LOCAL, how]);
        let at = |dir: &str, args: &[&str]| {
            let mut command = world.command(args);
            let output = command.current_dir(world.module.join(dir)).output();
            String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
        };
        let text = at("app", &["fix", "--quiet"]);
        assert!(text.contains(": run `wasmcheck fix ../dep`\n"), "{text}");
        assert!(!text.contains("# fork:"), "{text}");
        let report = at("app", &["--quiet", "--level", "run", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let advice = report["advice"].as_array().unwrap();
        let named = advice.iter().find(|a| a["to"] == "../dep").unwrap();
        assert_eq!(named["patch"], "wasmcheck fix ../dep");
        let text = at("app", &["fix", "--quiet", "--apply", "../dep"]);
        assert!(builds(&world, "app"), "{text}");
    }
}

#[test]
fn packages_of_a_dependency_are_changed_in_one_copy() {
    let world = unpacked(
        "layers",
        &[r#"
-- go.mod --
module example.com/app

go 1.21

require example.com/layers v1.0.0
-- main.go --
package main

import (
	"example.com/layers"
	"example.com/layers/sizes"
)

func main() { println(layers.Lock(new([sizes.Largest]byte)), sizes.Step) }
"#],
    );
    let (_, text) = fix(&world, &["--apply", "."]);
    let changed = "in which example.com/layers, example.com/layers/sizes can be built";
    assert!(text.contains(changed), "{text}");
    assert!(builds(&world, "."), "{text}");
    let copy = world.module.join("third_party/example.com/layers");
    let source = fs::read_to_string(copy.join("sizes/sizes_wasm.go")).unwrap();
    assert!(source.contains("const Largest = 0x7FFF\n"), "{source}");
    assert!(source.contains("const Step = 0x1000\n"), "{source}");
}

/// What builds only when the module beside it is changed, too, is not confirmed.
#[test]
fn what_needs_changes_elsewhere_is_not_confirmed() {
    let own = r#"
-- app/lock.go --
package main

import "syscall"

func init() { println(syscall.Flock(1, syscall.LOCK_EX)) }
"#;
    let world = unpacked("local", &[LOCAL, REPLACED, own]);
    let mut command = world.command(&["--quiet", "--level", "run", "--format", "json"]);
    let output = command.current_dir(world.module.join("app")).output();
    let report: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let advice = report["advice"].as_array().unwrap();
    assert!(advice.iter().any(|a| a["to"] == "../dep"), "{advice:#?}");
    for advice in advice {
        let confirmed = advice["confirmed"].as_object().unwrap();
        let helps = confirmed.values().any(|c| c == "build" || c == "run");
        assert!(!helps, "{advice:#?}");
    }
}

#[test]
fn a_version_that_breaks_what_builds_is_withdrawn() {
    let world = unpacked(
        "app",
        &[r#"
-- go.mod --
module example.com/app

go 1.22

require example.com/api v0.2.0
-- a/a.go --
package a

import _ "example.com/api"
-- b/b.go --
package b
-- b/b_linux.go --
package b

import "example.com/api"

// N is a number.
var N = api.Do(1)
"#],
    );
    let (_, text) = fix(&world, &["--target", "js", "--apply", "."]);
    assert!(!text.contains("# upgrade: "), "{text}");
    assert!(text.contains("# fork: "), "{text}");
    for goos in [Some("js"), None] {
        let built = go(&world, goos, &["build", "./..."]);
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        assert!(built.status.success(), "{goos:?}: {said}\n{text}");
    }
}
