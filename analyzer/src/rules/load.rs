//! What the Go command says while loading a package, by its own words.

use model::ListError;

use super::{Said, cgo, left_out, load_error, missing_package, syntax};
use crate::context::Context;
use crate::go::graph::Package;

pub(super) fn check(cx: &Context<'_, '_>, said: &mut Said) {
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

/// Kinds of load error, by the Go command's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Excluded,
    Missing,
    Unreachable,
    Other,
}

/// Words of errors that another network, or credentials, would mend.
const UNREACHABLE: &[&str] = &[
    "reading http",
    "no space left on device",
    "GOPROXY=off",
    "module lookup disabled",
    "dial tcp",
    "no such host",
    "i/o timeout",
    "TLS handshake",
    "connection refused",
    "connection reset",
    "could not read Username",
    "terminal prompts disabled",
    "Permission denied (publickey",
    "Authentication failed",
    "401 Unauthorized",
    "403 Forbidden",
    "unrecognized import path",
    "no secure protocol found",
    "git ls-remote",
];

const MISSING: &[&str] = &[
    "cannot find module providing package",
    "no required module provides package",
    "but does not contain package",
    "is not in std",
    "is not in GOROOT",
    "cannot find package",
    "no matching versions",
    "unknown revision",
    "cannot query module",
];

fn kind(message: &str) -> Kind {
    let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
    if message.contains("build constraints exclude all Go files")
        || message.contains("no non-test Go files")
    {
        Kind::Excluded
    } else if has(UNREACHABLE) {
        Kind::Unreachable
    } else if has(MISSING) {
        Kind::Missing
    } else {
        Kind::Other
    }
}

fn judge<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, error: &ListError, said: &mut Said) {
    match kind(&error.err) {
        Kind::Excluded => left_out::check(cx, package, &mut said.findings),
        Kind::Unreachable => said
            .unreachable
            .push((package.path().to_owned(), error.err.trim().to_owned())),
        Kind::Missing => missing_package::check(cx, package, error, &mut said.findings),
        Kind::Other => said.findings.push(load_error::finding(cx, package, error)),
    }
}

pub(super) fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_errors_by_their_words() {
        for (message, expected) in [
            (
                "build constraints exclude all Go files in /m/x",
                Kind::Excluded,
            ),
            (
                "module a.b/c: git ls-remote -q origin: fatal: could not read Username for 'https://a.b'",
                Kind::Unreachable,
            ),
            (
                "cannot find module providing package a.b/c: module lookup disabled by GOPROXY=off",
                Kind::Unreachable,
            ),
            (
                "module a.b/c@latest found (v1.8.0), but does not contain package a.b/c/d",
                Kind::Missing,
            ),
            (
                "package Pizza is not in std (/usr/lib/go/src/Pizza)",
                Kind::Missing,
            ),
            ("found packages a (a.go) and b (b.go) in /m", Kind::Other),
        ] {
            assert_eq!(kind(message), expected, "{message}");
        }
    }
}
