//! `missing-member`: unexported fields and methods that only files left out declare.
//!
//! No types are needed for these. An unexported name after a dot can only be a field or method
//! that this very package declares (specification, "Uniqueness of identifiers"), so one that no
//! selected file declares is an error wherever it is used.

use std::collections::HashSet;
use std::sync::Arc;

use model::{Effect, Finding, Rule};

use super::{Context, Saying, excluded};
use crate::facts::{DeclKind, FileFacts, Span};
use crate::graph::Package;
use crate::source::Source;

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for package in cx.judged() {
        // A file that was not read as a whole may declare anything.
        if package
            .files
            .iter()
            .all(|f| f.facts.errors.is_empty() && f.unreadable.is_none())
        {
            check_package(cx, package, findings);
        }
    }
}

fn check_package<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, findings: &mut Vec<Finding>) {
    let mut declared: HashSet<&str> = HashSet::new();
    for file in &package.files {
        let facts = &file.facts;
        declared.extend(facts.members.iter().map(|m| facts.text(*m)));
        let methods = facts.decls.iter().filter(|d| d.kind == DeclKind::Method);
        declared.extend(methods.map(|d| facts.text(d.name)));
    }
    for file in &package.files {
        let qualified = qualified(&file.facts);
        for selector in &file.facts.selectors {
            let name = file.facts.text(*selector);
            if !declared.contains(name) && !qualified.contains(&selector.pos) {
                findings.extend(finding(cx, package, file, *selector));
            }
        }
    }
}

/// Offsets of names after a dot whose base is no local name: it may be an import, and then the
/// name is judged as one of the imported package.
fn qualified(facts: &FileFacts) -> HashSet<u32> {
    let imports: HashSet<&str> = facts
        .imports
        .iter()
        .filter_map(|i| i.alias)
        .map(|a| facts.text(a))
        .collect();
    let plain = facts
        .imports
        .iter()
        .filter(|i| i.alias.is_none())
        .map(|i| facts.text(i.path));
    let plain: Vec<&str> = plain.collect();
    let may_be_import =
        |base: &str| imports.contains(base) || plain.iter().any(|path| path.contains(base));
    let uses = facts
        .uses
        .iter()
        .filter(|u| may_be_import(facts.text(u.base)));
    uses.filter_map(|u| u.sel).map(|sel| sel.pos).collect()
}

/// A finding if a file that is left out declares the name; otherwise this reader may have missed
/// something, and the compiler has the word.
fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    selector: Span,
) -> Option<Finding> {
    let name = file.facts.text(selector);
    let ignored = excluded::ignored_files(cx, package);
    let declaring: Vec<(&Arc<Source>, Span, String)> = ignored
        .iter()
        .filter_map(|f| declaration(&f.facts, name).map(|(at, symbol)| (f, at, symbol)))
        .collect();
    let (_, _, symbol) = declaring.first()?;
    let saying = Saying {
        rule: Rule::MissingMember,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.{symbol}", package.path()),
        message: format!(
            "`{symbol}` is declared only in files that {} leaves out",
            cx.graph.goos
        ),
    };
    let mut finding = cx.at(package, file, selector.pos, saying);
    for (source, at, _) in declaring.iter().take(5) {
        let place = cx.places().name_in(package.listed, &source.name);
        let line = source.facts.position(at.pos).0;
        finding.details.push(format!(
            "{place}:{line} declares it, and is {}",
            cx.why_ignored(source)
        ));
    }
    Some(finding)
}

/// Where a file declares a method or field of this name, and its symbol within the package.
fn declaration(facts: &FileFacts, name: &str) -> Option<(Span, String)> {
    let mut methods = facts.decls.iter().filter(|d| d.kind == DeclKind::Method);
    if let Some(method) = methods.find(|d| facts.text(d.name) == name) {
        let recv = method.recv.map_or("", |r| facts.text(r));
        return Some((method.name, format!("(*{recv}).{name}")));
    }
    let field = facts.members.iter().find(|m| facts.text(**m) == name)?;
    Some((*field, name.to_owned()))
}
