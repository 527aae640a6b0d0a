//! Edits of the source, for what upgrades, replacements and tags leave: packages that fail are changed, and compiled
//! again, until they build or nothing more can be done.
//!
//! Nothing is written into the module: files are laid over it, and dependencies are copied into a scratch
//! directory that takes their place.

mod advice;
mod proof;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use analyzer::{Compiled, Fault, SystemNames};
use camino::Utf8PathBuf;
use model::{Edit, GoFault, Goos, Incomplete, ListedPackage, Listing, Report, Stage};
use toolchain::{Error, Patch, Platform, Scratch, Session};

use self::work::{Home, Work};
use super::native::Broken;
use super::swap::{Carried, Texts};
use super::{first_lines, tested, why_not};
use crate::checkup::Checkup;
use crate::events::Event;
use crate::incomplete::incomplete;
use crate::quoting::Limits;

/// Longest work with one state of the module, within the time for remedies: compiling all of it for all builds, or linking
/// all programs.
const EACH: Duration = Duration::from_mins(30);

/// Part of the time left in which packages are changed; the rest is for the proof that the changes help.
const SHARE: f64 = 0.6;

/// Most times that packages are changed and compiled again.
const ROUNDS: usize = 24;

/// Most faults of a package that are looked at in one round.
const FAULTS: usize = 2_000;

/// Modules whose packages only wrap the system's calls: what uses them is changed, not they.
const SYSTEM: [&str; 1] = ["golang.org/x/sys"];

/// The work on all packages of a module that fail.
pub(super) struct Mending<'c> {
    checkup: &'c Checkup<'c>,
    /// What was confirmed before, and is kept.
    edits: Vec<Edit>,
    /// Files that were changed before, and are kept.
    swapped: &'c Texts,
    /// Own packages that fail, by build.
    failing: BTreeMap<Goos, Vec<String>>,
    /// Packages that do not build on this machine either: nothing hides what is wrong with them.
    broken: &'c Broken,
    /// Packages that were changed, by import path.
    works: BTreeMap<String, Work>,
    /// Holds the copies of modules.
    scratch: Scratch,
    /// What the system's packages declare for this machine.
    system: Arc<SystemNames>,
    limits: Limits,
    /// What go.mod requires.
    requirements: BTreeMap<String, String>,
    /// Files of which no change is shown, because they lie outside of the module.
    withheld: BTreeSet<Utf8PathBuf>,
    /// Adapters that were taken back, and why.
    unused: Vec<String>,
}

/// Whether a package declares a name for a build from now on.
type Declared = BTreeMap<(String, String, Goos), bool>;

/// What compiling says.
#[derive(Default)]
struct Round {
    listings: BTreeMap<Goos, Listing>,
    /// By import path.
    faults: BTreeMap<String, Vec<Fault>>,
    /// Packages without a file on a build, and the packages that import them.
    excluded: BTreeMap<String, Excluded>,
}

/// A package without a file.
#[derive(Default)]
struct Excluded {
    builds: BTreeSet<Goos>,
    importers: BTreeSet<String>,
}

