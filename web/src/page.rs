//! The page: one file, no script, nothing fetched. Everything that comes from a module is
//! escaped by the template.

use std::collections::BTreeMap;

use askama::Template;
use model::{Observation, Report, RunKind, Verdict, WasmFile, WasmSink};
use report::view::View;
use report::view::file;
use report::view::proof::{self, Built, Runs};
use report::view::scenarios;
use report::view::suites;

use crate::treemap::{self, Area};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    view: View<'r>,
    title: String,
    packages: Vec<(&'r str, Vec<Verdict>)>,
    built: Vec<Built<'r>>,
    runs: Vec<Runs<'r>>,
    /// Where Node and the browser differ.
    hosts: Vec<String>,
    scenarios: Vec<scenarios::TargetScenarios<'r>>,
    suites: Vec<suites::TargetTests<'r>>,
    /// Programs whose host calls were counted.
    calls: Vec<&'r Observation>,
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage<'w> {
    wasm: &'w WasmFile,
    title: &'w str,
    version: &'static str,
    made: String,
    facts: Vec<(&'static str, String)>,
    outside: Vec<&'w WasmSink>,
    inside: Vec<&'w WasmSink>,
    areas: Vec<Area>,
    imports: BTreeMap<&'w str, Vec<&'w str>>,
}

/// Render what is known of a wasm file as one self-contained page.
///
/// # Panics
///
/// Never: writing into a string cannot fail.
pub fn file_page(wasm: &WasmFile) -> String {
    let (inside, outside) = wasm.sinks.iter().partition(|s| s.inside_std);
    FilePage {
        wasm,
        title: &wasm.file,
        version: env!("CARGO_PKG_VERSION"),
        made: file::made_by(wasm),
        facts: file::facts(wasm),
        outside,
        inside,
        areas: treemap::areas(wasm),
        imports: proof::imports(wasm),
    }
    .render()
    .expect("writing into a string cannot fail")
}

/// Render a report as one self-contained page.
///
/// # Panics
///
/// Never: writing into a string cannot fail.
pub fn page(report: &Report) -> String {
    let view = View::new(report);
    let packages = view.packages();
    let version = report
        .module
        .version
        .as_ref()
        .map_or_else(String::new, |v| format!(" {v}"));
    let title = format!("{}{version}", report.module.path);
    Page {
        view,
        title,
        packages,
        built: proof::built(report),
        runs: proof::runs(report),
        hosts: proof::host_differences(report),
        scenarios: scenarios::scenarios(report),
        suites: suites::suites(report),
        calls: report
            .observations
            .iter()
            .filter(|o| o.kind == RunKind::Main && !o.calls.is_empty())
            .collect(),
    }
    .render()
    .expect("writing into a string cannot fail")
}
