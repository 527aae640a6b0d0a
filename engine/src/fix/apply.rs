//! Edits written into a module: all of it is made ready first, then put into its place, go.mod last.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use model::Edit;
use toolchain::git::Tree;
use toolchain::{Go, Patch, Session, files};

use super::Apply;
use super::fork::{self, Forks};
use crate::Interrupt;
use crate::failure::Failure;
use crate::modules::Chosen;
use crate::settings::Settings;

/// Largest file that is changed, in bytes.
const LARGEST: u64 = 64 << 20;
/// New text of files, or none of those that are removed, relative to the module's root.
type Texts = BTreeMap<Utf8PathBuf, Option<String>>;

/// Refuse a tree with changes that are not committed; `leftovers` are what a run that was killed has left.
pub(super) fn check_tree(
    root: &Utf8Path,
    leftovers: &[Utf8PathBuf],
    apply: Apply,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if apply.allow_dirty {
        return Ok(());
    }
    match toolchain::git::tree(root, interrupt)? {
        Tree::Unmanaged | Tree::Clean => return Ok(()),
        Tree::Dirty => {}
        Tree::Unknown(why) => {
            return Err(Failure::usage(format!(
                "{root}: it is not known whether all changes are committed, because git fails: {why}; --allow-dirty writes nevertheless"
            )));
        }
    }
    Err(Failure::usage(match leftovers.first() {
        None => format!(
            "{root} has changes that are not committed: commit them first, so that what is applied can be seen and taken back, or give --allow-dirty"
        ),
        Some(leftover) => format!(
            "{root} has changes that are not committed, some maybe of a `wasmcheck fix --apply` that was ended while it wrote: {leftover} is left of it. `git stash --include-untracked` puts all of them aside; --allow-dirty goes on from them"
        ),
    }))
}

/// Write edits into a module; the value is what was written, relative to its root.
pub(super) fn apply(
    go: &Go,
    chosen: Chosen<'_>,
    settings: &Settings,
    edits: &[Edit],
) -> Result<Vec<String>, Failure> {
    let root = Dir::open_ambient_dir(chosen.root, ambient_authority())
        .map_err(|e| cannot(chosen.root, &e))?;
    let texts = texts(&root, chosen.root, edits)?;
    let mut forks = fork::lay(go, (&root, chosen.root), edits)?;
    let mod_files = mod_files(go, (&root, chosen), settings, edits, (&texts, &forks))?;
    let mut written: Vec<String> = forks.laid.iter().map(|dir| format!("{dir}/")).collect();
    // All of it is made ready before the first file is changed.
    let mut staged: Vec<files::Staged> = Vec::new();
    let new = texts
        .iter()
        .filter_map(|(path, text)| Some((path, text.as_ref()?)));
    for (path, text) in new.chain(mod_files.iter().map(|(path, text)| (path, text))) {
        staged.push(stage(&root, chosen.root, path, text)?);
        written.push(path.to_string());
    }
    for staged in staged {
        staged.put().map_err(|e| cannot(chosen.root, &e))?;
    }
    for path in texts
        .iter()
        .filter(|(_, text)| text.is_none())
        .map(|(path, _)| path)
    {
        root.remove_file(path)
            .map_err(|e| cannot(&chosen.root.join(path), &e))?;
        written.push(format!("{path} (removed)"));
    }
    forks.kept = true;
    Ok(written)
}

/// The files of edits as they are to be.
fn texts(root: &Dir, at: &Utf8Path, edits: &[Edit]) -> Result<Texts, Failure> {
    let mut texts = Texts::new();
    for edit in edits {
        if let Edit::File { path, diff } = edit {
            // Of two diffs of a file, the second one was made with the first one applied.
            let before = match texts.get(path) {
                Some(text) => text.clone(),
                None => read(root, at, path)?,
            };
            let after =
                advisors::diff::apply(before.as_deref(), diff).map_err(|why| wrong(path, &why))?;
            texts.insert(path.clone(), after);
        }
    }
    Ok(texts)
}

