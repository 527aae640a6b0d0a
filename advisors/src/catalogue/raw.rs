//! The catalogue as it stands in the files. Fields that nothing reads are for its readers; a test
//! wants them there.
#![cfg_attr(not(test), expect(dead_code, reason = "for readers of the catalogue"))]

use model::AdviceKind;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Category {
    pub(super) schema: u32,
    pub(super) entry: Vec<RawEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntry {
    pub(super) id: String,
    pub(super) r#match: RawMatch,
    pub(super) versions: Vec<RawRange>,
    pub(super) targets: Vec<String>,
    pub(super) reason: String,
    pub(super) shape: String,
    #[serde(default)]
    pub(super) signature: Vec<String>,
    pub(super) summary: String,
    pub(super) fix: Vec<RawFix>,
    pub(super) evidence: Vec<RawEvidence>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatch {
    pub(super) package: String,
    #[serde(default)]
    pub(super) exact: bool,
}

/// From a version on, up to one that is fixed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRange {
    pub(super) introduced: String,
    pub(super) fixed: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFix {
    pub(super) kind: AdviceKind,
    pub(super) title: String,
    pub(super) to: Option<RawTo>,
    pub(super) replace: Option<String>,
    pub(super) lost: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTo {
    pub(super) module: Option<String>,
    pub(super) min: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvidence {
    pub(super) kind: String,
    pub(super) url: Option<String>,
    pub(super) says: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Classes {
    pub(super) class: Vec<RawClass>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClass {
    pub(super) rules: Vec<String>,
    pub(super) symbols: Vec<String>,
    pub(super) kind: AdviceKind,
    pub(super) title: String,
    pub(super) to: Option<String>,
    pub(super) loses: Option<String>,
}
