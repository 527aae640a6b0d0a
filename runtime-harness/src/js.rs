//! Programs of `GOOS=js`: the toolchain's own `wasm_exec.js` in a JavaScript engine beside wasmtime.
//!
//! A guest reaches JavaScript itself here (`syscall/js`), and with it an interpreter written in C:
//! that is a process of its own, not a sandbox like that of wasip1. There is no `eval`, no network,
//! no `require`, and there are no files but those of [`Guest::dirs`].

mod bridge;
mod confine;
mod files;
mod globals;
mod heap;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::intrinsic;
use rquickjs::module::WriteOptions;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Module, Object, Runtime};
use wasmtime::{AsContextMut, Store};

use self::bridge::{Bridge, JsHost};
use self::globals::Globals;
use self::heap::Heap;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::deadline::Deadline;
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

/// How a program ended whose host failed.
pub(crate) const FAILED: &str = "the JavaScript engine ended";

/// What JavaScript may use of the thread's stack, the engine's frames among it included: deeper
/// recursion is a `RangeError`. The rest of the stack is for the host's functions, which look at nothing.
/// More than 16 MiB are no limit for rquickjs; those of Node are 8 MiB (`lib/wasm/go_js_wasm_exec`).
const JS_STACK: usize = 16 << 20;
const _: () = assert!(JS_STACK <= run::STACK / 2);

/// The largest memory that JavaScript can see: a longer buffer is an "invalid array buffer length"
/// for this engine. In pages of 64 KiB.
const MOST_MEMORY: u64 = (1 << 31) - (64 << 10);

/// Run a program of `GOOS=js` to its end.
pub fn run_js(guest: Guest, support: JsSupport) -> Result<Outcome, Error> {
    let started = Instant::now();
    run::on_deep_stack(move || run_here(guest, &support, started))
}

fn run_here(mut guest: Guest, support: &JsSupport, started: Instant) -> Result<Outcome, Error> {
    let deadline = guest.deadline(started);
    let (engine, module) = engine::compile_guest(&mut guest)?;
    let scripts = [
        ("host.js", include_str!("js/host.js")),
        ("wasm_exec.js", support.wasm_exec.as_str()),
    ];
    let scripts = scripts.map(|(name, text)| bytecode(name, text));
    let budget = Budget::new(guest.limits.memory);
    let mut store = Store::new(
        &engine,
        JsHost {
            memory: MemoryLimit::new(budget.clone()).with_most(MOST_MEMORY),
            deadline: deadline.clone(),
        },
    );
    run::limit(&mut store);
    let ticks = Ticks::start(&engine);
    let clock = Clock::new(guest.deterministic);
    let bridge = Rc::new(Bridge::default());
    confine::confine(&guest.dirs).map_err(Error::Start)?;
    let args = guest.args.clone();
    let env = guest.env.clone();
    let globals = Globals::new(guest, support, clock, Rc::clone(&bridge), budget.clone())?;
    let globals = Rc::new(globals);
    let begun = Instant::now();
    let machine = Machine::new(budget, deadline.clone())?;
    let played = machine.with(|ctx| {
        let played = Play {
            ctx,
            globals: &globals,
            bridge: &bridge,
            deadline: &deadline,
        }
        .play(scripts, &args, &env, &mut store, &module);
        bridge.clear();
        played
    });
    drop(ticks);
    let (end, stack) = match played {
        Some(played) => ended(played, &bridge, &deadline)?,
        None => (End::Failed(FAILED.to_owned()), Vec::new()),
    };
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

/// The JavaScript engine within its limits.
struct Machine {
    runtime: Runtime,
    context: Context,
    budget: Budget,
}

impl Machine {
    fn new(budget: Budget, deadline: Deadline) -> Result<Self, Error> {
        let runtime = Runtime::new_with_alloc(Heap(budget.clone())).map_err(no_engine)?;
        runtime.set_max_stack_size(JS_STACK);
        runtime.set_interrupt_handler(Some(Box::new(move || deadline.is_over())));
        let context = Context::custom::<Intrinsics>(&runtime).map_err(no_engine)?;
        Ok(Self {
            runtime,
            context,
            budget,
        })
    }

    /// Do something with it, and end it: it sees the program's memory, and goes before that does. None
    /// when the host's own functions failed.
    fn with<R>(self, work: impl FnOnce(&Ctx<'_>) -> R) -> Option<R> {
        let done = catch_unwind(AssertUnwindSafe(|| self.context.with(|ctx| work(&ctx))));
        // An engine that was left in the middle of something, or that found no memory for what it had
        // to do, may still hold values, and one that holds values ends the process when it is freed. Its
        // process ends soon.
        if done.is_err() || self.budget.has_denied() {
            mem::forget((self.context, self.runtime));
        }
        done.ok()
    }
}

fn ended(
    played: Result<(), Error>,
    bridge: &Bridge,
    deadline: &Deadline,
) -> Result<(End, Vec<u32>), Error> {
    match bridge.take_end() {
        Some(error) => Ok((end_of(&error)?, stack_of(&error))),
        // The engine was interrupted before the program began.
        None if played.is_err() && deadline.is_over() => Ok((End::TimedOut, Vec::new())),
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
    deadline: &'p Deadline,
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
        while !self.bridge.has_ended() && self.ctx.execute_pending_job() {
            // A job need not be JavaScript, whose loops the engine looks at.
            if self.is_late() {
                self.bridge.end(Stop::TimedOut.into());
            }
        }
        Ok(())
    }

    fn is_late(&self) -> bool {
        self.deadline.is_over()
    }

    /// Nobody caught an exception: Node prints it and exits with 1.
    fn uncaught(&self) {
        let told = rquickjs::CaughtError::from_error(self.ctx, rquickjs::Error::Exception);
        if self.is_late() {
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
