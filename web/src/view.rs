//! A report grouped for readers: what the terminal and the page both show.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Advice, AdviceKind, Attempt, Builds, Confirmed, Effect, Evidence, Finding, Report, Rule,
    Target, TargetReport, Verdict,
};

/// A report grouped for readers.
#[derive(Debug)]
pub struct View<'r> {
    /// The report itself.
    pub report: &'r Report,
    /// One line per target.
    pub targets: Vec<TargetLine<'r>>,
    /// What keeps packages from building, best to mend first.
    pub roots: Vec<RootGroup<'r>>,
    /// What builds and then fails, worst first.
    pub behaviours: Vec<SymbolGroup<'r>>,
    /// Findings that change no verdict.
    pub notes: Vec<&'r Finding>,
    /// Own packages that the targets do not have.
    pub absent: Vec<Absent<'r>>,
}

/// An own package that some targets do not have.
#[derive(Debug)]
pub struct Absent<'r> {
    /// Import path.
    pub package: &'r str,
    /// Where it is absent.
    pub targets: Vec<Target>,
    /// Why, if that is known.
    pub why: Option<&'r Finding>,
    /// What to do about it.
    pub advice: Vec<&'r Advice>,
}

/// A target in one line.
#[derive(Debug)]
pub struct TargetLine<'r> {
    /// What is said of it.
    pub report: &'r TargetReport,
    /// Own packages that build.
    pub builds: usize,
    /// Own packages, absent ones apart.
    pub own: usize,
    /// Why there is no verdict, if there is none.
    pub reasons: Vec<&'r str>,
}

/// A root with all that is found there.
#[derive(Debug)]
pub struct RootGroup<'r> {
    /// Import path.
    pub root: &'r str,
    /// For each target it breaks: own packages that it alone unblocks, and those that fail
    /// through it.
    pub targets: Vec<(Target, usize, usize)>,
    /// Effort points.
    pub effort: u32,
    /// What is found, in order of place.
    pub findings: Vec<&'r Finding>,
    /// Remedies.
    pub advice: Vec<&'r Advice>,
}

/// Symbols of which the same is said.
#[derive(Debug)]
pub struct SymbolGroup<'r> {
    /// The symbols, in order.
    pub symbols: Vec<&'r str>,
    /// What is said of each.
    pub what: &'r str,
    /// What it does.
    pub effect: Effect,
    /// On which targets.
    pub targets: Vec<Target>,
    /// On which of them it was seen.
    pub seen: Vec<Target>,
    /// Where it is used.
    pub findings: Vec<&'r Finding>,
    /// Remedies.
    pub advice: Vec<&'r Advice>,
}

impl<'r> View<'r> {
    /// Group a report.
    pub fn new(report: &'r Report) -> Self {
        let of = |effects: &[Effect]| -> Vec<&Finding> {
            report
                .findings
                .iter()
                .filter(|f| effects.contains(&f.effect))
                .collect()
        };
        Self {
            report,
            targets: report
                .targets
                .iter()
                .map(|t| target_line(report, t))
                .collect(),
            roots: roots(report, &of(&[Effect::FailsToBuild])),
            behaviours: behaviours(
                report,
                &of(&[
                    Effect::LinksBroken,
                    Effect::FailsAtRunTime,
                    Effect::SilentlyDifferent,
                ]),
            ),
            notes: of(&[Effect::Note]),
            absent: absent(report),
        }
    }

    /// Own packages and their verdicts, one column per target of the report.
    pub fn packages(&self) -> Vec<(&'r str, Vec<Verdict>)> {
        let mut rows: BTreeMap<&str, Vec<Verdict>> = BTreeMap::new();
        let columns = self.report.targets.len();
        for (column, target) in self.report.targets.iter().enumerate() {
            for package in target.packages.iter().filter(|p| p.own) {
                let row = rows
                    .entry(&package.package)
                    .or_insert_with(|| vec![Verdict::Absent; columns]);
                row[column] = package.verdict;
            }
        }
        rows.into_iter().collect()
    }
}

