//! `wasmcheck fix --upstream`: what is written for the developers of dependencies is taken by git in their repository and
//! builds there with the plain go command, and nothing is written over.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{World, fix, go, unpacked};

/// A module that fails through two dependencies: one lies in a directory of its repository, and ends lines as Windows
/// does.
const APP: &str = r#"
-- go.mod --
module example.com/app

go 1.21

require (
	example.com/Sys/host v1.0.0
	example.com/unixonly v1.0.0
)
-- main.go --
package main

import (
	"fmt"

	"example.com/Sys/host/disk"
	"example.com/app/limits"
)

func main() { fmt.Println(disk.Free("/"), limits.Text()) }
-- limits/limits.go --
package limits

import (
	"fmt"

	"example.com/unixonly"
)

// Text of the limits.
func Text() string { return fmt.Sprint(unixonly.Files()) }
"#;

fn app() -> World {
    unpacked("app", &[APP])
}

fn git(dir: &Path, args: &[&str]) -> Output {
    let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
    let mut git = Command::new("git");
    git.args(identity).args(args).current_dir(dir);
    // The test may itself lie in a repository.
    git.env("GIT_CEILING_DIRECTORIES", dir.parent().unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A repository with one version of a module, in a directory of it; the value is that directory.
fn repository(world: &World, name: &str, cached: &str, subdir: &str) -> (PathBuf, PathBuf) {
    let modcache = go(world, None, &["env", "GOMODCACHE"]);
    let modcache = PathBuf::from(said(&modcache).trim());
    let root = world.scratch.path().canonicalize().unwrap().join(name);
    let module = root.join(subdir);
    copy(&modcache.join(cached), &module);
    for args in [
        &["init", "-q"] as &[&str],
        &["add", "-A"],
        &["commit", "-q", "-m", "all"],
    ] {
        let done = git(&root, args);
        assert!(done.status.success(), "{}", said(&done));
    }
    (root, module)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Whether packages of a module build.
fn builds(world: &World, dir: &Path, goos: Option<&str>, packages: &str) -> Result<(), String> {
    let dir = dir.to_str().unwrap();
    let output = go(world, goos, &["-C", dir, "build", "-mod=mod", packages]);
    output.status.success().then_some(()).ok_or(said(&output))
}

const GOOSES: [Option<&str>; 3] = [Some("js"), Some("wasip1"), None];

#[test]
fn git_takes_what_is_written_and_it_builds_in_the_repository() {
    let world = app();
    let before = world.tree();
    let (output, text) = fix(&world, &["--upstream", "."]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let dir = world.module.join("wasmcheck-upstream");
    let mut after = world.tree();
    after.retain(|path, _| !path.starts_with(&dir));
    assert_eq!(after, before, "nothing else is written");
    for (name, cached, subdir, package, keep) in [
        (
            "example.com-unixonly@v1.0.0",
            "example.com/unixonly@v1.0.0",
            "",
            ".",
            None,
        ),
        (
            "example.com-!sys-host@v1.0.0",
            "example.com/!sys/host@v1.0.0",
            "go/host",
            "./disk",
            Some("--keep-cr"),
        ),
    ] {
        let repository_name = name.replace(['@', '!'], "-");
        let (root, module) = repository(&world, &repository_name, cached, subdir);
        assert!(builds(&world, &module, Some("js"), package).is_err());
        let patch = dir.join(format!("{name}.patch"));
        let patch = patch.to_str().unwrap();
        let checked = git(&root, &["apply", "--check", patch]);
        assert!(checked.status.success(), "{}", said(&checked));
        let mut am = vec!["am", "-q"];
        am.extend(keep);
        am.push(patch);
        let done = git(&root, &am);
        assert!(done.status.success(), "{}\n{text}", said(&done));
        let log = said(&git(&root, &["log", "-1", "--format=%s%n%b"]));
        assert!(
            log.starts_with("Build for GOOS=wasip1 and GOOS=js\nThese packages do not compile"),
            "{log}"
        );
        for goos in GOOSES {
            builds(&world, &module, goos, package).unwrap();
        }
        let replace = format!(
            "-replace={}={}",
            cached.split('@').next().unwrap().replace("!s", "S"),
            module.to_str().unwrap()
        );
        let replaced = go(&world, None, &["mod", "edit", &replace]);
        assert!(replaced.status.success(), "{}", said(&replaced));
    }
    for goos in GOOSES {
        builds(&world, &world.module, goos, "./...").unwrap();
    }
}

#[test]
fn the_pull_request_says_what_fails_and_how_it_was_checked() {
    let world = app();
    let only = ["--only", "example.com/Sys/host"];
    let (_, text) = fix(
        &world,
        &[&["--upstream=out/", "--target", "js"], &only as &[_]].concat(),
    );
    let read = |name: &str| fs::read_to_string(world.module.join("out").join(name)).unwrap();
    let letter = read("example.com-!sys-host@v1.0.0.md");
    for part in [
        "# Build for GOOS=js\n",
        "`example.com/Sys/host` at `v1.0.0` (`example.com/Sys/host/disk`)",
        "`GOOS=js GOARCH=wasm go build ./disk` says:\n\n```text\ndisk/disk.go:19:19: undefined: syscall.Statfs_t\n",
        "```text\nexample.com/app\n  imports example.com/Sys/host/disk\n```",
        "statfs returns errors.ErrUnsupported",
        "| `GOOS=js GOARCH=wasm go build ./disk` | fails | builds |",
        "go build ./disk` | builds | builds |",
        "- js-node: compiles and links",
        "The tests of the module were not run.",
        "The patch is against `v1.0.0`. Tried in its place, and not enough:\n\n- v1.1.0 failed on js",
    ] {
        assert!(letter.contains(part), "{part}\n{letter}");
    }
    assert!(!letter.contains("wasip1"), "{letter}");
    assert!(
        !letter.contains(world.scratch.path().to_str().unwrap()),
        "{letter}"
    );
    for line in [
        "# wrote out/example.com-!sys-host@v1.0.0.patch",
        "#   in a clone of https://example.com/sys.git:",
        "#   git checkout -b wasm 0123456789abcdef0123456789abcdef01234567",
        "#   git am --keep-cr 'example.com-!sys-host@v1.0.0.patch'",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    assert!(read("example.com-!sys-host@v1.0.0.patch").contains("--- a/go/host/disk/disk.go"));
    let names = fs::read_dir(world.module.join("out")).unwrap().count();
    assert_eq!(names, 2, "one dependency was asked for");
}

#[test]
fn it_goes_together_with_apply_and_with_a_choice() {
    let world = app();
    let (output, text) = fix(&world, &["--upstream=none", "--kind", "upgrade,stub"]);
    assert!(
        text.contains("# no dependency is to be changed: nothing was written to none"),
        "{}",
        said(&output)
    );
    assert!(!world.module.join("none").exists());
    fs::create_dir(world.module.join("empty")).unwrap();
    let (output, text) = fix(&world, &["--upstream=empty", "--apply"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text.contains("# wrote go.mod"), "{text}");
    let names = fs::read_dir(world.module.join("empty")).unwrap().count();
    assert_eq!(names, 4, "{text}");
    for goos in GOOSES {
        builds(&world, &world.module, goos, "./...").unwrap();
    }
}

#[test]
fn what_is_there_is_refused_before_any_work() {
    let world = app();
    fs::write(world.module.join("file"), "mine").unwrap();
    fs::create_dir(world.module.join("full")).unwrap();
    fs::write(world.module.join("full/notes.md"), "mine").unwrap();
    #[cfg(unix)]
    {
        fs::create_dir(world.module.join("empty")).unwrap();
        std::os::unix::fs::symlink("empty", world.module.join("link")).unwrap();
    }
    let before = world.tree();
    for (dir, why) in [
        ("file", "this is a file, not a directory"),
        ("full", "this directory is not empty"),
        ("no/such", "there is no directory no"),
        ("", "DIR is empty"),
        #[cfg(unix)]
        ("link", "this is a symbolic link, which is not followed"),
        #[cfg(unix)]
        ("link/", "this is a symbolic link, which is not followed"),
    ] {
        let (output, text) = fix(&world, &[&format!("--upstream={dir}")]);
        assert_eq!(output.status.code(), Some(2), "{dir}");
        assert!(text.is_empty(), "{text}");
        assert!(said(&output).contains(why), "{dir}: {}", said(&output));
    }
    assert_eq!(world.tree(), before);
    assert!(world.left_behind().is_empty(), "nothing was begun");
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_cannot_be_made_keeps_what_was_found() {
    let world = app();
    let only = ["--only", "example.com/unixonly", "--target", "wasip1"];
    // Where root, too, can make nothing.
    let (output, text) = fix(&world, &[&["--upstream=/proc/out"], &only as &[_]].concat());
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(said(&output).contains("/proc/out: the patch cannot be written"));
    assert!(text.contains("# fork: "), "{text}");
}
