//! The checked-in JSON schema of the report, made from the types.

use anyhow::{Context, Result};

/// Write `docs/report.schema.json`.
#[expect(clippy::disallowed_methods, reason = "chores write into the tree")]
pub(crate) fn write() -> Result<()> {
    let schema = schemars::schema_for!(model::Report);
    let mut text = serde_json::to_string_pretty(&schema).context("the schema is plain JSON")?;
    text.push('\n');
    std::fs::write("docs/report.schema.json", text).context("docs/report.schema.json")
}
