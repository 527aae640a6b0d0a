//! Fingerprints of the findings of one module: the same in all of its reports, at whatever level and
//! for whatever targets, and never shared by two findings of one target.

use std::collections::BTreeMap;

use serde_json::Value;

/// The reports of one module that were compared up to now.
#[derive(Default)]
pub(crate) struct Fingerprints {
    known: BTreeMap<String, String>,
    /// How often a finding was found again with its fingerprint.
    pub(crate) again: usize,
    /// What is wrong.
    pub(crate) complaints: Vec<String>,
}

impl Fingerprints {
    /// Compare a report with those before; `name` says which it is.
    pub(crate) fn compare(&mut self, name: &str, report: &Value) {
        let found = fingerprints(report);
        let shared = shared(&found).map(|why| format!("{name}: {why}"));
        self.complaints.extend(shared);
        for (place, fingerprint) in alone(&found) {
            match self.known.insert(place.to_owned(), fingerprint.to_owned()) {
                Some(before) if before != fingerprint => {
                    let why = format!("{name}: {place} had {before}, has {fingerprint}");
                    self.complaints.push(why);
                }
                Some(_) => self.again += 1,
                None => {}
            }
        }
    }

    /// Whether any report has had a finding.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// A place on a target, and its fingerprint.
type Found = Vec<(String, String)>;

fn fingerprints(report: &Value) -> Found {
    let findings = report["findings"].as_array().into_iter().flatten();
    let each = findings.flat_map(|finding| {
        let targets = finding["targets"].as_array().into_iter().flatten();
        let fingerprint = finding["fingerprint"].as_str().unwrap_or_default();
        targets.map(move |target| {
            let place = format!("{target} {}", place(finding));
            (place, format!("{target} {fingerprint}"))
        })
    });
    each.collect()
}

/// Fingerprints that two findings of one target have.
fn shared(found: &Found) -> impl Iterator<Item = String> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut bad = Vec::new();
    for (place, fingerprint) in found {
        if let Some(other) = seen.insert(fingerprint, place) {
            bad.push(format!("{other} and {place} share {fingerprint}"));
        }
    }
    bad.into_iter()
}

/// Places that no other finding of the report has: a line may have two.
fn alone(found: &Found) -> impl Iterator<Item = (&str, &str)> {
    let twice = |place: &str| found.iter().filter(|(p, _)| p == place).count() > 1;
    let alone = found.iter().filter(move |(place, _)| !twice(place));
    alone.map(|(place, fingerprint)| (place.as_str(), fingerprint.as_str()))
}

/// What tells findings of one report apart, whatever is known of them.
fn place(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let parts = ["rule", "root", "package", "symbol", "file"].map(text);
    // The compiler may place a finding in another column of its line.
    format!("{}:{} {}", parts.join(" "), finding["line"], what(finding))
}

/// The claim without the name of the build, which depends on the targets.
fn what(finding: &Value) -> String {
    let what = finding["what"].as_str().unwrap_or_default();
    what.replace(" wasip1", " wasm").replace(" js", " wasm")
}
