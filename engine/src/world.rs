//! A scratch root directory for a guest: a copy of a tree at its own path, and what Go looks for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runtime_harness::Preopen;
use tempfile::TempDir;

/// Directories of version control and of package managers, which no program of Go's reads.
const SKIPPED: [&str; 4] = [".git", ".hg", ".svn", "node_modules"];

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

/// A scratch root directory, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct World {
    scratch: TempDir,
    env: Vec<(String, String)>,
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
}

impl World {
    /// `/tmp`, a home, `/dev/null` and what little of `/etc` Go looks for, in a new directory under
    /// `parent`.
    pub(crate) fn new(parent: &Path) -> Result<Self, WorldError> {
        let fail = |source| WorldError::Io {
            dir: parent.to_owned(),
            source,
        };
        let scratch = tempfile::Builder::new()
            .prefix("wasmcheck-")
            .tempdir_in(parent)
            .map_err(fail)?;
        let root = scratch.path();
        for dir in DIRS {
            fs::create_dir_all(root.join(dir)).map_err(fail)?;
        }
        for (file, text) in FILES {
            put(&root.join(file), text.as_bytes()).map_err(fail)?;
        }
        let env = [
            ("PWD", "/"),
            ("PATH", "/bin"),
            ("HOME", "/home"),
            ("TMPDIR", "/tmp"),
        ];
        let env = env.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        Ok(Self { scratch, env })
    }

    /// Copy a tree to its own path, files up to `limit` bytes in all.
    ///
    /// Links that lead out of the tree are left out, and so are [`SKIPPED`] directories.
    pub(crate) fn copy(&mut self, tree: &Path, limit: u64) -> Result<(), WorldError> {
        let mut copy = Copy {
            tree,
            left: limit,
            limit,
        };
        let to = self.host_path(tree);
        copy.dir(tree, &to)
    }

    /// Add what tests expect of every system, and hosts of programs need not have: users, and
    /// directories of programs (`os/os_test.go`).
    pub(crate) fn furnish(&self) -> Result<(), WorldError> {
        let root = self.scratch.path();
        let fail = |source| WorldError::Io {
            dir: root.to_owned(),
            source,
        };
        fs::create_dir_all(root.join("usr/bin")).map_err(fail)?;
        for (file, text) in USERS {
            put(&root.join(file), text.as_bytes()).map_err(fail)?;
        }
        Ok(())
    }

    /// Copy one file to its own path, if it is there and not large.
    pub(crate) fn show(&self, file: &Path) {
        let small = fs::metadata(file).is_ok_and(|m| m.is_file() && m.len() <= SHOWN);
        if small {
            // Without it, the guest sees what it would see on a system that lacks it.
            let _ = fs::copy(file, self.host_path(file));
        }
    }

    /// Make a directory the guest's current one.
    pub(crate) fn enter(&mut self, dir: &Path) {
        // It may lie outside what was copied.
        let _ = fs::create_dir_all(self.host_path(dir));
        self.set("PWD", &dir.to_string_lossy());
    }

    /// Set a variable of the environment.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.env.retain(|(k, _)| k != key);
        self.env.push((key.to_owned(), value.to_owned()));
    }

    /// The root directory, as the guest is to see it.
    pub(crate) fn preopen(&self) -> Preopen {
        Preopen {
            host: self.scratch.path().to_owned(),
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
        let parts = guest
            .components()
            .filter(|c| matches!(c, std::path::Component::Normal(_)));
        self.scratch.path().join(parts.collect::<PathBuf>())
    }
}

struct Copy<'t> {
    tree: &'t Path,
    left: u64,
    limit: u64,
}

impl Copy<'_> {
    fn dir(&mut self, from: &Path, to: &Path) -> Result<(), WorldError> {
        let fail = |source| WorldError::Io {
            dir: from.to_owned(),
            source,
        };
        fs::create_dir_all(to).map_err(fail)?;
        for entry in fs::read_dir(from).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            let (name, path) = (entry.file_name(), entry.path());
            let target = to.join(&name);
            if kind.is_dir() {
                if !SKIPPED.iter().any(|s| name == *s) {
                    self.dir(&path, &target)?;
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
        let fail = |source| WorldError::Io {
            dir: from.to_owned(),
            source,
        };
        let size = from.metadata().map_err(fail)?.len();
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
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            Err(e) => Err(fail(e)),
        }
    }

    /// A relative link to something in the tree is made again.
    fn link(&self, from: &Path, to: &Path) {
        let inside = fs::canonicalize(from).is_ok_and(|real| real.starts_with(self.tree));
        if let (true, Ok(target)) = (inside, fs::read_link(from))
            && target.is_relative()
        {
            #[cfg(unix)]
            let _ = std::os::unix::fs::symlink(target, to);
            #[cfg(not(unix))]
            let _ = (target, to);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(file, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_world_holds_a_copy_and_vanishes() {
        let parent = TempDir::new().unwrap();
        let tree = parent.path().canonicalize().unwrap().join("tree");
        std::fs::create_dir_all(tree.join("sub/.git")).unwrap();
        std::fs::File::create(tree.join("sub/file"))
            .unwrap()
            .write_all(b"0123456789")
            .unwrap();
        let mut world = World::new(parent.path()).unwrap();
        world.copy(&tree, 10).unwrap();
        let copy = world.host_path(&tree);
        assert!(copy.join("sub/file").is_file() && !copy.join("sub/.git").exists());
        let told = world.copy(&tree, 9).unwrap_err().to_string();
        assert!(told.contains("larger than 9 bytes"), "{told}");
        let outside = parent.path().canonicalize().unwrap().join("outside");
        world.show(&outside);
        assert!(!world.host_path(&outside).exists());
        std::fs::File::create(&outside).unwrap();
        std::fs::create_dir_all(world.host_path(outside.parent().unwrap())).unwrap();
        world.show(&outside);
        assert!(world.host_path(&outside).is_file());
        let root = world.preopen().host;
        drop(world);
        assert!(!root.exists() && Path::new(&tree).exists());
    }
}
