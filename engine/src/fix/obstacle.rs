//! What keeps edits from being written into a module, found before any of it is.

use camino::Utf8Path;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use model::Edit;
use toolchain::Go;

use super::apply::{cannot, read, wrong};
use super::fork;
use crate::failure::Failure;

/// What stands in the way of each edit, with the file and what to do about it.
pub(super) fn obstacles(go: &Go, at: &Utf8Path, edits: &[Edit]) -> Vec<Failure> {
    let root = match Dir::open_ambient_dir(at, ambient_authority()) {
        Ok(root) => root,
        Err(e) => return vec![cannot(at, &e)],
    };
    let found = edits
        .iter()
        .filter_map(|edit| of_edit(go, (&root, at), edit).err());
    let mut found: Vec<Failure> = found.collect();
    found.dedup_by_key(|failure| failure.to_string());
    found
}

fn of_edit(go: &Go, tree: (&Dir, &Utf8Path), edit: &Edit) -> Result<(), Failure> {
    match edit {
        Edit::File { path, .. } => {
            check_links(tree, path)?;
            read(tree.0, tree.1, path).map(|_| ())
        }
        Edit::Fork { dir, module, .. } => {
            check_links(tree, dir)?;
            check_dirs(tree, dir, module)?;
            check_requirements(tree)?;
            fork::check_place(go, tree.1, edit)
        }
        Edit::Require { .. } | Edit::Replace { .. } | Edit::Drop { .. } | Edit::Tag { .. } => {
            check_requirements(tree)
        }
    }
}

/// Refuse to change what the module requires through links that lead out of it.
fn check_requirements(tree: (&Dir, &Utf8Path)) -> Result<(), Failure> {
    ["go.mod", "go.sum"]
        .iter()
        .try_for_each(|name| check_links(tree, Utf8Path::new(name)))
}

/// The path and the directories that it lies in, the uppermost first.
fn downwards(path: &Utf8Path) -> Vec<&Utf8Path> {
    let mut all: Vec<&Utf8Path> = path
        .ancestors()
        .filter(|p| !p.as_str().is_empty())
        .collect();
    all.reverse();
    all
}

/// Refuse a path on which a link leads out of the module, or nowhere.
fn check_links((root, at): (&Dir, &Utf8Path), path: &Utf8Path) -> Result<(), Failure> {
    for part in downwards(path) {
        let is_link = root.symlink_metadata(part).is_ok_and(|m| m.is_symlink());
        if is_link && root.canonicalize(part).is_err() {
            return Err(wrong(
                &at.join(part),
                "this link leads out of the module or nowhere, and nothing is written through it: put a file or directory of the module in its place",
            ));
        }
    }
    Ok(())
}

/// Refuse what is no directory where one is to hold the copy of a module.
fn check_dirs((root, at): (&Dir, &Utf8Path), dir: &Utf8Path, module: &str) -> Result<(), Failure> {
    let above = dir.parent().map(downwards).unwrap_or_default();
    let mut others = above
        .into_iter()
        .filter(|part| root.metadata(part).is_ok_and(|m| !m.is_dir()));
    match others.next() {
        None => Ok(()),
        Some(other) => Err(wrong(
            &at.join(other),
            &format!(
                "this is no directory, and a directory of this name is to hold a copy of {module}: rename or remove it"
            ),
        )),
    }
}
