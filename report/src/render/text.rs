//! The report for a terminal: verdicts first, then what to fix, in order.

mod behaviours;
mod builds;
mod runs;
mod scenarios;
mod suites;

use std::collections::BTreeSet;

use model::{Report, count};

use super::{Options, style};
use crate::view::{self, TargetLine, View, place};

/// How much is shown.
#[derive(Clone, Copy, Debug)]
struct Limits {
    roots: usize,
    symbols: usize,
    places: usize,
    details: usize,
    notes: usize,
}

const BRIEF: Limits = Limits {
    roots: 8,
    symbols: 12,
    places: 3,
    details: 4,
    notes: 0,
};
const ALL: Limits = Limits {
    roots: usize::MAX,
    symbols: usize::MAX,
    places: usize::MAX,
    details: usize::MAX,
    notes: usize::MAX,
};

/// Render a report with colours.
pub fn render(report: &Report, options: &Options) -> String {
    let limits = if options.verbose { ALL } else { BRIEF };
    let mut text = Text {
        out: String::new(),
        limits,
        said: BTreeSet::new(),
    };
    let view = View::new(report);
    text.head(&view);
    text.incomplete(report);
    text.roots(&view);
    text.behaviours(&view);
    text.proof(report);
    text.out.push_str(&scenarios::render(report));
    text.hosts(report);
    text.out.push_str(&suites::render(report, options.verbose));
    text.rest(&view);
    text.out
}

struct Text {
    out: String,
    limits: Limits,
    /// Remedies whose attempts were printed: they are printed once.
    said: BTreeSet<String>,
}

impl Text {
    fn line(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref().trim_end());
        self.out.push('\n');
    }

    fn title(&mut self, title: &str) {
        let head = style::HEAD;
        self.line(format!("\n{head}{title}{head:#}\n"));
    }

    fn head(&mut self, view: &View<'_>) {
        let report = view.report;
        let version = report
            .module
            .version
            .as_ref()
            .map_or_else(String::new, |v| format!(" {v}"));
        let (head, soft) = (style::HEAD, style::SOFT);
        let go = if report.go.is_empty() {
            "no Go"
        } else {
            report.go.as_str()
        };
        let level = report.level.name();
        self.line(format!(
            "{head}{}{version}{head:#}  {soft}{go}, level {level}{soft:#}\n",
            report.module.path
        ));
        for target in &view.targets {
            self.target(target);
        }
    }

    fn target(&mut self, line: &TargetLine<'_>) {
        let verdict = line.report.verdict;
        let colour = style::verdict(verdict);
        self.line(format!(
            "  {:11} {colour}{:19}{colour:#} {}",
            line.report.target.name(),
            line.verdict(),
            line.breakdown()
        ));
    }

    fn incomplete(&mut self, report: &Report) {
        if report.incomplete.is_empty() {
            return;
        }
        self.title("Not checked");
        for (stage, targets, reason) in view::incomplete(report) {
            let of = if targets.is_empty() {
                targets
            } else {
                format!(" ({targets})")
            };
            self.line(format!("  {stage}{of}: {}", reason.replace('\n', "\n    ")));
        }
    }

    fn rest(&mut self, view: &View<'_>) {
        if !view.absent.is_empty() || !view.notes.is_empty() {
            self.title("Besides");
        }
        let shown = self.limits.symbols;
        for absent in view.absent.iter().take(shown) {
            let targets = view::target_list(&absent.targets);
            let why = absent
                .why
                .map_or_else(String::new, |f| format!(": {}", f.message));
            self.line(format!("  absent on {targets}: {}{why}", absent.package));
            self.advice(&absent.advice);
        }
        self.more(
            view.absent.len(),
            shown,
            "absent package",
            "absent packages",
        );
        for note in view.notes.iter().take(self.limits.notes) {
            self.line(format!("  {}  {}", place(note), note.message));
        }
        let hidden = view.notes.len().saturating_sub(self.limits.notes);
        if hidden > 0 {
            self.line(format!(
                "  {} that {} no verdict: --verbose shows them",
                count(hidden, "note"),
                if hidden == 1 { "changes" } else { "change" }
            ));
        }
    }

    fn more(&mut self, all: usize, shown: usize, one: &str, many: &str) {
        let hidden = all.saturating_sub(shown);
        if hidden > 0 {
            let what = if hidden == 1 { one } else { many };
            self.line(format!(
                "and {hidden} more {what}: --verbose or -o report.html shows them"
            ));
        }
    }
}
