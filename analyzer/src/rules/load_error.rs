//! `load-error`: an error of loading that has no rule of its own.

use camino::{Utf8Path, Utf8PathBuf};
use model::{Effect, Finding, ListError, Rule};

use crate::context::{Claim, Context, Saying, withhold};
use crate::go::graph::Package;
use crate::system::Quotable;

/// An error of loading that has no rule of its own.
pub(crate) fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    error: &ListError,
) -> Finding {
    let text = error.err.trim();
    let cycle = text.contains("import cycle");
    let syntax = text.contains("expected ")
        || text.contains("invalid character")
        || text.contains("illegal ");
    let message = if cycle && !error.import_stack.is_empty() {
        format!("import cycle: {}", error.import_stack.join(" → "))
    } else {
        super::load::first_line(text).to_owned()
    };
    let saying = Saying {
        rule: if syntax {
            Rule::Syntax
        } else {
            Rule::LoadError
        },
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: package.path().to_owned(),
        claim: Claim::plain(message),
    };
    let mut finding = cx.without_place(package, saying);
    let file = place(package, &error.pos, &mut finding);
    if is_withheld(cx, package, file.as_deref()) {
        withhold(&mut finding);
    }
    if let Some(file) = file {
        let name = file.file_name().unwrap_or_default();
        finding.file = cx.places().name_in(package.listed, name);
        cx.quote(&mut finding, &file);
    }
    finding
}

/// Whether the error may quote a file that nothing may be quoted from: its own, or any where it has none.
fn is_withheld(cx: &Context<'_, '_>, package: &Package<'_>, file: Option<&Utf8Path>) -> bool {
    let is_nothing = |path: &Utf8Path| cx.sources.quotable(path) == Some(Quotable::Nothing);
    let listed = package.listed;
    let mut all = listed.go_files.iter().chain(&listed.ignored_go_files);
    match file {
        Some(file) => is_nothing(file),
        None => all.any(|name| is_nothing(&package.file_path(name))),
    }
}

/// Line and column of `file:line:column`, which is relative to the module, and the file.
fn place(package: &Package<'_>, pos: &str, finding: &mut Finding) -> Option<Utf8PathBuf> {
    let (file, line, column) = split_position(pos)?;
    (finding.line, finding.column) = (line, column);
    let name = Utf8Path::new(file).file_name().unwrap_or(file);
    Some(package.file_path(name))
}

fn split_position(pos: &str) -> Option<(&str, u32, u32)> {
    let mut parts = pos.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn an_import_cycle() {
        check(
            r#"
-- a/a.go --
package a
//* load-error: import cycle

import _ "example.com/m/b"
-- b/b.go --
package b

import _ "example.com/m/a"
"#,
        );
    }

    #[test]
    fn two_packages_in_one_directory() {
        check(
            r"
-- two/a.go --
package one
//* load-error: found packages one (a.go) and two (b.go)
-- two/b.go --
package two
",
        );
    }

    #[test]
    fn an_internal_package_of_another_module() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/dep/internal/x"
//       ^ load-error: use of internal package
-- example.com/dep@v1.0.0/internal/x/x.go --
package x
"#,
        );
    }

    #[test]
    fn a_second_package_for_another_platform_is_fine() {
        check(
            r"
-- two/a.go --
package one
-- two/b_windows.go --
package two
-- two/a_test.go --
package one_test
",
        );
    }

    #[test]
    fn an_internal_package_of_the_module_itself_is_fine() {
        check(
            r#"
-- a/a.go --
package a

import _ "example.com/m/internal/x"
-- internal/x/x.go --
package x
"#,
        );
    }
}
