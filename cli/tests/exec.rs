//! The sandbox as a program: a Go guest that tries what guests should not.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use common::{World, program};
use tempfile::TempDir;

/// One program, and what to do as its first argument.
const GUEST: &str = r#"package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

//go:wasmimport elsewhere missing
func missing(x int32) int32

func grow(n int) int {
	var block [512]int
	block[n%512] = n
	return grow(n+1) + block[7]
}

func main() {
	switch os.Args[1] {
	case "args":
		fmt.Println(os.Args[2:], os.Getenv("GIVEN"), os.Getenv("HOME"))
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "spin":
		for {
		}
	case "sleep":
		time.Sleep(time.Hour)
	case "deadlock":
		select {}
	case "grow":
		grow(0)
	case "allocate":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<24))
		}
	case "print":
		for {
			fmt.Println("again and again")
		}
	case "fill":
		file, err := os.Create("big")
		for err == nil {
			_, err = file.Write(make([]byte, 1<<16))
		}
		fmt.Println(err)
	case "write":
		fmt.Println(os.WriteFile("written", []byte("x"), 0o600))
	case "read":
		_, err := os.ReadFile(os.Args[2])
		fmt.Println(err)
	case "show":
		text, _ := os.ReadFile(os.Args[2])
		os.Stdout.Write(text)
	case "change":
		// All ways to the bytes of a file that may only be read.
		kept := os.Args[2]
		os.Link(kept, "hard")
		os.Symlink(kept, "soft")
		for _, name := range []string{kept, "hard", "soft"} {
			for _, how := range []int{os.O_WRONLY, os.O_RDWR | os.O_APPEND, os.O_RDWR | os.O_TRUNC} {
				if file, err := os.OpenFile(name, how, 0); err == nil {
					fmt.Println("opened", name, how)
					file.WriteString("changed")
				}
			}
			os.Truncate(name, 0)
			os.Chmod(name, 0o777)
			os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0))
		}
		os.WriteFile("new", []byte("changed"), 0o600)
		os.Rename("new", kept)
		os.Rename(kept, "moved")
		os.Mkdir(kept+".d", 0o700)
		os.Remove(kept)
		fmt.Println("done")
	case "missing":
		fmt.Println("before")
		missing(1)
	}
}
"#;

/// The guest, built once.
fn guest() -> &'static Path {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    built(&FILE, "wasip1")
}

/// The same for `GOOS=js`.
fn js_guest() -> &'static Path {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    built(&FILE, "js")
}

fn built(file: &'static OnceLock<(TempDir, PathBuf)>, goos: &str) -> &'static Path {
    let (_, file) = file.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        std::fs::write(
            dir.path().join("go.mod"),
            "module example.com/guest\n\ngo 1.22\n",
        )
        .unwrap();
        std::fs::write(dir.path().join("main.go"), GUEST).unwrap();
        let file = dir.path().join("guest.wasm");
        let built = wasip1("build")
            .env("GOOS", goos)
            .arg("-o")
            .arg(&file)
            .arg(".")
            .current_dir(dir.path())
            .output();
        let built = built.unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        (dir, file)
    });
    file
}

fn wasip1(verb: &str) -> Command {
    let mut go = Command::new("go");
    go.arg(verb)
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .env("GOTOOLCHAIN", "local");
    go.env_remove("GOWORK").env_remove("GOFLAGS");
    go
}

/// Run the guest, and check that nothing is left behind.
fn exec(flags: &[&str], args: &[&str]) -> (i32, String, String) {
    let world = World::empty("m");
    exec_in(&world, flags, args)
}

fn exec_in(world: &World, flags: &[&str], args: &[&str]) -> (i32, String, String) {
    exec_of(world, guest(), flags, args)
}

/// The same for the guest of `GOOS=js`.
fn exec_js(flags: &[&str], args: &[&str]) -> (i32, String, String) {
    exec_of(&World::empty("m"), js_guest(), flags, args)
}

fn exec_of(world: &World, guest: &Path, flags: &[&str], args: &[&str]) -> (i32, String, String) {
    let mut all = vec!["exec"];
    all.extend(flags);
    all.push(guest.to_str().unwrap());
    all.extend(args);
    let ran = world.command(&all).stdin(Stdio::null()).output().unwrap();
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
    told(&ran)
}

fn told(ran: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        ran.status.code().unwrap_or(-1),
        text(&ran.stdout),
        text(&ran.stderr),
    )
}

#[test]
fn the_guest_gets_its_arguments_and_nothing_of_the_environment() {
    for exec in [exec, exec_js] {
        let (code, out, _) = exec(&["--env", "GIVEN=yes"], &["args", "--timeout", "x"]);
        assert_eq!((code, out.as_str()), (0, "[--timeout x] yes /home\n"));
    }
}

