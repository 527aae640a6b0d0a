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

/// The budget was used up before something.
pub(crate) fn used_up(budget: Duration, what: &str) -> String {
    let budget = humantime::format_duration(budget);
    format!("the budget of {budget} was used up before {what}; --budget raises it")
}

/// The reason of a stage that had no time for everything.
pub(crate) fn out_of_time(
    budget: Duration,
    before: &str,
    left: usize,
    noun: &str,
    after: &str,
) -> String {
    let left = count(left, noun);
    used_up(budget, &format!("{before}{left}{after}"))
}
