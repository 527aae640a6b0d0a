//! What could not be done, and in which stage.

use std::time::Duration;

use model::{Incomplete, Stage, Target, count};

/// What a stage could not do.
pub(crate) fn incomplete(
    stage: Stage,
    target: Option<Target>,
    reason: impl Into<String>,
) -> Incomplete {
    Incomplete {
        stage,
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