impl TargetLine<'_> {
    /// How many own packages build, and what is said of those that do, in a few words.
    pub fn breakdown(&self) -> String {
        let builds = match (self.own, self.builds) {
            (0, _) => return "no package was judged".to_owned(),
            (1, 1) => return "its one package builds".to_owned(),
            (1, 0) => return "its one package does not build".to_owned(),
            (own, builds) if own == builds => format!("all {} build", count(own, "package")),
            (own, builds) => format!("{builds} of {} build", count(own, "package")),
        };
        let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
        let own = self
            .report
            .packages
            .iter()
            .filter(|p| p.own && p.builds == Builds::Yes);
        own.for_each(|p| *counts.entry(p.verdict).or_default() += 1);
        if counts.len() < 2 {
            return builds;
        }
        let parts: Vec<String> = counts
            .iter()
            .rev()
            .map(|(v, n)| {
                format!(
                    "{n} {}",
                    if *n == 1 {
                        words(*v)
                    } else {
                        words_of_many(*v)
                    }
                )
            })
            .collect();
        format!("{builds}: {}", parts.join(", "))
    }

    /// The verdict in words.
    pub fn verdict(&self) -> &'static str {
        words(self.report.verdict)
    }
}

/// A verdict in words.
pub const fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::FailsToBuild => "fails to build",
        Verdict::LinksBroken => "links broken",
        Verdict::FailsAtRunTime => "fails at run time",
        Verdict::SilentlyDifferent => "silently different",
        Verdict::Unknown => "unknown",
        Verdict::Clean => "clean",
        Verdict::Works => "works",
        Verdict::Absent => "absent",
    }
}

/// The same of several packages.
const fn words_of_many(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::FailsToBuild => "fail to build",
        Verdict::FailsAtRunTime => "fail at run time",
        Verdict::Works => "work",
        other => words(other),
    }
}

fn target_line<'r>(report: &'r Report, target: &'r TargetReport) -> TargetLine<'r> {
    let own = || {
        target
            .packages
            .iter()
            .filter(|p| p.own && p.builds != Builds::Absent)
    };
    let reasons = report
        .incomplete
        .iter()
        .filter(|i| i.target.is_none_or(|t| t == target.target));
    TargetLine {
        report: target,
        builds: own().filter(|p| p.builds == Builds::Yes).count(),
        own: own().count(),
        reasons: reasons.map(|i| i.reason.as_str()).collect(),
    }
}

fn roots<'r>(report: &'r Report, findings: &[&'r Finding]) -> Vec<RootGroup<'r>> {
    let mut groups: Vec<RootGroup<'r>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|g| g.root == finding.root) {
            Some(group) => group.findings.push(finding),
            None => groups.push(root_group(report, finding)),
        }
    }
    for group in &mut groups {
        group.advice = advice(report, &group.findings);
    }
    groups
}

fn root_group<'r>(report: &'r Report, finding: &'r Finding) -> RootGroup<'r> {
    let ranked = report.targets.iter().filter_map(|t| {
        let root = t.roots.iter().find(|r| r.root == finding.root)?;
        Some((t.target, root))
    });
    let ranked: Vec<_> = ranked.collect();
    RootGroup {
        root: &finding.root,
        targets: ranked
            .iter()
            .map(|(t, r)| (*t, r.unblocks, r.victims))
            .collect(),
        effort: ranked.iter().map(|(_, r)| r.effort).max().unwrap_or(0),
        findings: vec![finding],
        advice: Vec::new(),
    }
}

fn behaviours<'r>(report: &'r Report, findings: &[&'r Finding]) -> Vec<SymbolGroup<'r>> {
    // What is known better on one target than on another is two findings, and one to a reader.
    let mut where_so: BTreeMap<_, BTreeSet<Target>> = BTreeMap::new();
    for finding in findings {
        let targets = where_so.entry(said(finding)).or_default();
        targets.extend(finding.targets.iter().copied());
    }
    let mut groups: Vec<SymbolGroup<'r>> = Vec::new();
    for finding in findings {
        let targets = where_so
            .get(&said(finding))
            .into_iter()
            .flatten()
            .copied()
            .collect();
        let what = what(finding);
        let same = |g: &&mut SymbolGroup<'_>| {
            g.what == what && g.effect == finding.effect && g.targets == targets
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(SymbolGroup {
                symbols: Vec::new(),
                what,
                effect: finding.effect,
                targets,
                seen: Vec::new(),
                findings: vec![finding],
                advice: Vec::new(),
            }),
        }
    }
    for group in &mut groups {
        let symbols: BTreeSet<&str> = group.findings.iter().map(|f| f.symbol.as_str()).collect();
        group.symbols = symbols.into_iter().collect();
        let of =
            |f: &&&Finding| what(f) == group.what && group.symbols.contains(&f.symbol.as_str());
        let seen = findings
            .iter()
            .filter(of)
            .filter(|f| f.evidence == Evidence::Observed);
        let seen: BTreeSet<Target> = seen.flat_map(|f| f.targets.iter().copied()).collect();
        group.seen = seen.into_iter().collect();
        group.advice = advice(report, &group.findings);
    }
    groups.sort_by_key(|g| (g.effect, std::cmp::Reverse(g.targets.len()), g.symbols[0]));
    groups
}

