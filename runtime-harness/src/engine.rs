//! The engine: Winch, and Cranelift for what Winch does not take.

use wasmtime::{Config, Engine, Module, Strategy};

use crate::Error;

/// What runs the guests.
pub const NAME: &str = "wasmtime 48.0.8";

/// Depth of the wasm stack: that of Go's own runner (`lib/wasm/go_wasip1_wasm_exec`).
const STACK: usize = 8 << 20;

/// Compile a module.
///
/// Winch compiles several times faster than Cranelift, which counts for programs that run once;
/// it lacks some proposals and exists for some processors only.
pub(crate) fn compile(wasm: &[u8]) -> Result<(Engine, Module), Error> {
    if let Ok(engine) = engine(Strategy::Winch)
        && let Ok(module) = Module::new(&engine, wasm)
    {
        return Ok((engine, module));
    }
    let engine = engine(Strategy::Cranelift).map_err(Error::Engine)?;
    let module = Module::new(&engine, wasm).map_err(Error::Module)?;
    Ok((engine, module))
}

fn engine(strategy: Strategy) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .strategy(strategy)
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(64))
        .max_wasm_stack(STACK);
    // The stack of an async call must hold the wasm stack, whether calls are async or not.
    config.async_stack_size(STACK + (1 << 20));
    Engine::new(&config)
}
