//! `excluded-package`: build constraints exclude all Go files of a package.

use model::{Effect, Finding, Rule};

use super::syscall_js;
use crate::context::{Claim, Context, HERE, Saying};

/// The subject and text of a finding about an imported package.
pub(super) fn claim(path: &str) -> Claim {
    Claim::plain(format!(
        "build constraints exclude all Go files of `{path}` on {HERE}"
    ))
}

/// The same of one that nothing imports.
pub(super) fn claim_of_unimported() -> Claim {
    Claim::plain(format!(
        "build constraints exclude all Go files on {HERE}; no package imports it there"
    ))
}

/// A package of the standard library that the target does not have: the importer is to blame.
pub(super) fn lacking_std(cx: &Context<'_, '_>, importer: &str, path: &str) -> Option<Finding> {
    let importer = cx.graph.get(importer)?;
    let (file, import) = importer.import_of(path)?;
    let rule = if path == syscall_js::PACKAGE {
        Rule::SyscallJs
    } else {
        Rule::ExcludedPackage
    };
    let saying = Saying {
        rule,
        effect: Effect::FailsToBuild,
        root: importer.path().to_owned(),
        symbol: path.to_owned(),
        claim: Claim::plain(format!(
            "the standard library has no package `{path}` on {HERE}"
        )),
    };
    Some(cx.at(importer, file, import.pos, saying))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn every_importer_fails_through_the_nearest_import() {
        check(
            r#"
-- a/a.go --
package a

import _ "example.com/term"
//       ^ excluded-package: example.com/term
-- b/b.go --
package b

import _ "example.com/m/a"
-- example.com/term@v1.0.0/term_windows.go --
package term
"#,
        );
    }

    #[test]
    fn the_standard_library_is_not_to_blame_for_a_lost_package() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/m/js"
//       ^ excluded-package on wasip1
-- js/a_js.go --
package js
"#,
        );
    }

    #[test]
    fn what_nothing_imports_is_noted() {
        check(
            r"
-- a.go --
package a
-- linux/x.go --
//go:build linux

package linux
//* excluded-package note: no package imports it there
",
        );
    }

    #[test]
    fn an_import_behind_the_same_constraint_is_fine() {
        check(
            r#"
-- a.go --
package a
-- a_linux.go --
package a

import _ "example.com/term"
-- example.com/term@v1.0.0/term_linux.go --
package term
"#,
        );
    }

    #[test]
    fn a_name_that_ends_in_unix_excludes_nothing() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/m/dir"
-- dir/dir_unix.go --
package dir
"#,
        );
    }

    #[test]
    fn a_build_tag_brings_a_file_back() {
        let tagged = r#"
-- a.go --
package a

import _ "example.com/term"
-- example.com/term@v1.0.0/term.go --
//go:build linux || portable

package term
"#;
        check(&format!("tags: portable\n{tagged}"));
        check(&tagged.replace("term\"\n", "term\"\n//       ^ excluded-package\n"));
    }
}
