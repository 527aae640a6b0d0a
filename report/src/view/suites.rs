//! What the module's tests did, grouped for readers.

use std::collections::BTreeMap;

use model::{
    Observation, Report, RunBuild, RunKind, Target, TestClass, TestOutcome, TestResult,
    summary_of_tests,
};

/// Tests of one difference and one cause.
#[derive(Debug)]
pub struct Difference<'r> {
    /// Names, subtests apart from their tests only where these do not differ themselves.
    pub tests: Vec<&'r str>,
    /// How they differ, as text; how they ended, where they are not compared.
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

/// The end of a test, as text.
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
        summary: summary_of_tests(&all.iter().flat_map(|o| o.tests.values())),
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
            summary_of_tests(&seen.tests.values())
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
                (class.phrase(), outcomes)
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
