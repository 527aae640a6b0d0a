//! Scenarios for a terminal: what differs from the native run, and why.

use std::fmt::Write as _;

use model::Report;

use crate::render::style;
use crate::view::scenarios::scenarios;

/// Render with colours.
pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    let (head, soft) = (style::HEAD, style::SOFT);
    let targets = scenarios(report);
    if targets.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{head}Scenarios{head:#}\n");
    for target in &targets {
        let name = target.target.name();
        let (summary, host) = (target.summary(), target.host);
        let _ = writeln!(out, "  {name:11} {summary} {soft}({host}){soft:#}");
        for played in &target.played {
            let name = &played.scenario.name;
            let _ = writeln!(out, "    {name}  {}", played.summary());
            for detail in played.details() {
                let _ = writeln!(out, "      {soft}{detail}{soft:#}");
            }
        }
    }
    out
}
