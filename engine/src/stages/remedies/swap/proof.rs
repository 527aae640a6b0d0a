//! Whether a module with a swap builds, links and starts, and needs the old package no more.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use model::{Confirmed, Goos, ListedPackage, Listing, Report};
use toolchain::{Error, Linked, Platform, Scratch, Session};

use super::{Outcome, Texts, Work};
use crate::stages::remedies::first_lines;
use crate::stages::remedies::linking::{self, Mains};

/// A module with a swap, and what is known of it without.
pub(super) struct Proof<'p> {
    work: &'p Work<'p>,
    session: &'p Session,
    /// Directories of files that change.
    changed: BTreeSet<&'p Utf8Path>,
    /// Those in which tests do.
    tests: BTreeSet<&'p Utf8Path>,
    /// Own packages that do not build without it.
    failing: BTreeSet<(Goos, &'p str)>,
}

/// The packages of a listing by import path.
type ByPath<'l> = BTreeMap<&'l str, &'l ListedPackage>;

impl<'p> Proof<'p> {
    pub(super) fn new(
        work: &'p Work<'p>,
        session: &'p Session,
        files: &'p Texts,
        report: &'p Report,
    ) -> Self {
        let targets = report.targets.iter();
        let failing = targets.flat_map(|t| {
            let packages = t.packages.iter();
            let failing = packages.filter(|p| p.own && p.builds == model::Builds::No);
            failing.map(|p| (t.target.goos(), p.package.as_str()))
        });
        let tests = files.keys().filter(|f| f.as_str().ends_with("_test.go"));
        Self {
            work,
            session,
            changed: files.keys().filter_map(|f| f.parent()).collect(),
            tests: tests.filter_map(|f| f.parent()).collect(),
            failing: failing.collect(),
        }
    }

    /// Compile, link and initialise the own packages that need what is swapped, or are changed.
    pub(super) fn on(&self, goos: Goos) -> Result<Outcome, Error> {
        let affected = self.affected(Platform::Wasm(goos));
        if affected.is_empty() {
            let why = format!("no package of the module needs it on {goos}");
            return Ok(Outcome::Bad(why));
        }
        let listing = self
            .session
            .compile_listed(Platform::Wasm(goos), &affected)?;
        let listed = by_path(&listing);
        let mut mended: Vec<&ListedPackage> = Vec::new();
        let (mut left, mut waits) = (None, true);
        for path in &affected {
            match self.state(path, &listed) {
                Ok(package) => mended.push(package),
                Err(why) if self.failing.contains(&(goos, path.as_str())) => {
                    left.get_or_insert(why);
                    waits &= self.old_in(path, &listed).is_none();
                }
                // What built before has to build.
                Err(why) => return Ok(Outcome::Bad(why)),
            }
        }
        if mended.is_empty() {
            let why = left.unwrap_or_default();
            let mut new = self.work.swaps.iter().flat_map(|s| &s.imports);
            waits &= new.all(|p| listed.get(p.as_str()).is_some_and(|p| !p.export.is_empty()));
            return Ok(if waits {
                Outcome::Waits(why)
            } else {
                Outcome::Bad(why)
            });
        }
        self.link(goos, &mended, &listing)
    }

    /// Own packages that need an old package, or have files that change.
    fn affected(&self, platform: Platform) -> Vec<String> {
        let Some(listing) = self.work.checkup.builds.get(platform) else {
            return Vec::new();
        };
        let by_path = by_path(listing);
        let packages = listing.packages.iter().filter(|p| is_own(p));
        let affected = packages.filter(|p| {
            self.changed.contains(p.dir.as_path())
                || !p.dep_only && self.old_in(&p.import_path, &by_path).is_some()
        });
        affected.map(|p| p.import_path.clone()).collect()
    }

