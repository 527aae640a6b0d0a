//! The crates of the workspace with their manifests and Rust files, read once for all checks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::source::Source;

/// The workspace.
pub(super) struct Tree {
    /// Its members, in the order of the root manifest.
    pub(super) crates: Vec<Crate>,
}

/// A member of the workspace.
pub(super) struct Crate {
    /// Name of its directory.
    pub(super) name: String,
    /// Text of its Cargo.toml.
    pub(super) manifest: String,
    /// Its Rust files, by path.
    pub(super) files: Vec<Source>,
}

impl Tree {
    /// Reads the workspace in the current directory.
    pub(super) fn read() -> Result<Self> {
        let manifest: toml::Table = read(Path::new("Cargo.toml"))?.parse()?;
        let members = manifest["workspace"]["members"].as_array();
        let members = members.context("Cargo.toml has no list of members")?;
        let crates = members.iter().filter_map(toml::Value::as_str);
        Ok(Self {
            crates: crates.map(Crate::read).collect::<Result<_>>()?,
        })
    }

    /// All Rust files of all crates.
    pub(super) fn files(&self) -> impl Iterator<Item = &Source> {
        self.crates.iter().flat_map(|c| &c.files)
    }
}

impl Crate {
    fn read(name: &str) -> Result<Self> {
        let dir = Path::new(name);
        let files = rust_files(dir).into_iter();
        let files = files.map(|path| Source::new(path.display().to_string(), read(&path)?));
        Ok(Self {
            name: name.to_owned(),
            manifest: read(&dir.join("Cargo.toml"))?,
            files: files.collect::<Result<_>>()?,
        })
    }
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in dir.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Reads a text file; the error names it.
#[expect(clippy::disallowed_methods, reason = "chores read the tree")]
pub(super) fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