/// The texts of go.sum and go.mod, in this order, where they change.
fn mod_files(
    go: &Go,
    (root, chosen): (&Dir, Chosen<'_>),
    settings: &Settings,
    edits: &[Edit],
    (texts, forks): (&Texts, &Forks<'_>),
) -> Result<Vec<(Utf8PathBuf, String)>, Failure> {
    let of_module = |e: &&Edit| {
        matches!(
            e,
            Edit::Require { .. } | Edit::Replace { .. } | Edit::Drop { .. } | Edit::Tag { .. }
        )
    };
    let of_module: Vec<Edit> = edits.iter().filter(of_module).cloned().collect();
    let of_mod_file = of_module.iter().any(|e| !matches!(e, Edit::Tag { .. }));
    if !of_mod_file && forks.dirs.is_empty() {
        return Ok(Vec::new());
    }
    let files = texts.iter();
    let files = files.map(|(path, text)| (chosen.root.join(path), text.clone()));
    let dirs = forks.dirs.iter();
    let patch = Patch {
        edits: of_module,
        files: files.collect(),
        forks: dirs
            .map(|(m, dir)| (m.clone(), chosen.root.join(dir)))
            .collect(),
    };
    let session = Session::open(go, chosen.root, &settings.tags)?;
    let module = session.patched(go, &patch)?;
    let [go_mod, go_sum] = module.module_files(&patch, &["./...".to_owned()])?;
    let mut changed = Vec::new();
    for (name, text) in [("go.sum", go_sum), ("go.mod", go_mod)] {
        let file = Utf8PathBuf::from(name);
        let before = read(root, chosen.root, &file)?;
        if !text.is_empty() && before.as_deref() != Some(text.as_str()) {
            changed.push((file, text));
        }
    }
    Ok(changed)
}

/// Change the files of a tree by a diff of several.
pub(super) fn lay_diff(tree: &Utf8Path, diff: &str) -> Result<(), Failure> {
    let inside = Dir::open_ambient_dir(tree, ambient_authority()).map_err(|e| cannot(tree, &e))?;
    let files = advisors::diff::of_files(diff).map_err(|why| wrong(tree, &why))?;
    for (path, diff) in files {
        let path = Utf8Path::new(&path);
        let before = read(&inside, tree, path)?;
        let after =
            advisors::diff::apply(before.as_deref(), &diff).map_err(|why| wrong(path, &why))?;
        put(&inside, tree, path, after.as_deref())?;
    }
    Ok(())
}

/// The text of a file below a directory; none where there is no such file.
pub(super) fn read(root: &Dir, at: &Utf8Path, path: &Utf8Path) -> Result<Option<String>, Failure> {
    let file = match root.open(path) {
        Ok(file) => file.into_std(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(cannot(&at.join(path), &e)),
    };
    let bytes = files::read_open(file, LARGEST).map_err(|e| cannot(&at.join(path), &e))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| wrong(path, "it is not UTF-8"))
}

/// Write a file below a directory, or remove it; it is the old one or the new one, whenever this ends.
fn put(root: &Dir, at: &Utf8Path, path: &Utf8Path, text: Option<&str>) -> Result<(), Failure> {
    let done = match text {
        Some(text) => stage(root, at, path, text)?.put(),
        None => root.remove_file(path),
    };
    done.map_err(|e| cannot(&at.join(path), &e))
}

/// Make a file below a directory ready.
fn stage(root: &Dir, at: &Utf8Path, path: &Utf8Path, text: &str) -> Result<files::Staged, Failure> {
    // No link on the way leads out: the handle would refuse it.
    let parent = path
        .parent()
        .filter(|p| !p.as_str().is_empty())
        .unwrap_or(Utf8Path::new("."));
    let real = root
        .canonicalize(parent)
        .map_err(|e| cannot(&at.join(parent), &e))?;
    let name = path.file_name().unwrap_or_default();
    let file = at.as_std_path().join(real).join(Path::new(name));
    files::Staged::new(&file, text.as_bytes()).map_err(|e| cannot(&at.join(path), &e))
}

pub(super) fn cannot(path: &Utf8Path, e: &io::Error) -> Failure {
    Failure::usage(format!("{path}: {e}"))
}

pub(super) fn wrong(path: &Utf8Path, why: &str) -> Failure {
    Failure::usage(format!("{path}: {why}"))
}
