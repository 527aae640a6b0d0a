//! Local names, and what is known of them.

use super::super::constants::Meaning;
use super::super::guard::KnownValue;
use super::super::types::ValueId;
use crate::go::syntax::ast::Ident;

/// A local name.
pub(super) struct Local<'s> {
    name: &'s str,
    /// What it stands for, where that is known.
    pub(super) value: Option<ValueId>,
    /// What is known of its value.
    pub(super) known: Option<KnownValue>,
    /// What it is to a constant expression.
    pub(super) meaning: Meaning,
}

/// Local names, innermost last.
#[derive(Default)]
pub(super) struct Scope<'s> {
    locals: Vec<Local<'s>>,
}

impl<'s> Scope<'s> {
    /// The place to which [`Self::end`] goes back.
    pub(super) fn mark(&self) -> usize {
        self.locals.len()
    }

    /// Forget the names that were declared after a mark.
    pub(super) fn end(&mut self, mark: usize) {
        self.locals.truncate(mark);
    }

    pub(super) fn bind(
        &mut self,
        name: Ident<'s>,
        value: Option<ValueId>,
        known: Option<KnownValue>,
    ) {
        let name = name.name;
        if name != "_" {
            let meaning = Meaning::Other;
            self.locals.push(Local {
                name,
                value,
                known,
                meaning,
            });
        }
    }

    /// Set what the name that was bound last is to constant expressions.
    pub(super) fn mean(&mut self, name: Ident<'s>, meaning: Option<Meaning>) {
        let last = self.locals.last_mut().filter(|l| l.name == name.name);
        if let (Some(local), Some(meaning)) = (last, meaning) {
            local.meaning = meaning;
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The innermost local of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Local<'s>> {
        self.locals.iter().rev().find(|local| local.name == name)
    }
}
