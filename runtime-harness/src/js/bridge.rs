//! Between the engine and JavaScript: what `wasm_exec.js` sees of an instance, and what the program
//! calls of `wasm_exec.js`.
//!
//! A call of the program leads into JavaScript, and that may call the program again, on one thread
//! and one stack. The innermost call holds the store; the outer ones wait for it.

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

use rquickjs::function::Func;
use rquickjs::{
    ArrayBuffer, ArrayBufferSource, Ctx, Exception, Function, Object, Persistent, Value,
};
use wasmtime::{
    AsContextMut, Caller, Extern, ExternType, Instance, Linker, Memory, Module, StoreContextMut,
    TypedFunc, Val, WasmBacktrace,
};

use crate::Error;
use crate::callers::Position;
use crate::deadline::Deadline;
use crate::host::MemoryLimit;
use crate::run::Limited;
use crate::stop::Stop;

/// State of the engine's side.
pub(super) struct JsHost {
    pub(super) memory: MemoryLimit,
    pub(super) deadline: Deadline,
}

impl Limited for JsHost {
    fn memory(&mut self) -> &mut MemoryLimit {
        &mut self.memory
    }

    fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}

/// The end is known: leave the program.
#[derive(Debug, thiserror::Error)]
#[error("the program has ended")]
struct Ended;

/// JavaScript threw something, which passes through the program to whoever called it.
#[derive(Debug, thiserror::Error)]
#[error("an exception passes through")]
struct Thrown;

type Current = NonNull<StoreContextMut<'static, JsHost>>;

struct Exports {
    run: TypedFunc<(i32, i32), ()>,
    resume: TypedFunc<(), ()>,
    getsp: TypedFunc<(), i32>,
    memory: Memory,
}

/// What both sides know.
#[derive(Default)]
pub(super) struct Bridge {
    /// The store, as the innermost call has it.
    current: Cell<Option<Current>>,
    exports: OnceCell<Exports>,
    imports: RefCell<Vec<Persistent<Function<'static>>>>,
    /// The memory as JavaScript sees it, and its length: grown memory is another buffer.
    buffer: RefCell<Option<(usize, Persistent<ArrayBuffer<'static>>)>>,
    thrown: RefCell<Option<Persistent<Value<'static>>>>,
    end: RefCell<Option<wasmtime::Error>>,
    js: Cell<Option<NonNull<rquickjs::qjs::JSContext>>>,
    /// Go's stack pointer in the innermost call, which it gives each function of `wasm_exec.js`.
    sp: Cell<u32>,
}

thread_local! {
    /// The engine's closures are `Send`, and what they lead to is not.
    static HERE: RefCell<Option<Rc<Bridge>>> = const { RefCell::new(None) };
}

/// The linear memory. It is never moved: the engine reserves its whole address space.
struct Linear {
    start: *mut u8,
    length: usize,
}

// SAFETY: the store outlives the JavaScript runtime (`js::run_here` drops them in that order), its
// memory does not move while it grows, and both sides run on one thread, one at a time.
#[expect(
    unsafe_code,
    reason = "JavaScript reads and writes the program's memory"
)]
unsafe impl ArrayBufferSource for Linear {
    fn as_ptr(&self) -> *mut u8 {
        self.start
    }

    fn len(&self) -> usize {
        self.length
    }
}

impl Bridge {
    /// The end, unless it was known before.
    pub(super) fn end(&self, end: wasmtime::Error) {
        self.end.borrow_mut().get_or_insert(end);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    pub(super) fn take_end(&self) -> Option<wasmtime::Error> {
        self.end.borrow_mut().take()
    }

    /// Nothing of JavaScript may be left when its runtime goes.
    pub(super) fn clear(&self) {
        self.imports.borrow_mut().clear();
        self.buffer.borrow_mut().take();
        self.thrown.borrow_mut().take();
        HERE.with(|here| here.borrow_mut().take());
    }

    /// Instantiate the program with the functions of `imports`, `wasm_exec.js`'s import object, and
    /// give JavaScript its exports.
    pub(super) fn connect<'js>(
        self: &Rc<Self>,
        ctx: &Ctx<'js>,
        host: &Object<'js>,
        imports: &Object<'js>,
        store: &mut StoreContextMut<'_, JsHost>,
        module: &Module,
    ) -> Result<(), Error> {
        self.js.set(Some(ctx.as_raw()));
        HERE.with(|here| here.borrow_mut().replace(Rc::clone(self)));
        let mut linker = Linker::new(module.engine());
        // Go imports some functions twice.
        linker.allow_shadowing(true);
        self.link(&mut linker, ctx, imports, module)?;
        linker
            .define_unknown_imports_as_traps(module)
            .map_err(Error::Engine)?;
        let instance = linker.instantiate(&mut *store, module);
        let instance = instance.map_err(|e| Error::Start(format!("{e:#}")))?;
        let exports = exports(store, &instance)?;
        let _ = self.exports.set(exports);
        self.export(ctx, host)
            .map_err(|e| Error::Start(e.to_string()))
    }

