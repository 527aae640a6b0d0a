//! What came of trying, put into the report.

use std::collections::{BTreeMap, BTreeSet};

use model::{Advice, AdviceKind, Attempt, Confirmed, Report, Target};

use super::candidate::Candidate;
use super::{TrialWork, blank};

/// Most characters of what a module's authors say.
const SAID: usize = 300;

impl TrialWork<'_, '_> {
    pub(super) fn advise_version(&self, report: &mut Report, best: &str) {
        let trial = self.trial;
        let candidate = Candidate::version(&trial.module, best);
        let part = self.part(&candidate);
        let module = &trial.module;
        let from = trial.version.as_deref();
        let is_older = advisors::older(&self.versions.found, from).contains(&best.to_owned());
        let title = if is_older {
            format!(
                "go back to {module} {best}, which {} has broken{part}",
                from.unwrap_or_default()
            )
        } else if trial.own && from.is_none() {
            format!("{module} is fixed upstream: {best} builds{part}")
        } else {
            let imports = self.imports.map(|root| format!(", which imports {root},"));
            let gone = if self.crashes {
                ", with which the crash is gone"
            } else {
                ""
            };
            format!(
                "upgrade {module}{} to {best}{part}{gone}",
                imports.unwrap_or_default()
            )
        };
        let loses = self
            .upgrade_advice(report)
            .and_then(|i| report.advice[i].loses.clone());
        let known = self.upgrade_advice(report);
        let cost = known.map(|i| report.advice[i].cost.clone());
        let mut advice = self.new_advice(report, AdviceKind::Upgrade, title, Some(best.to_owned()));
        advice.confirmed = self.confirmed(&candidate);
        advice.tried = self.tried(&self.order);
        advice.loses = loses;
        advice.cost = cost.unwrap_or_default();
        candidate.put_into(&mut advice);
        match self.upgrade_advice(report) {
            Some(index) => {
                let id = report.advice[index].id.clone();
                let finding = report.advice[index].finding.clone();
                report.advice[index] = Advice {
                    id,
                    finding,
                    ..advice
                };
            }
            None => self.put_first(report, advice),
        }
    }

    /// How much a candidate mends, where it is not all.
    fn part(&self, candidate: &Candidate) -> String {
        let tries = self
            .memo
            .iter()
            .filter(|((c, _), t)| c == candidate && t.is_good());
        let most = tries.map(|(_, t)| t.mended).max_by_key(|(_, left)| *left);
        match most {
            Some((mended, left @ 1..)) => format!(
                ", which fixes {mended} of the {} packages that fail because of it",
                mended + left
            ),
            _ => String::new(),
        }
    }

    /// The advice to upgrade that the catalogue gave.
    fn upgrade_advice(&self, report: &Report) -> Option<usize> {
        let ids = &self.trial.findings;
        let of = report
            .findings
            .iter()
            .filter(|f| ids.contains(&f.id))
            .flat_map(|f| &f.advice);
        let of: BTreeSet<&String> = of.collect();
        let untried = |a: &Advice| a.confirmed.values().all(|c| *c == Confirmed::None);
        report
            .advice
            .iter()
            .position(|a| a.kind == AdviceKind::Upgrade && of.contains(&a.id) && untried(a))
    }

    /// Say that no version helps, and which were tried.
    pub(super) fn advise_none(&self, report: &mut Report) {
        let module = &self.trial.module;
        let newest = self.order.iter().find(|c| c.is_version());
        let newest = newest.map(Candidate::name).unwrap_or_default();
        let older = advisors::older(&self.versions.found, self.trial.version.as_deref());
        let title = if self.crashes {
            format!("no other version of {module} helps: it crashes with {newest}, too")
        } else if older.contains(&newest) {
            format!("there is no newer version of {module}, and {newest} does not build either")
        } else {
            format!(
                "no upgrade of {module} helps: its newest known version, {newest}, does not build either"
            )
        };
        self.advise_nothing(report, title);
    }

    /// Say that there is nothing to upgrade to.
    pub(super) fn advise_no_newer(&self, report: &mut Report) {
        let version = self.trial.version.as_deref().unwrap_or_default();
        let title = format!(
            "there is no newer version of {} than {version}",
            self.trial.module
        );
        self.advise_nothing(report, title);
    }

