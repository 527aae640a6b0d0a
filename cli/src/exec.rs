//! `wasmcheck exec`: the sandbox as a program, and as the worker of `wasmcheck check`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use analyzer::Stacks;
use camino::{Utf8Path, Utf8PathBuf};
use model::{Frame, Ran};
use runtime_harness::{
    Compiler, End, Guest, JS_NAME, JsSupport, Keeper, Limits, NAME, Outcome, Preopen, Unwinder,
    Wasm, World,
};
use toolchain::{Interrupt, Scratch};

use crate::args::{EngineArg, ExecArgs, JsHostArg, Profile};
use crate::cache::CompiledModules;
use crate::{files, output};

/// The time is up.
const TIMED_OUT: u8 = 124;
/// The sandbox refused, or could not run it.
const REFUSED: u8 = 125;
/// A trap: 128 + SIGABRT, as wasmtime has it.
const TRAPPED: u8 = 134;
/// Time zones, where Go looks for them (`time/zoneinfo_unix.go`).
pub(crate) const ZONES: &str = "/usr/share/zoneinfo";
/// Who runs tests: `os/user.Current` wants a name beside HOME (`os/user/lookup_stubs.go`).
pub(crate) const USER: &str = "user";
/// What every program of a system may read and tests expect: time zones, terminals, types of files.
const SYSTEM: [&str; 3] = ["/usr/share", "/lib/terminfo", "/etc/terminfo"];
/// Files of the kind: names of ports (`net/port_unix.go`), of protocols (`net/lookup_unix.go`), types
/// of files (`mime/type_unix.go`).
const SYSTEM_FILES: [&str; 3] = ["/etc/services", "/etc/protocols", "/etc/mime.types"];
/// 128 + SIGINT.
const INTERRUPTED: u8 = 130;
/// What stands before a program's code, its imports included, is not longer than this, in bytes.
const HEAD: u64 = 1 << 20;
/// How long after its time a guest may still sit in a call to the host.
const GRACE: Duration = Duration::from_secs(1);

/// Run the program; the exit code is its own, or says that it has none.
pub(crate) fn run(args: &ExecArgs, interrupt: &Interrupt) -> ExitCode {
    match attempt(args, interrupt) {
        Ok(code) => code,
        Err(why) => {
            report(args, &refused(&why));
            complain(args, &why);
            ExitCode::from(REFUSED)
        }
    }
}

fn attempt(args: &ExecArgs, interrupt: &Interrupt) -> Result<ExitCode, String> {
    let (head, wasm) = program(&args.file)?;
    let seen = Seen::new(args)?;
    let js = analyzer::is_js(&head)
        .then(|| js(args, &seen))
        .transpose()?;
    watch(args, interrupt, seen.scratch());
    let time = (!args.timeout.is_zero()).then_some(args.timeout);
    let limits = Limits {
        time,
        memory: args.max_memory.as_u64(),
        output: args.max_output.as_u64(),
        disk: args.max_disk.as_u64(),
        ..Limits::default()
    };
    let mut given = vec![args.file.to_string()];
    given.extend(args.args.iter().cloned());
    let guest = Guest {
        args: given,
        env: seen.env.clone(),
        dirs: seen.dirs.clone(),
        stdin: true,
        stdout: Box::new(std::io::stdout()),
        stderr: Box::new(std::io::stderr()),
        limits,
        deterministic: args.deterministic,
        trace: args.trace.as_deref().map(trace).transpose()?,
        unwinder: unwinder(args, &head)?,
        compiler: match args.engine {
            EngineArg::Winch => Compiler::Winch,
            EngineArg::Cranelift => Compiler::Cranelift,
        },
        keeper: keeper(args),
        invoke: args.invoke.clone(),
        wasm,
    };
    other_arguments();
    let host = if js.is_some() { JS_NAME } else { NAME };
    let outcome = match js {
        Some(support) => runtime_harness::run_js(guest, support),
        None => runtime_harness::run(guest),
    };
    let outcome = outcome.map_err(|e| format!("{e}{}", hint(&args.file)))?;
    drop(seen);
    let callers = callers(&args.file, &outcome);
    let mut ran = told(&outcome, host);
    ran.why = ran.why.map(|why| why + &callers);
    report(args, &ran);
    for result in &outcome.results {
        output::print(&format!("{result}\n")).map_err(|e| e.to_string())?;
    }
    let (code, why) = exit(&outcome.end, args);
    if let Some(why) = why {
        complain(args, &(why + &callers));
    }
    Ok(ExitCode::from(code))
}

