//! The functions behind `host.js`: clocks, random bytes, text, output and files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;

use model::{HostCall, Refusal};
use rquickjs::{
    Array, ArrayBuffer, CString, Ctx, Exception, Function, IntoJs, Object, TypedArray, Value,
};

use super::JsSupport;
use super::bridge::Bridge;
use super::files::{Call, Failure, Files, Reply, Slots};
use crate::budget::Budget;
use crate::callers::{Callers, Position};
use crate::clock::{Clock, Fixed};
use crate::deadline::Deadline;
use crate::host::Quota;
use crate::stop::Stop;
use crate::watch::{Trace, quoted};
use crate::{Error, Guest};

/// Most random bytes at once, as in browsers (Web Cryptography, "getRandomValues").
const MAX_RANDOM: usize = 65_536;

/// Longest paths, in bytes, that are joined.
const MAX_RESOLVED: usize = 64 << 10;

/// Errors by which this host refuses.
const REFUSALS: [&str; 5] = ["ENOSYS", "ENOTSUP", "EPERM", "EACCES", "EROFS"];

/// The host of one run.
pub(super) struct Globals {
    node: bool,
    clock: Clock,
    bridge: Rc<Bridge>,
    /// What the guest may use of memory.
    budget: Budget,
    random: Option<RefCell<Fixed>>,
    stdin: RefCell<Option<Box<dyn Read + Send>>>,
    output: RefCell<Output>,
    files: RefCell<Files>,
    trace: Option<RefCell<Trace>>,
    callers: Option<RefCell<Callers>>,
    calls: RefCell<BTreeMap<String, HostCall>>,
}

struct Output {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    left: Quota,
}

impl Globals {
    pub(super) fn new(
        guest: Guest,
        support: &JsSupport,
        clock: Clock,
        bridge: Rc<Bridge>,
        budget: Budget,
    ) -> Result<Self, Error> {
        let limits = guest.limits;
        let disk = Quota::new(limits.disk, "the program exceeded the disk limit of");
        let files = Quota::new(
            limits.files,
            "the program exceeded the limit of created files,",
        );
        let dirs = if support.node {
            guest.dirs.as_slice()
        } else {
            &[]
        };
        Ok(Self {
            node: support.node,
            clock,
            bridge,
            budget,
            random: guest.deterministic.then(RefCell::default),
            stdin: RefCell::new(guest.stdin),
            output: RefCell::new(Output {
                stdout: guest.stdout,
                stderr: guest.stderr,
                left: Quota::new(limits.output, "the program exceeded the output limit of"),
            }),
            files: RefCell::new(Files::new(dirs, &support.dir, disk, files)?),
            trace: guest
                .trace
                .map(|out| RefCell::new(Trace::new(out, guest.deterministic))),
            callers: guest.unwinder.map(|u| RefCell::new(Callers::new(u))),
            calls: RefCell::default(),
        })
    }

    pub(super) fn node(&self) -> bool {
        self.node
    }

    pub(super) fn sleep(&self, wait: Duration, deadline: &Deadline) -> Result<(), Stop> {
        self.clock.sleep(wait, deadline)
    }

    /// What was called, by name.
    pub(super) fn calls(&self) -> Vec<HostCall> {
        self.calls.borrow().values().cloned().collect()
    }

    /// Those that were refused.
    pub(super) fn refusals(&self) -> Vec<Refusal> {
        let callers = self.callers.as_ref();
        callers.map_or_else(Vec::new, |callers| callers.borrow().refusals())
    }

    /// Write to standard output or error; too much of it is the end.
    pub(super) fn print(&self, fd: u32, text: &str) {
        if let Err(Failure::Stop(stop)) = self.put(fd, text.as_bytes()) {
            self.bridge.end(stop.into());
        }
    }

