//! `syntax`: files that do not parse.

use model::{Effect, Rule};

use super::RuleOutput;
use crate::context::{Claim, Context, Saying};
use crate::go::graph::Package;

/// Files that do not parse. What could be read of them is judged all the same.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, said: &mut RuleOutput) {
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
    use crate::testing::check;

    #[test]
    fn other_files_are_judged_all_the_same() {
        check(
            r"
-- a.go --
package p

func a() {
	x :=
}
//< syntax
-- b.go --
package p

var b = gone
//      ^ undefined-name
",
        );
    }

    #[test]
    fn a_file_without_a_package_clause() {
        check("-- a.go --\npakage p\n//< syntax: package\n");
    }

    #[test]
    fn no_name_is_undefined_in_a_file_that_does_not_parse() {
        check("func f() { gone(; }\n//              ^ syntax\n");
    }

    #[test]
    fn a_broken_file_that_wasm_leaves_out_is_fine() {
        check(
            r"
-- a.go --
package p
-- a_windows.go --
package p

func f( {
",
        );
    }

    #[test]
    fn the_newest_syntax_parses() {
        check(
            r"
type list[T any] = []T

type set[K comparable, V ~int | ~string] map[K]V

func each(yield func(int) bool) {}

func sum() (n int) {
	for i := range 3 {
		n += i
	}
	for i := range each {
		n += i
	}
	return min(n, 0b1_0, 0x1p3)
}

var _, _, _ = sum, list[int]{}, set[string, int]{}
",
        );
    }
}
