//! Where programs are found: in absolute directories of PATH, and never in the current directory or in the
//! module that is checked, whose files are a stranger's.
//!
//! Go refuses programs of the current directory, too (`os/exec`, `ErrDot`).

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

/// Directories of modules that are checked, whatever directory a program is started in.
static DISTRUSTED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Look up no program in a directory from now on: a module in it is to be checked. The home directory, and those
/// above it, stay trusted: the user's programs lie below it.
pub fn distrust(dir: &Utf8Path) {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.into());
    if home().is_some_and(|home| home.starts_with(real)) {
        return;
    }
    let mut distrusted = DISTRUSTED.lock().unwrap_or_else(PoisonError::into_inner);
    distrusted.push(dir.as_std_path().to_owned());
}

/// Why a program was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// There is none.
    #[error("`{name}` is in no directory of PATH")]
    Nowhere {
        /// What was looked for.
        name: String,
    },
    /// There are some that must not be started.
    #[error(
        "`{name}` of {file} is not started: it lies in the current directory, in the module that is checked or in the repository around it, or PATH names its directory by a relative path"
    )]
    Refused {
        /// What was looked for.
        name: String,
        /// What was found.
        file: String,
    },
}

/// The absolute path of a program; a name with a slash is a path that the user chose.
///
/// `checked` is a directory whose files may be a stranger's; the current directory is another, as are those that
/// [`distrust`] was told of.
///
/// # Errors
///
/// [`NotFound`], by what else there is.
pub fn find(name: &str, checked: &Utf8Path) -> Result<Utf8PathBuf, NotFound> {
    if is_path(name) {
        let path = std::path::absolute(name).ok();
        let path = path.and_then(|p| Utf8PathBuf::from_path_buf(p).ok());
        return Ok(path.unwrap_or_else(|| name.into()));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    find_in(name, &path, &Strangers::of(checked))
}

/// Whether it is a path that the user chose, not a name.
fn is_path(name: &str) -> bool {
    name.contains(['/', std::path::MAIN_SEPARATOR])
}

/// PATH without the directories in which nothing is looked up, for the programs that we start.
pub fn path(checked: &Utf8Path) -> OsString {
    let strangers = Strangers::of(checked);
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs = env::split_paths(&path).filter(|dir| !strangers.hold(dir));
    // What was split can be joined.
    env::join_paths(dirs).unwrap_or_default()
}

/// A program of that name that is not started although PATH names it before any other.
pub fn refused(name: &str, checked: &Utf8Path) -> Option<PathBuf> {
    if is_path(name) {
        return None;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let strangers = Strangers::of(checked);
    let (file, is_refused) = candidates(name, &path, &strangers).next()?;
    is_refused.then_some(file)
}

/// The home directory, links resolved.
fn home() -> Option<PathBuf> {
    let home = env::home_dir()?;
    home.canonicalize()
        .ok()
        .filter(|home| home.parent().is_some())
}

fn find_in(name: &str, path: &OsStr, strangers: &Strangers) -> Result<Utf8PathBuf, NotFound> {
    let mut refused = None;
    for (file, is_refused) in candidates(name, path, strangers) {
        if is_refused {
            refused.get_or_insert(file);
        } else if let Ok(file) = Utf8PathBuf::from_path_buf(file) {
            return Ok(file);
        }
    }
    let name = name.to_owned();
    Err(match refused {
        None => NotFound::Nowhere { name },
        Some(file) => NotFound::Refused {
            file: file.display().to_string(),
            name,
        },
    })
}

/// The programs of a name in the order of PATH, and whether they are a stranger's.
fn candidates(
    name: &str,
    path: &OsStr,
    strangers: &Strangers,
) -> impl Iterator<Item = (PathBuf, bool)> {
    env::split_paths(path).filter_map(move |dir| {
        // An empty entry is the current directory. The library knows which files can be started, and by
        // which endings.
        let there = env::current_dir().unwrap_or_default().join(&dir);
        let file = which::which_in(name, Some(&there), "/").ok()?;
        let is_refused = strangers.hold(&dir) || strangers.hold(&there);
        Some((file, is_refused))
    })
}

/// Directories whose files are a stranger's.
struct Strangers(Vec<PathBuf>);

impl Strangers {
    fn of(checked: &Utf8Path) -> Self {
        // Who works in their home directory has their programs below it.
        let home = home();
        let here = env::current_dir().ok();
        let here = here.filter(|here| home.as_ref().is_none_or(|home| !home.starts_with(here)));
        let distrusted = DISTRUSTED.lock().unwrap_or_else(PoisonError::into_inner);
        let dirs = here.into_iter().chain([checked.into()]);
        let dirs = dirs.chain(distrusted.iter().cloned());
        let real = dirs.filter_map(|dir| dir.canonicalize().ok());
        // From the root of the file system, everything is.
        Self(real.filter(|dir| dir.parent().is_some()).collect())
    }

    /// Whether a directory of PATH is one of them, or may become one.
    fn hold(&self, dir: &Path) -> bool {
        let real = dir.canonicalize();
        let inside = real.is_ok_and(|real| self.0.iter().any(|s| real.starts_with(s)));
        !dir.is_absolute() || inside
    }
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn programs_of_the_module_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let [module, bin, empty] = ["module", "bin", "empty"].map(|name| dir.path().join(name));
        for dir in [&module, &bin, &empty] {
            std::fs::create_dir(dir).unwrap();
        }
        for dir in [&module, &bin] {
            let file = dir.join("go");
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let strangers = Strangers(vec![module.canonicalize().unwrap()]);
        let found = |dirs: &[&Path]| {
            let path = env::join_paths(dirs).unwrap();
            find_in("go", &path, &strangers)
        };
        let ours = Utf8PathBuf::from_path_buf(bin.join("go")).unwrap();
        assert_eq!(found(&[&module, &empty, &bin]).unwrap(), ours);
        let refused = found(&[&empty, &module]).unwrap_err().to_string();
        assert!(refused.contains("module/go is not started"), "{refused}");
        assert!(matches!(found(&[&empty]), Err(NotFound::Nowhere { .. })));
        assert!(strangers.hold(Path::new("bin")) && strangers.hold(Path::new("")));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&module, &link).unwrap();
        assert!(strangers.hold(&link) && !strangers.hold(&bin));
    }
}
