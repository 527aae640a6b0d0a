//! What git says of a working tree, asked so that nothing of the repository's own configuration is started.

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
/// The repository is named, so that git does not take a directory of the module that looks like a bare repository for
/// it (`safe.bareRepository`, `git help config`).
///
/// # Errors
///
/// [`Error::Interrupted`], and those of starting a program.
pub fn tree(dir: &Utf8Path, interrupt: &Interrupt) -> Result<Tree, Error> {
    let real = dir.canonicalize_utf8().map_err(Error::io(dir))?;
    let Some(top) = real.ancestors().find(|dir| dir.join(".git").exists()) else {
        return Ok(Tree::Unmanaged);
    };
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
        .args(["config", "-z", "--name-only", "--get-regexp", r"^filter\."])
        .run(interrupt, |_| {})?;
    let Some(filters) = without_filters(&filters) else {
        let why = "the names of filters in its configuration cannot be read";
        return Ok(Tree::Unknown(why.to_owned()));
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

/// Settings without any of the filters that a configuration has; an empty command is none
/// (`gitattributes(5)`, "filter").
fn without_filters(listed: &Output) -> Option<Vec<String>> {
    let names = String::from_utf8(listed.stdout.clone()).ok()?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    let setting = |name: &str| {
        // `-c` ends a name at the first of these.
        let plain = !name.contains('=') && listed.success;
        let (driver, key) = name.rsplit_once('.')?;
        let value = if key == "required" { "false" } else { "" };
        plain.then(|| format!("{driver}.{key}={value}"))
    };
    names.map(setting).collect()
}

struct Asked<'a> {
    git: Utf8PathBuf,
    top: &'a Utf8Path,
    dir: &'a Utf8Path,
}

impl Asked<'_> {
    fn process(&self, settings: &[String]) -> Process {
        let own = SETTINGS.iter().copied();
        let all = own.chain(settings.iter().map(String::as_str));
        let flags = all.flat_map(|setting| iter::once("-c").chain(iter::once(setting)));
        Process::new(self.git.as_str(), self.dir)
            .args(["--no-optional-locks", "--no-pager"])
            .args([
                format!("--git-dir={}", self.top.join(".git")),
                format!("--work-tree={}", self.top),
            ])
            .args(flags)
            // What a partial clone lacks is not fetched.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
    }
}
