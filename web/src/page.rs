//! The page: one file, no script, nothing fetched. Everything that comes from a module is
//! escaped by the template.

use askama::Template;
use model::{Report, Verdict};

use crate::view::View;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    view: View<'r>,
    title: String,
    packages: Vec<(&'r str, Vec<Verdict>)>,
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
    }
    .render()
    .expect("writing into a string cannot fail")
}