/// What makes two findings say the same of a symbol.
fn said(finding: &Finding) -> (&str, &str, Effect) {
    (&finding.symbol, what(finding), finding.effect)
}

impl<'r> SymbolGroup<'r> {
    /// Add a finding, or put it in the place of one that is less well known.
    fn push(&mut self, finding: &'r Finding) {
        let same = |f: &&mut &Finding| place(f) == place(finding) && f.symbol == finding.symbol;
        match self.findings.iter_mut().find(same) {
            Some(known) if known.evidence < finding.evidence => *known = finding,
            Some(_) => {}
            None => self.findings.push(finding),
        }
    }

    /// How it is known, where it is known by more than the source.
    pub fn known(&self) -> String {
        let best = self.findings.iter().map(|f| f.evidence).max();
        match best {
            Some(Evidence::Observed) if self.seen == self.targets => "seen in a run".to_owned(),
            Some(Evidence::Observed) => {
                format!("seen in a run on {}", targets_in_words(&self.seen))
            }
            Some(Evidence::Linked) => "found in the wasm".to_owned(),
            _ => String::new(),
        }
    }
}

/// What is said of a finding's symbol; the whole message where that is not what it is about.
fn what(finding: &Finding) -> &str {
    if finding.subject == finding.symbol && !finding.what.is_empty() {
        &finding.what
    } else {
        &finding.message
    }
}

/// The remedies of some findings, each once, in the order to try them.
fn advice<'r>(report: &'r Report, findings: &[&Finding]) -> Vec<&'r Advice> {
    let mut said = BTreeSet::new();
    let ids = findings.iter().flat_map(|f| &f.advice);
    let advice = ids.filter_map(|id| report.advice.iter().find(|a| a.id == *id));
    let mut advice: Vec<&Advice> = advice.filter(|a| said.insert(&a.title)).collect();
    // That nothing helps is said last.
    advice.sort_by_key(|a| a.kind == AdviceKind::None);
    advice
}

fn absent(report: &Report) -> Vec<Absent<'_>> {
    let mut absent: BTreeMap<&str, Vec<Target>> = BTreeMap::new();
    for target in &report.targets {
        for package in target
            .packages
            .iter()
            .filter(|p| p.own && p.builds == Builds::Absent)
        {
            absent
                .entry(&package.package)
                .or_default()
                .push(target.target);
        }
    }
    let gone = |f: &&Finding| matches!(f.rule, Rule::Cgo | Rule::ExcludedPackage);
    let explained = absent.into_iter().map(|(package, targets)| {
        let why = report
            .findings
            .iter()
            .filter(gone)
            .find(|f| f.root == package);
        let advice = advice(report, why.as_slice());
        Absent {
            package,
            targets,
            why,
            advice,
        }
    });
    explained.collect()
}

/// What could not be done, each reason once: stage, targets, reason.
pub fn incomplete(report: &Report) -> Vec<(&str, String, &str)> {
    let mut said = BTreeSet::new();
    let first = report
        .incomplete
        .iter()
        .filter(|i| said.insert((i.stage, &i.reason)));
    let merged = first.map(|item| {
        let same = report.incomplete.iter().filter(|i| i.reason == item.reason);
        let targets: Vec<Target> = same.filter_map(|i| i.target).collect();
        let targets = if targets.is_empty() {
            String::new()
        } else {
            targets_in_words(&targets)
        };
        (item.stage.name(), targets, item.reason.as_str())
    });
    merged.collect()
}

/// Targets as a reader wants them: `all targets`, `js`, or their names.
pub fn targets_in_words(targets: &[Target]) -> String {
    if targets == Target::ALL {
        "all targets".to_owned()
    } else if targets == [Target::JsNode, Target::JsBrowser] {
        "js".to_owned()
    } else {
        targets
            .iter()
            .map(|t| t.name())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// `1 package`, `2 packages`
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// A number of bytes as people read it.
pub fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", number / size, number % size * 10 / size),
        None => format!("{number} B"),
    }
}

/// Microseconds as people read them.
pub fn time(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{} ms", microseconds / 1_000),
        _ => format!(
            "{}.{} s",
            microseconds / 1_000_000,
            microseconds / 100_000 % 10
        ),
    }
}

