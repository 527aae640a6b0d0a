//! Packages that could not be loaded, and what to do about them.

use model::{GoFault, Incomplete, Stage, Target};

use crate::build::Build;

pub(super) fn unreachable(build: &Build<'_>, target: Target) -> Vec<Incomplete> {
    let say = |(path, all): &(String, String)| {
        let why = all.lines().next().unwrap_or_default();
        let advice = GoFault::of(all).and_then(GoFault::advice);
        let hint = advice.map_or_else(String::new, |advice| format!("; {advice}"));
        let reason = format!(
            "`{path}` could not be loaded or built, so it and the packages that import it have no verdict: {why}{hint}"
        );
        Incomplete {
            stage: Stage::Load,
            target: Some(target),
            reason,
        }
    };
    build.known.unreachable.iter().map(say).collect()
}
