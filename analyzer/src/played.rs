//! Scenarios that were played, as findings.

use camino::Utf8Path;
use model::{
    Difference, Effect, Evidence, Finding, Frame, Note, NoteKind, Observation, Rule, Scenario,
    TestClass,
};

use crate::graph::Package;
use crate::rules::{Claim, Context, Saying, shorten};
use crate::scan::Scan;

/// Differences that are told.
const SHOWN: usize = 4;

impl Scan<'_> {
    /// A scenario in which a program did otherwise than natively, or than was expected, is a
    /// finding of its main package.
    pub fn played(&mut self, seen: &Observation) {
        let Some(scenario) = &seen.scenario else {
            return;
        };
        if scenario.differences.is_empty() {
            return;
        }
        let Some((cx, build)) = self.build(seen.target.goos()) else {
            return;
        };
        let finding = finding(&cx, scenario, seen);
        build.findings.extend(finding);
    }
}

fn finding(cx: &Context<'_, '_>, scenario: &Scenario, seen: &Observation) -> Option<Finding> {
    let package = cx.graph.get(&seen.package)?;
    let told = |d: &Difference| shorten(&scenario.tell(d));
    let ends = scenario.differences.iter().any(|d| d.what == "exit code");
    let fails = ends || scenario.class == TestClass::TimedOut;
    let saying = Saying {
        rule: Rule::Scenario,
        effect: if fails {
            Effect::FailsAtRunTime
        } else {
            Effect::SilentlyDifferent
        },
        root: seen.package.clone(),
        symbol: seen.package.clone(),
        claim: Claim::of(
            scenario.name.as_str(),
            format!(
                "does otherwise than {}: {}",
                if scenario.class == TestClass::NotCompared {
                    "expected"
                } else {
                    "natively"
                },
                scenario.differences.first().map(&told).unwrap_or_default()
            ),
        ),
    };
    let mut finding = cx.without_place(package, saying);
    finding.targets = vec![seen.target];
    finding.evidence = Evidence::Observed;
    if let Some(frame) = place(package, scenario, seen) {
        let name = Utf8Path::new(&frame.file).file_name().unwrap_or_default();
        finding.file = cx.places().name_in(package.listed, name);
        finding.line = frame.line;
        let source = cx.sources.get(&package.file_path(name));
        finding.source = source.facts.line(frame.line).map(shorten);
    }
    let rest = scenario.differences.iter().skip(1).take(SHOWN);
    let rest = rest.map(|d| Note::new(NoteKind::Difference, told(d)));
    finding.notes.extend(rest);
    if !scenario.because.is_empty() {
        let because = scenario.because.join(", ");
        finding.notes.push(Note::new(NoteKind::Because, because));
    }
    let seen = Note::new(NoteKind::Seen, seen.host.as_str());
    finding.notes.push(seen);
    Some(finding)
}

/// Where the package itself called what explains it.
fn place<'s>(
    package: &Package<'_>,
    scenario: &Scenario,
    seen: &'s Observation,
) -> Option<&'s Frame> {
    let cause = scenario.because.first()?;
    let entered = seen.entered.iter().find(|e| e.symbol == *cause)?;
    entered.stack.iter().find(|frame| {
        let dir = Utf8Path::new(&frame.file).parent();
        dir.is_some_and(|d| d == package.listed.dir || d.as_str() == package.path())
    })
}
