//! Programs with given arguments, input and files: under wasm where they can do no harm, natively and
//! under Node where the user allows it.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{Goos, Ran, Target};
use runtime_harness::{Entry, Played, Tree, World, read_suite, without_entries};
use toolchain::{Chromium, Ended, Node, Program, Session};

use super::{GRACE, Sandbox, inside, path, read, utf8, worker, world};
use crate::config::Scenario;

/// A program, and what it is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Play<'p> {
    /// Where it lies; its name is the program's.
    pub(crate) file: &'p Utf8Path,
    pub(crate) scenario: &'p Scenario,
    /// The module, of which it sees a copy.
    pub(crate) session: &'p Session,
    /// Longest wall time.
    pub(crate) time: Duration,
}

/// What it did, and what it entered on the way.
#[derive(Clone, Debug)]
pub(crate) struct PlayedHere {
    pub(crate) played: Played,
    /// Its time was up.
    pub(crate) timed_out: bool,
    pub(crate) entries: Vec<Entry>,
    /// What the worker says; none of runs outside of the sandbox.
    pub(crate) ran: Option<Ran>,
}

impl Sandbox<'_> {
    /// Play a scenario with a program of a wasm build, or natively.
    pub(crate) fn play(&self, on: Option<Target>, play: Play<'_>) -> Result<PlayedHere, String> {
        match (on, &self.node, &self.chromium) {
            (None, ..) => self.play_outside(None, play),
            (Some(Target::JsNode), Some(node), _) => self.play_outside(Some(node), play),
            (Some(Target::JsBrowser), _, Some(chromium)) => self.play_page(chromium, play),
            (Some(target), ..) => self.play_worker(target.goos(), play),
        }
    }

    /// In a page, which has neither files nor input.
    fn play_page(&self, chromium: &Chromium, play: Play<'_>) -> Result<PlayedHere, String> {
        let name = play.file.file_name().unwrap_or("js").to_owned();
        let mut args = vec![name];
        args.extend(play.scenario.args.iter().cloned());
        let env = play.scenario.env.clone().into_iter();
        let env: Vec<(String, String)> = env.collect();
        let shown = chromium.run(play.file, &args, &env, play.time, self.interrupt);
        let shown = shown.map_err(|e| e.to_string())?;
        let ended = Ended {
            code: shown.code,
            timed_out: shown.timed_out,
            stdout: shown.stdout,
            stderr: shown.stderr,
        };
        let mut here = seen(ended, Files::new(), shown.timed_out, play);
        if shown.why.is_some() {
            here.played.why = shown.why;
        }
        Ok(here)
    }

    fn play_worker(&self, goos: Goos, play: Play<'_>) -> Result<PlayedHere, String> {
        let (scratch, mut world, without) = world(Some(play.session.root()))?;
        without.map_or(Ok(()), Err)?;
        prepare(&mut world, play)?;
        let report = scratch.path().join("report.json");
        let mut args = self.options(goos, &world, play.time, &report);
        args.push(play.file.to_string());
        args.extend(play.scenario.args.iter().cloned());
        let program = Program {
            program: worker()?,
            args,
            dir: scratch.path().to_owned(),
            time: play.time + GRACE,
            stdin: stdin(scratch.path(), &world, play)?,
            whole: true,
            ..Program::default()
        };
        let (ended, files) = self.watched(&program, &world)?;
        let ran = read(&report);
        let late = ended.timed_out || ran.as_ref().is_some_and(|r| r.end == model::End::Timeout);
        let mut here = seen(ended, files, late, play);
        if let Some(ran) = ran.as_ref().filter(|_| !late) {
            here.played.exit = ran.exit;
            here.played.why.clone_from(&ran.why);
        }
        if here.played.exit.is_none() {
            // The reason is the worker's last word.
            let said = here
                .played
                .stderr
                .lines()
                .filter(|l| !l.starts_with("wasmcheck: "));
            here.played.stderr = said.fold(String::new(), |text, line| text + line + "\n");
        }
        here.ran = ran;
        Ok(here)
    }

    /// With all that the user may do: natively, or with Node.
    fn play_outside(&self, node: Option<&Node>, play: Play<'_>) -> Result<PlayedHere, String> {
        let (scratch, mut world, without) = world(Some(play.session.root()))?;
        without.map_or(Ok(()), Err)?;
        let dir = prepare(&mut world, play)?;
        // There is no other root: paths are those of the copy.
        let place = |name: &str| inside(&world, name);
        let mut env: Vec<(String, String)> = world.env().to_vec();
        for (key, value) in &mut env {
            match key.as_str() {
                "HOME" => *value = place("/home"),
                "TMPDIR" => *value = place("/tmp"),
                "PWD" => *value = dir.to_string(),
                "PATH" => *value = path(),
                _ => {}
            }
        }
        let mut program = match node {
            Some(node) => node.program(play.file, &dir, env, play.time),
            None => Program {
                program: play.file.to_string(),
                dir,
                env,
                time: play.time,
                ..Program::default()
            },
        };
        program.args.extend(play.scenario.args.iter().cloned());
        program.stdin = stdin(scratch.path(), &world, play)?;
        program.whole = true;
        let (ended, files) = self.watched(&program, &world)?;
        let late = ended.timed_out;
        let mut here = seen(ended, files, late, play);
        let root = utf8(&world.preopen().host)?;
        here.played = here.played.renamed(root.as_str(), "");
        Ok(here)
    }

    /// Run it, and see what has become of the files.
    fn watched(&self, program: &Program, world: &World) -> Result<(Ended, Files), String> {
        let root = world.preopen().host;
        let told = |e: std::io::Error| format!("the files of the run cannot be read: {e}");
        let before = Tree::of(&root).map_err(told)?;
        let ended = program.run(self.interrupt).map_err(|e| e.to_string())?;
        let files = before.changes(&root).map_err(told)?;
        Ok((ended, files))
    }
}

