//! Two reports compared: which findings are new, gone or changed, and which verdicts differ.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Effect, Evidence, Finding, Level, Report, Rule, SCHEMA, Target, TargetReport, Verdict,
};
use serde::{Deserialize, Serialize};

/// What differs between two reports, in the order of the newer one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The older report.
    pub old: Side,
    /// The newer one.
    pub new: Side,
    /// All targets of both reports. Findings and packages are compared where both have a verdict.
    pub targets: Vec<TargetChange>,
    /// Own packages with another verdict.
    pub packages: Vec<PackageVerdict>,
    /// Findings that are not the same in both.
    pub findings: FindingChanges,
}

/// What one of the reports is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Module path.
    pub module: String,
    /// Its version, for a published one.
    pub version: Option<String>,
    /// Version of the Go toolchain.
    pub go: String,
    /// How deep it was looked.
    pub level: Level,
}

/// A value in both reports; none where a report does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// In the older report.
    pub old: Option<T>,
    /// In the newer one.
    pub new: Option<T>,
}

/// A target of one of the reports, or of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetChange {
    /// Which one.
    pub target: Target,
    /// Its verdicts, the same ones too.
    pub verdict: Change<Verdict>,
    /// Shares of own packages that build, in percent.
    pub builds_percent: Change<f64>,
}

/// An own package with another verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageVerdict {
    /// Import path.
    pub package: String,
    /// On which target.
    pub target: Target,
    /// The verdicts.
    pub verdict: Change<Verdict>,
}

/// Findings that are not the same in both reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingChanges {
    /// Only in the newer report.
    pub new: Vec<FindingRef>,
    /// Only in the older one.
    pub gone: Vec<FindingRef>,
    /// In both, with another effect or evidence.
    pub changed: Vec<ChangedFinding>,
}

/// Enough of a finding to know it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRef {
    /// Its id in the report that it is from: the newer one, if both have it.
    pub id: String,
    /// The same in every report, whatever the lines.
    pub fingerprint: String,
    /// What it is an instance of.
    pub rule: Rule,
    /// The targets on which this is so.
    pub targets: Vec<Target>,
    /// What it does there.
    pub effect: Effect,
    /// How it is known.
    pub evidence: Evidence,
    /// Import path of the package to blame.
    pub root: String,
    /// Import path of the package in which the file lies.
    pub package: String,
    /// As in the report.
    pub file: String,
    /// Line, counted from 1; 0 when unknown.
    pub line: u32,
    /// Column in bytes, counted from 1; 0 when unknown.
    pub column: u32,
    /// What it is about.
    pub symbol: String,
    /// What is wrong.
    pub message: String,
}

/// A finding of both reports with another effect or evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFinding {
    /// As the newer report has it.
    pub finding: FindingRef,
    /// What it does.
    pub effect: Change<Effect>,
    /// How it is known.
    pub evidence: Change<Evidence>,
}

/// Compare two reports.
pub fn compare(old: &Report, new: &Report) -> Comparison {
    let targets = targets(old, new);
    let both = targets.iter().filter(|t| t.verdict.is_both());
    let both: Vec<Target> = both.map(|t| t.target).collect();
    Comparison {
        schema: SCHEMA,
        old: Side::of(old),
        new: Side::of(new),
        packages: packages(old, new, &both),
        findings: findings(old, new, &both),
        targets,
    }
}

impl Comparison {
    /// Whether the newer report has something that the older one has not: a finding, or a worse effect
    /// of one.
    pub fn has_new(&self) -> bool {
        let worse = |c: &ChangedFinding| c.effect.new < c.effect.old;
        !self.findings.new.is_empty() || self.findings.changed.iter().any(worse)
    }
}

impl Side {
    fn of(report: &Report) -> Self {
        Self {
            module: report.module.path.clone(),
            version: report.module.version.clone(),
            go: report.go.clone(),
            level: report.level,
        }
    }
}

impl<T> Change<T> {
    const fn new(old: Option<T>, new: Option<T>) -> Self {
        Self { old, new }
    }

    /// Whether both reports have a value.
    pub const fn is_both(&self) -> bool {
        self.old.is_some() && self.new.is_some()
    }
}

impl<T: PartialEq> Change<T> {
    /// Whether the values differ.
    pub fn is_change(&self) -> bool {
        self.old != self.new
    }
}

fn target(report: &Report, target: Target) -> Option<&TargetReport> {
    report.targets.iter().find(|t| t.target == target)
}

