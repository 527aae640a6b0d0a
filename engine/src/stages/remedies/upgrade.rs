//! The search for a version of a module that helps.

use std::collections::{BTreeMap, BTreeSet};

use advisors::{Search, Verdict};
use model::{AdviceKind, Builds, Confirmed, Edit, Goos, Report};
use toolchain::{Scratch, Versions};

use super::candidate::Candidate;
use super::{TAGS, TrialWork, Tried, first_lines, go};
use crate::events::Event;

/// Most versions before the one in use that are tried.
const OLDER: usize = 3;

impl TrialWork<'_, '_> {
    /// Search for the first good version of the module, for each build.
    pub(super) fn upgrade(&mut self, report: &mut Report) {
        let trial = self.trial;
        self.versions = self.known_versions();
        self.asked &= self.versions.asked || self.trial.own;
        let newer = self.newer();
        let older = match trial.version.as_deref() {
            Some(from) if !trial.own => advisors::older(&self.versions.found, Some(from)),
            _ => Vec::new(),
        };
        let mut found: BTreeMap<Goos, String> = BTreeMap::new();
        for goos in trial.packages.keys().copied() {
            // What time or the network ended for one build, they would end for the other.
            if self.is_cut_off() {
                break;
            }
            let good = self.first_good(&newer, goos);
            let good = good.or_else(|| self.last_good(&older, goos));
            if let Some(good) = good.filter(|good| self.keeps_the_rest(report, good, goos)) {
                found.insert(goos, good);
            }
        }
        let without: Vec<Goos> = trial
            .packages
            .keys()
            .copied()
            .filter(|g| !found.contains_key(g))
            .collect();
        self.advise_breaking(report, &without);
        let mut advised = self.shared(found, &newer);
        // The first one is the one that `fix` makes: what helps most builds.
        advised.sort_by_key(|(_, builds)| builds.len());
        for (version, _) in &advised {
            self.advise_version(report, version);
        }
    }

    /// The versions after the one in use, oldest first. Of a module whose own version is not known, only the catalogue
    /// tells what is newer.
    fn newer(&self) -> Vec<String> {
        let found = &self.versions.found;
        match self.trial.version.as_deref() {
            None => {
                let boundary = self.trial.boundary.clone();
                boundary.filter(|b| found.contains(b)).into_iter().collect()
            }
            from => advisors::newer(found, from),
        }
    }

    fn known_versions(&self) -> Versions {
        let trial = self.trial;
        self.checkup.tell(Event::AskingVersions {
            module: &trial.module,
        });
        let asked = advisors::guesses(trial.version.as_deref(), trial.boundary.as_deref());
        let env = self.checkup.session.env();
        let go = go(self.checkup);
        let scratch = Scratch::new().ok();
        let dir = scratch.as_ref().map(Scratch::path);
        let used = trial.version.as_deref();
        let versions = dir.and_then(|dir| {
            go.versions(dir, &env.gomodcache, &trial.module, used, &asked)
                .ok()
        });
        versions.unwrap_or_default()
    }

    /// An attempt was neither good nor bad.
    fn is_cut_off(&self) -> bool {
        self.memo.values().any(|t| !t.is_good() && !t.is_bad)
    }

    /// The first good one of versions that come after the one in use.
    fn first_good(&mut self, versions: &[String], goos: Goos) -> Option<String> {
        let trial = self.trial;
        let mut search = Search::new(versions.to_vec(), trial.boundary.as_deref());
        // A version is good when it mends as much as the first one that mends anything, and starts if that did.
        let mut least = (1, false);
        while let Some(next) = search.next().map(str::to_owned) {
            let outcome = self.attempt(&Candidate::version(&trial.module, &next), goos);
            if !outcome.is_good() && !outcome.is_bad {
                break;
            }
            let is_running = outcome.outcome == Confirmed::Run;
            let is_wanted =
                outcome.is_good() && outcome.mended.0 >= least.0 && is_running >= least.1;
            if is_wanted {
                least = (outcome.mended.0, is_running);
            }
            search.tell(match (is_wanted, outcome.wants_newer_go) {
                (true, _) => Verdict::Good,
                (_, true) => Verdict::WantsNewerGo,
                _ => Verdict::Bad,
            });
        }
        let found = search.found().map(str::to_owned);
        // A version that was tried for the sake of another build may help, although those around it do not.
        found.or_else(|| {
            let is_good = |version: &&String| {
                let key = (Candidate::version(&trial.module, version), goos);
                self.memo.get(&key).is_some_and(Tried::is_good)
            };
            versions.iter().find(is_good).cloned()
        })
    }

    /// The newest good one of versions that come before the one in use: it may have lost what they could do.
    fn last_good(&mut self, versions: &[String], goos: Goos) -> Option<String> {
        for version in versions.iter().take(OLDER) {
            let tried = self.attempt(&Candidate::version(&self.trial.module, version), goos);
            if tried.is_good() {
                return Some(version.clone());
            }
            if !tried.is_bad {
                return None;
            }
        }
        None
    }

