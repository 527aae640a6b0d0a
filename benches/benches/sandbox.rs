//! What the sandbox costs: the start of Go programs, cold and with their compiled form kept, beside
//! Cranelift, the compiler that wasmtime takes by default; their memory; and what it costs that each
//! call to the host is counted and held to limits.
//!
//! It runs the `wasmcheck` that was built beside it, so that `cargo build --release` comes first.
//! CPU time is user and system; each figure is the median of runs made in turn.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark builds its input, runs programs and prints"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use runtime_harness::{Compiler, End, Guest, Limits};
use wasmtime::{Caller, Config, Engine, Linker, Module, Store, Strategy};

const ROUNDS: usize = 15;
/// First argument of the process that runs one program and tells what it took.
const MEASURE: &str = "--measure";

/// Two programs: nothing but the runtime, and much of the standard library.
const PROGRAMS: [(&str, &str); 2] = [
    (
        "hello",
        "package main\nfunc main() { println(\"hello\") }\n",
    ),
    (
        "net/http",
        "package main\n\
         import (\"fmt\"; \"net/http\"; \"os\")\n\
         func main() {\n\
         \tif len(os.Args) > 5 { http.Get(os.Args[1]) }\n\
         \tfmt.Println(\"hello\")\n\
         }\n",
    ),
];

/// A guest that does nothing but call the host, so many times.
fn calling(times: u32) -> Vec<u8> {
    let text = CALLS.replace("TIMES", &times.to_string());
    wat::parse_str(text).expect("it is wasm")
}

const CALLS: &str = r#"(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $now (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const TIMES))
    (loop $again
      (drop (call $now (i32.const 1) (i64.const 0) (i32.const 8)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;

fn main() {
    let args: Vec<String> = env::args().collect();
    match args.split_first() {
        Some((_, [flag, program, args @ ..])) if flag == MEASURE => measure(program, args),
        _ => {
            starts();
            calls();
        }
    }
}

/// Run a program; print its CPU time in microseconds and its peak memory in KiB.
fn measure(program: &str, args: &[String]) {
    let status = Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("it can be started").success());
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    println!("{} {}", cpu(&usage).as_micros(), usage.max_rss());
}

fn cpu(usage: &Usage) -> Duration {
    let of = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(micros.unsigned_abs())
    };
    of(usage.user_time()) + of(usage.system_time())
}

fn starts() {
    let scratch = tempfile::tempdir().expect("there is room for scratch files");
    for dir in ["cache", "cwd", "source"] {
        fs::create_dir(scratch.path().join(dir)).expect("there is room");
    }
    let wasmcheck = env::current_exe().expect("this program has a path");
    let wasmcheck = wasmcheck.ancestors().nth(2).expect("target/release");
    let wasmcheck = wasmcheck.join("wasmcheck");
    assert!(wasmcheck.exists(), "first: cargo build --release");
    for (name, source) in PROGRAMS {
        let file = build(&scratch.path().join("source"), source);
        let size = fs::metadata(&file).expect("Go has written it").len();
        let ways: [(&str, &[&str]); 3] = [
            ("cold", &["--no-cache"]),
            ("cold, Cranelift", &["--no-cache", "--engine", "cranelift"]),
            ("cached", &[]),
        ];
        let mut taken = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for ((_, flags), taken) in ways.iter().zip(&mut taken[..2]) {
                taken.push(start(&wasmcheck, &file, scratch.path(), flags));
            }
        }
        // What is kept is kept by a run before, and found whole by another one, two seconds later.
        start(&wasmcheck, &file, scratch.path(), &[]);
        thread::sleep(Duration::from_secs(3));
        start(&wasmcheck, &file, scratch.path(), &[]);
        for _ in 0..ROUNDS {
            taken[2].push(start(&wasmcheck, &file, scratch.path(), &[]));
        }
        let taken = taken.map(|all| {
            let (cpu, memory): (Vec<_>, Vec<_>) = all.into_iter().unzip();
            (median(cpu), median(memory))
        });
        println!("{name}, {:.1} MB:", millions(size));
        for ((way, _), (cpu, memory)) in ways.iter().zip(&taken) {
            println!(
                "  {way:16} {:8.1} ms CPU, {:.2} of Cranelift's; {:6.1} MB, {:.1} of the file",
                cpu.as_secs_f64() * 1e3,
                cpu.as_secs_f64() / taken[1].0.as_secs_f64(),
                millions(*memory),
                millions(*memory) / millions(size),
            );
        }
    }
}

