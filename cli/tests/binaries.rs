//! `wasmcheck inspect` on programs that other tools have rewritten, that are large or hostile, and
//! beside what a program says of itself when it runs.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use common::{World, build, inspect};
use serde_json::Value;

/// What is said of each function, whatever its index.
fn functions(wasm: &Value) -> BTreeSet<String> {
    let all = wasm["functions"].as_array().unwrap().iter();
    let told = all.map(|f| {
        format!(
            "{} {} {} {} {}",
            f["name"], f["file"], f["line"], f["reachable"], f["reachable_from_main"]
        )
    });
    told.collect()
}

#[test]
fn a_program_that_walrus_has_rewritten_says_the_same() {
    let world = World::of(&fixtures::named("reach"));
    let file = build(&world, "wasip1", ".", false);
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(false);
    config.generate_producers_section(false);
    let mut module = config.parse_file(&file).unwrap();
    let rewritten = format!("{file}.walrus.wasm");
    module.emit_wasm_file(&rewritten).unwrap();
    let (before, after) = (inspect(&world, &file), inspect(&world, &rewritten));
    let index = |wasm: &Value, name: &str| {
        let all = wasm["functions"].as_array().unwrap();
        all.iter().find(|f| f["name"] == name).unwrap()["index"].clone()
    };
    assert_ne!(
        index(&before, "main.mark"),
        index(&after, "main.mark"),
        "walrus numbers functions anew"
    );
    assert_eq!(functions(&before), functions(&after));
    assert_eq!(before["modules"], after["modules"]);
    let symbols = |wasm: &Value| -> Vec<String> {
        let sinks = wasm["sinks"].as_array().unwrap().iter();
        sinks
            .map(|s| format!("{} {}", s["symbol"], s["path"]["level"]))
            .collect()
    };
    assert_eq!(symbols(&before), symbols(&after));
    assert_eq!(after["producer"], "go");
}

#[test]
fn other_instructions_and_no_build_id_change_nothing() {
    let world = World::of(&fixtures::named("reach"));
    let plain = inspect(&world, &build(&world, "wasip1", ".", false));
    for (variable, value, flag) in [
        ("GOWASM", "satconv,signext", "-ldflags="),
        ("GOWASM", "", "-ldflags=-buildid="),
    ] {
        let file = world.module.join("variant.wasm");
        let built = std::process::Command::new("go")
            .args(["build", flag, "-o"])
            .arg(&file)
            .arg(".")
            .current_dir(&world.module)
            .env("GOOS", "wasip1")
            .env("GOARCH", "wasm")
            .env("GOFLAGS", "-mod=mod")
            .env(variable, value)
            .status()
            .unwrap();
        assert!(built.success());
        let wasm = inspect(&world, file.to_str().unwrap());
        // The id itself is a function of the linker's.
        let functions = |wasm: &Value| {
            let mut all = functions(wasm);
            all.retain(|f| !f.contains("go:buildid"));
            all
        };
        assert_eq!(functions(&plain), functions(&wasm), "{value}{flag}");
        assert_eq!(wasm["go_version"], plain["go_version"]);
    }
}

/// A program whose functions print who called them, and the ways to `main.told` in its wasm.
const CALLERS: &str = r#"package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

//go:noinline
func told() {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") && frame.Function != "main.told" {
			fmt.Printf("%s:%d ", frame.Function, frame.Line)
		}
		if !more {
			break
		}
	}
	fmt.Println()
}

func inlined() { told() }

func twice() {
	inlined()
}

//go:noinline
func looped(n int) {
	for i := 0; i < n; i++ {
		if i%2 == 1 {
			twice()
		}
	}
}

//go:noinline
func closed(f func()) {
	f()
}

//go:noinline
func deferred() {
	defer told()
	if len(os.Args) > 5 {
		return
	}
}

type thing struct{ n int }

//go:noinline
func (t *thing) method() {
	switch t.n {
	case 1:
		println()
	case 2:
		told()
	}
}

func main() {
	told()
	inlined()
	looped(2)
	(&thing{2}).method()
	deferred()
	closed(func() {
		twice()
	})
}
"#;

#[test]
fn lines_of_calls_are_those_that_the_runtime_says() {
    let world = World::empty("callers");
    std::fs::write(world.module.join("go.mod"), "module example.com/callers\n").unwrap();
    std::fs::write(world.module.join("main.go"), CALLERS).unwrap();
    for strip in [false, true] {
        let file = build(&world, "wasip1", ".", strip);
        let ran = world.command(&["exec", &file]).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let args = ["inspect", &file, "--why", "main.told", "--format", "json"];
        let why = world.command(&args).output().unwrap();
        let why: Value = serde_json::from_slice(&why.stdout).unwrap();
        let paths = why["paths"].as_array().unwrap();
        // A function is asked for once for each that gets to it, by the most believable way.
        let ways: BTreeSet<String> = paths
            .iter()
            .map(|path| {
                let steps = path["steps"].as_array().unwrap().iter().rev().skip(1);
                steps.fold(String::new(), |mut text, step| {
                    let _ = write!(
                        text,
                        "{}:{} ",
                        step["function"].as_str().unwrap(),
                        step["line"]
                    );
                    text
                })
            })
            .collect();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 6, "{said}");
        // A call, one three times inlined, one in a method. Of two calls in one function the first
        // is told; a deferred call is where it is deferred, and the runtime says where it runs; a
        // closure is told where it is made, and the runtime says where it is called.
        for line in [lines[0], lines[2], lines[3]] {
            assert!(ways.contains(line), "{line}\n{ways:#?}");
        }
    }
}

