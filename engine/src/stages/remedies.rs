//! Candidates: remedies that are tried, each in scratch copies, built and then initialised.

mod advice;
mod attempt;
mod candidate;
mod cost;
mod crashes;
mod importers;
mod kept;
mod linking;
mod local;
mod mending;
mod native;
mod swap;
mod tested;
mod upgrade;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use advisors::{Blamed, Trial};
use model::{
    AdviceKind, Attempt, Confirmed, Edit, Finding, GoFault, Goos, Incomplete, ListedPackage,
    Report, Stage, Target, count,
};
use toolchain::{Go, Versions};

use self::candidate::Candidate;
use crate::checkup::Checkup;
use crate::incomplete::incomplete;
use crate::paths::is_inside;
use crate::stages::run::importer_dir;

/// What one candidate may take at least, within the budget.
const EACH: Duration = Duration::from_mins(1);
/// The part of the time left that one candidate may take where that is more: a larger budget also helps modules of
/// which each build takes long, and busy machines.
const PART: f64 = 0.25;
/// Part of the time for remedies that other versions, modules and tags may take.
const SHARE: f64 = 0.6;
/// Most attempts that were given up which are named.
const NAMED: usize = 5;
/// Most tags that are tried for one module.
const TAGS: usize = 4;

/// What came of trying one candidate for one build.
#[derive(Clone, Debug)]
struct Tried {
    outcome: Confirmed,
    why: Option<String>,
    /// The candidate itself was found wanting: neither time nor the network was at fault.
    is_bad: bool,
    /// Packages that build with it and did not before, and those that still do not.
    mended: (usize, usize),
    /// After this time it was given up, before it was known.
    ended: Option<Duration>,
    /// The Go in use cannot build it.
    wants_newer_go: bool,
    /// What the compiler says of the module's own code, which no longer fits it.
    breaks: Option<String>,
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
            ended: None,
            wants_newer_go: false,
            breaks: None,
        }
    }

    /// It was given up.
    fn ended() -> Self {
        Self {
            ended: Some(Duration::ZERO),
            ..Self::unknown("it took too long")
        }
    }

    /// The module's own code does not build with it, on this machine either.
    fn breaking(why: &str) -> Self {
        let why = first_lines(why);
        Self {
            breaks: Some(why.clone()),
            ..Self::bad(why)
        }
    }

    /// It builds; the reason is why it was not seen to run, if it should have been.
    fn built(why: Option<String>) -> Self {
        Self {
            outcome: Confirmed::Build,
            why,
            is_bad: false,
            ..Self::unknown("")
        }
    }

    fn is_good(&self) -> bool {
        self.outcome.is_good()
    }
}

/// Try what is worth trying, and put what came of it into the report.
pub(crate) fn try_all(
    checkup: Checkup<'_>,
    report: &mut Report,
    tags: &BTreeMap<String, BTreeSet<String>>,
) {
    let kept = kept::Kept::find(&checkup, report);
    if kept.as_ref().is_some_and(|kept| kept.recall(report)) {
        return;
    }
    let missing = report.incomplete.len();
    let broken = native::broken(&checkup, report);
    native::advise(&checkup, report, &broken);
    let of_versions = checkup.until(checkup.deadline.share(SHARE));
    let mut asked = upgrades(&of_versions, report, tags);
    asked &= crashes::upgrade(&of_versions, report);
    match edit(&checkup, report, &broken) {
        Ok(()) => {}
        Err(toolchain::Error::TookTooLong { .. }) => {
            let what = "it was known whether changes of the source help";
            report
                .incomplete
                .push(mending::ended_before(&checkup, what));
        }
        Err(e) => {
            let why = format!("changes of the source could not be tried: {e}");
            report.incomplete.push(incomplete(Stage::Advise, None, why));
        }
    }
    local::advise(&checkup, report);
    cost::measure(&checkup, report);
    // What time, the network or the user cut off may be found another time.
    let whole = asked && report.incomplete.len() == missing;
    let whole = whole && !checkup.session.interrupt().is_raised() && is_known(report);
    if let Some(kept) = kept.filter(|_| whole) {
        kept.keep(report);
    }
}

/// Whether trying again would find nothing else.
fn is_known(report: &Report) -> bool {
    let ended = |tried: &Attempt| {
        tried.outcome == Confirmed::CouldNot && tried.why.as_deref().is_none_or(is_of_machine)
    };
    !report.advice.iter().flat_map(|a| &a.tried).any(ended)
}

