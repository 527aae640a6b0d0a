//! Whether what was changed builds, links and starts on the targets, and still builds on this machine.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::{Compiled, Fault};
use camino::Utf8Path;
use model::{Confirmed, End, GoFault, Goos, Listing};
use toolchain::{Error, Linked, Platform, Session};

use super::{Mending, Round};
use crate::hosts::Site;
use crate::stages::remedies::first_lines;
use crate::stages::run::EACH;
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
    /// Own packages that build now, and did not before.
    pub(super) gained: BTreeSet<String>,
    /// Own packages that still do not.
    pub(super) left: BTreeSet<String>,
    /// For each gained and each changed package, all that it imports, itself included.
    imports: BTreeMap<String, BTreeSet<String>>,
    /// How far it was seen to work.
    pub(super) outcome: Confirmed,
    pub(super) why: Option<String>,
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
    /// Whether own packages build now which need one of these.
    pub(super) fn owes(&self, packages: &BTreeSet<&str>) -> bool {
        let needs = |p: &String| {
            self.imports
                .get(p)
                .is_some_and(|all| packages.iter().any(|other| all.contains(*other)))
        };
        self.gained.iter().any(needs)
    }
}

impl Mending<'_> {
    /// Compile, link and initialise what was changed; changes that break this machine's build are taken back.
    pub(super) fn prove(&mut self) -> Result<Proof, Error> {
        let mut proof = Proof::default();
        if self.works.values().all(|w| w.mender.changes().is_empty()) {
            return Ok(proof);
        }
        self.keep_native()?;
        let session = self.session()?;
        let round = self.compile(&session)?;
        for (goos, listing) in &round.listings {
            let built = self.built(&session, *goos, listing)?;
            proof.builds.insert(*goos, built);
        }
        Ok(proof)
    }

    /// See that this machine's build is as good as before.
    fn keep_native(&mut self) -> Result<(), Error> {
        for _ in 0..CLEANINGS {
            let changed: Vec<String> = self
                .works
                .iter()
                .filter(|(_, w)| !w.mender.changes().is_empty())
                .map(|(path, _)| path.clone())
                .collect();
            if changed.is_empty() {
                return Ok(());
            }
            let session = self.session()?;
            let listing = session.compile_listed(Platform::Native, &changed)?;
            let broken = native_faults(&listing);
            let mut again = false;
            for package in changed {
                let Some(faults) = broken.get(&package) else {
                    continue;
                };
                let was_broken = self.fails_natively_anyway(&package)?;
                let Some(work) = self.works.get_mut(&package).filter(|_| !was_broken) else {
                    continue;
                };
                again = true;
                if !work.mender.drop_unused(faults) {
                    work.give_up();
                }
            }
            if !again {
                return Ok(());
            }
        }
        Ok(())
    }

    fn fails_natively_anyway(&self, package: &str) -> Result<bool, Error> {
        let packages = [package.to_owned()];
        let listing = self
            .checkup
            .session
            .compile_listed(Platform::Native, &packages)?;
        let here = listing.packages.iter().find(|p| p.import_path == package);
        Ok(here.is_none_or(|p| p.export.is_empty()))
    }

    fn built(&self, session: &Session, goos: Goos, listing: &Listing) -> Result<Built, Error> {
        let mut built = Built::default();
        let of_path: BTreeMap<&str, _> = listing
            .packages
            .iter()
            .map(|p| (p.import_path.as_str(), p))
            .collect();
        for package in &self.failing[&goos] {
            let listed = of_path.get(package.as_str());
            if listed.is_some_and(|p| !p.export.is_empty()) {
                built.gained.insert(package.clone());
            } else {
                built.left.insert(package.clone());
            }
        }
        let (mains, libraries): (Vec<String>, Vec<String>) = built
            .gained
            .iter()
            .cloned()
            .partition(|p| of_path[p.as_str()].name == "main");
        for (number, main) in mains.iter().enumerate() {
            if let Linked::Failed(why) = session.link(goos, main, number)? {
                built.gained.remove(main);
                built.left.insert(main.clone());
                built.why = Some(first_lines(&why));
            }
        }
        built.outcome = Confirmed::Build;
        if let Some(seen) = self.initialise(session, goos, &libraries) {
            match seen {
                Ok(()) => built.outcome = Confirmed::Run,
                Err(why) => built.why = Some(why),
            }
        }
        for package in built.gained.iter().chain(self.works.keys()) {
            built
                .imports
                .insert(package.clone(), needs(package, &of_path));
        }
        Ok(built)
    }

    /// Initialise libraries in the sandbox; none where they cannot be imported together.
    fn initialise(
        &self,
        session: &Session,
        goos: Goos,
        packages: &[String],
    ) -> Option<Result<(), String>> {
        let target = goos.representative();
        let importable = |p: &&String| super::super::may_import(self.checkup.module, p);
        let packages: Vec<String> = packages.iter().filter(importable).cloned().collect();
        if packages.is_empty() || !self.checkup.hosts.runs(Site::On(target)) {
            return None;
        }
        let file = match session.link_inits(goos, Utf8Path::new(""), &packages, 0) {
            Ok(Linked::Ok(file)) => file,
            Ok(Linked::Failed(why)) => return Some(Err(first_lines(&why))),
            Err(e) => return Some(Err(e.to_string())),
        };
        match self
            .checkup
            .hosts
            .run(Site::On(target), &Task::new(&file, EACH))
        {
            Ok(run) if run.end == End::Ok => Some(Ok(())),
            Ok(run) => Some(Err(first_lines(&run.printed.stderr))),
            Err(why) => Some(Err(why)),
        }
    }
}

/// The faults of this machine's build, by package.
fn native_faults(listing: &Listing) -> BTreeMap<String, Vec<Fault>> {
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
