//! Numbers of tests as text, for the report and for those who read it.

use crate::observation::{TestClass, TestOutcome, TestResult};
use crate::words::count;

/// Numbers of tests by how they compare with the native run.
pub fn summary_of_tests<'r>(tests: &(impl Iterator<Item = &'r TestResult> + Clone)) -> String {
    let of = |class| tests.clone().filter(move |t| t.class == class);
    let compared = TestClass::ALL.into_iter();
    let compared = compared.filter(|class| *class != TestClass::NotCompared);
    let parts = compared.filter_map(|class| match of(class).count() {
        0 => None,
        count => Some(format!("{count} {}", class.phrase())),
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let alone = outcomes(&of(TestClass::NotCompared));
    let number = count(tests.clone().count(), "test");
    match (parts.is_empty(), alone.is_empty()) {
        (true, true) => "no test ran".to_owned(),
        (true, false) => {
            format!("{number}: {alone}; not compared with a native run (--native)")
        }
        (false, true) => format!("{number}: {parts}"),
        (false, false) => format!("{number}: {parts}; not compared: {alone}"),
    }
}

/// Numbers of tests by how they ended.
fn outcomes<'r>(tests: &(impl Iterator<Item = &'r TestResult> + Clone)) -> String {
    let ends = [
        (Some(TestOutcome::Fail), "failed"),
        (Some(TestOutcome::Timeout), "timed out"),
        (None, "not reached"),
        (Some(TestOutcome::Pass), "passed"),
        (Some(TestOutcome::Skip), "skipped"),
    ];
    let of = |end| tests.clone().filter(move |t| t.here == end).count();
    let counts = ends.into_iter().map(|(end, name)| (of(end), name));
    let counts = counts.filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, name)| format!("{count} {name}"));
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(tests: &[(TestClass, Option<TestOutcome>)]) -> String {
        let results = tests.iter().map(|(class, here)| TestResult {
            native: None,
            here: *here,
            class: *class,
            because: Vec::new(),
        });
        let results: Vec<TestResult> = results.collect();
        summary_of_tests(&results.iter())
    }

    #[test]
    fn tests_that_are_not_compared_are_told_by_their_ends() {
        let alone = |here| (TestClass::NotCompared, here);
        let ran = [
            alone(Some(TestOutcome::Pass)),
            alone(Some(TestOutcome::Skip)),
            alone(Some(TestOutcome::Pass)),
            alone(Some(TestOutcome::Fail)),
            alone(None),
        ];
        assert_eq!(
            summary(&ran),
            "5 tests: 1 failed, 1 not reached, 2 passed, 1 skipped; \
             not compared with a native run (--native)"
        );
        let mixed = [
            (TestClass::Same, Some(TestOutcome::Pass)),
            alone(Some(TestOutcome::Timeout)),
        ];
        assert_eq!(
            summary(&mixed),
            "2 tests: 1 the same; not compared: 1 timed out"
        );
        assert_eq!(summary(&[]), "no test ran");
    }
}
