//! The Go command and what it says of itself.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::admitted::Admitted;
use crate::command::{Interrupt, Output, Process};
use crate::error::Error;
use crate::scratch::Scratch;

/// How Go is to be called.
#[derive(Clone)]
pub struct Options {
    /// The command: a name looked up on PATH, or a path.
    pub program: String,
    /// Neither modules nor toolchains are fetched.
    pub offline: bool,
    /// Raised when the user wants to stop.
    pub interrupt: Interrupt,
    /// Told what Go fetches from the network, a line each.
    pub on_fetch: Arc<dyn Fn(&str) + Send + Sync>,
}

/// The Go command.
#[derive(Clone)]
pub struct Go {
    options: Options,
    deadline: Option<Instant>,
    /// A toolchain that is used whatever go.mod says.
    pinned: Option<String>,
    /// Where it lies, when that is not its own name for it.
    goroot: Option<Utf8PathBuf>,
    /// The modules that may be fetched from their repositories, where the user has not said.
    vcs: Arc<OnceLock<Option<String>>>,
    /// What of modules it may read.
    admitted: Arc<Mutex<Admitted>>,
    /// Where Go works: what it leaves when it is killed goes with ours.
    work: Arc<OnceLock<Option<Scratch>>>,
}

impl fmt::Debug for Go {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Go")
            .field("program", &self.options.program)
            .finish_non_exhaustive()
    }
}

/// The part of `go env` that matters, as it holds in one directory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
pub struct GoEnv {
    /// Version of the toolchain that Go switched to, `go1.26.8`.
    pub goversion: String,
    /// Where the standard library lies.
    pub goroot: Utf8PathBuf,
    /// Where dependencies lie.
    pub gomodcache: Utf8PathBuf,
    /// The go.mod in force; the null device without one.
    pub gomod: Utf8PathBuf,
    /// The go.work in force, `off` or nothing.
    pub gowork: String,
    /// Flags that the user always gives.
    pub goflags: String,
    /// Operating system of this machine.
    pub gohostos: String,
    /// Architecture of this machine.
    pub gohostarch: String,
    /// `off` under modules being switched off.
    pub go111module: String,
}

impl GoEnv {
    /// The go.mod that is in force, if there is one.
    pub fn module_file(&self) -> Option<&Utf8Path> {
        let name = self.gomod.file_name().unwrap_or_default();
        (name == "go.mod").then_some(self.gomod.as_path())
    }

    /// The go.work that is in force, if there is one.
    pub fn workspace_file(&self) -> Option<&Utf8Path> {
        let set = !self.gowork.is_empty() && self.gowork != "off";
        set.then(|| Utf8Path::new(&self.gowork))
    }
}

