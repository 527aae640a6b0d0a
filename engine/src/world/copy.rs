//! A copy of a tree, without what no program of Go's reads, and without itself.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::{WorldError, io_error};

/// Directories of version control and of package managers, which no program of Go's reads.
const SKIPPED: [&str; 4] = [".git", ".hg", ".svn", "node_modules"];

/// A copy that is being made.
pub(super) struct Copy<'t> {
    tree: &'t Path,
    /// Bytes that it may still take.
    left: u64,
    limit: u64,
    /// Directories that are still to be copied, and where to.
    todo: Vec<(PathBuf, PathBuf)>,
    left_out: Vec<PathBuf>,
}

impl<'t> Copy<'t> {
    /// Copy a tree; the value is what of it cannot be read.
    pub(super) fn tree(tree: &'t Path, to: &Path, limit: u64) -> Result<Vec<PathBuf>, WorldError> {
        let mut copy = Self {
            tree,
            left: limit,
            limit,
            todo: vec![(tree.to_owned(), to.to_owned())],
            left_out: Vec::new(),
        };
        fs::read_dir(tree).map_err(io_error(tree))?;
        while let Some((from, to)) = copy.todo.pop() {
            copy.dir(&from, &to)?;
        }
        Ok(copy.left_out)
    }

    fn dir(&mut self, from: &Path, to: &Path) -> Result<(), WorldError> {
        fs::create_dir_all(to).map_err(io_error(from))?;
        let Ok(entries) = fs::read_dir(from) else {
            self.left_out.push(from.to_owned());
            return Ok(());
        };
        for entry in entries.flatten() {
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            // One that was removed meanwhile.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if !is_skipped(&entry.file_name(), &path) {
                    self.todo.push((path, target));
                }
            } else if kind.is_file() {
                self.file(&path, &target)?;
            } else if kind.is_symlink() {
                self.link(&path, &target);
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> Result<(), WorldError> {
        let size = from.metadata().map_or(0, |m| m.len());
        let Some(left) = self.left.checked_sub(size) else {
            return Err(WorldError::TooLarge {
                dir: self.tree.to_owned(),
                limit: self.limit,
            });
        };
        self.left = left;
        match fs::copy(from, to) {
            Ok(_) => Ok(()),
            // What the user may not read, the guest may not either.
            Err(e) if is_unreadable(&e) => {
                self.left_out.push(from.to_owned());
                Ok(())
            }
            Err(e) => Err(io_error(from)(e)),
        }
    }

    /// A relative link to something in the tree is made again, if it leads there in the copy, too.
    fn link(&self, from: &Path, to: &Path) {
        let inside = fs::canonicalize(from).is_ok_and(|real| real.starts_with(self.tree));
        if let (true, Ok(target)) = (inside, fs::read_link(from))
            && stays_within(self.tree, from, &target)
        {
            #[cfg(unix)]
            let _ = std::os::unix::fs::symlink(target, to);
            #[cfg(not(unix))]
            let _ = (target, to);
        }
    }
}

/// Whether a relative link never goes above the tree on its way: in the copy, the tree lies deeper, where
/// more `..` lead elsewhere.
fn stays_within(tree: &Path, link: &Path, target: &Path) -> bool {
    let Some(dir) = link.parent().and_then(|dir| dir.strip_prefix(tree).ok()) else {
        return false;
    };
    let mut depth = dir.components().count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Whether a directory is left out: nobody misses it, or the copy would be in it.
fn is_skipped(name: &OsString, dir: &Path) -> bool {
    SKIPPED.iter().any(|s| name == *s) || toolchain::is_scratch(dir)
}

/// Whether an error is about the file that is copied, not about room for the copy.
fn is_unreadable(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::PermissionDenied | ErrorKind::NotFound | ErrorKind::InvalidInput
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_go_above_the_tree_are_known() {
        let stays = |link: &str, target: &str| {
            stays_within(Path::new("/t"), Path::new(link), Path::new(target))
        };
        assert!(stays("/t/a/l", "../b"));
        assert!(stays("/t/a/l", "./b/../../c"));
        assert!(!stays("/t/a/l", "../../t/b"));
        assert!(!stays("/t/l", "../x"));
        assert!(!stays("/t/l", "/t/x"));
    }
}
