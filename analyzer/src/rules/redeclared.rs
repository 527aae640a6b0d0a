//! `redeclared`: names, and methods of a type, that two selected files declare.

use hashbrown::HashMap;
use model::{Effect, Finding, Note, NoteKind, Rule};

use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{DeclKind, Span};
use crate::go::graph::Package;
use crate::go::source::Source;

/// Names, and methods of a type, that two selected files declare.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, findings: &mut Vec<Finding>) {
    // What one file declares twice is redeclared on every target.
    if package.files().len() < 2 {
        return;
    }
    let mut seen: HashMap<(&str, &str), (&Source, Span)> = HashMap::new();
    for file in package.files() {
        let facts = &file.facts;
        for decl in &facts.decls {
            let name = facts.text(decl.name);
            if name == "_" || name.is_empty() || (decl.kind == DeclKind::Func && name == "init") {
                continue;
            }
            let recv = decl.recv.map_or("", |r| facts.text(r));
            if decl.kind == DeclKind::Method && recv.is_empty() {
                continue;
            }
            match seen.get(&(recv, name)) {
                None => {
                    seen.insert((recv, name), (file, decl.name));
                }
                Some((other, first)) if !std::ptr::eq(*other, &raw const **file) => {
                    let symbol = if recv.is_empty() {
                        format!("{}.{name}", package.path())
                    } else {
                        format!("{}.{recv}.{name}", package.path())
                    };
                    let saying = Saying {
                        rule: Rule::Redeclared,
                        effect: Effect::FailsToBuild,
                        root: package.path().to_owned(),
                        symbol,
                        claim: Claim::of(
                            name,
                            format!("is declared twice in the files that are compiled on {HERE}"),
                        ),
                    };
                    let mut finding = cx.at(package, file, decl.name.pos, saying);
                    let place = cx.places().name_in(package.listed, &other.name);
                    let line = other.facts.position(first.pos).0;
                    let text = format!("the other declaration is at {place}:{line}");
                    let note = Note::new(NoteKind::Other, text);
                    finding.notes.push(note.at(place, line, 0));
                    findings.push(finding);
                }
                Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn a_method_in_two_files() {
        check(
            r"
-- a.go --
package p

type screen struct{}

func (s screen) clear() {}
-- a_unix.go --
package p

func (s *screen) clear() {}
//               ^^^^^ redeclared: a.go:5
",
        );
    }

    #[test]
    fn one_target_has_both() {
        check(
            r#"
-- a_js.go --
package p

const name = "js"
-- a_wasm.go --
package p

const name = "wasm"
//    ^^^^ redeclared on js-node,js-browser
"#,
        );
    }

    #[test]
    fn constraints_that_exclude_each_other() {
        check(
            r#"
-- a.go --
//go:build !js

package p

const name = "other"
-- b.go --
//go:build js && wasm

package p

const name = "js"
"#,
        );
    }

    #[test]
    fn names_that_may_be_declared_many_times() {
        check(
            r#"
-- a.go --
package p

type a struct{ name string }

type _ int

func init() {}

func (a) String() string { return "" }

func _() {}
-- b.go --
package p

type b struct{ name string }

type _ int

func init() {}

func (b) String() string { return "" }

func _() {}
-- b_test.go --
package p

type b struct{}
"#,
        );
    }
}
