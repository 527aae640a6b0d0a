//! What could not be done, and in which stage.

use std::time::Duration;

use model::{Incomplete, Target, count};

/// A stage that may be incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Packages are listed and read.
    Load,
    /// Packages are compiled, mains linked and read back.
    Build,
    /// Mains are run, libraries initialised.
    Run,
    /// Tests are run.
    Test,
    /// Scenarios are played.
    Scenario,
    /// Remedies are tried.
    Advise,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Build => "build",
            Self::Run => "run",
            Self::Test => "test",
            Self::Scenario => "scenario",
            Self::Advise => "advise",
        }
    }
}

/// What a stage could not do.
pub(crate) fn incomplete(
    stage: Stage,
    target: Option<Target>,
    reason: impl Into<String>,
) -> Incomplete {
    Incomplete {
        stage: stage.name().to_owned(),
        target,
        reason: reason.into(),
    }
}

/// The reason of a stage that had no time for everything.
pub(crate) fn out_of_time(
    budget: Duration,
    before: &str,
    left: usize,
    noun: &str,
    after: &str,
) -> String {
    let budget = humantime::format_duration(budget);
    let left = count(left, noun);
    format!("the budget of {budget} was used up before {before}{left}{after}; --budget raises it")
}
