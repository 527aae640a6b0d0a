//! Whether what was changed builds, links and starts on the targets, and still builds on this machine.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::{Compiled, Fault};
use model::{Confirmed, GoFault, Goos, Listing};
use toolchain::{Error, Platform, Session};

use super::{EACH, Mending, Round, each};
use crate::stages::remedies::go_within;
use crate::stages::remedies::linking::{self, Mains};
use crate::stages::remedies::needs;

/// Most times that imports are removed which nothing uses on this machine.
const CLEANINGS: usize = 4;

/// What was found out about the changes as a whole.
#[derive(Default)]
pub(super) struct Proof {
    pub(super) builds: BTreeMap<Goos, Built>,
    /// Builds of which time did not allow to link all that compiles.
    pub(super) cut_off: BTreeSet<Goos>,
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
    /// Nothing is proved of what imports one of some packages: of those whose changes cannot be shown.
    pub(super) fn take_back(&mut self, packages: &BTreeSet<&str>) {
        for built in self.builds.values_mut() {
            let imports = &built.imports;
            let needs = |package: &String| {
                let all = imports.get(package);
                all.is_some_and(|all| packages.iter().any(|p| all.contains(*p)))
            };
            built.gained.retain(|package, _| !needs(package));
        }
    }

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
        let session = self.session(self.checkup)?;
        let round = self.compile(&session)?;
        let this = &*self;
        let link = |goos, listing: &Listing| this.built(&session, goos, listing);
        for (goos, built) in each(&round.listings, link) {
            let (built, cut_off) = built?;
            proof.cut_off.extend(cut_off.then_some(goos));
            proof.builds.insert(goos, built);
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
        let session = self.session(self.checkup)?;
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
        let go = go_within(self.checkup, EACH);
        let session = self.checkup.session.patched(&go, &self.kept())?;
        let listing = session.compile_listed(platform, &packages)?;
        let here = listing.packages.iter().find(|p| p.import_path == package);
        Ok(here.is_none_or(|p| p.export.is_empty()))
    }

    /// What is gained in a build, and whether time was over before all of it was linked.
    fn built(
        &self,
        session: &Session,
        goos: Goos,
        listing: &Listing,
    ) -> Result<(Built, bool), Error> {
        let packages = listing.packages.iter();
        let of_path: BTreeMap<&str, _> = packages.map(|p| (p.import_path.as_str(), p)).collect();
        let failing = self.failing[&goos].iter();
        let compiled = failing.filter_map(|path| of_path.get(path.as_str()).copied());
        let compiled: Vec<_> = compiled.filter(|p| !p.export.is_empty()).collect();
        let found = linking::link(
            self.checkup,
            session,
            goos,
            &compiled,
            Mains::Link(compiled.len()),
        )?;
        let of = found.linked.keys().chain(self.works.keys());
        let built = Built {
            imports: of.map(|p| (p.clone(), needs([p], &of_path))).collect(),
            gained: found.linked,
        };
        Ok((built, found.cut_off))
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
