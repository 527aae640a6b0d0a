//! What git says of a working tree, asked so that nothing of the repository's own configuration is started.

use std::collections::BTreeSet;
use std::iter;

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{Interrupt, Output, Process};
use crate::error::Error;
use crate::lookup;

/// What is known of changes that are not committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// No repository is around the directory.
    Unmanaged,
    /// Nothing differs from what was committed last.
    Clean,
    /// Something does, or is not in the repository.
    Dirty,
    /// There is a repository, and git does not answer: what it said.
    Unknown(String),
}

/// Programs of a repository's configuration that no flag of a command switches off (`git help config`). Filters have
/// names of their own.
const SETTINGS: [&str; 4] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.untrackedCache=false",
];

/// Whether files below a directory differ from what was committed last.
///
/// The repository is named, where there is one around the directory, so that git does not take a directory of the module that looks like a bare repository for
/// it (`safe.bareRepository`, `git help config`).
///
/// # Errors
///
/// [`Error::Interrupted`], and those of starting a program.
pub fn tree(dir: &Utf8Path, interrupt: &Interrupt) -> Result<Tree, Error> {
    let real = dir.canonicalize_utf8().map_err(Error::io(dir))?;
    let top = real.ancestors().find(|dir| dir.join(".git").exists());
    // A user may have the repository elsewhere.
    if top.is_none() && std::env::var_os("GIT_DIR").is_none() {
        return Ok(Tree::Unmanaged);
    }
    let git = match lookup::find("git", dir) {
        Ok(git) => git,
        Err(e) => return Ok(Tree::Unknown(e.to_string())),
    };
    let asked = Asked {
        git,
        top,
        dir: &real,
    };
    let filters = asked
        .process(&[])
        .args(["config", "-z", "--show-scope", "--name-only"])
        .args(["--get-regexp", r"^(filter|lfs\.extension)\."])
        .run(interrupt, |_| {})?;
    let Some(filters) = without_filters(&filters) else {
        let why = format!(
            "its configuration cannot be read: {}",
            filters.stderr.trim()
        );
        return Ok(Tree::Unknown(why));
    };
    let status = asked
        .process(&filters)
        .args(["status", "--porcelain", "--untracked-files=normal"])
        .args(["--ignore-submodules=all", "--", "."])
        .run(interrupt, |_| {})?;
    Ok(match status.success {
        false => Tree::Unknown(status.stderr.trim().to_owned()),
        true if status.stdout.trim_ascii().is_empty() => Tree::Clean,
        true => Tree::Dirty,
    })
}

/// Settings without the filters that a repository's own configuration says anything of; an empty command is none
/// (`gitattributes(5)`, "filter"). Those of the user stay: without git-lfs, its files look changed.
fn without_filters(listed: &Output) -> Option<Vec<String>> {
    // No name is found: 1 (`git help config`).
    if !listed.success && listed.code != Some(1) {
        return None;
    }
    let listed = String::from_utf8(listed.stdout.clone()).ok()?;
    let mut words = listed.split('\0');
    let mut drivers = BTreeSet::new();
    while let (Some(scope), Some(name)) = (words.next(), words.next()) {
        let is_own = matches!(scope, "local" | "worktree");
        let (driver, _) = name.rsplit_once('.')?;
        // git-lfs starts its extensions.
        let driver = if driver.starts_with("filter.") {
            driver
        } else {
            "filter.lfs"
        };
        // `-c` ends a name at the first of these.
        if is_own && driver.contains('=') {
            return None;
        }
        if is_own {
            drivers.insert(driver.to_owned());
        }
    }
    let settings = |driver: String| {
        ["clean=", "smudge=", "process=", "required=false"].map(|key| format!("{driver}.{key}"))
    };
    Some(drivers.into_iter().flat_map(settings).collect())
}

struct Asked<'a> {
    git: Utf8PathBuf,
    top: Option<&'a Utf8Path>,
    dir: &'a Utf8Path,
}

impl Asked<'_> {
    fn process(&self, settings: &[String]) -> Process {
        let own = SETTINGS.iter().copied();
        let all = own.chain(settings.iter().map(String::as_str));
        let flags = all.flat_map(|setting| iter::once("-c").chain(iter::once(setting)));
        let named = self.top.map(|top| {
            let dir = top.join(".git");
            [format!("--git-dir={dir}"), format!("--work-tree={top}")]
        });
        Process::new(self.git.as_str(), self.dir)
            .args(["--no-optional-locks", "--no-pager"])
            .args(named.into_iter().flatten())
            .args(flags)
            // What a partial clone lacks is not fetched.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
    }
}
