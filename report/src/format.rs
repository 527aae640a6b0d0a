//! The formats of a report: a row for each, with its name, the ends of its file names and its renderer.

use model::{Report, WasmFile};

use crate::render::{Options, json, text, wasm};
use crate::shown;

/// A format that a report, or what is in a wasm file, can be written in.
#[derive(Debug)]
pub struct Format {
    /// The name for `--format`.
    pub name: &'static str,
    /// Ends of names of files in this format, the usual one first.
    pub endings: &'static [&'static str],
    /// Whom it is for.
    pub about: &'static str,
    report: Renderer<Report>,
    /// None where only reports have the format.
    file: Option<Renderer<WasmFile>>,
}

/// How something is rendered.
#[derive(Debug)]
enum Renderer<T> {
    /// For people, by this crate.
    Text(fn(&T, &Options) -> String),
    /// As it is, for programs.
    Data(fn(&T, &Options) -> String),
    /// For people as a page, which [`Pages`] make.
    Page,
}

/// How pages are made: by the crate `web`, which this one must not know.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// Of a report.
    pub report: fn(&Report) -> String,
    /// Of what is in a wasm file.
    pub file: fn(&WasmFile) -> String,
}

/// All formats.
pub static FORMATS: [Format; 3] = [
    Format {
        name: "text",
        endings: &[".txt"],
        about: "for a terminal",
        report: Renderer::Text(text::render),
        file: Some(Renderer::Text(wasm::render)),
    },
    Format {
        name: "json",
        endings: &[".json"],
        about: "for scripts: docs/report.schema.json",
        report: Renderer::Data(json::render),
        file: Some(Renderer::Data(json::render)),
    },
    Format {
        name: "html",
        endings: &[".html", ".htm"],
        about: "a page for people: one file, no script",
        report: Renderer::Page,
        file: Some(Renderer::Page),
    },
];

impl Format {
    /// Whether people read it in a terminal.
    pub fn is_text(&self) -> bool {
        self.name == "text"
    }

    /// Whether scripts read it, as the contract.
    pub fn is_json(&self) -> bool {
        self.name == "json"
    }

    /// Whether what is in a wasm file can be written in it.
    pub const fn has_files(&self) -> bool {
        self.file.is_some()
    }

    /// Render a report.
    pub fn report(&self, report: &Report, options: &Options, pages: Pages) -> String {
        match self.report {
            Renderer::Text(render) => render(&shown::report(report), options),
            Renderer::Data(render) => render(report, options),
            Renderer::Page => (pages.report)(&shown::report(report)),
        }
    }

    /// Render what is in a wasm file; none where only reports have the format.
    pub fn file(&self, wasm: &WasmFile, options: &Options, pages: Pages) -> Option<String> {
        match self.file.as_ref()? {
            Renderer::Text(render) => Some(render(&shown::file(wasm), options)),
            Renderer::Data(render) => Some(render(wasm, options)),
            Renderer::Page => Some((pages.file)(&shown::file(wasm))),
        }
    }
}

/// What is shown where nothing else is asked for.
pub fn text_format() -> &'static Format {
    &FORMATS[0]
}

/// The format of a name for `--format`.
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format that the end of a file's name chooses: the longest end that fits, so that
/// `report.gitlab.json` may be another format than `report.json`.
pub fn format_of_file(file: &str) -> Option<&'static Format> {
    let name = file.rsplit(['/', '\\']).next()?;
    let ends = FORMATS.iter().flat_map(|format| {
        let endings = format.endings.iter();
        endings.map(move |ending| (*ending, format))
    });
    let fits = ends.filter(|(ending, _)| name.len() > ending.len() && name.ends_with(ending));
    let longest = fits.max_by_key(|(ending, _)| ending.len());
    longest.map(|(_, format)| format)
}

/// All ends of file names that choose a format: `.txt, .json, .html or .htm`.
pub fn endings() -> String {
    let all = FORMATS.iter().flat_map(|format| format.endings);
    let all: Vec<&str> = all.copied().collect();
    match all.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn chosen(file: &str) -> Option<&'static str> {
        format_of_file(file).map(|format| format.name)
    }

    #[test]
    fn the_end_of_a_name_chooses_its_format() {
        for format in &FORMATS {
            assert!(!format.about.is_empty());
            assert_eq!(format_named(format.name).unwrap().name, format.name);
            for ending in format.endings {
                assert!(ending.starts_with('.'), "{ending}");
                assert_eq!(chosen(&format!("a.b/report{ending}")), Some(format.name));
                assert!(endings().contains(ending));
            }
        }
        assert_eq!(chosen("report.doc"), None);
        assert_eq!(chosen("report"), None);
        assert_eq!(chosen("report.json.bak"), None);
        // A name that is an end and nothing else is a hidden file.
        assert_eq!(chosen("out/.json"), None);
        assert_eq!(chosen("out\\report.htm"), Some("html"));
        assert_eq!(endings(), ".txt, .json, .html or .htm");
    }

    #[test]
    fn no_two_formats_share_a_name_or_an_ending() {
        let names = FORMATS.iter().map(|f| f.name);
        assert_eq!(names.collect::<BTreeSet<_>>().len(), FORMATS.len());
        let endings = || FORMATS.iter().flat_map(|f| f.endings);
        let different: BTreeSet<_> = endings().collect();
        assert_eq!(different.len(), endings().count());
    }
}