fn targets(old: &Report, new: &Report) -> Vec<TargetChange> {
    let all = old.targets.iter().chain(&new.targets);
    let all: BTreeSet<Target> = all.map(|t| t.target).collect();
    let changes = all.into_iter().map(|name| {
        let (old, new) = (target(old, name), target(new, name));
        let builds = |t: &TargetReport| t.builds_percent;
        TargetChange {
            target: name,
            verdict: Change::new(old.map(|t| t.verdict), new.map(|t| t.verdict)),
            builds_percent: Change::new(old.and_then(builds), new.and_then(builds)),
        }
    });
    changes.collect()
}

/// Verdicts of own packages.
fn verdicts(report: &Report, both: &[Target]) -> BTreeMap<(String, Target), Verdict> {
    let targets = report.targets.iter().filter(|t| both.contains(&t.target));
    let packages = targets.flat_map(|t| {
        let own = t.packages.iter().filter(|p| p.own);
        own.map(|p| ((p.package.clone(), t.target), p.verdict))
    });
    packages.collect()
}

fn packages(old: &Report, new: &Report, both: &[Target]) -> Vec<PackageVerdict> {
    let (old, new) = (verdicts(old, both), verdicts(new, both));
    let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let verdicts = all.into_iter().map(|key| PackageVerdict {
        package: key.0.clone(),
        target: key.1,
        verdict: Change::new(old.get(key).copied(), new.get(key).copied()),
    });
    verdicts.filter(|p| p.verdict.is_change()).collect()
}

/// Positions of findings in their report, by fingerprint and target. Several share them where a report
/// was written before each finding had a fingerprint of its own.
type Known<'r> = BTreeMap<(&'r str, Target), Vec<usize>>;

fn known<'r>(report: &'r Report, both: &[Target]) -> Known<'r> {
    let mut known = Known::new();
    for (at, finding) in report.findings.iter().enumerate() {
        for target in finding.targets.iter().filter(|t| both.contains(t)) {
            let same = known.entry((&finding.fingerprint, *target)).or_default();
            same.push(at);
        }
    }
    known
}

fn findings(old: &Report, new: &Report, both: &[Target]) -> FindingChanges {
    let (known_old, known_new) = (known(old, both), known(new, both));
    let keys: BTreeSet<_> = known_old.keys().chain(known_new.keys()).collect();
    // Targets by the positions of the findings, in the newer report first, which gives their order.
    let mut pairs: BTreeMap<(Option<usize>, Option<usize>), Vec<Target>> = BTreeMap::new();
    for key in keys {
        let of = |known: &Known<'_>| known.get(key).cloned().unwrap_or_default();
        let (before, after) = (of(&known_old), of(&known_new));
        for nth in 0..before.len().max(after.len()) {
            let pair = (after.get(nth).copied(), before.get(nth).copied());
            pairs.entry(pair).or_default().push(key.1);
        }
    }
    let mut changes = FindingChanges::default();
    for ((after, before), mut targets) in pairs {
        targets.sort_unstable();
        let after = after.map(|at| &new.findings[at]);
        let before = before.map(|at| &old.findings[at]);
        match (before, after) {
            (None, Some(new)) => changes.new.push(FindingRef::of(new, targets)),
            (Some(old), None) => changes.gone.push(FindingRef::of(old, targets)),
            (Some(old), Some(new)) => changes.changed.extend(changed(old, new, targets)),
            (None, None) => {}
        }
    }
    changes
}

/// A finding of both reports, if more than its place has changed.
fn changed(old: &Finding, new: &Finding, targets: Vec<Target>) -> Option<ChangedFinding> {
    let effect = Change::new(Some(old.effect), Some(new.effect));
    let evidence = Change::new(Some(old.evidence), Some(new.evidence));
    (effect.is_change() || evidence.is_change()).then(|| ChangedFinding {
        finding: FindingRef::of(new, targets),
        effect,
        evidence,
    })
}

