//! The engine: Winch, and Cranelift for what Winch does not take.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::{Config, Engine, Module, Strategy};

use crate::callers::with_pointer;
use crate::{Error, Guest};

/// What runs the guests.
pub const NAME: &str = "wasmtime 48.0.8";

/// Depth of the wasm stack: that of Go's own runner (`lib/wasm/go_wasip1_wasm_exec`).
const STACK: usize = 8 << 20;

/// Where compiled modules are kept between runs. What is kept is machine code: whoever gives it back
/// must know that it is what was kept, byte for byte, and that nobody else could write there.
pub trait Keeper: Send {
    /// What was kept of a module for an engine.
    fn recall(&self, wasm: &[u8], engine: u64) -> Option<Vec<u8>>;

    /// Keep it, or do not.
    fn keep(&self, wasm: &[u8], engine: u64, compiled: &[u8]);
}

/// Which compiler makes machine code of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// Several times quicker than Cranelift, which counts for programs that run once; Cranelift for
    /// what it does not take, and for processors that it does not know.
    #[default]
    Winch,
    /// Its code is up to three times as fast.
    Cranelift,
}

/// Compile a guest; one whose stacks are read, with its stack pointer to be seen.
pub(crate) fn compile_guest(guest: &Guest) -> Result<(Engine, Module), Error> {
    let wasm = match &guest.unwinder {
        Some(_) => with_pointer(&guest.wasm),
        None => Cow::Borrowed(guest.wasm.as_slice()),
    };
    compile(&wasm, guest.compiler, guest.keeper.as_deref())
}

/// Compile a module, or take it from where it was kept.
fn compile(
    wasm: &[u8],
    compiler: Compiler,
    keeper: Option<&dyn Keeper>,
) -> Result<(Engine, Module), Error> {
    if compiler == Compiler::Winch
        && let Ok(engine) = engine(Strategy::Winch)
        && let Ok(module) = module(&engine, wasm, keeper)
    {
        return Ok((engine, module));
    }
    let engine = engine(Strategy::Cranelift).map_err(Error::Engine)?;
    let module = module(&engine, wasm, keeper).map_err(Error::Module)?;
    Ok((engine, module))
}

fn module(engine: &Engine, wasm: &[u8], keeper: Option<&dyn Keeper>) -> wasmtime::Result<Module> {
    let Some(keeper) = keeper else {
        return Module::new(engine, wasm);
    };
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let version = hasher.finish();
    if let Some(kept) = keeper.recall(wasm, version)
        && let Some(module) = trusted(engine, &kept)
    {
        return Ok(module);
    }
    let module = Module::new(engine, wasm)?;
    if let Ok(compiled) = module.serialize() {
        keeper.keep(wasm, version, &compiled);
    }
    Ok(module)
}

/// Machine code that the keeper vouches for; none when it is that of another engine.
#[expect(
    unsafe_code,
    reason = "the keeper gives back what this engine has compiled"
)]
fn trusted(engine: &Engine, compiled: &[u8]) -> Option<Module> {
    // SAFETY: the bytes come from `Module::serialize`, by the contract of `Keeper`.
    unsafe { Module::deserialize(engine, compiled) }.ok()
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
