//! `missing-main`: a main package whose `func main` is in files that are not selected.

use model::{Effect, Finding, Note, NoteKind, Rule};

use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{DeclKind, FileFacts};
use crate::go::graph::Package;

/// The compiler is content with a main package without `main`; the linker is not.
///
/// A main package that has no `main` on any platform is a plugin or unfinished, and none of the
/// target's doing.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>) -> Option<Finding> {
    let declares = |f: &FileFacts| {
        f.decls
            .iter()
            .any(|d| d.kind == DeclKind::Func && f.text(d.name) == "main")
    };
    let whole = package
        .files()
        .iter()
        .all(|f| f.facts.errors.is_empty() && f.unreadable.is_none());
    if package.listed.name != "main" || !whole || package.files().iter().any(|f| declares(&f.facts))
    {
        return None;
    }
    let ignored = super::left_out::ignored_files(cx, package);
    let lost: Vec<_> = ignored
        .iter()
        .filter(|f| declares(&f.facts) && f.facts.text(f.facts.package) == "main")
        .collect();
    let file = package.files().first().filter(|_| !lost.is_empty())?;
    let saying = Saying {
        rule: Rule::MissingMain,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.main", package.path()),
        claim: Claim::plain(format!(
            "no file that is compiled on {HERE} declares `func main`"
        )),
    };
    let mut finding = cx.at(package, file, file.facts.package.pos, saying);
    for ignored in lost {
        let place = cx.places().name_in(package.listed, &ignored.name);
        let text = format!("{place} declares it, but is {}", cx.why_ignored(ignored));
        let note = Note::new(NoteKind::DeclaredElsewhere, text);
        finding.notes.push(note.at(place, 0, 0));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn one_target_lacks_it() {
        check(
            r#"
-- cmd/app/app.go --
package main
//      ^^^^ missing-main on wasip1: main_js.go

const name = "app"
-- cmd/app/main_js.go --
package main

func main() { println(name) }
"#,
        );
    }

    #[test]
    fn a_build_tag_hides_it() {
        let app = r#"
-- app.go --
package main

const name = "app"
-- main.go --
//go:build full || native

package main

func main() { println(name) }
"#;
        check(&app.replacen(
            "package main\n",
            "package main\n//      ^^^^ missing-main\n",
            1,
        ));
        check(&format!("tags: full\n{app}"));
    }

    #[test]
    fn a_method_or_a_variable_is_no_main() {
        check(
            r"
-- app.go --
package main
//      ^^^^ missing-main

type app struct{}

func (app) main() {}
-- main_linux.go --
package main

func main() { app{}.main() }
",
        );
    }

    #[test]
    fn a_package_without_main_on_any_platform_is_not_finished() {
        check("-- app.go --\npackage main\n\nfunc run() {}\n");
    }

    #[test]
    fn twin_files_both_have_it() {
        check(
            r#"
-- app.go --
package main

const name = "app"
-- main_linux.go --
package main

func main() { println(name) }
-- main_other.go --
//go:build !linux

package main

func main() { println("not here") }
"#,
        );
    }
}
