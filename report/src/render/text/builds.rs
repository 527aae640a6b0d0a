//! What keeps packages from building, for a terminal, and the remedies.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use model::{Advice, AdviceKind, Finding, count};

use super::Text;
use crate::render::style;
use crate::view::{self, Excerpt, RootGroup, View, place};

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
        self.line(format!("{head}{number}. {}{head:#}", group.name()));
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
        let notes = finding.notes.iter().take(self.limits.details);
        let notes = notes.map(|note| Level::NOTE.message(note.sentence()));
        let title = Level::ERROR
            .primary_title(title.as_str())
            .id(finding.rule.slug());
        let excerpt = view::excerpt(finding).filter(|e| !e.text.trim().is_empty());
        let group = match &excerpt {
            Some(excerpt) => title.element(snippet(excerpt, finding.line)),
            None if finding.file.is_empty() => Group::with_title(title),
            None => title.element(Origin::path(PLACE)),
        };
        let rendered = Renderer::styled().render(&[group.elements(notes)]);
        self.line(indent(&placed(&rendered, &place(finding)), "   "));
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
            let tried = match view::tried(remedy) {
                nothing if nothing.is_empty() => nothing,
                tried => format!(" ({tried})"),
            };
            let title = &remedy.title;
            self.line(format!("   {good}help{good:#}: {title}{tried}{loses}"));
            let soft = style::SOFT;
            let first = self.said.insert(remedy.id.clone());
            let attempts = if first {
                view::attempts(remedy)
            } else {
                Vec::new()
            };
            let cost = view::cost(&remedy.cost);
            if first && !cost.is_empty() {
                self.line(format!("         {soft}{cost}{soft:#}"));
            }
            let tested = view::tested(remedy).into_iter().filter(|_| first);
            for tested in tested.take(self.limits.details) {
                self.line(format!("         {soft}with it, {tested}{soft:#}"));
            }
            let changes = remedy.cost.changes.iter().filter(|_| first);
            for change in changes.take(self.limits.details) {
                self.line(format!("         {soft}change: {change}{soft:#}"));
            }
            if let Some(diff) = view::diff(remedy) {
                self.line(format!(
                    "         {soft}`wasmcheck fix` shows the change: {}{soft:#}",
                    diff.size
                ));
            }
            if let Some(sketch) = &remedy.sketch {
                self.line(format!(
                    "         {soft}`wasmcheck explain {sketch}` shows a sketch{soft:#}"
                ));
            }
            for attempt in attempts.iter().take(self.limits.details) {
                self.line(format!("         {soft}tried: {attempt}{soft:#}"));
            }
        }
    }
}

/// Stands for the place of a finding while it is rendered: no text of a shown report has it.
const PLACE: &str = "\u{1}";

fn snippet(excerpt: &Excerpt, line: u32) -> Snippet<'_, Annotation<'_>> {
    Snippet::source(excerpt.text.as_str())
        .line_start(line.max(1) as usize)
        .path(PLACE)
        .annotation(AnnotationKind::Primary.span(excerpt.place.clone()))
}

/// The place as the compiler names it, with a column in bytes of the file, instead of the one that the renderer
/// counts in what is shown.
fn placed(rendered: &str, place: &str) -> String {
    match rendered.split_once(PLACE) {
        Some((before, rest)) => {
            let rest = rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
            format!("{before}{place}{rest}")
        }
        None => rendered.to_owned(),
    }
}

fn indent(text: &str, by: &str) -> String {
    let lines: Vec<String> = text.lines().map(|l| format!("{by}{l}")).collect();
    lines.join("\n")
}
