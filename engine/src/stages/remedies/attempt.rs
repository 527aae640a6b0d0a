//! An attempt: one candidate, built and initialised in scratch copies.

use camino::Utf8Path;
use model::{Confirmed, Edit, End, GoFault, Goos, Listing};
use toolchain::{Fetched, Linked, Session};

use super::candidate::Candidate;
use super::{TrialWork, Tried, first_lines, go, may_import};
use crate::events::Event;
use crate::hosts::Site;
use crate::paths::Paths;
use crate::stages::run::EACH;
use crate::task::Task;

impl TrialWork<'_, '_> {
    /// Try a candidate, once.
    pub(super) fn attempt(&mut self, candidate: &Candidate, goos: Goos) -> Tried {
        let key = (candidate.clone(), goos);
        if let Some(known) = self.memo.get(&key) {
            return known.clone();
        }
        if self.checkup.is_over() {
            self.over = true;
            return Tried::unknown("the budget was used up");
        }
        let what = candidate.full_name(&self.trial.module);
        self.checkup.tell(Event::Trying {
            remedy: &what,
            goos,
        });
        let mut tried = self.build(candidate, goos).unwrap_or_else(|e| failed(&e));
        let paths = self.checkup.paths;
        tried.why = tried.why.map(|why| paths.without_cache(&why));
        if !self.order.contains(candidate) {
            self.order.push(candidate.clone());
        }
        self.memo.insert(key, tried.clone());
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

    /// Compile the packages, and initialise those that may be imported.
    fn compile(
        &self,
        session: &Session,
        goos: Goos,
        packages: &[String],
    ) -> Result<Tried, toolchain::Error> {
        let listing = session.compile(goos, packages)?;
        let mut compiled: Vec<&String> = Vec::new();
        let mut failed: Vec<String> = Vec::new();
        for package in packages {
            match state(&listing, package) {
                State::Compiled => compiled.push(package),
                State::Gone => {}
                State::Failed(why) => failed.push(why),
            }
        }
        if compiled.is_empty() {
            let why = failed.into_iter().next();
            return Ok(judged(&why.unwrap_or_else(|| {
                "that version contains none of the packages that failed".to_owned()
            })));
        }
        let is_library = |p: &&&String| {
            listing
                .packages
                .iter()
                .any(|l| l.import_path == ***p && l.name != "main")
        };
        let importable = compiled.iter().filter(is_library);
        let importable: Vec<String> = importable
            .filter(|p| may_import(self.checkup.module, p))
            .map(|p| (*p).clone())
            .collect();
        let mut tried = self.initialise(session, goos, &importable);
        tried.mended = (compiled.len(), failed.len());
        if let Some(why) = failed.first() {
            tried.why = Some(first_lines(why));
        }
        Ok(tried)
    }

    /// It builds; whether it also runs.
    fn initialise(&self, session: &Session, goos: Goos, packages: &[String]) -> Tried {
        let target = goos.representative();
        if packages.is_empty() || !self.checkup.hosts.runs(Site::On(target)) {
            return Tried::built(None);
        }
        let file = match session.link_inits(goos, Utf8Path::new(""), packages, 0) {
            Ok(Linked::Ok(file)) => file,
            Ok(Linked::Failed(why)) => return Tried::built(Some(first_lines(&why))),
            Err(e) => return Tried::built(Some(e.to_string())),
        };
        let seen = self
            .checkup
            .hosts
            .run(Site::On(target), &Task::new(&file, EACH));
        match seen {
            Ok(run) if run.end == End::Ok => Tried {
                outcome: Confirmed::Run,
                ..Tried::built(None)
            },
            Ok(run) => Tried::built(Some(first_lines(&run.printed.stderr))),
            Err(why) => Tried::built(Some(why)),
        }
    }
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
    let toolchain::Error::Go { message, .. } = error else {
        return Tried::unknown(match error {
            toolchain::Error::TookTooLong { .. } => "it took too long".to_owned(),
            other => other.to_string(),
        });
    };
    let wanted = message.split("requires go >= ").nth(1);
    match wanted.and_then(|rest| rest.split_whitespace().next()) {
        Some(version) => Tried::bad(format!("it requires Go {version} or later")),
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

fn state(listing: &Listing, package: &str) -> State {
    let Some(listed) = listing.packages.iter().find(|p| p.import_path == package) else {
        return State::Gone;
    };
    if !listed.export.is_empty() {
        return State::Compiled;
    }
    match &listed.error {
        Some(error) if is_gone(&error.err) => State::Gone,
        Some(error) => State::Failed(error.err.clone()),
        // It fails because something that it imports does.
        None => {
            let errors = listing.packages.iter().filter_map(|p| p.error.as_ref());
            let first = errors.map(|e| e.err.clone()).next();
            State::Failed(first.unwrap_or_else(|| format!("{package} did not compile")))
        }
    }
}

/// Whether the module that is tried has no such package.
fn is_gone(error: &str) -> bool {
    matches!(
        GoFault::of(error),
        Some(GoFault::NoPackage | GoFault::NoFiles)
    )
}
