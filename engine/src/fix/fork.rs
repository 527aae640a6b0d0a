//! Changed copies of modules, laid into the checked one.

use std::collections::BTreeMap;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use cap_std::fs::Dir;
use model::Edit;
use toolchain::{Go, Scratch, files};

use super::apply::{cannot, lay_diff, wrong};
use crate::failure::Failure;
use crate::world::copy_tree;

/// Largest module that is copied, in bytes.
const LARGEST: u64 = 256 << 20;

/// What the names of directories begin with in which copies are made ready.
pub(super) const PREFIX: &str = ".wasmcheck-fork-";

/// Copies of modules that lie in the module.
pub(super) struct Forks<'t> {
    root: &'t Utf8Path,
    /// Their directories, relative to the module's root, by module path.
    pub(super) dirs: BTreeMap<String, Utf8PathBuf>,
    /// Those that this run has laid: they go again unless they are kept.
    pub(super) laid: Vec<Utf8PathBuf>,
    pub(super) kept: bool,
}

impl Drop for Forks<'_> {
    fn drop(&mut self) {
        for dir in self.laid.iter().filter(|_| !self.kept) {
            _ = std::fs::remove_dir_all(self.root.join(dir));
        }
    }
}

/// A copy of a module that edits want.
#[derive(Clone, Copy)]
struct Wanted<'e> {
    module: &'e str,
    /// The module that is copied.
    copied: &'e str,
    version: &'e str,
    dir: &'e Utf8Path,
    diff: &'e str,
}

impl<'e> Wanted<'e> {
    fn of(edit: &'e Edit) -> Option<Self> {
        match edit {
            Edit::Fork {
                module,
                copied,
                version,
                dir,
                diff,
            } => Some(Self {
                module,
                copied: copied.as_ref().unwrap_or(module),
                version,
                dir,
                diff,
            }),
            _ => None,
        }
    }

    /// Make the copy in a directory that is there.
    fn make(self, go: &Go, into: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
        let fetched = toolchain::fetch(go, &format!("{}@{}", self.copied, self.version))?;
        let copy = into.join("copy");
        copy_tree(fetched.dir.as_std_path(), copy.as_std_path(), LARGEST)
            .map_err(|e| wrong(self.dir, &e.to_string()))?;
        if self.copied != self.module {
            toolchain::name_module(go, &copy, self.module)?;
        }
        lay_diff(&copy, self.diff)?;
        Ok(copy)
    }

    /// Whether something lies in its place: the copy itself, which a run that was ended has laid.
    fn is_there(self, go: &Go, root: &Utf8Path) -> Result<bool, Failure> {
        let there = root.join(self.dir);
        if there.symlink_metadata().is_err() {
            return Ok(false);
        }
        let scratch = Scratch::new()?;
        let copy = self.make(go, scratch.path())?;
        if same_trees(copy.as_std_path(), there.as_std_path()) {
            return Ok(true);
        }
        Err(Failure::usage(format!(
            "{there}: this is there already, where a changed copy of {} {} is to be laid: rename or remove it",
            self.copied, self.version
        )))
    }

    /// Lay the copy beside its place, and put it there whole.
    fn lay(self, go: &Go, (handle, root): (&Dir, &Utf8Path)) -> Result<(), Failure> {
        let to = root.join(self.dir);
        let parent = to.parent().unwrap_or(root);
        // Through the handle of the module, which no link leads out of.
        let below = self.dir.parent().filter(|p| !p.as_str().is_empty());
        handle
            .create_dir_all(below.unwrap_or(Utf8Path::new(".")))
            .map_err(|e| cannot(parent, &e))?;
        let staged = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent)
            .map_err(|e| cannot(parent, &e))?;
        let into = Utf8Path::from_path(staged.path()).unwrap_or(parent);
        let copy = self.make(go, into)?;
        std::fs::rename(&copy, &to).map_err(|e| cannot(&to, &e))
    }
}

/// Lay the changed copies of modules into the module, where nothing needs them yet.
pub(super) fn lay<'t>(
    go: &Go,
    tree: (&Dir, &'t Utf8Path),
    edits: &[Edit],
) -> Result<Forks<'t>, Failure> {
    let mut forks = Forks {
        root: tree.1,
        dirs: BTreeMap::new(),
        laid: Vec::new(),
        kept: false,
    };
    for wanted in edits.iter().filter_map(Wanted::of) {
        if !wanted.is_there(go, tree.1)? {
            wanted.lay(go, tree)?;
            forks.laid.push(wanted.dir.to_owned());
        }
        let dir = wanted.dir.to_owned();
        forks.dirs.insert(wanted.module.to_owned(), dir);
    }
    Ok(forks)
}

/// See that nothing else lies where a copy is to be laid.
pub(super) fn check_place(go: &Go, root: &Utf8Path, edit: &Edit) -> Result<(), Failure> {
    match Wanted::of(edit) {
        Some(wanted) => wanted.is_there(go, root).map(|_| ()),
        None => Ok(()),
    }
}

/// Whether two trees have the same files with the same bytes.
fn same_trees(a: &Path, b: &Path) -> bool {
    let names = |dir: &Path| -> Option<Vec<_>> {
        let entries = std::fs::read_dir(dir).ok()?;
        let mut names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
        names.sort();
        Some(names)
    };
    let kind = |path: &Path| path.symlink_metadata().map(|m| m.file_type()).ok();
    match (kind(a), kind(b)) {
        (Some(a_is), Some(b_is)) if a_is.is_dir() && b_is.is_dir() => {
            let inside = names(a);
            inside.is_some()
                && inside == names(b)
                && inside
                    .into_iter()
                    .flatten()
                    .all(|name| same_trees(&a.join(&name), &b.join(&name)))
        }
        (Some(a_is), Some(b_is)) if a_is.is_file() && b_is.is_file() => {
            let read = |path| files::read(path, LARGEST).ok();
            let bytes = read(a);
            bytes.is_some() && bytes == read(b)
        }
        (Some(a_is), Some(b_is)) if a_is.is_symlink() && b_is.is_symlink() => {
            std::fs::read_link(a).ok() == std::fs::read_link(b).ok()
        }
        _ => false,
    }
}
