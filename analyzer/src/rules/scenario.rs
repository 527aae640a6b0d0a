//! `scenario`: a program that behaved differently from the native run when a scenario was played.

use camino::Utf8Path;
use model::{
    Difference, Effect, Evidence, Finding, Frame, Note, NoteKind, Observation, Rule, Scenario,
    TestClass,
};

use crate::context::{Claim, Context, Saying, shorten};
use crate::go::graph::Package;

/// Most differences that a finding names.
const SHOWN: usize = 4;

/// A scenario in which a program behaved differently from the native run, or from what the scenario expects, is a finding of
/// its main package.
pub(crate) fn check(cx: &Context<'_, '_>, seen: &Observation) -> Option<Finding> {
    let scenario = seen.scenario.as_ref();
    let scenario = scenario.filter(|s| !s.differences.is_empty())?;
    finding(cx, scenario, seen)
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
                "behaves differently from {}: {}",
                if scenario.class == TestClass::NotCompared {
                    "what is expected"
                } else {
                    "the native run"
                },
                scenario.differences.first().map(&told).unwrap_or_default()
            ),
        ),
    };
    let mut finding = cx.without_place(package, saying);
    finding.targets = vec![seen.target];
    finding.evidence = Evidence::Observed;
    if let Some(frame) = place(package, scenario, seen) {
        cx.set_line(&mut finding, package, &frame.file, frame.line);
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

#[cfg(test)]
mod tests {
    use model::{Difference, End, Observation, TestClass};

    use crate::testing::{check_with, difference, run, scenario};

    const PROGRAM: &str = "func main() { println(1) }\n";

    /// A run with a scenario that compares like this.
    fn played(class: TestClass, differences: Vec<Difference>) -> Observation {
        Observation {
            scenario: Some(scenario(class, differences)),
            ..run(End::Ok)
        }
    }

    #[test]
    fn another_exit_code_fails() {
        let seen = played(TestClass::Differs, vec![difference("exit code", "0", "4")]);
        check_with(
            &format!("{PROGRAM}//* scenario fails-at-run-time on wasip1: greets\n"),
            |scan| scan.played(&seen),
        );
    }

    #[test]
    fn another_output_is_silent() {
        let output = difference("standard output", "host.example", "wasip1");
        let seen = played(TestClass::Differs, vec![output]);
        check_with(
            &format!("{PROGRAM}//* scenario silently-different on wasip1: host.example\n"),
            |scan| scan.played(&seen),
        );
    }

    #[test]
    fn the_same_everywhere_is_no_finding() {
        let seen = played(TestClass::Same, Vec::new());
        check_with(PROGRAM, |scan| scan.played(&seen));
    }

    #[test]
    fn a_run_without_a_scenario_is_no_finding() {
        check_with(PROGRAM, |scan| scan.played(&run(End::Fail)));
    }
}
