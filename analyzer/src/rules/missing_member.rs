//! `missing-member`: fields and methods that no file left on the target declares.
//!
//! No types are needed for these. An unexported name after a dot can only be a field or method
//! that this very package declares (specification, "Uniqueness of identifiers"); an exported one
//! must be declared by the package or by something that it imports, directly or not. A name that
//! none of these declares is an error wherever it is used, whatever stands before the dot.

use std::cell::OnceCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Effect, Finding, Rule};

use super::left_out;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{DeclKind, FileFacts, Role, Span};
use crate::go::graph::{Graph, Package};
use crate::go::source::Source;

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let members = Members::of(cx.graph);
    for package in cx.judged().filter(|p| p.is_whole()) {
        let names = package.names();
        for file in package.files() {
            let facts = &file.facts;
            let qualified = qualified(cx, package, facts);
            let keys = keys(facts).filter(|k| !names.contains_key(facts.text(*k)));
            for selector in facts.selectors.iter().copied().chain(keys) {
                let name = facts.text(selector);
                if !qualified.contains(&selector.pos) && members.lacks(package, name) {
                    findings.extend(finding(cx, package, file, selector));
                }
            }
        }
    }
}

/// Exported keys of composite literals: fields, unless something at package level has the name.
fn keys(facts: &FileFacts) -> impl Iterator<Item = Span> {
    let dotted = facts
        .imports
        .iter()
        .any(|i| i.alias.is_some_and(|a| facts.text(a) == "."));
    let weak = facts
        .uses
        .iter()
        .filter(move |u| u.role == Role::Key && !dotted);
    weak.map(|u| u.base).filter(|k| is_exported(facts.text(*k)))
}

fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

/// Names of fields and methods as numbers, and for each package the sets of them.
struct Members<'g, 'a> {
    graph: &'g Graph<'a>,
    numbers: HashMap<&'g str, usize>,
    /// What the package declares itself.
    own: HashMap<&'g str, Bits>,
    /// That, and what everything declares that it imports, packages that were not read apart; none
    /// where something could not be read.
    closures: HashMap<&'g str, Option<Bits>>,
    /// The packages that were not read so far, and what they declare: none where they cannot be read.
    unread: BTreeMap<&'g str, OnceCell<Option<HashSet<&'g str>>>>,
}

/// A set of numbers.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn contains(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    fn union(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
}

impl<'g, 'a> Members<'g, 'a> {
    fn of(graph: &'g Graph<'a>) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let (read, unread): (Vec<_>, Vec<_>) = graph.packages.values().partition(|p| p.is_read());
        for name in read.into_iter().flat_map(names) {
            let next = numbers.len();
            numbers.entry(name).or_insert(next);
        }
        let empty = Bits(vec![0; numbers.len() / 64 + 1]);
        let (mut own, mut closures) = (HashMap::new(), HashMap::new());
        // Dependencies come first, so that their closures are there when they are wanted.
        for package in graph.order.iter().filter_map(|path| graph.get(path)) {
            let mut bits = empty.clone();
            let mut read = true;
            if package.is_read() {
                names(package).for_each(|name| bits.insert(numbers[name]));
                own.insert(package.path(), bits.clone());
                read = package.is_whole() && !package.is_empty();
            }
            let closure = read
                .then_some(bits)
                .and_then(|bits| with_imports(bits, package, &closures));
            closures.insert(package.path(), closure);
        }
        Self {
            graph,
            numbers,
            own,
            closures,
            unread: unread
                .into_iter()
                .map(|p| (p.path(), OnceCell::new()))
                .collect(),
        }
    }

    /// Whether neither the package, nor, for an exported name, anything that it imports, declares
    /// a field or method of this name.
    fn lacks(&self, package: &Package<'_>, name: &str) -> bool {
        // `Error` is the method of the predeclared type `error`.
        if name == "Error" || name == "_" || name.is_empty() {
            return false;
        }
        let in_set = |bits: &Bits| self.numbers.get(name).is_some_and(|n| bits.contains(*n));
        if self.own.get(package.path()).is_none_or(in_set) {
            return false;
        }
        let closure = self.closures.get(package.path()).and_then(Option::as_ref);
        !is_exported(name)
            || (closure.is_some_and(|bits| !in_set(bits)) && !self.unread_may_have(package, name))
    }

    /// Whether a package that a package imports, directly or not, and that was not read so far,
    /// declares an exported field or method of a name, or may do so. The nearest are read first:
    /// mostly one of these does.
    fn unread_may_have(&self, package: &Package<'_>, name: &str) -> bool {
        let mut seen = HashSet::new();
        let mut todo: VecDeque<&str> = package.listed.imports.iter().map(String::as_str).collect();
        while let Some(path) = todo.pop_front() {
            let Some(package) = self.graph.get(path).filter(|_| seen.insert(path)) else {
                continue;
            };
            if let Some(declared) = self.unread.get(path) {
                let declared = declared.get_or_init(|| {
                    let whole = package.is_whole() && !package.is_empty();
                    whole.then(|| names(package).filter(|n| is_exported(n)).collect())
                });
                if declared.as_ref().is_none_or(|names| names.contains(name)) {
                    return true;
                }
            }
            todo.extend(package.listed.imports.iter().map(String::as_str));
        }
        false
    }
}