/// What a program of `GOOS=js` is run with.
fn js(args: &ExecArgs, seen: &Seen) -> Result<JsSupport, String> {
    if args.invoke.is_some() {
        return Err("--invoke calls exports of GOOS=wasip1; it was built with GOOS=js".to_owned());
    }
    let file = match &args.wasm_exec {
        Some(file) => file.clone(),
        None => wasm_exec().ok_or(
            "it was built with GOOS=js, and no Go is found whose wasm_exec.js could run it; name the file with --wasm-exec",
        )?,
    };
    let dir = seen.env.iter().find(|(name, _)| name == "PWD");
    Ok(JsSupport {
        wasm_exec: files::read_text(&file)?,
        node: args.js_host == JsHostArg::Node,
        dir: dir.map_or_else(|| "/".to_owned(), |(_, dir)| dir.clone()),
    })
}

/// `wasm_exec.js` of the Go that is there.
fn wasm_exec() -> Option<Utf8PathBuf> {
    toolchain::wasm_exec(&Utf8PathBuf::from_path_buf(goroot()?).ok()?)
}

/// The functions of the program's own that were called when a trap or a call to nobody ended it, in
/// words that follow the reason. The file itself knows their names, stripped or not.
fn callers(file: &Utf8Path, outcome: &Outcome) -> String {
    const SHOWN: usize = 4;
    if !matches!(outcome.end, End::Trapped(_) | End::UnknownImport { .. }) {
        return String::new();
    }
    if !outcome.callers.is_empty() {
        let own = outcome.callers.iter().filter(|f| !f.is_std()).take(SHOWN);
        let named: Vec<String> = own
            .map(|f| format!("`{}` at {}:{}", f.function, f.file, f.line))
            .collect();
        return format!(", called by {}", named.join(" < "));
    }
    let bytes = files::read_wasm(file).unwrap_or_default();
    let read = analyzer::inspect_wasm("", bytes, analyzer::Asked::FUNCTIONS);
    let functions = read.map(|read| read.file.functions).unwrap_or_default();
    let named = outcome.stack.iter().filter_map(|index| {
        let named = functions.iter().find(|f| f.index == Some(*index))?;
        let own = named.package.as_deref().is_some_and(|p| p != "runtime");
        own.then(|| format!("`{}`", named.name))
    });
    let named: Vec<String> = named.take(SHOWN).collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(", called by {}", named.join(" < "))
    }
}

/// Go's stacks, where somebody wants to know who calls the host.
fn unwinder(args: &ExecArgs, head: &[u8]) -> Result<Option<Box<dyn Unwinder>>, String> {
    let wanted = args.trace.is_some() || args.report.is_some() || analyzer::has_own_host(head);
    if !wanted {
        return Ok(None);
    }
    let stacks = if args.file.is_file() {
        Stacks::read(&files::read_wasm(&args.file)?)
    } else {
        Stacks::read(head)
    };
    Ok(stacks.map(|stacks| Box::new(GoStacks(stacks)) as Box<dyn Unwinder>))
}

/// What stands before the program's code, and the program, read when it must be compiled; what is no
/// file, a pipe, can be read just once.
fn program(file: &Utf8Path) -> Result<(Vec<u8>, Wasm), String> {
    if file.is_file() {
        let (head, file) = (files::head_of_wasm(file, HEAD)?, file.to_owned());
        return Ok((head, Wasm::read_by(move || files::read_wasm(&file))));
    }
    let bytes = files::read_wasm(file)?;
    Ok((bytes.clone(), bytes.into()))
}

/// Go's stacks, for the sandbox, which knows nothing of Go.
struct GoStacks(Stacks);

