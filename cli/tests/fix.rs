//! `wasmcheck fix`: what it changes builds with the plain go command, on the targets and on this machine, and nothing
//! is written that was not asked for.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{World, fix, go, unpacked};

/// A module in which each package fails on wasm in another way.
const PORT: &str = r#"
-- go.mod --
module example.com/port

go 1.21

require example.com/unixonly v1.0.0
-- main.go --
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"example.com/port/disk"
	"example.com/port/fast"
	"example.com/port/lock"
	"example.com/port/owner"
	"example.com/port/term"
)

func main() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGWINCH)
	fmt.Println(term.Width(), fast.Add(1, 2), lock.Lock("f"), disk.Free("/"), owner.Of(nil))
}
-- term/term.go --
// Package term has a file for what has no file of its own.
package term

// Width of the terminal.
func Width() int { return width() }
-- term/term_linux.go --
package term

import "syscall"

func width() int { return int(syscall.TIOCGWINSZ) }
-- term/term_other.go --
// +build plan9

package term

func width() int { return 80 }
-- lock/lock.go --
package lock

// Lock a file.
func Lock(name string) error { return lock(name, exclusive) }
-- lock/lock_unix.go --
//go:build unix

package lock

import "syscall"

type how int

const (
	shared how = iota
	exclusive
)

func lock(name string, how how) error { return syscall.Flock(int(how), syscall.LOCK_EX) }
-- disk/disk.go --
//go:build !windows

// Package disk is for all but Windows.
package disk

import (
	"fmt"
	"syscall"
)

// Free says how much is free.
func Free(dir string) string {
	free, err := statfs(dir)
	return fmt.Sprint(free, err)
}

// statfs asks the system.
func statfs(dir string) (free uint64, err error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return stat.Bfree, nil
}
-- owner/owner.go --
package owner

import (
	"os"
	"syscall"
)

type owner struct {
	mode        os.FileMode // of the file
	credentials syscall.Ucred
	n           int
}

// Of says who owns a file.
func Of(info os.FileInfo) uint32 { return (&owner{}).id() }

func (o *owner) id() uint32 { return o.credentials.Uid }
-- fast/fast.go --
package fast

// Add is written in assembly.
func Add(a, b int) int
-- fast/fast_amd64.s --
#include "textflag.h"

TEXT ·Add(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), AX
	ADDQ b+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
-- fast/fast_arm64.s --
#include "textflag.h"

TEXT ·Add(SB), NOSPLIT, $0-24
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	ADD R1, R0
	MOVD R0, ret+16(FP)
	RET
-- far/far.go --
// Package far uses a dependency that has files for Unix alone.
package far

import "example.com/unixonly"

// Files is the number of files that may be open.
func Files() (uint64, error) { return unixonly.Files() }
"#;

fn module(archive: &str) -> World {
    unpacked("port", &[archive])
}

fn run(world: &World, args: &[&str]) -> Output {
    fix(world, args).0
}

/// All files with their bytes.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(
                path.to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            );
        }
    }
    files
}

/// The files that gofmt would write otherwise.
fn unformatted(world: &World) -> Vec<String> {
    let mut gofmt = Command::new("gofmt");
    let listed = gofmt.args(["-l", "."]).current_dir(&world.module);
    let listed = String::from_utf8(listed.output().unwrap().stdout).unwrap();
    listed.lines().map(str::to_owned).collect()
}

/// Whether the packages build, and what Go says.
fn builds(world: &World, goos: Option<&str>, packages: &str) -> Result<(), String> {
    let output = go(world, goos, &["build", "-mod=mod", packages]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(said)
}

#[test]
fn what_is_shown_is_what_git_applies_and_builds() {
    let world = module(PORT);
    let before = tree(&world.module);
    let shown = run(&world, &["."]);
    assert_eq!(
        tree(&world.module),
        before,
        "nothing is written without --apply"
    );
    let patch = world.scratch.path().join("port.patch");
    fs::write(&patch, &shown.stdout).unwrap();
    let applied = Command::new("git")
        .arg("apply")
        .arg(&patch)
        .current_dir(&world.module)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(
        applied.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&applied.stderr)
    );
    for package in ["./term", "./lock", "./disk", "./owner", "./fast", "."] {
        for goos in [Some("js"), Some("wasip1"), None] {
            builds(&world, goos, package).unwrap();
        }
    }
    for (kind, what) in [
        ("constraint", "term_other.go"),
        ("stub", "lock"),
        ("split", "statfs"),
        ("split", "Add"),
        ("fork", "example.com/unixonly"),
    ] {
        let line = text
            .lines()
            .find(|l| l.starts_with(&format!("# {kind}: ")) && l.contains(what));
        assert!(line.is_some(), "{kind} {what}:\n{text}");
    }
}

