//! One guest from start to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::Frame;
use wasmtime::{Engine, Linker, Module, Store, Trap, UnknownImportError, WasmBacktrace};

use crate::budget::Budget;
use crate::callers::{Callers, POINTER, Position};
use crate::clock::{Clock, Fixed};
use crate::deadline::Deadline;
use crate::host::null::Nulls;
use crate::host::{Host, MemoryLimit, Quota};
use crate::stop::Stop;
use crate::watch::{Trace, shortened};
use crate::{End, Error, Guest, Outcome, engine, invoke, wasi};

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);
/// Stack of the thread that runs the guest: its wasm stack lies on it.
pub(crate) const STACK: usize = 64 << 20;

/// Run a guest to its end.
pub fn run(guest: Guest) -> Result<Outcome, Error> {
    let started = Instant::now();
    on_deep_stack(move || run_here(guest, started))
}

/// Run a guest on a thread that has room for it.
pub(crate) fn on_deep_stack(
    work: impl FnOnce() -> Result<Outcome, Error> + Send + 'static,
) -> Result<Outcome, Error> {
    let thread = thread::Builder::new().stack_size(STACK);
    let running = thread.spawn(work);
    let joined = running
        .map_err(|e| Error::Start(format!("cannot start a thread: {e}")))?
        .join();
    joined.unwrap_or_else(|_| Err(Error::Start("the engine panicked".to_owned())))
}

fn run_here(mut guest: Guest, started: Instant) -> Result<Outcome, Error> {
    let deadline = guest.deadline(started);
    let (engine, module) = engine::compile_guest(&mut guest)?;
    let mut linker: Linker<Host> = Linker::new(&engine);
    let calls = wasi::add(&mut linker).map_err(Error::Engine)?;
    // What the host does not have fails when it is called, with its name, and not before.
    linker
        .define_unknown_imports_as_traps(&module)
        .map_err(Error::Engine)?;
    let (invoke, args) = (guest.invoke.clone(), guest.args.clone());
    let mut host = host(guest, deadline)?;
    host.calls = calls;
    let mut store = Store::new(&engine, host);
    limit(&mut store);
    let ticks = Ticks::start(&engine);
    let begun = Instant::now();
    let result = match &invoke {
        None => call(&mut store, &linker, &module).map(|()| Vec::new()),
        Some(name) => invoke::call(&mut store, &linker, &module, name, &args),
    };
    let time = begun.elapsed();
    drop(ticks);
    let (end, results, stack) = match result {
        Ok(results) => (End::Exit(0), results, Vec::new()),
        Err(e) => (end_of(&e)?, Vec::new(), stack_of(&e)),
    };
    let callers = last_stack(&mut store, &stack);
    let host = store.into_data();
    let calls = host.calls.iter().filter_map(crate::host::Call::host_call);
    let mut calls: Vec<_> = calls.collect();
    calls.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Outcome {
        end: host.memory.ended(end),
        calls,
        refusals: host.callers.map_or_else(Vec::new, |c| c.refusals()),
        time,
        memory: host.memory.peak,
        results,
        stack,
        callers,
    })
}

/// Go's own stack as it lies in the memory of a guest that was ended.
fn last_stack(store: &mut Store<Host>, stack: &[u32]) -> Vec<Frame> {
    let look = || {
        let function = *stack.first()?;
        let instance = store.data().instance?;
        let sp = instance.get_global(&mut *store, POINTER)?;
        let sp = sp.get(&mut *store).i32()?.cast_unsigned();
        let memory = instance.get_memory(&mut *store, "memory")?;
        let (memory, host) = memory.data_and_store_mut(store);
        let callers = host.callers.as_ref()?;
        Some(callers.stack(memory, Position { sp, function }))
    };
    look().unwrap_or_default()
}

/// Hold a guest to its memory, and ask at every tick whether its time is up.
pub(crate) fn limit<H: Limited + 'static>(store: &mut Store<H>) {
    store.limiter(|host| host.memory());
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| {
        if context.data().deadline().is_over() {
            return Err(Stop::TimedOut.into());
        }
        Ok(wasmtime::UpdateDeadline::Continue(1))
    });
}

/// The state of a run that has limits.
pub(crate) trait Limited {
    fn memory(&mut self) -> &mut MemoryLimit;
    fn deadline(&self) -> &Deadline;
}

