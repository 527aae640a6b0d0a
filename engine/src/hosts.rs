//! Where programs run: the sandbox's worker, and, where the user allows it, Node, Chromium and this
//! machine itself.

mod chromium;
mod native;
mod node;
mod worker;

pub(crate) use self::native::USER;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{HostKind, Target};
use toolchain::{Chromium, Ended, Interrupt, Node, Platform, Program, Reaper, Session};

use crate::paths::Paths;
use crate::prepared::{COPY, inside, path, utf8};
use crate::settings::{Settings, WorkerProgram};
use crate::task::{Run, Task};
use crate::world::World;

/// How long the worker may take beyond the guest's time, to write what happened.
const GRACE: Duration = Duration::from_secs(5);

/// Runs programs.
pub(crate) trait Host: Send + Sync {
    /// What reports call it: `wasmtime 48.0.8`, `node v20.20.2`.
    fn name(&self) -> String;

    /// Run a program to its end, or say why it could not be run.
    fn run(&self, task: &Task) -> Result<Run, String>;

    /// The copy of the module in which tests are built and run, where that is not the sandbox's affair.
    fn test_copy(&self) -> Result<Option<Utf8PathBuf>, String> {
        Ok(None)
    }
}

/// Where a program runs: on a target, or on this machine, which is the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    Native,
    On(Target),
}

impl Site {
    /// The build that runs there.
    pub(crate) fn platform(self) -> Platform {
        match self {
            Self::Native => Platform::Native,
            Self::On(target) => Platform::Wasm(target.goos()),
        }
    }
}

/// The argument that lets this program reap what another leaves.
pub const REAP: &str = "reap";

/// The hosts of a module.
pub(crate) struct Hosts {
    by_site: BTreeMap<Site, Box<dyn Host>>,
    paths: Paths,
    /// Why there is no Node although the user wants it.
    pub(crate) no_node: Option<String>,
    /// Why there is no Chromium although the user wants it.
    pub(crate) no_chromium: Option<String>,
}

impl Hosts {
    /// Find what programs can be run with.
    pub(crate) fn find(session: &Session, settings: &Settings, paths: Paths) -> Self {
        let mut hosts = Self {
            by_site: BTreeMap::new(),
            paths,
            no_node: None,
            no_chromium: None,
        };
        let place = HostSetup::of(session, settings);
        // Remedies are tried on targets of the build that nobody asked for, too.
        for target in Target::ALL {
            let host = match target.host() {
                HostKind::Wasi => Some(worker::host(&place, &settings.worker, None)),
                HostKind::Node => hosts.node(session, settings, &place, target),
                HostKind::Browser => hosts.chromium(session, settings, &place, target),
            };
            hosts.by_site.extend(host.map(|h| (Site::On(target), h)));
        }
        if settings.trusted.native {
            let native = native::NativeHost::new(place);
            hosts.by_site.insert(Site::Native, Box::new(native));
        }
        hosts
    }

    /// Node, where the user wants it; otherwise our own worker plays it.
    fn node(
        &mut self,
        session: &Session,
        settings: &Settings,
        place: &HostSetup,
        target: Target,
    ) -> Option<Box<dyn Host>> {
        let goroot = &session.env().goroot;
        let trusted = settings.trusted.node || settings.trusted.native;
        if trusted && settings.targets.contains(&target) {
            match Node::find(goroot, session.root(), session.interrupt()) {
                Ok(node) => return Some(Box::new(node::NodeHost::new(node, place.clone()))),
                Err(why) => self.no_node = Some(why),
            }
        }
        let script = toolchain::wasm_exec(goroot)?;
        Some(worker::host(place, &settings.worker, Some(script)))
    }

    /// Chromium, where the user wants it; there is nothing else that runs pages.
    fn chromium(
        &mut self,
        session: &Session,
        settings: &Settings,
        place: &HostSetup,
        target: Target,
    ) -> Option<Box<dyn Host>> {
        if !settings.trusted.chromium || !settings.targets.contains(&target) {
            return None;
        }
        match Chromium::find(&session.env().goroot, session.root(), session.interrupt()) {
            Ok(chromium) => {
                let interrupt = place.interrupt.clone();
                Some(Box::new(chromium::ChromiumHost::new(chromium, interrupt)))
            }
            Err(why) => {
                self.no_chromium = Some(why);
                None
            }
        }
    }

    /// Whether programs are run there at all.
    pub(crate) fn runs(&self, site: Site) -> bool {
        self.by_site.contains_key(&site)
    }

    /// The targets among those that were chosen for which programs are run.
    pub(crate) fn targets(&self, settings: &Settings) -> Vec<Target> {
        let chosen = settings.targets.iter().copied();
        chosen.filter(|t| self.runs(Site::On(*t))).collect()
    }

