//! What the module's tests did, grouped for readers.

use std::collections::BTreeMap;

use model::{
    Observation, Report, RunBuild, RunKind, Target, TestClass, TestOutcome, TestResult, count,
};

/// Tests of one difference and one cause.
#[derive(Debug)]
pub struct Difference<'r> {
    /// Names, subtests apart from their tests only where these do not differ themselves.
    pub tests: Vec<&'r str>,
    /// How they differ, in words; how they ended, where they are not compared.
    pub told: &'static str,
    /// Native outcome and the one here.
    pub outcomes: String,
    /// What explains them.
    pub because: &'r [String],
}

/// The tests of one package.
#[derive(Debug)]
pub struct PackageTests<'r> {
    /// What is reported.
    pub seen: &'r Observation,
    /// In one line.
    pub summary: String,
    /// What differs, the worst first.
    pub differences: Vec<Difference<'r>>,
}

/// The tests of one target.
#[derive(Debug)]
pub struct TargetTests<'r> {
    /// Which one.
    pub target: Target,
    /// What ran them.
    pub host: &'r str,
    /// All packages in one line.
    pub summary: String,
    /// The packages of which there is something to say.
    pub packages: Vec<PackageTests<'r>>,
}

/// Numbers of tests by class, in words.
pub fn summary(tests: &BTreeMap<String, TestResult>) -> String {
    counted(tests.values())
}

fn counted<'r>(tests: impl Iterator<Item = &'r TestResult> + Clone) -> String {
    let of = |class| tests.clone().filter(move |t| t.class == class);
    let compared = TestClass::ALL.into_iter();
    let compared = compared.filter(|class| *class != TestClass::NotCompared);
    let parts = compared.filter_map(|class| match of(class).count() {
        0 => None,
        count => Some(format!("{count} {}", class.in_words())),
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let alone = outcomes(&of(TestClass::NotCompared));
    let number = count(tests.count(), "test");
    match (parts.is_empty(), alone.is_empty()) {
        (true, true) => "no test ran".to_owned(),
        (true, false) => {
            format!("{number}: {alone}; not compared with a native run (--native)")
        }
        (false, true) => format!("{number}: {parts}"),
        (false, false) => format!("{number}: {parts}; not compared: {alone}"),
    }
}

/// Numbers of tests by their ends, in words.
fn outcomes<'r>(tests: &(impl Iterator<Item = &'r TestResult> + Clone)) -> String {
    let ends = [
        Some(TestOutcome::Fail),
        Some(TestOutcome::Timeout),
        None,
        Some(TestOutcome::Pass),
        Some(TestOutcome::Skip),
    ];
    let of = |end| tests.clone().filter(move |t| t.here == end).count();
    let counts = ends.into_iter().map(|end| (of(end), ended(end)));
    let told = counts.filter(|(count, _)| *count > 0);
    let told = told.map(|(count, end)| format!("{count} {end}"));
    told.collect::<Vec<_>>().join(", ")
}

/// The end of a test, in words.
const fn ended(end: Option<TestOutcome>) -> &'static str {
    match end {
        Some(TestOutcome::Fail) => "failed",
        Some(TestOutcome::Timeout) => "timed out",
        Some(TestOutcome::Pass) => "passed",
        Some(TestOutcome::Skip) => "skipped",
        None => "not reached",
    }
}

/// The tests of all targets.
pub fn suites(report: &Report) -> Vec<TargetTests<'_>> {
    let mut targets: BTreeMap<Target, Vec<&Observation>> = BTreeMap::new();
    let tests = report.observations.iter();
    for seen in tests.filter(|o| o.kind == RunKind::Test) {
        targets.entry(seen.target).or_default().push(seen);
    }
    let told = targets.into_iter().map(|(target, all)| TargetTests {
        target,
        host: all.first().map_or("", |o| o.host.as_str()),
        summary: counted(all.iter().flat_map(|o| o.tests.values())),
        packages: all.iter().filter_map(|o| package(o)).collect(),
    });
    told.collect()
}

fn package(seen: &Observation) -> Option<PackageTests<'_>> {
    let differences = differences(&seen.tests);
    let failed = seen.build == RunBuild::Fail || seen.end.is_none();
    let told = failed && seen.build != RunBuild::None;
    (told || !differences.is_empty()).then(|| PackageTests {
        summary: if told {
            seen.summary.lines().next().unwrap_or_default().to_owned()
        } else {
            summary(&seen.tests)
        },
        seen,
        differences,
    })
}

/// Rank of the class, what is told, outcomes, causes.
type Key<'r> = (usize, &'static str, String, &'r [String]);

fn differences(tests: &BTreeMap<String, TestResult>) -> Vec<Difference<'_>> {
    let worth = |t: &TestResult| {
        let failed = t.class == TestClass::NotCompared
            && !matches!(t.here, Some(TestOutcome::Pass | TestOutcome::Skip));
        t.class.is_difference() || failed
    };
    // A subtest is told by the nearest test around it that differs in the same way.
    let told_by_parent = |name: &str, class: TestClass| {
        let mut parents = name.match_indices('/').map(|(at, _)| &name[..at]);
        parents.any(|p| {
            let parent = tests.get(p);
            parent.is_some_and(|p| p.class == class || (class == TestClass::NotStarted && worth(p)))
        })
    };
    let mut groups: BTreeMap<Key<'_>, Vec<&str>> = BTreeMap::new();
    for (name, test) in tests {
        if !worth(test) || told_by_parent(name, test.class) {
            continue;
        }
        let rank = TestClass::ALL.iter().position(|c| *c == test.class);
        let word = |o: Option<TestOutcome>| o.map_or("none", TestOutcome::name);
        let (told, outcomes) = match test.class {
            TestClass::NotCompared => (ended(test.here), "not compared".to_owned()),
            class => {
                let outcomes = format!("{} natively, {} here", word(test.native), word(test.here));
                (class.in_words(), outcomes)
            }
        };
        let key = (
            rank.unwrap_or_default(),
            told,
            outcomes,
            test.because.as_slice(),
        );
        groups.entry(key).or_default().push(name);
    }
    let told = groups
        .into_iter()
        .map(|((_, told, outcomes, because), tests)| Difference {
            tests,
            told,
            outcomes,
            because,
        });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tests: &[(TestClass, Option<TestOutcome>)]) -> String {
        let results = tests.iter().enumerate().map(|(nth, (class, here))| {
            let result = TestResult {
                native: None,
                here: *here,
                class: *class,
                because: Vec::new(),
            };
            (format!("Test{nth}"), result)
        });
        summary(&results.collect())
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
            told(&ran),
            "5 tests: 1 failed, 1 not reached, 2 passed, 1 skipped; \
             not compared with a native run (--native)"
        );
        let mixed = [
            (TestClass::Same, Some(TestOutcome::Pass)),
            alone(Some(TestOutcome::Timeout)),
        ];
        assert_eq!(
            told(&mixed),
            "2 tests: 1 the same; not compared: 1 timed out"
        );
        assert_eq!(told(&[]), "no test ran");
    }
}
