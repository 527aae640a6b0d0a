//! Where an attack takes place: a module, a directory for temporary files, a home, and the program.
#![expect(
    clippy::disallowed_methods,
    reason = "attacks start the program and prepare files"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

/// A run that is longer than this hangs, also on a busy machine.
const HANGS: Duration = Duration::from_secs(150);

/// Fresh directories, and how the program is run in them.
pub(super) struct Ground {
    dir: TempDir,
    wasmcheck: PathBuf,
    guests: PathBuf,
    /// Whether everything is tried, or what a minute allows.
    thorough: bool,
    /// The module that is checked.
    pub(super) module: PathBuf,
    /// TMPDIR.
    pub(super) tmp: PathBuf,
}

/// What a run did.
pub(super) struct Seen {
    /// The exit code, or 128 and the signal.
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Largest memory of the process, in bytes.
    pub(super) memory: u64,
}

/// A run that goes on.
pub(super) struct Going {
    child: Child,
    out: PathBuf,
    begun: Instant,
    memory: u64,
}

impl Ground {
    pub(super) fn new(wasmcheck: &Path, guests: &Path, thorough: bool) -> Result<Self> {
        let dir = TempDir::with_prefix("attack-")?;
        let root = dir.path().canonicalize()?;
        let [module, tmp, home] = ["m", "tmp", "home"].map(|name| root.join(name));
        for made in [&module, &tmp, &home] {
            fs::create_dir(made)?;
        }
        Ok(Self {
            dir,
            wasmcheck: wasmcheck.canonicalize()?,
            guests: guests.to_owned(),
            thorough,
            module,
            tmp,
        })
    }

    /// How often, or how much, something is tried: in a minute, and in all.
    pub(super) fn rounds(&self, quick: usize, thorough: usize) -> usize {
        if self.thorough { thorough } else { quick }
    }

    /// A path beside the module.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.module.with_file_name(name)
    }

    /// A guest program of a build.
    pub(super) fn guest(&self, goos: &str) -> String {
        self.guests
            .join(format!("{goos}.wasm"))
            .display()
            .to_string()
    }

    /// Write a file of the module.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<()> {
        let file = self.module.join(name);
        fs::create_dir_all(file.parent().context("a file has a directory")?)?;
        fs::write(&file, text).with_context(|| file.display().to_string())
    }

    /// Make a link in the module.
    pub(super) fn link(&self, target: impl AsRef<Path>, name: &str) -> Result<()> {
        Ok(symlink(target, self.module.join(name))?)
    }

    /// A module with one program, which builds.
    pub(super) fn hello(&self) -> Result<()> {
        self.write("go.mod", "module example.com/m\n\ngo 1.24\n")?;
        self.write(
            "main.go",
            "package main\n\nfunc main() { println(\"hi\") }\n",
        )
    }

    /// The program, with the environment of a user who has nothing.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.wasmcheck);
        command
            .args(args)
            .current_dir(&self.module)
            .env("TMPDIR", &self.tmp)
            .env("HOME", self.beside("home"))
            .env("WASMCHECK_CACHE", self.beside("cache"))
            .env("GOCACHE", self.guests.join("gocache"))
            .env("GOMODCACHE", self.beside("modcache"))
            .env("GOFLAGS", "-modcacherw")
            .env("GOPROXY", "off")
            .env("GOSUMDB", "off")
            .env("GOTOOLCHAIN", "local");
        for name in ["GOWORK", "GOTMPDIR", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// Run the program to its end.
    pub(super) fn run(&self, args: &[&str]) -> Result<Seen> {
        self.finish(self.command(args))
    }

    /// Run a command to its end; one that hangs, or panics, has fallen.
    pub(super) fn finish(&self, command: Command) -> Result<Seen> {
        let seen = self.start(command)?.end()?;
        seen.is_sound()?;
        Ok(seen)
    }

    /// Start a command.
    pub(super) fn start(&self, mut command: Command) -> Result<Going> {
        let out = self
            .dir
            .path()
            .join(format!("out-{:?}", Instant::now()).replace(' ', ""));
        fs::create_dir(&out)?;
        command
            .stdin(Stdio::null())
            .stdout(fs::File::create(out.join("stdout"))?)
            .stderr(fs::File::create(out.join("stderr"))?)
            .process_group(0);
        Ok(Going {
            child: command.spawn()?,
            out,
            begun: Instant::now(),
            memory: 0,
        })
    }

    /// Every file and link of the module, with its content.
    pub(super) fn tree(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut tree = BTreeMap::new();
        let mut todo = vec![self.module.clone()];
        while let Some(dir) = todo.pop() {
            for entry in fs::read_dir(&dir)? {
                let path = entry?.path();
                let metadata = path.symlink_metadata()?;
                if metadata.is_dir() {
                    todo.push(path.clone());
                    tree.insert(path, Vec::new());
                } else if metadata.is_symlink() {
                    let target = fs::read_link(&path)?;
                    tree.insert(path, target.into_os_string().into_encoded_bytes());
                } else if metadata.is_file() {
                    tree.insert(path.clone(), fs::read(path)?);
                }
            }
        }
        Ok(tree)
    }

    /// An error unless the directory for temporary files is empty, at once or soon: processes that were
    /// killed end in their own time.
    pub(super) fn nothing_left(&self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let names = names(&self.tmp)?;
            if names.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("left in TMPDIR: {}", names.join(", "));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The names in a directory.
pub(super) fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir)?.flatten();
    Ok(entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect())
}

impl Going {
    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Send it a signal, by its name.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .stderr(Stdio::null())
            .status()?;
        // It may have ended by itself.
        let _ = sent;
        Ok(())
    }

    /// Wait for its end.
    pub(super) fn end(mut self) -> Result<Seen> {
        let status = loop {
            self.memory = self.memory.max(peak(self.id()));
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.begun.elapsed() > HANGS {
                self.signal("KILL")?;
                self.child.wait()?;
                bail!("it hangs");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let read = |name: &str| fs::read(self.out.join(name));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Seen {
            code: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: text(read("stdout")?),
            stderr: text(read("stderr")?),
            memory: self.memory,
        })
    }
}

impl Seen {
    /// An error after a panic or an abort.
    pub(super) fn is_sound(&self) -> Result<()> {
        let panicked = self.code == 101 || self.stderr.contains("panicked at");
        ensure!(!panicked, "it panicked: {}", self.stderr);
        let aborted = [128 + 6, 128 + 11].contains(&self.code) && self.stderr.contains("overflow");
        ensure!(!aborted, "it aborted: {}", self.stderr);
        Ok(())
    }

    /// An error unless the exit code is this.
    pub(super) fn code_is(&self, code: i32) -> Result<()> {
        ensure!(
            self.code == code,
            "exit code {}: {}{}",
            self.code,
            self.stdout,
            self.stderr
        );
        Ok(())
    }

    /// An error unless standard output or error has this text.
    pub(super) fn says(&self, text: &str) -> Result<()> {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        ensure!(
            said,
            "it does not say {text:?}: {}{}",
            self.stdout,
            self.stderr
        );
        Ok(())
    }
}

/// Largest memory of a process so far, in bytes (`proc_pid_status(5)`).
fn peak(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    size.unwrap_or(0) * 1024
}
