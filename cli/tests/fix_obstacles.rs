//! What keeps `wasmcheck fix` from writing, and what is to be done after it has written.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::{UNIX_ONLY, World, fix, go, unpacked};

/// Where the copy is laid.
const COPY: &str = "third_party/example.com/unixonly";

/// A module of which a file is changed.
const SPLITS: &str = r#"
-- go.mod --
module example.com/app

go 1.21
-- lock/lock.go --
package lock

import "syscall"

// Lock a file.
func Lock() error { return syscall.Flock(1, syscall.LOCK_EX) }
"#;

/// The dry run warns of what `--apply` refuses, and neither writes.
fn refuses(world: &World, file: &str, what: &str) {
    let before = world.tree();
    let (_, shown) = fix(world, &[]);
    let (output, _) = fix(world, &["--apply"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let file = world.module.join(file);
    let told = format!("{}: {what}", file.display());
    assert!(said.contains(&told), "{said}");
    let warned = format!("# cannot be applied: {told}");
    assert!(shown.contains(&warned), "{shown}");
    assert_eq!(world.tree(), before);
}

#[test]
fn what_lies_in_the_place_of_a_copy_is_told() {
    let world = unpacked("app", &[UNIX_ONLY]);
    fs::write(world.module.join("third_party"), "mine").unwrap();
    refuses(&world, "third_party", "this is no directory");

    let world = unpacked("app", &[UNIX_ONLY]);
    let outside = world.scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, world.module.join("third_party")).unwrap();
    refuses(&world, "third_party", "this link leads out of the module");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);

    let world = unpacked("app", &[UNIX_ONLY]);
    fs::create_dir_all(world.module.join(COPY)).unwrap();
    fs::write(world.module.join(COPY).join("mine.go"), "package mine").unwrap();
    refuses(&world, COPY, "this is there already");
}

#[test]
fn a_copy_that_was_laid_before_is_taken() {
    let world = unpacked("app", &[UNIX_ONLY]);
    let go_mod = fs::read(world.module.join("go.mod")).unwrap();
    fix(&world, &["--apply"]);
    // As if it had ended before go.mod was written.
    fs::write(world.module.join("go.mod"), go_mod).unwrap();
    let (output, text) = fix(&world, &["--apply"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("# wrote go.mod") && !text.contains("# wrote third_party"));
    assert!(go(&world, Some("js"), &["build", "./..."]).status.success());
}

#[test]
fn a_file_that_a_link_leads_to_is_not_changed() {
    let world = unpacked("app", &[SPLITS]);
    let outside = world.scratch.path().join("outside.go");
    let file = world.module.join("lock/lock.go");
    fs::rename(&file, &outside).unwrap();
    symlink(&outside, &file).unwrap();
    let text = fs::read(&outside).unwrap();
    let before = world.tree();
    for args in [&[][..], &["--apply"]] {
        let (output, shown) = fix(&world, args);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        let told = "lock/lock.go: no change of this package is tried";
        assert!(shown.contains(told), "{shown}");
        assert!(!shown.contains("syscall.Flock"), "{shown}");
    }
    assert_eq!(world.tree(), before);
    assert_eq!(fs::read(&outside).unwrap(), text);
}

#[test]
fn a_go_mod_that_a_link_leads_to_is_not_changed() {
    let world = unpacked("app", &[UNIX_ONLY]);
    let outside = world.scratch.path().join("go.mod");
    let file = world.module.join("go.mod");
    fs::rename(&file, &outside).unwrap();
    symlink(&outside, &file).unwrap();
    let text = fs::read(&outside).unwrap();
    refuses(&world, "go.mod", "this link leads out of the module");
    assert_eq!(fs::read(&outside).unwrap(), text);
}

#[test]
fn a_catalogue_that_is_missing_is_told() {
    let world = unpacked("app", &[SPLITS]);
    let config = world.module.join("wasmcheck.toml");
    fs::write(&config, "catalogue = [\"more.toml\"]\n").unwrap();
    for args in [&[][..], &["--apply"]] {
        let (output, _) = fix(&world, args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("more.toml: there is no such file: write it")
                && said.contains(config.to_str().unwrap()),
            "{said}"
        );
    }
}

#[test]
fn a_vendor_directory_is_to_be_made_anew_where_there_is_one() {
    let advice = "made anew: go mod vendor";
    let world = unpacked("app", &[UNIX_ONLY]);
    assert!(!fix(&world, &[]).1.contains(advice));
    for args in [&["mod", "tidy"], &["mod", "vendor"]] {
        assert!(go(&world, None, args).status.success());
    }
    assert!(fix(&world, &[]).1.contains(advice));
    let (_, text) = fix(&world, &["--apply"]);
    assert!(text.contains(advice), "{text}");
    let build = || go(&world, Some("js"), &["build", "./..."]).status.success();
    assert!(!build(), "{text}");
    assert!(go(&world, None, &["mod", "vendor"]).status.success());
    assert!(build());
    // Changes of the module's own files need no such step.
    let world = unpacked("app", &[SPLITS]);
    fs::create_dir(world.module.join("vendor")).unwrap();
    let (_, text) = fix(&world, &["--apply"]);
    assert!(
        text.contains("# wrote lock/lock_wasm.go") && !text.contains("vendor"),
        "{text}"
    );
}

#[test]
fn what_a_run_has_left_that_was_killed_is_told_and_removed() {
    let world = unpacked("app", &[SPLITS]);
    let left = [
        "lock/.wasmcheck-a1B2c3",
        "third_party/x/.wasmcheck-fork-a1B2c3",
    ];
    let kept = ["lock/.wasmcheck-notes.md", ".wasmcheck-mine"];
    fs::create_dir_all(world.module.join(left[1]).join("copy")).unwrap();
    for name in [left[0], kept[0], kept[1]] {
        fs::write(world.module.join(name), "text").unwrap();
    }
    let before = world.tree();
    let (_, text) = fix(&world, &[]);
    for name in left {
        assert!(text.contains(&format!("# found {name}\n")), "{text}");
    }
    assert!(text.contains("`wasmcheck fix --apply` removes"), "{text}");
    assert!(!text.contains("notes") && !text.contains("mine"), "{text}");
    assert_eq!(world.tree(), before);
    let (_, text) = fix(&world, &["--apply"]);
    for name in left {
        assert!(text.contains(&format!("# removed {name}\n")), "{text}");
        assert!(!world.module.join(name).exists());
    }
    for name in kept {
        assert!(world.module.join(name).exists());
    }
}
