//! Streams that cannot be written: full, closed, or without a reader. No command panics, what could not be said is
//! no error, and results that did not arrive have an exit code.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use common::World;

const REPORT: &str = include_str!("../../report/tests/data/report-schema-1.json");

/// Every command: its arguments, and its exit code when all can be written.
const COMMANDS: [(&[&str], i32); 25] = [
    (&["--level", "scan"], 0),
    (
        &["--level", "scan", "--target", "js", "--format", "json"],
        0,
    ),
    (&["no/such/dir"], 2),
    (&["inspect", "no.wasm"], 3),
    (&["inspect", "a.wasm"], 0),
    (&["inspect", "a.wasm", "--max-size", "1B"], 1),
    (&["inspect", "a.wasm", "--format", "html"], 0),
    (&["render", "r.json"], 0),
    (&["render", "no.json"], 3),
    (&["compare", "r.json", "r.json"], 0),
    (&["compare", "r.json", "no.json"], 3),
    (&["why", "fmt"], 1),
    (&["why", "fmt", "no/such/dir"], 2),
    (&["explain", "cgo"], 0),
    (&["explain", "nothing"], 2),
    (&["rules"], 0),
    (&["std", "os/exec"], 0),
    (&["cache"], 0),
    (&["exec", "no.wasm"], 125),
    (&["exec", "--invoke", "one", "a.wasm"], 0),
    (&["worker"], 125),
    (&["--help"], 0),
    (&["exec", "--help"], 0),
    (&["--version"], 0),
    (&["--no-such-option"], 2),
];

/// A small module, a wasm file and a report.
fn world() -> World {
    let world = World::of(&fixtures::named("clean"));
    let wasm =
        r#"(module (memory (export "memory") 1) (func (export "one") (result i32) (i32.const 1)))"#;
    std::fs::write(world.module.join("a.wasm"), wat::parse_str(wasm).unwrap()).unwrap();
    std::fs::write(world.module.join("r.json"), REPORT).unwrap();
    world
}

fn full() -> Stdio {
    OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// The exit code of a command, and what it could say on a file in place of standard error.
fn run(
    world: &World,
    args: &[&str],
    stdout: Stdio,
    stderr: Option<Stdio>,
) -> (Option<i32>, String) {
    let file = world.scratch.path().join("stderr");
    let heard = File::create(&file).unwrap();
    let mut command = world.command(args);
    command.stdin(Stdio::null()).stdout(stdout);
    let status = command
        .stderr(stderr.unwrap_or(heard.into()))
        .status()
        .unwrap();
    (status.code(), std::fs::read_to_string(file).unwrap())
}

#[test]
fn nobody_hears_what_is_said() {
    let world = world();
    for (args, code) in COMMANDS {
        let heard = run(&world, args, Stdio::null(), None);
        assert_eq!(heard.0, Some(code), "{args:?}: {}", heard.1);
        for stderr in [full(), closed()] {
            let unheard = run(&world, args, Stdio::null(), Some(stderr));
            assert_eq!(unheard.0, Some(code), "{args:?}");
        }
    }
}

#[test]
fn results_that_do_not_arrive() {
    let world = world();
    for (args, code) in COMMANDS {
        let prints = !matches!(code, 2 | 125) && !args.iter().any(|arg| arg.starts_with("no"));
        let lost = if args[0] == "exec" && args[1] != "--help" {
            125
        } else {
            3
        };
        let expected = Some(if prints { lost } else { code });
        let (ended, told) = run(&world, args, full(), None);
        assert_eq!(ended, expected, "{args:?}: {told}");
        assert_eq!(told.contains("No space left"), prints, "{args:?}: {told}");
        let (ended, told) = run(&world, args, closed(), None);
        assert_eq!(ended, expected, "{args:?}: {told}");
        assert!(
            !told.contains("error: \n") && !told.contains("Broken pipe"),
            "{told}"
        );
        for stdout in [full(), closed()] {
            let (ended, _) = run(&world, args, stdout, Some(full()));
            assert_eq!(ended, expected, "{args:?}");
        }
    }
}

#[test]
fn streams_that_were_never_open() {
    let world = world();
    let program = env!("CARGO_BIN_EXE_wasmcheck");
    for closed in [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"] {
        for (args, code) in COMMANDS.iter().filter(|(args, _)| args[0] != "worker") {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &format!("exec {program} {} {closed}", args.join(" "))]);
            for (name, value) in world.command(&[]).get_envs() {
                if let Some(value) = value {
                    shell.env(name, value);
                }
            }
            let ran = shell.current_dir(&world.module).output().unwrap();
            assert_eq!(ran.status.code(), Some(*code), "{args:?} {closed}");
        }
    }
}