    fn put(&self, fd: u32, bytes: &[u8]) -> Result<usize, Failure> {
        let mut output = self.output.borrow_mut();
        output.left.take(bytes.len() as u64)?;
        let stream = match fd {
            1 => &mut output.stdout,
            2 => &mut output.stderr,
            _ => return Err(Failure::Code("EBADF")),
        };
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        // Whoever reads it may be gone.
        written.map_err(|_| Failure::Code("EPIPE"))?;
        Ok(bytes.len())
    }

    /// Give JavaScript its functions.
    pub(super) fn set_up<'js>(
        self: &Rc<Self>,
        ctx: &Ctx<'js>,
        host: &Object<'js>,
    ) -> rquickjs::Result<()> {
        self.times(ctx, host)?;
        self.bytes(ctx, host)?;
        self.places(ctx, host)?;
        self.streams(ctx, host)?;
        ctx.globals().set("wasmcheckHost", host.clone())
    }

    fn times<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
        let here = Rc::clone(self);
        let now = move || here.clock.since_start().as_secs_f64() * 1000.0;
        host.set("now", Function::new(ctx.clone(), now)?)?;
        let here = Rc::clone(self);
        let wall = move || here.clock.wall().as_secs_f64() * 1000.0;
        host.set("wall", Function::new(ctx.clone(), wall)?)?;
        let here = Rc::clone(self);
        let exit = move |ctx: Ctx<'js>, code: i32| {
            here.bridge.end(Stop::Exit(code).into());
            Err::<(), _>(Exception::throw_message(&ctx, "the program has ended"))
        };
        host.set("exit", Function::new(ctx.clone(), exit)?)?;
        let here = Rc::clone(self);
        let failed = move |why: String| {
            if !here.bridge.has_ended() {
                here.print(2, &format!("Uncaught {why}\n"));
                here.bridge.end(Stop::Exit(1).into());
            }
        };
        host.set("failed", Function::new(ctx.clone(), failed)?)
    }

    fn bytes<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
        let here = Rc::clone(self);
        let random = move |ctx: Ctx<'js>, length: usize| {
            if length > MAX_RANDOM {
                let why = "more random bytes than getRandomValues gives";
                return Err(Exception::throw_range(&ctx, why));
            }
            let mut bytes = vec![0; length];
            match &here.random {
                Some(fixed) => fixed.borrow_mut().fill(&mut bytes),
                None => getrandom::fill(&mut bytes)
                    .map_err(|e| Exception::throw_message(&ctx, &e.to_string()))?,
            }
            ArrayBuffer::new_copy(ctx, bytes)
        };
        host.set("random", Function::new(ctx.clone(), random)?)?;
        host.set("encode", Function::new(ctx.clone(), encode)?)?;
        let here = Rc::clone(self);
        let decode = move |ctx: Ctx<'js>, bytes: TypedArray<'js, u8>| here.decode(ctx, &bytes);
        host.set("decode", Function::new(ctx.clone(), decode)?)
    }

    /// The text that bytes are, as UTF-8.
    fn decode<'js>(
        &self,
        ctx: Ctx<'js>,
        bytes: &TypedArray<'js, u8>,
    ) -> rquickjs::Result<rquickjs::String<'js>> {
        let bytes = seen(bytes);
        // What is no text becomes a character of three bytes.
        let longest = match str::from_utf8(bytes) {
            Ok(_) => 0,
            Err(_) => 3 * bytes.len() as u64,
        };
        let Some(_held) = self.budget.hold(longest) else {
            return Err(Exception::throw_range(&ctx, "out of memory"));
        };
        let text = String::from_utf8_lossy(bytes);
        // As TextDecoder does unless it is told otherwise (Encoding, "UTF-8 decode").
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        rquickjs::String::from_str(ctx, text)
    }

    fn places<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
        let here = Rc::clone(self);
        let cwd = move || here.files.borrow().cwd().to_owned();
        host.set("cwd", Function::new(ctx.clone(), cwd)?)?;
        let here = Rc::clone(self);
        let owner = move || here.files.borrow().owner().to_vec();
        host.set("owner", Function::new(ctx.clone(), owner)?)?;
        let here = Rc::clone(self);
        let resolve = move |ctx: Ctx<'js>, parts: Vec<String>| {
            if parts.iter().map(String::len).sum::<usize>() > MAX_RESOLVED {
                return Err(Exception::throw_range(&ctx, "the path is too long"));
            }
            Ok(here.files.borrow().resolve(&parts))
        };
        host.set("resolve", Function::new(ctx.clone(), resolve)?)?;
        let here = Rc::clone(self);
        let umask = move |mask: i64| here.files.borrow_mut().umask(u32::try_from(mask).ok());
        host.set("umask", Function::new(ctx.clone(), umask)?)?;
        let here = Rc::clone(self);
        let file = move |ctx: Ctx<'js>,
                         name: String,
                         path: String,
                         other: String,
                         fd: i64,
                         n: f64,
                         m: f64| {
            let slots = Slots {
                name: &name,
                path: &path,
                other: &other,
                fd: number(fd),
                n,
                m,
            };
            let Some(call) = Call::new(&slots) else {
                let none = Err::<(), _>(Failure::Code("ENOSYS"));
                return here.answer(&ctx, "unknown", &path, none);
            };
            let done = slots
                .are_short()
                .and_then(|()| here.files.borrow_mut().call(call));
            here.answer(&ctx, &name, &path, done)
        };
        host.set("file", Function::new(ctx.clone(), file)?)
    }

    fn streams<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
        let here = Rc::clone(self);
        let print = move |fd: u32, text: String| here.print(fd, &text);
        host.set("print", Function::new(ctx.clone(), print)?)?;
        let here = Rc::clone(self);
        let write = move |ctx: Ctx<'js>, fd: i64, bytes: TypedArray<'js, u8>, at: f64| {
            let bytes = seen(&bytes);
            let fd = number(fd);
            let written = match fd {
                1 | 2 => here.put(fd, bytes),
                _ => here.files.borrow_mut().write(fd, bytes, position(at)),
            };
            let written = written.map(count);
            here.answer(&ctx, "write", &fd.to_string(), written)
        };
        host.set("write", Function::new(ctx.clone(), write)?)?;
        let here = Rc::clone(self);
        let read = move |ctx: Ctx<'js>, fd: i64, mut into: TypedArray<'js, u8>, at: f64| {
            let fd = number(fd);
            let room = room(&mut into);
            let read = match fd {
                0 => here.stdin(room),
                _ => here.files.borrow_mut().read(fd, room, position(at)),
            };
            here.answer(&ctx, "read", &fd.to_string(), read.map(count))
        };
        host.set("read", Function::new(ctx.clone(), read)?)
    }

    fn stdin(&self, room: &mut [u8]) -> Result<usize, Failure> {
        let mut stdin = self.stdin.borrow_mut();
        match stdin.as_mut() {
            Some(stdin) => Ok(stdin.read(room)?),
            None => Ok(0),
        }
    }

    /// `{code, value}`: an error's name, or what the call gives. It is counted, and written down.
    fn answer<'js, T: IntoJs<'js>>(
        &self,
        ctx: &Ctx<'js>,
        name: &str,
        about: &str,
        done: Result<T, Failure>,
    ) -> rquickjs::Result<Object<'js>> {
        let code = match &done {
            Err(Failure::Code(code)) => Some(*code),
            _ => None,
        };
        self.count(&format!("fs.{name}"), about, code);
        let answer = Object::new(ctx.clone())?;
        match done {
            Ok(value) => answer.set("value", value)?,
            Err(Failure::Code(code)) => answer.set("code", code)?,
            Err(Failure::Stop(stop)) => {
                self.bridge.end(stop.into());
                return Err(Exception::throw_message(ctx, "the program has ended"));
            }
        }
        Ok(answer)
    }

    fn count(&self, name: &str, about: &str, code: Option<&str>) {
        let mut calls = self.calls.borrow_mut();
        let call = calls.entry(name.to_owned()).or_insert_with(|| HostCall {
            name: name.to_owned(),
            calls: 0,
            microseconds: None,
            errors: BTreeMap::new(),
        });
        call.calls += 1;
        if let Some(code) = code {
            *call.errors.entry(code.to_owned()).or_default() += 1;
        }
        if let Some(trace) = &self.trace {
            trace.borrow_mut().named(name, about, code.unwrap_or("ok"));
        }
        if let (Some(code), Some(callers)) = (code, &self.callers) {
            self.bridge.position(|memory, at| {
                self.failed(&mut callers.borrow_mut(), (name, code), about, memory, at);
            });
        }
    }

    /// A call that failed, and who made it.
    fn failed(
        &self,
        callers: &mut Callers,
        (name, code): (&str, &str),
        about: &str,
        memory: &[u8],
        at: Position,
    ) {
        if let Some(trace) = &self.trace {
            trace.borrow_mut().stack(&callers.stack(memory, at));
        }
        if REFUSALS.contains(&code) {
            let about = (!about.is_empty()).then(|| quoted(about.as_bytes()));
            callers.refused((name, code), about, memory, at);
        }
    }
}

