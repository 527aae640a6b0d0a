//! The report for a terminal: verdicts first, then what to fix, in order.

use std::collections::BTreeSet;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use model::{Advice, AdviceKind, Finding, NoteKind, Observation, Report};
use web::proof;
use web::view::{self, RootGroup, SymbolGroup, TargetLine, View, place};

use super::{scenarios, style, suites};

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
pub(crate) fn render(report: &Report, verbose: bool) -> String {
    let limits = if verbose { ALL } else { BRIEF };
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
    text.out.push_str(&suites::render(report, verbose));
    text.rest(&view);
    text.out
}

struct Text {
    out: String,
    limits: Limits,
    /// Remedies whose tries were told: they are told once.
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
        self.title("Could not be done");
        for (stage, targets, reason) in view::incomplete(report) {
            let of = if targets.is_empty() {
                targets
            } else {
                format!(" ({targets})")
            };
            self.line(format!("  {stage}{of}: {}", reason.replace('\n', "\n    ")));
        }
    }

    fn roots(&mut self, view: &View<'_>) {
        if view.roots.is_empty() {
            return;
        }
        self.title("What keeps packages from building, in the order to fix it");
        for (number, group) in (1..).zip(view.roots.iter().take(self.limits.roots)) {
            self.root(number, group);
        }
        self.more(
            view.roots.len(),
            self.limits.roots,
            "package to blame",
            "packages to blame",
        );
    }

    fn root(&mut self, number: usize, group: &RootGroup<'_>) {
        let (head, soft) = (style::HEAD, style::SOFT);
        self.line(format!("{head}{number}. {}{head:#}", group.root));
        self.line(format!("   {soft}{}{soft:#}", view::impact(group)));
        if let Some((first, rest)) = group.findings.split_first() {
            self.excerpt(first);
            self.places(rest);
            self.way(first);
        }
        self.advice(&group.advice);
        self.line("");
    }

    /// The first finding of a root, with its source line.
    fn excerpt(&mut self, finding: &Finding) {
        let title = format!("{} [{}]", finding.message, finding.evidence.name());
        let source = finding.source.as_deref().unwrap_or_default();
        let notes = finding.notes.iter().take(self.limits.details);
        let notes = notes.map(|note| Level::NOTE.message(note.sentence()));
        let title = Level::ERROR
            .primary_title(title.as_str())
            .id(finding.rule.slug());
        let group = if source.is_empty() {
            Group::with_title(title).elements(notes)
        } else {
            let snippet = Snippet::source(source)
                .line_start(finding.line as usize)
                .path(finding.file.as_str())
                .annotation(AnnotationKind::Primary.span(span(finding, source)));
            title.element(snippet).elements(notes)
        };
        let rendered = Renderer::styled().render(&[group]);
        self.line(indent(&rendered, "   "));
        let hidden = finding.notes.len().saturating_sub(self.limits.details);
        if hidden > 0 {
            self.line(format!("       and {}", view::count(hidden, "more note")));
        }
    }

    fn places(&mut self, findings: &[&Finding]) {
        for finding in findings.iter().take(self.limits.places) {
            self.line(format!("   also {}  {}", place(finding), finding.message));
        }
        let hidden = findings.len().saturating_sub(self.limits.places);
        if hidden > 0 {
            self.line(format!("   and {}", view::count(hidden, "more place")));
        }
    }

    /// How the user's code gets there.
    fn way(&mut self, finding: &Finding) {
        let soft = style::SOFT;
        if let Some(chain) = finding.chains.iter().find(|c| c.len() > 1) {
            self.line(format!("   {soft}by way of{soft:#} {}", chain.join(" → ")));
        }
    }

    fn advice(&mut self, advice: &[&Advice]) {
        let good = style::GOOD;
        for remedy in advice {
            let good = if remedy.kind == AdviceKind::None {
                style::SOFT
            } else {
                good
            };
            let loses = remedy
                .loses
                .as_ref()
                .map_or_else(String::new, |l| format!("; lost: {l}"));
            self.line(format!(
                "   {good}help{good:#}: {} ({}){loses}",
                remedy.title,
                view::tried(remedy)
            ));
            let soft = style::SOFT;
            let attempts = if self.said.insert(remedy.id.clone()) {
                view::attempts(remedy)
            } else {
                Vec::new()
            };
            for attempt in attempts.iter().take(self.limits.details) {
                self.line(format!("         {soft}tried: {attempt}{soft:#}"));
            }
        }
    }

    fn behaviours(&mut self, view: &View<'_>) {
        if view.behaviours.is_empty() {
            return;
        }
        self.title("What builds, and then fails or differs");
        for group in view.behaviours.iter().take(self.limits.symbols) {
            self.behaviour(group);
        }
        self.more(
            view.behaviours.len(),
            self.limits.symbols,
            "function",
            "functions",
        );
    }

    /// How calls lead to a place: in one line, or step by step.
    fn calls(&mut self, finding: &Finding) {
        if self.limits.details == usize::MAX {
            for chain in view::call_chains(finding) {
                self.line("      by these calls:");
                for step in chain {
                    self.line(format!("         {step}"));
                }
            }
        } else if let Some(from) = view::called_from(finding) {
            self.line(format!("      {from}"));
        }
    }

    fn behaviour(&mut self, group: &SymbolGroup<'_>) {
        let Some(first) = group.findings.first() else {
            return;
        };
        let colour = style::effect(group.effect);
        let effect = group.effect.name();
        let (head, symbols) = (style::HEAD, group.symbols.join(", "));
        self.line(format!("{head}{symbols}{head:#}"));
        let known = group.known();
        let soft = style::SOFT;
        let known = if known.is_empty() {
            known
        } else {
            format!(" {soft}[{known}]{soft:#}")
        };
        self.line(format!(
            "   {colour}{effect}{colour:#} on {}: {}{known}",
            view::targets_in_words(&group.targets),
            group.what
        ));
        for finding in group.findings.iter().take(self.limits.places) {
            let init = if finding.init {
                "  (at initialisation)"
            } else {
                ""
            };
            self.line(format!("   {}  {}{init}", place(finding), finding.symbol));
            self.calls(finding);
        }
        let hidden = group.findings.len().saturating_sub(self.limits.places);
        if hidden > 0 {
            self.line(format!("   and {}", view::count(hidden, "more place")));
        }
        let all = self.limits.details == usize::MAX;
        let shown = first
            .notes
            .iter()
            .filter(|note| all || note.kind == NoteKind::Instead);
        for note in shown {
            self.line(format!("   {soft}{}{soft:#}", note.sentence()));
        }
        self.advice(&group.advice);
    }

    /// What was built, and what ran.
    fn proof(&mut self, report: &Report) {
        let built = proof::built(report);
        if !built.is_empty() {
            self.title("What was built");
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
    fn hosts(&mut self, report: &Report) {
        let told = proof::host_differences(report);
        if told.is_empty() {
            return;
        }
        self.title("Node and the browser differ");
        for line in told.iter().take(self.limits.symbols) {
            self.line(format!("  {line}"));
        }
        self.more(told.len(), self.limits.symbols, "run", "runs");
    }

    /// A run that did not end well.
    fn seen(&mut self, seen: &Observation) {
        let soft = style::SOFT;
        let told = seen.told.lines().next().unwrap_or_default();
        self.line(format!("              {}  {told}", seen.package));
        if let Some(said) = proof::last_words(seen) {
            self.line(format!("                {soft}{said}{soft:#}"));
        }
        for refusal in seen.refusals.iter().take(self.limits.places) {
            let told = proof::refused(refusal);
            self.line(format!("                {soft}{told}{soft:#}"));
        }
    }

    fn rest(&mut self, view: &View<'_>) {
        if !view.absent.is_empty() || !view.notes.is_empty() {
            self.title("Besides");
        }
        let shown = self.limits.symbols;
        for absent in view.absent.iter().take(shown) {
            let targets = view::targets_in_words(&absent.targets);
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
                view::count(hidden, "note"),
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

/// The bytes of the source line that a finding is about; the first one where nothing is known.
fn span(finding: &Finding, source: &str) -> std::ops::Range<usize> {
    let offset = |column: u32| {
        let offset = (column as usize).saturating_sub(1).min(source.len());
        let whole = (0..=offset).rev().find(|i| source.is_char_boundary(*i));
        whole.unwrap_or(0)
    };
    let start = offset(finding.column);
    let one = source[start..].chars().next().map_or(0, char::len_utf8);
    start..offset(finding.end_column).max(start + one)
}

fn indent(text: &str, by: &str) -> String {
    let lines: Vec<String> = text.lines().map(|l| format!("{by}{l}")).collect();
    lines.join("\n")
}