    /// A package that imports an old one, on the way from a package.
    fn old_in<'l>(&self, path: &str, by_path: &ByPath<'l>) -> Option<&'l str> {
        let mut todo: Vec<&'l ListedPackage> = by_path.get(path).copied().into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(package) = todo.pop() {
            let mut imports = package.imports.iter();
            if imports.any(|i| self.work.swaps.iter().any(|s| s.package == *i)) {
                return Some(&package.import_path);
            }
            let imports = package.imports.iter();
            let imports = imports.filter(|i| seen.insert(i.as_str()));
            todo.extend(imports.filter_map(|i| by_path.get(i.as_str()).copied()));
        }
        None
    }

    /// A package that compiled and does without the old one, or what is wrong with it.
    fn state<'l>(&self, path: &str, by_path: &ByPath<'l>) -> Result<&'l ListedPackage, String> {
        let Some(package) = by_path.get(path).copied() else {
            return Err(format!("{path} is not there any more"));
        };
        if package.export.is_empty() {
            return Err(error(package, by_path));
        }
        match self.old_in(path, by_path) {
            Some(importer) => {
                let old = by_path.get(importer).and_then(|p| {
                    let mut swaps = self.work.swaps.iter().map(|s| &s.package);
                    swaps.find(|old| p.imports.contains(*old))
                });
                let old = old.map_or("it", |old| old.as_str());
                Err(format!("{importer} imports {old}, too"))
            }
            None => Ok(package),
        }
    }

    /// Link mains, and initialise libraries and what is imported in the old one's place.
    fn link(
        &self,
        goos: Goos,
        mended: &[&ListedPackage],
        listing: &Listing,
    ) -> Result<Outcome, Error> {
        let listed = by_path(listing);
        let new = self.work.swaps.iter().flat_map(|s| &s.imports);
        let new = new.filter_map(|p| listed.get(p.as_str()).copied());
        let all: Vec<&ListedPackage> = mended.iter().copied().chain(new).collect();
        let found = linking::link(
            self.work.checkup,
            self.session,
            goos,
            &all,
            Mains::Link(all.len()),
        )?;
        let initialises = |p: &&ListedPackage| p.name != "main";
        if let Some(why) = found.unlinked {
            return Ok(Outcome::Bad(why));
        }
        if let Some(why) = found.stopped {
            return Ok(Outcome::Bad(format!("its initialisation fails: {why}")));
        }
        if found.cut_off {
            return Ok(Outcome::Bad("it took too long".to_owned()));
        }
        let libraries = mended.iter().copied().filter(initialises);
        let mut libraries = libraries
            .map(|p| found.linked.get(&p.import_path))
            .peekable();
        let runs = libraries.peek().is_some() && libraries.all(|c| c == Some(&Confirmed::Run));
        Ok(Outcome::Good(if runs {
            Confirmed::Run
        } else {
            Confirmed::Build
        }))
    }

    /// Compile the packages that change on this machine; what built there has to. False where some do not, before
    /// and after.
    pub(super) fn natively(&self) -> Result<Result<bool, String>, Error> {
        let builds = &self.work.checkup.builds;
        let Some(listing) = builds.get(Platform::Native) else {
            return Ok(Ok(false));
        };
        let changed = listing.packages.iter().filter(|p| is_own(p));
        let changed = changed.filter(|p| self.changed.contains(p.dir.as_path()));
        let changed: Vec<String> = changed.map(|p| p.import_path.clone()).collect();
        if changed.is_empty() {
            return Ok(Ok(false));
        }
        let listing = self.session.compile_listed(Platform::Native, &changed)?;
        let now = by_path(&listing);
        let compiled =
            |p: &ByPath<'_>, path: &str| p.get(path).is_some_and(|p| !p.export.is_empty());
        let failed: Vec<&String> = changed.iter().filter(|p| !compiled(&now, p)).collect();
        if failed.is_empty() {
            return Ok(self.tests_compile(&listing)?.map(|()| true));
        }
        let session = self.work.checkup.session;
        let listing = session.compile_listed(Platform::Native, &changed)?;
        let before = by_path(&listing);
        let broken = failed.into_iter().find(|p| compiled(&before, p));
        let broken = broken.and_then(|path| now.get(path.as_str()));
        Ok(match broken {
            Some(package) => {
                let why = error(package, &now);
                Err(format!("it does not build on this machine any more: {why}"))
            }
            None => Ok(false),
        })
    }

    /// Compile the tests that change on this machine; those that compiled there have to.
    fn tests_compile(&self, listing: &Listing) -> Result<Result<(), String>, Error> {
        let scratch = Scratch::new()?;
        let compile = |session: &Session, package: &str| {
            let file = scratch.path().join("changed.test");
            session.compile_test(Platform::Native, package, None, None, &file)
        };
        let packages = listing.packages.iter().filter(|p| is_own(p));
        for package in packages.filter(|p| self.tests.contains(p.dir.as_path())) {
            let path = &package.import_path;
            let Linked::Failed(said) = compile(self.session, path)? else {
                continue;
            };
            if let Linked::Ok(_) = compile(self.work.checkup.session, path)? {
                let said = first_lines(&said);
                let why = format!("the tests of {path} do not compile any more: {said}");
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }
}

/// What Go says of a package, or of the first one that it needs.
fn error(package: &ListedPackage, by_path: &ByPath<'_>) -> String {
    let own = package.error.as_ref();
    let all = by_path.values().filter_map(|p| p.error.as_ref());
    let said = own.into_iter().chain(all).map(|e| first_lines(&e.err));
    let mut said = said.filter(|text| !text.is_empty());
    let unknown = || format!("{} did not compile", package.import_path);
    said.next().unwrap_or_else(unknown)
}

fn by_path(listing: &Listing) -> ByPath<'_> {
    let packages = listing.packages.iter();
    packages.map(|p| (p.import_path.as_str(), p)).collect()
}

fn is_own(package: &ListedPackage) -> bool {
    package.module.as_ref().is_some_and(|m| m.main) && !package.standard
}