impl Go {
    /// A Go command called in this way. Nothing is started yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            deadline: None,
            pinned: None,
            goroot: None,
            vcs: Arc::default(),
            admitted: Arc::default(),
            work: Arc::default(),
        }
    }

    /// The same command for something that may be given up: its processes end at the deadline,
    /// and no other toolchain than `version` is used, so that none is fetched for it.
    #[must_use]
    pub fn for_attempt(&self, version: &str, deadline: Instant) -> Self {
        Self {
            options: self.options.clone(),
            deadline: Some(deadline),
            pinned: Some(version.to_owned()),
            goroot: None,
            vcs: Arc::clone(&self.vcs),
            admitted: Arc::clone(&self.admitted),
            work: Arc::clone(&self.work),
        }
    }

    /// The command of the toolchain that lies there, and no other.
    pub(crate) fn of(&self, goroot: &Utf8Path) -> Self {
        let mut go = self.clone();
        go.options.program = goroot.join("bin/go").into_string();
        go.pinned = Some("local".to_owned());
        go.goroot = Some(goroot.to_owned());
        go
    }

    /// Whether nothing may be fetched.
    pub fn is_offline(&self) -> bool {
        self.options.offline
    }

    /// What was looked at before this command reads it.
    pub(crate) fn admitted(&self) -> MutexGuard<'_, Admitted> {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raised when the user wants to stop.
    pub fn interrupt(&self) -> &Interrupt {
        &self.options.interrupt
    }

    /// Ask for `go env` in a directory; this also lets Go choose its toolchain.
    pub fn env(&self, dir: &Utf8Path) -> Result<GoEnv, Error> {
        const KEYS: [&str; 11] = [
            "env",
            "-json",
            "GOVERSION",
            "GOROOT",
            "GOMODCACHE",
            "GOMOD",
            "GOWORK",
            "GOFLAGS",
            "GOHOSTOS",
            "GOHOSTARCH",
            "GO111MODULE",
        ];
        let process = self.process(dir).args(KEYS);
        let shown = process.shown();
        let output = self.run(process)?;
        parse_json(&shown, &output.stdout)
    }

    /// A Go process in a directory, with the user's environment.
    ///
    /// Version control stamping is off: it is not needed, and it would run `git` with the
    /// module's own configuration (`core.fsmonitor` names a program). Where a proxy lacks a module, Go asks its
    /// repository, which may be any address that a go.mod names; here only for private modules, unless the user has
    /// said otherwise (`go help vcs`).
    pub(crate) fn process(&self, dir: &Utf8Path) -> Process {
        let process = self.process_with_any_vcs(dir);
        if self.options.offline {
            return process;
        }
        match self.vcs.get_or_init(|| self.private_alone()) {
            Some(vcs) => process.env("GOVCS", vcs),
            None => process,
        }
    }

    /// GOVCS for private modules alone, unless it is set, or there is no proxy, in the environment or by `go env -w`.
    fn private_alone(&self) -> Option<String> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "UPPERCASE", default)]
        struct Said {
            govcs: String,
            goproxy: String,
            gonoproxy: String,
        }
        // Where no go.mod asks for another toolchain.
        let dir = Utf8Path::new(std::path::MAIN_SEPARATOR_STR);
        let args = ["env", "-json", "GOVCS", "GOPROXY", "GONOPROXY"];
        let process = self.process_with_any_vcs(dir).args(args);
        let output = self.run_any(process.env("GOWORK", "off"));
        let said = output
            .ok()
            .and_then(|o| serde_json::from_slice::<Said>(&o.stdout).ok())
            .unwrap_or_default();
        let mut proxies = said.goproxy.split([',', '|']).map(str::trim);
        let is_direct = proxies.find(|proxy| !proxy.is_empty()) == Some("direct");
        if is_direct || !said.govcs.is_empty() {
            return None;
        }
        // Those that are never asked of a proxy are the user's own, too.
        let own = said
            .gonoproxy
            .split(',')
            .filter(|pattern| !pattern.is_empty());
        let own = own.map(|pattern| format!("{pattern}:all"));
        let others = ["public:off", "private:all"].map(str::to_owned);
        Some(own.chain(others).collect::<Vec<_>>().join(","))
    }

    fn process_with_any_vcs(&self, dir: &Utf8Path) -> Process {
        let process = Process::new(&self.options.program, dir).until(self.deadline);
        // Without room for it, Go says so itself.
        let work = self.work.get_or_init(|| Scratch::for_go().ok());
        let process = match work {
            Some(work) => process
                .env("GOTMPDIR", work.path())
                .env("TMPDIR", work.path()),
            None => process,
        };
        let process = match &self.pinned {
            Some(version) => process.env("GOTOOLCHAIN", version),
            None => process,
        };
        let process = match &self.goroot {
            Some(goroot) => process.env("GOROOT", goroot),
            None => process,
        };
        if self.options.offline {
            process.env("GOPROXY", "off").env("GOTOOLCHAIN", "local")
        } else {
            process
        }
    }

    /// Run, and take a failure as one of the whole command.
    pub(crate) fn run(&self, process: Process) -> Result<Output, Error> {
        let command = process.shown();
        let dir = process.dir();
        let output = self.run_any(process)?;
        if output.success {
            return Ok(output);
        }
        Err(Error::Go {
            command,
            message: without_quotes(&without_downloads(&output.stderr), &dir),
        })
    }

    /// Run, whatever the exit status.
    pub(crate) fn run_any(&self, process: Process) -> Result<Output, Error> {
        let tell = Arc::clone(&self.options.on_fetch);
        process.run(&self.options.interrupt, move |line| {
            if let Some(what) = line.strip_prefix("go: downloading ") {
                tell(what);
            }
        })
    }
}

/// What Go, run in a directory, says of files of modules, without what it quotes of those that are links to a file
/// elsewhere: a module could have any file of that name quoted.
pub(crate) fn without_quotes(message: &str, dir: &Utf8Path) -> String {
    let lines = message.lines().map(|line| match quoted(line, dir) {
        Some(place) => {
            format!("{place}: not quoted, because the file is a link that leads elsewhere")
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The place in a line `FILE:LINE: MESSAGE` about a link that leads out of its directory. The file is named by a path
/// from the root, or from where Go was run (`cmd/go/internal/base`, `ShortPath`).
fn quoted<'l>(line: &'l str, dir: &Utf8Path) -> Option<&'l str> {
    let name = ["go.mod:", "go.work:"];
    let end = name
        .iter()
        .find_map(|name| Some(line.find(name)? + name.len()))?;
    let number = line[end..].find(": ")?;
    let named = line[..end - 1].rsplit(' ').next().unwrap_or_default();
    // A name may have spaces.
    let files = [named, line[..end - 1].trim_start()];
    let is_link = |file: &str| leads_elsewhere(&dir.join(file)).unwrap_or(false);
    files
        .into_iter()
        .any(is_link)
        .then_some(&line[..end + number])
}

fn leads_elsewhere(file: &Utf8Path) -> Option<bool> {
    let real = file.canonicalize_utf8().ok()?;
    let dir = file.parent()?.canonicalize_utf8().ok()?;
    Some(!real.starts_with(dir))
}

/// What Go printed on standard error, without its lines about downloads.
fn without_downloads(stderr: &str) -> String {
    let news =
        |line: &&str| !line.starts_with("go: downloading ") && !line.starts_with("go: finding ");
    let lines: Vec<&str> = stderr.lines().filter(news).collect();
    if lines.is_empty() {
        "no message".to_owned()
    } else {
        lines.join("\n")
    }
}

pub(crate) fn parse_json<T: for<'de> Deserialize<'de>>(
    command: &str,
    bytes: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|e| Error::Output {
        command: command.to_owned(),
        message: e.to_string(),
    })
}