    /// Say that the module's go.mod calls it deprecated, or its version retracted.
    pub(super) fn advise_what_authors_say(&self, report: &mut Report) {
        let module = &self.trial.module;
        let version = self.trial.version.as_deref().unwrap_or_default();
        let said = [
            (format!("{module} is deprecated"), &self.versions.deprecated),
            (
                format!("{module} {version} was retracted"),
                &self.versions.retracted,
            ),
        ];
        for (what, why) in said {
            let Some(why) = why else { continue };
            let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
            let why: String = why.chars().take(SAID).collect();
            let title = format!("{what}, its go.mod says: {why}");
            let mut advice = self.new_advice(report, AdviceKind::None, title, None);
            let targets = self.trial.targets.iter();
            advice.confirmed = targets.map(|t| (*t, Confirmed::None)).collect();
            put_last(report, advice);
        }
    }

    /// Say what was tried where nothing came of it, neither good nor bad.
    pub(super) fn advise_unknown(&self, report: &mut Report) {
        let title = format!(
            "could not find out whether an upgrade of {} helps",
            self.trial.module
        );
        self.advise_nothing(report, title);
    }

    fn advise_nothing(&self, report: &mut Report, title: String) {
        let targets = self.trial.targets.iter();
        let confirmed = targets.map(|t| (*t, Confirmed::CouldNot)).collect();
        let tried = self.tried(&self.order);
        if let Some(index) = self.upgrade_advice(report) {
            report.advice[index].confirmed = confirmed;
            report.advice[index].tried = tried;
            return;
        }
        let mut advice = self.new_advice(report, AdviceKind::None, title, None);
        advice.confirmed = confirmed;
        advice.tried = tried;
        put_last(report, advice);
    }

    pub(super) fn new_advice(
        &self,
        report: &Report,
        kind: AdviceKind,
        title: String,
        to: Option<String>,
    ) -> Advice {
        Advice {
            finding: self.trial.findings.first().cloned().unwrap_or_default(),
            kind,
            title,
            to,
            ..blank(report)
        }
    }

    /// Advice that comes before what the catalogue says, with every finding of the trial.
    pub(super) fn put_first(&self, report: &mut Report, advice: Advice) {
        let ids = &self.trial.findings;
        for finding in report.findings.iter_mut().filter(|f| ids.contains(&f.id)) {
            finding.advice.insert(0, advice.id.clone());
        }
        report.advice.push(advice);
    }

    /// How far a candidate came on the targets that need it.
    pub(super) fn confirmed(&self, candidate: &Candidate) -> BTreeMap<Target, Confirmed> {
        let of = |target: &Target| {
            let tried = self.memo.get(&(candidate.clone(), target.goos()));
            let outcome = tried.map_or(Confirmed::None, |t| t.outcome);
            // What ran under Node did not run in a browser.
            let there = *target == target.goos().representative();
            match outcome {
                Confirmed::Run if !there => Confirmed::Build,
                outcome => outcome,
            }
        };
        self.trial.targets.iter().map(|t| (*t, of(t))).collect()
    }

    pub(super) fn tried(&self, candidates: &[Candidate]) -> Vec<Attempt> {
        let mut attempts = self.named_attempts(candidates, Candidate::name);
        attempts.extend(self.of_importers.iter().cloned());
        attempts
    }

    /// All attempts, with names that need no module beside them.
    pub(super) fn attempts(&self) -> Vec<Attempt> {
        let module = &self.trial.module;
        self.named_attempts(&self.order, |candidate| candidate.full_name(module))
    }

    fn named_attempts(
        &self,
        candidates: &[Candidate],
        name: impl Fn(&Candidate) -> String,
    ) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for candidate in candidates {
            let name = name(candidate);
            for goos in self.trial.packages.keys() {
                let Some(tried) = self.memo.get(&(candidate.clone(), *goos)) else {
                    continue;
                };
                let targets = self.trial.targets.iter().filter(|t| t.goos() == *goos);
                let same = |a: &&mut Attempt| a.what == name && a.outcome == tried.outcome;
                match attempts.iter_mut().find(same) {
                    Some(attempt) => attempt.targets.extend(targets),
                    None => attempts.push(Attempt {
                        what: name.clone(),
                        outcome: tried.outcome,
                        targets: targets.copied().collect(),
                        why: tried.why.clone(),
                    }),
                }
            }
        }
        attempts.iter_mut().for_each(|a| a.targets.sort());
        attempts
    }
}

/// Advice that several findings share is kept with the first of them.
fn put_last(report: &mut Report, advice: Advice) {
    let first = report.findings.iter_mut().find(|f| f.id == advice.finding);
    if let Some(finding) = first {
        finding.advice.push(advice.id.clone());
    }
    report.advice.push(advice);
}
