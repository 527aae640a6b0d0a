//! `undefined-name`: a name that no selected file of the package declares.

use model::{Effect, Finding, Rule};

use super::names;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::Use;
use crate::go::graph::Package;
use crate::go::source::Source;

/// A name that the package itself does not declare.
pub(super) fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
) -> Finding {
    let name = file.facts.text(used.base);
    let elsewhere = names::declared_elsewhere(cx, package, name);
    let saying = Saying {
        rule: Rule::UndefinedName,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.{name}", package.path()),
        claim: Claim::of(
            name,
            if elsewhere.is_empty() {
                "is not declared in any file of the package".to_owned()
            } else {
                format!("is declared only in files that build constraints exclude on {HERE}")
            },
        ),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    finding.notes.extend(elsewhere);
    finding
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn one_target_was_forgotten() {
        check(
            r#"
-- a.go --
package p

var Name = name
//         ^^^^ undefined-name on wasip1: a_js.go
-- a_js.go --
package p

const name = "js"
"#,
        );
    }

    #[test]
    fn a_guard_does_not_help() {
        check(
            r#"
-- a.go --
package p

import "runtime"

func Lock() {
	if runtime.GOOS == "linux" {
		lock()
//^^^^ undefined-name
	}
}
-- a_linux.go --
package p

func lock() {}
"#,
        );
    }

    #[test]
    fn names_in_types_and_generic_bodies() {
        check(
            r"
-- a.go --
package p

type list[T any] struct {
	all  []T
	next *handle
	//    ^^^^^^ undefined-name
}

func (l list[T]) first() T { return pick(l.all) }
//                                  ^^^^ undefined-name
-- a_linux.go --
package p

type handle int

func pick[T any](all []T) T { return all[0] }
",
        );
    }

    #[test]
    fn a_dependency_is_to_blame_for_its_own_names() {
        check(
            r#"
-- a.go --
package a

import "example.com/dep"

var A = dep.Name()
-- example.com/dep@v1.0.0/dep.go --
package dep

func Name() string { return name }
//                          ^^^^ undefined-name
-- example.com/dep@v1.0.0/dep_linux.go --
package dep

const name = "linux"
"#,
        );
    }

    #[test]
    fn twin_files_declare_it_for_all() {
        check(
            r#"
-- a.go --
package p

var Name = name()
-- a_js.go --
package p

func name() string { return "js" }
-- a_wasip1.go --
package p

func name() string { return "wasip1" }
-- a_native.go --
//go:build !wasm

package p

func name() string { return "native" }
"#,
        );
    }

    #[test]
    fn scopes_dot_imports_and_type_parameters_declare_names() {
        check(
            r#"
-- a.go --
package p

import . "strings"

type pair[K comparable, V any] struct {
	key   K
	value V
}

func f[T any](all ...T) (n int) {
	type local struct{ one T }
	const seven = 7
loop:
	for i := range all {
		switch v := any(all[i]).(type) {
		case string:
			if Contains(v, "x") {
				continue loop
			}
		}
		n += seven
	}
	func(g int) { _ = local{}; _ = iota + g }(1)
	return
}

const iota = 0

var _ = f[pair[string, int]]
"#,
        );
    }

    #[test]
    fn a_tag_selects_the_file_that_declares_it() {
        check(
            r#"
tags: purego

-- a.go --
package p

var Name = name
-- a_go.go --
//go:build purego || amd64

package p

const name = "go"
"#,
        );
    }
}
