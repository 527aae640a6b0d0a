//! Guests that want to be more than they may: each ends with a code and a reason, and leaves nothing.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::process::{Output, Stdio};

use common::{World, build, program};

/// A guest of `GOOS=js` that has JavaScript do what its first argument names.
const JS: &str = r#"package main

import (
	"fmt"
	"os"
	"strings"
	"syscall/js"
)

func try(name string, f func() any) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, r)
		}
	}()
	f()
	fmt.Println(name, "done")
}

func main() {
	g := js.Global()
	switch os.Args[1] {
	case "deep":
		a := g.Get("Array").New()
		for range 100_000 {
			b := g.Get("Array").New()
			b.Call("push", a)
			a = b
		}
		try("toString", func() any { return a.Call("toString") })
		try("flat", func() any { return a.Call("flat", g.Get("Infinity")) })
		try("JSON", func() any { return g.Get("JSON").Call("stringify", a) })
	case "parse":
		text := strings.Repeat("[", 1_000_000)
		try("parse", func() any { return g.Get("JSON").Call("parse", text) })
	case "again":
		var f js.Func
		f = js.FuncOf(func(js.Value, []js.Value) any { return f.Invoke() })
		try("again", func() any { return f.Invoke() })
	case "encode":
		encoder, kept := g.Get("TextEncoder").New(), g.Get("Array").New()
		text := strings.Repeat("x", 1<<20)
		try("encode", func() any {
			for range 3_000 {
				kept.Call("push", encoder.Call("encode", text))
			}
			return nil
		})
		os.Exit(3)
	case "times":
		code := make(chan string)
		done := js.FuncOf(func(_ js.Value, args []js.Value) any {
			go func() { code <- args[0].Get("code").String() }()
			return nil
		})
		g.Get("fs").Call("utimes", "/tmp", 1, 1e19, done)
		fmt.Println(<-code)
	case "wait":
		os.WriteFile("/tmp/here", []byte("x"), 0o600)
		fmt.Println("waits")
		for {
		}
	}
	fmt.Println("end")
}
"#;

fn told(ran: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
}

fn run(world: &World, args: &[&str]) -> (Option<i32>, String, String) {
    let mut all = vec!["exec"];
    all.extend(args);
    let ran = world.command(&all).stdin(Stdio::null()).output().unwrap();
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
    told(&ran)
}

#[test]
fn what_javascript_cannot_do_is_an_exception_of_the_guest() {
    let world = program(JS);
    let file = build(&world, "js", ".", false);
    let stack = "JavaScript error: Maximum call stack size exceeded";
    for (what, words) in [
        ("deep", format!("toString {stack}\n")),
        ("parse", format!("parse {stack}\nend\n")),
        ("times", "EINVAL\nend\n".to_owned()),
    ] {
        let (code, out, told) = run(&world, &[&file, what]);
        assert_eq!(code, Some(0), "{what}: {out} {told}");
        assert!(
            out.contains(&words) && out.ends_with("end\n"),
            "{what}: {out} {told}"
        );
    }
    // The program's own stack is another: it ends there.
    let (code, out, told) = run(&world, &[&file, "again"]);
    assert!(matches!(code, Some(0 | 2 | 134)), "{code:?} {out} {told}");
}

#[test]
fn bytes_of_javascript_count_as_memory() {
    let world = program(JS);
    let file = build(&world, "js", ".", false);
    let (code, _, told) = run(&world, &["--max-memory=128MiB", &file, "encode"]);
    assert_eq!(code, Some(125), "{told}");
    assert!(
        told.contains("exceeded the memory limit of 128 MiB"),
        "{told}"
    );
}

/// Wait until a guest says that it waits.
#[cfg(unix)]
fn until_it_waits(running: &mut std::process::Child) {
    use std::io::{BufRead, BufReader};

    let mut line = String::new();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "waits\n");
}

/// The process that a process has started; there is one.
#[cfg(target_os = "linux")]
fn child(pid: u32) -> u32 {
    loop {
        let file = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(file).unwrap();
        // Another one is the watchdog.
        let runs = |child: &&str| {
            let command = std::fs::read_to_string(format!("/proc/{child}/cmdline"));
            command.is_ok_and(|command| command.contains("exec"))
        };
        if let Some(child) = children.split_whitespace().find(runs) {
            return child.parse().unwrap();
        }
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_that_ends_is_told_and_leaves_nothing() {
    let world = program(JS);
    let file = build(&world, "js", ".", false);
    let report = world.scratch.path().join("run.json");
    for (signal, of_child, code, words) in [
        ("-ABRT", true, 125, "the JavaScript engine ended (SIGABRT)"),
        ("-KILL", true, 125, "was killed from outside (SIGKILL)"),
        ("-TERM", false, 130, ""),
    ] {
        let flag = format!("--report={}", report.display());
        let mut running = world
            .command(&["exec", &flag, &file, "wait"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until_it_waits(&mut running);
        let pid = if of_child {
            child(running.id())
        } else {
            running.id()
        };
        let killed = std::process::Command::new("kill")
            .args([signal, &pid.to_string()])
            .status();
        assert!(killed.unwrap().success());
        let (ended, _, told) = told(&running.wait_with_output().unwrap());
        assert_eq!(ended, Some(code), "{signal}: {told}");
        assert!(told.contains(words), "{signal}: {told}");
        if of_child {
            let text = std::fs::read_to_string(&report).unwrap();
            assert!(text.contains(words), "{signal}: {text}");
        }
        assert!(
            world.left_behind().is_empty(),
            "{signal}: {:?}",
            world.left_behind()
        );
    }
}

/// A guest of wasip1 that makes files as fast as it can, until it is interrupted.
const BUSY: &str = r#"package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("waits")
	for i := 0; ; i++ {
		name := fmt.Sprintf("/tmp/%d", i%1000)
		os.Mkdir(name, 0o700)
		os.Remove(name)
	}
}
"#;

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_of_a_guest_that_writes() {
    let world = program(BUSY);
    let file = build(&world, "wasip1", ".", false);
    for _ in 0..5 {
        let mut running = world
            .command(&["exec", &file])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until_it_waits(&mut running);
        let pid = running.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(killed.unwrap().success());
        let (code, _, told) = told(&running.wait_with_output().unwrap());
        assert_eq!(code, Some(130), "{told}");
        assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
    }
}