fn with_imports(
    mut bits: Bits,
    package: &Package<'_>,
    closures: &HashMap<&str, Option<Bits>>,
) -> Option<Bits> {
    // The two packages that have no files to read declare no member.
    let imports = package
        .listed
        .imports
        .iter()
        .filter(|i| !["unsafe", "C"].contains(&i.as_str()));
    for import in imports {
        bits.union(closures.get(import.as_str())?.as_ref()?);
    }
    Some(bits)
}

/// Names of the fields and methods that a package declares.
fn names<'p>(package: &'p Package<'_>) -> impl Iterator<Item = &'p str> {
    package.files().iter().flat_map(|f| declared(&f.facts))
}

/// Names of the fields and methods that a file declares.
fn declared(facts: &FileFacts) -> impl Iterator<Item = &str> {
    let methods = facts
        .decls
        .iter()
        .filter(|d| d.kind == DeclKind::Method)
        .map(|d| d.name);
    facts
        .members
        .iter()
        .copied()
        .chain(methods)
        .map(|span| facts.text(span))
}

/// Offsets of names after a dot whose base may be an import: these are judged as names of the
/// imported package.
fn qualified(cx: &Context<'_, '_>, package: &Package<'_>, facts: &FileFacts) -> HashSet<u32> {
    let qualifiers = crate::go::qualifiers::qualifiers(cx.graph, package, facts);
    let uses = facts
        .uses
        .iter()
        .filter(|u| qualifiers.may_be_import(facts.text(u.base)));
    uses.filter_map(|u| u.sel).map(|sel| sel.pos).collect()
}

/// A finding; for an unexported name only if a file that is left out declares it.
fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    selector: Span,
) -> Option<Finding> {
    let name = file.facts.text(selector);
    let own = declaring(cx, package, name);
    let (root, declaring, claim) = match own.first() {
        Some((_, _, symbol)) => {
            let what =
                format!("is declared only in files that build constraints exclude on {HERE}");
            let claim = Claim::of(symbol.as_str(), what);
            (package, own, claim)
        }
        None if is_exported(name) => {
            let what = format!("no imported package declares a field or method `{name}` on {HERE}");
            match hollow(cx, package, name) {
                Some((hollow, declaring)) => {
                    let path = hollow.path();
                    let what =
                        format!("{what}: `{path}` does in files that build constraints exclude");
                    (hollow, declaring, Claim::plain(what))
                }
                None => (package, own, Claim::plain(what)),
            }
        }
        None => return None,
    };
    let symbol = declaring.first().map_or(name, |(_, _, symbol)| symbol);
    let saying = Saying {
        rule: Rule::MissingMember,
        effect: Effect::FailsToBuild,
        root: root.path().to_owned(),
        symbol: format!("{}.{symbol}", root.path()),
        claim,
    };
    let mut finding = cx.at(package, file, selector.pos, saying);
    for (source, at, _) in declaring.iter().take(5) {
        let line = source.facts.position(at.pos).0;
        finding.notes.push(cx.declared_in(root, source, line));
    }
    Some(finding)
}