/// The bytes that a text is, as UTF-8. The engine's own copy of them, and the buffer, are its memory.
fn encode<'js>(ctx: Ctx<'js>, text: rquickjs::String<'js>) -> rquickjs::Result<ArrayBuffer<'js>> {
    let text: CString<'js> = text.to_cstring()?;
    // SAFETY: so many bytes lie there for as long as the value lives. They need not be UTF-8.
    #[expect(
        unsafe_code,
        reason = "half a surrogate pair is no character, but a text has it"
    )]
    let bytes = unsafe { std::slice::from_raw_parts(text.as_ptr().cast::<u8>(), text.len()) };
    ArrayBuffer::new_copy(ctx, bytes)
}

/// What a typed array holds; nothing when its buffer is gone.
fn seen<'b>(bytes: &'b TypedArray<'_, u8>) -> &'b [u8] {
    // SAFETY: nothing of JavaScript runs while they are used: the calls of this host that take them
    // call nothing, and the array itself keeps its buffer.
    #[expect(unsafe_code, reason = "bytes are not copied")]
    let bytes = unsafe { bytes.as_bytes() };
    bytes.unwrap_or_default()
}

/// The same to be written to.
fn room<'b>(into: &'b mut TypedArray<'_, u8>) -> &'b mut [u8] {
    let Some(mut raw) = into.as_raw() else {
        return &mut [];
    };
    // SAFETY: as above; the buffer may be the program's memory, which nothing else uses meanwhile.
    #[expect(unsafe_code, reason = "bytes are not copied")]
    unsafe {
        raw.as_mut()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are whole numbers"
)]
fn position(at: f64) -> Option<u64> {
    (at >= 0.0).then_some(at as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a number of JavaScript")]
fn count(bytes: usize) -> f64 {
    bytes as f64
}

/// The number of a file; no file has the one that others become.
fn number(fd: i64) -> u32 {
    u32::try_from(fd).unwrap_or(u32::MAX)
}

impl<'js> IntoJs<'js> for Reply {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        match self {
            Self::Nothing => Ok(Value::new_undefined(ctx.clone())),
            Self::Number(number) => number.into_js(ctx),
            Self::Text(text) => text.into_js(ctx),
            Self::Names(names) => {
                let array = Array::new(ctx.clone())?;
                for (at, name) in names.into_iter().enumerate() {
                    array.set(at, name)?;
                }
                Ok(array.into_value())
            }
            Self::Stat(fields) => {
                let stat = Object::new(ctx.clone())?;
                for (name, value) in fields {
                    stat.set(name, value)?;
                }
                Ok(stat.into_value())
            }
        }
    }
}
