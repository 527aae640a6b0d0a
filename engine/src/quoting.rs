//! What of the machine's files may stand in a report of a module: its own source, that of the repository around it, of
//! the Go toolchain and of the module cache. Links, `//line` directives and `replace` lines of a module can name any
//! other file.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use analyzer::{Quotable, System};
use camino::{Utf8Path, Utf8PathBuf};

use crate::cache::CachedDisk;
use crate::checkup::Checkup;

/// Ends of names of source that Go, or a C compiler for it, reads.
const SOURCE: [&str; 13] = [
    "go", "s", "S", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "m", "y",
];

/// The disk, and what of it may be quoted.
pub(crate) struct QuotedDisk {
    disk: CachedDisk,
    limits: Limits,
    known: Mutex<BTreeMap<Utf8PathBuf, Option<Quotable>>>,
}

/// Directories whose source may be quoted.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Those that no module writes: nothing in them is a link.
    trusted: Vec<Utf8PathBuf>,
    /// Those of the module, by all of their names.
    own: Vec<Utf8PathBuf>,
}

impl QuotedDisk {
    /// The disk with its limits.
    pub(crate) fn new(disk: CachedDisk, limits: Limits) -> Self {
        Self {
            disk,
            limits,
            known: Mutex::default(),
        }
    }
}

impl System for QuotedDisk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.disk.read(path)
    }

    fn quotable(&self, path: &Utf8Path) -> Option<Quotable> {
        if self.limits.trusts(path) {
            return Some(Quotable::Lines);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(path) {
            return *known;
        }
        let quotable = self.limits.quotable(path);
        known.insert(path.to_owned(), quotable);
        quotable
    }

    fn keeps(&self, dir: &Utf8Path) -> bool {
        self.disk.keeps(dir)
    }

    fn recall(&self, dir: &Utf8Path) -> Option<Vec<u8>> {
        self.disk.recall(dir)
    }

    fn keep(&self, dir: &Utf8Path, bytes: &[u8]) {
        self.disk.keep(dir, bytes);
    }
}

impl Limits {
    /// Those of the module that a checkup is of.
    pub(crate) fn of_checkup(checkup: &Checkup<'_>) -> Self {
        let env = checkup.session.env();
        Self::of(&[&env.goroot, &env.gomodcache], checkup.session.root())
    }

    /// Whether nothing of a file may be shown, not even in a change of it.
    pub(crate) fn withhold(&self, path: &Utf8Path) -> bool {
        !self.trusts(path) && self.quotable(path) == Some(Quotable::Nothing)
    }

    fn of(trusted: &[&Utf8Path], module: &Utf8Path) -> Self {
        let real = module.canonicalize_utf8().ok();
        let around = real.as_deref().and_then(repository).map(Utf8Path::to_owned);
        let own = [Some(module.to_owned()), real, around];
        Self {
            trusted: trusted.iter().map(|dir| (*dir).to_owned()).collect(),
            own: own.into_iter().flatten().collect(),
        }
    }

    fn trusts(&self, path: &Utf8Path) -> bool {
        self.trusted.iter().any(|dir| path.starts_with(dir))
    }

    /// By where a file really lies, whatever leads there.
    fn quotable(&self, path: &Utf8Path) -> Option<Quotable> {
        let real = match path.canonicalize_utf8() {
            Ok(real) => real,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => return Some(Quotable::Nothing),
        };
        let inside = self.own.iter().find_map(|dir| real.strip_prefix(dir).ok());
        let of_git = |path: &Utf8Path| path.components().any(|part| part.as_str() == ".git");
        Some(match inside {
            _ if !real.is_file() || !is_source(&real) => Quotable::Nothing,
            Some(inside) if of_git(inside) => Quotable::Nothing,
            Some(_) => Quotable::Lines,
            None if self.trusts(&real) => Quotable::Lines,
            None if self.leads_out(path, &real) => Quotable::Nothing,
            None => Quotable::Messages,
        })
    }

    /// Whether a link leads to a file: it lies elsewhere than its name says, or in the module by its name.
    fn leads_out(&self, path: &Utf8Path, real: &Utf8Path) -> bool {
        let dir = path.parent().and_then(|dir| dir.canonicalize_utf8().ok());
        let is_link = dir.as_deref() != real.parent() || path.file_name() != real.file_name();
        is_link || self.own.iter().any(|own| path.starts_with(own))
    }
}

/// The nearest directory around a module that Git manages: a module cannot make one outside of itself.
pub(crate) fn repository(module: &Utf8Path) -> Option<&Utf8Path> {
    module.ancestors().find(|dir| dir.join(".git").exists())
}

fn is_source(path: &Utf8Path) -> bool {
    path.extension().is_some_and(|end| SOURCE.contains(&end))
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A directory with a repository `r` around a module `r/m`, and files outside.
    fn machine() -> (tempfile::TempDir, Utf8PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(scratch.path().canonicalize().unwrap()).unwrap();
        for dir in [
            "r/m/.git",
            "r/.git",
            "r/lib",
            "other",
            "cache/x@v1",
            "r/m/p",
        ] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        fs::remove_dir(root.join("r/m/.git")).unwrap();
        for file in [
            "r/m/a.go",
            "r/.git/config",
            "r/.git/a.go",
            "r/lib/b.go",
            "r/m/.env",
        ] {
            fs::write(root.join(file), "x").unwrap();
        }
        for file in ["other/c.go", "other/secret", "cache/x@v1/d.go"] {
            fs::write(root.join(file), "x").unwrap();
        }
        (scratch, root)
    }

    #[test]
    fn a_file_is_judged_by_where_it_lies() {
        let (_scratch, root) = machine();
        let limits = Limits::of(&[&root.join("cache")], &root.join("r/m"));
        for (name, to) in [
            ("inside.go", "a.go"),
            ("around.go", "../lib/b.go"),
            ("cached.go", "../../cache/x@v1/d.go"),
            ("out.go", "../../other/c.go"),
            ("secret.go", "../../other/secret"),
            ("token.go", "../.git/config"),
            ("git.go", "../.git/a.go"),
            ("env.go", ".env"),
            ("gone.go", "nowhere"),
            ("zero.go", "/dev/zero"),
            ("dir.go", "p"),
            ("q", "../../other"),
        ] {
            symlink(to, root.join("r/m").join(name)).unwrap();
        }
        let lines = [
            "r/m/a.go",
            "r/m/inside.go",
            "r/m/around.go",
            "r/lib/b.go",
            "r/m/cached.go",
        ];
        for file in lines {
            assert_eq!(
                limits.quotable(&root.join(file)),
                Some(Quotable::Lines),
                "{file}"
            );
        }
        for file in ["out", "secret", "token", "git", "env", "zero", "dir", "q/c"] {
            let path = root.join(format!("r/m/{file}.go"));
            assert_eq!(limits.quotable(&path), Some(Quotable::Nothing), "{file}");
        }
        assert_eq!(
            limits.quotable(&root.join("r/m/.env")),
            Some(Quotable::Nothing)
        );
        assert_eq!(limits.quotable(&root.join("r/m/gone.go")), None);
        // Where a `replace` line puts a module.
        let replaced = limits.quotable(&root.join("other/c.go"));
        assert_eq!(replaced, Some(Quotable::Messages));
    }

    #[test]
    fn the_nearest_repository_counts() {
        let (_scratch, root) = machine();
        assert_eq!(
            repository(&root.join("r/m")),
            Some(root.join("r").as_path())
        );
        assert_eq!(repository(Utf8Path::new("/")), None);
    }
}