/// Change what fails, and put what came of it into the report.
///
/// `carried` are swaps, which are kept. False where one that waited for this is in vain.
pub(super) fn mend<'c>(
    checkup: &'c Checkup<'c>,
    report: &mut Report,
    broken: &'c Broken,
    carried: &'c Carried,
) -> Result<bool, Error> {
    let failing = failing(checkup, report);
    let mut edits = confirmed_edits(checkup, report);
    edits.extend(carried.edits().cloned());
    if failing.is_empty() || checkup.is_over() {
        if !failing.is_empty() {
            let what = "changes of the source were tried";
            report.incomplete.push(ended_before(checkup, what));
        }
        let confirmed = carried.confirm(report, &|_, _| None);
        if confirmed {
            let patch = kept(edits, &carried.texts);
            let go = super::go_within(checkup, EACH);
            tested::judge(checkup, report, || checkup.session.patched(&go, &patch));
        }
        return Ok(confirmed);
    }
    let mut mending = Mending {
        checkup,
        edits,
        swapped: &carried.texts,
        failing,
        broken,
        works: BTreeMap::new(),
        scratch: Scratch::new()?,
        system: Arc::new(work::system_names(checkup)),
        limits: Limits::of_checkup(checkup),
        requirements: checkup.session.requirements(&super::go(checkup))?,
        withheld: BTreeSet::new(),
        unused: Vec::new(),
    };
    if !mending.rounds()? {
        let what = "all that fails could be changed";
        report.incomplete.push(ended_before(checkup, what));
    }
    for why in &mending.unused {
        report
            .incomplete
            .push(incomplete(Stage::Advise, None, why.clone()));
    }
    for file in &mending.withheld {
        let file = file.strip_prefix(checkup.top).unwrap_or(file);
        let why = format!(
            "{file}: no change of this package is tried, because this link leads out of the module, and what it leads to is not shown; put a file of the module in its place"
        );
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
    let mut proof = mending.prove()?;
    proof.take_back(&mending.hidden());
    for goos in &proof.cut_off {
        let what = format!("all that compiles for {goos} with the changes was linked");
        report.incomplete.push(Incomplete {
            target: Some(goos.representative()),
            ..ended_before(checkup, &what)
        });
    }
    let helped = |goos, packages: &BTreeSet<&str>| proof.builds.get(&goos)?.helped_by(packages);
    if !carried.confirm(report, &helped) {
        return Ok(false);
    }
    mending.advise(report, &proof);
    tested::judge(checkup, report, || mending.session(checkup));
    Ok(true)
}

/// What was confirmed before, as a patch.
fn kept(edits: Vec<Edit>, swapped: &Texts) -> Patch {
    let files = swapped.iter();
    let files = files.map(|(path, text)| (path.clone(), Some(text.clone())));
    Patch {
        edits,
        files: files.collect(),
        ..Patch::default()
    }
}

/// The search for remedies ended before something.
pub(super) fn ended_before(checkup: &Checkup<'_>, what: &str) -> Incomplete {
    incomplete(Stage::Advise, None, checkup.ended_before(what))
}

/// The own packages that fail, by build.
fn failing(checkup: &Checkup<'_>, report: &Report) -> BTreeMap<Goos, Vec<String>> {
    let mut failing: BTreeMap<Goos, Vec<String>> = BTreeMap::new();
    for (goos, _) in checkup.builds.wasm() {
        let targets = report.targets.iter().filter(|t| t.target.goos() == goos);
        let packages = targets.flat_map(|t| &t.packages);
        let packages = packages.filter(|p| p.own && p.builds == model::Builds::No);
        let packages: BTreeSet<&String> = packages.map(|p| &p.package).collect();
        if !packages.is_empty() {
            failing.insert(goos, packages.into_iter().cloned().collect());
        }
    }
    failing
}

/// The edits of go.mod, and the tags for dependencies, that were seen to help. A tag for the module itself is none
/// that its users know of: its constraints can say the same.
pub(super) fn confirmed_edits(checkup: &Checkup<'_>, report: &Report) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let is_own = |a: &&model::Advice| {
        let finding = report.findings.iter().find(|f| f.id == a.finding);
        a.kind == model::AdviceKind::Tag && finding.is_some_and(|f| f.module == checkup.module)
    };
    for advice in report.advice.iter().filter(|a| a.helps() && !is_own(a)) {
        let of_module = advice.edits.iter();
        for edit in of_module.filter(|e| !matches!(e, Edit::File { .. })) {
            let module = match edit {
                Edit::Require { module, .. } | Edit::Replace { module, .. } => Some(module),
                _ => None,
            };
            let same = |other: &Edit| match other {
                Edit::Require { module: m, .. } | Edit::Replace { module: m, .. } => {
                    Some(m) == module
                }
                _ => other == edit,
            };
            if module.is_none_or(|m| m != checkup.module) && !edits.iter().any(same) {
                edits.push(edit.clone());
            }
        }
    }
    edits
}

