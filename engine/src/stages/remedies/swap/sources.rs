//! The Go files of a module, whatever their constraints: a swap that leaves one out is half made.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use toolchain::files;

use super::Texts;

/// Largest Go file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// The Go files of a module by their absolute paths, tests included. What Go passes over is left out: nested modules,
/// `vendor`, `testdata`, and names that begin with `_` or `.`.
pub(super) fn read(root: &Utf8Path) -> Texts {
    let mut texts = Texts::new();
    let mut todo: Vec<Utf8PathBuf> = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(path) = Utf8PathBuf::from_path_buf(entry.path()) else {
                continue;
            };
            let name = path.file_name().unwrap_or_default();
            if name.starts_with(['_', '.']) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    let passed = matches!(name, "vendor" | "testdata" | "node_modules");
                    if !passed && !path.join("go.mod").exists() {
                        todo.push(path);
                    }
                }
                Ok(kind) if kind.is_file() && path.extension() == Some("go") => {
                    if let Ok(text) = files::read_text(path.as_std_path(), LARGEST) {
                        texts.insert(path, text);
                    }
                }
                _ => {}
            }
        }
    }
    texts
}
