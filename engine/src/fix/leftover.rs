//! What a run leaves that was killed while it wrote into a module.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::fork;

/// What the names of files begin with that are made ready.
const PREFIX: &str = ".wasmcheck-";

/// How many letters and digits follow.
const RANDOM: usize = 6;

/// Files and directories that were made ready and never put into their places. What Go passes over is left out.
pub(super) fn find(root: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let is_left = kind.is_dir() && is_random(name, fork::PREFIX)
                || kind.is_file() && is_random(name, PREFIX);
            if is_left {
                found.push(path.to_owned());
            } else if kind.is_dir()
                && !name.starts_with(['_', '.'])
                && !matches!(name, "vendor" | "testdata" | "node_modules")
                && !path.join("go.mod").exists()
            {
                todo.push(path.to_owned());
            }
        }
    }
    found.sort();
    found
}

fn is_random(name: &str, prefix: &str) -> bool {
    let rest = name.strip_prefix(prefix);
    rest.is_some_and(|r| r.len() == RANDOM && r.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Remove one of them.
pub(super) fn remove(path: &Utf8Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}