impl Unwinder for GoStacks {
    fn walk(&self, memory: &[u8], sp: u32, function: u32) -> Vec<u64> {
        self.0.walk(memory, sp, function)
    }

    fn frames(&self, places: &[u64]) -> Vec<Frame> {
        self.0.frames(places)
    }

    fn matters(&self, frames: &[Frame]) -> bool {
        !frames.iter().all(Frame::is_std)
    }
}

/// Where the compiled program is kept.
fn keeper(args: &ExecArgs) -> Option<Box<dyn Keeper>> {
    let kept = (!args.no_cache && args.file.is_file())
        .then(|| CompiledModules::of(&args.file))
        .flatten()?;
    Some(Box::new(kept))
}

/// Where calls are written.
fn trace(file: &Utf8Path) -> Result<Box<dyn Write + Send>, String> {
    if file == "-" {
        return Ok(Box::new(std::io::stderr()));
    }
    let out = files::lines(file).map_err(|e| format!("--trace={file}: {e}"))?;
    Ok(Box::new(out))
}

/// What is meant for Go's own runner is not read, and that is said.
fn other_arguments() {
    const NAME: &str = "GOWASIRUNTIMEARGS";
    if variable(NAME).is_some_and(|args| !args.is_empty()) {
        output::complain(&format!(
            "{NAME} is for the hosts that Go's own runner starts; give `wasmcheck exec` its own options"
        ));
    }
}

/// What the file itself tells about why no engine takes it.
fn hint(file: &Utf8Path) -> &'static str {
    let wasm = files::read_wasm(file)
        .ok()
        .and_then(|bytes| analyzer::read_wasm("", bytes).ok());
    match wasm {
        Some(wasm) if !wasm.undefined_calls.is_empty() => {
            "; it calls functions that nobody defines: `wasmcheck inspect` names the callers"
        }
        _ => "",
    }
}

fn complain(args: &ExecArgs, why: &str) {
    let name = args.file.as_str();
    let why = why.strip_prefix(&format!("{name}: ")).unwrap_or(why);
    output::complain(&format!("{name}: {why}"));
}

/// The exit code, and the reason where the program did not choose it.
fn exit(end: &End, args: &ExecArgs) -> (u8, Option<String>) {
    match end {
        // Eight bits, as for every process.
        End::Exit(code) => (code.to_le_bytes()[0], None),
        End::TimedOut => {
            let time = humantime::format_duration(args.timeout);
            (
                TIMED_OUT,
                Some(format!("it ran longer than {time} (--timeout)")),
            )
        }
        End::Trapped(why) => (TRAPPED, Some(format!("it trapped: {why}"))),
        End::Limit(_) | End::UnknownImport { .. } => (REFUSED, why(end)),
    }
}

/// The reason in a sentence; none for a program that ended by itself.
fn why(end: &End) -> Option<String> {
    match end {
        End::Exit(_) => None,
        End::TimedOut => Some("it ran out of time".to_owned()),
        End::Trapped(why) => Some(format!("it trapped: {why}")),
        End::Limit(what) => Some(what.clone()),
        End::UnknownImport { module, name } => Some(format!(
            "it called `{name}` of `{module}`, which this host does not have"
        )),
    }
}

fn told(outcome: &Outcome, host: &str) -> Ran {
    let (end, exit) = match &outcome.end {
        End::Exit(0) => (model::End::Ok, Some(0)),
        End::Exit(code) => (model::End::Fail, Some(*code)),
        End::TimedOut => (model::End::Timeout, None),
        _ => (model::End::Crash, None),
    };
    Ran {
        end,
        exit,
        why: why(&outcome.end),
        calls: outcome.calls.clone(),
        refusals: outcome.refusals.clone(),
        milliseconds: u64::try_from(outcome.time.as_millis()).unwrap_or(u64::MAX),
        memory: outcome.memory,
        host: host.to_owned(),
    }
}

/// What is said of a guest that could not be run, or did not stop.
fn refused(why: &str) -> Ran {
    Ran {
        end: model::End::Crash,
        exit: None,
        why: Some(why.to_owned()),
        calls: Vec::new(),
        refusals: Vec::new(),
        milliseconds: 0,
        memory: 0,
        host: NAME.to_owned(),
    }
}

