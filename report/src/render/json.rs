//! The contract as JSON.

use serde::Serialize;

use super::Options;

/// Render a report, or what is in a wasm file: JSON has all of it.
pub fn render<T: Serialize>(value: &T, _: &Options) -> String {
    text(value)
}

/// A value of the contract as indented JSON.
///
/// # Panics
///
/// If a map has keys that are no strings, which the contract has not.
pub fn text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("the contract has string keys only");
    text.push('\n');
    text
}
