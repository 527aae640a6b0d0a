//! What keeps packages from building, for a terminal, and the remedies.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use model::{Advice, AdviceKind, Finding, count};

use super::Text;
use crate::render::style;
use crate::view::{self, RootGroup, View, place};

impl Text {
    pub(super) fn roots(&mut self, view: &View<'_>) {
        if view.roots.is_empty() {
            return;
        }
        self.title("Build failures, in the order to fix them");
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
                .annotation(AnnotationKind::Primary.span(view::span(finding, source)));
            title.element(snippet).elements(notes)
        };
        let rendered = Renderer::styled().render(&[group]);
        self.line(indent(&rendered, "   "));
        let hidden = finding.notes.len().saturating_sub(self.limits.details);
        if hidden > 0 {
            self.line(format!("       and {}", count(hidden, "more note")));
        }
    }

    fn places(&mut self, findings: &[&Finding]) {
        for finding in findings.iter().take(self.limits.places) {
            self.line(format!("   also {}  {}", place(finding), finding.message));
        }
        let hidden = findings.len().saturating_sub(self.limits.places);
        if hidden > 0 {
            self.line(format!("   and {}", count(hidden, "more place")));
        }
    }

    /// How the user's code gets there.
    fn way(&mut self, finding: &Finding) {
        let soft = style::SOFT;
        if let Some(chain) = finding.chains.iter().find(|c| c.len() > 1) {
            self.line(format!("   {soft}by way of{soft:#} {}", chain.join(" → ")));
        }
    }

    pub(super) fn advice(&mut self, advice: &[&Advice]) {
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
}

fn indent(text: &str, by: &str) -> String {
    let lines: Vec<String> = text.lines().map(|l| format!("{by}{l}")).collect();
    lines.join("\n")
}
