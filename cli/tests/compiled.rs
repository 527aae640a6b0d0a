//! Compiled programs that are kept: no program reaches them, what was changed is never run, and
//! compiling has its limits, too.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{World, build, program};

/// Says which of two programs it is, and what becomes of a file that it reads and one that it writes.
const SOURCE: &str = r#"package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("this is NAME")
	for _, path := range os.Args[1:] {
		_, read := os.ReadFile(path)
		written := os.WriteFile(path, nil, 0o600)
		fmt.Println(read == nil, written == nil)
	}
}
"#;

/// A cache of its own, and programs that are kept there.
struct Kept {
    world: World,
    cache: PathBuf,
}

impl Kept {
    fn new() -> Self {
        let world = World::empty("m");
        let cache = world.scratch.path().canonicalize().unwrap().join("cache");
        Self { world, cache }
    }

    fn program(&self, name: &str) -> PathBuf {
        let world = program(&SOURCE.replace("NAME", name));
        let to = self.world.scratch.path().join(name);
        fs::copy(build(&world, "wasip1", ".", true), &to).unwrap();
        to
    }

    /// With a program that has run, the file that is kept of it, and what stands there.
    fn of_one() -> (Self, PathBuf, PathBuf, Vec<u8>) {
        let kept = Self::new();
        let one = kept.program("one");
        assert_eq!(kept.says(&one), "this is one\n");
        let [file] = kept.files().try_into().unwrap();
        let whole = fs::read(&file).unwrap();
        (kept, one, file, whole)
    }

    fn exec(&self, program: &Path, flags: &[&str], args: &[&str]) -> Output {
        let mut command = self.world.command(&["exec"]);
        command.args(flags).arg(program).args(args);
        command.env("WASMCHECK_CACHE", &self.cache);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What a program prints that ends well.
    fn says(&self, program: &Path) -> String {
        let ran = self.exec(program, &["--profile=nothing"], &[]);
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    /// The compiled programs that are kept.
    fn files(&self) -> Vec<PathBuf> {
        self.sized(|len| len > 1024)
    }

    /// What is noted of them.
    fn notes(&self) -> Vec<PathBuf> {
        self.sized(|len| len <= 1024)
    }

    fn sized(&self, fits: impl Fn(u64) -> bool) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache.join("modules"));
        let entries = entries.into_iter().flatten().flatten();
        let fitting = entries.filter(|e| fits(e.metadata().unwrap().len()));
        let files = fitting.map(|e| e.path());
        let mut files: Vec<_> = files
            .filter(|file| !file.ends_with("CACHEDIR.TAG"))
            .collect();
        files.sort();
        files
    }
}

#[test]
fn what_was_changed_is_compiled_again() {
    let (kept, one, file, whole) = Kept::of_one();
    // Its head, its code, its tables, its checksum; half of it; nothing.
    let places = [0, 64, whole.len() / 3, whole.len() * 2 / 3, whole.len() - 1];
    let mut changed: Vec<Vec<u8>> = places
        .iter()
        .map(|place| {
            let mut bytes = whole.clone();
            bytes[*place] ^= 0x41;
            bytes
        })
        .collect();
    changed.push(whole[..whole.len() / 2].to_vec());
    changed.push(Vec::new());
    for bytes in changed {
        fs::write(&file, &bytes).unwrap();
        assert_eq!(kept.says(&one), "this is one\n");
        assert!(
            fs::read(&file).unwrap() == whole,
            "it was not compiled again"
        );
    }
}

#[test]
fn what_was_kept_of_one_program_is_not_run_for_another() {
    let kept = Kept::new();
    let (one, two) = (kept.program("one"), kept.program("two"));
    kept.says(&one);
    let [of_one] = kept.files().try_into().unwrap();
    kept.says(&two);
    let of_two = kept.files().into_iter().find(|f| *f != of_one).unwrap();
    fs::copy(&of_one, &of_two).unwrap();
    assert_eq!(kept.says(&two), "this is two\n");
}

#[cfg(unix)]
#[test]
fn a_directory_that_others_may_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let kept = Kept::new();
    let one = kept.program("one");
    let modules = kept.cache.join("modules");
    fs::create_dir_all(&modules).unwrap();
    fs::set_permissions(&modules, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(kept.says(&one), "this is one\n");
    assert_eq!(kept.files(), Vec::<PathBuf>::new());
}

