//! When a guest is to end: its time is up, or somebody wants it to.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Whether somebody wants the guest to end; asked many times a second.
pub type Asked = Arc<dyn Fn() -> bool + Send + Sync>;

/// What ends a guest that does not end by itself.
#[derive(Clone, Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    asked: Option<Asked>,
}

impl Deadline {
    pub(crate) fn new(at: Option<Instant>, asked: Option<Asked>) -> Self {
        Self { at, asked }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
            || self.asked.as_ref().is_some_and(|asked| asked())
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deadline").field(&self.at).finish()
    }
}
