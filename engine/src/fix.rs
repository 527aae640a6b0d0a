//! Remedies that were seen to help, as one change of a module: shown, or written into it.

mod apply;
mod fork;
mod leftover;
mod obstacle;
mod upstream;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use model::{Advice, AdviceKind, Builds, Edit, Effect, Finding, Goos, Level, Report};
use toolchain::Go;

use crate::check;
use crate::config::Config;
use crate::events::Events;
use crate::failure::Failure;
use crate::modules::{self, Chosen};
use crate::paths::is_inside;
use crate::settings::{Request, Settings};
use crate::{Interrupt, go, hosts};

pub use self::upstream::upstream;

/// Most packages that an error names.
const NAMED: usize = 5;

/// Which remedies are wanted.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only those for these packages or modules; for all without any.
    pub only: Vec<String>,
    /// Only of these kinds; of all without any.
    pub kinds: Vec<AdviceKind>,
}

/// How they are written into the module.
#[derive(Clone, Copy, Debug)]
pub struct Apply {
    /// Although git says that it has changes which are not committed.
    pub allow_dirty: bool,
}

/// What would be changed of a module, or was.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// Path of the module.
    pub module: String,
    /// The directory of its go.mod; none of a published module.
    pub root: Option<Utf8PathBuf>,
    /// What the check before it says.
    pub report: Report,
    /// The remedies that were chosen.
    pub advice: Vec<Advice>,
    /// What they change, each edit once.
    pub edits: Vec<Edit>,
    /// What the check after it says, where the edits were written.
    pub after: Option<Report>,
    /// The files that were written, relative to the module's root.
    pub written: Vec<String>,
    /// What keeps the edits from being written; each names a file and says what to do.
    pub obstacles: Vec<String>,
    /// What a run has left that was killed while it wrote, relative to the module's root: removed, where the edits were
    /// to be written.
    pub leftovers: Vec<Utf8PathBuf>,
    /// The command that makes the vendor directory anew, where there is one and go.mod changes.
    pub vendoring: Option<&'static str>,
}

impl Fixed {
    /// How many own packages build for a `GOOS`, and of how many: before, and where the edits were written after.
    pub fn builds(&self, goos: Goos) -> [Option<Built>; 2] {
        let after = self.after.as_ref();
        [
            builds(&self.report, goos),
            after.and_then(|report| builds(report, goos)),
        ]
    }

    /// The edits with paths that are relative to a directory above the module, which is `below` it.
    pub fn edits_from_above(&self, below: &Utf8Path) -> Vec<Edit> {
        self.edits.iter().map(|e| from_above(e, below)).collect()
    }
}

fn from_above(edit: &Edit, below: &Utf8Path) -> Edit {
    let mut edit = edit.clone();
    match &mut edit {
        Edit::File { path, diff } => {
            *path = below.join(&*path);
            if let Ok(moved) = advisors::diff::below(below.as_str(), diff) {
                *diff = moved;
            }
        }
        // Its diff is relative to the copy.
        Edit::Fork { dir, .. } => *dir = below.join(&*dir),
        Edit::Require { .. } | Edit::Replace { .. } | Edit::Drop { .. } | Edit::Tag { .. } => {}
    }
    edit
}

/// How many packages build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// Those that do.
    pub built: usize,
    /// All own packages that have files on the target.
    pub of: usize,
}

fn builds(report: &Report, goos: Goos) -> Option<Built> {
    let target = report.targets.iter().find(|t| t.target.goos() == goos)?;
    let own = target.packages.iter();
    let own = own.filter(|p| p.own && p.builds != Builds::Absent);
    Some(Built {
        built: own.clone().filter(|p| p.builds == Builds::Yes).count(),
        of: own.count(),
    })
}

/// Check the modules of a request, and choose the remedies that were seen to help; with `apply`, write them.
///
/// # Errors
/// What keeps the edits from being written: changes that are not committed, files that are not what they were, a
/// published module.
pub fn fix(
    request: &Request,
    settings: &Settings,
    choice: &Choice,
    apply: Option<Apply>,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<Vec<Fixed>, Failure> {
    hosts::start_watchdog(&settings.worker);
    let go = go(request, events, interrupt);
    let mut all = Vec::new();
    modules::each_module(&request.paths, &go, events, &mut |chosen| {
        if apply.is_some()
            && let Some(version) = chosen.version
        {
            return Err(Failure::usage(format!(
                "{version} is published and cannot be changed: give `--apply` a directory with its source"
            )));
        }
        let work = FixWork {
            go: &go,
            chosen,
            settings,
            events,
            interrupt,
        };
        all.push(work.fix(choice, apply)?);
        Ok(())
    })?;
    check_only(&all, &choice.only)?;
    Ok(all)
}

/// The work on one module.
struct FixWork<'w> {
    go: &'w Go,
    chosen: Chosen<'w>,
    settings: &'w Settings,
    events: &'w Events,
    interrupt: &'w Interrupt,
}

