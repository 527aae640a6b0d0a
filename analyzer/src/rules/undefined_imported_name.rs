//! `undefined-imported-name`: a name that the imported package does not declare on the target.

use model::{Effect, Finding, Note, NoteKind, Rule};

use super::names;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::Span;
use crate::go::graph::Package;
use crate::go::source::Source;
use crate::std::behaviours::missing_name;

/// `path.sel`, where the package is there and the name may not be.
pub(super) fn check<'c, 'a>(
    cx: &'c Context<'c, 'a>,
    package: &Package<'a>,
    file: &Source,
    path: &'c str,
    sel: Span,
    exports: &mut names::Exports<'c, 'a>,
    findings: &mut Vec<Finding>,
) {
    let name = file.facts.text(sel);
    if exports
        .of(path)
        .is_none_or(|names| names.contains_key(name))
    {
        return;
    }
    let Some(imported) = cx.graph.get(path) else {
        return;
    };
    let elsewhere = names::declared_elsewhere(cx, imported, name);
    // The standard library is not to blame for what a target lacks, nor is a package for a name
    // that it has nowhere.
    let hollow = !imported.listed.standard && !elsewhere.is_empty();
    let root = if hollow { path } else { package.path() };
    let saying = Saying {
        rule: Rule::UndefinedImportedName,
        effect: Effect::FailsToBuild,
        root: root.to_owned(),
        symbol: format!("{path}.{name}"),
        claim: Claim::of(
            path,
            if elsewhere.is_empty() {
                format!("does not declare `{name}` on any platform")
            } else {
                format!("does not declare `{name}` on {HERE}")
            },
        ),
    };
    let mut finding = cx.at(package, file, sel.pos, saying);
    if imported.listed.standard {
        let missing = missing_std(cx, &format!("{path}.{name}"));
        finding.notes.extend(missing);
    } else {
        finding.notes.extend(elsewhere);
    }
    findings.push(finding);
}

/// Where else a name of the standard library is declared, and from which version on it is here.
fn missing_std(cx: &Context<'_, '_>, symbol: &str) -> Option<Note> {
    let missing = missing_name(symbol)?;
    let here = missing.on(cx.graph.goos);
    let elsewhere = missing.elsewhere.replace(',', ", ");
    let later = match here {
        Some(versions) if versions.to != u32::MAX => {
            format!("; on {} from Go 1.{} on", cx.graph.goos, versions.to + 1)
        }
        _ => String::new(),
    };
    let text = format!("it is declared on {elsewhere}{later}");
    Some(Note::new(NoteKind::DeclaredElsewhere, text))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn a_hollow_package_is_to_blame() {
        check(
            r#"
-- a.go --
package a

import "example.com/unix"

var err = unix.Mmap(0)
//             ^^^^ undefined-imported-name: mmap_linux.go
-- example.com/unix@v1.0.0/unix.go --
package unix

const Name = "unix"
-- example.com/unix@v1.0.0/mmap_linux.go --
package unix

func Mmap(fd int) error { return nil }
"#,
        );
    }

    #[test]
    fn one_target_has_the_name() {
        check(
            r#"
import "syscall"

var open = syscall.Openat
//                 ^^^^^^ undefined-imported-name on js-node,js-browser: syscall.Openat
"#,
        );
    }

    #[test]
    fn another_name_for_the_import_and_a_guard_change_nothing() {
        check(
            r#"
import (
	"runtime"
	sys "syscall"
)

func lock(fd int) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	return sys.Flock(fd, 2)
	//         ^^^^^ undefined-imported-name
}
"#,
        );
    }

    #[test]
    fn a_local_name_hides_the_package() {
        check(
            r#"
import "syscall"

type files struct{ Flock func() }

func f(syscall files) { syscall.Flock() }

var _ = syscall.SIGINT
"#,
        );
    }

    #[test]
    fn a_package_with_a_twin_for_wasm_is_whole() {
        check(
            r#"
-- a.go --
package a

import "example.com/m/lock"

var err = lock.Lock(0)
-- lock/lock_unix.go --
//go:build unix

package lock

func Lock(fd int) error { return nil }
-- lock/lock_other.go --
//go:build !unix

package lock

func Lock(fd int) error { return nil }
"#,
        );
    }

    #[test]
    fn a_package_that_does_not_parse_may_declare_anything() {
        check(
            r#"
-- a.go --
package a

import "example.com/m/broken"

var err = broken.Lock(0)
-- broken/broken.go --
package broken

func f( {
//      ^ syntax
}
"#,
        );
    }
}
