//! Removes a tree of files, however deep, whoever took away which rights.
//!
//! `std::fs::remove_dir_all` calls itself and holds a descriptor for each level, so that a program in the
//! sandbox could make a tree that cannot be removed. Here, the directories of a directory are moved to the
//! top before it is removed: three descriptors and names of one length are enough.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// How often a directory is emptied into which somebody goes on writing.
const ATTEMPTS: usize = 16;

/// Remove a directory and all in it; what is called `last` in it goes last, so that a tree that was removed
/// in part is still known by it.
///
/// # Errors
///
/// Those of the system; the rest of the tree is removed all the same, as far as that can be.
pub(crate) fn remove_tree(root: &Path, last: &str) -> io::Result<()> {
    let mut tree = Tree::open(root, last)?;
    let mut result = Ok(());
    for _ in 0..ATTEMPTS {
        result = tree.empty();
        if result.is_ok() {
            break;
        }
    }
    result?;
    drop(tree);
    std::fs::remove_dir(root)
}

/// A tree that is made flat while it is removed.
struct Tree<'l> {
    top: Dir,
    last: &'l OsStr,
    /// Directories at the top that are to be removed.
    dirs: Vec<OsString>,
    /// Number of directories that got a name here.
    named: u64,
}

impl<'l> Tree<'l> {
    fn open(root: &Path, last: &'l str) -> io::Result<Self> {
        let parent = root.parent().ok_or(ErrorKind::InvalidInput)?;
        let name = root.file_name().ok_or(ErrorKind::InvalidInput)?;
        let parent = Dir::open_ambient_dir(parent, ambient_authority())?;
        allow(&parent, name);
        Ok(Self {
            top: parent.open_dir_nofollow(name)?,
            last: OsStr::new(last),
            dirs: Vec::new(),
            named: 0,
        })
    }

    /// Remove all that is in it.
    fn empty(&mut self) -> io::Result<()> {
        self.dirs.clear();
        for entry in self.top.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                self.dirs.push(name);
            } else if name != self.last {
                self.top.remove_file(name)?;
            }
        }
        while let Some(name) = self.dirs.pop() {
            self.remove(&name)?;
        }
        match self.top.remove_file(self.last) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Remove a directory at the top; those that lie in it come to the top.
    fn remove(&mut self, name: &OsStr) -> io::Result<()> {
        allow(&self.top, name);
        for _ in 0..ATTEMPTS {
            let dir = self.top.open_dir_nofollow(name)?;
            for entry in dir.entries()? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    self.raise(&dir, &entry.file_name())?;
                } else {
                    dir.remove_file(entry.file_name())?;
                }
            }
            match self.top.remove_dir(name) {
                Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => {}
                done => return done,
            }
        }
        Err(ErrorKind::DirectoryNotEmpty.into())
    }

    /// Move a directory to the top, under a name that nothing has there.
    fn raise(&mut self, from: &Dir, name: &OsStr) -> io::Result<()> {
        loop {
            self.named += 1;
            let new = OsString::from(format!("removed-{}", self.named));
            let mut moved = from.rename(name, &self.top, &new);
            if matches!(&moved, Err(e) if e.kind() == ErrorKind::PermissionDenied) {
                // Its own `..` changes, for which it must be writable (rename(2)).
                allow(from, name);
                moved = from.rename(name, &self.top, &new);
            }
            match moved.map_err(|e| (e.kind(), e)) {
                Ok(()) => {
                    self.dirs.push(new);
                    return Ok(());
                }
                Err((
                    ErrorKind::DirectoryNotEmpty
                    | ErrorKind::AlreadyExists
                    | ErrorKind::NotADirectory,
                    _,
                )) => {}
                Err((_, e)) => return Err(e),
            }
        }
    }
}

/// Give the owner of a directory all rights to it. Where that fails, the next step says why.
#[cfg(unix)]
fn allow(parent: &Dir, name: &OsStr) {
    use cap_std::fs::{Permissions, PermissionsExt};
    let is_dir = |m: cap_std::fs::Metadata| m.is_dir();
    if parent.symlink_metadata(name).is_ok_and(is_dir) {
        let _ = parent.set_permissions(name, Permissions::from_mode(0o700));
    }
}

#[cfg(not(unix))]
fn allow(_: &Dir, _: &OsStr) {}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_tree_goes_and_what_its_links_lead_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let [root, outside] = ["root", "outside"].map(|name| dir.path().join(name));
        std::fs::create_dir_all(root.join("a/b/removed-1")).unwrap();
        std::fs::create_dir_all(root.join("removed-2/x")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("keep"), "").unwrap();
        std::fs::write(root.join("removed-1"), "").unwrap();
        std::fs::write(root.join("mark"), "").unwrap();
        symlink(&outside, root.join("a/b/link")).unwrap();
        symlink(&outside, root.join("link")).unwrap();
        let closed = PermissionsExt::from_mode(0o000);
        std::fs::set_permissions(root.join("a/b"), closed).unwrap();
        remove_tree(&root, "mark").unwrap();
        assert!(!root.exists() && outside.join("keep").exists());
    }

    #[test]
    fn depth_needs_neither_stack_nor_descriptors() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let mut dir = Dir::open_ambient_dir(&root, ambient_authority()).unwrap();
        for _ in 0..5_000 {
            dir.create_dir("d").unwrap();
            dir = dir.open_dir("d").unwrap();
        }
        drop(dir);
        let small = std::thread::Builder::new().stack_size(256 << 10);
        let removed = small.spawn(move || remove_tree(&root, "mark").map(|()| root));
        assert!(!removed.unwrap().join().unwrap().unwrap().exists());
    }

    #[test]
    fn a_link_is_no_tree() {
        let dir = tempfile::tempdir().unwrap();
        let [root, outside] = ["root", "outside"].map(|name| dir.path().join(name));
        std::fs::create_dir_all(outside.join("keep")).unwrap();
        symlink(&outside, &root).unwrap();
        assert!(remove_tree(&root, "mark").is_err());
        assert!(outside.join("keep").exists());
    }
}
