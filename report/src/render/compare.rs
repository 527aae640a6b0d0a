//! A comparison of two reports, for a terminal: what got worse first.

use anstyle::Style;
use model::{Effect, Verdict};

use super::style;
use crate::compare::{Change, ChangedFinding, Comparison, FindingRef, Side, TargetChange};
use crate::shown::shown;
use crate::view::{place_in, target_list, words};

/// Render with colours.
pub fn render(compared: &Comparison) -> String {
    let compared = &shown(compared);
    let mut lines = vec![head(&compared.old, &compared.new), String::new()];
    lines.extend(compared.targets.iter().map(target));
    lines.extend(cautions(&compared.old, &compared.new));
    let findings = &compared.findings;
    if !compared.has_new() {
        lines.push("\nNo finding is new.".to_owned());
    }
    let mut list = |title: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            let head = style::HEAD;
            lines.push(format!("\n{head}{title}{head:#}\n"));
            lines.extend(rows);
        }
    };
    list("New", findings.new.iter().map(finding).collect());
    list("Changed", findings.changed.iter().map(changed).collect());
    list("Gone", findings.gone.iter().map(finding).collect());
    let packages = compared.packages.iter().map(|p| {
        let (verdict, target) = (verdicts(p.verdict), p.target.name());
        format!("  {}  {verdict} on {target}", p.package)
    });
    list("Packages with another verdict", packages.collect());
    lines.join("\n") + "\n"
}

fn head(old: &Side, new: &Side) -> String {
    let head = style::HEAD;
    let title = |side: &Side| match &side.version {
        Some(version) => format!("{} {version}", side.module),
        None => side.module.clone(),
    };
    let (before, after) = (title(old), title(new));
    if before == after {
        format!("{head}{after}{head:#}")
    } else {
        format!("{head}{before} → {after}{head:#}")
    }
}

/// Why the reports may differ though the module is the same.
fn cautions(old: &Side, new: &Side) -> Vec<String> {
    let soft = style::SOFT;
    let go = (&old.go, &new.go);
    let level = (old.level.name(), new.level.name());
    let go = (go.0 != go.1).then(|| format!("{} → {}", go.0, go.1));
    let level = (level.0 != level.1).then(|| format!("level {} → level {}", level.0, level.1));
    let both = go.into_iter().chain(level);
    both.map(|what| format!("  {soft}{what}{soft:#}")).collect()
}

fn target(change: &TargetChange) -> String {
    let name = change.target.name();
    let only = match (change.verdict.old, change.verdict.new) {
        (None, _) => "  (in only the newer report, and not compared)",
        (_, None) => "  (in only the older report, and not compared)",
        _ => "",
    };
    let percent = |p: Option<f64>| p.map_or_else(|| "none".to_owned(), |p| format!("{p} %"));
    let (before, after) = (change.builds_percent.old, change.builds_percent.new);
    let builds = match (before, after) {
        (before, after) if before == after || !only.is_empty() => String::new(),
        (before, after) => format!("  builds {} → {}", percent(before), percent(after)),
    };
    format!("  {name:11} {}{builds}{only}", verdicts(change.verdict))
}

fn verdicts(change: Change<Verdict>) -> String {
    let word = |verdict: Verdict| coloured(style::verdict(verdict), words(verdict));
    match (change.old, change.new) {
        (Some(old), Some(new)) if old != new => format!("{} → {}", word(old), word(new)),
        (Some(_), None) => "gone".to_owned(),
        (None, Some(new)) => format!("new: {}", word(new)),
        (_, same) => same.map_or_else(String::new, word),
    }
}

fn coloured(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

fn effect(effect: Effect) -> String {
    coloured(style::effect(effect), effect.name())
}

fn place(finding: &FindingRef) -> String {
    let FindingRef {
        package,
        file,
        line,
        column,
        ..
    } = finding;
    place_in(package, file, *line, *column)
}

fn finding(finding: &FindingRef) -> String {
    let (effect, targets) = (effect(finding.effect), target_list(&finding.targets));
    let (place, evidence) = (place(finding), finding.evidence.name());
    let message = &finding.message;
    format!("  {place}  {message}\n    {effect} on {targets} [{evidence}]")
}

fn changed(change: &ChangedFinding) -> String {
    let mut what = Vec::new();
    if let (Some(old), Some(new)) = (change.effect.old, change.effect.new)
        && old != new
    {
        what.push(format!("{} → {}", effect(old), effect(new)));
    }
    if let (Some(old), Some(new)) = (change.evidence.old, change.evidence.new)
        && old != new
    {
        what.push(format!("[{}] → [{}]", old.name(), new.name()));
    }
    let (place, targets) = (place(&change.finding), target_list(&change.finding.targets));
    let (message, what) = (&change.finding.message, what.join(", "));
    format!("  {place}  {message}\n    {what} on {targets}")
}
