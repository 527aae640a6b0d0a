//! What happens to a run from outside: signals to the worker and to the user's process, no
//! network, a budget of nothing.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::World;
use serde_json::Value;

fn observation<'r>(report: &'r Value, package: &str) -> &'r Value {
    let all = report["observations"].as_array().unwrap();
    all.iter().find(|o| o["package"] == package).unwrap()
}

#[cfg(target_os = "linux")]
mod signals {
    use std::fs;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// The worker that runs a program of this world, once there is one.
    fn worker(world: &World) -> String {
        let tmp = world.tmp.to_str().unwrap();
        let is_worker = |pid: &String| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let dir = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            line.ends_with(b"\0worker\0") && dir.starts_with(tmp)
        };
        let start = Instant::now();
        loop {
            let pids = fs::read_dir("/proc").unwrap().flatten();
            let mut pids = pids.map(|e| e.file_name().to_string_lossy().into_owned());
            if let Some(pid) = pids.find(|p| p.parse::<u32>().is_ok() && is_worker(p)) {
                return pid;
            }
            assert!(
                start.elapsed() < Duration::from_mins(2),
                "no worker was started"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn start(world: &World) -> Child {
        let report = world.scratch.path().join("report.json");
        let args = [
            "--quiet",
            "--target",
            "wasip1",
            "-o",
            report.to_str().unwrap(),
        ];
        let mut command = world.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn signal(name: &str, pid: &str) {
        assert!(
            Command::new("kill")
                .args([name, pid])
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn a_worker_that_is_killed_is_told() {
        let world = World::of(&fixtures::named("endless"));
        let mut run = start(&world);
        signal("-KILL", &worker(&world));
        assert_eq!(run.wait().unwrap().code(), Some(0));
        let report = fs::read(world.scratch.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        let seen = observation(&report, "example.com/endless/spin");
        assert_eq!(seen["end"], "crash");
        assert!(
            seen["summary"]
                .as_str()
                .unwrap()
                .contains("killed from outside"),
            "{seen}"
        );
        assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
    }

    fn is_alive(pid: &str) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "))
    }

    /// Until `done`: a machine may be busy, so that the limit is for what would never happen.
    fn wait_until(what: &str, done: impl Fn() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_mins(2), "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn a_run_that_is_killed_takes_its_worker_and_its_scratch_along() {
        let world = World::of(&fixtures::named("endless"));
        let mut run = start(&world);
        let worker = worker(&world);
        assert!(!world.left_behind().is_empty());
        signal("-KILL", &run.id().to_string());
        run.wait().unwrap();
        wait_until("the worker ends", || !is_alive(&worker));
        wait_until("the watchdog removes scratch", || {
            world.left_behind().is_empty()
        });
    }

    /// The watchdog of the run with this process number.
    fn watchdog(run: u32) -> Option<String> {
        let is_it = |pid: &String| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            line.ends_with(b"\0watchdog\0") && status.contains(&format!("\nPPid:\t{run}\n"))
        };
        let pids = fs::read_dir("/proc").unwrap().flatten();
        let mut pids = pids.map(|e| e.file_name().to_string_lossy().into_owned());
        pids.find(|p| p.parse::<u32>().is_ok() && is_it(p))
    }

    #[test]
    fn what_a_run_leaves_without_its_watchdog_is_removed_by_the_next_one() {
        let world = World::of(&fixtures::named("endless"));
        let mut run = start(&world);
        let worker = worker(&world);
        let watchdog = watchdog(run.id()).unwrap();
        signal("-KILL", &watchdog);
        wait_until("the watchdog ends", || !is_alive(&watchdog));
        signal("-KILL", &run.id().to_string());
        run.wait().unwrap();
        wait_until("the worker ends", || !is_alive(&worker));
        let left = world.left_behind();
        assert!(!left.is_empty());
        // What is young may belong to a run that has just begun.
        for name in &left {
            let dir = fs::File::open(world.tmp.join(name)).unwrap();
            let long_ago = std::time::SystemTime::now() - Duration::from_hours(1);
            dir.set_modified(long_ago).unwrap();
        }
        world.run(&["--level", "scan", "--target", "wasip1"]);
        assert_eq!(world.left_behind(), Vec::<String>::new());
    }

    #[test]
    fn an_interrupt_ends_the_worker_and_reports_what_was_found() {
        let world = World::of(&fixtures::named("endless"));
        let before = world.tree();
        let mut run = start(&world);
        let worker = worker(&world);
        signal("-INT", &run.id().to_string());
        assert_eq!(run.wait().unwrap().code(), Some(130));
        assert!(!is_alive(&worker), "the worker goes on");
        let report = fs::read(world.scratch.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["targets"][0]["builds_percent"], 100.0);
        let reasons = report["incomplete"].to_string();
        assert!(
            reasons.contains("interrupted before 1 package could be run"),
            "{reasons}"
        );
        assert!(!reasons.contains("budget"), "{reasons}");
        assert_eq!(report["observations"], serde_json::json!([]));
        assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
        assert_eq!(world.tree(), before);
    }
}

/// A program that needs more memory than programs get, and says what its arguments are.
const LARGE: &str = r#"
-- go.mod --
module example.com/large

go 1.24
-- main.go --
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println(len(make([]byte, 1200<<20)), os.Args[1:])
}
-- wasmcheck.toml --
[[scenario]]
name = "its own options"
args = ["--help", "--", "-h"]
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_needs_much_memory_gets_it_and_natively_its_own_arguments() {
    let world = common::unpacked("large", &[LARGE]);
    let ran = world.run(&["--native", "--target", "wasip1"]);
    let report = ran.report.unwrap();
    let observations = report["observations"].as_array().unwrap();
    assert!(
        observations.iter().all(|o| o["end"] == "ok"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("1 of 1 scenario as natively"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_the_budget_cuts_is_said_and_is_not_called_working() {
    let world = World::of(&fixtures::named("works"));
    let ran = world.run(&["--budget", "0", "--target", "wasip1"]);
    let report = ran.report.unwrap();
    assert_eq!(report["targets"][0]["verdict"], "clean");
    assert!(
        ran.stdout.contains("before 3 packages could be run"),
        "{}",
        ran.stdout
    );
}

#[cfg(unix)]
#[test]
fn a_candidate_that_compiles_for_minutes_is_given_up() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of(&fixtures::named("remedies"));
    // A Go command that takes its time with candidates: for those the toolchain is pinned.
    let slow = world.scratch.path().join("slow-go");
    let script = "#!/bin/sh\ncase \"$GOTOOLCHAIN $*\" in go1.*-export*) sleep 300 & wait ;; esac\nexec go \"$@\"\n";
    std::fs::write(&slow, script).unwrap();
    std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).unwrap();
    let args = [
        "--go",
        slow.to_str().unwrap(),
        "--budget",
        "3s",
        "--target",
        "wasip1",
    ];
    let ran = world.run(&args);
    let report = ran.report.unwrap();
    let advice = report["advice"].as_array().unwrap();
    let tried = advice.iter().flat_map(|a| a["tried"].as_array().unwrap());
    let why: Vec<&str> = tried.filter_map(|t| t["why"].as_str()).collect();
    assert_eq!(why, ["it took too long"], "{}", ran.stdout);
    // What was not found out is not claimed.
    assert!(!ran.stdout.contains("helps: its newest"), "{}", ran.stdout);
    assert!(ran.stdout.contains("remedies for"), "{}", ran.stdout);
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[test]
fn without_a_network_the_module_cache_is_searched() {
    let world = World::of(&fixtures::named("remedies"));
    // Fills the cache with the versions in use, and with v1.1.0 of one dependency.
    let go = |args: &[&str]| {
        let mut command = std::process::Command::new("go");
        let like = world.command(&[]);
        command.envs(like.get_envs().filter_map(|(k, v)| Some((k, v?))));
        command.args(args).current_dir(world.scratch.path());
        assert!(command.output().unwrap().status.success(), "go {args:?}");
    };
    for spec in [
        "plat@v1.0.0",
        "plat@v1.1.0",
        "stuck@v1.0.0",
        "tagged@v1.0.0",
    ] {
        go(&["mod", "download", &format!("example.com/{spec}")]);
    }
    go(&["mod", "download", "github.com/blevesearch/mmap-go@v1.0.0"]);
    let upgraded = |report: &Value| {
        let advice = report["advice"].as_array().unwrap();
        let upgrade = advice.iter().find(|a| a["kind"] == "upgrade");
        upgrade.is_some_and(|a| a["confirmed"]["wasip1"] == "run")
    };
    let ran = world.run(&["--offline", "--target", "wasip1"]);
    assert!(upgraded(&ran.report.unwrap()), "{}", ran.stdout);
    // A proxy that nobody answers for: a version that cannot be asked about is not bad.
    let file = world.scratch.path().join("unreached.json");
    let args = [
        "--quiet",
        "--target",
        "wasip1",
        "-o",
        file.to_str().unwrap(),
    ];
    let mut command = world.command(&args);
    let ran = command
        .env("GOPROXY", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["targets"][0]["verdict"], "fails-to-build", "{told}");
    assert!(!told.contains("helps: its newest"), "{told}");
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

/// Go takes no overlay over a toolchain that lies where it keeps those that it fetches.
#[cfg(unix)]
#[test]
fn what_tests_enter_is_seen_with_a_toolchain_of_the_module_cache() {
    let world = common::program("package program\n");
    let source = "package program\n\nimport (\n\t\"os/exec\"\n\t\"testing\"\n)\n\nfunc TestRun(t *testing.T) {\n\tif err := exec.Command(\"/bin/true\").Run(); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n";
    std::fs::write(world.module.join("run_test.go"), source).unwrap();
    let cache = world.module.with_file_name("modcache");
    let goroot = cache.join("toolchain");
    std::fs::create_dir(&cache).unwrap();
    let mut go = std::process::Command::new("go");
    let asked = go.args(["env", "GOROOT"]).output().unwrap();
    let own = String::from_utf8(asked.stdout).unwrap();
    std::os::unix::fs::symlink(own.trim(), &goroot).unwrap();
    let report = world.scratch.path().join("report.json");
    let mut command = world.command(&["--quiet", "--tests", "--target=wasip1", "-o"]);
    let path = format!(
        "{}/bin:{}",
        goroot.display(),
        std::env::var("PATH").unwrap()
    );
    command.arg(&report).env("PATH", path);
    command.env("GOROOT", &goroot).env("GOMODCACHE", &cache);
    let ran = command.output().unwrap();
    let text = std::fs::read_to_string(&report).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let report: Value = serde_json::from_str(&text).unwrap();
    let all = report["observations"].as_array().unwrap();
    let tests = all.iter().find(|o| o["kind"] == "test").unwrap();
    assert_eq!(tests["tests"]["TestRun"]["here"], "fail", "{tests}");
    let entered = tests["entered"].as_array().unwrap();
    let started = entered.iter().find(|e| e["symbol"] == "os.StartProcess");
    let frames = started.unwrap_or_else(|| panic!("{entered:?}"))["stack"].as_array();
    let files: Vec<&str> = frames
        .unwrap()
        .iter()
        .filter_map(|f| f["file"].as_str())
        .collect();
    let std = |file: &&str| file.ends_with("/src/os/exec/exec.go");
    assert!(files.iter().any(std), "{files:?}");
    assert!(!text.contains(world.tmp.to_str().unwrap()), "{text}");
    assert!(world.left_behind().is_empty());
}

#[test]
fn what_a_published_module_does_is_told_with_its_own_name() {
    let world = World::empty("published");
    let ran = world.run(&["--target=wasip1", "example.com/panics@v1.0.0"]);
    let report = ran.report.unwrap_or_else(|| panic!("{}", ran.stderr));
    let seen = observation(&report, "example.com/panics");
    let frame = &seen["stack"].as_array().unwrap()[0];
    assert_eq!(frame["file"], "example.com/panics@v1.0.0/main.go", "{seen}");
    assert_eq!(frame["line"], 4);
    let tmp = world.tmp.to_str().unwrap();
    assert!(!report.to_string().contains(tmp), "{report}");
}
