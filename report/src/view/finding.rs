//! A single finding for readers.

use model::{Effect, Finding, count};

/// What is said of a finding's symbol; the whole message where that is not what it is about.
pub(super) fn what(finding: &Finding) -> &str {
    if finding.subject == finding.symbol && !finding.what.is_empty() {
        &finding.what
    } else {
        &finding.message
    }
}

/// Symbol, text and effect: two findings that share them are shown as one.
pub(super) fn statement(finding: &Finding) -> (&str, &str, Effect) {
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

#[cfg(test)]
mod tests {
    use crate::examples;

    use super::*;

    #[test]
    fn what_is_said_of_another_name_is_the_whole_message() {
        let finding = examples::finding("F1", "os.Pipe");
        assert_eq!(what(&finding), "always fails");
        let other = Finding {
            subject: "Pipe".to_owned(),
            ..finding
        };
        assert_eq!(what(&other), "`os.Pipe` always fails");
    }
}
