//! What remedies cost that take other modules, or other versions of them: how old these are, and what else comes with them.

use std::collections::BTreeSet;

use model::{Added, Advice, Edit, Goos, Listing, Report};
use toolchain::{Error, Platform};

use super::go;
use crate::checkup::Checkup;

/// Measure what the remedies cost that were seen to help. What could not be measured is left out.
pub(super) fn measure(checkup: &Checkup<'_>, report: &mut Report) {
    let modcache = &checkup.session.env().gomodcache;
    for advice in report.advice.iter_mut().filter(|a| a.helps()) {
        let Some((module, version)) = taken(checkup, advice) else {
            continue;
        };
        let cached = toolchain::cached_module(modcache, &module, &version);
        advice.cost.released = cached
            .time
            .and_then(|time| time.get(..10).map(str::to_owned));
        if !checkup.is_over() {
            advice.cost.adds = added(checkup, advice).ok().flatten();
        }
    }
}

/// The module and the version that a remedy takes.
fn taken(checkup: &Checkup<'_>, advice: &Advice) -> Option<(String, String)> {
    advice.edits.iter().find_map(|edit| match edit {
        Edit::Require { module, version } if module != checkup.module => {
            Some((module.clone(), version.clone()))
        }
        Edit::Replace { with, version, .. } if !version.is_empty() => {
            Some((with.clone(), version.clone()))
        }
        _ => None,
    })
}

/// The modules that are built with a remedy and were not before.
fn added(checkup: &Checkup<'_>, advice: &Advice) -> Result<Option<Added>, Error> {
    let goos = advice.confirmed.keys().next().map(|t| t.goos());
    let Some((goos, before)) = goos.and_then(|g| Some((g, checkup.builds.get(Platform::Wasm(g))?)))
    else {
        return Ok(None);
    };
    let before = paths(before);
    let is_fork = |e: &Edit| matches!(e, Edit::Fork { .. });
    let after: BTreeSet<(String, String)> = if advice.edits.iter().any(is_fork) {
        // What its copy imports, which the scratch copy of go.mod does not have.
        advice.edits.iter().filter_map(required).collect()
    } else {
        let after = with(checkup, advice, goos)?;
        let modules = modules(&after).map(|(m, v)| (m.to_owned(), v.to_owned()));
        modules.collect()
    };
    let modcache = &checkup.session.env().gomodcache;
    let mut adds = Added::default();
    for (module, version) in after.iter().filter(|(m, _)| !before.contains(m.as_str())) {
        adds.modules += 1;
        let cached = toolchain::cached_module(modcache, module, version);
        adds.bytes += cached.bytes.unwrap_or_default();
    }
    Ok(Some(adds))
}

/// The module that an edit requires, and its version.
fn required(edit: &Edit) -> Option<(String, String)> {
    match edit {
        Edit::Require { module, version } => Some((module.clone(), version.clone())),
        _ => None,
    }
}

/// The packages of a build with a remedy; those of a module that takes another one's place in the source are asked for
/// by name.
fn with(checkup: &Checkup<'_>, advice: &Advice, goos: Goos) -> Result<Listing, Error> {
    let edits: Vec<Edit> = advice
        .edits
        .iter()
        .filter(|e| !matches!(e, Edit::File { .. }))
        .cloned()
        .collect();
    let session = checkup.session.candidate(&go(checkup), &edits)?;
    let mut patterns = vec!["./...".to_owned()];
    let is_rewritten = advice.edits.iter().any(|e| matches!(e, Edit::File { .. }));
    patterns.extend(advice.to.clone().filter(|_| is_rewritten));
    session.list(Platform::Wasm(goos), &patterns)
}

/// The modules of a listing, with their versions.
fn modules(listing: &Listing) -> impl Iterator<Item = (&str, &str)> {
    let modules = listing.packages.iter().filter_map(|p| p.module.as_ref());
    let modules = modules.filter(|m| !m.main);
    modules.map(|m| (m.path.as_str(), m.version.as_str()))
}

fn paths(listing: &Listing) -> BTreeSet<&str> {
    modules(listing).map(|(path, _)| path).collect()
}