/// What the network or a lack of time says, in the place of the compiler.
fn is_of_machine(why: &str) -> bool {
    why.contains("took too long") || GoFault::of(why).is_some_and(GoFault::is_of_machine)
}

/// Try what changes the source: swaps, and edits upon them. Where they confirm none of a swap that needs them, all is
/// tried again without waiting for any.
fn edit(
    checkup: &Checkup<'_>,
    report: &mut Report,
    broken: &native::Broken,
) -> Result<(), toolchain::Error> {
    match withdraw::withdraw(checkup, report) {
        Err(toolchain::Error::TookTooLong { .. }) => {
            let what =
                "it was known whether all that builds still builds with the versions that help";
            report.incomplete.push(mending::ended_before(checkup, what));
        }
        done => done?,
    }
    let before = report.clone();
    let carried = swap::carry_out(checkup, report, true)?;
    if !mending::mend(checkup, report, broken, &carried)? {
        *report = before;
        let carried = swap::carry_out(checkup, report, false)?;
        mending::mend(checkup, report, broken, &carried)?;
    }
    Ok(())
}

/// An advice that says nothing yet.
fn blank(report: &Report) -> model::Advice {
    let numbers = report
        .advice
        .iter()
        .filter_map(|a| a.id.strip_prefix('A')?.parse::<usize>().ok());
    model::Advice {
        id: format!("A{}", numbers.max().unwrap_or(0) + 1),
        finding: String::new(),
        kind: AdviceKind::None,
        title: String::new(),
        to: None,
        confirmed: BTreeMap::new(),
        loses: None,
        cost: model::Cost::default(),
        patch: None,
        edits: Vec::new(),
        tried: Vec::new(),
        tested: Vec::new(),
        sketch: None,
    }
}

/// Packages and all that they import.
fn needs<'p>(
    packages: impl IntoIterator<Item = &'p String>,
    of_path: &BTreeMap<&str, &ListedPackage>,
) -> BTreeSet<String> {
    let mut seen: BTreeSet<String> = packages.into_iter().cloned().collect();
    let mut todo: Vec<String> = seen.iter().cloned().collect();
    while let Some(next) = todo.pop() {
        let package = of_path.get(next.as_str());
        for import in package.into_iter().flat_map(|p| &p.imports) {
            if seen.insert(import.clone()) {
                todo.push(import.clone());
            }
        }
    }
    seen
}

/// Whether the root of a module may import a package.
fn may_import(module: &str, package: &str) -> bool {
    if is_inside(module, package) {
        importer_dir(module, package).as_str().is_empty()
    } else {
        package.split('/').all(|part| part != "internal")
    }
}

/// Try other versions, other modules and tags for each module at fault. False where it could not be asked what versions
/// there are.
fn upgrades(
    checkup: &Checkup<'_>,
    report: &mut Report,
    tags: &BTreeMap<String, BTreeSet<String>>,
) -> bool {
    let blamed = blamed(checkup, report);
    let trials = checkup.config.catalogue().trials(report, tags, &blamed);
    let mut cut = 0;
    let mut ended: Vec<String> = Vec::new();
    let mut asked = true;
    for trial in &trials {
        if checkup.is_over() {
            cut += 1;
            continue;
        }
        if trial.is_blamed && are_helped(report, &trial.findings) {
            continue;
        }
        let mut work = TrialWork::new(checkup, trial);
        work.upgrade(report);
        work.replace(report);
        if !work.any_good() {
            work.tags(report);
        }
        if !work.any_good() {
            work.version_and_tag(report);
        }
        work.importers(report);
        work.say_if_nothing_helps(report);
        cut += usize::from(work.over);
        asked &= work.asked;
        ended.append(&mut work.ended);
    }
    report.incomplete.extend(ended_attempts(&ended));
    if cut > 0 {
        let why = checkup.ended_before_all("remedies for ", cut, "module", " could be tried");
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
    asked
}

/// The modules of dependencies that are to blame for what fails in another package.
fn blamed(checkup: &Checkup<'_>, report: &Report) -> Blamed {
    let elsewhere = report.findings.iter().filter(|f| f.root != f.package);
    let of = |finding: &Finding| {
        let mut builds = checkup.builds.iter();
        let package =
            builds.find_map(|(platform, _)| checkup.builds.package(platform, &finding.root));
        let module = package?.module.as_ref().filter(|module| !module.main)?;
        let version = Some(module.version.clone()).filter(|version| !version.is_empty());
        Some((finding.root.clone(), (module.path.clone(), version)))
    };
    elsewhere.filter_map(of).collect()
}

/// Whether something was seen to help each of some findings on all of its targets.
fn are_helped(report: &Report, findings: &[String]) -> bool {
    let helps = |id: &String, target: &Target| {
        let mut advice = report.advice.iter();
        let advice = advice.find(|a| a.id == *id);
        advice.is_some_and(|a| a.confirmed.get(target).is_some_and(|c| c.is_good()))
    };
    let mut findings = report.findings.iter().filter(|f| findings.contains(&f.id));
    findings.all(|f| {
        f.targets
            .iter()
            .all(|t| f.advice.iter().any(|id| helps(id, t)))
    })
}

/// What is not known because attempts were given up, where some were.
fn ended_attempts(ended: &[String]) -> Option<Incomplete> {
    if ended.is_empty() {
        return None;
    }
    let named = ended.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = match ended.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {}", count(more, "other attempt")),
    };
    let why = format!(
        "whether it helps is not known, because compiling took too long: {}{more}; --budget raises what an attempt may take",
        named.join(", ")
    );
    Some(incomplete(Stage::Advise, None, why))
}

