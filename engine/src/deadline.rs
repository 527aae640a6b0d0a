//! When a stage must come to its end.

use std::time::{Duration, Instant};

/// A moment after which nothing new is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long after now.
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left; none once it has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// An earlier one, after a part of the time that is left.
    pub(crate) fn share(self, part: f64) -> Self {
        Self::after(self.left().mul_f64(part))
    }

    /// An earlier one, when more time is left.
    pub(crate) fn within(self, time: Duration) -> Self {
        self.min(Self::after(time))
    }

    /// The moment itself.
    pub(crate) fn instant(self) -> Instant {
        self.0
    }
}
