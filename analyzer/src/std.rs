//! What the standard library does under wasm.

pub(crate) mod behaviours;
pub(crate) mod hooks;