/// What a root breaks, in a few words, targets of one build taken together.
pub fn impact(group: &RootGroup<'_>) -> String {
    let mut said: Vec<(Vec<Target>, String)> = Vec::new();
    for (target, unblocks, victims) in &group.targets {
        let packages = count(*victims, "package");
        let words = match unblocks {
            all if all == victims => format!("alone keeps {packages} from building"),
            0 => format!("keeps {packages} from building, none of them alone"),
            some => format!("keeps {packages} from building, {some} of them alone"),
        };
        match said.iter_mut().find(|(_, w)| *w == words) {
            Some((targets, _)) => targets.push(*target),
            None => said.push((vec![*target], words)),
        }
    }
    let parts = said
        .into_iter()
        .map(|(targets, words)| format!("{}: {words}", targets_in_words(&targets)));
    parts.collect::<Vec<_>>().join("; ")
}

/// `file:line:column`, or the package where no file is at fault.
pub fn place(finding: &Finding) -> String {
    match (finding.file.as_str(), finding.line, finding.column) {
        ("", ..) => finding.package.clone(),
        (file, 0, _) => file.to_owned(),
        (file, line, 0) => format!("{file}:{line}"),
        (file, line, column) => format!("{file}:{line}:{column}"),
    }
}

/// How far a remedy was tried, and where.
pub fn tried(advice: &Advice) -> String {
    let on = |wanted: Confirmed| -> Vec<Target> {
        let targets = advice.confirmed.iter().filter(|(_, c)| **c == wanted);
        targets.map(|(t, _)| *t).collect()
    };
    let levels = [
        (Confirmed::Run, "confirmed by run"),
        (Confirmed::Build, "confirmed by build"),
        (Confirmed::CouldNot, "could not be confirmed"),
    ];
    let parts = levels.into_iter().filter_map(|(level, words)| {
        let targets = on(level);
        (!targets.is_empty()).then(|| format!("{words} on {}", targets_in_words(&targets)))
    });
    let parts: Vec<String> = parts.collect();
    if advice.kind == AdviceKind::None && !advice.tried.is_empty() {
        format!("tried on {}", targets_in_words(&on(Confirmed::CouldNot)))
    } else if parts.is_empty() {
        "not tried".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What was tried for a remedy besides what it says, a line each.
pub fn attempts(advice: &Advice) -> Vec<String> {
    let others = advice
        .tried
        .iter()
        .filter(|a| advice.to.as_ref() != Some(&a.what));
    let line = |a: &Attempt| {
        let outcome = match a.outcome {
            Confirmed::Run => "runs",
            Confirmed::Build => "builds",
            Confirmed::CouldNot | Confirmed::None => "failed",
        };
        let targets = targets_in_words(&a.targets);
        let why = a
            .why
            .as_ref()
            .map_or_else(String::new, |w| format!(": {w}"));
        format!("{} {outcome} on {targets}{why}", a.what)
    };
    others.map(line).collect()
}

/// Where the user's code calls what leads to a place outside of it; none where the code itself
/// is the place.
pub fn called_from(finding: &Finding) -> Option<String> {
    let chain = finding
        .calls
        .first()
        .filter(|_| finding.version.is_some())?;
    let start = chain.first()?;
    let between = match chain.len() {
        0..=2 => String::new(),
        n => format!(", {} in between", count(n - 2, "call")),
    };
    Some(format!(
        "called by {} at {}:{}{between}",
        start.function, start.file, start.line
    ))
}

/// A chain of calls, a line each, but for chains that are the place itself.
pub fn call_chains(finding: &Finding) -> Vec<Vec<String>> {
    let step = |s: &model::CallStep| format!("{}  {}:{}", s.function, s.file, s.line);
    let long = finding.calls.iter().filter(|chain| chain.len() > 1);
    long.map(|chain| chain.iter().map(step).collect()).collect()
}

/// Whether there is more to say of the way to a finding than the package that it is in.
pub fn has_way(finding: &Finding) -> bool {
    finding.chains.iter().any(|chain| chain.len() > 1)
}

/// A text cut at its backticks: whether a part is code, and the part.
pub fn parts(text: &str) -> Vec<(bool, &str)> {
    if !text.matches('`').count().is_multiple_of(2) {
        return vec![(false, text)];
    }
    text.split('`')
        .enumerate()
        .map(|(i, part)| (i % 2 == 1, part))
        .collect()
}

/// Places that are shown at once; the others are folded away.
const SHOWN: usize = 3;

/// The first places.
pub fn shown<T>(findings: &[T]) -> &[T] {
    &findings[..findings.len().min(SHOWN)]
}

/// The places that are folded away.
pub fn hidden<T>(findings: &[T]) -> &[T] {
    &findings[findings.len().min(SHOWN)..]
}
