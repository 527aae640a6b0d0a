//! `missing-body`: functions without a body that nothing supplies on the target.

use std::cell::LazyCell;

use hashbrown::HashSet;
use model::{Effect, Finding, Note, NoteKind, Rule};

use super::missing_main;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{DeclFact, FileFacts, Span};
use crate::go::graph::Package;
use crate::std::behaviours::split_symbol;

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    // Wanted of few modules: all of the standard library is read for them.
    let linked = LazyCell::new(|| linked(cx));
    let pushed = LazyCell::new(|| pushed(cx));
    for package in cx.judged() {
        missing_bodies(cx, package, &|symbol| linked.contains(symbol), findings);
        undefined_links(cx, package, &|symbol| pushed.contains(symbol), findings);
        findings.extend(missing_main::check(cx, package));
    }
}

/// Functions without a body.
///
/// The compiler refuses them only when no other file can supply the body: `-complete` is passed
/// when a package has no assembly, C or object file (`cmd/go/internal/work/gc.go`). Otherwise the
/// linker lets a call to nothing through, without a word.
fn missing_bodies<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    is_linked: &dyn Fn(&str) -> bool,
    findings: &mut Vec<Finding>,
) {
    let listed = package.listed;
    let others = [
        &listed.syso_files,
        &listed.c_files,
        &listed.cxx_files,
        &listed.m_files,
        &listed.f_files,
        &listed.swig_files,
        &listed.swig_cxx_files,
    ];
    if others.iter().any(|files| !files.is_empty()) {
        return;
    }
    let complete = listed.s_files.is_empty();
    let assembly = assembled(cx, package);
    for file in package.files() {
        let facts = &file.facts;
        let supplied: HashSet<&str> = facts.supplied.iter().map(|s| facts.text(*s)).collect();
        for decl in facts.decls.iter().filter(|d| d.bodyless) {
            let name = facts.text(decl.name);
            let symbol = format!("{}.{name}", package.path());
            if supplied.contains(name) || assembly.contains(name) || is_linked(&symbol) {
                continue;
            }
            let effect = if complete {
                Effect::FailsToBuild
            } else {
                Effect::LinksBroken
            };
            let what = if complete {
                "has no body: its assembly is for other architectures".to_owned()
            } else {
                format!(
                    "has no body on {HERE}: the linker lets the call through, and the call traps or runs another function"
                )
            };
            let saying = Saying {
                rule: Rule::MissingBody,
                effect,
                root: package.path().to_owned(),
                symbol,
                claim: Claim::of(name, what),
            };
            let mut finding = cx.at(package, file, decl.name.pos, saying);
            let ignored = listed
                .ignored_other_files
                .iter()
                .filter(|f| camino::Utf8Path::new(f).extension() == Some("s"));
            finding.notes.extend(ignored.map(|f| {
                let name = cx.places().name_in(listed, f);
                let text = format!("{name}: this assembly file is excluded");
                Note::new(NoteKind::LeftOut, text).at(name, 0, 0)
            }));
            findings.push(finding);
        }
    }
}

/// Symbols that a `//go:linkname` somewhere names.
fn linked<'g>(cx: &'g Context<'_, '_>) -> HashSet<&'g str> {
    let files = cx.graph.packages.values().flat_map(Package::files);
    files
        .flat_map(|f| f.facts.links.iter().map(|(_, s)| f.facts.text(*s)))
        .collect()
}

/// Symbols that `//go:linkname` gives a body: the local function has one.
fn pushed<'g>(cx: &'g Context<'_, '_>) -> HashSet<&'g str> {
    let files = cx.graph.packages.values().flat_map(Package::files);
    let links = files.flat_map(|f| f.facts.links.iter().map(move |link| (&f.facts, link)));
    let has_body = |facts: &FileFacts, local: Span| {
        let mut decls = facts.decls.iter();
        decls.any(|d| !d.bodyless && facts.text(d.name) == facts.text(local))
    };
    let pushed = links.filter(|(facts, (local, _))| has_body(facts, *local));
    pushed
        .map(|(facts, (_, symbol))| facts.text(*symbol))
        .collect()
}