/// Tell the process that started us, if one did.
fn report(args: &ExecArgs, ran: &Ran) {
    if let Some(file) = &args.report
        && let Err(e) = files::write(file, &output::json(ran))
    {
        output::complain(&format!("{file}: {e}"));
    }
}

/// End the process when the user wants it, when a guest does not stop in time (it may sit in a call
/// to the host, or the compiler may take too long), or when the compiler takes too much memory.
fn watch(args: &ExecArgs, interrupt: &Interrupt, scratch: Option<PathBuf>) {
    let args = args.clone();
    let interrupt = interrupt.clone();
    let end = (!args.timeout.is_zero()).then(|| Instant::now() + args.timeout + GRACE);
    // The guest's own memory is held to its limit elsewhere.
    let most = [args.max_memory, args.max_compile_memory].map(|size| size.as_u64());
    let memory = most[0].saturating_add(most[1]);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let over = if end.is_some_and(|end| Instant::now() >= end) {
                Some((model::End::Timeout, exit(&End::TimedOut, &args)))
            } else if resident().is_some_and(|resident| resident > memory) {
                let why = format!(
                    "compiling it took more memory than its limit of {} (--max-compile-memory)",
                    args.max_compile_memory
                );
                Some((model::End::Crash, (REFUSED, Some(why))))
            } else {
                None
            };
            if !interrupt.is_raised() && over.is_none() {
                continue;
            }
            if let Some(scratch) = &scratch {
                let _ = std::fs::remove_dir_all(scratch);
            }
            let Some((end, (code, why))) = over else {
                leave(INTERRUPTED)
            };
            let why = why.unwrap_or_default();
            let ran = Ran {
                end,
                ..refused(&why)
            };
            report(&args, &ran);
            complain(&args, &why);
            leave(code);
        }
    });
}

/// Memory of this process, in bytes, where the system tells it (`proc_pid_status(5)`, in KiB).
fn resident() -> Option<u64> {
    let told = files::read_text(Utf8Path::new("/proc/self/status")).ok()?;
    let line = told.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let size: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(size * 1024)
}

#[expect(
    clippy::exit,
    reason = "the guest's thread cannot be stopped otherwise"
)]
fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

/// What the guest sees of this machine.
struct Seen {
    dirs: Vec<Preopen>,
    env: Vec<(String, String)>,
    world: Option<(Scratch, World)>,
}

impl Seen {
    fn new(args: &ExecArgs) -> Result<Self, String> {
        let profile = args.profile.unwrap_or_else(|| usual(args));
        let mut seen = Self {
            dirs: Vec::new(),
            env: Vec::new(),
            world: None,
        };
        let copy = args.max_disk.as_u64();
        match profile {
            Profile::Nothing => {}
            Profile::Cwd => seen.scratch_copy(&current_dir()?, copy)?,
            Profile::GoTest => seen.go_test(copy)?,
            Profile::Full => seen.full()?,
        }
        for (option, dirs) in [("--dir", &args.dir), ("--read", &args.read)] {
            for dir in dirs {
                let dir = dir_of(option, dir)?;
                if dir.writable && CompiledModules::is_within(&dir.host) {
                    return Err(format!(
                        "{option} {}: wasmcheck keeps compiled programs in it, which no program may change; name a directory below it, or let WASMCHECK_CACHE name another place",
                        dir.host.display()
                    ));
                }
                seen.dirs.push(dir);
            }
        }
        for (name, value) in &args.env {
            seen.env.retain(|(n, _)| n != name);
            seen.env.push((name.clone(), value.clone()));
        }
        Ok(seen)
    }

    fn scratch(&self) -> Option<PathBuf> {
        let (scratch, _) = self.world.as_ref()?;
        Some(scratch.path().as_std_path().to_owned())
    }

