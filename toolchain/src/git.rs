//! What git says of a working tree.

use camino::Utf8Path;

use crate::command::{Interrupt, Process};
use crate::error::Error;
use crate::lookup;

/// Whether files below a directory differ from what was committed last; none where git does not know, or there is
/// no git.
///
/// No hook and no monitor of the repository's configuration is started.
pub fn is_dirty(dir: &Utf8Path, interrupt: &Interrupt) -> Result<Option<bool>, Error> {
    let Ok(git) = lookup::find("git", dir) else {
        return Ok(None);
    };
    let process = Process::new(git.as_str(), dir)
        .args([
            "--no-optional-locks",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(["status", "--porcelain", "--", "."]);
    let output = process.run(interrupt, |_| {})?;
    Ok(output
        .success
        .then(|| !output.stdout.trim_ascii().is_empty()))
}
