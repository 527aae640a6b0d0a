//! The module's tests for a terminal: what differs from the native run, and why.

use std::fmt::Write as _;

use model::{Report, count};

use crate::render::style;
use crate::view::suites::{Difference, PackageTests, suites};

/// Differences of a package, and names of one difference, that are shown.
const FEW: usize = 6;

/// Render with colours; everything with `all`.
pub(super) fn render(report: &Report, all: bool) -> String {
    let mut out = String::new();
    let (head, soft) = (style::HEAD, style::SOFT);
    let targets = suites(report);
    if targets.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{head}Tests{head:#}\n");
    let mut before: Option<(&str, String)> = None;
    for target in &targets {
        let name = target.target.name();
        let _ = writeln!(
            out,
            "  {name:11} {} {soft}({}){soft:#}",
            target.summary, target.host
        );
        let mut packages = String::new();
        for package in &target.packages {
            write_package(&mut packages, package, all);
        }
        match &before {
            Some((first, same)) if *same == packages && !packages.is_empty() => {
                let _ = writeln!(out, "    as on {first}");
            }
            _ => {
                out.push_str(&packages);
                before = Some((name, packages));
            }
        }
    }
    out
}

fn write_package(out: &mut String, package: &PackageTests<'_>, all: bool) {
    let soft = style::SOFT;
    let _ = writeln!(
        out,
        "    {}  {soft}{}{soft:#}",
        package.seen.package, package.summary
    );
    let most = if all { usize::MAX } else { FEW };
    for difference in package.differences.iter().take(most) {
        differs(out, difference, most);
    }
    let hidden = package.differences.len().saturating_sub(most);
    if hidden > 0 {
        let more = count(hidden, "more difference");
        let _ = writeln!(out, "      {more}: --verbose shows all");
    }
}

fn differs(out: &mut String, difference: &Difference<'_>, most: usize) {
    let soft = style::SOFT;
    let shown = difference.tests.iter().take(most).copied();
    let mut names = shown.collect::<Vec<_>>().join(", ");
    let hidden = difference.tests.len().saturating_sub(most);
    if hidden > 0 {
        let _ = write!(names, " and {hidden} more");
    }
    let _ = writeln!(
        out,
        "      {}: {names} {soft}({}){soft:#}",
        difference.told, difference.outcomes
    );
    if !difference.because.is_empty() {
        let because = difference.because.iter().take(most);
        let because = because.map(String::as_str).collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "        because of {because}");
    }
}
