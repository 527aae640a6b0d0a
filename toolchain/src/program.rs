//! Programs other than Go: the sandbox's worker, which is wasmcheck itself, and Node.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{Interrupt, Process};
use crate::error::Error;
use crate::lookup;

/// Bytes of each output stream that are kept.
const KEEP: usize = 16 << 10;
/// The same where all of it is wanted.
const KEEP_WHOLE: usize = 16 << 20;
/// Bytes that a program may print to a file.
const MOST: u64 = 256 << 20;

/// A program with its whole environment.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// A name looked up on PATH, or a path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it starts.
    pub dir: Utf8PathBuf,
    /// All variables that it gets.
    pub env: Vec<(String, String)>,
    /// How long it may run.
    pub time: Duration,
    /// A file that takes both streams, in the order in which they are written.
    pub log: Option<Utf8PathBuf>,
    /// A file that is its standard input; that is empty otherwise.
    pub stdin: Option<Utf8PathBuf>,
    /// Keep more of the streams than their end.
    pub whole: bool,
    /// The program that ends whatever this one leaves, with the arguments before its own; on Linux only.
    pub reaper: Option<Reaper>,
}

/// This program as a reaper: what it is started with before the program that it runs and the arguments of that.
#[derive(Clone, Debug)]
pub struct Reaper {
    /// Its file.
    pub program: String,
    /// The arguments that let it reap.
    pub args: Vec<String>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; none when a signal or the deadline ended it.
    pub code: Option<i32>,
    /// The name of the signal that ended it.
    pub signal: Option<String>,
    /// The deadline ended it.
    pub timed_out: bool,
    /// The end of its standard output.
    pub stdout: String,
    /// The end of its standard error.
    pub stderr: String,
}

impl Program {
    /// Run it to its end.
    pub fn run(&self, interrupt: &Interrupt) -> Result<Ended, Error> {
        let mut process = self.process().without_env();
        for (key, value) in &self.env {
            process = process.env(key, value);
        }
        let mut process = process
            .args(&self.args)
            .keep(if self.whole { KEEP_WHOLE } else { KEEP })
            .until(Some(Instant::now() + self.time));
        if let Some(file) = &self.log {
            process = process.log(file, MOST)?;
        }
        if let Some(file) = &self.stdin {
            process = process.stdin(file)?;
        }
        match process.run(interrupt, |_| ()) {
            Ok(output) => Ok(Ended {
                code: output.code,
                signal: output.signal,
                timed_out: false,
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: output.stderr,
            }),
            Err(Error::TookTooLong { .. }) => Ok(Ended {
                code: None,
                signal: None,
                timed_out: true,
                stdout: String::new(),
                stderr: String::new(),
            }),
            Err(e) => Err(e),
        }
    }

    /// The program, or what is to reap what it leaves.
    #[cfg(target_os = "linux")]
    fn process(&self) -> Process {
        let Some(reaper) = &self.reaper else {
            return Process::new(&self.program, &self.dir);
        };
        let process = Process::new(&reaper.program, &self.dir).reaps();
        process.args(&reaper.args).args([&self.program])
    }

    #[cfg(not(target_os = "linux"))]
    fn process(&self) -> Process {
        Process::new(&self.program, &self.dir)
    }
}

/// Where a toolchain has the script that its programs of `GOOS=js` run with. It moved in Go 1.24.
pub fn wasm_exec(goroot: &Utf8Path) -> Option<Utf8PathBuf> {
    let places = ["lib/wasm/wasm_exec.js", "misc/wasm/wasm_exec.js"];
    let mut files = places.into_iter().map(|place| goroot.join(place));
    files.find(|file| file.is_file())
}

/// What Node needs to run a program of `GOOS=js`, and its version.
#[derive(Clone, Debug)]
pub struct Node {
    /// `v20.20.2`
    pub version: String,
    /// Where Node lies.
    program: Utf8PathBuf,
    /// `wasm_exec_node.js` of the toolchain.
    script: Utf8PathBuf,
    /// The value of PATH.
    path: String,
}

impl Node {
    /// Find Node, and the toolchain's script for it; no program of the directory `checked` is started.
    pub fn find(
        goroot: &Utf8Path,
        checked: &Utf8Path,
        interrupt: &Interrupt,
    ) -> Result<Self, String> {
        // It moved in Go 1.24.
        let places = ["lib/wasm/wasm_exec_node.js", "misc/wasm/wasm_exec_node.js"];
        let script = places
            .into_iter()
            .map(|p| goroot.join(p))
            .find(|p| p.is_file());
        let script = script.ok_or_else(|| format!("{goroot} has no wasm_exec_node.js"))?;
        let program = lookup::find("node", checked);
        let program = program.map_err(|e| format!("{e}; install Node.js"))?;
        let path = lookup::path(checked).to_string_lossy().into_owned();
        let asked = Program {
            program: program.to_string(),
            args: vec!["--version".to_owned()],
            dir: goroot.to_owned(),
            env: vec![("PATH".to_owned(), path.clone())],
            time: Duration::from_secs(20),
            ..Program::default()
        };
        let told = asked.run(interrupt).ok().filter(|e| e.code == Some(0));
        let version = told.ok_or_else(|| format!("{program} does not say its version"))?;
        Ok(Self {
            version: version.stdout.trim().to_owned(),
            program,
            script,
            path,
        })
    }

    /// The command that runs a wasm file as Go's own wrapper does (`lib/wasm/go_js_wasm_exec`).
    pub fn program(
        &self,
        wasm: &Utf8Path,
        dir: &Utf8Path,
        mut env: Vec<(String, String)>,
        time: Duration,
    ) -> Program {
        env.retain(|(key, _)| key != "PATH");
        env.push(("PATH".to_owned(), self.path.clone()));
        Program {
            program: self.program.to_string(),
            args: vec![
                "--stack-size=8192".to_owned(),
                self.script.to_string(),
                wasm.to_string(),
            ],
            dir: dir.to_owned(),
            env,
            time,
            ..Program::default()
        }
    }
}
