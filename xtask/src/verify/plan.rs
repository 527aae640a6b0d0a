//! What there is to verify of an entry: that it fails as it says, and that each remedy helps.

use advisors::file::{Adapter, Entry, Fix, Range, Shape};
use anyhow::{Context, Result};
use model::{AdviceKind, Goos};
use xxhash_rust::xxh3::xxh3_64;

/// One thing to verify.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// The entry.
    pub(super) id: String,
    /// The remedy, counted from 0; none for the failure itself.
    pub(super) fix: Option<usize>,
    /// The build.
    pub(super) goos: Goos,
    /// Changes with all that decides what comes of it.
    pub(super) hash: String,
    /// What is done.
    pub(super) what: What,
}

/// What is done to verify.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A package must not build, or build as a stub.
    Fails(State),
    /// A program must link and run.
    Runs(Runs),
    /// A program must link and run that `wasmcheck fix` has changed.
    Fixed(Fixed),
}

/// A program that uses a module which fails.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    /// Path of the module.
    pub(super) module: String,
    /// The version with which its failure was seen.
    pub(super) version: String,
    /// The file that is added to it, and what that requires.
    pub(super) adapter: Adapter,
    pub(super) requires: String,
    /// Source of the program.
    pub(super) probe: String,
}

/// How a package fails.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Import path.
    pub(super) package: String,
    /// Version of its module.
    pub(super) version: String,
    /// How.
    pub(super) shape: Shape,
    /// What the compiler must say; of a stub, what its source must say.
    pub(super) texts: Vec<String>,
}

/// What must link and run.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    /// Import path of what is used.
    pub(super) package: String,
    /// Path of its module.
    pub(super) module: String,
    /// Versions that must build: the last one is linked and run.
    pub(super) versions: Vec<String>,
    /// `old=new@version`
    pub(super) replace: Option<String>,
    /// Build tags.
    pub(super) tags: Vec<String>,
    /// Source of the program; a blank import if there is none.
    pub(super) probe: Option<String>,
}

/// All that is to be verified of an entry.
pub(super) fn checks(entry: &Entry, probe: &dyn Fn(&str) -> Result<String>) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    let mut add = |fix: Option<usize>, goos: Goos, what: What| {
        let hash = format!("{:016x}", xxh3_64(format!("{goos:?} {what:?}").as_bytes()));
        checks.push(Check {
            id: entry.id.clone(),
            fix,
            goos,
            hash,
            what,
        });
    };
    for goos in &entry.targets {
        add(None, *goos, What::Fails(state(entry, *goos)?));
    }
    for (i, fix) in entry.fix.iter().enumerate() {
        let fix = fix.as_ref();
        for goos in fix.helps(entry) {
            if let Some(what) = remedy(entry, fix, *goos, probe)? {
                add(Some(i), *goos, what);
            }
        }
    }
    Ok(checks)
}

/// The failure of an entry on a build: the range whose failure was seen there.
fn state(entry: &Entry, goos: Goos) -> Result<State> {
    let holds = |r: &&Range| r.holds_on(entry).contains(&goos);
    let ranges = entry.versions.iter().map(AsRef::as_ref).filter(holds);
    let seen = ranges.filter_map(|r| r.tested.clone()).next_back();
    Ok(State {
        package: package(entry),
        version: seen.context("no range says with which version the failure was seen")?,
        shape: entry.shape,
        texts: entry.signature.clone(),
    })
}

/// The first package that an entry is about.
fn package(entry: &Entry) -> String {
    let modules = entry.r#match.modules();
    let module = modules.first().map_or(&entry.r#match.module, |m| m);
    let first = entry.r#match.packages.first().map(String::as_str);
    match first.map(|p| p.strip_suffix("/...").unwrap_or(p)) {
        None | Some("." | "...") => module.clone(),
        Some(below) => format!("{module}/{below}"),
    }
}

/// What must be true of a remedy on a build; nothing where there is no way.
fn remedy(
    entry: &Entry,
    fix: &Fix,
    goos: Goos,
    probe: &dyn Fn(&str) -> Result<String>,
) -> Result<Option<What>> {
    let probe = fix.probe.as_deref().map(probe).transpose()?;
    let what = match fix.kind {
        AdviceKind::None => return Ok(None),
        _ if fix.adapter.is_some() => What::Fixed(fixed(entry, fix, goos, probe)?),
        AdviceKind::Upgrade | AdviceKind::Swap | AdviceKind::Tag => {
            What::Runs(runs(entry, fix, goos, probe)?)
        }
        _ if probe.is_some() => What::Runs(runs(entry, fix, goos, probe)?),
        _ => {
            let mut state = state(entry, goos)?;
            if !fix.missing.is_empty() {
                state.texts.clone_from(&fix.missing);
            }
            What::Fails(state)
        }
    };
    Ok(Some(what))
}

fn fixed(entry: &Entry, fix: &Fix, goos: Goos, probe: Option<String>) -> Result<Fixed> {
    let modules = entry.r#match.modules();
    let to = fix.to.as_ref();
    let required =
        to.and_then(|to| Some(format!("{}@{}", to.module.as_ref()?, to.tested.as_ref()?)));
    Ok(Fixed {
        module: modules.first().unwrap_or(&entry.r#match.module).clone(),
        version: state(entry, goos)?.version,
        adapter: fix.adapter.clone().context("no adapter")?,
        requires: required.context("an adapter requires a module")?,
        probe: probe.context("an adapter needs a probe: a program that uses what it stands for")?,
    })
}

fn runs(entry: &Entry, fix: &Fix, goos: Goos, probe: Option<String>) -> Result<Runs> {
    let to = fix.to.as_ref();
    let own = entry.r#match.modules();
    let own = own.first().map_or(&entry.r#match.module, |m| m);
    let module = to.and_then(|t| t.module.clone());
    let other = to
        .and_then(|t| t.package.clone())
        .or_else(|| module.clone());
    let named = to.map(|t| [t.min.clone(), t.tested.clone()]);
    let mut versions: Vec<String> = named.into_iter().flatten().flatten().collect();
    versions.dedup();
    if module.is_none() && other.is_some() && versions.is_empty() {
        // The standard library.
        let package = other.unwrap_or_default();
        return Ok(Runs {
            package,
            module: String::new(),
            versions,
            replace: None,
            tags: tags(fix, goos),
            probe,
        });
    }
    let replace = fix.replace.as_ref().map(|with| format!("{own}={with}"));
    if replace.is_some() || versions.is_empty() && module.is_none() {
        versions = vec![state(entry, goos)?.version];
    }
    Ok(Runs {
        package: other
            .filter(|_| replace.is_none())
            .unwrap_or_else(|| package(entry)),
        module: module
            .filter(|_| replace.is_none())
            .unwrap_or_else(|| own.clone()),
        versions,
        replace,
        tags: tags(fix, goos),
        probe,
    })
}

/// The build tags of a remedy on a build.
fn tags(fix: &Fix, goos: Goos) -> Vec<String> {
    let here = fix.tags_on.get(&goos).into_iter().flatten();
    fix.tags_add.iter().chain(here).cloned().collect()
}
