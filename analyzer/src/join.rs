//! What the compiler, the linked programs and runs say, joined with the findings of the scan.

pub(crate) mod compiled;
pub(crate) mod linked;
pub(crate) mod not_built;
pub(crate) mod observed;
mod quoted;
pub(crate) mod undefined_calls;
