//! `missing-package`, `load-error`, `syntax`: what Go says while loading, and what does not parse.

use model::{Effect, Finding, ListError, Rule};

use super::{Claim, Context, Said, Saying, excluded, token_end};
use crate::graph::Package;

pub(super) fn check(cx: &Context<'_, '_>, said: &mut Said) {
    for package in cx.graph.packages.values() {
        match &package.listed.error {
            Some(error) => judge(cx, package, error, said),
            // Go may list a package without files and have no word for it until it is built.
            None if excluded::is_gone(cx, package) => {
                excluded::check(cx, package, &mut said.findings);
            }
            None => {}
        }
    }
    for listed in excluded::left_out_as_a_whole(cx) {
        let package = Package::left_out(listed, cx.sources);
        excluded::check(cx, &package, &mut said.findings);
    }
    excluded::note_left_out_c(cx, &mut said.findings);
    for package in cx.judged() {
        syntax(cx, package, said);
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
        Kind::Excluded => excluded::check(cx, package, &mut said.findings),
        Kind::Unreachable => said
            .unreachable
            .push((package.path().to_owned(), error.err.trim().to_owned())),
        Kind::Missing => missing(cx, package, error, &mut said.findings),
        Kind::Other => said.findings.push(other(cx, package, error)),
    }
}

/// One finding at each import of a package that is not to be had.
fn missing<'a>(
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
            first_line(&error.err)
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

/// An error of loading that has no rule of its own.
pub(crate) fn other<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, error: &ListError) -> Finding {
    let text = error.err.trim();
    let cycle = text.contains("import cycle");
    let syntax = text.contains("expected ")
        || text.contains("invalid character")
        || text.contains("illegal ");
    let message = if cycle && !error.import_stack.is_empty() {
        format!("import cycle: {}", error.import_stack.join(" → "))
    } else {
        first_line(text).to_owned()
    };
    let saying = Saying {
        rule: if syntax {
            Rule::Syntax
        } else {
            Rule::LoadError
        },
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: package.path().to_owned(),
        claim: Claim::plain(message),
    };
    let mut finding = cx.without_place(package, saying);
    place(cx, package, &error.pos, &mut finding);
    finding
}

/// `file:line:column`, relative to the module.
fn place<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, pos: &str, finding: &mut Finding) {
    let Some((file, line, column)) = split_position(pos) else {
        return;
    };
    let name = camino::Utf8Path::new(file).file_name().unwrap_or(file);
    let path = package.file_path(name);
    finding.file = cx.places().name_in(package.listed, name);
    (finding.line, finding.column) = (line, column);
    let source = cx.sources.get(&path);
    finding.source = source.facts.line(line).map(super::shorten);
    let end = token_end(source.facts.line(line).unwrap_or_default(), column);
    (finding.end_line, finding.end_column) = (line, end);
}

fn split_position(pos: &str) -> Option<(&str, u32, u32)> {
    let mut parts = pos.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

/// Files that do not parse. What could be read of them is judged all the same.
fn syntax<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, said: &mut Said) {
    let findings = &mut said.findings;
    for file in package.files() {
        let saying = |message: String| Saying {
            rule: Rule::Syntax,
            effect: Effect::FailsToBuild,
            root: package.path().to_owned(),
            symbol: package.path().to_owned(),
            claim: Claim::plain(message),
        };
        if let Some(why) = &file.unreadable {
            findings.push(cx.at(
                package,
                file,
                0,
                saying(format!("the file cannot be read: {why}")),
            ));
        } else if let Some(limit) = file.facts.errors.iter().find(|e| e.is_limit()) {
            // Go may well take it: what cannot be read here is unknown, not broken.
            let name = cx.places().name_in(package.listed, &file.name);
            said.unreachable.push((
                package.path().to_owned(),
                format!("{name}: {}", limit.message),
            ));
        } else if let Some(error) = file.facts.errors.first() {
            let name = cx.places().name_in(package.listed, &file.name);
            let known = findings
                .iter()
                .any(|f| f.rule == Rule::Syntax && f.file == name);
            if !known {
                findings.push(cx.at(
                    package,
                    file,
                    error.pos,
                    saying(format!("syntax error: {}", error.message)),
                ));
            }
        }
    }
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
