//! The targets that control can reach.

use super::super::ALL;

/// Where control can be, as sets of targets.
#[derive(Clone, Copy)]
pub(super) struct Flow {
    /// At this place.
    pub(super) live: u8,
    /// Offset of the condition that keeps some targets away; 0 for none.
    pub(super) guard: u32,
    /// Where `break` has left the innermost switch.
    pub(super) breaks: u8,
    /// At the start of the function: a label can be reached from anywhere.
    entry: u8,
}

impl Flow {
    /// At the start of a declaration.
    pub(super) const START: Self = Self {
        live: ALL,
        guard: 0,
        breaks: 0,
        entry: ALL,
    };

    /// Control goes on where a condition holds, and on no other target.
    pub(super) fn narrow(&mut self, to: u8, guard: u32) {
        self.join(self.live & to, guard);
    }

    /// Control after a statement with branches.
    pub(super) fn join(&mut self, left: u8, guard: u32) {
        if self.live & !left != 0 {
            self.guard = guard;
        }
        self.live = left;
    }

    /// Control does not go on.
    pub(super) fn stops(&mut self) {
        self.live = 0;
    }

    /// `break`, `continue` or `goto`.
    pub(super) fn breaks(&mut self) {
        self.breaks |= self.live;
        self.live = 0;
    }

    /// A label can be reached from anywhere in the function.
    pub(super) fn enters_label(&mut self) {
        self.live = self.entry;
    }

    /// The body of a function literal begins here.
    pub(super) fn enters_function(&mut self) {
        self.entry = self.live;
    }
}