/// Files that are left out and declare a field or method, where they do, and its symbol within the package.
type Declaring = Vec<(Arc<Source>, Span, String)>;

fn declaring(cx: &Context<'_, '_>, package: &Package<'_>, name: &str) -> Declaring {
    let ignored = left_out::ignored_files(cx, package).into_iter();
    let declaring = ignored.filter_map(|file| {
        let (at, symbol) = declaration(&file.facts, name)?;
        Some((file, at, symbol))
    });
    declaring.collect()
}

/// The package among the imports, outside of the standard library, that declares a field or method in files that are
/// left out.
fn hollow<'g, 'a>(
    cx: &Context<'g, 'a>,
    package: &Package<'a>,
    name: &str,
) -> Option<(&'g Package<'a>, Declaring)> {
    let imports = package.listed.imports.iter();
    let imports = imports.filter_map(|path| cx.graph.get(path));
    let mut others = imports.filter(|import| !import.listed.standard);
    others.find_map(|import| {
        let declaring = declaring(cx, import, name);
        (!declaring.is_empty()).then_some((import, declaring))
    })
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

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn a_method_in_a_file_that_is_left_out() {
        check(
            r"
-- a.go --
package p

type screen struct{ width int }

func ring(s *screen) { s.bell() }
//                       ^^^^ missing-member
-- a_linux.go --
package p

func (s *screen) bell() {}
",
        );
    }

    #[test]
    fn an_interface_that_is_no_longer_satisfied() {
        check(
            r#"
-- a.go --
package p

import "example.com/m/dev"

type screen interface {
	Clear()
	Bell()
}

var _ screen = (*dev.Screen)(nil)
//               ^^^^^^ missing-member: Bell
-- dev/dev.go --
package dev

type Screen struct{}

func (s *Screen) Clear() {}
-- dev/bell_linux.go --
package dev

func (s *Screen) Bell() {}
"#,
        );
    }

    #[test]
    fn a_field_of_a_struct_that_differs() {
        check(
            r#"
import "syscall"

func blocks(st *syscall.Stat_t) int64 { return int64(st.Blocks) }
//                                                      ^^^^^^ missing-member on wasip1
"#,
        );
    }

    #[test]
    fn fields_by_embedding_and_aliases_are_there() {
        check(
            r#"
import (
	"os"
	"syscall"
)

type stat = syscall.Stat_t

type info struct {
	*stat
	os.FileInfo
}

func size(i info) int64 { return int64(i.stat.Size) + i.FileInfo.Size() }

func mode(i info) uint32 { return uint32(i.stat.Mode) }
"#,
        );
    }

    #[test]
    fn a_method_of_a_twin_file_is_there() {
        check(
            r"
-- a.go --
package p

type screen[T any] struct{ last T }

func ring(s *screen[int]) int { s.bell(); return s.last }
-- a_linux.go --
package p

func (s *screen[T]) bell() {}
-- a_other.go --
//go:build !linux

package p

func (s *screen[U]) bell() {}
",
        );
    }

    #[test]
    fn nothing_is_concluded_from_values_of_unknown_types() {
        check(
            r#"
-- a.go --
package p

import "example.com/m/broken"

func bell() { broken.Screen().Bell() }
-- broken/broken.go --
package broken

func f( {
//      ^ syntax
}
"#,
        );
    }
}
