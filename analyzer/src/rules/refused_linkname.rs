//! `refused-linkname`: programs that Go's linker refuses, since a package of theirs links to a
//! function or variable of the standard library that is not meant for it.
//!
//! Since Go 1.23 the declaration there must have a `//go:linkname` of its own
//! (`cmd/link/internal/loader/loader.go`, `checkLinkname`; what assembly defines is let through).
//! The package itself compiles: the programs that import it do not link.

use model::{Effect, Finding, Note, NoteKind, Rule};

use crate::context::{Claim, Context, Saying};
use crate::go::facts::{DeclFact, DeclKind, FileFacts, Span};
use crate::go::graph::Package;
use crate::go::source::Source;
use crate::std::behaviours::split_symbol;

/// The first N of Go 1.N whose linker looks.
const FIRST: u32 = 23;

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    if cx.settings.release < FIRST {
        return;
    }
    for package in cx.judged().filter(|p| p.is_whole()) {
        for file in package.files() {
            for link in &file.facts.links {
                if is_pull(&file.facts, link.0) && is_refused(cx, file.facts.text(link.1)) {
                    programs(cx, package, file, *link, findings);
                }
            }
        }
    }
}

/// Whether a local name stands for what is elsewhere: a function without a body, or a variable.
fn is_pull(facts: &FileFacts, local: Span) -> bool {
    let here = |d: &&DeclFact| facts.text(d.name) == facts.text(local);
    let decl = facts.decls.iter().find(here);
    decl.is_some_and(|d| d.bodyless || d.kind == DeclKind::Var)
}

/// Whether a symbol is declared in the standard library, with a body, and not for others.
fn is_refused(cx: &Context<'_, '_>, symbol: &str) -> bool {
    let library = split_symbol(symbol).and_then(|(path, name)| {
        let library = cx.graph.get(path)?;
        (library.listed.standard && library.is_whole()).then_some((library, name))
    });
    let Some((library, name)) = library else {
        return false;
    };
    let Some((_, decl)) = library.names().get(name).copied() else {
        return false;
    };
    let pushed = library.files().iter().any(|file| {
        let facts = &file.facts;
        let mut linked = facts.supplied.iter();
        linked.any(|local| facts.text(*local) == name)
    });
    !decl.bodyless && !pushed
}

/// The module's own programs with a package.
fn programs<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    (local, symbol): (Span, Span),
    findings: &mut Vec<Finding>,
) {
    let symbol = file.facts.text(symbol);
    let place = cx.places().name_in(package.listed, &file.name);
    let line = file.facts.position(local.pos).0;
    for (_, chain) in cx.graph.chains_to(package.path()) {
        let main = chain.first().and_then(|path| cx.graph.get(path));
        // Plugins have no `main`, and are not linked for wasm.
        let is_program =
            |p: &&Package<'_>| p.listed.name == "main" && p.names().contains_key("main");
        let Some(main) = main.filter(is_program) else {
            continue;
        };
        let saying = Saying {
            rule: Rule::RefusedLinkname,
            effect: Effect::FailsToBuild,
            root: package.path().to_owned(),
            symbol: symbol.to_owned(),
            claim: Claim::plain(format!(
                "the program does not link: `{}` refers by `//go:linkname` to `{symbol}`, which Go 1.{FIRST} and later allow only in the standard library",
                package.path()
            )),
        };
        let import = chain.get(1).and_then(|next| main.import_of(next));
        let mut finding = match import {
            Some((file, import)) => cx.at(main, file, import.pos, saying),
            None => cx.at(main, file, local.pos, saying),
        };
        let text = format!("the `//go:linkname` is at {place}:{line}");
        let note = Note::new(NoteKind::Other, text);
        finding.notes.push(note.at(place.as_str(), line, 0));
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    /// A library that links to the runtime.
    const LIB: &str = r#"
-- example.com/dep@v1.0.0/dep.go --
package dep

import _ "unsafe"

//go:linkname gcenable runtime.gcenable
func gcenable()
-- example.com/dep@v1.0.0/empty.s --
"#;

    #[test]
    fn each_program_is_told_at_its_own_import() {
        check(&format!(
            r#"
-- cmd/one/main.go --
package main

import _ "example.com/dep"
//       ^ refused-linkname: runtime.gcenable

func main() {{}}
-- cmd/two/main.go --
package main

import _ "example.com/m/lib"
//       ^ refused-linkname

func main() {{}}
-- lib/lib.go --
package lib

import _ "example.com/dep"
{LIB}"#
        ));
    }

    #[test]
    fn a_program_that_links_itself() {
        check(
            r#"
-- main.go --
package main

import _ "unsafe"

//go:linkname gcenable runtime.gcenable
//            ^ refused-linkname
func gcenable()

func main() { gcenable() }
-- empty.s --
"#,
        );
    }

    #[test]
    fn a_library_links_nothing() {
        check(&format!(
            "-- a.go --\npackage a\n\nimport _ \"example.com/dep\"\n{LIB}"
        ));
    }

    #[test]
    fn older_linkers_do_not_look() {
        check(&format!(
            "go: 22\n-- a.go --\npackage main\n\nimport _ \"example.com/dep\"\n\nfunc main() {{}}\n{LIB}"
        ));
    }
}
