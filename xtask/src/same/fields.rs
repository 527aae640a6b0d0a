//! Which fields of a report may differ, and why; how its lists are matched.
//!
//! A field is written with the names that lead to it, lists passed through: `findings.calls.line`. A star
//! stands for any name, as of a test.

/// How a field that may differ is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treat {
    /// Not at all.
    Ignored,
    /// Only when both reports have it: older ones do not.
    Added,
    /// With the field of this name beside it, when the newer report has that instead.
    Renamed(&'static str),
    /// With the field of this name beside it: both are lists, of texts or of objects with a `text`, and
    /// have the same texts in any order.
    Texts(&'static str),
}

use Treat::{Added, Ignored, Renamed, Texts};

/// The fields that may differ: name, how it is compared, reason.
pub(super) const FIELDS: &[(&str, Treat, &str)] = &[
    ("schema", Ignored, "says that fields were added"),
    (
        "tool.version",
        Ignored,
        "says which program wrote the report",
    ),
    (
        "observations.milliseconds",
        Ignored,
        "a time that was measured",
    ),
    (
        "observations.calls.microseconds",
        Ignored,
        "a time that was measured",
    ),
    (
        "observations.calls.calls",
        Ignored,
        "waiting is asked for as often as time allows",
    ),
    (
        "observations.memory",
        Ignored,
        "Go's collector runs by time",
    ),
    ("observations.told", Renamed("summary"), "named by a noun"),
    ("wasm.glue.told", Renamed("summary"), "named by a noun"),
    (
        "findings.fingerprint",
        Ignored,
        "made of other parts, without targets",
    ),
    ("findings.details", Texts("notes"), "notes have a kind, too"),
    ("findings.notes", Added, "what details were"),
    ("findings.end_line", Added, "spans have an end"),
    ("findings.end_column", Added, "spans have an end"),
    ("findings.subject", Added, "the parts of the message"),
    ("findings.what", Added, "the parts of the message"),
    (
        "findings.handled",
        Added,
        "the error is tested, and the program goes on",
    ),
    ("findings.behaviours", Added, "how it fails on each target"),
    ("advice.edits", Added, "what the patch says, typed"),
    ("api", Added, "a table of exported functions"),
    ("targets.packages.api", Added, "counts of that table"),
    (
        "targets.packages.needs",
        Added,
        "what the package needs from its host",
    ),
];

/// Lists whose elements are matched by some of their fields and not by their order. All others are
/// compared element by element: roots are in fix order, chains begin with the shortest.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    ("targets", &["target"]),
    ("targets.packages", &["package"]),
    (
        "findings",
        &[
            "rule", "root", "package", "file", "line", "column", "symbol", "effect", "targets",
        ],
    ),
    ("advice", &["finding", "kind", "to", "title"]),
    ("observations", &["target", "package", "kind", "scenario"]),
    ("observations.calls", &["name"]),
    ("observations.entered", &["symbol"]),
    ("wasm", &["file"]),
    ("incomplete", &["stage", "target", "reason"]),
];

/// Where ids of findings and advice stand. The objects that they name are compared, not the ids; several of
/// them are in no order.
pub(super) const REFERENCES: &[&str] = &[
    "advice.finding",
    "findings.advice",
    "targets.packages.findings",
    "targets.roots.findings",
    "api.findings",
];

/// How a field is treated that is reached by these names; none when it must be equal.
pub(super) fn treat(path: &[String], ignored: &[&str]) -> Option<Treat> {
    if ignored.iter().any(|pattern| matches(pattern, path)) {
        return Some(Ignored);
    }
    let row = FIELDS.iter().find(|(name, _, _)| matches(name, path));
    row.map(|(_, treat, _)| *treat)
}

/// The fields by which the elements of a list are matched.
pub(super) fn key(path: &[String]) -> Option<&'static [&'static str]> {
    let row = KEYS.iter().find(|(name, _)| matches(name, path));
    row.map(|(_, fields)| *fields)
}

/// Whether ids stand there.
pub(super) fn is_reference(path: &[String]) -> bool {
    REFERENCES.iter().any(|name| matches(name, path))
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let mut parts = pattern.split('.');
    let all = path
        .iter()
        .all(|step| parts.next().is_some_and(|p| p == "*" || p == step));
    all && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &str) -> Vec<String> {
        names.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn fields_are_found_by_all_their_names() {
        assert_eq!(treat(&path("schema"), &[]), Some(Ignored));
        assert_eq!(treat(&path("wasm.schema"), &[]), None);
        assert_eq!(treat(&path("findings"), &[]), None);
        assert_eq!(
            treat(&path("findings.line"), &["findings.line"]),
            Some(Ignored)
        );
        let any = &["observations.tests.*.class"];
        assert_eq!(
            treat(&path("observations.tests.TestA.class"), any),
            Some(Ignored)
        );
        assert!(is_reference(&path("targets.roots.findings")));
        assert_eq!(key(&path("targets")), Some(["target"].as_slice()));
    }
}
