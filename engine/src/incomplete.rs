//! What could not be done, and in which stage.

use model::{Incomplete, Stage, Target};

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
