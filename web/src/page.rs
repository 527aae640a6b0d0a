//! The page: one file, no script, nothing fetched. Everything that comes from a module is
//! escaped by the template.

use askama::Template;
use model::{Observation, Report, RunKind, Verdict};

use crate::proof::{self, Built, Runs};
use crate::view::View;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    view: View<'r>,
    title: String,
    packages: Vec<(&'r str, Vec<Verdict>)>,
    built: Vec<Built<'r>>,
    runs: Vec<Runs<'r>>,
    /// Programs whose host calls were counted.
    calls: Vec<&'r Observation>,
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
        calls: report
            .observations
            .iter()
            .filter(|o| o.kind == RunKind::Main && !o.calls.is_empty())
            .collect(),
    }
    .render()
    .expect("writing into a string cannot fail")
}
