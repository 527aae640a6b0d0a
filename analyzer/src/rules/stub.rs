//! `stub`: packages that build on wasm as a stub whose every call fails.

use model::{Effect, Finding, Rule};

use crate::context::{Claim, Context, Saying};

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for signature in cx.settings.stubs {
        for package in cx.judged().filter(|p| signature.covers(p.path())) {
            let found = package
                .files()
                .iter()
                .find_map(|f| Some((f, f.facts.src.find(&signature.text)?)));
            let Some((file, offset)) = found else {
                continue;
            };
            let saying = Saying {
                rule: Rule::Stub,
                effect: Effect::FailsAtRunTime,
                root: package.path().to_owned(),
                symbol: package.path().to_owned(),
                claim: Claim::plain(signature.message.as_str()),
            };
            findings.push(cx.at(package, file, u32::try_from(offset).unwrap_or(0), saying));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn the_stub_of_a_dependency_is_found_in_any_of_its_files() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/db"
-- example.com/db@v1.0.0/db.go --
package db

import _ "github.com/mattn/go-sqlite3"
-- github.com/mattn/go-sqlite3@v1.14.24/doc.go --
package sqlite3
-- github.com/mattn/go-sqlite3@v1.14.24/sqlite3.go --
package sqlite3

import "C"
-- github.com/mattn/go-sqlite3@v1.14.24/static_mock.go --
//go:build !cgo

package sqlite3

const message = "go-sqlite3 requires cgo to work. This is a stub"
//               ^ stub
"#,
        );
    }

    #[test]
    fn a_vendored_stub() {
        check(
            r#"
-- a.go --
package a

import _ "github.com/mattn/go-sqlite3"
-- vendor/modules.txt --
# github.com/mattn/go-sqlite3 v1.14.24
## explicit
github.com/mattn/go-sqlite3
-- vendor/github.com/mattn/go-sqlite3/static_mock.go --
package sqlite3

const message = "go-sqlite3 requires cgo to work. This is a stub"
//               ^ stub
"#,
        );
    }

    #[test]
    fn the_same_words_in_another_package_are_no_stub() {
        check(
            r#"
-- a.go --
package a

const Message = "go-sqlite3 requires cgo to work. This is a stub"
"#,
        );
    }

    #[test]
    fn a_version_that_works_is_no_stub() {
        check(
            r#"
-- a.go --
package a

import _ "github.com/mattn/go-sqlite3"
-- github.com/mattn/go-sqlite3@v2.0.0/sqlite3.go --
package sqlite3

func Open(name string) error { return nil }
-- github.com/mattn/go-sqlite3@v2.0.0/static_mock.go --
//go:build !wasm

package sqlite3

const message = "go-sqlite3 requires cgo to work. This is a stub"
"#,
        );
    }
}
