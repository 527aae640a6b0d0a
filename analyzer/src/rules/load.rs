//! What the Go command says while loading a package, by its own words.

use model::{GoFault, ListError};

use super::{RuleOutput, cgo, left_out, load_error, missing_package, syntax};
use crate::context::Context;
use crate::go::graph::Package;

pub(super) fn check(cx: &Context<'_, '_>, said: &mut RuleOutput) {
    for package in cx.graph.packages.values() {
        match &package.listed.error {
            Some(error) => judge(cx, package, error, said),
            // Go may list a package without files and have no word for it until it is built.
            None if left_out::is_gone(cx, package) => {
                left_out::check(cx, package, &mut said.findings);
            }
            None => {}
        }
    }
    for listed in left_out::left_out_as_a_whole(cx) {
        let package = Package::left_out(listed, cx.sources);
        left_out::check(cx, &package, &mut said.findings);
    }
    cgo::note_left_out_c(cx, &mut said.findings);
    for package in cx.judged() {
        syntax::check(cx, package, said);
    }
}

fn judge<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    error: &ListError,
    said: &mut RuleOutput,
) {
    match GoFault::of(&error.err) {
        Some(GoFault::Excluded) => left_out::check(cx, package, &mut said.findings),
        Some(fault) if fault.is_of_machine() => said
            .unreachable
            .push((package.path().to_owned(), error.err.trim().to_owned())),
        Some(GoFault::NoPackage | GoFault::NoVersion) => {
            missing_package::check(cx, package, error, &mut said.findings);
        }
        _ => said.findings.push(load_error::finding(cx, package, error)),
    }
}

pub(super) fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