/// CPU time and peak memory, in bytes, of a whole run.
fn start(wasmcheck: &Path, file: &Path, scratch: &Path, flags: &[&str]) -> (Duration, u64) {
    let told = Command::new(env::current_exe().expect("this program has a path"))
        .arg(MEASURE)
        .arg(wasmcheck)
        .arg("exec")
        .args(flags)
        .arg(file)
        .env("WASMCHECK_CACHE", scratch.join("cache"))
        // What the program may read is copied before it starts, and is no part of what is measured.
        .current_dir(scratch.join("cwd"))
        .output()
        .expect("it can be started");
    let told = String::from_utf8_lossy(&told.stdout);
    let mut numbers = told.split_whitespace().map(str::parse::<u64>);
    let mut next = || {
        numbers
            .next()
            .and_then(Result::ok)
            .expect("the run succeeds")
    };
    (Duration::from_micros(next()), next() * 1024)
}

fn build(scratch: &Path, source: &str) -> PathBuf {
    fs::write(scratch.join("go.mod"), "module bench\n").expect("there is room");
    fs::write(scratch.join("main.go"), source).expect("there is room");
    let built = Command::new("go")
        .args(["build", "-o", "bench.wasm"])
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("GOFLAGS", "")])
        .current_dir(scratch)
        .status();
    assert!(built.expect("Go is on PATH").success());
    scratch.join("bench.wasm")
}

/// A million calls: wrapped, and a host function that does nothing but read the clock, each without what
/// a run of a single call takes.
fn calls() {
    let (once, often) = (calling(1), calling(1_000_001));
    let mut taken = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        let alone = taking(|| wrapped(once.clone()));
        taken[0].push(taking(|| wrapped(often.clone())).saturating_sub(alone));
        let alone = taking(|| plain(&once));
        taken[1].push(taking(|| plain(&often)).saturating_sub(alone));
    }
    let [wrapped, plain] = taken.map(median);
    println!(
        "a million calls of clock_time_get: wrapped {} ns each, plain {} ns: {:.3}",
        wrapped.as_millis(),
        plain.as_millis(),
        wrapped.as_secs_f64() / plain.as_secs_f64(),
    );
}

fn taking(work: impl FnOnce()) -> Duration {
    let now = || cpu(&getrusage(UsageWho::RUSAGE_SELF).expect("the system counts"));
    let before = now();
    work();
    now().saturating_sub(before)
}

fn wrapped(wasm: Vec<u8>) {
    let outcome = runtime_harness::run(Guest {
        wasm: wasm.into(),
        args: vec!["bench".to_owned()],
        env: Vec::new(),
        dirs: Vec::new(),
        stdin: None,
        stdout: Box::new(std::io::sink()),
        stderr: Box::new(std::io::sink()),
        limits: Limits::default(),
        deterministic: false,
        trace: None,
        unwinder: None,
        compiler: Compiler::Winch,
        keeper: None,
        invoke: None,
        stop: None,
    });
    assert_eq!(outcome.expect("it runs").end, End::Exit(0));
}

fn plain(wasm: &[u8]) {
    let mut config = Config::new();
    config.strategy(Strategy::Winch).epoch_interruption(true);
    let engine = Engine::new(&config).expect("Winch knows this processor");
    let module = Module::new(&engine, wasm).expect("it is a module");
    let mut linker: Linker<Instant> = Linker::new(&engine);
    let now = |caller: Caller<'_, Instant>, _: i32, _: i64, _: i32| {
        std::hint::black_box(caller.data().elapsed());
        0
    };
    let defined = linker.func_wrap("wasi_snapshot_preview1", "clock_time_get", now);
    defined.expect("the function fits");
    let mut store = Store::new(&engine, Instant::now());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &module).expect("it fits");
    let run = instance.get_typed_func::<(), ()>(&mut store, "_start");
    run.expect("it has a start")
        .call(&mut store, ())
        .expect("it returns");
}

fn median<T: Ord>(mut figures: Vec<T>) -> T {
    figures.sort();
    let middle = figures.len() / 2;
    figures.swap_remove(middle)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes are shown, in millions of bytes"
)]
fn millions(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