impl FindingRef {
    fn of(finding: &Finding, targets: Vec<Target>) -> Self {
        Self {
            id: finding.id.clone(),
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule,
            targets,
            effect: finding.effect,
            evidence: finding.evidence,
            root: finding.root.clone(),
            package: finding.package.clone(),
            file: finding.file.clone(),
            line: finding.line,
            column: finding.column,
            symbol: finding.symbol.clone(),
            message: finding.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::examples::{finding, report};
    use crate::render;

    use super::*;

    fn ids(findings: &[FindingRef]) -> Vec<&str> {
        findings.iter().map(|f| f.symbol.as_str()).collect()
    }

    #[test]
    fn a_report_is_the_same_as_itself() {
        let report = report(&[finding("F1", "os.Pipe"), finding("F2", "os.Link")]);
        let compared = compare(&report, &report);
        assert_eq!(compared.findings, FindingChanges::default());
        assert!(compared.packages.is_empty() && !compared.has_new());
        let text = render::compare::render(&compared);
        assert!(text.contains("No finding is new"), "{text}");
    }

    #[test]
    fn findings_are_known_again_by_fingerprint_and_target() {
        let old = report(&[finding("F1", "os.Pipe"), finding("F2", "os.Link")]);
        let moved = Finding {
            line: 70,
            ..finding("F1", "os.Link")
        };
        let new = report(&[moved, finding("F2", "net.Dial")]);
        let compared = compare(&old, &new);
        assert_eq!(ids(&compared.findings.new), ["net.Dial"]);
        assert_eq!(ids(&compared.findings.gone), ["os.Pipe"]);
        assert!(compared.findings.changed.is_empty());
        assert!(compared.has_new());
        let text = render::compare::render(&compared);
        assert!(text.contains("m.go:7:2"), "{text}");
    }

    #[test]
    fn two_findings_with_one_fingerprint_are_two() {
        let one = report(&[finding("F1", "os.Pipe")]);
        let two = report(&[finding("F1", "os.Pipe"), finding("F2", "os.Pipe")]);
        let compared = compare(&one, &two);
        assert_eq!(compared.findings.new[0].id, "F2");
        assert_eq!(compare(&two, &one).findings.gone[0].id, "F2");
    }

    #[test]
    fn a_worse_effect_is_new_and_better_evidence_is_not() {
        let note = Finding {
            effect: Effect::Note,
            ..finding("F1", "os.Pipe")
        };
        let seen = Finding {
            evidence: Evidence::Observed,
            ..finding("F1", "os.Pipe")
        };
        let (note, plain) = (report(&[note]), report(&[finding("F1", "os.Pipe")]));
        let seen = report(&[seen]);
        assert!(compare(&note, &plain).has_new());
        assert!(!compare(&plain, &note).has_new());
        let compared = compare(&plain, &seen);
        assert!(!compared.has_new());
        let evidence = compared.findings.changed[0].evidence;
        let expected = Change::new(Some(Evidence::Static), Some(Evidence::Observed));
        assert_eq!(evidence, expected);
    }

    #[test]
    fn verdicts_are_compared_by_target_and_by_package() {
        let (old, mut new) = (report(&[]), report(&[finding("F1", "os.Pipe")]));
        new.targets[0].builds_percent = Some(50.0);
        let compared = compare(&old, &new);
        let target = &compared.targets[0];
        let worse = Change::new(Some(Verdict::Clean), Some(Verdict::FailsAtRunTime));
        assert_eq!(target.verdict, worse);
        assert_eq!(target.builds_percent.new, Some(50.0));
        assert_eq!(compared.packages[0].verdict, worse);
        let text = render::compare::render(&compared);
        assert!(text.contains("100 % → 50 %"), "{text}");
    }

    #[test]
    fn what_only_one_report_was_asked_for_is_not_new() {
        let everywhere = Finding {
            targets: vec![Target::Wasip1, Target::JsNode],
            ..finding("F1", "os.Pipe")
        };
        let old = report(&[finding("F1", "os.Pipe")]);
        let mut new = report(&[everywhere]);
        let mut node = new.targets[0].clone();
        node.target = Target::JsNode;
        new.targets.push(node);
        let compared = compare(&old, &new);
        assert_eq!(compared.findings, FindingChanges::default());
        assert!(!compared.targets[1].verdict.is_both());
        let text = render::compare::render(&compared);
        assert!(text.contains("in only the newer report"), "{text}");
    }

    #[test]
    fn a_comparison_is_json_of_one_form() {
        let old = report(&[]);
        let new = report(&[finding("F1", "os.Pipe")]);
        let json = serde_json::to_value(compare(&old, &new)).unwrap();
        assert_eq!(json["targets"][0]["verdict"]["old"], "clean");
        assert_eq!(json["findings"]["new"][0]["symbol"], "os.Pipe");
        assert_eq!(json["findings"]["gone"], serde_json::json!([]));
    }
}
