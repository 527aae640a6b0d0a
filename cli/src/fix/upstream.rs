//! `wasmcheck fix --upstream`: the changes of dependencies as files for those who develop them.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind};

use camino::{Utf8Path, Utf8PathBuf};
use engine::{Failure, Fixed};
use model::{Report, Upstream, visible};
use report::render::upstream::files;

/// Refuse a directory that is not new and not empty, before any work is done.
pub(super) fn check_dir(dir: &Utf8Path) -> Result<(), Failure> {
    if dir.as_str().is_empty() {
        return Err(Failure::usage("--upstream=DIR: DIR is empty".to_owned()));
    }
    let metadata = match dir.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == ErrorKind::NotFound => return check_parent(dir),
        Err(e) => return Err(cannot(dir, &e)),
    };
    let why = if metadata.is_symlink() {
        "this is a symbolic link, which is not followed"
    } else if !metadata.is_dir() {
        "this is a file, not a directory"
    } else if dir
        .read_dir_utf8()
        .map_err(|e| cannot(dir, &e))?
        .next()
        .is_some()
    {
        "this directory is not empty, and nothing in it is written over"
    } else {
        return Ok(());
    };
    Err(refused(dir, why))
}

/// Refuse a directory that could not be made.
fn check_parent(dir: &Utf8Path) -> Result<(), Failure> {
    let parent = dir.parent().filter(|p| !p.as_str().is_empty());
    match parent.filter(|p| !p.is_dir()) {
        Some(parent) => Err(Failure::usage(format!(
            "{dir}: there is no directory {parent}"
        ))),
        None => Ok(()),
    }
}

/// Write the changes of dependencies, and say where and how they are applied.
///
/// # Errors
/// What keeps a file from being written; then none of them is left.
pub(super) fn write(
    text: &mut String,
    dir: &Utf8Path,
    changes: &[Upstream],
    fixed: &[Fixed],
) -> Result<(), Failure> {
    if changes.is_empty() {
        let _ = writeln!(
            text,
            "#\n# no dependency is to be changed: nothing was written to {}",
            visible(dir.as_str())
        );
        return Ok(());
    }
    let reports: Vec<&Report> = fixed.iter().map(|f| &f.report).collect();
    let files = files(changes, &reports);
    let all: Vec<(Utf8PathBuf, &str)> = files
        .iter()
        .flat_map(|f| {
            [
                (dir.join(format!("{}.patch", f.name)), f.patch.as_str()),
                (dir.join(format!("{}.md", f.name)), f.letter.as_str()),
            ]
        })
        .collect();
    write_all(dir, &all)?;
    for (file, change) in files.iter().zip(changes) {
        let name = visible(&file.name);
        let _ = writeln!(
            text,
            "#\n# {} {}, for its developers:",
            visible(&change.module),
            visible(&change.version)
        );
        for ending in ["patch", "md"] {
            let _ = writeln!(
                text,
                "# wrote {}",
                visible(dir.join(format!("{name}.{ending}")).as_str())
            );
        }
        for step in &file.steps {
            let _ = writeln!(text, "#   {}", visible(step));
        }
        if let Some(why) = &change.untried {
            let _ = writeln!(text, "# not built in its own tree: {}", visible(why));
        }
    }
    Ok(())
}

/// Write all files into a directory that is new or empty, or none of them.
fn write_all(dir: &Utf8Path, files: &[(Utf8PathBuf, &str)]) -> Result<(), Failure> {
    let is_new = match fs::create_dir(dir) {
        Ok(()) => true,
        // What was put there since it was looked at first is not touched.
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            check_dir(dir)?;
            false
        }
        Err(e) => return Err(cannot(dir, &e)),
    };
    for (number, (file, text)) in files.iter().enumerate() {
        if let Err(e) = engine::write_new(file, text) {
            // What cannot be removed either is still named in the complaint.
            for (written, _) in &files[..number] {
                let _ = fs::remove_file(written);
            }
            if is_new {
                let _ = fs::remove_dir(dir);
            }
            return Err(cannot(file, &e));
        }
    }
    Ok(())
}

fn refused(dir: &Utf8Path, why: &str) -> Failure {
    Failure::usage(format!(
        "{dir}: {why}; name a directory that is new or empty: --upstream=DIR"
    ))
}

fn cannot(path: &Utf8Path, e: &io::Error) -> Failure {
    Failure::usage(format!("{path}: the patch cannot be written: {e}"))
}
