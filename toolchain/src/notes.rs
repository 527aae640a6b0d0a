//! What the watchdog of this process is told.

use std::io::Write;
use std::process::ChildStdin;
use std::sync::{Mutex, OnceLock, PoisonError};

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// What has happened in the process that is watched.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) enum Note {
    /// A process was started, which leads a group of its own.
    Started(u32),
    /// A reaper was started, which ends what its program has started when it is asked to end.
    Reaping(u32),
    /// It has ended, and its group.
    Ended(u32),
    /// A scratch directory was made.
    Made(Utf8PathBuf),
    /// It was removed.
    Removed(Utf8PathBuf),
}

/// Where notes go, once there is a watchdog.
static NOTES: OnceLock<Mutex<ChildStdin>> = OnceLock::new();

/// Whether there is a watchdog.
pub(crate) fn is_watched() -> bool {
    NOTES.get().is_some()
}

/// Tell it from here on.
pub(crate) fn set(pipe: ChildStdin) {
    // The first one does.
    let _ = NOTES.set(Mutex::new(pipe));
}

/// Tell the watchdog, if there is one.
pub(crate) fn note(note: &Note) {
    let Some(pipe) = NOTES.get() else { return };
    let mut line = serde_json::to_vec(note).expect("a note has no map");
    line.push(b'\n');
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    // One that was killed itself is missed by nobody who goes on.
    let _ = pipe.write_all(&line);
}
