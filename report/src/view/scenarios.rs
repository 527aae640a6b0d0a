//! Scenarios that were played, grouped for readers.

use std::collections::BTreeMap;

use model::{Observation, Report, RunBuild, Scenario, Target, TestClass, count};

/// A scenario on one target.
#[derive(Debug)]
pub struct Played<'r> {
    /// What is reported.
    pub seen: &'r Observation,
    /// The scenario.
    pub scenario: &'r Scenario,
}

/// The scenarios of one target.
#[derive(Debug)]
pub struct TargetScenarios<'r> {
    /// Which one.
    pub target: Target,
    /// What ran them.
    pub host: &'r str,
    /// In the order of `wasmcheck.toml`.
    pub played: Vec<Played<'r>>,
}

/// The scenarios of all targets.
pub fn scenarios(report: &Report) -> Vec<TargetScenarios<'_>> {
    let mut targets: BTreeMap<Target, Vec<Played<'_>>> = BTreeMap::new();
    for seen in &report.observations {
        if let Some(scenario) = &seen.scenario {
            let played = targets.entry(seen.target).or_default();
            played.push(Played { seen, scenario });
        }
    }
    let told = targets.into_iter().map(|(target, played)| TargetScenarios {
        target,
        host: played.first().map_or("", |p| p.seen.host.as_str()),
        played,
    });
    told.collect()
}

impl TargetScenarios<'_> {
    /// In one sentence.
    pub fn summary(&self) -> String {
        let well = self.played.iter().filter(|p| p.is_well()).count();
        let all = count(self.played.len(), "scenario");
        let compared = |p: &Played<'_>| p.scenario.class != TestClass::NotCompared;
        let held = if self.played.iter().any(compared) {
            "as natively"
        } else {
            "as expected"
        };
        format!("{well} of {all} {held}")
    }
}

impl Played<'_> {
    /// Whether nothing is to be said of it.
    pub fn is_well(&self) -> bool {
        self.seen.build == RunBuild::Ok && self.scenario.differences.is_empty()
    }

    /// What it is about, in a line.
    pub fn summary(&self) -> String {
        let told = self.seen.summary.lines().next().unwrap_or_default();
        if self.is_well() || self.seen.build != RunBuild::Ok {
            return told.to_owned();
        }
        let compared = match self.scenario.class {
            TestClass::NotCompared => "not as expected",
            TestClass::Differs => "differs",
            class => class.phrase(),
        };
        format!("{compared}: {told}")
    }

    /// What else there is to say.
    pub fn details(&self) -> Vec<String> {
        let more = self.scenario.differences.iter().skip(1);
        let mut details: Vec<String> = more.map(|d| self.scenario.tell(d)).collect();
        if !self.scenario.because.is_empty() {
            details.push(format!("because of {}", self.scenario.because.join(", ")));
        }
        if !self.scenario.unsteady.is_empty() {
            let what = self.scenario.unsteady.join(", ");
            details.push(format!(
                "not compared, because two native runs differ in it: {what}"
            ));
        }
        details
    }
}
