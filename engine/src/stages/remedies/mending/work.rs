//! A package that is changed, and where its files are laid.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use advisors::Adapted;
use analyzer::{Building, Fault, Mender, SystemNames};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Goos, ListedModule, ListedPackage};
use toolchain::{Error, Go, Patch, Platform, files};

use crate::checkup::Checkup;
use crate::stages::remedies::local;
use crate::stages::remedies::swap::Texts;
use crate::world::copy_tree;

/// Largest Go file that is changed, in bytes.
const LARGEST: u64 = 8 << 20;
/// Most source of a package that is changed, in bytes: larger ones are tables that a program has written.
const SOURCE: usize = 8 << 20;
/// Largest module that is copied, in bytes.
const FORK: u64 = 256 << 20;

/// A package that is changed.
pub(super) struct Work {
    /// Where it lies.
    pub(super) dir: Utf8PathBuf,
    pub(super) module: Home,
    pub(super) mender: Mender,
    /// What does on the targets what C does elsewhere.
    pub(super) adapted: Option<Adapted>,
    /// The targets for which that was tried.
    tried_adapted: BTreeSet<Goos>,
    /// Files in the copy of its module.
    laid: BTreeSet<String>,
    /// Its files were written there.
    is_laid: bool,
    /// Changes were taken back.
    pub(super) gave_up: bool,
}

/// The module of a package.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) path: String,
    /// The other module that go.mod puts in its place.
    pub(super) replaced_by: Option<String>,
    /// Empty of a module that is checked.
    pub(super) version: String,
    pub(super) dir: Utf8PathBuf,
    /// The user may edit it.
    pub(super) own: bool,
}

impl Home {
    /// As Go lists it.
    fn of(module: &ListedModule) -> Self {
        let replace = module.replace.as_deref();
        Self {
            path: module.path.clone(),
            replaced_by: replace
                .filter(|r| !r.version.is_empty() && r.path != module.path)
                .map(|r| r.path.clone()),
            version: replace.map_or(&module.version, |r| &r.version).clone(),
            dir: replace
                .filter(|r| !r.dir.as_str().is_empty())
                .map_or(&module.dir, |r| &r.dir)
                .clone(),
            own: module.main || replace.is_some_and(|r| r.version.is_empty()),
        }
    }

    /// Where a module is copied to, below a scratch directory.
    pub(super) fn copy(scratch: &Utf8Path, module: &str) -> Utf8PathBuf {
        scratch.join(module.replace('/', "+"))
    }
}

impl Work {
    /// Read the files of a package; none where it is the standard library's, or cannot be read.
    ///
    /// `copied` is its module where an earlier round has laid a copy in the module's place, in which Go lists the
    /// package now.
    pub(super) fn begin(
        checkup: &Checkup<'_>,
        system: &Arc<SystemNames>,
        package: &ListedPackage,
        swapped: &Texts,
        copied: Option<Home>,
    ) -> Option<Self> {
        let module = package.module.as_ref().filter(|_| !package.standard)?;
        let listed = Home::of(module);
        let below = package.dir.strip_prefix(&listed.dir).ok();
        let (dir, home) = match copied {
            Some(home) => (home.dir.join(below?), home),
            None => (package.dir.clone(), listed),
        };
        // Without the workspace that has it here, Go takes a published version of it.
        if !home.own && local::home(checkup, &package.import_path).is_some() {
            return None;
        }
        let mut texts = BTreeMap::new();
        for name in sources(package) {
            let file = package.dir.join(name);
            let text = match swapped.get(&file) {
                Some(text) => text.clone(),
                None => files::read_text(file.as_std_path(), LARGEST).ok()?,
            };
            texts.insert(name.clone(), text);
        }
        if texts.values().map(String::len).sum::<usize>() > SOURCE {
            return None;
        }
        let name = Some(&package.name).filter(|n| !n.is_empty()).cloned();
        let name = name.or_else(|| texts.values().find_map(|text| package_name(text)))?;
        // Files of another package, for tools that are run by hand, are no part of it.
        texts.retain(|_, text| package_name(text).is_some_and(|n| n == name));
        let env = checkup.session.env();
        let building = Building {
            native: (env.gohostos.clone(), env.gohostarch.clone()),
            tags: checkup.settings.tags.clone(),
            release: release(&env.goversion),
            system: Arc::clone(system),
        };
        Some(Self {
            dir,
            module: home,
            laid: texts.keys().cloned().collect(),
            is_laid: false,
            gave_up: false,
            adapted: None,
            tried_adapted: BTreeSet::new(),
            mender: Mender::new(&name, building, texts).with_taken(all_names(package)),
        })
    }