impl Mending<'_> {
    /// Compile and change, until nothing is left or nothing more can be done. False where time was over before.
    fn rounds(&mut self) -> Result<bool, Error> {
        let checkup = self.checkup.until(self.checkup.deadline.share(SHARE));
        for _ in 0..ROUNDS {
            if checkup.is_over() {
                return Ok(false);
            }
            let session = self.session(&checkup)?;
            let round = match self.compile(&session) {
                Err(Error::TookTooLong { .. }) => return Ok(false),
                // What an adapter requires may keep all from being listed.
                Err(Error::Go { message, .. }) if self.drop_adapters(None, &message) => continue,
                round => round?,
            };
            if !self.change(&round) && !self.drop_adapters(Some(&round), "") {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Take adapters back: all of them, or those whose packages did not compile in a round; false where there is none.
    fn drop_adapters(&mut self, round: Option<&Round>, message: &str) -> bool {
        let mut dropped = false;
        for (path, work) in self.works.iter_mut().filter(|(_, w)| w.adapted.is_some()) {
            let of = |round: &Round| round.failure(path);
            let why = round.map_or_else(|| Some(message.to_owned()), of);
            if let Some(why) = why {
                work.drop_adapter();
                let why = why.replace(self.scratch.path().as_str(), "…");
                let why = format!("the adapter for {path} is of no use: {}", first_lines(&why));
                self.unused.push(why);
                dropped = true;
            }
        }
        dropped
    }

    /// What was confirmed before.
    fn kept(&self) -> Patch {
        kept(self.edits.clone(), self.swapped)
    }

    /// The module that a package needs to do what C does elsewhere, where no version of it that is as good is there.
    fn required(&self, work: &Work) -> Option<Edit> {
        let (module, version) = &work.adapted.as_ref()?.require;
        let listed = self.checkup.builds.iter().flat_map(|(_, l)| &l.packages);
        let modules = listed.filter_map(|p| p.module.as_ref());
        let listed = modules.filter(|m| m.path == *module).map(|m| &m.version);
        let mut here = listed.chain(self.requirements.get(module));
        let is_good = here.any(|v| v == version || advisors::is_later(v, version));
        (!is_good).then(|| Edit::Require {
            module: module.clone(),
            version: version.clone(),
        })
    }

    /// Packages whose changes cannot be shown, because they lie outside of the module.
    fn hidden(&self) -> BTreeSet<&str> {
        let root = self.checkup.session.root();
        let works = self.works.iter().filter(|(_, work)| {
            let changed = !work.mender.changes().is_empty();
            changed && work.module.own && !work.dir.starts_with(root)
        });
        works.map(|(path, _)| path.as_str()).collect()
    }

    /// The module as it is changed; what is done with it ends at the deadline.
    fn session(&mut self, checkup: &Checkup<'_>) -> Result<Session, Error> {
        let go = super::go_within(checkup, EACH);
        let mut patch = self.kept();
        let required = self.works.values().filter_map(|w| self.required(w));
        patch.edits.extend(required.collect::<Vec<_>>());
        for work in self.works.values_mut() {
            work.lay_into(&go, &mut patch, self.scratch.path())?;
        }
        checkup.session.patched(&go, &patch)
    }

    /// Compile what failed.
    fn compile(&self, session: &Session) -> Result<Round, Error> {
        let compile = |goos: Goos, packages: &[String]| -> Result<(Compiled, Listing), Error> {
            self.checkup.tell(Event::Mending { goos });
            let listing = session.compile_listed(Platform::Wasm(goos), packages)?;
            let mut compiled = Compiled::read(&listing);
            for package in compiled.cut.clone() {
                compiled.replace(&package, &session.compile_with_all_errors(goos, &package)?);
            }
            Ok((compiled, listing))
        };
        let mut round = Round::default();
        for (goos, compiled) in each(&self.failing, |goos, packages| compile(goos, packages)) {
            let (compiled, listing) = compiled?;
            round.read(goos, &compiled, &listing);
            round.listings.insert(goos, listing);
        }
        Ok(round)
    }

    /// Change packages by what was said of them; whether anything changed.
    fn change(&mut self, round: &Round) -> bool {
        let mut changed = false;
        for (package, excluded) in &round.excluded {
            changed |=
                self.adapt(round, package, &excluded.builds) || self.fill(round, package, excluded);
        }
        let mut declared = Declared::new();
        self.declare_for_starts(round, &mut declared);
        for (package, faults) in &round.faults {
            let builds = faults.iter().map(|fault| fault.goos).collect();
            let work = self.work(round, package);
            if work.is_some_and(|w| w.unadapt(faults)) || self.adapt(round, package, &builds) {
                changed = true;
                continue;
            }
            let faults = self.without_foreign(round, package, faults, &mut declared);
            if let Some(work) = self.work(round, package) {
                changed |= !faults.is_empty() && work.mender.mend(&faults);
            }
        }
        changed || declared.values().any(|can| *can)
    }

    /// Add to a package of a dependency what the catalogue knows to do there what C does elsewhere.
    fn adapt(&mut self, round: &Round, package: &str, builds: &BTreeSet<Goos>) -> bool {
        let catalogue = self.checkup.config.catalogue();
        let Some(work) = self.work(round, package).filter(|w| !w.module.own) else {
            return false;
        };
        let builds: Vec<Goos> = builds.iter().copied().collect();
        let of = (work.module.path.as_str(), work.module.version.as_str());
        let adapted = catalogue.adapted(package, of, &builds);
        adapted.is_some_and(|adapted| work.adapt(adapted, &builds))
    }

    /// Give a package files, or take its importers away from it.
    fn fill(&mut self, round: &Round, package: &str, excluded: &Excluded) -> bool {
        let builds = &excluded.builds;
        let mut names = BTreeSet::new();
        for importer in &excluded.importers {
            names.extend(
                self.work(round, importer)
                    .map(|w| w.mender.names_of(package, builds))
                    .unwrap_or_default(),
            );
        }
        let system = round
            .module(package)
            .is_none_or(|m| SYSTEM.contains(&m.as_str()));
        let filled = !system
            && !names.is_empty()
            && self
                .work(round, package)
                .is_some_and(|w| w.mender.declare_exported(&names, builds));
        if filled {
            return true;
        }
        let mut changed = false;
        for importer in &excluded.importers {
            let work = self.work(round, importer);
            changed |= work.is_some_and(|w| w.mender.without_import(package, builds));
        }
        changed
    }

    /// Declare in dependencies what own packages start something with: without it, all of that would be lost.
    fn declare_for_starts(&mut self, round: &Round, declared: &mut Declared) {
        for (package, faults) in &round.faults {
            for fault in faults {
                let work = self.work(round, package);
                let starts = work.filter(|w| w.mender.is_start(fault));
                let foreign = starts.and_then(|w| w.mender.foreign(fault));
                let foreign = foreign.filter(|(path, _)| !round.is_system(path));
                if let Some((path, name)) = foreign {
                    self.declare(round, (path, name, fault.goos), declared);
                }
            }
        }
    }

    /// The faults of a package without those that are mended in another package, own or of the same dependency, which
    /// declares the names.
    fn without_foreign(
        &mut self,
        round: &Round,
        package: &str,
        faults: &[Fault],
        declared: &mut Declared,
    ) -> Vec<Fault> {
        let mut left = Vec::new();
        for fault in faults {
            let foreign = self
                .work(round, package)
                .and_then(|w| w.mender.foreign(fault))
                .filter(|(path, _)| path != package);
            let is_declared = foreign.is_some_and(|(path, name)| {
                let key = (path, name, fault.goos);
                let near = declared.contains_key(&key) || round.can_declare(package, &key.0);
                near && self.declare(round, key, declared)
            });
            if !is_declared {
                left.push(fault.clone());
            }
        }
        left
    }

    /// Declare a name in its package for a build, if that can be; one name may be used in many places, and in several
    /// packages.
    fn declare(
        &mut self,
        round: &Round,
        key: (String, String, Goos),
        declared: &mut Declared,
    ) -> bool {
        if let Some(known) = declared.get(&key) {
            return *known;
        }
        let names = BTreeSet::from([key.1.clone()]);
        let builds = BTreeSet::from([key.2]);
        if self.adapt(round, &key.0, &builds) {
            declared.insert(key, true);
            return true;
        }
        let work = self.work(round, &key.0);
        let can = work.is_some_and(|w| w.mender.declare_for_importers(&names, &builds));
        declared.insert(key, can);
        can
    }

    /// The work on a package, begun where there is none yet; none of what cannot be changed.
    fn work(&mut self, round: &Round, package: &str) -> Option<&mut Work> {
        if self.broken.contains_key(package) {
            return None;
        }
        if !self.works.contains_key(package) {
            let listed = round.package(package)?;
            let mut files = work::sources(listed).map(|name| listed.dir.join(name));
            if let Some(file) = files.find(|file| self.limits.withhold(file)) {
                self.withheld.insert(file);
                return None;
            }
            let copied = self.copied(listed);
            let work = Work::begin(self.checkup, &self.system, listed, self.swapped, copied)?;
            self.works.insert(package.to_owned(), work);
        }
        self.works.get_mut(package).filter(|work| !work.gave_up)
    }

    /// The module of a package that Go lists in a copy of it, which an earlier round has laid.
    fn copied(&self, package: &ListedPackage) -> Option<Home> {
        let module = package.module.as_ref()?;
        let copy = Home::copy(self.scratch.path(), &module.path);
        let replace = module.replace.as_ref().filter(|r| r.dir == copy)?;
        let mut works = self.works.values().map(|work| &work.module);
        works
            .find(|home| home.path == module.path && home.dir != replace.dir)
            .cloned()
    }
}

/// Do something for each build, at the same time.
fn each<T: Sync, R: Send>(
    builds: &BTreeMap<Goos, T>,
    work: impl Fn(Goos, &T) -> Result<R, Error> + Sync,
) -> Vec<(Goos, Result<R, Error>)> {
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = builds
            .iter()
            .map(|(goos, of)| (*goos, scope.spawn(move || work(*goos, of))))
            .collect();
        let done = running.into_iter().map(|(goos, run)| {
            // A thread ends by itself alone when the program has a fault.
            (goos, run.join().unwrap_or(Err(Error::Interrupted)))
        });
        done.collect()
    })
}

