//! Candidates: remedies that are tried, each in scratch copies, built and then initialised.

mod advice;
mod attempt;
mod candidate;
mod mending;
mod swap;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use advisors::{Search, Trial};
use model::{AdviceKind, Confirmed, Edit, Goos, Report};
use toolchain::{Go, Scratch};

use self::candidate::Candidate;
use crate::checkup::Checkup;
use crate::events::Event;
use crate::incomplete::{incomplete, out_of_time};
use crate::stages::run::importer_dir;
use model::Stage;

/// Longest try of one candidate.
const EACH: Duration = Duration::from_mins(1);
/// Part of the time for remedies that other versions, modules and tags may take.
const SHARE: f64 = 0.6;
/// Most tags that are tried for one module.
const TAGS: usize = 4;

/// What came of trying one candidate for one build.
#[derive(Clone, Debug)]
struct Tried {
    outcome: Confirmed,
    why: Option<String>,
    /// The candidate itself was found wanting: neither time nor the network was at fault.
    is_bad: bool,
    /// Packages that compile with it and did not before, and those that still do not.
    mended: (usize, usize),
}

impl Tried {
    /// It does not build.
    fn bad(why: impl Into<String>) -> Self {
        Self {
            is_bad: true,
            ..Self::unknown(why)
        }
    }

    /// Nothing was found out.
    fn unknown(why: impl Into<String>) -> Self {
        Self {
            outcome: Confirmed::CouldNot,
            why: Some(first_lines(&why.into())),
            is_bad: false,
            mended: (0, 0),
        }
    }

    /// It builds; the reason is why it was not seen to run, if it should have been.
    fn built(why: Option<String>) -> Self {
        Self {
            outcome: Confirmed::Build,
            why,
            is_bad: false,
            mended: (0, 0),
        }
    }

    fn is_good(&self) -> bool {
        matches!(self.outcome, Confirmed::Build | Confirmed::Run)
    }
}

