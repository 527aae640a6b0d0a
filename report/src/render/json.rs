//! The contract as JSON.

use std::fmt::Write as _;

use model::is_hidden;
use serde::Serialize;

use super::Options;

/// Render a report, or what is in a wasm file: JSON has all of it.
pub fn render<T: Serialize>(value: &T, _: &Options) -> String {
    text(value)
}

/// A value of the contract as indented JSON. What a terminal obeys, or what nobody sees, is escaped, which means the
/// same to programs.
///
/// # Panics
///
/// If a map has keys that are no strings, which the contract has not.
pub fn text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("the contract has string keys only");
    text.push('\n');
    escaped(text)
}

/// Outside of strings, JSON has nothing to be escaped but for its line breaks.
fn escaped(json: String) -> String {
    let hidden = |c: char| c != '\n' && is_hidden(c);
    if !json.contains(hidden) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let raw = [
            "\u{9b}31m\u{7f}\x1b\u{202e}\u{2028}\u{e0041}\n",
            "naïve “x” 😀",
        ];
        let json = text(&raw);
        assert!(
            !json.contains(|c: char| c != '\n' && is_hidden(c)),
            "{json}"
        );
        assert!(
            json.contains(r"\u009b31m\u007f\u001b\u202e\u2028\udb40\udc41\n"),
            "{json}"
        );
        assert!(json.contains(raw[1]), "{json}");
        let read: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, raw);
    }
}
