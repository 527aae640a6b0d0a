//! What the walk gathers.

use super::super::types::{TypeFacts, Value, ValueId};
use super::super::{Span, Use};

/// Uses, selectors and members in the order of the text, and what is known of types.
#[derive(Default)]
pub(in crate::go::facts) struct Facts {
    pub(in crate::go::facts) uses: Vec<Use>,
    pub(in crate::go::facts) selectors: Vec<Span>,
    pub(in crate::go::facts) members: Vec<Span>,
    pub(in crate::go::facts) typing: TypeFacts,
}

impl Facts {
    pub(super) fn value(&mut self, value: Value) -> ValueId {
        let id = self.typing.values.len();
        self.typing.values.push(value);
        ValueId::try_from(id).unwrap_or(ValueId::MAX)
    }

    /// Without spare room: facts are kept for the whole scan.
    pub(super) fn shrunk(mut self) -> Self {
        self.uses.shrink_to_fit();
        self.selectors.shrink_to_fit();
        self.typing.shrink();
        self
    }
}
