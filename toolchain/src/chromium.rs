//! Headless Chromium, for programs of `GOOS=js` that the user trusts: the browser as it is.

mod page;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use self::page::{Content, Server};
use crate::command::{Interrupt, Process};
use crate::error::Error;
use crate::lookup;
use crate::program::{Program, wasm_exec};
use crate::scratch::Scratch;

/// Names of the program, on PATH.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// A browser without windows, history and talk with its maker.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
];

/// Bytes of output that are kept.
const MOST: usize = 64 << 20;
/// How long the browser may take to start, beside the program's time.
const STARTING: Duration = Duration::from_secs(20);

/// A Chromium that was found, and what it runs Go's programs with.
#[derive(Clone, Debug)]
pub struct Chromium {
    /// `Chromium 142.0.7444.59`
    pub version: String,
    program: String,
    script: Utf8PathBuf,
    path: String,
}

/// What a page has shown of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The exit code; none when it did not end by itself.
    pub code: Option<i32>,
    /// Its time was up: in a browser a deadlock is silent, too.
    pub timed_out: bool,
    /// Why it has no exit code.
    pub why: Option<String>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Both, in the order in which they were written.
    pub both: String,
}

impl Chromium {
    /// Find the browser, and the toolchain's script for it; no program of the directory `checked` is
    /// started.
    pub fn find(
        goroot: &Utf8Path,
        checked: &Utf8Path,
        interrupt: &Interrupt,
    ) -> Result<Self, String> {
        let script = wasm_exec(goroot);
        let script = script.ok_or_else(|| format!("{goroot} has no wasm_exec.js"))?;
        let path = lookup::path(checked).to_string_lossy().into_owned();
        let version = |name: &str| {
            let program = lookup::find(name, checked).ok()?.into_string();
            let asked = Program {
                program: program.clone(),
                args: vec!["--version".to_owned()],
                dir: goroot.to_owned(),
                env: vec![("PATH".to_owned(), path.clone())],
                time: Duration::from_secs(20),
                ..Program::default()
            };
            let ended = asked.run(interrupt).ok().filter(|e| e.code == Some(0))?;
            Some((program, ended.stdout.trim().to_owned()))
        };
        let found = NAMES.into_iter().find_map(version);
        let (program, version) = found.ok_or_else(|| {
            let names = NAMES.join(", ");
            format!("none of {names} is on PATH; install Chromium")
        })?;
        // Distributions add their own name.
        let words: Vec<&str> = version.split_whitespace().collect();
        let numbered = words
            .iter()
            .position(|w| w.starts_with(|c: char| c.is_ascii_digit()));
        let end = numbered.map_or(words.len(), |at| at + 1);
        Ok(Self {
            version: words[..end].join(" "),
            program,
            script,
            path,
        })
    }

    /// Run a program in a page of a profile of its own. `args` begin with the program's name.
    #[expect(clippy::disallowed_methods, reason = "files that the user named")]
    pub fn run(
        &self,
        wasm: &Utf8Path,
        args: &[String],
        env: &[(String, String)],
        time: Duration,
        interrupt: &Interrupt,
    ) -> Result<Shown, Error> {
        let env: serde_json::Map<_, _> = env
            .iter()
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect();
        let profile = Scratch::new()?;
        let dir = profile.path().to_string();
        let content = Content {
            wasm: std::fs::read(wasm).map_err(Error::io(wasm))?,
            wasm_exec: std::fs::read(&self.script).map_err(Error::io(&self.script))?,
            given: serde_json::json!({"args": args, "env": env}).to_string(),
            secret: secret(&dir),
            most: MOST,
        };
        let over = Interrupt::default();
        let on_end = over.clone();
        let server = Arc::new(Server::start(content, move || on_end.raise())?);
        let watch = Watch::start(interrupt, &over, &server, time);
        let deadline = Instant::now() + time + STARTING;
        let mut process = Process::new(&self.program, Utf8Path::new(&dir))
            .without_env()
            .env("PATH", &self.path)
            .env("HOME", &dir)
            // A browser that is ended leaves its sockets.
            .env("TMPDIR", &dir)
            .args(FLAGS)
            .args([format!("--user-data-dir={dir}/profile")]);
        if is_root() {
            // Its own sandbox does not work for root.
            process = process.args(["--no-sandbox"]);
        }
        let process = process
            .args([&server.url])
            .keep(1 << 14)
            .until(Some(deadline));
        let ended = process.run(&over, |_| ());
        let late = watch.stop();
        if interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let output = server.output();
        let timed_out = late || matches!(ended, Err(Error::TookTooLong { .. }));
        let (code, why) = match (&output.end, ended) {
            (Some(end), _) => (end.code, end.why.clone()),
            (None, _) if output.too_much => (None, Some("it printed more than 64 MiB".to_owned())),
            (None, Ok(output)) => {
                let last = output.stderr.lines().rfind(|l| !l.trim().is_empty());
                let last = last.unwrap_or_default();
                (None, Some(format!("{} ended: {last}", self.version)))
            }
            (None, Err(Error::TookTooLong { .. } | Error::Interrupted)) => (None, None),
            (None, Err(e)) => return Err(e),
        };
        Ok(Shown {
            code,
            timed_out: timed_out && output.end.is_none(),
            why,
            stdout: output.stdout,
            stderr: output.stderr,
            both: output.both,
        })
    }
}

/// Ends the browser when the user wants it, or when the program's time is up.
struct Watch {
    done: Arc<AtomicBool>,
    late: Arc<AtomicBool>,
}

impl Watch {
    fn start(user: &Interrupt, over: &Interrupt, server: &Arc<Server>, time: Duration) -> Self {
        let watch = Self {
            done: Arc::default(),
            late: Arc::default(),
        };
        let (done, late) = (Arc::clone(&watch.done), Arc::clone(&watch.late));
        let (user, over, server) = (user.clone(), over.clone(), Arc::clone(server));
        thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let up = server.began().is_some_and(|began| began.elapsed() > time);
                late.fetch_or(up, Ordering::Relaxed);
                if up || user.is_raised() {
                    over.raise();
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        watch
    }

    /// Whether the time was up.
    fn stop(self) -> bool {
        self.done.store(true, Ordering::Relaxed);
        self.late.load(Ordering::Relaxed)
    }
}

/// A word that other users of the machine do not know: the random part of the name of a directory
/// that is theirs to see, and the moment, hashed with a key of this process.
fn secret(dir: &str) -> String {
    use std::hash::{BuildHasher, RandomState};
    let one = |salt: u8| RandomState::new().hash_one((dir, salt, Instant::now()));
    format!("{:016x}{:016x}", one(1), one(2))
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").map(|m| m.uid());
    own.is_ok_and(|uid| uid == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
