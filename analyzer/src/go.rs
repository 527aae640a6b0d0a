//! Go source: from bytes to what files, packages and calls say.

pub(crate) mod calls;
pub(crate) mod constraint;
pub(crate) mod facts;
pub(crate) mod graph;
pub(crate) mod outline;
pub(crate) mod pack;
pub(crate) mod qualifiers;
pub(crate) mod sizes;
pub(crate) mod source;
pub(crate) mod symbol;
pub(crate) mod syntax;
pub(crate) mod types;
