//! What was built, and what ran, for a terminal.

use model::{Observation, Report};

use super::Text;
use crate::render::style;
use crate::view::proof;

impl Text {
    /// What was built, and what ran.
    pub(super) fn proof(&mut self, report: &Report) {
        let built = proof::built(report);
        if !built.is_empty() {
            self.title("Programs built");
        }
        for main in built.iter().take(self.limits.symbols) {
            self.line(format!("  {}  {}", main.package, main.summary()));
        }
        self.more(built.len(), self.limits.symbols, "program", "programs");
        let runs = proof::runs(report);
        if !runs.is_empty() {
            self.title("What ran");
        }
        for run in &runs {
            let (soft, target) = (style::SOFT, run.target.name());
            self.line(format!(
                "  {target:11} {} {soft}({}){soft:#}",
                run.summary(),
                run.host
            ));
            for seen in run.notable.iter().take(self.limits.symbols) {
                self.seen(seen);
            }
            self.more(run.notable.len(), self.limits.symbols, "run", "runs");
        }
    }

    /// Where Node and the browser differ.
    pub(super) fn hosts(&mut self, report: &Report) {
        let told = proof::host_differences(report);
        if told.is_empty() {
            return;
        }
        self.title("Differences between Node and the browser");
        for line in told.iter().take(self.limits.symbols) {
            self.line(format!("  {line}"));
        }
        self.more(told.len(), self.limits.symbols, "run", "runs");
    }

    /// A run that did not end well.
    fn seen(&mut self, seen: &Observation) {
        let soft = style::SOFT;
        let told = seen.summary.lines().next().unwrap_or_default();
        self.line(format!("              {}  {told}", seen.package));
        if let Some(said) = proof::last_words(seen) {
            self.line(format!("                {soft}{said}{soft:#}"));
        }
        for refusal in seen.refusals.iter().take(self.limits.places) {
            let told = proof::refused(refusal);
            self.line(format!("                {soft}{told}{soft:#}"));
        }
    }
}
