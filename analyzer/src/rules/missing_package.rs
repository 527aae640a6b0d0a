//! `missing-package`: a package that the Go command cannot find.

use model::{Effect, Finding, ListError, Rule};

use super::load;
use crate::context::{Claim, Context, Saying};
use crate::go::graph::Package;

/// One finding at each import of a package that is not to be had.
pub(super) fn check<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    error: &ListError,
    findings: &mut Vec<Finding>,
) {
    let path = package.path();
    let saying = || Saying {
        rule: Rule::MissingPackage,
        effect: Effect::FailsToBuild,
        root: path.to_owned(),
        symbol: path.to_owned(),
        claim: Claim::plain(format!(
            "package `{path}` cannot be had: {}",
            load::first_line(&error.err)
        )),
    };
    let before = findings.len();
    for importer in cx
        .graph
        .importers(path)
        .iter()
        .filter_map(|i| cx.graph.get(i))
    {
        if let Some((file, import)) = importer.import_of(path) {
            findings.push(cx.at(importer, file, import.pos, saying()));
        }
    }
    if findings.len() == before {
        findings.push(cx.without_place(package, saying()));
    }
}
