//! `missing-package`: a package that the Go command cannot find.

use model::{Effect, Finding, ListError, Rule};

use super::load;
use crate::context::{Claim, Context, Saying};
use crate::go::graph::Package;

/// One finding at each import of a package that does not exist.
pub(super) fn check<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    error: &ListError,
    findings: &mut Vec<Finding>,
) {
    let path = package.path();
    let saying = || Saying {
        rule: Rule::MissingPackage,
        effect: Effect::FailsToBuild,
        root: path.to_owned(),
        symbol: path.to_owned(),
        claim: Claim::plain(format!(
            "package `{path}` cannot be loaded: {}",
            load::first_line(&error.err)
        )),
    };
    let before = findings.len();
    for importer in cx
        .graph
        .importers(path)
        .iter()
        .filter_map(|i| cx.graph.get(i))
    {
        if let Some((file, import)) = importer.import_of(path) {
            findings.push(cx.at(importer, file, import.pos, saying()));
        }
    }
    if findings.len() == before {
        findings.push(cx.without_place(package, saying()));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn each_import_of_a_package_that_is_nowhere_is_told() {
        check(
            r#"
-- a/a.go --
package a

import _ "example.com/gone"
//       ^ missing-package: example.com/gone
-- b/b.go --
package b

import (
	_ "example.com/gone"
	//^ missing-package
)
"#,
        );
    }

    #[test]
    fn a_module_without_the_package() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/there/gone"
//       ^ missing-package: does not contain
-- example.com/there@v1.0.0/there.go --
package there
"#,
        );
    }

    #[test]
    fn a_path_without_a_dot_is_one_of_the_standard_library() {
        check("import _ \"fmt/pizza\"\n//       ^ missing-package: is not in std\n");
    }

    #[test]
    fn what_only_other_platforms_import_is_not_missed() {
        check(
            r#"
-- a.go --
package a
-- a_windows.go --
package a

import _ "example.com/gone"
"#,
        );
    }

    #[test]
    fn vendored_packages_are_found() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/there/sub"
-- vendor/modules.txt --
# example.com/there v1.0.0
## explicit
example.com/there/sub
-- vendor/example.com/there/sub/sub.go --
package sub
"#,
        );
    }
}
