//! From reports of older schemas to today's.

use model::NoteKind;
use serde_json::{Value, json};

/// Kinds of notes that details of schema 1 tell by their first words.
const LABELLED: [NoteKind; 9] = [
    NoteKind::Compiler,
    NoteKind::Linker,
    NoteKind::Error,
    NoteKind::Instead,
    NoteKind::Why,
    NoteKind::Seen,
    NoteKind::Cause,
    NoteKind::Because,
    NoteKind::More,
];

/// Bring a report of an older schema to today's.
pub(crate) fn upgrade(report: &mut Value, schema: u64) {
    if schema >= 2 {
        return;
    }
    let findings = report.get_mut("findings").and_then(Value::as_array_mut);
    for finding in findings.into_iter().flatten() {
        notes(finding);
        claim(finding);
        end(finding);
    }
    report["schema"] = json!(2);
}

/// Schema 1 has sentences in place of notes.
fn notes(finding: &mut Value) {
    let details = finding["details"].as_array().cloned().unwrap_or_default();
    let texts = details.iter().filter_map(Value::as_str);
    finding["notes"] = texts.map(note).collect();
}

fn note(text: &str) -> Value {
    let labelled = LABELLED.into_iter().find_map(|kind| {
        let rest = text.strip_prefix(kind.label())?;
        Some((kind, rest))
    });
    let (kind, text) = labelled.unwrap_or((NoteKind::Detail, text));
    json!({"kind": kind, "text": text})
}

/// Schema 1 has the message alone.
fn claim(finding: &mut Value) {
    let symbol = finding["symbol"].as_str().unwrap_or_default();
    let start = format!("`{symbol}` ");
    let message = finding["message"].as_str().unwrap_or_default();
    if let Some(what) = message.strip_prefix(&start) {
        (finding["subject"], finding["what"]) = (json!(symbol), json!(what));
    }
}

/// Schema 1 says where a place begins: it ends with the string or the name there.
fn end(finding: &mut Value) {
    let source = finding["source"].as_str().unwrap_or_default();
    let column = finding["column"].as_u64().unwrap_or(0);
    let start = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let rest = source.get(start..).unwrap_or_default();
    let quoted = rest.strip_prefix('"').and_then(|r| r.find('"'));
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    let len = quoted.map_or_else(|| word.unwrap_or(rest.len()), |end| end + 2);
    if column > 0 && len > 0 {
        finding["end_line"] = finding["line"].clone();
        finding["end_column"] = json!(start + len + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_become_notes_of_their_kind() {
        let mut report = json!({"findings": [{
            "symbol": "os.Pipe", "message": "`os.Pipe` always fails", "line": 3, "column": 9,
            "source": "\tr, w := os.Pipe()",
            "details": ["instead: io.Pipe", "a.go:3 declares it"],
        }]});
        report["findings"][0]["column"] = json!(10);
        upgrade(&mut report, 1);
        let finding = &report["findings"][0];
        assert_eq!(
            finding["notes"][0],
            json!({"kind": "instead", "text": "io.Pipe"})
        );
        assert_eq!(finding["notes"][1]["kind"], "detail");
        assert_eq!(finding["subject"], "os.Pipe");
        assert_eq!(finding["what"], "always fails");
        assert_eq!(finding["end_column"], 17);
    }
}
