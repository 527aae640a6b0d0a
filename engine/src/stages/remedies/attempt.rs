//! An attempt: one candidate, built and initialised in scratch copies.

use std::thread;
use std::time::{Duration, Instant};

use model::{Confirmed, Edit, GoFault, Goos, ListedPackage, Listing};
use toolchain::{Fetched, Platform, Session};

use super::candidate::Candidate;
use super::linking::{self, Found, Mains};
use super::{TrialWork, Tried, first_lines, go, why_not};
use crate::events::Event;
use crate::paths::{Paths, is_inside};

/// Most programs that one attempt links.
const MAINS: usize = 8;

impl TrialWork<'_, '_> {
    /// Try a candidate, once. It is tried for all builds at the same time: the search for one of them goes the way of
    /// the other mostly.
    pub(super) fn attempt(&mut self, candidate: &Candidate, goos: Goos) -> Tried {
        let key = (candidate.clone(), goos);
        if let Some(known) = self.memo.get(&key) {
            return known.clone();
        }
        if self.checkup.is_over() {
            self.over = true;
            return Tried::unknown("the budget was used up");
        }
        let untried = |goos: &Goos| !self.memo.contains_key(&(candidate.clone(), *goos));
        let builds: Vec<Goos> = self
            .trial
            .packages
            .keys()
            .copied()
            .filter(untried)
            .collect();
        let work = &*self;
        let tried: Vec<Tried> = thread::scope(|scope| {
            let attempts: Vec<_> = builds
                .iter()
                .map(|goos| scope.spawn(|| work.tried_for(candidate, *goos)))
                .collect();
            let stopped = |_| Tried::unknown("the attempt was stopped");
            let attempts = attempts.into_iter();
            attempts.map(|a| a.join().unwrap_or_else(stopped)).collect()
        });
        if !self.order.contains(candidate) {
            self.order.push(candidate.clone());
        }
        for (goos, tried) in builds.into_iter().zip(tried) {
            if let Some(took) = tried.ended {
                let what = candidate.full_name(&self.trial.module);
                let took = humantime::format_duration(took);
                self.ended.push(format!("{what} for {goos} ({took})"));
            }
            self.memo.insert((candidate.clone(), goos), tried);
        }
        let tried = self.memo.get(&key).cloned();
        tried.unwrap_or_else(|| Tried::unknown("nothing fails on it"))
    }

    fn tried_for(&self, candidate: &Candidate, goos: Goos) -> Tried {
        let what = candidate.full_name(&self.trial.module);
        self.checkup.tell(Event::Trying {
            remedy: &what,
            goos,
        });
        let begun = Instant::now();
        let mut tried = self.build(candidate, goos).unwrap_or_else(|e| failed(&e));
        tried.ended = tried
            .ended
            .map(|_| Duration::from_secs(begun.elapsed().as_secs()));
        let paths = self.checkup.paths;
        tried.why = tried.why.map(|why| paths.without_cache(&why));
        tried.breaks = tried.breaks.map(|line| paths.without_cache(&line));
        tried
    }

    fn build(&self, candidate: &Candidate, goos: Goos) -> Result<Tried, toolchain::Error> {
        let go = go(self.checkup);
        let packages: Vec<String> = self.trial.packages[&goos].iter().cloned().collect();
        if let ([Edit::Require { module, version }], true) =
            (candidate.edits.as_slice(), self.trial.own)
        {
            // Another version of the module being checked is a tree of its own.
            let fetched: Fetched = toolchain::fetch(&go, &format!("{module}@{version}"))?;
            let dir = fetched
                .dir
                .canonicalize_utf8()
                .map_err(toolchain::Error::io(&fetched.dir))?;
            let session = Session::open(&go, &dir, &self.checkup.settings.tags)?;
            let mut tried = self.compile(&session, goos, &packages)?;
            let paths = Paths::of(&session);
            tried.why = tried.why.map(|why| paths.in_module(&why));
            return Ok(tried);
        }
        let session = self.checkup.session.candidate(&go, &candidate.edits)?;
        self.compile(&session, goos, &packages)
    }

