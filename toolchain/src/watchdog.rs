//! A process beside ours that ends what we have started, and removes our scratch directories, when we are
//! killed and cannot do so ourselves.
//!
//! It reads notes from a pipe, one JSON value a line, until we end, however that happens: the system closes
//! the pipe. `PR_SET_PDEATHSIG` alone would not do: the compilers that Go starts do not inherit it.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use crate::notes::{self, Note};
use crate::scratch;
use crate::started;

/// Start a program that calls [`watch`], unless this process has one already.
///
/// Without one, what is left when this process is killed is removed by the next run.
#[expect(clippy::disallowed_methods, reason = "this is where processes start")]
pub fn start(program: &str, argument: &str) {
    if notes::is_watched() {
        return;
    }
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    {
        // Signals of the terminal are for us, and its directory must not be held.
        use std::os::unix::process::CommandExt;
        command.process_group(0).current_dir("/");
    }
    if let Ok(mut child) = command.spawn()
        && let Some(pipe) = child.stdin.take()
    {
        // It ends after us: nobody waits for it.
        notes::set(pipe);
        started::lock().insert(child.id());
    }
}

/// How often a reaper is looked at.
const TICK: Duration = Duration::from_millis(5);
/// How long reapers may take to end what their programs have started.
const REAPING: Duration = Duration::from_secs(5);

/// How long removing is tried.
const REMOVING: Duration = Duration::from_secs(5);

/// What was started and made, and neither ended nor removed.
#[derive(Debug, Default)]
struct Left {
    groups: BTreeSet<u32>,
    reapers: BTreeSet<u32>,
    dirs: Vec<Utf8PathBuf>,
}

/// Read notes until their end, then end what still runs, and remove the directories that are still there.
pub fn watch(notes: impl BufRead) {
    let left = Left::read(notes);
    // Reapers were asked to end by the system.
    left.groups.into_iter().for_each(kill_group);
    let until = Instant::now() + REAPING;
    while left.reapers.iter().copied().any(is_running) && Instant::now() < until {
        thread::sleep(TICK);
    }
    left.reapers.into_iter().for_each(kill_reaper);
    let until = Instant::now() + REMOVING;
    let mut dirs = left.dirs;
    loop {
        dirs.retain(|dir| !is_removed(dir));
        // What was killed may still write.
        if dirs.is_empty() || Instant::now() > until {
            return;
        }
        thread::sleep(TICK);
    }
}

/// Remove a scratch directory, or one that has no mark yet and nothing else; whether nothing of ours is left.
fn is_removed(dir: &Utf8PathBuf) -> bool {
    scratch::remove_scratch(dir.as_std_path());
    scratch::remove_unmarked(dir);
    !scratch::is_scratch(dir.as_std_path())
}

impl Left {
    fn read(notes: impl BufRead) -> Self {
        let mut left = Self::default();
        for line in notes.lines().map_while(Result::ok) {
            // A line may be cut off.
            if let Ok(note) = serde_json::from_str(&line) {
                left.add(note);
            }
        }
        left
    }

    fn add(&mut self, note: Note) {
        match note {
            Note::Started(pid) => _ = self.groups.insert(pid),
            Note::Reaping(pid) => _ = self.reapers.insert(pid),
            Note::Ended(pid) => {
                self.groups.remove(&pid);
                self.reapers.remove(&pid);
            }
            Note::Made(dir) => self.dirs.push(dir),
            Note::Removed(dir) => self.dirs.retain(|d| *d != dir),
        }
    }
}

/// A process by its number, unless that is one that nobody may end.
#[cfg(unix)]
fn process(number: u32) -> Option<rustix::process::Pid> {
    use rustix::process::Pid;
    let pid = i32::try_from(number).ok().and_then(Pid::from_raw);
    pid.filter(|pid| !pid.is_init())
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Signal, kill_process_group};
    if let Some(pid) = process(leader) {
        // It may have ended by itself.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

/// Whether a reaper goes on. One that has ended may be there until somebody waits for it.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a file of the kernel's")]
fn is_running(number: u32) -> bool {
    let stat = std::fs::read(format!("/proc/{number}/stat")).unwrap_or_default();
    let stat = String::from_utf8_lossy(&stat);
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| !state.starts_with('Z'))
}

#[cfg(not(target_os = "linux"))]
fn is_running(_: u32) -> bool {
    false
}

/// End what a reaper was to end, where it has not.
#[cfg(target_os = "linux")]
fn kill_reaper(reaper: u32) {
    crate::reaper::kill_descendants(reaper);
    kill_group(reaper);
}

#[cfg(not(target_os = "linux"))]
fn kill_reaper(_: u32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_ended_is_left() {
        let dir = |name: &str| Utf8PathBuf::from(name);
        let notes = [
            Note::Started(7),
            Note::Made(dir("/tmp/a\nb")),
            Note::Started(8),
            Note::Reaping(9),
            Note::Reaping(10),
            Note::Ended(7),
            Note::Ended(9),
            Note::Made(dir("/tmp/c")),
            Note::Removed(dir("/tmp/c")),
        ];
        let lines = notes.map(|note| serde_json::to_string(&note).unwrap());
        let text = lines.join("\n") + "\n{\"Started\":";
        let left = Left::read(text.as_bytes());
        assert_eq!(left.groups, BTreeSet::from([8]));
        assert_eq!(left.reapers, BTreeSet::from([10]));
        assert_eq!(left.dirs, [dir("/tmp/a\nb")]);
    }

    #[cfg(unix)]
    #[test]
    fn it_ends_groups_and_removes_only_scratch_directories() {
        use std::os::unix::process::{CommandExt, ExitStatusExt};
        let user = tempfile::tempdir().unwrap();
        let user = Utf8PathBuf::from_path_buf(user.path().to_owned()).unwrap();
        let scratch = scratch::Scratch::new().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a process to be ended")]
        let mut child = Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap();
        let notes = [
            Note::Started(child.id()),
            Note::Made(scratch.path().to_owned()),
            Note::Made(user.clone()),
        ];
        let lines = notes.map(|note| serde_json::to_string(&note).unwrap() + "\n");
        watch(lines.concat().as_bytes());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert!(!scratch.path().exists() && user.exists());
    }
}
