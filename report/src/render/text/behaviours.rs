//! What builds and then fails or differs, for a terminal.

use model::{Finding, NoteKind, count};

use super::Text;
use crate::render::style;
use crate::view::{self, SymbolGroup, View, place};

impl Text {
    pub(super) fn behaviours(&mut self, view: &View<'_>) {
        if view.behaviours.is_empty() {
            return;
        }
        self.title("Code that builds but fails or behaves differently at run time");
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
                self.line("      called from:");
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
            view::target_list(&group.targets),
            group.what
        ));
        self.uses(&group.findings);
        self.notes(first);
        self.advice(&group.advice);
    }

    /// Where the symbols are used, and how calls lead there.
    fn uses(&mut self, findings: &[&Finding]) {
        for finding in findings.iter().take(self.limits.places) {
            let init = if finding.init {
                "  (at initialisation)"
            } else {
                ""
            };
            self.line(format!("   {}  {}{init}", place(finding), finding.symbol));
            self.calls(finding);
        }
        let hidden = findings.len().saturating_sub(self.limits.places);
        if hidden > 0 {
            self.line(format!("   and {}", count(hidden, "more place")));
        }
    }

    /// What else is known of the symbols; in brief, what to use instead.
    fn notes(&mut self, finding: &Finding) {
        let all = self.limits.details == usize::MAX;
        let shown = finding.notes.iter();
        for note in shown.filter(|note| all || note.kind == NoteKind::Instead) {
            let soft = style::SOFT;
            self.line(format!("   {soft}{}{soft:#}", note.sentence()));
        }
    }
}
