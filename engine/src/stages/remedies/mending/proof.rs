//! Whether what was changed builds, links and starts on the targets, and still builds on this machine.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::{Compiled, Fault};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Confirmed, End, GoFault, Goos, Listing};
use toolchain::{Error, Linked, Platform, Session};

use super::{Mending, Round};
use crate::hosts::Site;
use crate::stages::run::{EACH, importer_dir};
use crate::task::Task;

/// Most times that imports are removed which nothing uses on this machine.
const CLEANINGS: usize = 4;

/// What was found out about the changes as a whole.
#[derive(Default)]
pub(super) struct Proof {
    pub(super) builds: BTreeMap<Goos, Built>,
}

/// One build with the changes.
#[derive(Default)]
pub(super) struct Built {
    /// Own packages that build and link now, and did not before, and how far each was seen to work.
    gained: BTreeMap<String, Confirmed>,
    /// For each gained and each changed package, all that it imports, itself included.
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl Proof {
    /// Whether a gained or changed package imports another one, in a build.
    pub(super) fn imports(&self, package: &str, other: &str) -> bool {
        self.builds.values().any(|built| {
            built
                .imports
                .get(package)
                .is_some_and(|all| all.contains(other))
        })
    }
}

impl Built {
    /// How far own packages were seen to work which build now and need one of these; none where there is none.
    pub(super) fn helped_by(&self, packages: &BTreeSet<&str>) -> Option<Confirmed> {
        let needs = |p: &String| {
            let all = self.imports.get(p);
            all.is_some_and(|all| packages.iter().any(|other| all.contains(*other)))
        };
        let gained = self.gained.iter().filter(|(package, _)| needs(package));
        let outcomes: Vec<Confirmed> = gained.map(|(_, outcome)| *outcome).collect();
        let run = outcomes.contains(&Confirmed::Run).then_some(Confirmed::Run);
        run.or_else(|| outcomes.first().copied())
    }
}

impl Mending<'_> {
    /// Compile, link and initialise what was changed; changes that break a build which was good are taken back.
    pub(super) fn prove(&mut self) -> Result<Proof, Error> {
        let mut proof = Proof::default();
        if self.works.values().all(|w| w.mender.changes().is_empty()) {
            return Ok(proof);
        }
        self.keep_builds()?;
        let session = self.session()?;
        let round = self.compile(&session)?;
        for (goos, listing) in &round.listings {
            let built = self.built(&session, *goos, listing)?;
            proof.builds.insert(*goos, built);
        }
        Ok(proof)
    }