/// Try what is worth trying, and put what came of it into the report.
pub(crate) fn try_all(
    checkup: Checkup<'_>,
    report: &mut Report,
    tags: &BTreeMap<String, BTreeSet<String>>,
) {
    upgrades(checkup.until(checkup.deadline.share(SHARE)), report, tags);
    if let Err(e) = edit(&checkup, report) {
        let why = format!("changes of the source could not be tried: {e}");
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
}

/// Try what changes the source: swaps, and edits upon them. Where they confirm none of a swap that needs them, all is
/// tried again without waiting for any.
fn edit(checkup: &Checkup<'_>, report: &mut Report) -> Result<(), toolchain::Error> {
    let before = report.clone();
    let carried = swap::carry_out(checkup, report, true)?;
    if !mending::mend(checkup, report, &carried)? {
        *report = before;
        let carried = swap::carry_out(checkup, report, false)?;
        mending::mend(checkup, report, &carried)?;
    }
    Ok(())
}

/// Whether a remedy was seen to help on a target.
fn helps(advice: &model::Advice) -> bool {
    let good = |c: &Confirmed| matches!(c, Confirmed::Build | Confirmed::Run);
    advice.confirmed.values().any(good)
}

/// An advice that says nothing yet.
fn blank(report: &Report) -> model::Advice {
    model::Advice {
        id: format!("A{}", report.advice.len() + 1),
        finding: String::new(),
        kind: AdviceKind::None,
        title: String::new(),
        to: None,
        confirmed: BTreeMap::new(),
        loses: None,
        patch: None,
        edits: Vec::new(),
        tried: Vec::new(),
    }
}

/// Whether the root of a module may import a package.
fn may_import(module: &str, package: &str) -> bool {
    let inside = package.strip_prefix(module);
    let own = inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if own {
        importer_dir(module, package).as_str().is_empty()
    } else {
        package.split('/').all(|part| part != "internal")
    }
}

/// Try other versions, other modules and tags for each module at fault.
fn upgrades(checkup: Checkup<'_>, report: &mut Report, tags: &BTreeMap<String, BTreeSet<String>>) {
    let trials = checkup.config.catalogue().trials(report, tags);
    let mut cut = 0;
    for trial in &trials {
        if checkup.is_over() {
            cut += 1;
            continue;
        }
        let mut work = TrialWork {
            checkup: &checkup,
            trial,
            memo: BTreeMap::new(),
            order: Vec::new(),
            over: false,
        };
        work.upgrade(report);
        work.replace(report);
        if !work.any_good() {
            work.tags(report);
        }
        cut += usize::from(work.over);
    }
    if cut > 0 {
        let budget = checkup.settings.budget;
        let why = out_of_time(budget, "remedies for ", cut, "module", " could be tried");
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
}

/// The Go command for one try.
fn go(checkup: &Checkup<'_>) -> Go {
    go_within(checkup, EACH)
}

/// The Go command for a try that may take some time.
fn go_within(checkup: &Checkup<'_>, time: Duration) -> Go {
    let session = checkup.session;
    let version = &session.env().goversion;
    // Development versions have no name that GOTOOLCHAIN knows.
    let released = version
        .strip_prefix("go1.")
        .is_some_and(|v| v.chars().all(|c| c.is_ascii_digit() || c == '.'));
    let pin = if released { version.as_str() } else { "local" };
    let deadline = checkup.deadline.within(time);
    session.go().for_attempt(pin, deadline.instant())
}

/// The work on one trial.
struct TrialWork<'s, 'r> {
    checkup: &'s Checkup<'r>,
    trial: &'s Trial,
    memo: BTreeMap<(Candidate, Goos), Tried>,
    /// Candidates in the order in which they were tried.
    order: Vec<Candidate>,
    /// The budget ended the work.
    over: bool,
}

impl TrialWork<'_, '_> {
    fn any_good(&self) -> bool {
        self.memo.values().any(Tried::is_good)
    }

    /// Search for the first good version of the module, for each build.
    fn upgrade(&mut self, report: &mut Report) {
        let trial = self.trial;
        let versions = self.versions();
        if versions.is_empty() {
            return;
        }
        let mut found: BTreeMap<Goos, String> = BTreeMap::new();
        for goos in trial.packages.keys().copied() {
            // What time or the network ended for one build, they would end for the other.
            if self.memo.values().any(|t| !t.is_good() && !t.is_bad) {
                break;
            }
            let mut search = Search::new(versions.clone(), trial.boundary.as_deref());
            // A version is good when it mends as much as the first one that mends anything.
            let mut goal = 1;
            while let Some(next) = search.next().map(str::to_owned) {
                let tried = self.attempt(&Candidate::version(&trial.module, &next), goos);
                if !tried.is_good() && !tried.is_bad {
                    break;
                }
                let good = tried.is_good() && tried.mended.0 >= goal;
                if good {
                    goal = tried.mended.0;
                }
                search.tell(good);
            }
            found.extend(search.found().map(|v| (goos, v.to_owned())));
        }
        if self.order.is_empty() {
            return;
        }
        // The newest of the first good versions is good for all builds that have one.
        let best = versions
            .iter()
            .rev()
            .find(|v| found.values().any(|f| f == *v));
        if let Some(best) = best {
            let candidate = Candidate::version(&trial.module, best);
            for goos in found.keys().copied().collect::<Vec<_>>() {
                self.attempt(&candidate, goos);
            }
            self.advise_version(report, best);
        } else if self.memo.values().all(|t| t.is_bad) {
            self.advise_none(report);
        } else {
            self.advise_unknown(report);
        }
    }

    /// The releases after the one in use, oldest first.
    fn versions(&self) -> Vec<String> {
        let trial = self.trial;
        self.checkup.tell(Event::AskingVersions {
            module: &trial.module,
        });
        let asked = advisors::guesses(trial.version.as_deref(), trial.boundary.as_deref());
        let env = self.checkup.session.env();
        let go = go(self.checkup);
        let scratch = Scratch::new().ok();
        let dir = scratch.as_ref().map(Scratch::path);
        let found = dir.and_then(|dir| {
            go.versions(dir, &env.gomodcache, &trial.module, &asked)
                .ok()
        });
        // Of a module whose own version is not known, only the catalogue tells what is newer.
        let from = trial.version.as_deref();
        let known = found.unwrap_or_default();
        if from.is_none() {
            let boundary = trial.boundary.clone().filter(|b| known.contains(b));
            return boundary.into_iter().collect();
        }
        advisors::newer(&known, from)
    }

    /// Put another module in its place, if the catalogue knows one that needs no change of source.
    fn replace(&mut self, report: &mut Report) {
        let Some(replace) = &self.trial.replace else {
            return;
        };
        let candidate = Candidate::from(replace.clone());
        for goos in self.trial.packages.keys().copied() {
            self.attempt(&candidate, goos);
        }
        let confirmed = self.confirmed(&candidate);
        let tried = self.tried(std::slice::from_ref(&candidate));
        let known = report
            .advice
            .iter_mut()
            .find(|a| a.kind == AdviceKind::Swap && self.trial.findings.contains(&a.finding));
        if let Some(advice) = known {
            let helps = confirmed
                .values()
                .any(|c| matches!(c, Confirmed::Build | Confirmed::Run));
            advice.confirmed.extend(confirmed);
            advice.tried = tried;
            if helps {
                candidate.put_into(advice);
            }
        }
    }

    /// Try the tags that the source itself knows.
    fn tags(&mut self, report: &mut Report) {
        for tag in self.trial.tags.iter().take(TAGS) {
            let candidate = Candidate::from(Edit::Tag { tag: tag.clone() });
            for goos in self.trial.packages.keys().copied() {
                self.attempt(&candidate, goos);
            }
            let confirmed = self.confirmed(&candidate);
            if confirmed
                .values()
                .any(|c| *c != Confirmed::CouldNot && *c != Confirmed::None)
            {
                let title = format!(
                    "build with `-tags {tag}`, which selects other files of {}",
                    self.trial.module
                );
                let mut advice = self.new_advice(report, AdviceKind::Tag, title, Some(tag.clone()));
                advice.confirmed = confirmed;
                advice.tried = self.tried(std::slice::from_ref(&candidate));
                candidate.put_into(&mut advice);
                advice.loses = Some("what the excluded files do: read them first".to_owned());
                self.put_first(report, advice);
                return;
            }
        }
    }
}

/// The part of a message that says what is wrong.
fn first_lines(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|l| !l.starts_with("# ") && !l.trim().is_empty());
    lines.take(2).map(str::trim).collect::<Vec<_>>().join("; ")
}