    /// Whether own packages that build still do with another version, which may have changed what they use. Where
    /// there is no time to find out, what is known stands.
    fn keeps_the_rest(&mut self, report: &Report, version: &str, goos: Goos) -> bool {
        let targets = report.targets.iter().filter(|t| t.target.goos() == goos);
        let building = targets
            .flat_map(|t| &t.packages)
            .filter(|p| p.own && p.builds == Builds::Yes);
        let building: BTreeSet<String> = building.map(|p| p.package.clone()).collect();
        let candidate = Candidate::version(&self.trial.module, version);
        if building.is_empty() || self.trial.own {
            return true;
        }
        let building: Vec<String> = building.into_iter().collect();
        let go = go(self.checkup);
        let session = self.checkup.session.candidate(&go, &candidate.edits);
        let Ok(listing) = session.and_then(|s| s.compile(goos, &building)) else {
            return true;
        };
        let mut broken = listing
            .packages
            .iter()
            .filter(|p| building.contains(&p.import_path));
        let Some(error) = broken.find_map(|p| p.error.as_ref()) else {
            return true;
        };
        let why = self.checkup.paths.without_cache(&first_lines(&error.err));
        self.memo.insert((candidate, goos), Tried::breaking(&why));
        false
    }

    /// The fewest versions that help all builds for which one was found: the newest helps all, or each has its own.
    fn shared(
        &mut self,
        mut found: BTreeMap<Goos, String>,
        newer: &[String],
    ) -> Vec<(String, Vec<Goos>)> {
        let mut advised = Vec::new();
        while let Some(best) = newest(&found, newer) {
            let candidate = Candidate::version(&self.trial.module, &best);
            let builds: Vec<Goos> = found
                .keys()
                .copied()
                .filter(|goos| found[goos] == best || self.attempt(&candidate, *goos).is_good())
                .collect();
            found.retain(|goos, _| !builds.contains(goos));
            advised.push((best, builds));
        }
        advised
    }

    /// Say of a version that mends what is at fault and no longer fits the module's code what is to be changed, for
    /// builds that no version helps as it is.
    fn advise_breaking(&self, report: &mut Report, builds: &[Goos]) {
        let breaks = |candidate: &Candidate, goos: &Goos| {
            let tried = self.memo.get(&(candidate.clone(), *goos));
            tried.and_then(|t| t.breaks.clone())
        };
        let breaking = self.order.iter().find_map(|candidate| {
            let line = builds.iter().find_map(|goos| breaks(candidate, goos))?;
            Some((candidate, line))
        });
        let Some((candidate, line)) = breaking else {
            return;
        };
        let [Edit::Require { module, version }] = candidate.edits.as_slice() else {
            return;
        };
        let title = format!(
            "upgrade {module} to {version}, and change the code that no longer fits it: {line}"
        );
        let mut advice = self.new_advice(report, AdviceKind::Upgrade, title, Some(version.clone()));
        let targets = self
            .trial
            .targets
            .iter()
            .filter(|t| builds.contains(&t.goos()));
        advice.confirmed = targets.map(|t| (*t, Confirmed::CouldNot)).collect();
        self.put_first(report, advice);
    }

    /// Try the newest version, and the one that the catalogue expects to be good, together with tags.
    pub(super) fn version_and_tag(&mut self, report: &mut Report) {
        let newer = self.newer();
        let boundary = self.trial.boundary.as_ref();
        let expected = boundary.filter(|b| newer.contains(b)).cloned();
        let versions: BTreeSet<String> =
            newer.last().cloned().into_iter().chain(expected).collect();
        let tags = self.trial.tags.iter().take(TAGS).cloned();
        let tags: Vec<String> = tags.collect();
        if self.trial.own {
            return;
        }
        for version in versions {
            for tag in &tags {
                let mut candidate = Candidate::version(&self.trial.module, &version);
                candidate.edits.push(Edit::Tag { tag: tag.clone() });
                let builds = self.trial.packages.keys().copied();
                let good = builds
                    .collect::<Vec<_>>()
                    .into_iter()
                    .filter(|goos| self.attempt(&candidate, *goos).is_good())
                    .count();
                if good == 0 {
                    continue;
                }
                let title = format!(
                    "upgrade {} to {version}, and build with `-tags {tag}`",
                    self.trial.module
                );
                let mut advice = self.new_advice(report, AdviceKind::Upgrade, title, Some(version));
                advice.confirmed = self.confirmed(&candidate);
                advice.tried = self.tried(&self.order);
                advice.loses = Some("what the excluded files do: read them first".to_owned());
                candidate.put_into(&mut advice);
                self.put_first(report, advice);
                return;
            }
        }
    }

    /// Say what came of it where no version and no tag helps, and what the module's authors say.
    pub(super) fn say_if_nothing_helps(&self, report: &mut Report) {
        let helped = self.any_good() || self.is_mended_by_importer;
        if !helped && self.memo.values().all(|t| t.breaks.is_none()) {
            let tried_versions = self.order.iter().any(Candidate::is_version);
            if tried_versions && self.memo.values().all(|t| t.is_bad) {
                self.advise_none(report);
            } else if tried_versions {
                self.advise_unknown(report);
            } else if self.versions.asked && !self.trial.own && self.trial.version.is_some() {
                self.advise_no_newer(report);
            }
        }
        if !self.trial.own {
            self.advise_what_authors_say(report);
        }
    }
}

/// The newest of the versions that were found.
fn newest(found: &BTreeMap<Goos, String>, newer: &[String]) -> Option<String> {
    let place = |version: &&String| newer.iter().position(|v| v == *version);
    found.values().max_by_key(place).cloned()
}
