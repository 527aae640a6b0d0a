//! A scratch root directory for a guest: a copy of a tree at its own path, and what Go looks for.
//!
//! A module may bring links that lead anywhere. What is written here goes through a handle of the root
//! directory, below which every link ends (cap-std).

mod copy;

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use camino::Utf8Path;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use runtime_harness::Preopen;
use toolchain::Scratch;

use self::copy::Copy;

/// Directories of every world.
const DIRS: [&str; 5] = ["tmp", "home", "bin", "etc", "dev"];

/// Files of every world. Go reads the first (`net/hook_unix.go`).
const FILES: [(&str, &str); 2] = [
    ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ("dev/null", ""),
];

/// Where `os/user/lookup_unix.go` looks for users, who are made up.
const USERS: [(&str, &str); 2] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n",
    ),
    ("etc/group", "root:x:0:\nuser:x:1000:\n"),
];

/// Largest file that [`World::show`] copies, in bytes.
const SHOWN: u64 = 1 << 20;

/// The root directory within the scratch directory.
const ROOT: &str = "root";

/// A scratch root directory, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct World {
    scratch: Scratch,
    root: Dir,
    env: Vec<(String, String)>,
    /// What was left out of the copy, because it could not be read.
    left_out: Vec<PathBuf>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorldError {
    /// The tree is too large to be copied.
    #[error("{} is larger than {limit} bytes, the limit of a scratch copy", dir.display())]
    TooLarge {
        /// The tree.
        dir: PathBuf,
        /// What a copy may take.
        limit: u64,
    },
    /// A file could not be read, or there is no space.
    #[error("cannot make a scratch copy of {}: {source}", dir.display())]
    Io {
        /// The tree, or the file.
        dir: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// There is no scratch directory.
    #[error(transparent)]
    NoScratch(#[from] toolchain::Error),
}

impl World {
    /// `/tmp`, a home, `/dev/null` and what little of `/etc` Go looks for, in a new scratch directory.
    pub(crate) fn new() -> Result<Self, WorldError> {
        let scratch = Scratch::new()?;
        let path = scratch.path().join(ROOT);
        let made = fs::create_dir(&path)
            .and_then(|()| Dir::open_ambient_dir(&path, ambient_authority()))
            .and_then(|root| furnished(&root, &DIRS, &FILES).map(|()| root));
        let root = made.map_err(io_error(path.as_std_path()))?;
        let env = [
            ("PWD", "/"),
            ("PATH", "/bin"),
            ("HOME", "/home"),
            ("TMPDIR", "/tmp"),
        ];
        let env = env.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        Ok(Self {
            scratch,
            root,
            env,
            left_out: Vec::new(),
        })
    }

    /// The scratch directory around it.
    pub(crate) fn scratch(&self) -> &Utf8Path {
        self.scratch.path()
    }

    /// Copy a tree to its own path, files up to `limit` bytes in all.
    ///
    /// Left out are links that lead out of the tree, directories of version control and of package
    /// managers, scratch directories, and what cannot be read.
    pub(crate) fn copy(&mut self, tree: &Path, limit: u64) -> Result<(), WorldError> {
        let to = self.host_path(tree);
        self.left_out.extend(Copy::tree(tree, &to, limit)?);
        Ok(())
    }

    /// What of the tree is not in the copy, in a sentence.
    pub(crate) fn left_out(&self) -> Option<String> {
        let first = self.left_out.first()?.display();
        Some(match self.left_out.len() - 1 {
            0 => format!("{first} cannot be read, and is not in the scratch copy"),
            more => {
                format!("{first} and {more} more cannot be read, and are not in the scratch copy")
            }
        })
    }

    /// Add what tests expect of every system, and hosts of programs need not have: users, and
    /// directories of programs (`os/os_test.go`).
    pub(crate) fn furnish(&self) -> Result<(), WorldError> {
        let made = furnished(&self.root, &["usr/bin", "etc"], &USERS);
        made.map_err(io_error(Path::new("/etc")))
    }

    /// Copy one file to its own path, if it is there and not large.
    pub(crate) fn show(&self, file: &Path) {
        if let Ok(bytes) = toolchain::files::read(file, SHOWN) {
            // Without it, the guest sees what it would see on a system that lacks it.
            let _ = self.root.write(below(file), bytes);
        }
    }

    /// Write a file of the guest, and the directories on the way to it.
    pub(crate) fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        let file = below(file);
        if let Some(parent) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            self.root.create_dir_all(parent)?;
        }
        self.root.write(file, text)
    }

    /// Where a file of the guest lies, which is no link.
    pub(crate) fn file(&self, file: &Path) -> io::Result<PathBuf> {
        let real = self.root.canonicalize(below(file))?;
        toolchain::files::regular(&fs::symlink_metadata(self.host_path(&real))?)?;
        Ok(self.host_path(&real))
    }

    /// Make a directory the guest's current one; the value is where it lies.
    pub(crate) fn enter(&mut self, dir: &Path) -> io::Result<PathBuf> {
        self.set("PWD", &dir.to_string_lossy());
        let inside = below(dir);
        // It may lie outside what was copied.
        if !inside.as_os_str().is_empty() {
            self.root.create_dir_all(&inside)?;
            return Ok(self.host_path(&self.root.canonicalize(inside)?));
        }
        Ok(self.host_path(dir))
    }

    /// Set a variable of the environment.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.env.retain(|(k, _)| k != key);
        self.env.push((key.to_owned(), value.to_owned()));
    }

    /// The root directory, as the guest is to see it.
    pub(crate) fn preopen(&self) -> Preopen {
        Preopen {
            host: self.host_path(Path::new("/")),
            guest: "/".to_owned(),
            writable: true,
        }
    }

    /// The guest's environment.
    pub(crate) fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// Where a path of the guest lies.
    pub(crate) fn host_path(&self, guest: &Path) -> PathBuf {
        let root = self.scratch.path().join(ROOT);
        let inside = below(guest);
        if inside.as_os_str().is_empty() {
            root.into()
        } else {
            root.as_std_path().join(inside)
        }
    }
}