impl FixWork<'_> {
    fn fix(&self, choice: &Choice, apply: Option<Apply>) -> Result<Fixed, Failure> {
        let root = self.chosen.root;
        let is_published = self.chosen.version.is_some();
        let leftovers = leftover::find(root);
        if let Some(apply) = apply {
            apply::check_tree(root, &leftovers, apply, self.interrupt)?;
            for path in &leftovers {
                leftover::remove(path).map_err(|e| apply::cannot(path, &e))?;
            }
        }
        let config = Config::read(root)?;
        let report = self.check(config.clone(), self.settings);
        let advice = chosen_advice(&report, choice);
        check_order(&report, &advice, choice)?;
        let edits = edits(&advice);
        let mut obstacles = Vec::new();
        if !is_published && !self.interrupt.is_raised() {
            obstacles = obstacle::obstacles(self.go, root, &edits);
        }
        let below = |path: &Utf8PathBuf| path.strip_prefix(root).ok().map(Utf8Path::to_owned);
        let mut fixed = Fixed {
            module: report.module.path.clone(),
            root: (!is_published).then(|| root.to_owned()),
            vendoring: self.vendoring(&edits),
            leftovers: leftovers.iter().filter_map(below).collect(),
            obstacles: obstacles.iter().map(ToString::to_string).collect(),
            edits,
            advice,
            report,
            after: None,
            written: Vec::new(),
        };
        if apply.is_some() && !fixed.edits.is_empty() && !self.interrupt.is_raised() {
            if let Some(obstacle) = obstacles.into_iter().next() {
                return Err(obstacle);
            }
            fixed.written = apply::apply(self.go, self.chosen, self.settings, &fixed.edits)?;
            // Running again what was initialised with the changes would show no more.
            let mut settings = Settings {
                level: Level::Build,
                remedies: false,
                tests: None,
                ..self.settings.clone()
            };
            settings.tags.extend(tags(&fixed.edits));
            fixed.after = Some(self.check(config, &settings));
        }
        Ok(fixed)
    }

    fn check(&self, config: Config, settings: &Settings) -> Report {
        check::check(self.go, self.chosen, config, settings, self.events)
    }

    /// The command that makes a vendor directory anew, where edits change go.mod.
    fn vendoring(&self, edits: &[Edit]) -> Option<&'static str> {
        if !edits.iter().any(changes_requirements) {
            return None;
        }
        // What Go does not say, it says when the module is built.
        toolchain::vendoring(self.go, self.chosen.root).ok()?
    }
}

fn tags(edits: &[Edit]) -> impl Iterator<Item = String> {
    edits.iter().filter_map(|e| match e {
        Edit::Tag { tag } => Some(tag.clone()),
        _ => None,
    })
}

/// Whether an edit changes what go.mod requires.
fn changes_requirements(edit: &Edit) -> bool {
    match edit {
        Edit::Require { .. } | Edit::Replace { .. } | Edit::Drop { .. } | Edit::Fork { .. } => true,
        Edit::Tag { .. } | Edit::File { .. } => false,
    }
}

/// An error where a remedy changes a file after another one that was not chosen has changed it.
fn check_order(report: &Report, chosen: &[Advice], choice: &Choice) -> Result<(), Failure> {
    let is_chosen = |advice: &Advice| chosen.iter().any(|a| a.id == advice.id);
    for later in chosen {
        let earlier = report.advice.iter().take_while(|a| a.id != later.id);
        let mut left_out = earlier.filter(|a| a.helps() && !is_chosen(a));
        let shared = left_out.find_map(|a| Some((a, shared_file(a, later)?)));
        let Some((earlier, file)) = shared else {
            continue;
        };
        let finding = report.findings.iter().find(|f| f.id == earlier.finding);
        let root = finding.map_or("", |f| f.root.as_str());
        let is_named =
            choice.only.is_empty() || choice.only.iter().any(|only| is_for(report, earlier, only));
        let add = if is_named {
            format!("--kind {} too", earlier.kind.name())
        } else {
            format!("--only {root} too")
        };
        return Err(Failure::usage(format!(
            "{file}: the change of it for `{}` is made upon the one for `{}`, which is left out: give {add}",
            later.title, earlier.title
        )));
    }
    Ok(())
}