#[test]
fn every_exit_code_comes_through() {
    for code in ["0", "1", "125", "126", "200", "255"] {
        for exec in [exec, exec_js] {
            let (ended, _, told) = exec(&[], &["exit", code]);
            assert_eq!((ended.to_string().as_str(), told.as_str()), (code, ""));
        }
    }
}

#[test]
fn standard_input_is_read() {
    let world = World::empty("m");
    for guest in [guest(), js_guest()] {
        let args = ["exec", guest.to_str().unwrap(), "cat"];
        let mut child = world
            .command(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"through\n").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"through\n");
    }
}

#[test]
fn what_does_not_end_is_ended() {
    for exec in [exec, exec_js] {
        for what in ["spin", "sleep"] {
            let (code, _, told) = exec(&["--timeout", "1s"], &[what]);
            assert_eq!(code, 124, "{what}: {told}");
            assert!(told.contains("longer than 1s"), "{told}");
        }
        let (code, _, told) = exec(&[], &["deadlock"]);
        assert_eq!(code, 2);
        assert!(told.contains("all goroutines are asleep"), "{told}");
    }
}

#[test]
fn every_limit_is_named() {
    let cases = [
        (
            "grow",
            "--max-memory=64MiB",
            "exceeded the memory limit of 64 MiB",
        ),
        (
            "allocate",
            "--max-memory=64MiB",
            "exceeded the memory limit of 64 MiB",
        ),
        (
            "print",
            "--max-output=64KiB",
            "exceeded the output limit of 64 KiB",
        ),
        (
            "fill",
            "--max-disk=1MiB",
            "exceeded the disk limit of 1 MiB",
        ),
        (
            "missing",
            "--max-disk=1MiB",
            "called `missing` of `elsewhere`",
        ),
    ];
    for (what, flag, words) in cases {
        for exec in [exec, exec_js] {
            let (code, _, told) = exec(&[flag], &[what]);
            assert_eq!(code, 125, "{what}: {told}");
            assert!(told.contains(words), "{what}: {told}");
        }
    }
}

#[test]
fn the_users_directory_is_a_copy_unless_it_is_named() {
    let world = World::empty("m");
    for guest in [guest(), js_guest()] {
        let (_, out, _) = exec_of(&world, guest, &[], &["write"]);
        assert_eq!(out, "<nil>\n");
        assert!(world.tree().is_empty(), "{:?}", world.tree());
        let named = ["--dir", ".::/", "--env", "PWD=/"];
        let (_, out, told) = exec_of(&world, guest, &named, &["write"]);
        assert_eq!(out, "<nil>\n", "{told}");
        assert_eq!(world.tree().len(), 1);
        std::fs::remove_file(world.module.join("written")).unwrap();
    }
}

#[test]
fn users_are_made_up_and_only_for_tests() {
    let world = World::empty("m");
    for guest in [guest(), js_guest()] {
        let (_, out, told) = exec_of(&world, guest, &[], &["read", "/etc/passwd"]);
        assert!(out.contains("open /etc/passwd: "), "{out}{told}");
        let profile = ["--profile", "go-test"];
        let (_, out, told) = exec_of(&world, guest, &profile, &["show", "/etc/passwd"]);
        let names: Vec<&str> = out.lines().filter_map(|l| l.split(':').next()).collect();
        assert_eq!(names, ["root", "user"], "{told}");
    }
}