    /// Add what does on some targets what C does elsewhere; false where that was tried before.
    pub(super) fn adapt(&mut self, adapted: &Adapted, targets: &[Goos]) -> bool {
        let before = self.tried_adapted.len();
        self.tried_adapted.extend(targets.iter().copied());
        if self.tried_adapted.len() == before {
            return false;
        }
        let added = (self.tried_adapted.clone(), adapted.source.clone());
        self.mender.adapt(Some(added));
        self.adapted = Some(adapted.clone());
        true
    }

    /// Take it back where the compiler does not like it; whether it was.
    pub(super) fn unadapt(&mut self, faults: &[Fault]) -> bool {
        let bad = self.adapted.is_some() && faults.iter().any(|f| self.mender.is_adapter(f));
        if bad {
            self.drop_adapter();
        }
        bad
    }

    /// Take it back.
    pub(super) fn drop_adapter(&mut self) {
        self.mender.adapt(None);
        self.adapted = None;
    }

    /// Take the changes back, and make no more.
    pub(super) fn give_up(&mut self) {
        self.adapted = None;
        self.mender.take_back();
        self.gave_up = true;
    }

    /// Put the changed files into a patch; those of a dependency into a copy of its module.
    pub(super) fn lay_into(
        &mut self,
        go: &Go,
        patch: &mut Patch,
        scratch: &Utf8Path,
    ) -> Result<(), Error> {
        let changes = self.mender.changes();
        // What was taken back is taken out of the copy again.
        if changes.is_empty() && !self.is_laid {
            return Ok(());
        }
        if self.module.own {
            let files = changes
                .into_iter()
                .map(|c| (self.dir.join(c.name), c.after));
            patch.files.extend(files);
            return Ok(());
        }
        let copy = Home::copy(scratch, &self.module.path);
        let io = |e: io::Error| Error::io(&copy)(e);
        if !copy.exists() {
            copy_tree(self.module.dir.as_std_path(), copy.as_std_path(), FORK)
                .map_err(|e| io(io::Error::other(e)))?;
            if self.module.replaced_by.is_some() || !copy.join("go.mod").exists() {
                toolchain::name_module(go, &copy, &self.module.path)?;
            }
        }
        let below = self
            .dir
            .strip_prefix(&self.module.dir)
            .unwrap_or(Utf8Path::new(""));
        self.write(&copy.join(below)).map_err(io)?;
        self.is_laid = true;
        patch.forks.insert(self.module.path.clone(), copy);
        Ok(())
    }

    /// Write all files as they are now into a directory of a copy.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    fn write(&mut self, dir: &Utf8Path) -> io::Result<()> {
        let texts = self.mender.texts();
        for gone in self.laid.iter().filter(|name| !texts.contains_key(*name)) {
            std::fs::remove_file(dir.join(gone))?;
        }
        for (name, text) in texts {
            let file = dir.join(name);
            // What was copied may be read-only.
            match std::fs::remove_file(&file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => std::fs::write(file, text)?,
            }
        }
        self.laid = texts.keys().cloned().collect();
        Ok(())
    }
}

/// The names that no new file of a package can have: those of files for tests, of other packages and for tools
/// included.
fn all_names(package: &ListedPackage) -> BTreeSet<String> {
    let files = [
        &package.go_files,
        &package.cgo_files,
        &package.ignored_go_files,
        &package.test_go_files,
        &package.xtest_go_files,
    ];
    files.into_iter().flatten().cloned().collect()
}

/// The files of a package that may be changed, for any platform.
pub(super) fn sources(package: &ListedPackage) -> impl Iterator<Item = &String> {
    let go = package.go_files.iter().chain(&package.cgo_files);
    let all = go.chain(&package.ignored_go_files);
    all.filter(|name| !name.ends_with("_test.go") && !name.starts_with(['_', '.']))
}

/// What the system's packages declare for this machine.
pub(super) fn system_names(checkup: &Checkup<'_>) -> SystemNames {
    let mut names = SystemNames::default();
    for path in ["syscall", "golang.org/x/sys/unix"] {
        let Some(package) = checkup.builds.package(Platform::Native, path) else {
            continue;
        };
        for name in &package.go_files {
            let Ok(text) = files::read_text(package.dir.join(name).as_std_path(), LARGEST) else {
                continue;
            };
            // Those files alone declare numbers (`mkerrors.sh` beside them), and no functions.
            if name.starts_with("zerrors_") {
                names.read_numbers(path, &text);
            } else {
                names.read_functions(path, &text);
            }
        }
    }
    names
}

/// The name in a package clause.
fn package_name(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_start);
    let line = lines.find(|line| line.starts_with("package "))?;
    let name = line.trim_start_matches("package ").trim_start();
    let end = name
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(name.len());
    Some(name[..end].to_owned())
}

/// N of `go1.N.M`.
fn release(goversion: &str) -> u32 {
    let minor = goversion.split('.').nth(1).unwrap_or_default();
    let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
