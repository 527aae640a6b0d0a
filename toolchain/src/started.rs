//! The processes that this one has started: whatever else becomes its child was left by one of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

static STARTED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Their numbers. While this is held, none is started.
pub(crate) fn lock() -> MutexGuard<'static, BTreeSet<u32>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}
