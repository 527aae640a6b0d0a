//! The checked-in JSON schemas of the report and of files of the catalogue, made from the types.

use anyhow::{Context, Result};

/// The schema of a report.
fn report() -> Result<String> {
    text(&schemars::schema_for!(model::Report))
}

/// The schema of a file of the catalogue.
fn catalogue() -> Result<String> {
    text(&schemars::schema_for!(advisors::file::CatalogueFile))
}

fn text(schema: &schemars::Schema) -> Result<String> {
    let text = serde_json::to_string_pretty(schema).context("the schema is plain JSON")?;
    Ok(text + "\n")
}

/// Write `docs/report.schema.json` and `docs/catalogue.schema.json`.
#[expect(clippy::disallowed_methods, reason = "chores write into the tree")]
pub(crate) fn write() -> Result<()> {
    std::fs::write("docs/report.schema.json", report()?).context("docs/report.schema.json")?;
    std::fs::write("docs/catalogue.schema.json", catalogue()?).context("docs/catalogue.schema.json")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_schema_is_that_of_the_types() {
        let checked_in = include_str!("../../docs/report.schema.json");
        let made = super::report().unwrap();
        assert_eq!(
            checked_in, made,
            "run `cargo xtask schema`, and raise model::SCHEMA if an old reader could trip over it"
        );
    }

    #[test]
    fn the_checked_in_schema_of_the_catalogue_is_that_of_the_types() {
        let checked_in = include_str!("../../docs/catalogue.schema.json");
        assert_eq!(
            checked_in,
            super::catalogue().unwrap(),
            "run `cargo xtask schema`"
        );
    }
}
