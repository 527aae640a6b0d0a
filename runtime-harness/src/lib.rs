//! The sandbox: wasm bytes in, outcome out.
//!
//! So far it starts a wasip1 command without arguments, files or environment, under limits of
//! time and memory. The program that uses it, host-call tracing and scratch worlds come with the
//! run stage; nothing else of the project calls it yet.

use std::time::Duration;

use wasmtime::{
    Config, Engine, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, Strategy, Trap,
};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

/// What a guest may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Standard output, in bytes.
    pub output: usize,
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned, or called `proc_exit`, with this code.
    Exit(i32),
    /// It ran out of time.
    TimedOut,
    /// It trapped.
    Trapped(String),
}

/// A guest that was run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
}

/// Why a guest could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine could not be made.
    #[error("the wasm engine cannot be set up: {0}")]
    Engine(wasmtime::Error),
    /// The bytes are no module that the engine takes.
    #[error("this is no WebAssembly module that can be run: {0}")]
    Module(wasmtime::Error),
    /// It imports what is not there, or exports no `_start`.
    #[error("the module cannot be started: {0}")]
    Start(wasmtime::Error),
}

/// Depth of the wasm stack: that of Go's own runner (`lib/wasm/go_wasip1_wasm_exec`).
const STACK: usize = 8 << 20;
/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);

struct Host {
    wasi: WasiP1Ctx,
    limits: StoreLimits,
}

/// Run a wasip1 command without arguments, environment, files or input.
pub fn run(wasm: &[u8], limits: Limits) -> Result<Outcome, Error> {
    let engine = engine().map_err(Error::Engine)?;
    let module = Module::new(&engine, wasm).map_err(Error::Module)?;
    let stdout = MemoryOutputPipe::new(limits.output);
    let context = WasiCtxBuilder::new().stdout(stdout.clone()).build_p1();
    let memory = StoreLimitsBuilder::new().memory_size(limits.memory).build();
    let mut store = Store::new(
        &engine,
        Host {
            wasi: context,
            limits: memory,
        },
    );
    store.limiter(|host| &mut host.limits);
    let mut linker: Linker<Host> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi).map_err(Error::Engine)?;
    let ticks = limits.time.as_millis().div_ceil(TICK.as_millis()).max(1);
    store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX));
    let clock = Clock::start(&engine);
    let instance = linker
        .instantiate(&mut store, &module)
        .map_err(Error::Start)?;
    let start = instance
        .get_typed_func::<(), ()>(&mut store, "_start")
        .map_err(Error::Start)?;
    let end = end_of(start.call(&mut store, ()));
    drop(clock);
    drop(store);
    Ok(Outcome {
        end,
        stdout: stdout.contents().to_vec(),
    })
}

fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // Winch compiles several times faster than Cranelift, which counts for programs that run once.
    config
        .strategy(Strategy::Winch)
        .epoch_interruption(true)
        .max_wasm_stack(STACK);
    // The stack of an async call must hold the wasm stack, whether calls are async or not.
    config.async_stack_size(STACK + (1 << 20));
    Engine::new(&config)
}

fn end_of(result: wasmtime::Result<()>) -> End {
    let Err(error) = result else {
        return End::Exit(0);
    };
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return End::Exit(exit.0);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => End::TimedOut,
        Some(trap) => End::Trapped(trap.to_string()),
        None => End::Trapped(format!("{error:#}")),
    }
}

/// Moves the engine's epoch on until it is dropped.
struct Clock(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Clock {
    fn start(engine: &Engine) -> Self {
        let stop = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
        let (stopped, engine) = (std::sync::Arc::clone(&stop), engine.clone());
        std::thread::spawn(move || {
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        });
        Self(stop)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        time: Duration::from_millis(300),
        memory: 1 << 20,
        output: 1 << 16,
    };

    fn run_wat(body: &str) -> Result<Outcome, Error> {
        let text = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (data (i32.const 16) "hello\n")
                (func (export "_start") {body}))"#
        );
        run(&wat::parse_str(text).unwrap(), LIMITS)
    }

    #[test]
    fn a_program_writes_and_exits() {
        let outcome = run_wat(
            "(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 6))
             (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
             (call $exit (i32.const 7))",
        )
        .unwrap();
        assert_eq!(
            (outcome.end, outcome.stdout.as_slice()),
            (End::Exit(7), &b"hello\n"[..])
        );
    }

    #[test]
    fn a_loop_ends_with_its_time() {
        assert_eq!(run_wat("(loop $l (br $l))").unwrap().end, End::TimedOut);
    }

    #[test]
    fn memory_does_not_grow_past_its_limit() {
        let grown = "(memory.grow (i32.const 100))";
        let outcome = run_wat(&format!("(call $exit (i32.eq {grown} (i32.const -1)))")).unwrap();
        assert_eq!(outcome.end, End::Exit(1));
    }

    #[test]
    fn a_trap_is_told() {
        assert!(
            matches!(run_wat("unreachable").unwrap().end, End::Trapped(why) if why.contains("unreachable"))
        );
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(matches!(run(b"#!/bin/sh", LIMITS), Err(Error::Module(_))));
    }
}
