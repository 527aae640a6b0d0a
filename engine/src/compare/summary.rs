//! Numbers of tests as text.

use std::collections::BTreeMap;

use model::{TestClass, TestOutcome, TestResult, count};

/// Numbers of tests by how they compare with the native run.
pub(crate) fn summary(tests: &BTreeMap<String, TestResult>) -> String {
    let of = |class| tests.values().filter(move |t| t.class == class);
    let compared = TestClass::ALL.into_iter();
    let compared = compared.filter(|class| *class != TestClass::NotCompared);
    let parts = compared.filter_map(|class| match of(class).count() {
        0 => None,
        count => Some(format!("{count} {}", class.in_words())),
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let alone = outcomes(&of(TestClass::NotCompared));
    let number = count(tests.len(), "test");
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