    /// Compile the packages, link them, and initialise those that may be imported.
    fn compile(
        &self,
        session: &Session,
        goos: Goos,
        packages: &[String],
    ) -> Result<Tried, toolchain::Error> {
        let listing = session.compile(goos, packages)?;
        let mut compiled: Vec<&ListedPackage> = Vec::new();
        let mut failed: Vec<String> = Vec::new();
        for package in packages {
            let listed = listing.packages.iter().find(|p| p.import_path == *package);
            match state(&listing, listed) {
                State::Compiled => compiled.extend(listed),
                State::Gone => {}
                State::Failed(why) => {
                    if let Some(broken) = self.breaks_code(session, listed, &why)? {
                        return Ok(Tried::breaking(&broken));
                    }
                    failed.push(why);
                }
            }
        }
        if compiled.is_empty() {
            let why = failed.into_iter().next();
            return Ok(judged(&why.unwrap_or_else(|| {
                "that version contains none of the packages that failed".to_owned()
            })));
        }
        let mains = if self.crashes {
            Mains::Run(MAINS)
        } else {
            Mains::Link(MAINS)
        };
        let found = linking::link(self.checkup, session, goos, &compiled, mains)?;
        let stopped = found.stopped.clone().filter(|_| self.crashes);
        if let Some(stopped) = stopped {
            return Ok(Tried::bad(stopped));
        }
        let mut tried = judged_by(found, compiled.len());
        if self.crashes && tried.outcome == Confirmed::Build {
            return Ok(Tried::unknown(tried.why.unwrap_or_default()));
        }
        let (linked, unlinked) = tried.mended;
        tried.mended = (linked, unlinked + failed.len());
        if let Some(why) = failed.first() {
            tried.why = Some(first_lines(why));
        }
        Ok(tried)
    }

    /// What this machine's compiler says of a package of the module being checked that fails by itself with a
    /// candidate: then the candidate has changed what the package uses.
    fn breaks_code(
        &self,
        session: &Session,
        listed: Option<&ListedPackage>,
        why: &str,
    ) -> Result<Option<String>, toolchain::Error> {
        let own =
            |p: &&ListedPackage| !self.trial.own && is_inside(self.checkup.module, &p.import_path);
        let Some(listed) = listed.filter(own).filter(|p| p.error.is_some()) else {
            return Ok(None);
        };
        if !why.contains(".go:") {
            return Ok(None);
        }
        let packages = [listed.import_path.clone()];
        let with = session.compile_listed(Platform::Native, &packages)?;
        let Some(error) = error_of(&with, &packages[0]) else {
            return Ok(None);
        };
        let before = self
            .checkup
            .session
            .compile_listed(Platform::Native, &packages)?;
        Ok(error_of(&before, &packages[0]).is_none().then_some(error))
    }
}

/// What linking says of a candidate. What was compiled alone is no more than compiled: only what imports a package that
/// is internal to a dependency links it.
fn judged_by(found: Found, compiled: usize) -> Tried {
    let mended = (found.linked.len(), found.failed);
    let runs = found.linked.values().any(|c| *c == Confirmed::Run);
    if found.linked.is_empty() {
        return match found.unlinked {
            Some(why) => Tried {
                mended,
                ..Tried::bad(format!("it does not link: {why}"))
            },
            None if found.cut_off => Tried::ended(),
            None => Tried {
                mended: (compiled, 0),
                ..Tried::built(Some("it was compiled, and not linked".to_owned()))
            },
        };
    }
    let why = found.stopped.or(found.not_run).filter(|_| !runs);
    Tried {
        mended,
        outcome: if runs {
            Confirmed::Run
        } else {
            Confirmed::Build
        },
        ..Tried::built(why.or(found.unlinked))
    }
}

/// What the compiler says of a package itself.
fn error_of(listing: &Listing, package: &str) -> Option<String> {
    let listed = listing.packages.iter().find(|p| p.import_path == package)?;
    listed.error.as_ref().map(|error| error.err.clone())
}

/// A candidate of which Go complains; a fault of the machine does not make it bad.
fn judged(message: &str) -> Tried {
    // What the compiler says of a line may quote anything.
    let of_line = message.lines().any(|line| line.contains(".go:"));
    if !of_line && GoFault::of(message).is_some_and(GoFault::is_of_machine) {
        Tried::unknown(message)
    } else {
        Tried::bad(message)
    }
}

/// A candidate for which Go failed as a whole.
fn failed(error: &toolchain::Error) -> Tried {
    let message = match error {
        toolchain::Error::Go { message, .. } => message,
        toolchain::Error::TookTooLong { .. } => return Tried::ended(),
        other => return Tried::unknown(other.to_string()),
    };
    let wanted = message.split("requires go >= ").nth(1);
    match wanted.and_then(|rest| rest.split_whitespace().next()) {
        Some(version) => Tried {
            wants_newer_go: true,
            ..Tried::bad(format!("it requires Go {version} or later"))
        },
        None => judged(message),
    }
}

/// What the compiler says of a package.
enum State {
    Compiled,
    /// The candidate has no such package.
    Gone,
    Failed(String),
}

fn state(listing: &Listing, listed: Option<&ListedPackage>) -> State {
    let Some(listed) = listed else {
        return State::Gone;
    };
    if !listed.export.is_empty() {
        return State::Compiled;
    }
    match &listed.error {
        Some(error) if is_gone(&error.err) => State::Gone,
        // Without an error of its own, it fails because something that it imports does.
        _ => State::Failed(why_not(listed, &listing.packages)),
    }
}

/// Whether the module that is tried has no such package.
fn is_gone(error: &str) -> bool {
    matches!(
        GoFault::of(error),
        Some(GoFault::NoPackage | GoFault::NoFiles)
    )
}
