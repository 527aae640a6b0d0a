//! The engine: Winch, and Cranelift for what Winch does not take.

use std::borrow::Cow;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use wasmtime::{Config, Engine, Module, Strategy};

use crate::callers::with_pointer;
use crate::{Error, Guest};

/// What runs the guests.
pub const NAME: &str = "wasmtime 48.0.8";

/// Depth of the wasm stack: that of Go's own runner (`lib/wasm/go_wasip1_wasm_exec`).
const STACK: usize = 8 << 20;

/// Where the compiled forms of one module are kept between runs. What is kept is machine code:
/// whoever gives it back must know that it is what was kept, byte for byte, and that nobody else
/// could write there. `form` tells forms of the module apart.
pub trait Keeper: Send {
    /// What was kept of the module; it may be longer. The file is mapped into memory, so that nothing
    /// may write to it from here on: what is kept is replaced, never changed.
    fn recall(&self, form: u64) -> Option<File>;

    /// Keep it, or do not; `wasm` is the module as it was read for it.
    fn keep(&self, wasm: &[u8], form: u64, compiled: &[u8]);
}

/// A module's bytes, read when they are needed: where a compiled form was kept, they are not.
pub struct Wasm(Reader);

type Reader = Box<dyn FnOnce() -> Result<Vec<u8>, String> + Send>;

impl Wasm {
    /// From a reader, whose error is a sentence about the file.
    pub fn read_by(read: impl FnOnce() -> Result<Vec<u8>, String> + Send + 'static) -> Self {
        Self(Box::new(read))
    }
}

impl From<Vec<u8>> for Wasm {
    fn from(bytes: Vec<u8>) -> Self {
        Self::read_by(|| Ok(bytes))
    }
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

/// Compile a guest, or take what was kept of it; one whose stacks are read, with its stack pointer to
/// be seen.
pub(crate) fn compile_guest(guest: &mut Guest) -> Result<(Engine, Module), Error> {
    let forms = forms(guest)?;
    if let Some(keeper) = &guest.keeper {
        for form in &forms {
            if let Some(module) = keeper
                .recall(form.id)
                .and_then(|f| trusted(&form.engine, f))
            {
                return Ok((form.engine.clone(), module));
            }
        }
    }
    let none = Wasm::from(Vec::new());
    let bytes = (mem::replace(&mut guest.wasm, none).0)().map_err(Error::Read)?;
    let wasm = match &guest.unwinder {
        Some(_) => with_pointer(&bytes),
        None => Cow::Borrowed(bytes.as_slice()),
    };
    let mut why = wasmtime::Error::msg("no compiler available");
    for form in forms {
        match Module::new(&form.engine, &wasm) {
            Ok(module) => {
                if let Some(keeper) = &guest.keeper
                    && let Ok(compiled) = module.serialize()
                {
                    keeper.keep(&bytes, form.id, &compiled);
                }
                return Ok((form.engine, module));
            }
            Err(e) => why = e,
        }
    }
    Err(Error::Module(why))
}

/// A way to compile a guest, and what its outcome is kept under.
struct Form {
    engine: Engine,
    id: u64,
}

/// The ways, in the order in which they are tried.
fn forms(guest: &Guest) -> Result<Vec<Form>, Error> {
    let form = |engine: Engine| {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        guest.unwinder.is_some().hash(&mut hasher);
        let id = hasher.finish();
        Form { engine, id }
    };
    let winch = (guest.compiler == Compiler::Winch)
        .then(|| engine(Strategy::Winch).ok())
        .flatten();
    let cranelift = engine(Strategy::Cranelift).map_err(Error::Engine)?;
    Ok(winch.into_iter().chain([cranelift]).map(form).collect())
}

/// Machine code that the keeper vouches for; none when it is that of another engine.
#[expect(
    unsafe_code,
    reason = "the keeper gives back what this engine has compiled"
)]
fn trusted(engine: &Engine, compiled: File) -> Option<Module> {
    // SAFETY: its bytes come from `Module::serialize` and stay, by the contract of `Keeper`.
    unsafe { Module::deserialize_open_file(engine, compiled) }.ok()
}

fn engine(strategy: Strategy) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .strategy(strategy)
        .epoch_interruption(true)
        // Stacks are told by function, for which frame pointers do: without these two, what is kept
        // is about half as large. Windows unwinds by tables alone.
        .generate_address_map(false)
        .native_unwind_info(cfg!(windows))
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(64))
        .max_wasm_stack(STACK);
    // The stack of an async call must hold the wasm stack, whether calls are async or not.
    config.async_stack_size(STACK + (1 << 20));
    Engine::new(&config)
}