    /// What runs programs there.
    pub(crate) fn of(&self, site: Site) -> Result<&dyn Host, String> {
        let host = self.by_site.get(&site);
        host.map(Box::as_ref)
            .ok_or_else(|| "there is no host for it".to_owned())
    }

    /// What reports call the host of a target.
    pub(crate) fn name(&self, target: Target) -> String {
        let host = self.by_site.get(&Site::On(target));
        host.map_or_else(String::new, |host| host.name())
    }

    /// Run a program; the paths that it prints are those that readers know.
    pub(crate) fn run(&self, site: Site, task: &Task) -> Result<Run, String> {
        let mut run = self.of(site)?.run(task)?;
        let printed = &mut run.printed;
        for text in [&mut printed.stdout, &mut printed.stderr, &mut printed.both] {
            *text = self.paths.of_toolchain(text);
        }
        Ok(run)
    }
}

/// The module whose programs run, and how they are ended.
#[derive(Clone)]
pub(crate) struct HostSetup {
    interrupt: Interrupt,
    root: Utf8PathBuf,
    goroot: Utf8PathBuf,
    reaper: Option<Reaper>,
}

impl HostSetup {
    fn of(session: &Session, settings: &Settings) -> Self {
        let program = worker_program(&settings.worker).ok();
        Self {
            reaper: program.map(|program| Reaper {
                program,
                args: vec![REAP.to_owned()],
            }),
            interrupt: session.interrupt().clone(),
            root: session.root().to_owned(),
            goroot: session.env().goroot.clone(),
        }
    }

    /// Run a program outside of the sandbox to its end, and end whatever it leaves.
    fn start_outside(&self, program: Program) -> Result<Ended, String> {
        self.start(&Program {
            reaper: self.reaper.clone(),
            ..program
        })
    }

    /// Run a process to its end.
    fn start(&self, program: &Program) -> Result<Ended, String> {
        program.run(&self.interrupt).map_err(|e| e.to_string())
    }
}

/// A scratch copy of a module, for tests outside of the sandbox, which may write where they stand;
/// made when it is first asked for.
#[derive(Default)]
struct TestCopy(OnceLock<Result<World, String>>);

impl TestCopy {
    /// The copy of a module, or why there is none.
    fn of(&self, module: &Utf8Path) -> Result<&World, String> {
        let made = self.0.get_or_init(|| {
            let mut world = World::new().map_err(|e| e.to_string())?;
            let copied = world.copy(module.as_std_path(), COPY);
            copied.map_err(|e| e.to_string())?;
            let entered = world.enter(module.as_std_path());
            entered.map_err(|e| format!("{module}: {e}"))?;
            Ok(world)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// Where a directory of the module lies in the copy.
    fn dir(&self, module: &Utf8Path, dir: &Utf8Path) -> Result<Utf8PathBuf, String> {
        utf8(&self.of(module)?.host_path(dir.as_std_path()))
    }
}

/// The file of the program that runs guests. On Linux by a name that holds when the file was replaced
/// since it started.
fn worker_program(program: &WorkerProgram) -> Result<String, String> {
    match program {
        WorkerProgram::At(file) => Ok(file.to_string()),
        WorkerProgram::Own => own_program(),
    }
}

/// The file of this program.
pub(crate) fn own_program() -> Result<String, String> {
    if cfg!(target_os = "linux") && Path::new("/proc/self/exe").exists() {
        return Ok("/proc/self/exe".to_owned());
    }
    let file = std::env::current_exe().map_err(|e| format!("no worker for the sandbox: {e}"))?;
    Ok(file.to_string_lossy().into_owned())
}

/// Start the process that cleans up when this one is killed; without it, the next run does.
pub(crate) fn start_watchdog(program: &WorkerProgram) {
    if let Ok(program) = worker_program(program) {
        toolchain::watchdog::start(&program, "watchdog");
    }
}

/// What the end of a worker by a signal says of the program that it ran.
pub(crate) fn engine_ended(js: bool, signal: &str) -> String {
    match (signal, js) {
        // Memory that the system does not have is a reason of this kind, too.
        ("SIGKILL" | "SIGTERM" | "SIGINT" | "SIGHUP", _) => {
            format!("the sandbox was killed from outside ({signal})")
        }
        (_, true) => format!("the JavaScript engine ended ({signal})"),
        (_, false) => format!("the WebAssembly engine ended ({signal})"),
    }
}

/// What a program has printed into a file.
#[expect(
    clippy::disallowed_methods,
    reason = "what a program of ours has printed"
)]
fn printed(log: &Utf8Path) -> String {
    let bytes = std::fs::read(Path::new(log.as_str())).unwrap_or_default();
    // Text is taken as it is, without another copy.
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}