#[test]
fn what_only_reflection_calls_is_told() {
    let world = World::of(&fixtures::named("reach"));
    let file = build(&world, "wasip1", ".", true);
    let wasm = inspect(&world, &file);
    assert!(wasm["size"]["go"]["reflection_functions"].as_u64().unwrap() > 100);
    let args = ["inspect", &file, "--why", "main.Service.Hello"];
    let ran = world.command(&args).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.contains("if reflection calls the method"), "{text}");
    let other = World::of(&fixtures::named("works"));
    let wasm = inspect(&other, &build(&other, "wasip1", "./cmd/greet", true));
    assert_eq!(wasm["size"]["go"]["reflection"], 0);
    assert!(wasm["size"]["go"]["pclntab"].as_u64().unwrap() > 100_000);
}

#[test]
fn hosts_fit_by_what_they_supply() {
    let world = World::of(&fixtures::named("works"));
    let fits = |wasm: &Value| -> Vec<String> {
        let hosts = wasm["hosts"].as_array().unwrap().iter();
        let fit = hosts.filter(|h| h["fits"] == "yes");
        fit.map(|h| h["host"].as_str().unwrap().to_owned())
            .collect()
    };
    let js = build(&world, "js", "./cmd/greet", false);
    let wasm = inspect(&world, &js);
    assert_eq!(
        fits(&wasm),
        ["node", "browser", "cloudflare-workers", "playground"]
    );
    assert_eq!(wasm["glue"], Value::Null);
    let wasip1 = inspect(&world, &build(&world, "wasip1", "./cmd/greet", false));
    assert_eq!(fits(&wasip1), ["wasmtime", "wazero", "wasmer", "wasmedge"]);

    // A wasm_exec.js beside it: of the Go that built it, changed, of old Go.
    let goroot = std::process::Command::new("go")
        .args(["env", "GOROOT"])
        .output()
        .unwrap();
    let goroot = String::from_utf8(goroot.stdout).unwrap();
    let ours = std::fs::read_to_string(format!("{}/lib/wasm/wasm_exec.js", goroot.trim())).unwrap();
    let beside = std::path::Path::new(&js).with_file_name("wasm_exec.js");
    for (text, fits, words) in [
        (ours.clone(), "yes", "it belongs to Go 1."),
        (format!("{ours}\n"), "unknown", "no known Go version"),
        (
            ours.replace("gojs: {", "go: {"),
            "no",
            "does not provide the import module `gojs`",
        ),
    ] {
        std::fs::write(&beside, text).unwrap();
        let wasm = inspect(&world, &js);
        assert_eq!(wasm["glue"]["fits"], fits, "{}", wasm["glue"]);
        assert!(wasm["glue"]["summary"].as_str().unwrap().contains(words));
    }
    // An import that nobody supplies, and the socket extension of one host.
    let wat = |name: &str| {
        let text = format!(
            "(module (import \"wasi_snapshot_preview1\" \"{name}\" (func)) (memory (export \"memory\") 1) (func (export \"_start\")))"
        );
        let file = world.module.join("x.wasm");
        std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
        inspect(&world, file.to_str().unwrap())
    };
    assert_eq!(fits(&wat("sock_open")), ["wasmedge"]);
    assert!(fits(&wat("nothing")).is_empty());
}

#[test]
fn a_page_holds_all_of_it_and_budgets_are_kept() {
    let world = World::of(&fixtures::named("linked"));
    let file = build(&world, "wasip1", ".", false);
    let page = world.scratch.path().join("page.html");
    let args = ["inspect", &file, "-o", page.to_str().unwrap()];
    assert!(world.command(&args).output().unwrap().status.success());
    let page = std::fs::read_to_string(page).unwrap();
    for words in [
        "os/exec.Command",
        "<svg",
        "cloudflare-workers",
        "example.com/linked",
        "main.go:13",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<script"));
    let refused = world.command(&["inspect", &file, &file, "--format", "html"]);
    assert_eq!({ refused }.output().unwrap().status.code(), Some(2));

    let over = world
        .command(&["inspect", &file, "--max-size", "100KiB"])
        .output()
        .unwrap();
    assert_eq!(over.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&over.stderr).contains("exceed --max-size 100.0 KiB by"));
    let both = world
        .command(&["inspect", &file, &file, "--format", "json"])
        .output()
        .unwrap();
    let both: Value = serde_json::from_slice(&both.stdout).unwrap();
    assert_eq!(both.as_array().unwrap().len(), 2);
}

#[test]
fn many_segments_and_a_false_table_are_read() {
    let world = World::empty("m");
    let mut text = String::from("(module (memory 2000) (func (export \"_start\"))");
    for n in 0..100_000 {
        let _ = write!(text, "(data (i32.const {}) \"x\")", n * 640);
    }
    // The head of a function table that claims a billion functions.
    text.push_str("(data (i32.const 64000008) \"\\f1\\ff\\ff\\ff\\00\\00\\01\\08\\00\\ca\\9a\\3b\\00\\00\\00\\00\"))");
    let file = world.module.join("many.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let wasm = inspect(&world, file.to_str().unwrap());
    assert_eq!(wasm["size"]["data_segments"], 100_001);
    assert_eq!(wasm["producer"], "unknown");
    let hosts = wasm["hosts"].as_array().unwrap();
    assert!(hosts.iter().all(|h| h["fits"] == "no"), "{hosts:?}");
}
