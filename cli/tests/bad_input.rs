//! What a user can get wrong, and what a machine can: each ends with a clear message, the right
//! exit code and nothing left behind.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]

mod common;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::World;

#[test]
fn a_path_that_does_not_exist() {
    let world = World::empty("m");
    let ran = world.run(&["no/such/dir"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("no/such/dir") && ran.stderr.contains("MODULE@VERSION"),
        "{}",
        ran.stderr
    );
    assert!(ran.report.is_none());
}

#[test]
fn a_file_in_place_of_a_directory() {
    let world = World::of(&fixtures::named("clean"));
    let ran = world.run(&["clean.go"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("name the directory"), "{}", ran.stderr);
}

#[test]
fn no_go_on_the_machine() {
    let world = World::of(&fixtures::named("clean"));
    let ran = world.run(&["--go", "no-such-go"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stdout.contains("install Go"), "{}", ran.stdout);
    let report = ran.report.expect("a report says why there is no verdict");
    assert_eq!(report["targets"][0]["verdict"], "unknown");
}

#[test]
fn a_module_version_that_does_not_exist() {
    let world = World::empty("m");
    let ran = world.run(&["example.com/winonly@v9.9.9"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("example.com/winonly@v9.9.9"),
        "{}",
        ran.stderr
    );
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[cfg(unix)]
#[test]
fn a_private_module_without_credentials() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::empty("m");
    let require =
        "module example.com/m\n\ngo 1.22\n\nrequire git.invalid/private/thing.git v1.2.3\n";
    fs::write(world.module.join("go.mod"), require).unwrap();
    let import = "package m\n\nimport _ \"git.invalid/private/thing.git\"\n";
    fs::write(world.module.join("a.go"), import).unwrap();
    // What git says to a user whose password it may not ask for.
    let bin = world.scratch.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let said =
        "fatal: could not read Username for 'https://git.invalid': terminal prompts disabled";
    fs::write(
        bin.join("git"),
        format!("#!/bin/sh\necho \"{said}\" >&2\nexit 128\n"),
    )
    .unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = world
        .command(&["--quiet", "--level", "scan"])
        .envs([("GOPROXY", "direct"), ("GOPRIVATE", "*"), ("PATH", &path)])
        .output()
        .unwrap();
    let stdout = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(3), "{stdout}");
    assert!(
        stdout.contains("git.invalid/private/thing.git") && stdout.contains("credentials"),
        "{stdout}"
    );
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[test]
fn a_published_module_is_checked_in_a_scratch_copy() {
    let world = World::empty("m");
    let ran = world.run(&["--level", "scan", "example.com/hollow@v1.0.0"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.report.expect("the module is judged");
    assert_eq!(report["module"]["version"], "v1.0.0");
    assert_eq!(report["targets"][0]["packages"][0]["builds"], "yes");
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[test]
fn a_published_workspace_is_none() {
    let world = World::empty("m");
    let ran = world.run(&["--level", "build", "example.com/workplace@v1.0.0"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let report = ran.report.expect("the module is judged");
    assert_eq!(report["targets"][0]["packages"][0]["builds"], "yes");
}

#[test]
fn a_report_that_cannot_be_written() {
    let world = World::of(&fixtures::named("clean"));
    for (file, words) in [
        ("report.doc", "must be .txt, .json, .html or .htm"),
        ("no/such/report.json", "no directory"),
    ] {
        let ran = world.run(&["--level", "scan", "-o", file]);
        assert_eq!(ran.code, 2, "{file}");
        assert!(
            ran.stderr.contains(file) && ran.stderr.contains(words),
            "{}",
            ran.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn no_space_for_the_output() {
    let world = World::of(&fixtures::named("clean"));
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let run = world
        .command(&["--quiet", "--level", "scan"])
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("No space left"), "{stderr}");
}

#[test]
fn no_scratch_space() {
    let world = World::of(&fixtures::named("clean"));
    let run = world
        .command(&["--quiet", "--level", "scan"])
        .env("TMPDIR", world.tmp.join("gone"))
        .output()
        .unwrap();
    let stdout = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("TMPDIR"), "{stdout}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of(&fixtures::named("clean"));
    let file = world.module.join("secret.go");
    fs::write(&file, "package clean\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        // The superuser reads everything; a link to nothing is as unreadable for everybody.
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/no/such/file", &file).unwrap();
    }
    let ran = world.run(&["--level", "scan"]);
    let report = ran.report.expect("the rest is judged");
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("secret.go"), "{}", ran.stdout);
    assert_eq!(report["targets"][0]["verdict"], "fails-to-build");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_neither_process_nor_file() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of(&fixtures::named("clean"));
    // A Go command that answers `go env` and then takes its time, with a child of its own.
    let pid = world.scratch.path().join("pid");
    let slow = world.scratch.path().join("slow-go");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = list ] || exec go \"$@\"\nsleep 300 &\necho $! >> '{}'\nwait\n",
        pid.display()
    );
    fs::write(&slow, script).unwrap();
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
    let mut run = world
        .command(&["--quiet", "--go", slow.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the slow command to start", || {
        fs::read_to_string(&pid).is_ok_and(|p| p.lines().count() == 3)
    });
    let sleepers = fs::read_to_string(&pid).unwrap();
    let signal = Command::new("kill")
        .args(["-INT", &run.id().to_string()])
        .status()
        .unwrap();
    assert!(signal.success());
    let status = run.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    for sleeper in sleepers.lines() {
        wait_for("the sleepers to end", || !is_alive(sleeper));
    }
    assert!(world.left_behind().is_empty(), "{:?}", world.left_behind());
}

#[cfg(unix)]
#[test]
fn what_was_not_compiled_is_not_called_clean() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of(&fixtures::named("clean"));
    // A Go command during whose work the user interrupts the run.
    let go = world.scratch.path().join("interrupted-go");
    let script =
        "#!/bin/sh\ncase \"$*\" in *-export*) kill -INT $PPID; sleep 300 ;; esac\nexec go \"$@\"\n";
    fs::write(&go, script).unwrap();
    fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = world.run(&["--go", go.to_str().unwrap(), "--target", "wasip1"]);
    assert_eq!(ran.code, 130, "{}", ran.stdout);
    let report = ran.report.unwrap();
    let package = &report["targets"][0]["packages"][0];
    assert_eq!(package["builds"], "unknown", "{package}");
    assert_eq!(report["targets"][0]["verdict"], "unknown");
    let says = "it is not known whether";
    assert!(ran.stdout.contains(says), "{}", ran.stdout);
    assert!(ran.stdout.contains("interrupted"), "{}", ran.stdout);
}

#[test]
fn a_mode_of_modules_that_go_refuses_is_refused() {
    let world = World::of(&fixtures::named("clean"));
    for verb in ["check", "fix"] {
        let mut command = world.command(&[verb, "--quiet"]);
        let output = command.env("GOFLAGS", "-mod=bogus").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("GOFLAGS: -mod=bogus not supported"), "{said}");
        assert_eq!(output.status.code(), Some(3), "{said}");
    }
}

#[cfg(unix)]
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    // A process that nobody has waited for is dead all the same.
    stat.is_ok_and(|s| !s.contains(") Z "))
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