    fn link<'js>(
        &self,
        linker: &mut Linker<JsHost>,
        ctx: &Ctx<'js>,
        imports: &Object<'js>,
        module: &Module,
    ) -> Result<(), Error> {
        for import in module.imports() {
            let ExternType::Func(ty) = import.ty() else {
                continue;
            };
            let found = imports.get::<_, Object<'js>>(import.module());
            let Ok(function) = found.and_then(|m| m.get::<_, Function<'js>>(import.name())) else {
                continue;
            };
            let mut all = self.imports.borrow_mut();
            let number = all.len();
            all.push(Persistent::save(ctx, function));
            let call = move |mut caller: Caller<'_, JsHost>, args: &[Val], results: &mut [Val]| {
                let here = HERE.with(|here| here.borrow().clone()).ok_or(Ended)?;
                here.called(caller.as_context_mut(), number, args, results)
            };
            linker
                .func_new(import.module(), import.name(), ty, call)
                .map_err(Error::Engine)?;
        }
        Ok(())
    }

    /// What JavaScript gets of the instance.
    fn export<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
        let here = Rc::clone(self);
        let run = move |ctx: Ctx<'js>, argc: i32, argv: i32| {
            here.enter(&ctx, |cx, exports| exports.run.call(cx, (argc, argv)))
        };
        host.set("run", Function::new(ctx.clone(), run)?)?;
        let here = Rc::clone(self);
        let resume =
            move |ctx: Ctx<'js>| here.enter(&ctx, |cx, exports| exports.resume.call(cx, ()));
        host.set("resume", Function::new(ctx.clone(), resume)?)?;
        let here = Rc::clone(self);
        let getsp = move |ctx: Ctx<'js>| here.enter(&ctx, |cx, exports| exports.getsp.call(cx, ()));
        host.set("getsp", Function::new(ctx.clone(), getsp)?)?;
        let here = Rc::clone(self);
        let buffer = move |ctx: Ctx<'js>| here.memory(&ctx);
        host.set("buffer", Func::from(buffer))
    }

    /// JavaScript calls the program.
    fn enter<R>(
        &self,
        ctx: &Ctx<'_>,
        call: impl FnOnce(&mut StoreContextMut<'static, JsHost>, &Exports) -> wasmtime::Result<R>,
    ) -> rquickjs::Result<R> {
        let (Some(mut current), Some(exports)) = (self.current.get(), self.exports.get()) else {
            return Err(Exception::throw_message(ctx, "the program is not running"));
        };
        // SAFETY: the store is held by `with_store` below, in a call that waits for this one.
        #[expect(unsafe_code, reason = "the store passes through JavaScript")]
        let result = call(unsafe { current.as_mut() }, exports);
        result.map_err(|error| self.leave(ctx, error))
    }

    /// The program was left with an error: whose was it?
    fn leave(&self, ctx: &Ctx<'_>, error: wasmtime::Error) -> rquickjs::Error {
        if error.is::<Thrown>()
            && let Some(thrown) = self.thrown.borrow_mut().take()
            && let Ok(thrown) = thrown.restore(ctx)
        {
            return ctx.throw(thrown);
        }
        if !error.is::<Ended>() {
            self.end(error);
        }
        Exception::throw_message(ctx, "the program has ended")
    }

    /// Keep the store where calls of JavaScript find it.
    pub(super) fn with_store<R>(
        &self,
        cx: &mut StoreContextMut<'_, JsHost>,
        work: impl FnOnce() -> R,
    ) -> R {
        let current = NonNull::from(cx).cast::<StoreContextMut<'static, JsHost>>();
        let outer = self.current.replace(Some(current));
        let result = work();
        self.current.set(outer);
        result
    }

    /// The program calls JavaScript.
    fn called(
        &self,
        mut cx: StoreContextMut<'_, JsHost>,
        number: usize,
        args: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        if self.has_ended() {
            return Err(Ended.into());
        }
        let outer = self.sp.get();
        if let [Val::I32(sp)] = args {
            self.sp.set(sp.cast_unsigned());
        }
        let given = self.with_store(&mut cx, || self.javascript(number, args));
        self.sp.set(outer);
        if self.has_ended() {
            return Err(Ended.into());
        }
        if cx.data().deadline.is_over() {
            return Err(Stop::TimedOut.into());
        }
        let given = given?;
        if let [result] = results {
            *result = match result {
                #[expect(clippy::cast_possible_truncation, reason = "as ToInt32 does")]
                Val::I32(_) => Val::I32(given as i64 as i32),
                #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
                Val::I64(_) => Val::I64(given as i64),
                #[expect(clippy::cast_possible_truncation, reason = "as Math.fround does")]
                Val::F32(_) => Val::F32((given as f32).to_bits()),
                _ => Val::F64(given.to_bits()),
            };
        }
        Ok(())
    }

    /// Where the program is that has called, with its memory.
    pub(super) fn position<R>(&self, look: impl FnOnce(&[u8], Position) -> R) -> Option<R> {
        let current = self.current.get()?;
        // SAFETY: as in `enter`; nothing runs while it is looked at.
        #[expect(unsafe_code, reason = "the store passes through JavaScript")]
        let cx = unsafe { current.as_ref() };
        let trace = WasmBacktrace::force_capture(cx);
        let at = Position {
            sp: self.sp.get(),
            function: trace.frames().first()?.func_index(),
        };
        Some(look(self.exports.get()?.memory.data(cx), at))
    }

    fn javascript(&self, number: usize, args: &[Val]) -> wasmtime::Result<f64> {
        let raw = self.js.get().ok_or(Ended)?;
        // SAFETY: the context lives as long as the run, and this is its thread.
        #[expect(unsafe_code, reason = "the context is not handed through the engine")]
        let ctx = unsafe { Ctx::from_raw(raw) };
        let function = self.imports.borrow().get(number).cloned().ok_or(Ended)?;
        let called = function.restore(&ctx).and_then(|function| {
            let mut given = rquickjs::function::Args::new(ctx.clone(), args.len());
            for arg in args {
                given.push_arg(number_of(arg))?;
            }
            function.call_arg::<Value<'_>>(given)
        });
        if let Ok(value) = called {
            return Ok(value.as_number().unwrap_or(0.0));
        }
        let thrown = Persistent::save(&ctx, ctx.catch());
        self.thrown.borrow_mut().replace(thrown);
        Err(Thrown.into())
    }

    /// The program's memory as it is now.
    fn memory<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<ArrayBuffer<'js>> {
        let linear = self.enter(ctx, |cx, exports| {
            Ok(Linear {
                start: exports.memory.data_ptr(&*cx),
                length: exports.memory.data_size(&*cx),
            })
        })?;
        let mut buffer = self.buffer.borrow_mut();
        if let Some((length, kept)) = buffer.as_ref()
            && *length == linear.length
        {
            return kept.clone().restore(ctx);
        }
        if let Some((_, old)) = buffer.take() {
            // As when memory grows on any host (WebAssembly JavaScript interface, "refresh the
            // memory buffer").
            old.restore(ctx)?.detach();
        }
        let length = linear.length;
        let new = ArrayBuffer::from_source(ctx.clone(), linear)?;
        *buffer = Some((length, Persistent::save(ctx, new.clone())));
        Ok(new)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of JavaScript; Go itself passes addresses alone"
)]
fn number_of(value: &Val) -> f64 {
    match value {
        Val::I32(n) => f64::from(*n),
        Val::I64(n) => *n as f64,
        Val::F32(bits) => f64::from(f32::from_bits(*bits)),
        Val::F64(bits) => f64::from_bits(*bits),
        _ => 0.0,
    }
}

fn exports(store: &mut StoreContextMut<'_, JsHost>, instance: &Instance) -> Result<Exports, Error> {
    let missing = |name: &str| {
        Error::Start(format!(
            "the module exports no `{name}`, which wasm_exec.js requires: it was not built with GOOS=js"
        ))
    };
    let Some(Extern::Memory(memory)) = instance.get_export(&mut *store, "mem") else {
        return Err(missing("mem"));
    };
    Ok(Exports {
        run: instance
            .get_typed_func(&mut *store, "run")
            .map_err(|_| missing("run"))?,
        resume: instance
            .get_typed_func(&mut *store, "resume")
            .map_err(|_| missing("resume"))?,
        getsp: instance
            .get_typed_func(&mut *store, "getsp")
            .map_err(|_| missing("getsp"))?,
        memory,
    })
}
