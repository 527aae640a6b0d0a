//! A target in one line.

use std::collections::BTreeMap;

use model::{Builds, Report, TargetReport, Verdict, count};

/// A target in one line.
#[derive(Debug)]
pub struct TargetLine<'r> {
    /// What is said of it.
    pub report: &'r TargetReport,
    /// Own packages that build.
    pub builds: usize,
    /// Own packages of which it is not known whether they build.
    pub unknown: usize,
    /// Own packages, absent ones apart.
    pub own: usize,
    /// Why there is no verdict, if there is none.
    pub reasons: Vec<&'r str>,
}

impl TargetLine<'_> {
    /// How many own packages build, and what is said of those that do, in a few words.
    pub fn breakdown(&self) -> String {
        let known = self.of_known();
        if self.own > 0 && self.unknown == 0 && self.report.verdict == Verdict::Unknown {
            return format!("{known}, but not all of the module could be loaded");
        }
        known
    }

    fn of_known(&self) -> String {
        let packages = || count(self.own, "package");
        let builds = match (self.own, self.builds, self.unknown) {
            (0, ..) => return "no package has a verdict".to_owned(),
            (1, _, 1) => return "it is not known whether its only package builds".to_owned(),
            (1, 1, _) => return "its only package builds".to_owned(),
            (1, 0, _) => return "its only package does not build".to_owned(),
            (own, _, unknown) if own == unknown => {
                return format!("it is not known whether any of {} builds", packages());
            }
            (own, builds, _) if own == builds => format!("all {} build", packages()),
            (_, builds, 0) => format!("{builds} of {} build", packages()),
            (_, builds, unknown) => {
                format!("{builds} of {} build, unknown for {unknown}", packages())
            }
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

    /// The verdict as text.
    pub fn verdict(&self) -> &'static str {
        words(self.report.verdict)
    }
}

/// A verdict as text.
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

pub(super) fn target_line<'r>(report: &'r Report, target: &'r TargetReport) -> TargetLine<'r> {
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
        unknown: own().filter(|p| p.builds == Builds::Unknown).count(),
        own: own().count(),
        reasons: reasons.map(|i| i.reason.as_str()).collect(),
    }
}
