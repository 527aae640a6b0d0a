//! However a run ends, nothing of it goes on, and nothing is left.
#![expect(clippy::disallowed_methods, reason = "attacks prepare files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Attack;
use super::ground::{Going, Ground, Seen};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "signal: INT, TERM and HUP while Go compiles",
        run: signals,
    },
    Attack {
        name: "signal: KILL while Go compiles",
        run: killed,
    },
    Attack {
        name: "signal: INT, TERM, HUP and KILL while a guest writes",
        run: guest_writes,
    },
    Attack {
        name: "tests: processes that a native test leaves",
        run: left_by_tests,
    },
    Attack {
        name: "tests: INT and KILL while a native test waits for a process of its own session",
        run: ended_with_tests,
    },
    Attack {
        name: "tests: a native test, and a scenario, that end or stop what watches them",
        run: turned_on_us,
    },
];

/// Rounds of a thorough run with signals that can be handled, and as many with KILL.
const ROUNDS: usize = 500;

/// A module that Go compiles for seconds, with a build cache of its own.
fn compiling(ground: &Ground, number: u64) -> Result<Going> {
    ground.hello()?;
    ground.write(
        "main.go",
        "package main\n\nimport _ \"net/http\"\n\nfunc main() {}\n",
    )?;
    let mut command = ground.command(&["-q"]);
    command.env("GOCACHE", build_cache(ground, number));
    ground.start(command)
}

fn build_cache(ground: &Ground, number: u64) -> PathBuf {
    ground.beside(&format!("gocache-{number}"))
}

