//! What an earlier run wrote as JSON: a report, or what is in a wasm file.

use model::{Report, SCHEMA, WasmFile};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::format::{Format, Pages};
use crate::render::Options;
use crate::upgrade::upgrade;

/// What a stored file holds.
#[derive(Clone, Debug)]
pub enum Stored {
    /// `wasmcheck check -o report.json`
    Report(Box<Report>),
    /// `wasmcheck inspect app.wasm -o app.json`
    File(Box<WasmFile>),
}

/// Why a stored file cannot be rendered, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is something else, or was cut.
    #[error(
        "this is not JSON ({0}); name a file that `wasmcheck check -o report.json` or `wasmcheck inspect app.wasm -o app.json` has written"
    )]
    NotJson(#[source] serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "this is JSON, but no report of wasmcheck; name a file that `wasmcheck check -o report.json` or `wasmcheck inspect app.wasm -o app.json` has written"
    )]
    Foreign,
    /// `inspect` wrote it for several files.
    #[error(
        "this tells about several wasm files; write one file for each, with `wasmcheck inspect app.wasm -o app.json`"
    )]
    Several,
    /// A newer program wrote it.
    #[error(
        "its `schema` is {schema}, and this wasmcheck knows those up to {SCHEMA}: a newer wasmcheck wrote it, and that or a later one reads it"
    )]
    Newer {
        /// What it says of itself.
        schema: u64,
    },
    /// Its schema is known, and it does not follow it.
    #[error(
        "it does not follow `schema` {schema}, which it claims ({why}); it was changed after it was written, so write it anew"
    )]
    Damaged {
        /// What it says of itself.
        schema: u64,
        /// What is wrong.
        #[source]
        why: serde_json::Error,
    },
    /// A wasm file, where a report is wanted.
    #[error(
        "this tells what is in a wasm file; name a report that `wasmcheck check -o report.json` has written"
    )]
    NoReport,
}

/// Read a file that an earlier run wrote; its content decides whether it is a report or an inspection.
pub fn read_stored(text: &str) -> Result<Stored, Unreadable> {
    let mut value: Value = serde_json::from_str(text).map_err(Unreadable::NotJson)?;
    if is_file(&value[0]) {
        return Err(Unreadable::Several);
    }
    let (report, file) = (is_report(&value), is_file(&value));
    let schema = value["schema"].as_u64().filter(|_| report || file);
    let schema = schema.ok_or(Unreadable::Foreign)?;
    if schema > u64::from(SCHEMA) {
        return Err(Unreadable::Newer { schema });
    }
    if report {
        upgrade(&mut value, schema);
        Ok(Stored::Report(typed(value, schema)?))
    } else {
        Ok(Stored::File(typed(value, schema)?))
    }
}

fn is_report(value: &Value) -> bool {
    value["tool"]["name"] == "wasmcheck"
}

fn is_file(value: &Value) -> bool {
    value["file"].is_string() && value["imports"].is_array()
}

fn typed<T: DeserializeOwned>(value: Value, schema: u64) -> Result<T, Unreadable> {
    serde_json::from_value(value).map_err(|why| Unreadable::Damaged { schema, why })
}

impl Stored {
    /// The report, if it is one.
    pub fn into_report(self) -> Result<Report, Unreadable> {
        match self {
            Self::Report(report) => Ok(*report),
            Self::File(_) => Err(Unreadable::NoReport),
        }
    }

    /// Render it; none where the format is one of reports, and this is none.
    pub fn render(&self, format: &Format, options: &Options, pages: Pages) -> Option<String> {
        match self {
            Self::Report(report) => Some(format.report(report, options, pages)),
            Self::File(wasm) => format.file(wasm, options, pages),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::examples;
    use crate::format::FORMATS;

    use super::*;

    const REPORT: &str = include_str!("../tests/data/report-schema-1.json");
    const FILE: &str = include_str!("../tests/data/inspect-schema-1.json");

    const PAGES: Pages = Pages {
        report: |report| format!("<h1>{}</h1>", report.module.path),
        file: |wasm| format!("<h1>{}</h1>", wasm.file),
    };

    fn refused(text: &str) -> String {
        read_stored(text).unwrap_err().to_string()
    }

    #[test]
    fn a_report_of_schema_1_renders_in_every_format() {
        let stored = read_stored(REPORT).unwrap();
        for format in &FORMATS {
            for verbose in [false, true] {
                let options = Options { verbose };
                let text = stored.render(format, &options, PAGES).unwrap();
                assert!(text.contains("example.com/"), "{}: {text}", format.name);
            }
        }
        assert!(matches!(stored, Stored::Report(_)));
    }

    #[test]
    fn what_inspect_wrote_renders_in_every_format() {
        let stored = read_stored(FILE).unwrap();
        for format in FORMATS.iter().filter(|f| f.has_files()) {
            let options = Options { verbose: true };
            let text = stored.render(format, &options, PAGES).unwrap();
            assert!(text.contains(".wasm"), "{}: {text}", format.name);
        }
        let words = stored.into_report().unwrap_err().to_string();
        assert!(words.contains("what is in a wasm file"), "{words}");
    }

    #[test]
    fn json_is_rendered_as_it_was_read() {
        let stored = read_stored(REPORT).unwrap();
        let json = crate::format_named("json").unwrap();
        let text = stored.render(json, &Options::default(), PAGES).unwrap();
        let again = read_stored(&text).unwrap().into_report().unwrap();
        assert_eq!(again, stored.into_report().unwrap());
    }

    #[test]
    fn what_is_no_report_says_what_it_is() {
        assert!(refused("").contains("not JSON"));
        assert!(refused(&REPORT[..REPORT.len() / 2]).contains("not JSON"));
        for foreign in ["{}", "[]", "3", r#"{"schema": 1}"#, r#"{"tool": "x"}"#] {
            assert!(refused(foreign).contains("no report of wasmcheck"));
        }
        let several = format!("[{FILE},{FILE}]");
        assert!(refused(&several).contains("several wasm files"));
    }

    #[test]
    fn a_newer_schema_is_named() {
        let mut value: Value = serde_json::from_str(REPORT).unwrap();
        value["schema"] = 99.into();
        // Whatever else it has that this program does not know.
        value["targets"] = "another form".into();
        let words = refused(&value.to_string());
        assert!(words.contains("99") && words.contains("newer"), "{words}");
    }

    #[test]
    fn a_report_that_was_changed_by_hand_says_what_is_wrong() {
        let report = examples::report(&[]);
        let mut value = serde_json::to_value(report).unwrap();
        value["level"] = "deep".into();
        let words = refused(&value.to_string());
        assert!(
            words.contains("deep") && words.contains("schema"),
            "{words}"
        );
    }
}
