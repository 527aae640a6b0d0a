//! The checked-in JSON schema of the report, made from the types.

use anyhow::{Context, Result};

/// The schema as text.
fn text() -> Result<String> {
    let schema = schemars::schema_for!(model::Report);
    let text = serde_json::to_string_pretty(&schema).context("the schema is plain JSON")?;
    Ok(text + "\n")
}

/// Write `docs/report.schema.json`.
#[expect(clippy::disallowed_methods, reason = "chores write into the tree")]
pub(crate) fn write() -> Result<()> {
    std::fs::write("docs/report.schema.json", text()?).context("docs/report.schema.json")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_schema_is_that_of_the_types() {
        let checked_in = include_str!("../../docs/report.schema.json");
        let made = super::text().unwrap();
        assert_eq!(
            checked_in, made,
            "run `cargo xtask schema`, and raise model::SCHEMA if an old reader could trip over it"
        );
    }
}