#[test]
fn what_is_applied_builds_and_says_what_is_lost() {
    let world = module(PORT);
    // gofmt puts a `//go:build` line above its `+build`.
    assert_eq!(unformatted(&world), ["term/term_other.go"]);
    let applied = run(&world, &["--apply", "."]);
    let text = String::from_utf8_lossy(&applied.stdout);
    let unformatted = unformatted(&world);
    assert!(unformatted.is_empty(), "{unformatted:?}");
    for goos in [Some("js"), Some("wasip1")] {
        builds(&world, goos, "./...").unwrap();
    }
    for package in [
        "./term", "./lock", "./disk", "./owner", "./fast", "./far", ".",
    ] {
        builds(&world, None, package).unwrap();
    }
    assert_eq!(applied.status.code(), Some(0), "{text}");
    assert!(
        text.contains("# js: 7 of 7 packages build, 0 before"),
        "{text}"
    );
    assert!(text.contains("# wrote go.mod"), "{text}");
    let read = |name: &str| fs::read_to_string(world.module.join(name)).unwrap();
    assert!(read("go.mod").contains("=> ./third_party/example.com/unixonly"));
    let lock = read("lock/lock_wasm.go");
    assert!(
        lock.contains("fmt.Errorf(\"lock.lock: %w\", errors.ErrUnsupported)"),
        "{lock}"
    );
    assert!(
        read("fast/fast_wasm.go").contains("panic(\"fast.Add is not supported on js and wasip1\")")
    );
    // A signal is a number that never comes, not the end of main.
    assert!(read("main.go").contains("syscall.SIGTERM, syscallSIGWINCH"));
    let laid = fs::read_dir(world.module.join("third_party/example.com")).unwrap();
    let laid: Vec<_> = laid.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(laid, ["unixonly"], "nothing is left of how it was laid");
    // A second time there is nothing to do, although main calls what panics now.
    let before = tree(&world.module);
    let again = run(&world, &["--apply", "."]);
    let text = String::from_utf8_lossy(&again.stdout);
    let says = "everything builds, and no other version that was tried mends what crashes";
    assert!(text.contains(says), "{text}");
    assert_eq!(tree(&world.module), before);
}

#[test]
fn one_target_is_left_as_it_is_where_another_is_mended() {
    let world = module(PORT);
    run(
        &world,
        &[
            "--apply",
            "--target",
            "wasip1",
            "--only",
            "example.com/port/lock",
            ".",
        ],
    );
    builds(&world, Some("wasip1"), "./lock").unwrap();
    assert!(builds(&world, Some("js"), "./lock").is_err());
    assert!(builds(&world, Some("wasip1"), "./disk").is_err());
}

#[test]
fn what_is_not_committed_is_not_written_over() {
    let world = module(PORT);
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        let done = Command::new("git")
            .args(identity)
            .args(args)
            .current_dir(&world.module)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "all"]);
    let file = world.module.join("lock/lock.go");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.clone() + "\n// mine\n").unwrap();
    let before = tree(&world.module);
    let refused = run(&world, &["--apply", "."]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("not committed") && said.contains("--allow-dirty"),
        "{said}"
    );
    assert_eq!(tree(&world.module), before);
    let forced = run(
        &world,
        &[
            "--apply",
            "--allow-dirty",
            "--only",
            "example.com/port/lock",
            ".",
        ],
    );
    assert!(String::from_utf8_lossy(&forced.stdout).contains("# wrote lock/lock_wasm.go"));
    assert!(fs::read_to_string(&file).unwrap().ends_with("// mine\n"));
}

#[test]
fn what_is_replaced_already_is_copied_from_where_it_comes_from() {
    for replace in [
        "example.com/stand v1.0.0 => example.com/unixonly v1.0.0",
        "example.com/stand => example.com/unixonly v1.0.0",
    ] {
        let go_mod = format!(
            "-- go.mod --\nmodule example.com/m\n\ngo 1.21\n\nrequire example.com/stand v1.0.0\n\nreplace {replace}\n"
        );
        let source = "-- m.go --\n// Package m asks.\npackage m\n\nimport unixonly \"example.com/stand\"\n\n// Files that may be open.\nfunc Files() (uint64, error) { return unixonly.Files() }\n";
        let world = module(&format!("{go_mod}{source}"));
        let applied = run(&world, &["--apply", "."]);
        let text = String::from_utf8_lossy(&applied.stdout);
        assert_eq!(applied.status.code(), Some(0), "{text}");
        let copied = "copy of example.com/unixonly v1.0.0 in third_party/example.com/stand";
        assert!(text.contains(copied), "{text}");
        for goos in [Some("js"), Some("wasip1"), None] {
            builds(&world, goos, ".").unwrap();
        }
    }
}

#[test]
fn a_copy_in_a_library_does_not_reach_those_who_import_it() {
    let world = module(
        r#"
-- go.mod --
module example.com/lib

go 1.21

require example.com/unixonly v1.0.0
-- lib.go --
package lib

import "example.com/unixonly"

// Files is the number of files that may be open.
func Files() (uint64, error) { return unixonly.Files() }
"#,
    );
    let told = "does not reach those who import example.com/lib";
    let library = run(&world, &["."]).stdout;
    let library = String::from_utf8_lossy(&library).into_owned();
    assert!(library.contains(told), "{library}");
    fs::create_dir(world.module.join("cmd")).unwrap();
    let main = "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n";
    fs::write(world.module.join("cmd/main.go"), main).unwrap();
    let program = run(&world, &["."]).stdout;
    let program = String::from_utf8_lossy(&program).into_owned();
    assert!(
        program.contains("# fork:") && !program.contains(told),
        "{program}"
    );
}

#[test]
fn a_file_that_its_name_binds_is_said_to_be_renamed() {
    let world = module(
        r#"
-- go.mod --
module example.com/names

go 1.21
-- f.go --
package names

var x = f()
-- f_js.go --
package names

func f() int { return 1 }
-- f_linux.go --
package names

import "syscall"

func f() int { return syscall.Getppid() }
"#,
    );
    let shown = run(&world, &["."]).stdout;
    let text = String::from_utf8_lossy(&shown).into_owned();
    assert!(
        text.contains("rename f_js.go to f_other.go in example.com/names"),
        "{text}"
    );
}