/// Wait until Go works in the directory for temporary files.
fn until_go_works(ground: &Ground, going: &mut Going) -> Result<()> {
    let until = Instant::now() + Duration::from_mins(1);
    while Instant::now() < until && going.is_running()? {
        if has_build(&ground.tmp)? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    bail!("Go has not begun to compile")
}

/// Whether a directory of Go's lies in it, at any depth that matters.
fn has_build(tmp: &Path) -> Result<bool> {
    let inner = fs::read_dir(tmp)?
        .flatten()
        .flat_map(|dir| fs::read_dir(dir.path()));
    let mut names = inner.flatten().flatten().map(|entry| entry.file_name());
    Ok(names.any(|name| name.as_encoded_bytes().starts_with(b"go-build")))
}

fn signals(ground: &Ground) -> Result<()> {
    let signals = ["INT", "TERM", "HUP"].into_iter().cycle();
    for (number, signal) in signals.take(ground.rounds(3, ROUNDS)).enumerate() {
        let seen = ended_by(ground, signal, number as u64)?;
        seen.is_sound()?;
        ensure!(
            [0, 130].contains(&seen.code),
            "{signal}: exit code {}",
            seen.code
        );
    }
    Ok(())
}

fn killed(ground: &Ground) -> Result<()> {
    for number in 0..ground.rounds(2, ROUNDS) as u64 {
        ended_by(ground, "KILL", number)?;
    }
    Ok(())
}

/// Send a signal at a moment of a build of its own, and see that nothing is left and nothing goes on.
fn ended_by(ground: &Ground, signal: &str, number: u64) -> Result<Seen> {
    let mut going = compiling(ground, number)?;
    until_go_works(ground, &mut going)?;
    thread::sleep(Duration::from_millis(number * 37 % 2_000));
    going.signal(signal)?;
    let seen = going.end()?;
    let round = || format!("{signal}, round {number}");
    ground.nothing_left().with_context(round)?;
    none_works_in(&ground.tmp).with_context(round)?;
    fs::remove_dir_all(build_cache(ground, number)).with_context(round)?;
    Ok(seen)
}

/// An error unless no process names a directory, at once or soon: one that was killed ends when it is its turn.
fn none_works_in(dir: &Path) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let still = working_in(dir)?;
        if still.is_empty() {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "still running: {}",
            still.join("; ")
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// The commands of processes that name a directory.
fn working_in(dir: &Path) -> Result<Vec<String>> {
    let dir = dir.display().to_string();
    let processes = fs::read_dir("/proc")?.flatten();
    let commands = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let texts = commands.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
    Ok(texts.filter(|text| text.contains(&dir)).collect())
}

fn guest_writes(ground: &Ground) -> Result<()> {
    for goos in ["wasip1", "js"] {
        for (number, signal) in ["INT", "TERM", "HUP", "KILL"].into_iter().enumerate() {
            let command = ground.command(&["exec", &ground.guest(goos), "loop"]);
            let mut going = ground.start(command)?;
            until_guest_writes(ground, &mut going)?;
            thread::sleep(Duration::from_millis(number as u64 * 60));
            going.signal(signal)?;
            let code = if signal == "KILL" { 128 + 9 } else { 130 };
            going.end()?.code_is(code)?;
            ground
                .nothing_left()
                .with_context(|| format!("{goos} {signal}"))?;
        }
    }
    Ok(())
}

/// Whether a guest has written in a scratch directory, or in one that lies in it.
fn writes_below(dir: &Path, depth: u32) -> bool {
    let dirs = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths = dirs.map(|entry| entry.path());
    depth > 0
        && paths.any(|path| path.join("root/tmp/d7").exists() || writes_below(&path, depth - 1))
}

fn until_guest_writes(ground: &Ground, going: &mut Going) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(100);
    while Instant::now() < until && going.is_running()? {
        if writes_below(&ground.tmp, 2) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    bail!("the guest has not begun to write")
}

/// How a test starts a process: as a child, in a session of its own, and by one that has ended before.
const STARTS: [&str; 3] = [
    "exec.Command(\"sleep\", TIME)",
    "exec.Command(\"setsid\", \"--fork\", \"sleep\", TIME)",
    "exec.Command(\"sh\", \"-c\", \"env -i setsid sh -c 'sleep TIME & sleep TIME' >/dev/null 2>&1 &\")",
];

/// A module with a native test that starts processes which sleep for so long that the number is their mark. It
/// sleeps itself, then sends its parent a signal.
fn sleeping(ground: &Ground, then: &str, signal: &str) -> Result<(PathBuf, Command)> {
    ground.hello()?;
    let time = format!("9{:09}", std::process::id());
    let starts = STARTS.map(|start| {
        let start = start.replace(
            "'sleep TIME & sleep TIME'",
            &format!("'sleep {time} & sleep {time}'"),
        );
        format!(
            "\t{}.Start()\n",
            start.replace("TIME", &format!("{time:?}"))
        )
    });
    let test = format!(
        "package main\n\nimport (\"os/exec\"; \"syscall\"; \"testing\"; \"time\")\n\nfunc TestX(t *testing.T) {{\n{}\ttime.Sleep({then})\n\tsyscall.Kill(syscall.Getppid(), {signal})\n}}\n",
        starts.concat()
    );
    ground.write("main_test.go", test)?;
    let mut command = ground.command(&["-q", "--tests", "--native", "--target", "wasip1"]);
    command.env("TMPDIR", &ground.tmp);
    Ok((PathBuf::from(time), command))
}

fn left_by_tests(ground: &Ground) -> Result<()> {
    // So long that all have begun.
    let (time, command) = sleeping(ground, "time.Second", "0")?;
    ground.finish(command)?;
    let still = working_in(&time)?;
    ensure!(still.is_empty(), "still running: {}", still.join("; "));
    ground.nothing_left()
}

fn ended_with_tests(ground: &Ground) -> Result<()> {
    for signal in ["INT", "KILL"] {
        let (time, command) = sleeping(ground, "time.Hour", "0")?;
        let mut going = ground.start(command)?;
        let until = Instant::now() + Duration::from_mins(2);
        // One of the first kind, one of the second, two and their shell of the third.
        while working_in(&time)?.len() < 5 {
            ensure!(
                Instant::now() < until && going.is_running()?,
                "no test has begun"
            );
            thread::sleep(Duration::from_millis(20));
        }
        going.signal(signal)?;
        going.end()?;
        none_works_in(&time).context(signal)?;
        ground.nothing_left().context(signal)?;
    }
    Ok(())
}

fn turned_on_us(ground: &Ground) -> Result<()> {
    for signal in ["syscall.SIGKILL", "19"] {
        let (time, mut command) = sleeping(ground, "time.Second", signal)?;
        command.args(["--budget", "15s"]);
        ground.finish(command)?;
        none_works_in(&time).context(signal)?;
    }
    fs::remove_file(ground.module.join("main_test.go"))?;
    // What it leaves holds its standard output.
    let time = format!("9{:09}", std::process::id());
    let main = format!(
        "package main\n\nimport (\"os\"; \"os/exec\"; \"syscall\")\n\nfunc main() {{\n\tc := exec.Command(\"setsid\", \"sleep\", {time:?})\n\tc.Stdout = os.Stdout\n\tc.Start()\n\tsyscall.Kill(syscall.Getppid(), syscall.SIGKILL)\n}}\n"
    );
    ground.write("main.go", main)?;
    ground.write("wasmcheck.toml", "[[scenario]]\nname = \"s\"\n")?;
    ground.run(&["-q", "--native", "--target", "wasip1"])?;
    none_works_in(Path::new(&time))?;
    ground.nothing_left()
}