/// A file that both change.
fn shared_file<'a>(one: &'a Advice, other: &Advice) -> Option<&'a Utf8Path> {
    one.edits.iter().find_map(|edit| match edit {
        Edit::File { path, .. } => {
            let mut others = other.edits.iter();
            let same = |e: &Edit| matches!(e, Edit::File { path: other, .. } if other == path);
            others.any(same).then_some(path.as_path())
        }
        _ => None,
    })
}

/// An error where a package or a module was named, and nothing that fails lies in any that was.
fn check_only(all: &[Fixed], only: &[String]) -> Result<(), Failure> {
    let findings = || all.iter().flat_map(|f| &f.report.findings);
    let is_named = |f: &Finding| {
        let paths = [&f.root, &f.package, &f.module];
        only.iter()
            .any(|only| paths.iter().any(|path| is_inside(only, path)))
    };
    if only.is_empty() || findings().any(is_named) {
        return Ok(());
    }
    let failing: BTreeSet<&str> = findings()
        .filter(|f| f.effect == Effect::FailsToBuild)
        .map(|f| f.root.as_str())
        .collect();
    let failing: Vec<&str> = failing.into_iter().take(NAMED).collect();
    Err(Failure::usage(if failing.is_empty() {
        format!("--only {}: nothing fails to build", only.join(","))
    } else {
        format!(
            "--only {}: nothing that fails lies there; give a package or a module of what does, such as {}",
            only.join(","),
            failing.join(", ")
        )
    }))
}

/// The remedies that were seen to help, of those that are wanted.
fn chosen_advice(report: &Report, choice: &Choice) -> Vec<Advice> {
    let helps = report
        .advice
        .iter()
        .filter(|a| !a.edits.is_empty() && a.helps());
    let of_kind = helps.filter(|a| choice.kinds.is_empty() || choice.kinds.contains(&a.kind));
    let wanted = of_kind.filter(|a| {
        choice.only.is_empty() || choice.only.iter().any(|only| is_for(report, a, only))
    });
    let mut wanted: Vec<Advice> = wanted.cloned().collect();
    wanted.retain(|a| !is_own_release(report, a));
    let others: BTreeSet<String> = wanted
        .iter()
        .filter(|a| a.kind != AdviceKind::Tag)
        .map(|a| a.id.clone())
        .collect();
    wanted.retain(|a| a.kind != AdviceKind::Tag || !is_covered(report, a, &others));
    wanted
}

/// Another version of the module itself is no change of it.
fn is_own_release(report: &Report, advice: &Advice) -> bool {
    advice
        .edits
        .iter()
        .any(|e| matches!(e, Edit::Require { module, .. } if *module == report.module.path))
}

/// Whether all that a remedy is for has another, which users need not know of as they do of a tag.
fn is_covered(report: &Report, advice: &Advice, others: &BTreeSet<String>) -> bool {
    let mut findings = report
        .findings
        .iter()
        .filter(|f| f.advice.contains(&advice.id) && f.module == report.module.path);
    let first = findings.next();
    first
        .into_iter()
        .chain(findings)
        .all(|f| f.advice.iter().any(|id| others.contains(id)))
        && first.is_some()
}

/// Whether a remedy is for a package or a module.
fn is_for(report: &Report, advice: &Advice, only: &str) -> bool {
    let below = |path: &str| is_inside(only, path);
    let mut findings = report
        .findings
        .iter()
        .filter(|f| f.advice.contains(&advice.id));
    findings.any(|f| below(&f.root) || below(&f.package) || below(&f.module))
}

/// What remedies change, each edit once, and one of each module.
fn edits(advice: &[Advice]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for edit in advice.iter().flat_map(|a| &a.edits) {
        let same = |other: &Edit| match (edit, other) {
            (
                Edit::Require { module: a, .. } | Edit::Replace { module: a, .. },
                Edit::Require { module: b, .. } | Edit::Replace { module: b, .. },
            ) => a == b,
            (a, b) => a == b,
        };
        if !edits.iter().any(same) {
            edits.push(edit.clone());
        }
    }
    edits
}