#[test]
fn no_program_reaches_what_is_kept() {
    let (kept, one, file, whole) = Kept::of_one();
    let path = file.to_str().unwrap();
    for flags in [
        &["--profile=cwd"][..],
        &["--profile=go-test"],
        &["--dir=."],
        &["--dir=.::/"],
    ] {
        let ran = kept.exec(&one, flags, &[path]);
        let said = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(said, "this is one\nfalse false\n", "{flags:?}");
    }
    let root = kept.cache.parent().unwrap().to_str().unwrap();
    for dir in [root, kept.cache.to_str().unwrap()] {
        let ran = kept.exec(&one, &[&format!("--dir={dir}::/")], &[path]);
        assert_eq!(ran.status.code(), Some(125), "{ran:?}");
        let why = String::from_utf8(ran.stderr).unwrap();
        assert!(why.contains("cache of compiled programs"), "{why}");
        // To look is another thing.
        let ran = kept.exec(&one, &[&format!("--read={dir}::{dir}")], &[path]);
        assert_eq!(ran.stdout, b"this is one\ntrue false\n");
    }
    assert!(fs::read(&file).unwrap() == whole);
}

#[test]
fn programs_that_start_at_once_share_what_is_kept() {
    let kept = Kept::new();
    let one = kept.program("one");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| kept.says(&one))).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), "this is one\n");
        }
    });
    assert_eq!(kept.files().len(), 1);
    assert_eq!(kept.says(&one), "this is one\n");
}

#[test]
fn compiling_is_limited_in_time_and_memory() {
    let kept = Kept::new();
    let large = large();
    let large = large.path().join("large.wasm");
    let flags = ["--no-cache", "--engine=cranelift", "--profile=nothing"];
    let limited = |limits: &[&str]| {
        let ran = kept.exec(&large, &[&flags[..], limits].concat(), &[]);
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    };
    let (code, why) = limited(&["--timeout=100ms"]);
    assert_eq!(code, Some(124), "{why}");
    assert!(why.contains("longer than 100ms"), "{why}");
    #[cfg(target_os = "linux")]
    {
        let limits = ["--max-memory=1MiB", "--max-compile-memory=32MiB"];
        let (code, why) = limited(&limits);
        assert_eq!(code, Some(125), "{why}");
        assert!(why.contains("32.0 MiB (--max-compile-memory)"), "{why}");
    }
    assert!(kept.world.left_behind().is_empty());
}

/// A program that takes the compiler longer than a moment.
fn large() -> tempfile::TempDir {
    let dir = tempfile::TempDir::new().unwrap();
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(dir.path().join("large.wasm"))
        .arg("cmd/vet")
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("GOFLAGS", "")])
        .env_remove("GOWORK")
        .status();
    assert!(built.unwrap().success());
    dir
}

#[cfg(target_os = "linux")]
#[test]
fn a_change_is_seen_in_what_was_read_before() {
    let (kept, one, file, whole) = Kept::of_one();
    let changed = fs::metadata(&file).unwrap().modified().unwrap();
    // It is believed without being read once it has lain there for a while.
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    kept.says(&one);
    assert_eq!(
        kept.notes().len(),
        2,
        "that both files were read was not noted"
    );
    let mut bytes = whole.clone();
    bytes[whole.len() / 3] ^= 0x41;
    fs::write(&file, bytes).unwrap();
    // As if nothing had been written.
    let touch = |file: &Path, at| {
        let file = fs::File::options().append(true).open(file).unwrap();
        file.set_modified(at).unwrap();
    };
    touch(&file, changed);
    assert_eq!(kept.says(&one), "this is one\n");
    assert!(
        fs::read(&file).unwrap() == whole,
        "it was not compiled again"
    );
    // The same of the program.
    let changed = fs::metadata(&one).unwrap().modified().unwrap();
    fs::write(&one, fs::read(kept.program("two")).unwrap()).unwrap();
    touch(&one, changed);
    assert_eq!(kept.says(&one), "this is two\n");
}
