//! What has changed from one build of a program to the next, for a terminal.

use super::style;
use crate::diff::{Changes, Diff, ModuleChange};
use crate::shown::shown;
use crate::view::bytes;

/// Packages that are shown.
const SHOWN: usize = 12;

/// Render with colours.
pub fn render(diff: &Diff) -> String {
    let diff = &shown(diff);
    let (head, bad) = (style::HEAD, style::ERROR);
    let [before, after] = diff.size;
    let mut lines = vec![
        format!("{head}{} → {}{head:#}", diff.old, diff.new),
        String::new(),
        format!(
            "  size       {} → {} ({})",
            bytes(before),
            bytes(after),
            change(before, after)
        ),
        format!("  functions  {} → {}", diff.functions[0], diff.functions[1]),
    ];
    let mut list = |title: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            lines.push(format!("\n{head}{title}{head:#}\n"));
            lines.extend(rows.into_iter().map(|row| format!("  {row}")));
        }
    };
    let signed = |changes: &Changes| -> Vec<String> {
        let new = changes.new.iter().map(|name| format!("+ {name}"));
        let gone = changes.gone.iter().map(|name| format!("- {name}"));
        new.chain(gone).collect()
    };
    let sinks = signed(&diff.sinks).into_iter().map(|row| {
        if row.starts_with('+') {
            format!("{bad}{row}{bad:#}")
        } else {
            row
        }
    });
    list("Functions that behave differently on wasm", sinks.collect());
    list("Imports from the host", signed(&diff.imports));
    let modules = diff.modules.iter().map(module);
    list("Modules", modules.collect());
    let packages = diff.packages.iter().take(SHOWN);
    let packages = packages.map(|p| format!("{:>12}  {}", change(p.old, p.new), p.package));
    list("Code of packages", packages.collect());
    if diff.packages.len() > SHOWN {
        lines.push(format!("  and {} more", diff.packages.len() - SHOWN));
    }
    lines.join("\n") + "\n"
}

fn module(change: &ModuleChange) -> String {
    let module = &change.module;
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("  {module} {old} → {new}"),
        (Some(old), None) => format!("- {module} {old}"),
        (None, new) => format!("+ {module} {}", new.as_deref().unwrap_or_default()),
    }
}

/// `+1.2 KiB`
fn change(old: u64, new: u64) -> String {
    let sign = if new >= old { '+' } else { '-' };
    format!("{sign}{}", bytes(new.abs_diff(old)))
}