    /// A world with a copy of a directory, which is the current one.
    fn scratch_copy(&mut self, dir: &Path, limit: u64) -> Result<(), String> {
        let scratch = Scratch::new().map_err(|e| e.to_string())?;
        let mut world = World::new(scratch.path().as_std_path()).map_err(|e| e.to_string())?;
        let told =
            |e| format!("{e}; name what the program needs with --dir, or use --profile nothing");
        world.copy(dir, limit).map_err(told)?;
        world.enter(dir);
        self.dirs.push(world.preopen());
        if Path::new(ZONES).is_dir() {
            self.dirs.push(open(Path::new(ZONES), ZONES, false));
        }
        self.env = world.env().to_vec();
        self.world = Some((scratch, world));
        Ok(())
    }

    /// What a test expects: its module around it, GOROOT to read, itself in its directory.
    fn go_test(&mut self, limit: u64) -> Result<(), String> {
        let here = current_dir()?;
        let goroot = goroot();
        let in_goroot = goroot.as_ref().is_some_and(|root| here.starts_with(root));
        let module = here.ancestors().find(|dir| dir.join("go.mod").is_file());
        // The module of the standard library is GOROOT itself, which is there to read.
        let tree = module.filter(|_| !in_goroot).unwrap_or(&here).to_owned();
        self.scratch_copy(&tree, limit)?;
        let Some((_, world)) = &mut self.world else {
            return Ok(());
        };
        world.enter(&here);
        if let Some(goroot) = &goroot {
            world.set("GOROOT", &goroot.to_string_lossy());
            self.dirs
                .push(open(goroot, &goroot.to_string_lossy(), false));
        }
        if in_goroot {
            // Go takes the longest prefix: the package's own directory is the copy.
            let copy = world.host_path(&here);
            self.dirs.push(open(&copy, &here.to_string_lossy(), true));
        }
        world.set("USER", USER);
        world.furnish().map_err(|e| e.to_string())?;
        SYSTEM_FILES
            .iter()
            .for_each(|file| world.show(Path::new(file)));
        self.env = world.env().to_vec();
        let shared = SYSTEM.into_iter().filter(|dir| Path::new(dir).is_dir());
        self.dirs
            .extend(shared.map(|dir| open(Path::new(dir), dir, false)));
        Ok(())
    }

    fn full(&mut self) -> Result<(), String> {
        self.dirs.push(open(Path::new("/"), "/", true));
        self.env.push((
            "PWD".to_owned(),
            current_dir()?.to_string_lossy().into_owned(),
        ));
        self.env
            .extend(variable("PATH").map(|path| ("PATH".to_owned(), path)));
        Ok(())
    }
}

/// GOROOT of the Go that runs the test: `go test` puts its `bin` first in PATH (release notes of Go
/// 1.19), and need not set the variable.
fn goroot() -> Option<PathBuf> {
    let of = |dir: PathBuf| {
        let go = dir.join(format!("go{}", std::env::consts::EXE_SUFFIX));
        let root = go.canonicalize().ok()?.parent()?.parent()?.to_owned();
        root.join("src/runtime").is_dir().then_some(root)
    };
    let named = variable("GOROOT").map(PathBuf::from).filter(|d| d.is_dir());
    named.or_else(|| std::env::split_paths(&variable("PATH")?).find_map(of))
}

fn usual(args: &ExecArgs) -> Profile {
    let name = args.file.file_name().unwrap_or_default();
    if Utf8Path::new(name.trim_end_matches(".wasm")).extension() == Some("test") {
        Profile::GoTest
    } else if args.dir.is_empty() {
        Profile::Cwd
    } else {
        Profile::Nothing
    }
}

fn current_dir() -> Result<PathBuf, String> {
    std::env::current_dir().map_err(|e| format!("the current directory cannot be found: {e}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "`go test` tells GOROOT and PATH this way"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn dir_of(option: &str, text: &str) -> Result<Preopen, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if !Utf8Path::new(host).is_dir() {
        return Err(format!("{option} {host}: there is no such directory"));
    }
    Ok(open(Path::new(host), guest, option == "--dir"))
}

fn open(host: &Path, guest: &str, writable: bool) -> Preopen {
    Preopen {
        host: host.to_owned(),
        guest: guest.to_owned(),
        writable,
    }
}
