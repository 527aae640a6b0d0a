//! Programs of `GOOS=js`: the toolchain's own `wasm_exec.js` in a JavaScript engine beside wasmtime.
//!
//! A guest reaches JavaScript itself here (`syscall/js`), and with it an interpreter written in C:
//! that is a process of its own, not a sandbox like that of wasip1. There is no `eval`, no network,
//! no `require`, and there are no files but those of [`Guest::dirs`].

mod bridge;
mod confine;
mod files;
mod globals;

use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::intrinsic;
use rquickjs::module::WriteOptions;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Module, Object, Runtime};
use wasmtime::{AsContextMut, Store};

use self::bridge::{Bridge, JsHost};
use self::globals::Globals;
use crate::clock::Clock;
use crate::host::MemoryLimit;
use crate::run::{Ticks, end_of, stack_of};
use crate::stop::Stop;
use crate::{End, Error, Guest, Outcome, engine, run};

/// What runs these guests.
pub const JS_NAME: &str = "QuickJS-ng and wasmtime 48.0.8, process-isolated";

/// What Go itself gives programs to run on a JavaScript host with, and which host is played.
#[derive(Clone, Debug)]
pub struct JsSupport {
    /// `lib/wasm/wasm_exec.js` of the toolchain that built the program (`misc/wasm` up to Go 1.23).
    pub wasm_exec: String,
    /// Node, with its files; otherwise a browser, which has none.
    pub node: bool,
    /// The current directory.
    pub dir: String,
}

/// All that programs of Go can ask of JavaScript, `eval` and `Function` apart.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::WeakRef,
    intrinsic::DOMException,
);

/// What JavaScript may use of the thread's stack, the engine's frames among it included: deeper
/// recursion is a `RangeError`.
const JS_STACK: usize = run::STACK - (8 << 20);

/// The largest memory that JavaScript can see: a longer buffer is an "invalid array buffer length"
/// for this engine. In pages of 64 KiB.
const MOST_MEMORY: u64 = (1 << 31) - (64 << 10);

/// Run a program of `GOOS=js` to its end.
pub fn run_js(guest: Guest, support: JsSupport) -> Result<Outcome, Error> {
    let started = Instant::now();
    run::on_deep_stack(move || run_here(guest, &support, started))
}

fn run_here(mut guest: Guest, support: &JsSupport, started: Instant) -> Result<Outcome, Error> {
    let deadline = guest.limits.time.map(|time| started + time);
    let (engine, module) = engine::compile_guest(&mut guest)?;
    let scripts = [
        ("host.js", include_str!("js/host.js")),
        ("wasm_exec.js", support.wasm_exec.as_str()),
    ];
    let scripts = scripts.map(|(name, text)| bytecode(name, text));
    let mut store = Store::new(
        &engine,
        JsHost {
            memory: MemoryLimit::new(guest.limits.memory.min(MOST_MEMORY)),
            deadline,
        },
    );
    run::limit(&mut store);
    let ticks = Ticks::start(&engine);
    let clock = Clock::new(guest.deterministic);
    let bridge = Rc::new(Bridge::default());
    confine::confine(&guest.dirs).map_err(Error::Start)?;
    let memory = guest.limits.memory;
    let args = guest.args.clone();
    let env = guest.env.clone();
    let globals = Rc::new(Globals::new(guest, support, clock, Rc::clone(&bridge))?);
    let begun = Instant::now();
    // The JavaScript engine goes before the store does: it sees the program's memory.
    let runtime = Runtime::new().map_err(no_engine)?;
    runtime.set_memory_limit(usize::try_from(memory).unwrap_or(usize::MAX));
    runtime.set_max_stack_size(JS_STACK);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    })));
    let context = Context::custom::<Intrinsics>(&runtime).map_err(no_engine)?;
    let played = context.with(|ctx| {
        let played = Play {
            ctx: &ctx,
            globals: &globals,
            bridge: &bridge,
            deadline,
        }
        .play(scripts, &args, &env, &mut store, &module);
        bridge.clear();
        played
    });
    drop(context);
    drop(runtime);
    drop(ticks);
    let (end, stack) = ended(played, &bridge)?;
    let host = store.into_data();
    Ok(Outcome {
        end: host.memory.ended(end),
        calls: globals.calls(),
        refusals: globals.refusals(),
        time: begun.elapsed(),
        memory: host.memory.peak,
        results: Vec::new(),
        stack,
        callers: Vec::new(),
    })
}