/// A file beside the current directory.
#[cfg(unix)]
fn outside(world: &World) -> String {
    let file = world.scratch.path().join("outside.txt");
    std::fs::write(&file, "x").unwrap();
    file.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_profile_is_what_the_guest_sees() {
    let world = World::empty("m");
    std::fs::write(world.module.join("in.txt"), "x").unwrap();
    let outside = outside(&world);
    let seen = |flags: &[&str], path: &str| exec_in(&world, flags, &["read", path]).1 == "<nil>\n";
    assert!(seen(&[], "in.txt") && !seen(&[], &outside));
    assert!(!seen(&["--profile", "nothing"], "in.txt"));
    assert!(seen(&["--profile", "full"], "in.txt"));
    assert!(seen(&["--profile", "full"], &outside));
    // Only that of a test shows the files around the current directory.
    std::fs::write(world.module.join("go.mod"), "module example.com/m\n").unwrap();
    let sub = world.module.join("sub");
    std::fs::create_dir(&sub).unwrap();
    let above = |profile: &str| {
        let args = [
            "exec",
            "--profile",
            profile,
            guest().to_str().unwrap(),
            "read",
            "../in.txt",
        ];
        told(&world.command(&args).current_dir(&sub).output().unwrap()).1 == "<nil>\n"
    };
    assert!(above("go-test") && !above("cwd"));
}

#[test]
fn a_directory_is_seen_wherever_the_guest_has_it() {
    let world = World::empty("m");
    std::fs::write(world.module.join("in.txt"), "x").unwrap();
    for guest in [guest(), js_guest()] {
        for place in ["/data", "/data/deep/down"] {
            let dir = format!(".::{place}");
            let file = format!("{place}/in.txt");
            let (_, out, told) = exec_of(&world, guest, &["--dir", &dir], &["read", &file]);
            assert_eq!(out, "<nil>\n", "{file}: {told}");
            let (_, out, _) = exec_of(&world, guest, &["--dir", &dir], &["read", "/in.txt"]);
            assert!(out.contains("open /in.txt: "), "{out}");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_not_followed() {
    let world = World::empty("m");
    let outside = outside(&world);
    std::os::unix::fs::symlink(&outside, world.module.join("out")).unwrap();
    for flags in [&[][..], &["--dir", ".::/", "--env", "PWD=/"]] {
        for guest in [guest(), js_guest()] {
            let (_, out, _) = exec_of(&world, guest, flags, &["read", "out"]);
            assert!(out.contains("open out: "), "{out}");
            let (_, out, _) = exec_of(&world, guest, flags, &["read", &outside]);
            assert!(out.contains(&format!("open {outside}: ")), "{out}");
        }
    }
}

#[cfg(unix)]
#[test]
fn no_link_makes_a_file_that_is_only_read_writable() {
    let world = World::empty("m");
    let (work, shown) = (world.module.join("work"), world.module.join("shown"));
    std::fs::create_dir(&work).unwrap();
    std::fs::create_dir(&shown).unwrap();
    let kept = shown.join("kept");
    std::fs::write(&kept, "as it was").unwrap();
    let before = std::fs::metadata(&kept).unwrap();
    let (dir, read) = ("work::/work", "shown::/shown");
    let flags = ["--dir", dir, "--read", read, "--env", "PWD=/work"];
    for guest in [guest(), js_guest()] {
        let (code, out, told) = exec_of(&world, guest, &flags, &["change", "/shown/kept"]);
        assert_eq!((code, out.as_str()), (0, "done\n"), "{told}");
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "as it was");
        let after = std::fs::metadata(&kept).unwrap();
        assert_eq!(after.permissions(), before.permissions());
        assert_eq!(after.modified().unwrap(), before.modified().unwrap());
        assert_eq!(std::fs::read_dir(&shown).unwrap().count(), 1);
    }
}

#[test]
fn what_is_no_program_is_refused() {
    let world = World::empty("m");
    let file = world.module.join("x.wasm");
    let cases: [(&[u8], &str); 4] = [
        (b"", "WebAssembly module cannot be run"),
        (b"#!/bin/sh\n", "WebAssembly module cannot be run"),
        (b"\0asm\x01\0\0\0", "_start"),
        (b"\0asm\x0d\0\x01\0", "component"),
    ];
    for (bytes, words) in cases {
        std::fs::write(&file, bytes).unwrap();
        let (code, _, told) = told(&world.command(&["exec", "x.wasm"]).output().unwrap());
        assert_eq!(code, 125, "{told}");
        assert!(told.contains("x.wasm") && told.contains(words), "{told}");
    }
    let (code, _, told) = told(&world.command(&["exec", "none.wasm"]).output().unwrap());
    assert_eq!(code, 125);
    assert!(told.contains("none.wasm: there is no such file"), "{told}");
}

#[test]
fn go_test_runs_through_it() {
    let world = World::empty("m");
    let write = |name: &str, text: &str| std::fs::write(world.module.join(name), text).unwrap();
    write("go.mod", "module example.com/m\n\ngo 1.22\n");
    std::fs::create_dir(world.module.join("testdata")).unwrap();
    write("testdata/in.txt", "data");
    write(
        "m_test.go",
        "package m\n\nimport (\n\t\"os\"\n\t\"os/exec\"\n\t\"testing\"\n)\n\nfunc TestReads(t *testing.T) {\n\tif _, err := os.ReadFile(\"testdata/in.txt\"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n\nfunc TestStarts(t *testing.T) {\n\tif err := exec.Command(\"true\").Run(); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n",
    );
    let sandbox = format!("{} exec", env!("CARGO_BIN_EXE_wasmcheck"));
    let mut go = wasip1("test");
    go.args(["-vet=off", "-v", "-exec", &sandbox, "./..."])
        .current_dir(&world.module);
    let (code, out, told) = told(&go.env("TMPDIR", &world.tmp).output().unwrap());
    assert_eq!(code, 1, "{told}");
    assert!(
        out.contains("--- PASS: TestReads") && out.contains("--- FAIL: TestStarts"),
        "{out}{told}"
    );
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[test]
fn a_call_to_what_the_host_lacks_names_its_callers() {
    let world = program(
        "package main\n\n//go:wasmimport env host_fn\nfunc hostFn(int32) int32\n\n//go:noinline\nfunc ask(n int32) int32 { return hostFn(n) + 1 }\n\nfunc main() {\n\tprintln(\"before\")\n\tprintln(ask(3))\n}\n",
    );
    // Stripped: the names are those of Go's own table.
    let file = common::build(&world, "wasip1", ".", true);
    let ran = world.command(&["exec", &file]).output().unwrap();
    assert_eq!(ran.status.code(), Some(125));
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.starts_with("before\n"), "{said}");
    let what = "`host_fn` of `env`, which this host does not provide, called by `main.hostFn` at ";
    assert!(said.contains(what), "{said}");
    let file = world.module.join("main.go");
    for (function, line) in [("hostFn", 4), ("ask", 7), ("main", 11)] {
        let call = format!("`main.{function}` at {}:{line}", file.display());
        assert!(said.contains(&call), "{said}");
    }
}

/// What a guest of `GOOS=js` could leave its process by.
const REACH: &str = r#"package main

import (
	"fmt"
	"os"
	"syscall/js"
)

func try(name string, f func() js.Value) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, "panics")
		}
	}()
	fmt.Println(name, "gives", f().Type())
}

