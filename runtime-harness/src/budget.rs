//! The memory of one guest, whatever it is for: linear memories, tables, the heap of JavaScript, and
//! what the host holds for it. One limit counts for all of it together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is left of a guest's memory; copies share it.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<State>);

#[derive(Debug)]
struct State {
    limit: u64,
    used: AtomicU64,
    /// Whether the guest asked for more than there was.
    denied: AtomicBool,
}

/// A part of it that is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Budget,
    amount: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self(Arc::new(State {
            limit,
            used: AtomicU64::new(0),
            denied: AtomicBool::new(false),
        }))
    }

    /// All that there was.
    pub(crate) fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Use some of it up, if there is as much.
    pub(crate) fn take(&self, amount: u64) -> bool {
        let more = |used: u64| {
            used.checked_add(amount)
                .filter(|used| *used <= self.0.limit)
        };
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        let taken = self.0.used.fetch_update(set, get, more).is_ok();
        if !taken {
            self.deny();
        }
        taken
    }

    /// Give back what was taken.
    pub(crate) fn give(&self, amount: u64) {
        self.0.used.fetch_sub(amount, Ordering::Relaxed);
    }

    /// Take one amount in the place of another that was taken before.
    pub(crate) fn swap(&self, before: u64, after: u64) -> bool {
        if let Some(more) = after.checked_sub(before) {
            return self.take(more);
        }
        self.give(before - after);
        true
    }

    /// Take some of it for as long as the value lives.
    pub(crate) fn hold(&self, amount: u64) -> Option<Held> {
        self.take(amount).then(|| Held {
            budget: self.clone(),
            amount,
        })
    }

    /// Note that the guest asked for too much.
    pub(crate) fn deny(&self) {
        self.0.denied.store(true, Ordering::Relaxed);
    }

    /// Whether it ever did.
    pub(crate) fn has_denied(&self) -> bool {
        self.0.denied.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give(self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_back() {
        let budget = Budget::new(10);
        assert!(budget.take(4) && !budget.has_denied());
        let held = budget.hold(6);
        assert!(held.is_some() && !budget.take(1) && budget.has_denied());
        drop(held);
        assert!(budget.take(6) && budget.hold(u64::MAX).is_none());
        budget.give(10);
        assert!(budget.take(10));
    }
}
