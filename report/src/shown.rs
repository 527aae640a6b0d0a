//! What people see of a report, or of a wasm file: every text of it without characters that a terminal obeys, that
//! turn the direction of writing, or that nobody sees.

use std::mem;

use model::{Report, WasmFile, visible, visible_lines};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Fields that have lines: what a program wrote, and what Go said. In any other, a line break would forge a line.
const OF_LINES: [&str; 6] = ["diff", "patch", "reason", "stderr", "stdout", "summary"];

/// A report for people. The source lines of findings are as they are, because columns count their bytes:
/// [`crate::view::excerpt`] shows them.
pub(crate) fn report(raw: &Report) -> Report {
    let mut shown = shown(raw);
    for (shown, raw) in shown.findings.iter_mut().zip(&raw.findings) {
        shown.source.clone_from(&raw.source);
    }
    shown
}

/// What is in a wasm file, for people.
pub(crate) fn file(raw: &WasmFile) -> WasmFile {
    shown(raw)
}

/// A part of the contract for people.
///
/// # Panics
///
/// If the contract could not be read back, which the tests of stored reports rule out.
pub fn shown<T: Serialize + DeserializeOwned>(raw: &T) -> T {
    let mut value = serde_json::to_value(raw).expect("the contract has string keys only");
    clean(&mut value, "");
    serde_json::from_value(value).expect("texts are texts whatever they say")
}

fn clean(value: &mut Value, field: &str) {
    match value {
        Value::String(text) => clean_text(text, field),
        Value::Array(all) => all.iter_mut().for_each(|value| clean(value, field)),
        Value::Object(fields) => clean_fields(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_text(text: &mut String, field: &str) {
    let shown = if OF_LINES.contains(&field) {
        visible_lines(text)
    } else {
        visible(text)
    };
    if shown != text.as_str() {
        *text = shown.into_owned();
    }
}

/// Names of fields are ours, but for those of maps by name.
fn clean_fields(fields: &mut Map<String, Value>) {
    for (name, value) in fields.iter_mut() {
        clean(value, name);
    }
    if fields.keys().any(|name| visible(name) != name.as_str()) {
        let named = mem::take(fields).into_iter();
        *fields = named
            .map(|(name, value)| (visible(&name).into_owned(), value))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Incomplete, Stage};

    use crate::examples;

    use super::*;

    const HOSTILE: &str = "\x1b[31mx\u{202e}\r\n::error::y";

    #[test]
    fn every_text_is_cleaned_but_for_source_lines() {
        let mut report = examples::report(&[examples::finding("F1", HOSTILE)]);
        report.module.path = HOSTILE.to_owned();
        report.findings[0].source = Some("\u{202e}x".to_owned());
        report.incomplete.push(Incomplete {
            stage: Stage::Load,
            target: None,
            reason: HOSTILE.to_owned(),
        });
        let shown = super::report(&report);
        let one_line = r"\u{1b}[31mx\u{202e}\u{d}\u{a}::error::y";
        assert_eq!(shown.module.path, one_line);
        assert_eq!(shown.findings[0].symbol, one_line);
        assert_eq!(shown.findings[0].source, report.findings[0].source);
        assert_eq!(
            shown.incomplete[0].reason,
            "\\u{1b}[31mx\\u{202e}\n\\u{3a}:error::y"
        );
    }

    #[test]
    fn names_of_tests_are_cleaned() {
        let tests = BTreeMap::from([("a\x1b".to_owned(), 1), ("b".to_owned(), 2)]);
        let keys: Vec<String> = shown(&tests).into_keys().collect();
        assert_eq!(keys, [r"a\u{1b}", "b"]);
    }

    #[test]
    fn what_is_clean_stays_as_it_is() {
        let text = include_str!("../tests/data/report-schema-1.json");
        let stored = crate::read_stored(text).unwrap().into_report().unwrap();
        assert_eq!(super::report(&stored), stored);
    }
}