    /// See that this machine's build, and those for wasm, are as good as before.
    fn keep_builds(&mut self) -> Result<(), Error> {
        for cleaning in 1..=CLEANINGS {
            let mut again = false;
            for platform in [
                Platform::Native,
                Platform::Wasm(Goos::Js),
                Platform::Wasm(Goos::Wasip1),
            ] {
                again |= self.keep_build(platform, cleaning == CLEANINGS)?;
            }
            if !again {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Take back what a build does not bear that was good before; whether anything was.
    fn keep_build(&mut self, platform: Platform, is_last: bool) -> Result<bool, Error> {
        let changed: Vec<String> = self
            .works
            .iter()
            .filter(|(_, w)| !w.mender.changes().is_empty())
            .map(|(path, _)| path.clone())
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let session = self.session()?;
        let listing = session.compile_listed(platform, &changed)?;
        let broken = faults_of(&listing);
        let mut again = false;
        for package in changed {
            let Some(faults) = broken.get(&package) else {
                continue;
            };
            let was_broken = self.fails_anyway(platform, &package)?;
            let Some(work) = self.works.get_mut(&package).filter(|_| !was_broken) else {
                continue;
            };
            again = true;
            // What is changed in the last round, no round would look at.
            if is_last || !work.mender.drop_unused(faults) {
                work.give_up();
            }
        }
        Ok(again)
    }

    /// Whether a package does not build without changes of the source.
    fn fails_anyway(&self, platform: Platform, package: &str) -> Result<bool, Error> {
        let packages = [package.to_owned()];
        let go = super::super::go(self.checkup);
        let session = self.checkup.session.patched(&go, &self.kept())?;
        let listing = session.compile_listed(platform, &packages)?;
        let here = listing.packages.iter().find(|p| p.import_path == package);
        Ok(here.is_none_or(|p| p.export.is_empty()))
    }

    fn built(&self, session: &Session, goos: Goos, listing: &Listing) -> Result<Built, Error> {
        let mut built = Built::default();
        let packages = listing.packages.iter();
        let of_path: BTreeMap<&str, _> = packages.map(|p| (p.import_path.as_str(), p)).collect();
        let compiled = |path: &&String| {
            let listed = of_path.get(path.as_str());
            listed.is_some_and(|p| !p.export.is_empty())
        };
        let mut libraries: BTreeMap<Utf8PathBuf, Vec<String>> = BTreeMap::new();
        for (number, path) in self.failing[&goos].iter().filter(compiled).enumerate() {
            if of_path[path.as_str()].name != "main" {
                let below = importer_dir(self.checkup.module, path);
                libraries.entry(below).or_default().push(path.clone());
                continue;
            }
            match session.link(goos, path, number) {
                Ok(Linked::Ok(_)) => {
                    built.gained.insert(path.clone(), Confirmed::Build);
                }
                // What there was no time for is not confirmed; what was linked is.
                Ok(Linked::Failed(_)) | Err(Error::TookTooLong { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        let mut number = 0;
        for (below, packages) in &libraries {
            self.link_libraries(session, (goos, below), packages, &mut number, &mut built)?;
        }
        for package in built.gained.keys().chain(self.works.keys()) {
            let all = needs(package, &of_path);
            built.imports.insert(package.clone(), all);
        }
        Ok(built)
    }

    /// Link libraries that may be imported from one directory, together, or each alone where that fails, and
    /// initialise them in the sandbox.
    fn link_libraries(
        &self,
        session: &Session,
        place: (Goos, &Utf8Path),
        packages: &[String],
        number: &mut usize,
        built: &mut Built,
    ) -> Result<(), Error> {
        if self.checkup.is_over() {
            return Ok(());
        }
        let (goos, below) = place;
        *number += 1;
        let linked = match session.link_inits(goos, below, packages, *number) {
            Err(Error::TookTooLong { .. }) => return Ok(()),
            linked => linked?,
        };
        match linked {
            Linked::Ok(file) => {
                let outcome = self.initialised(goos, &file);
                let gained = packages.iter().map(|p| (p.clone(), outcome));
                built.gained.extend(gained);
            }
            Linked::Failed(_) if packages.len() > 1 => {
                for package in packages {
                    let alone = std::slice::from_ref(package);
                    self.link_libraries(session, place, alone, number, built)?;
                }
            }
            Linked::Failed(_) => {}
        }
        Ok(())
    }

    /// How far a program came that initialises packages.
    fn initialised(&self, goos: Goos, file: &Utf8Path) -> Confirmed {
        let site = Site::On(goos.representative());
        let hosts = self.checkup.hosts;
        if !hosts.runs(site) {
            return Confirmed::Build;
        }
        match hosts.run(site, &Task::new(file, EACH)) {
            Ok(run) if run.end == End::Ok => Confirmed::Run,
            _ => Confirmed::Build,
        }
    }
}

/// The faults of a build, by package.
fn faults_of(listing: &Listing) -> BTreeMap<String, Vec<Fault>> {
    let compiled = Compiled::read(listing);
    let mut round = Round::default();
    // The build does not matter to what is done about these.
    round.read(Goos::Js, &compiled, listing);
    for (package, error) in &compiled.refused {
        let machine = GoFault::of(&error.err).is_some_and(GoFault::is_of_machine);
        if !machine {
            round.faults.entry(package.clone()).or_default();
        }
    }
    round.faults
}

/// A package and all that it imports.
fn needs(package: &str, of_path: &BTreeMap<&str, &model::ListedPackage>) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([package.to_owned()]);
    let mut todo = vec![package.to_owned()];
    while let Some(next) = todo.pop() {
        let imports = of_path
            .get(next.as_str())
            .into_iter()
            .flat_map(|p| &p.imports);
        for import in imports {
            if seen.insert(import.clone()) {
                todo.push(import.clone());
            }
        }
    }
    seen
}
