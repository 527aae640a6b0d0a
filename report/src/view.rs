//! A report grouped for readers: what the terminal and the page both show.

mod absent;
mod advice;
mod behaviours;
mod excerpt;
pub mod file;
mod finding;
mod incomplete;
pub mod proof;
mod roots;
pub mod scenarios;
pub mod suites;
mod targets;
pub(crate) mod upstream;
mod words;

use std::collections::BTreeMap;

use model::{Effect, Finding, Report, Verdict};

pub use self::absent::Absent;
pub use self::advice::{Diff, attempts, cost, diff, tested, tried};
pub use self::behaviours::SymbolGroup;
pub use self::excerpt::{Excerpt, excerpt};
pub use self::finding::{call_chains, called_from, has_way, place, place_in};
pub use self::incomplete::incomplete;
pub use self::roots::{RootGroup, impact};
pub use self::targets::{TargetLine, words};
pub use self::words::{bytes, hidden, parts, shown, target_list, time};

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
                .map(|t| targets::target_line(report, t))
                .collect(),
            roots: roots::roots(report, &of(&[Effect::FailsToBuild])),
            behaviours: behaviours::behaviours(
                report,
                &of(&[
                    Effect::LinksBroken,
                    Effect::FailsAtRunTime,
                    Effect::SilentlyDifferent,
                ]),
            ),
            notes: of(&[Effect::Note]),
            absent: absent::absent(report),
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