fn ended(played: Result<(), Error>, bridge: &Bridge) -> Result<(End, Vec<u32>), Error> {
    match bridge.take_end() {
        Some(error) => Ok((end_of(&error)?, stack_of(&error))),
        None => played.map(|()| (End::Exit(0), Vec::new())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn no_engine(error: rquickjs::Error) -> Error {
    Error::Start(format!("the JavaScript engine cannot be set up: {error}"))
}

/// A script, compiled where nothing of the guest is: the engine that runs it has no compiler.
fn bytecode(name: &str, text: &str) -> Result<Vec<u8>, Error> {
    let fail = |why: String| Error::Start(format!("the script {name} cannot be run: {why}"));
    let runtime = Runtime::new().map_err(no_engine)?;
    runtime.set_max_stack_size(JS_STACK);
    let context = Context::full(&runtime).map_err(no_engine)?;
    context.with(|ctx| {
        let module = Module::declare(ctx.clone(), name, text).catch(&ctx);
        let module = module.map_err(|e| fail(e.to_string()))?;
        let bytes = module.write(WriteOptions::default());
        bytes.map_err(|e| fail(e.to_string()))
    })
}

struct Play<'p, 'js> {
    ctx: &'p Ctx<'js>,
    globals: &'p Rc<Globals>,
    bridge: &'p Rc<Bridge>,
    deadline: Option<Instant>,
}

impl<'js> Play<'_, 'js> {
    fn play(
        &self,
        [host_script, wasm_exec]: [Result<Vec<u8>, Error>; 2],
        args: &[String],
        env: &[(String, String)],
        store: &mut Store<JsHost>,
        module: &wasmtime::Module,
    ) -> Result<(), Error> {
        let ctx = self.ctx;
        let js = |what: &str, e: rquickjs::Error| {
            let told = rquickjs::CaughtError::from_error(ctx, e);
            Error::Start(format!("{what}: {told}"))
        };
        let host = Object::new(ctx.clone()).map_err(no_engine)?;
        let set_up = self.globals.set_up(ctx, &host);
        set_up.map_err(|e| js("the host's functions", e))?;
        self.script(&host_script?).map_err(|e| js("host.js", e))?;
        called(&host, "setUp", (self.globals.node(),)).map_err(|e| js("host.js", e))?;
        self.script(&wasm_exec?)
            .map_err(|e| js("wasm_exec.js", e))?;
        let pairs: Vec<Vec<&str>> = env
            .iter()
            .map(|(k, v)| vec![k.as_str(), v.as_str()])
            .collect();
        let prepare: Function<'js> = host.get("prepare").map_err(no_engine)?;
        let imports: Object<'js> = prepare
            .call((args.to_vec(), pairs))
            .map_err(|e| js("wasm_exec.js", e))?;
        let mut cx = store.as_context_mut();
        self.bridge.connect(ctx, &host, &imports, &mut cx, module)?;
        self.bridge.with_store(&mut cx, || self.turns(&host));
        Ok(())
    }

    /// Run a compiled script.
    fn script(&self, code: &[u8]) -> rquickjs::Result<()> {
        // SAFETY: `bytecode` made it, in this process and with this engine.
        #[expect(unsafe_code, reason = "our own bytecode")]
        let module = unsafe { Module::load(self.ctx.clone(), code) }?;
        let (_, done) = module.eval()?;
        done.finish::<()>()
    }

    /// The event loop: until the program ends, or nothing can wake it.
    fn turns(&self, host: &Object<'js>) {
        let mut end = self.call_and_run_jobs(host, "start");
        let mut asleep = false;
        while end.is_ok() && !self.bridge.has_ended() {
            let waiting = host
                .get::<_, Function<'js>>("wait")
                .and_then(|wait| wait.call::<_, f64>(()));
            end = match waiting {
                Ok(wait) if wait >= 0.0 => {
                    let wait = Duration::try_from_secs_f64(wait / 1000.0);
                    match self.globals.sleep(wait.unwrap_or_default(), self.deadline) {
                        Ok(()) => self.call_and_run_jobs(host, "fire"),
                        Err(stop) => return self.bridge.end(stop.into()),
                    }
                }
                Ok(_) if asleep => return,
                Ok(_) => {
                    asleep = true;
                    self.call_and_run_jobs(host, "deadlock")
                }
                Err(e) => Err(e),
            };
        }
        if end.is_err() {
            self.uncaught();
        }
    }

    /// Call one of the host's functions, and do what it has promised.
    fn call_and_run_jobs(&self, host: &Object<'js>, name: &str) -> rquickjs::Result<()> {
        called(host, name, ())?;
        while !self.bridge.has_ended() && self.ctx.execute_pending_job() {}
        Ok(())
    }

    /// Nobody caught an exception: Node prints it and exits with 1.
    fn uncaught(&self) {
        let told = rquickjs::CaughtError::from_error(self.ctx, rquickjs::Error::Exception);
        if self.deadline.is_some_and(|d| Instant::now() >= d) {
            return self.bridge.end(Stop::TimedOut.into());
        }
        if !self.bridge.has_ended() {
            self.globals.print(2, &format!("Uncaught {told}\n"));
            self.bridge.end(Stop::Exit(1).into());
        }
    }
}

fn called<'js, A: rquickjs::function::IntoArgs<'js>>(
    host: &Object<'js>,
    name: &str,
    args: A,
) -> rquickjs::Result<()> {
    host.get::<_, Function<'js>>(name)?.call(args)
}
