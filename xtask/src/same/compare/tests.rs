//! What counts as a difference of two reports.

use serde_json::{Value, json};

use super::{Difference, reports};

fn finding(id: &str, file: &str, advice: &[&str]) -> Value {
    json!({
        "id": id, "rule": "cgo", "targets": ["wasip1", "js-node"], "effect": "fails-to-build",
        "root": "example.com/a", "package": "example.com/a", "file": file, "line": 3, "column": 1,
        "symbol": "example.com/a.F", "message": "it fails", "details": ["one", "two"], "advice": advice,
    })
}

fn report(findings: &[Value]) -> Value {
    json!({
        "schema": 1,
        "tool": {"name": "wasmcheck", "version": "0.1.0"},
        "findings": findings,
        "targets": [{"target": "wasip1", "packages": [{"package": "example.com/a", "findings": ["F1", "F2"]}]}],
        "advice": [{"id": "A1", "finding": "F1", "kind": "upgrade", "to": "v1", "title": "upgrade"}],
        "observations": [{"target": "wasip1", "package": "example.com/a", "kind": "init",
            "told": "it ended", "milliseconds": 12}],
    })
}

fn differences(before: &Value, after: &Value) -> Vec<String> {
    let all = reports(before.clone(), after.clone(), &[]);
    all.iter().map(Difference::to_string).collect()
}

fn two() -> Value {
    report(&[finding("F1", "a.go", &["A1"]), finding("F2", "b.go", &[])])
}

#[test]
fn ids_and_order_do_not_count() {
    let mut other = report(&[finding("F1", "b.go", &[]), finding("F2", "a.go", &["A7"])]);
    other["advice"][0]["id"] = json!("A7");
    other["advice"][0]["finding"] = json!("F2");
    assert_eq!(differences(&two(), &other), [""; 0]);
}

#[test]
fn a_reference_to_another_finding_counts() {
    let mut other = two();
    other["advice"][0]["finding"] = json!("F2");
    assert!(!differences(&two(), &other).is_empty());
    let mut other = two();
    other["targets"][0]["packages"][0]["findings"] = json!(["F1"]);
    let found = differences(&two(), &other);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("$.targets[wasip1].packages[example.com/a].findings[1]"));
}

#[test]
fn what_is_measured_and_what_is_renamed_does_not_count() {
    let mut other = two();
    other["schema"] = json!(2);
    other["tool"]["version"] = json!("9.9.9");
    let observation = other["observations"][0].as_object_mut().expect("an object");
    observation.insert("milliseconds".to_owned(), json!(99));
    let told = observation.remove("told").expect("what it was told");
    observation.insert("summary".to_owned(), told);
    observation.insert("refusals".to_owned(), json!([]));
    assert_eq!(differences(&two(), &other), [""; 0]);
    other["observations"][0]["summary"] = json!("it crashed");
    let found = differences(&two(), &other);
    assert_eq!(
        found,
        [
            "$.observations[wasip1 example.com/a init].told\n  before \"it ended\"\n  after  \"it crashed\""
        ]
    );
}

#[test]
fn notes_have_the_texts_of_details() {
    let mut other = two();
    for finding in other["findings"].as_array_mut().expect("a list") {
        let fields = finding.as_object_mut().expect("an object");
        fields.remove("details");
        let note = |text: &str| json!({"kind": "why", "text": text});
        fields.insert("notes".to_owned(), json!([note("two"), note("one")]));
        fields.insert("end_line".to_owned(), json!(3));
    }
    assert_eq!(differences(&two(), &other), [""; 0]);
    other["findings"][0]["notes"][0]["text"] = json!("three");
    assert_eq!(differences(&two(), &other).len(), 2);
}

#[test]
fn other_fields_count_unless_they_are_named() {
    let mut other = two();
    other["findings"][0]["message"] = json!("it works");
    other["findings"][0]["new"] = json!(true);
    let found = differences(&two(), &other);
    assert_eq!(found.len(), 2, "{found:?}");
    let ignored = ["findings.message", "findings.new"];
    assert_eq!(reports(two(), other, &ignored), []);
}

#[test]
fn a_finding_that_is_gone_counts() {
    let other = report(&[finding("F1", "a.go", &["A1"])]);
    let found = differences(&two(), &other);
    let gone = found.iter().find(|d| d.starts_with("$.findings[cgo "));
    assert!(
        gone.is_some_and(|d| d.contains("after  nothing")),
        "{found:?}"
    );
}
