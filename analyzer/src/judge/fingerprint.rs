//! What stays the same of a finding: at every level, for every list of targets, and when lines move.
//!
//! A fingerprint is made of names and of the text of the source line alone. Where one declaration has
//! the same line several times, the lines before it in the source are counted, not the other findings:
//! which of these there are depends on the level and on the targets. Columns do not count: the compiler
//! may name another one than the scan.

use std::collections::BTreeMap;

use model::Finding;

use crate::go::facts::{DeclFact, FileFacts};

/// The place of a finding, by the source alone: no line numbers, no targets.
#[derive(Debug, Default)]
pub(super) struct FindingSite {
    /// The declaration around it; empty above the first one.
    declaration: String,
    /// The text of the line.
    line: String,
    /// Lines of the same text before it in the declaration.
    same_lines: usize,
}

impl FindingSite {
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

/// Give each finding its fingerprint. `site` gives the place of a finding; findings without a file
/// stand nowhere. Findings on the same target never get the same one.
pub(super) fn fingerprint(findings: &mut [Finding], site: impl Fn(&Finding) -> FindingSite) {
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

fn key(finding: &Finding, site: &FindingSite) -> String {
    let parts = [
        finding.rule.slug(),
        &finding.root,
        &finding.symbol,
        &finding.package,
        &site.declaration,
        &site.line,
    ];
    format!("{}\n{}", parts.join("\n"), site.same_lines)
}
