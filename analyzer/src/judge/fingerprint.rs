//! What stays the same of a finding: at every level, for every list of targets, and when lines move.
//!
//! A fingerprint is made of names and of the text of the source line alone. Where one declaration has
//! the same line several times, the lines before it in the source are counted, not the other findings:
//! which of these there are depends on the level and on the targets.

use std::collections::BTreeMap;

use model::Finding;

use crate::go::facts::{DeclFact, FileFacts};

/// Where a finding stands, told by the source alone.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// The declaration around it; empty above the first one.
    declaration: String,
    /// The text of the line.
    line: String,
    /// Lines of the same text before it in the declaration.
    same_lines: usize,
    /// The same names before it in the line.
    same_names: usize,
}

impl Site {
    /// The site of a line and column, both counted from 1; a column of 0 is not known.
    pub(super) fn of(facts: &FileFacts, line: u32, column: u32) -> Self {
        let text = |line: u32| facts.line(line).unwrap_or_default().trim();
        let around = declaration(facts, line, column);
        let first = around.map_or(1, |decl| facts.position(decl.name.pos).0);
        let here = text(line);
        Self {
            declaration: around.map_or_else(String::new, |decl| title(facts, decl)),
            line: here.to_owned(),
            same_lines: (first..line).filter(|l| text(*l) == here).count(),
            same_names: same_names(facts.line(line).unwrap_or_default(), column),
        }
    }
}

/// The last declaration that begins before a place.
fn declaration(facts: &FileFacts, line: u32, column: u32) -> Option<&DeclFact> {
    // Of a place without a column, the whole line counts.
    let column = if column == 0 { u32::MAX } else { column };
    let begun = facts.decls.iter().filter(|d| d.name.len > 0);
    let begun = begun.filter(|d| facts.position(d.name.pos) <= (line, column));
    begun.max_by_key(|d| d.name.pos)
}

fn title(facts: &FileFacts, decl: &DeclFact) -> String {
    let name = facts.text(decl.name);
    match decl.recv {
        Some(recv) => format!("{}.{name}", facts.text(recv)),
        None => name.to_owned(),
    }
}

/// How often the name at a column stands before it in the line.
fn same_names(line: &str, column: u32) -> usize {
    let start = (column as usize).saturating_sub(1);
    let end = crate::context::token_end(line, column) as usize;
    let name = line.get(start..end.saturating_sub(1)).unwrap_or_default();
    let before = line.get(..start).unwrap_or_default();
    if name.is_empty() {
        0
    } else {
        before.matches(name).count()
    }
}

/// Give each finding its fingerprint. `site` tells where a finding stands; findings without a file
/// stand nowhere. Findings on the same target never get the same one.
pub(super) fn fingerprint(findings: &mut [Finding], site: impl Fn(&Finding) -> Site) {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    let place = |f: &Finding| (f.file.clone(), f.line, f.column, f.what.clone());
    order.sort_by_cached_key(|index| place(&findings[*index]));
    let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for index in order {
        let key = key(&findings[index], &site(&findings[index]));
        let same = known.entry(key.clone()).or_default();
        let overlaps = |other: &&usize| {
            let targets = &findings[**other].targets;
            findings[index].targets.iter().any(|t| targets.contains(t))
        };
        let counter = same.iter().filter(overlaps).count();
        same.push(index);
        let text = format!("{key}\n{counter}");
        let hash = blake3::hash(text.as_bytes()).to_hex();
        hash[..16].clone_into(&mut findings[index].fingerprint);
    }
}

fn key(finding: &Finding, site: &Site) -> String {
    let parts = [
        finding.rule.slug(),
        &finding.root,
        &finding.symbol,
        &finding.package,
        &site.declaration,
        &site.line,
    ];
    format!(
        "{}\n{}\n{}",
        parts.join("\n"),
        site.same_lines,
        site.same_names
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_a_column_are_counted() {
        assert_eq!(same_names("f(unix.A, unix.A)", 3), 0);
        assert_eq!(same_names("f(unix.A, unix.A)", 11), 1);
        assert_eq!(same_names("f(unix.A)", 0), 0);
        assert_eq!(same_names("", 7), 0);
    }
}
