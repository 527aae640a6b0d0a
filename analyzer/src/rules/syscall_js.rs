//! `syscall-js`: `syscall/js` imported where it does not exist. [`super::excluded_package`] finds it, as
//! it does any package of the standard library that the target lacks.

/// The package.
pub(super) const PACKAGE: &str = "syscall/js";

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn a_dependency_is_to_blame() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/dom"
-- example.com/dom@v1.0.0/dom.go --
package dom

import "syscall/js"
//     ^ syscall-js on wasip1

var Document = js.Global()
"#,
        );
    }

    #[test]
    fn the_constraint_wasm_is_not_enough() {
        check(
            r#"
-- a.go --
//go:build wasm

package a

import "syscall/js"
//     ^ syscall-js on wasip1

var document = js.Global()
"#,
        );
    }

    #[test]
    fn a_constraint_on_js_is_enough() {
        check(
            r#"
-- a.go --
//go:build js && wasm

package a

import . "syscall/js"

var document Value = Global()
-- b.go --
package a
"#,
        );
    }

    #[test]
    fn another_package_of_that_name_is_fine() {
        check(
            r#"
-- a.go --
package a

import "example.com/m/syscall/js"

var document = js.Global()
-- syscall/js/js.go --
package js

func Global() any { return nil }
"#,
        );
    }
}
