//! What looking for remedies costs besides building and running what is tried: `wasmcheck fix` on a module with ten
//! roots, beside `go build` of the same module when all of it is in Go's cache.
//!
//! It runs the `wasmcheck` that was built beside it, so that `cargo build --release` comes first. CPU time is user and
//! system; each figure is the median of runs made in turn. Go is started through this program, which adds up what it
//! takes; what wasmcheck's own process takes is read from `/proc/PID/stat` (`proc_pid_stat(5)`) before it is reaped; the
//! rest is the sandbox, which are processes of its own.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark builds its input, runs programs and prints"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use std::{env, fs};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

const ROUNDS: usize = 5;
/// What a clock tick of `/proc` is, in milliseconds: `USER_HZ` is 100 on Linux (`time(7)`).
const TICK: u64 = 10;
/// Names the file to which this program, started as the Go command, adds its CPU time in microseconds.
const LOG: &str = "REMEDIES_BENCH_LOG";

/// Calls that wasm does not have, one for each package.
const ROOTS: [&str; 10] = [
    "syscall.Flock(0, syscall.LOCK_EX)",
    "syscall.Setrlimit(syscall.RLIMIT_NOFILE, nil)",
    "syscall.Mkfifo(\"f\", 0o600)",
    "syscall.Statfs(\"/\", nil)",
    "syscall.Sysinfo(nil)",
    "syscall.Getrusage(0, nil)",
    "syscall.Mlock(nil)",
    "syscall.Setpgid(0, 0)",
    "syscall.Madvise(nil, 0)",
    "syscall.Sethostname(nil)",
];

fn main() -> ExitCode {
    if let Some(log) = env::var_os(LOG) {
        return as_go(Path::new(&log));
    }
    // Cargo asks which tests there are.
    if env::args().any(|arg| arg == "--list") {
        return ExitCode::SUCCESS;
    }
    bench();
    ExitCode::SUCCESS
}

/// Be the Go command, and write down what it took.
fn as_go(log: &Path) -> ExitCode {
    let status = Command::new("go").args(env::args_os().skip(1)).status();
    let status = status.expect("go can be started");
    let mut file = fs::File::options()
        .append(true)
        .open(log)
        .expect("the log is there");
    let line = format!("{}\n", children().as_micros());
    file.write_all(line.as_bytes()).expect("it is written");
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// CPU time of all child processes so far.
fn children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let time = |time: nix::sys::time::TimeVal| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
        let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    time(usage.user_time()) + time(usage.system_time())
}

fn bench() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let module = scratch.path().join("m");
    lay_out(&module);
    let log = scratch.path().join("log");
    let (mut builds, mut alls, mut of_go, mut owns) = (vec![], vec![], vec![], vec![]);
    // The first round fills Go's cache.
    for round in 0..=ROUNDS {
        let build = spent(Command::new("go").args(["build", "./..."]), &module);
        fs::write(&log, "").expect("the log is written");
        let (all, own) = fix(&module, &log);
        let text = fs::read_to_string(&log).expect("the log is read");
        let micros = text.lines().filter_map(|line| line.parse::<u64>().ok());
        if round > 0 {
            builds.push(build);
            alls.push(all);
            of_go.push(Duration::from_micros(micros.sum()));
            owns.push(own);
        }
    }
    let (build, all, go, own) = (median(builds), median(alls), median(of_go), median(owns));
    println!("go build ./... of ten packages, warm: {build:?}");
    println!("wasmcheck fix, ten roots, two targets: {all:?}");
    println!(
        "of these the Go command: {go:?}; wasmcheck's own process: {own:?}; the rest is the sandbox"
    );
    println!(
        "wasmcheck's own process: {:.2} times go build",
        own.as_secs_f64() / build.as_secs_f64()
    );
}

fn lay_out(module: &Path) {
    let mut main = "package main\n\nimport (\n".to_owned();
    let mut calls = String::new();
    for (number, call) in ROOTS.iter().enumerate() {
        let name = format!("p{number}");
        let dir = module.join(&name);
        fs::create_dir_all(&dir).expect("a directory");
        let text = format!(
            "// Package {name} asks the system.\npackage {name}\n\nimport \"syscall\"\n\n// Ask it.\nfunc Ask() error {{ return {call} }}\n"
        );
        fs::write(dir.join("p.go"), text).expect("a file");
        let _ = writeln!(main, "\t\"example.com/m/{name}\"");
        let _ = writeln!(calls, "\tprintln({name}.Ask() == nil)");
    }
    let _ = write!(main, ")\n\nfunc main() {{\n{calls}}}\n");
    fs::write(module.join("main.go"), main).expect("a file");
    fs::write(module.join("go.mod"), "module example.com/m\n\ngo 1.21\n").expect("a file");
}

/// CPU time of `wasmcheck fix`, Go and the sandbox included, and that of its own process.
fn fix(module: &Path, log: &Path) -> (Duration, Duration) {
    let this = env::current_exe().expect("this program has a file");
    let mut command = Command::new(wasmcheck());
    command.args(["fix", "--quiet", "--no-cache", "--budget", "10m"]);
    command.arg("--go").arg(this).env(LOG, log);
    command.current_dir(module).stdout(Stdio::null());
    let before = children();
    let mut child = command.stderr(Stdio::null()).spawn().expect("it starts");
    let pid = i32::try_from(child.id()).expect("a process number");
    let left_there = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(Pid::from_raw(pid)), left_there).expect("it ends");
    let own = own_time(pid);
    assert!(child.wait().expect("it has ended").code().is_some());
    (children().saturating_sub(before), own)
}

/// CPU time of a process that has ended, its children left out.
fn own_time(pid: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it was not reaped");
    // The name of the program, in parentheses, may hold blanks; utime and stime are the fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * TICK)
}

/// CPU time of a command in a directory, which may fail.
fn spent(command: &mut Command, dir: &Path) -> Duration {
    let before = children();
    command.current_dir(dir).stdout(Stdio::null());
    let status = command.stderr(Stdio::null()).status();
    assert!(status.expect("it can be started").code().is_some());
    children().saturating_sub(before)
}

/// The program that was built beside this one.
fn wasmcheck() -> PathBuf {
    let this = env::current_exe().expect("this program has a file");
    let dir = this.ancestors().nth(2).expect("it lies in deps");
    dir.join("wasmcheck")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