/// The Go command for one try.
fn go(checkup: &Checkup<'_>) -> Go {
    go_within(checkup, EACH.max(checkup.deadline.left().mul_f64(PART)))
}

/// The Go command for a try that may take some time.
fn go_within(checkup: &Checkup<'_>, time: Duration) -> Go {
    let session = checkup.session;
    let deadline = checkup.deadline.within(time);
    let pin = pin(&session.env().goversion);
    session.go().for_attempt(pin, deadline.instant())
}

/// The value of GOTOOLCHAIN that names the toolchain which is used already.
pub(crate) fn pin(version: &str) -> &str {
    // Development versions have no name that GOTOOLCHAIN knows.
    let released = version
        .strip_prefix("go1.")
        .is_some_and(|v| v.chars().all(|c| c.is_ascii_digit() || c == '.'));
    if released { version } else { "local" }
}

/// The work on one trial.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is found out apart from the others"
)]
struct TrialWork<'s, 'r> {
    checkup: &'s Checkup<'r>,
    trial: &'s Trial,
    memo: BTreeMap<(Candidate, Goos), Tried>,
    /// Candidates in the order in which they were tried.
    order: Vec<Candidate>,
    /// The budget ended the work.
    over: bool,
    /// The versions of all modules that were tried could be asked for.
    asked: bool,
    /// Attempts that took too long, and what each took.
    ended: Vec<String>,
    /// What can be had of the module.
    versions: Versions,
    /// The module at fault, where this one only imports it.
    imports: Option<&'s str>,
    /// Versions of modules that import this one which were tried.
    of_importers: Vec<Attempt>,
    /// One of these helps.
    is_mended_by_importer: bool,
    /// Packages crash in the module: what builds and crashes is not good.
    crashes: bool,
}

impl<'s, 'r> TrialWork<'s, 'r> {
    fn new(checkup: &'s Checkup<'r>, trial: &'s Trial) -> Self {
        Self {
            checkup,
            trial,
            memo: BTreeMap::new(),
            order: Vec::new(),
            over: false,
            asked: true,
            ended: Vec::new(),
            versions: Versions::default(),
            imports: None,
            of_importers: Vec::new(),
            is_mended_by_importer: false,
            crashes: false,
        }
    }

    fn any_good(&self) -> bool {
        self.memo.values().any(Tried::is_good)
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
            let helps = confirmed.values().any(|c| c.is_good());
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

/// What is said of a package that did not compile, or else of what it imports.
fn why_not(package: &ListedPackage, listed: &[ListedPackage]) -> String {
    let mut errors = listed.iter().filter_map(|p| p.error.as_ref());
    let error = package.error.as_ref().or_else(|| errors.next());
    error.map_or_else(
        || format!("{} did not compile", package.import_path),
        |e| e.err.clone(),
    )
}

/// The part of a message that says what is wrong.
fn first_lines(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|l| !l.starts_with("# ") && !l.trim().is_empty());
    lines.take(2).map(str::trim).collect::<Vec<_>>().join("; ")
}
