//! A single finding for readers. Whatever takes the texts of a finding apart is here.

use std::ops::Range;

use model::{Effect, Finding, count};

/// A finding's message without the symbol that it starts with.
pub(super) fn what(finding: &Finding) -> &str {
    let rest = finding
        .message
        .strip_prefix('`')
        .and_then(|m| m.strip_prefix(finding.symbol.as_str()));
    rest.and_then(|m| m.strip_prefix("` "))
        .unwrap_or(&finding.message)
}

/// What makes two findings say the same of a symbol.
pub(super) fn said(finding: &Finding) -> (&str, &str, Effect) {
    (&finding.symbol, what(finding), finding.effect)
}

/// `file:line:column`, or the package where no file is at fault.
pub fn place(finding: &Finding) -> String {
    place_in(
        &finding.package,
        &finding.file,
        finding.line,
        finding.column,
    )
}

/// The place of a finding, by its parts.
pub fn place_in(package: &str, file: &str, line: u32, column: u32) -> String {
    match (file, line, column) {
        ("", ..) => package.to_owned(),
        (file, 0, _) => file.to_owned(),
        (file, line, 0) => format!("{file}:{line}"),
        (file, line, column) => format!("{file}:{line}:{column}"),
    }
}

/// Where the user's code calls what leads to a place outside of it; none where the code itself
/// is the place.
pub fn called_from(finding: &Finding) -> Option<String> {
    let chain = finding
        .calls
        .first()
        .filter(|_| finding.version.is_some())?;
    let start = chain.first()?;
    let between = match chain.len() {
        0..=2 => String::new(),
        n => format!(", {} in between", count(n - 2, "call")),
    };
    Some(format!(
        "called by {} at {}:{}{between}",
        start.function, start.file, start.line
    ))
}

/// A chain of calls, a line each, but for chains that are the place itself.
pub fn call_chains(finding: &Finding) -> Vec<Vec<String>> {
    let step = |s: &model::CallStep| format!("{}  {}:{}", s.function, s.file, s.line);
    let long = finding.calls.iter().filter(|chain| chain.len() > 1);
    long.map(|chain| chain.iter().map(step).collect()).collect()
}

/// Whether there is more to say of the way to a finding than the package that it is in.
pub fn has_way(finding: &Finding) -> bool {
    finding.chains.iter().any(|chain| chain.len() > 1)
}

/// What to use instead, as the details say it.
pub fn instead(finding: &Finding) -> impl Iterator<Item = &str> {
    let details = finding.details.iter().map(String::as_str);
    details.filter(|detail| detail.starts_with("instead: "))
}

/// The part of the source line that a finding is about: its end is not in the report, and so is that
/// of the string or the name that begins at its column.
pub fn span(finding: &Finding, source: &str) -> Range<usize> {
    let start = (finding.column as usize).saturating_sub(1);
    let start = source.floor_char_boundary(start);
    let rest = &source[start..];
    let quoted = rest.strip_prefix('"').and_then(|r| r.find('"'));
    let len = quoted.map_or_else(|| word(rest), |end| end + 2);
    let first = rest.chars().next().map_or(0, char::len_utf8);
    start..start + len.max(first)
}

/// Bytes of the qualified name that a text begins with.
fn word(text: &str) -> usize {
    let ends = |c: char| !c.is_alphanumeric() && c != '_' && c != '.';
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use crate::examples;

    use super::*;

    #[test]
    fn a_span_ends_with_the_string_or_the_name_that_it_begins_with() {
        let at = |column: u32, source: &str| {
            let finding = Finding {
                column,
                ..examples::finding("F1", "os.Pipe")
            };
            source[span(&finding, source)].to_owned()
        };
        assert_eq!(at(8, "import \"os/exec\" // run"), "\"os/exec\"");
        assert_eq!(at(7, "\tx := os.Pipe()"), "os.Pipe");
        assert_eq!(at(4, "\tx := os.Pipe()"), ":");
        assert_eq!(at(1, "→ x"), "→");
        // Columns count bytes, and may lie inside of a character or behind the line.
        assert_eq!(at(2, "é()"), "é");
        assert_eq!(at(0, "os.Pipe()"), "os.Pipe");
        assert_eq!(at(99, "os.Pipe()"), "");
    }

    #[test]
    fn a_message_without_its_symbol_says_what_it_does() {
        let mut finding = examples::finding("F1", "os.Pipe");
        finding.message = "`os.Pipe` always fails".to_owned();
        assert_eq!(what(&finding), "always fails");
        finding.message = "`os.Pipes` always fail".to_owned();
        assert_eq!(what(&finding), "`os.Pipes` always fail");
    }
}