/// Functions without a body that `//go:linkname` links to what no package of this build declares:
/// `runtime.mmap` is there on other platforms. The linker does not complain
/// (`cmd/link/internal/wasm/asm.go` does not check that a symbol is defined).
fn undefined_links<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    is_pushed: &dyn Fn(&str) -> bool,
    findings: &mut Vec<Finding>,
) {
    for file in package.files() {
        let facts = &file.facts;
        for (local, symbol) in &facts.links {
            let (name, symbol) = (facts.text(*local), facts.text(*symbol));
            let bodyless = |d: &&DeclFact| d.bodyless && facts.text(d.name) == name;
            let Some(decl) = facts.decls.iter().find(bodyless) else {
                continue;
            };
            if is_defined(cx, symbol) || is_pushed(symbol) {
                continue;
            }
            let saying = Saying {
                rule: Rule::MissingBody,
                effect: Effect::LinksBroken,
                root: package.path().to_owned(),
                symbol: format!("{}.{name}", package.path()),
                claim: Claim::of(
                    name,
                    format!(
                        "is linked to `{symbol}`, which is not declared on {HERE}: the linker lets the call through, and the call traps or runs another function"
                    ),
                ),
            };
            findings.push(cx.at(package, file, decl.name.pos, saying));
        }
    }
}

/// Whether a package declares a symbol; of methods, of what assembly has, and of packages that
/// are not part of the build it is believed.
fn is_defined(cx: &Context<'_, '_>, symbol: &str) -> bool {
    let Some((path, name)) = split_symbol(symbol) else {
        return true;
    };
    let Some(package) = cx.graph.get(path).filter(|p| p.is_whole()) else {
        return true;
    };
    let declared = package.names().get(name).map(|(file, decl)| {
        let facts = &file.facts;
        let mut supplied = facts.supplied.iter();
        !decl.bodyless || supplied.any(|local| facts.text(*local) == name)
    });
    match declared {
        Some(true) => true,
        _ if name.contains(['.', '(']) => true,
        // Assembly of one package may define symbols of another, as internal/bytealg does.
        _ => {
            let mut packages = cx.graph.packages.values();
            packages.any(|p| assembled(cx, p).contains(name))
        }
    }
}

/// The functions that the selected assembly of a package defines: `TEXT ·name(SB)`.
fn assembled(cx: &Context<'_, '_>, package: &Package<'_>) -> HashSet<String> {
    let mut names = HashSet::new();
    for file in &package.listed.s_files {
        let source = cx.sources.get(&package.file_path(file));
        for line in source.facts.src.lines() {
            let Some(rest) = line.trim_start().strip_prefix("TEXT") else {
                continue;
            };
            let symbol = rest
                .trim_start()
                .split(['(', '<', ','])
                .next()
                .unwrap_or_default();
            let name = symbol.rsplit('·').next().unwrap_or_default();
            names.insert(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn a_method_like_function_of_a_dependency() {
        check(
            r#"
-- a.go --
package a

import "example.com/fast"

var a = fast.Sum(nil)
-- example.com/fast@v1.0.0/sum.go --
package fast

//go:noescape
func Sum(x []float64) float64
//   ^^^ missing-body fails-to-build: sum_arm64.s
-- example.com/fast@v1.0.0/sum_arm64.s --
TEXT ·Sum(SB), 4, $0-32
	RET
"#,
        );
    }

    #[test]
    fn a_link_to_what_only_other_platforms_declare() {
        check(
            r#"
-- a.go --
package a

import _ "unsafe"

//go:linkname mmap runtime.mmap
func mmap() uintptr
//   ^^^^ missing-body links-broken: runtime.mmap

var a = mmap
-- empty.s --
"#,
        );
    }

    #[test]
    fn assembly_that_lacks_one_of_the_functions() {
        check(
            r"
-- a.go --
package a

func one() int

func two() int
//   ^^^ missing-body links-broken

var a = one() + two()
-- a_wasm.s --
TEXT ·one(SB), 4, $0-8
	RET
",
        );
    }

    #[test]
    fn the_host_or_another_package_supplies_the_body() {
        check(
            r#"
-- a.go --
package a

import _ "unsafe"

//go:wasmimport env answer
func answer() int32

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func pushed() int

var a = answer() + int32(nanotime()) + int32(pushed())
-- empty.s --
-- push/push.go --
package push

import _ "unsafe"

//go:linkname body example.com/m.pushed
func body() int { return 1 }
"#,
        );
    }

    #[test]
    fn a_tag_selects_the_body_in_go() {
        check(
            r"
tags: purego

-- sum_asm.go --
//go:build !purego

package sum

func Sum(x []float64) float64
-- sum_go.go --
//go:build purego

package sum

func Sum(x []float64) float64 { return 0 }
-- sum_amd64.s --
//go:build !purego

TEXT ·Sum(SB), 4, $0-32
	RET
",
        );
    }
}
