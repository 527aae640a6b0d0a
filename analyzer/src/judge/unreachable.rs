//! Packages that could not be had, and what to do about them.

use model::{Incomplete, Stage, Target};

use crate::build::Build;

pub(super) fn unreachable(build: &Build<'_>, target: Target) -> Vec<Incomplete> {
    let say = |(path, all): &(String, String)| {
        let why = all.lines().next().unwrap_or_default();
        let reason = format!(
            "`{path}` could not be loaded, so the packages that import it have no verdict: {why}{}",
            hint(all)
        );
        Incomplete {
            stage: Stage::Load,
            target: Some(target),
            reason,
        }
    };
    build.known.unreachable.iter().map(say).collect()
}

/// What to do about a package that could not be had, by the Go command's own words.
fn hint(why: &str) -> &'static str {
    const HINTS: &[(&str, &str)] = &[
        (
            "GOPROXY=off",
            "; run without --offline, or download it first with `go mod download`",
        ),
        (
            "Username",
            "; for a private module set GOPRIVATE and configure git credentials",
        ),
        (
            "Authentication",
            "; for a private module set GOPRIVATE and configure git credentials",
        ),
        (
            "reading http",
            "; check the module's path and version, GOPROXY, and for a private module GOPRIVATE",
        ),
        (
            "no secure protocol found",
            "; for a private module set GOPRIVATE and configure git credentials",
        ),
        (
            "unrecognized import path",
            "; check its path and the network; for a private module set GOPRIVATE and configure git credentials",
        ),
        ("no such host", "; check the network and GOPROXY"),
        ("dial tcp", "; check the network and GOPROXY"),
        (
            "no space left",
            "; free some space, or point TMPDIR and GOCACHE to a disk that has it",
        ),
    ];
    HINTS
        .iter()
        .find(|(words, _)| why.contains(words))
        .map_or("", |(_, hint)| hint)
}
