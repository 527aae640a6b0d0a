//! What is kept between runs never changes what they say: not when it is damaged, half written,
//! shared by runs at the same time, or cannot be written at all.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot start has failed, and this one damages files"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::World;

/// A module with dependencies, and a cache of its own.
fn world() -> (World, PathBuf) {
    let world = World::of(&fixtures::named("calls"));
    let cache = world.scratch.path().join("cache");
    (world, cache)
}

fn scan(world: &World, cache: &Path, more: &[&str]) -> Command {
    let mut args = vec!["--level", "scan", "--quiet", "--format", "json"];
    args.extend(more);
    let mut command = world.command(&args);
    command.env("WASMCHECK_CACHE", cache);
    command
}

fn report(world: &World, cache: &Path, more: &[&str]) -> String {
    let output = scan(world, cache, more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\"targets\""), "{text}");
    text
}

/// The files of the cache, by name.
fn kept(cache: &Path) -> Vec<PathBuf> {
    files(&cache.join("facts"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let files = entries.flatten().map(|e| e.path());
    let mut files: Vec<_> = files
        .filter(|file| !file.ends_with("CACHEDIR.TAG"))
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_kept_changes_nothing() {
    let (world, cache) = world();
    let without = report(&world, &cache, &["--no-cache"]);
    assert_eq!(kept(&cache), Vec::<PathBuf>::new(), "nothing is to be kept");
    assert_eq!(report(&world, &cache, &[]), without);
    let files = kept(&cache);
    assert!(
        files.len() >= 3,
        "of each package that is imported: {files:?}"
    );
    let bytes: Vec<_> = files.iter().map(|f| fs::read(f).unwrap()).collect();
    assert_eq!(report(&world, &cache, &[]), without);

    // Flipped, cut off, emptied, and of somebody else.
    for (n, file) in files.iter().enumerate() {
        let mut damaged = bytes[n].clone();
        match n % 4 {
            0 => *damaged.last_mut().unwrap() ^= 0x80,
            1 => damaged.truncate(damaged.len() / 2),
            2 => damaged.clear(),
            _ => damaged.clone_from(&bytes[(n + 1) % bytes.len()]),
        }
        fs::write(file, damaged).unwrap();
    }
    assert_eq!(report(&world, &cache, &[]), without);
    assert_eq!(kept(&cache), files);
    let whole = files.iter().zip(&bytes).filter(|(file, bytes)| {
        let now = fs::read(file).unwrap();
        now == **bytes || now.len() > bytes.len()
    });
    assert_eq!(whole.count(), files.len(), "what was damaged is made anew");
}

#[test]
fn runs_at_the_same_time_and_killed_ones_leave_a_cache_that_holds() {
    let (world, cache) = world();
    let without = report(&world, &cache, &["--no-cache"]);
    let start = || {
        let mut command = scan(&world, &cache, &[]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    for millis in [40, 80, 120, 160, 200, 240] {
        let mut run = start();
        thread::sleep(Duration::from_millis(millis));
        // SIGKILL; it may have ended before.
        let _ = run.kill();
        run.wait().unwrap();
    }
    thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| report(&world, &cache, &[])))
            .collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), without);
        }
    });
    assert_eq!(report(&world, &cache, &[]), without);
}

#[test]
fn a_cache_that_cannot_be_written_is_none() {
    let (world, _) = world();
    let file = world.scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let without = report(&world, &file, &["--no-cache"]);
    assert_eq!(report(&world, &file, &[]), without);
}