func main() {
	g := js.Global()
	for _, name := range []string{"require", "fetch", "wasmcheckHost", "std", "os", "scriptArgs"} {
		fmt.Println(name, g.Get(name).Type())
	}
	try("eval", func() js.Value { return g.Call("eval", "1") })
	try("Function", func() js.Value { return g.Get("Function").New("return 1") })
	f := js.FuncOf(func(js.Value, []js.Value) any { return nil })
	try("constructor", func() js.Value { return f.Get("constructor").Invoke("return 1") })
	try("exception", func() js.Value { return g.Get("JSON").Call("parse", "{") })
	fmt.Println("fs", g.Get("fs").Get("constants").Get("O_WRONLY"))
	_, err := os.Stat(".")
	fmt.Println("here", err)
	g.Get("process").Call("exit", 7)
}
"#;

#[test]
fn a_guest_of_js_reaches_no_more_than_its_host() {
    let world = program(REACH);
    let file = common::build(&world, "js", ".", false);
    let run = |host: &str| {
        let args = ["exec", "--js-host", host, &file];
        told(&world.command(&args).output().unwrap())
    };
    let (code, out, told) = run("node");
    let both = "require undefined\nfetch undefined\nwasmcheckHost undefined\nstd undefined\nos undefined\nscriptArgs undefined\neval panics\nFunction panics\nconstructor panics\nexception panics\n";
    assert_eq!(out, format!("{both}fs <number: 1>\nhere <nil>\n"), "{told}");
    assert_eq!(code, 7);
    // wasm_exec.js itself plays a host without files, and without a way to exit by.
    let (code, out, told) = run("browser");
    let none = "fs <number: -1>\nhere stat .: not implemented on js\n";
    // Like everything that is printed there, the panic goes to the console's log.
    let panics = "panic: syscall/js: Value.Call: property exit is not a function";
    assert!(
        out.starts_with(&format!("{both}{none}{panics}")),
        "{out}{told}"
    );
    assert_eq!(code, 2, "{told}");
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

/// What becomes of the device that swallows everything.
const NULL: &str = r#"package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	f, err := os.OpenFile(os.DevNull, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		panic(err)
	}
	n, err := f.Write(make([]byte, 70000))
	fmt.Println("wrote", n, err)
	n, err = f.WriteAt([]byte("x"), 1<<40)
	fmt.Println("wrote", n, err)
	text, err := io.ReadAll(f)
	fmt.Println("read", len(text), err)
	for _, stat := range []func() (os.FileInfo, error){f.Stat, func() (os.FileInfo, error) { return os.Stat(os.DevNull) }} {
		info, err := stat()
		if err != nil {
			panic(err)
		}
		fmt.Println(info.Size(), info.Mode()&os.ModeDevice != 0, info.Mode()&os.ModeCharDevice != 0)
	}
	fmt.Println(f.Close())
	g, err := os.Create("plain")
	fmt.Fprint(g, "kept")
	g.Close()
	text, err = os.ReadFile("plain")
	fmt.Println(string(text), err)
}
"#;

#[test]
fn the_null_device_is_a_device() {
    let world = program(NULL);
    for goos in ["wasip1", "js"] {
        let file = common::build(&world, goos, ".", false);
        let ran = world
            .command(&["exec", "--max-disk=64KiB", &file])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        // What goes there does not count as written.
        let all = "wrote 70000 <nil>\nwrote 1 <nil>\nread 0 <nil>\n0 true true\n0 true true\n<nil>\nkept <nil>\n";
        assert_eq!(
            said,
            all,
            "{goos}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}
