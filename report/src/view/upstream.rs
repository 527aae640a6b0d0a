//! Who needs the change of a dependency, and how far it was tried for them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Advice, AdviceKind, Confirmed, Finding, Goos, NoteKind, Report, Target, Upstream};

use super::advice::attempts;

/// Most chains of imports of one module that are shown.
const CHAINS: usize = 3;

/// A checked module that fails through a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User<'r> {
    /// Path of the module.
    pub(crate) module: &'r str,
    /// The version of Go that checked it.
    pub(crate) go: &'r str,
    /// Chains of imports from its packages to what fails, shortest first.
    pub(crate) chains: Vec<&'r [String]>,
    /// What is wrong, as Go says it: `file:line:column: message`.
    pub(crate) faults: Vec<String>,
    /// How far it works with the change.
    pub(crate) confirmed: BTreeMap<Target, Confirmed>,
    /// What is lost on the targets.
    pub(crate) loses: BTreeSet<&'r str>,
    /// What was tried in place of the change, and did not do.
    pub(crate) tried: Vec<String>,
}

impl User<'_> {
    /// The builds that the change helps.
    pub(crate) fn builds(&self) -> BTreeSet<Goos> {
        let good = self.confirmed.iter().filter(|(_, c)| c.is_good());
        good.map(|(target, _)| target.goos()).collect()
    }
}

/// What a report says of a change of a dependency; none where no remedy of it makes this change.
pub(crate) fn user<'r>(report: &'r Report, upstream: &Upstream) -> Option<User<'r>> {
    let changes = |a: &&Advice| a.edits.contains(&upstream.fork);
    let advice: Vec<&Advice> = report.advice.iter().filter(changes).collect();
    let findings = findings(report, &advice, &upstream.module);
    let mut chains: Vec<&[String]> = findings
        .iter()
        .filter_map(|f| f.chains.first().map(Vec::as_slice))
        .collect();
    chains.sort_by_key(|chain| (chain.len(), *chain));
    chains.dedup();
    chains.truncate(CHAINS);
    let mut confirmed = BTreeMap::new();
    for (target, outcome) in advice.iter().flat_map(|a| &a.confirmed) {
        let best = confirmed.entry(*target).or_insert(*outcome);
        if rank(*outcome) > rank(*best) {
            *best = *outcome;
        }
    }
    let faults: BTreeSet<String> = findings.iter().map(|f| fault(f)).collect();
    (!advice.is_empty()).then(|| User {
        module: &report.module.path,
        go: &report.go,
        chains,
        faults: faults.into_iter().collect(),
        confirmed,
        loses: advice.iter().filter_map(|a| a.loses.as_deref()).collect(),
        tried: tried(report, &findings, &upstream.module),
    })
}

/// The findings of a dependency that remedies are for; where those of another one led to the change, these.
fn findings<'r>(report: &'r Report, advice: &[&Advice], module: &str) -> Vec<&'r Finding> {
    let helped = |f: &&Finding| advice.iter().any(|a| f.advice.contains(&a.id));
    let all: Vec<&Finding> = report.findings.iter().filter(helped).collect();
    let inside = |package: &str| {
        let rest = package.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let of_module = |f: &&&Finding| inside(&f.root) || inside(&f.package);
    let own: Vec<&Finding> = all.iter().filter(of_module).copied().collect();
    if own.is_empty() { all } else { own }
}

/// A finding as the compiler would print it.
fn fault(finding: &Finding) -> String {
    let compiler = finding.notes.iter().find(|n| n.kind == NoteKind::Compiler);
    let message = compiler.map_or(&finding.message, |note| &note.text);
    match (finding.file.as_str(), finding.line, finding.column) {
        ("", _, _) => message.clone(),
        (file, 0, _) => format!("{file}: {message}"),
        (file, line, column) => format!("{file}:{line}:{column}: {message}"),
    }
}

/// Other versions of the dependency, and tags, that were tried.
fn tried(report: &Report, findings: &[&Finding], module: &str) -> Vec<String> {
    let of_findings = |a: &&Advice| findings.iter().any(|f| f.advice.contains(&a.id));
    let others = report.advice.iter().filter(of_findings);
    let others = others.filter(|a| {
        matches!(
            a.kind,
            AdviceKind::Upgrade | AdviceKind::Tag | AdviceKind::None
        )
    });
    let mut lines = Vec::new();
    for line in others.flat_map(attempts) {
        // The module is the subject of the text already.
        let line = line.strip_prefix(module).map_or(line.as_str(), str::trim);
        if !lines.iter().any(|other| other == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

fn rank(confirmed: Confirmed) -> u8 {
    match confirmed {
        Confirmed::None | Confirmed::CouldNot => 0,
        Confirmed::Build => 1,
        Confirmed::Run => 2,
        Confirmed::Tests => 3,
    }
}