/// Files that a program has changed.
type Files = std::collections::BTreeMap<String, Option<Vec<u8>>>;

/// Write the files of a scenario; the value is its directory on this machine.
#[expect(clippy::disallowed_methods, reason = "into the scratch copy")]
fn prepare(world: &mut World, play: Play<'_>) -> Result<Utf8PathBuf, String> {
    let scenario = play.scenario;
    let dir = match &scenario.dir {
        Some(dir) => play.session.root().join(dir),
        None => play.session.root().to_owned(),
    };
    world.enter(dir.as_std_path());
    for (key, value) in &scenario.env {
        world.set(key, value);
    }
    for (name, text) in &scenario.files {
        let file = world.host_path(dir.join(name).as_std_path());
        let parent = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = parent.and_then(|()| std::fs::write(&file, text));
        written.map_err(|e| format!("{name}: {e}"))?;
    }
    utf8(&world.host_path(dir.as_std_path()))
}

/// Standard input as a file.
#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
fn stdin(scratch: &Utf8Path, world: &World, play: Play<'_>) -> Result<Option<Utf8PathBuf>, String> {
    if let Some(file) = &play.scenario.stdin_file {
        // That of the copy, which no link leads out of.
        let copy = world.host_path(play.session.root().join(file).as_std_path());
        let there = copy.is_file().then_some(copy);
        let copy = there.ok_or_else(|| format!("stdin_file: there is no file {file}"))?;
        return utf8(&copy).map(Some);
    }
    let Some(text) = &play.scenario.stdin else {
        return Ok(None);
    };
    let file = scratch.join("stdin");
    std::fs::write(&file, text).map_err(|e| format!("no scratch space: {e}"))?;
    Ok(Some(file))
}

fn seen(mut ended: Ended, files: Files, late: bool, play: Play<'_>) -> PlayedHere {
    ended.stdout = play.session.with_true_paths(&ended.stdout);
    ended.stderr = play.session.with_true_paths(&ended.stderr);
    let entries = read_suite(&ended.stderr, ended.code, late).entries;
    let why = match (late, ended.code) {
        (true, _) => Some("it was still running when its time was up".to_owned()),
        (false, None) => Some("it was ended by a signal".to_owned()),
        _ => None,
    };
    let played = Played {
        exit: ended.code.filter(|_| !late),
        why,
        stdout: ended.stdout,
        stderr: without_entries(&ended.stderr),
        files,
    };
    // Programs tell their own name.
    let name = play.file.file_name().unwrap_or_default();
    PlayedHere {
        played: played.renamed(play.file.as_str(), name),
        timed_out: late,
        entries,
        ran: None,
    }
}
