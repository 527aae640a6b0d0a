//! `wasmcheck exec`: runs that are the same each time, calls written down, exports called alone.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::{World, build, build_with, program};

fn exec(world: &World, args: &[&str]) -> (Option<i32>, String, String) {
    let mut all = vec!["exec"];
    all.extend(args);
    let ran = world.command(&all).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn a_deterministic_run_says_the_same_and_sleeps_for_nothing() {
    let world = program(
        r#"package main

import (
	crand "crypto/rand"
	"fmt"
	"math/rand"
	"time"
)

func main() {
	start := time.Now()
	time.Sleep(3 * time.Hour)
	fmt.Println(start.UTC().Format(time.DateTime), time.Since(start).Truncate(time.Hour))
	key := make([]byte, 8)
	crand.Read(key)
	fmt.Printf("%x %d\n", key, rand.Int())
	for k := range map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6} {
		fmt.Print(k)
	}
	done := make(chan string)
	for _, name := range []string{"x", "y", "z"} {
		go func() { time.Sleep(time.Duration(rand.Intn(1000)) * time.Second); done <- name }()
	}
	fmt.Println(<-done, <-done, <-done)
	timeout := time.After(48 * time.Hour)
	ticks := 0
	for tick := time.Tick(time.Hour); ; {
		select {
		case <-tick:
			ticks++
		case <-timeout:
			fmt.Println(ticks > 40, time.Now().UTC())
			return
		}
	}
}
"#,
    );
    let file = build(&world, "wasip1", ".", false);
    let first = exec(&world, &["--deterministic", "--timeout", "30s", &file]);
    assert_eq!(first.0, Some(0), "{first:?}");
    assert!(
        first.1.starts_with("2009-11-10 23:00:00 3h0m0s\n"),
        "{}",
        first.1
    );
    assert!(first.1.contains("true 2009-11-1"), "{}", first.1);
    for _ in 0..3 {
        assert_eq!(exec(&world, &["--deterministic", &file]), first);
    }
}

#[test]
fn calls_are_written_down_with_paths_and_results() {
    let world = program(
        r#"package main

import "os"

func main() {
	os.ReadFile("main.go")
	os.ReadFile("none.txt")
	os.Exit(3)
}
"#,
    );
    let file = build(&world, "wasip1", ".", false);
    let (code, stdout, stderr) = exec(&world, &["--trace", &file]);
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    let line = |words: &[&str]| stderr.lines().any(|l| words.iter().all(|w| l.contains(w)));
    assert!(line(&["path_open(", "main.go\"", "= ok ("]), "{stderr}");
    assert!(line(&["path_open(", "none.txt\"", "= noent ("]), "{stderr}");
    assert!(line(&["proc_exit(3) = does not return"]), "{stderr}");
    // To a file, and the same each time.
    let trace = world.scratch.path().join("trace.txt");
    let flag = format!("--trace={}", trace.display());
    let run = || {
        exec(&world, &["--deterministic", &flag, &file]);
        std::fs::read_to_string(&trace).unwrap()
    };
    let first = run();
    assert!(
        first.lines().count() > 20 && !first.contains(" us)"),
        "{first}"
    );
    assert_eq!(run(), first);
}

/// A reactor, built as a library.
fn reactor() -> (World, String) {
    let world = program(
        r#"package main

var offset = start()

func start() int64 { return 100 }

//go:wasmexport add
func add(a int32, b int64) int64 { return int64(a) + b + offset }

//go:wasmexport half
func half(x float64) float64 { return x / 2 }

//go:wasmexport fail
func fail() { panic("not today") }

func main() {}
"#,
    );
    let file = build_with(&world, "wasip1", ".", &["-buildmode=c-shared"]);
    (world, file)
}

#[test]
fn exports_of_a_reactor_are_called_with_numbers() {
    let (world, file) = reactor();
    let file = file.as_str();
    let (code, stdout, stderr) = exec(&world, &["--invoke", "add", file, "-3", "40"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "137\n"), "{stderr}");
    let (_, stdout, _) = exec(&world, &["--invoke", "half", file, "5"]);
    assert_eq!(stdout, "2.5\n");
    for (name, args, words) in [
        ("add", &["1"][..], "takes (i32, i64), but got (1)"),
        ("add", &["x", "1"], "but got (x, 1)"),
        (
            "none",
            &[],
            "the module exports no function `none`; it exports _initialize, ",
        ),
    ] {
        let mut all = vec!["--invoke", name, file];
        all.extend(args);
        let (code, _, stderr) = exec(&world, &all);
        assert_eq!(code, Some(125), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
    // Go's runtime has nowhere to return to then.
    let (code, _, stderr) = exec(&world, &["--invoke", "fail", file]);
    assert_eq!(code, Some(134), "{stderr}");
    assert!(stderr.contains("panic: not today"), "{stderr}");
    // A reactor is not started by itself.
    let (code, _, stderr) = exec(&world, &[file]);
    assert_eq!(code, Some(125));
    assert!(stderr.contains("--invoke NAME"), "{stderr}");
}