impl Limited for Host {
    fn memory(&mut self) -> &mut MemoryLimit {
        &mut self.memory
    }

    fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}

fn host(guest: Guest, deadline: Deadline) -> Result<Host, Error> {
    let clock = Clock::new(guest.deterministic);
    let mut context = wasi::Context::new(&guest.args, &guest.env, clock.clone());
    for dir in &guest.dirs {
        context.preopen(dir).map_err(|e| Error::Dir {
            dir: dir.host.clone(),
            why: e.to_string(),
        })?;
    }
    let limits = guest.limits;
    Ok(Host {
        wasi: context,
        deadline,
        clock,
        random: guest.deterministic.then(Fixed::default),
        trace: guest.trace.map(|out| Trace::new(out, guest.deterministic)),
        stdin: guest.stdin,
        stdout: guest.stdout,
        stderr: guest.stderr,
        output: Quota::new(limits.output, "the program exceeded the output limit of"),
        disk: Quota::new(limits.disk, "the program exceeded the disk limit of"),
        files: Quota::new(
            limits.files,
            "the program exceeded the limit of created files,",
        ),
        memory: MemoryLimit::new(Budget::new(limits.memory)),
        calls: Vec::new(),
        nulls: Nulls::below(guest.dirs.iter().map(|dir| dir.guest.clone()).collect()),
        exported: None,
        instance: None,
        callers: guest.unwinder.map(Callers::new),
    })
}

fn call(store: &mut Store<Host>, linker: &Linker<Host>, module: &Module) -> wasmtime::Result<()> {
    let instance = linker.instantiate(&mut *store, module);
    let instance = instance.map_err(|e| {
        if e.is::<Stop>() || e.is::<Trap>() {
            e
        } else {
            NotInstantiated(shortened(format!("{e:#}"))).into()
        }
    })?;
    store.data_mut().instance = Some(instance);
    let Ok(start) = instance.get_typed_func::<(), ()>(&mut *store, "_start") else {
        return Err(NoStart.into());
    };
    start.call(&mut *store, ())
}

/// The module has no `_start`.
#[derive(Debug, thiserror::Error)]
#[error(
    "the module exports no `_start`, so it is not a command; call an export of a reactor with `--invoke NAME`"
)]
struct NoStart;

/// The functions on the engine's stack.
pub(crate) fn stack_of(error: &wasmtime::Error) -> Vec<u32> {
    let trace = error.downcast_ref::<WasmBacktrace>();
    let frames = trace.map(WasmBacktrace::frames).unwrap_or_default();
    frames.iter().map(wasmtime::FrameInfo::func_index).collect()
}

/// The module could not be instantiated.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotInstantiated(String);

pub(crate) fn end_of(error: &wasmtime::Error) -> Result<End, Error> {
    if error.is::<NoStart>() {
        return Err(Error::Start(NoStart.to_string()));
    }
    if let Some(why) = error.downcast_ref::<NotInstantiated>() {
        return Err(Error::Start(why.to_string()));
    }
    if let Some(why) = error.downcast_ref::<invoke::Unfit>() {
        return Err(Error::Start(why.to_string()));
    }
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return Ok(match stop {
            Stop::Exit(code) => End::Exit(*code),
            Stop::TimedOut => End::TimedOut,
            Stop::Limit(what) => End::Limit(what.clone()),
        });
    }
    if let Some(unknown) = error.downcast_ref::<UnknownImportError>() {
        return Ok(End::UnknownImport {
            module: shortened(unknown.module().to_owned()),
            name: shortened(unknown.name().to_owned()),
        });
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Ok(End::TimedOut),
        Some(trap) => Ok(End::Trapped(trap.to_string())),
        // A call to the host with a pointer or a number that means nothing.
        None => Ok(End::Trapped(shortened(error.root_cause().to_string()))),
    }
}

/// Moves the engine's epoch on until it is dropped.
pub(crate) struct Ticks(Arc<AtomicBool>);

impl Ticks {
    pub(crate) fn start(engine: &Engine) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let (stopped, engine) = (Arc::clone(&stop), engine.clone());
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                engine.increment_epoch();
            }
        });
        Self(stop)
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
