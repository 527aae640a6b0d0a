//! `cgo`: packages and files that are written with cgo.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Effect, Finding, Rule};

use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::Cgo;
use crate::go::graph::Package;
use crate::go::source::Source;

/// The subject and text of a finding about an imported package that needs cgo.
pub(super) fn claim(path: &str) -> Claim {
    let what = format!("needs cgo, which is not available on {HERE}");
    Claim::of(path, what)
}

/// The same of one that nothing imports.
pub(super) fn claim_of_unimported() -> Claim {
    Claim::plain(format!(
        "the package needs cgo, so it does not exist on {HERE}; no package imports it there"
    ))
}

/// Whether cgo, rather than a constraint, leaves the package without files.
pub(super) fn is_cgo(cx: &Context<'_, '_>, package: &Package<'_>, ignored: &[Arc<Source>]) -> bool {
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    let native = natively
        .filter(|p| p.import_path == package.path())
        .any(|p| !p.cgo_files.is_empty());
    let platform = cx.platform(true);
    let selected = |f: &Source| platform.excludes(&f.name, &f.facts.src).is_none();
    native || ignored.iter().any(|f| f.facts.cgo.is_some() && selected(f))
}

/// Why a cgo file is left out, where that is more than its being one.
pub(super) fn also(why: &str) -> String {
    if why.contains("imports \"C\"") {
        String::new()
    } else {
        format!("; {why}")
    }
}

/// Headers of a cgo file: text that continues a sentence.
pub(super) fn wants(cgo: &Cgo) -> String {
    if cgo.includes.is_empty() {
        String::new()
    } else {
        format!("; includes {}", cgo.includes.join(", "))
    }
}

/// The flags and system libraries behind the cgo of a package.
pub(super) fn libraries(
    cx: &Context<'_, '_>,
    package: &Package<'_>,
    ignored: &[&Arc<Source>],
) -> Vec<String> {
    let (mut libraries, mut pkg_config, mut flags) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    for native in natively.filter(|p| p.import_path == package.path()) {
        libraries.extend(
            native
                .cgo_ldflags
                .iter()
                .filter_map(|f| f.strip_prefix("-l"))
                .map(str::to_owned),
        );
        pkg_config.extend(native.cgo_pkg_config.iter().cloned());
    }
    for flag in ignored
        .iter()
        .filter_map(|f| f.facts.cgo.as_ref())
        .flat_map(|c| &c.flags)
    {
        let condition = if flag.condition.is_empty() {
            String::new()
        } else {
            format!(" ({})", flag.condition)
        };
        flags.insert(format!("{}: {}{condition}", flag.name, flag.value));
        let words = flag.value.split_whitespace();
        match flag.name.as_str() {
            "pkg-config" => pkg_config.extend(words.map(str::to_owned)),
            "LDFLAGS" => libraries.extend(
                words
                    .filter_map(|w| w.strip_prefix("-l"))
                    .map(str::to_owned),
            ),
            _ => {}
        }
    }
    let list = |what: &str, set: BTreeSet<String>| {
        let list = set.into_iter().collect::<Vec<_>>().join(", ");
        (!list.is_empty()).then(|| format!("{what}: {list}"))
    };
    [
        list("system libraries", libraries),
        list("pkg-config", pkg_config),
        list("#cgo", flags),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What cgo leaves out of own packages that build all the same: worth a note.
pub(super) fn note_left_out_c(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    for native in natively {
        let package = cx
            .graph
            .get(&native.import_path)
            .filter(|p| p.own && !p.is_empty());
        let Some(package) = package else { continue };
        let cgo = native
            .cgo_files
            .iter()
            .map(|f| cx.sources.get(&native.dir.join(f)));
        for file in cgo {
            let Some(pos) = file.facts.cgo.as_ref().map(|c| c.pos) else {
                continue;
            };
            let claim =
                Claim::plain("this file is excluded on the target; the package builds without it");
            findings.push(cx.at(package, &file, pos, note(package, claim)));
        }
        let c = [
            &native.c_files,
            &native.cxx_files,
            &native.m_files,
            &native.f_files,
        ];
        let c: Vec<&str> = c.into_iter().flatten().map(String::as_str).collect();
        if native.cgo_files.is_empty() && !c.is_empty() {
            let claim = Claim::plain(format!(
                "the package builds without {}: no Go file of it imports \"C\"",
                c.join(", ")
            ));
            findings.push(cx.without_place(package, note(package, claim)));
        }
    }
}

fn note(package: &Package<'_>, claim: Claim) -> Saying {
    let path = package.path().to_owned();
    Saying {
        rule: Rule::Cgo,
        effect: Effect::Note,
        root: path.clone(),
        symbol: path,
        claim,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn the_import_nearest_to_the_user_is_named() {
        check(
            r#"
-- app.go --
package app

import _ "example.com/m/middle"
-- middle/middle.go --
package middle

import _ "example.com/sqlite"
//       ^ cgo: example.com/sqlite
-- example.com/sqlite@v1.2.0/sqlite.go --
//go:build cgo

package sqlite

// #cgo LDFLAGS: -lsqlite3
// #include <sqlite3.h>
import "C"
"#,
        );
    }

    #[test]
    fn cgo_for_one_target_fails_there() {
        check(
            r#"
-- app.go --
package app

import _ "example.com/m/time"
//       ^ cgo on wasip1
-- time/time_cgo.go --
//go:build !js

package time

import "C"
//     ^ cgo note on js-node,js-browser
-- time/time_js.go --
package time
"#,
        );
    }

    #[test]
    fn a_cgo_package_that_nothing_imports_is_noted() {
        check(
            r#"
-- app.go --
package app
-- sound/sound.go --
package sound

import "C"
//     ^ cgo note: no package imports it there
"#,
        );
    }

    #[test]
    fn cgo_with_a_fallback_is_noted_in_the_module_alone() {
        check(
            r#"
-- app.go --
package app

import _ "example.com/fast"
-- sum_cgo.go --
//go:build cgo && linux

package app

import "C"
//     ^ cgo note: excluded

const Fast = true
-- sum_go.go --
//go:build !cgo || !linux

package app

const Fast = false
-- example.com/fast@v1.0.0/fast_cgo.go --
package fast

import "C"
-- example.com/fast@v1.0.0/fast.go --
//go:build !cgo

package fast
"#,
        );
    }

    #[test]
    fn a_constraint_that_keeps_wasm_away_is_none_of_cgo() {
        check(
            r#"
-- app.go --
package app

import _ "example.com/m/registry"
//       ^ excluded-package
-- registry/registry.go --
//go:build windows

package registry

import "C"
"#,
        );
    }
}