/// A path of the guest relative to its root directory.
fn below(guest: &Path) -> PathBuf {
    let parts = guest.components();
    parts
        .filter(|c| matches!(c, Component::Normal(_)))
        .collect()
}

/// Copy a tree, files up to `limit` bytes in all, into a directory of ours.
pub(crate) fn copy_tree(tree: &Path, to: &Path, limit: u64) -> Result<(), WorldError> {
    Copy::tree(tree, to, limit).map(|_| ())
}

fn furnished(root: &Dir, dirs: &[&str], files: &[(&str, &str)]) -> io::Result<()> {
    for dir in dirs {
        root.create_dir_all(dir)?;
    }
    files
        .iter()
        .try_for_each(|(file, text)| root.write(file, text))
}

fn io_error(dir: &Path) -> impl FnOnce(io::Error) -> WorldError {
    let dir = dir.to_owned();
    move |source| WorldError::Io { dir, source }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn tree() -> (TempDir, PathBuf) {
        let parent = TempDir::new().unwrap();
        let tree = parent.path().canonicalize().unwrap().join("tree");
        fs::create_dir_all(tree.join("sub/.git")).unwrap();
        fs::write(tree.join("sub/file"), "0123456789").unwrap();
        (parent, tree)
    }

    #[test]
    fn a_world_holds_a_copy_and_vanishes() {
        let (_parent, tree) = tree();
        let mut world = World::new().unwrap();
        world.copy(&tree, 10).unwrap();
        let copy = world.host_path(&tree);
        assert!(copy.join("sub/file").is_file() && !copy.join("sub/.git").exists());
        let error = world.copy(&tree, 9).unwrap_err().to_string();
        assert!(error.contains("larger than 9 bytes"), "{error}");
        let outside = tree.with_file_name("outside");
        world.show(&outside);
        assert!(!world.host_path(&outside).exists());
        fs::write(&outside, "").unwrap();
        world.show(&outside);
        assert!(world.host_path(&outside).is_file());
        let root = world.preopen().host;
        drop(world);
        assert!(!root.exists() && tree.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_or_read_through_links_of_the_module() {
        use std::os::unix::fs::symlink;
        let (_parent, tree) = tree();
        let outside = tree.with_file_name("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "kept").unwrap();
        // Where the tree is, `..` ends at the root; where the copy is, it does not.
        let up = "../".repeat(40) + outside.to_str().unwrap().trim_start_matches('/');
        symlink(&up, tree.join("up")).unwrap();
        symlink(up.clone() + "/file", tree.join("up-file")).unwrap();
        symlink("../outside", tree.join("out")).unwrap();
        symlink("sub", tree.join("in")).unwrap();
        let mut world = World::new().unwrap();
        world.copy(&tree, 1 << 20).unwrap();
        let links = ["up", "up-file", "out", "in"].map(|name| {
            let link = world.host_path(&tree).join(name);
            fs::symlink_metadata(link).is_ok()
        });
        assert_eq!(links, [false, false, false, true]);
        // As if a link had come into the copy in spite of that.
        symlink(&up, world.host_path(&tree).join("up")).unwrap();
        symlink(
            outside.join("file"),
            world.host_path(&tree).join("absolute"),
        )
        .unwrap();
        assert!(world.write(&tree.join("up/file"), "lost").is_err());
        assert!(world.write(&tree.join("up/new"), "lost").is_err());
        assert!(world.write(&tree.join("absolute"), "lost").is_err());
        assert!(world.enter(&tree.join("up/new")).is_err());
        assert!(world.file(&tree.join("up/file")).is_err());
        assert!(world.file(&tree.join("absolute")).is_err());
        world.write(&tree.join("in/new/file"), "text").unwrap();
        let written = world.file(&tree.join("in/new/file")).unwrap();
        assert_eq!(fs::read_to_string(written).unwrap(), "text");
        let left = fs::read_dir(&outside).unwrap().count();
        assert_eq!(left, 1);
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "kept");
    }
}