#[test]
fn it_tells_what_it_keeps_and_removes_it() {
    let (world, cache) = world();
    report(&world, &cache, &[]);
    let tell = |args: &[&str]| {
        let mut command = world.command(args);
        let output = command.env("WASMCHECK_CACHE", &cache).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let count = kept(&cache).len();
    let told = tell(&["cache"]);
    assert!(told.contains(&format!("{count} files")), "{told}");
    let mine = cache.join("mine");
    fs::write(&mine, "not of the cache").unwrap();
    let told = tell(&["cache", "clean"]);
    assert!(told.contains(&format!("removed {count} files")), "{told}");
    assert_eq!(kept(&cache), Vec::<PathBuf>::new());
    assert!(mine.exists());
    assert!(tell(&["cache", "clean"]).contains("removed 0 files"));
}

#[cfg(unix)]
#[test]
fn compiled_programs_are_kept_and_never_believed_when_they_were_touched() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::empty("compiled");
    let cache = world.scratch.path().join("cache");
    let modules = cache.join("modules");
    let program = |code: u32| {
        let text = format!(
            "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32))) (memory (export \"memory\") 1) (func (export \"_start\") (call $exit (i32.const {code}))))"
        );
        let file = world.module.join(format!("{code}.wasm"));
        fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
        file
    };
    let run = |file: &Path, more: &[&str]| {
        let mut args = vec!["exec", "--profile", "nothing"];
        args.extend(more);
        args.push(file.to_str().unwrap());
        let mut command = world.command(&args);
        command.env("WASMCHECK_CACHE", &cache);
        command.output().unwrap().status.code()
    };
    let (seven, nine) = (program(7), program(9));
    assert_eq!(run(&seven, &["--no-cache"]), Some(7));
    assert!(files(&modules).is_empty());
    assert_eq!(run(&seven, &[]), Some(7));
    let first = files(&modules);
    let [first] = first.as_slice() else {
        panic!("{first:?}")
    };
    let whole = fs::read(first).unwrap();
    assert_eq!(run(&seven, &[]), Some(7));
    // A flipped byte anywhere, a cut file, an empty one: compiled again, and kept again.
    for at in (0..whole.len()).step_by(whole.len() / 7) {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        fs::write(first, &bad).unwrap();
        assert_eq!(run(&seven, &[]), Some(7));
        assert_eq!(fs::read(first).unwrap(), whole, "byte {at}");
    }
    for bad in [&whole[..whole.len() - 1], &whole[..40], &[]] {
        fs::write(first, bad).unwrap();
        assert_eq!(run(&seven, &[]), Some(7));
        assert_eq!(fs::read(first).unwrap(), whole);
    }
    // Another program's: with a checksum that is right, and under a name that is wrong.
    assert_eq!(run(&nine, &[]), Some(9));
    let both = files(&modules);
    let second = both.iter().find(|f| *f != first).unwrap();
    fs::copy(first, second).unwrap();
    assert_eq!(run(&nine, &[]), Some(9));
    // A directory in which others may write holds nothing to be believed.
    fs::set_permissions(&modules, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(first, b"").unwrap();
    assert_eq!(run(&seven, &[]), Some(7));
    assert_eq!(fs::read(first).unwrap(), b"", "it is left alone");
}

/// A package that does not build on wasm, and an upgrade that helps it.
const OLD: &str = r#"
-- go.mod --
module example.com/m

go 1.21

require example.com/plat v1.0.0
-- m.go --
// Package m uses what lacks a file for wasm.
package m

import "example.com/plat"

// Name of the platform.
func Name() string { return plat.Name() }
"#;

/// The advice for a module, and how many commands Go was asked for.
#[cfg(unix)]
fn advice(world: &World, cache: &Path, more: &[&str]) -> (serde_json::Value, usize) {
    use std::os::unix::fs::PermissionsExt;

    let (go, log) = (
        world.scratch.path().join("go"),
        world.scratch.path().join("log"),
    );
    let script = format!("#!/bin/sh\necho x >> {}\nexec go \"$@\"\n", log.display());
    fs::write(&go, script).unwrap();
    fs::set_permissions(&go, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(&log, "").unwrap();
    let mut args = vec!["--quiet", "--format", "json", "--go", go.to_str().unwrap()];
    args.extend(more);
    let mut command = world.command(&args);
    let output = command.env("WASMCHECK_CACHE", cache).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let asked = fs::read_to_string(&log).unwrap().lines().count();
    (report["advice"].clone(), asked)
}

#[cfg(unix)]
#[test]
fn remedies_of_a_module_that_did_not_change_are_not_tried_again() {
    let world = common::unpacked("old", &[OLD]);
    let cache = world.scratch.path().join("cache");
    let (without, all) = advice(&world, &cache, &["--no-cache"]);
    assert_eq!(files(&cache.join("remedies")), Vec::<PathBuf>::new());
    let (first, tried) = advice(&world, &cache, &[]);
    assert_eq!(first, without);
    assert_eq!(tried, all);
    let kept = files(&cache.join("remedies"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    let (again, recalled) = advice(&world, &cache, &[]);
    assert_eq!(again, without);
    assert!(recalled < tried, "{recalled} of {tried}");

    // Damaged: tried again.
    let mut bytes = fs::read(&kept[0]).unwrap();
    *bytes.last_mut().unwrap() ^= 0x20;
    fs::write(&kept[0], bytes).unwrap();
    assert_eq!(advice(&world, &cache, &[]), (without, tried));

    // The module has changed.
    let file = world.module.join("m.go");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n// Another line.\n")).unwrap();
    assert_eq!(advice(&world, &cache, &[]).1, tried);
    assert_eq!(files(&cache.join("remedies")).len(), 2);
}