impl Round {
    fn read(&mut self, goos: Goos, compiled: &Compiled, listing: &Listing) {
        for error in &compiled.errors {
            let fault = Fault {
                goos,
                file: error.file.file_name().unwrap_or_default().to_owned(),
                line: error.line,
                column: error.column,
                message: error.message.clone(),
            };
            let faults = self.faults.entry(error.package.clone()).or_default();
            if faults.len() < FAULTS {
                faults.push(fault);
            }
        }
        for (package, error) in &compiled.refused {
            if GoFault::of(&error.err) != Some(GoFault::Excluded) {
                continue;
            }
            let importers = listing
                .packages
                .iter()
                .filter(|p| p.imports.contains(package) && !p.standard);
            let excluded = self.excluded.entry(package.clone()).or_default();
            excluded.builds.insert(goos);
            excluded
                .importers
                .extend(importers.map(|p| p.import_path.clone()));
        }
    }

    /// What is said of a package that did not compile in one of the builds.
    fn failure(&self, path: &str) -> Option<String> {
        self.listings.values().find_map(|listing| {
            let mut packages = listing.packages.iter();
            let failed = packages.find(|p| p.import_path == path && p.export.is_empty())?;
            Some(why_not(failed, &listing.packages))
        })
    }

    /// A package in any of the builds.
    fn package(&self, path: &str) -> Option<&model::ListedPackage> {
        let mut packages = self.listings.values().flat_map(|l| &l.packages);
        packages.find(|p| p.import_path == path)
    }

    fn is_own(&self, package: &str) -> bool {
        let module = self.package(package).and_then(|p| p.module.as_ref());
        module.is_some_and(|m| m.main)
    }

    /// Whether another package is to declare what a package misses of it: an own one, or one of the same dependency.
    fn can_declare(&self, package: &str, other: &str) -> bool {
        let near = self.module(package) == self.module(other);
        self.is_own(other) || near && !self.is_system(other)
    }

    /// Whether a package is the standard library's, or only wraps the system's calls.
    fn is_system(&self, package: &str) -> bool {
        let module = self.module(package);
        module.is_none_or(|m| SYSTEM.contains(&m.as_str()))
    }

    fn module(&self, package: &str) -> Option<&String> {
        Some(&self.package(package)?.module.as_ref()?.path)
    }
}

/// Where the copy of a module is laid in the checked one.
fn fork_dir(module: &str) -> Utf8PathBuf {
    Utf8PathBuf::from("third_party").join(module)
}
