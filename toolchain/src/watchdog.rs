//! A process beside ours that ends what we have started, and removes our scratch directories, when we are
//! killed and cannot do so ourselves.
//!
//! It reads notes from a pipe, one JSON value a line, until we end, however that happens: the system closes
//! the pipe. `PR_SET_PDEATHSIG` alone would not do: the compilers that Go starts do not inherit it.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::process::{Command, Stdio};

use camino::Utf8PathBuf;

use crate::notes::{self, Note};
use crate::scratch;

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
    }
}

/// Read notes until their end, then end the groups that still run, and remove the directories that are
/// still there.
pub fn watch(notes: impl BufRead) {
    let (groups, dirs) = left(notes);
    groups.into_iter().for_each(kill_group);
    for dir in dirs {
        scratch::remove_scratch(dir.as_std_path());
    }
}

/// What was started and made, and neither ended nor removed.
fn left(notes: impl BufRead) -> (BTreeSet<u32>, Vec<Utf8PathBuf>) {
    let (mut groups, mut dirs) = (BTreeSet::new(), Vec::new());
    for line in notes.lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Note::Started(pid)) => _ = groups.insert(pid),
            Ok(Note::Ended(pid)) => _ = groups.remove(&pid),
            Ok(Note::Made(dir)) => dirs.push(dir),
            Ok(Note::Removed(dir)) => dirs.retain(|d| *d != dir),
            // A line that was cut off.
            Err(_) => {}
        }
    }
    (groups, dirs)
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let pid = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid.filter(|pid| !pid.is_init()) {
        // It may have ended by itself.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

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
            Note::Ended(7),
            Note::Made(dir("/tmp/c")),
            Note::Removed(dir("/tmp/c")),
        ];
        let lines = notes.map(|note| serde_json::to_string(&note).unwrap());
        let text = lines.join("\n") + "\n{\"Started\":";
        let (groups, dirs) = left(text.as_bytes());
        assert_eq!(groups, BTreeSet::from([8]));
        assert_eq!(dirs, [dir("/tmp/a\nb")]);
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
