//! Edits of a package that does not build on a target: what of it cannot be there gets a stand-in.
//!
//! The compiler leads: [`Mender::mend`] is told what it says, changes the texts, and is told again, until it says
//! nothing more. A declaration at fault moves into a file of the other platforms, and one with the same name
//! and signature stands beside it; a name that only files of other platforms declare is declared for the
//! target, too; a file that is meant for platforms that lack the same is taken in.

mod constraint;
mod fault;
mod licence;
mod pieces;
mod plan;
mod render;
mod shim;
mod stub;
mod swap;
#[cfg(test)]
mod tests;
mod widen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Goos;

use self::constraint::Targets;
use self::fault::Cause;
use self::pieces::{Pieces, all_tokens};
use self::plan::{Key, Plan};
use self::render::Rendered;
pub use self::shim::SystemNames;
pub use self::stub::Does;
pub use self::swap::{Argument, ArgumentSwap, Hindrance, Obstacle, Swap, Swapped, swap};
use self::widen::Widened;
use crate::go::constraint::Platform;
use crate::go::syntax::Tok;

/// What the compiler says of a place of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The build in which it says so.
    pub goos: Goos,
    /// Name of the file, without its directory.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In bytes, from 1; 0 when it is not known.
    pub column: u32,
    /// Continuation lines included.
    pub message: String,
}

/// How the package is built.
#[derive(Clone, Debug)]
pub struct Building {
    /// GOOS and GOARCH of this machine, where the package builds.
    pub native: (String, String),
    /// Build tags.
    pub tags: Vec<String>,
    /// N of Go 1.N.
    pub release: u32,
    /// What the system's packages declare for this machine, and may lack on a target.
    pub system: Arc<SystemNames>,
}

/// What sort of edit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditKind {
    /// A file that is there already is built on the target, too.
    Constraint,
    /// Names that the target lacks are declared for it.
    Stub,
    /// Declarations are moved into a file of the other platforms.
    Split,
}

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Name of the file, without its directory.
    pub name: String,
    /// None of a new file.
    pub before: Option<String>,
    /// None of a file that is removed.
    pub after: Option<String>,
}

/// A function on the targets that an edit names, and what it does there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// `F`, or `T.M`.
    pub name: String,
    /// What it does there.
    pub does: Does,
}

/// A package that is being mended.
#[derive(Clone, Debug)]
pub struct Mender {
    package: String,
    building: Building,
    /// The Go files as they are, tests left out.
    files: BTreeMap<String, String>,
    /// What they declare at package level.
    names: BTreeSet<String>,
    /// What is decided.
    plan: Plan,
    rendered: Rendered,
    /// A plan that is being tried, and what there was before.
    trial: Option<Trial>,
    /// Fallbacks that did not help.
    refused: BTreeSet<Widened>,
    /// Names that no new file can have, beside those of its files.
    taken: BTreeSet<String>,
    /// Rounds in which fallbacks were tried.
    trials: usize,
}

/// A fallback that is being tried.
#[derive(Clone, Debug)]
struct Trial {
    before: Plan,
    faults: Vec<Fault>,
    widened: Vec<Widened>,
}

/// Most fallbacks that are tried for a package, each of which is compiled.
const TRIALS: usize = 4;

/// Faults by what they ask for.
#[derive(Debug, Default)]
struct Wanted {
    /// Names that only files of other platforms declare.
    missing: BTreeMap<String, Targets>,
    /// Declarations of the package's files that cannot be where they are, with the lines at fault, from 0.
    bad: BTreeMap<Key, Bad>,
    /// Imports that nothing uses: file and path.
    unused: BTreeSet<(String, String)>,
}

/// What is wrong with a declaration.
#[derive(Debug, Default)]
struct Bad {
    targets: Targets,
    /// Lines of the text that was compiled, from 0.
    lines: BTreeSet<usize>,
    /// Names of the system's packages that it lacks and that can be shimmed, with the targets that lack them.
    shims: BTreeMap<shim::Name, Targets>,
    /// It lacks something else, too.
    more: bool,
}

impl Mender {
    /// A package by its name, and the texts of its Go files, tests left out.
    pub fn new(package: &str, building: Building, files: BTreeMap<String, String>) -> Self {
        let units = files.values().flat_map(|text| Pieces::of(text).units);
        let mut mender = Self {
            package: package.to_owned(),
            building,
            names: units.flat_map(|unit| unit.names).collect(),
            files,
            plan: Plan::default(),
            rendered: Rendered::default(),
            trial: None,
            refused: BTreeSet::new(),
            taken: BTreeSet::new(),
            trials: 0,
        };
        mender.render();
        mender
    }

    /// With names that no new file can have, beside those of its files.
    #[must_use]
    pub fn with_taken(mut self, names: BTreeSet<String>) -> Self {
        self.taken = names;
        self
    }

    /// Change the texts by what the compiler says of them; false where nothing more can be done.
    pub fn mend(&mut self, faults: &[Fault]) -> bool {
        let mut faults = faults.to_vec();
        if let Some(trial) = self.trial.take()
            && !trial.helped(&faults)
        {
            self.refused.extend(trial.widened);
            self.plan = trial.before;
            self.render();
            faults = trial.faults;
        }
        let wanted = self.sort(&faults);
        if self.trials < TRIALS && self.widen(&wanted, &faults) {
            return true;
        }
        let before = self.plan.clone();
        self.plan.unused.extend(wanted.unused.iter().cloned());
        for (name, targets) in &wanted.missing {
            self.declare(name, targets);
        }
        for (key, bad) in &wanted.bad {
            let shimmed = !bad.more
                && match key {
                    Key::Made(made) => self.give_values(made, &bad.shims),
                    Key::Original(..) => {
                        self.shim(&bad.shims);
                        true
                    }
                };
            if !shimmed {
                self.replace(key, &bad.targets, &bad.lines);
            }
        }
        self.render();
        self.plan != before
    }

    /// Declare exported names that importers use of a package which has other files on the targets: by a file of
    /// another platform, if one fits.
    pub fn declare_for_importers(&mut self, names: &BTreeSet<String>, targets: &Targets) -> bool {
        let is_taken_in = |name: &String| {
            let mut widened = self.plan.widened.iter();
            widened.any(|w| w.targets.is_superset(targets) && self.declares(&w.file, name))
        };
        let left: BTreeSet<String> = names.iter().filter(|n| !is_taken_in(n)).cloned().collect();
        if left.is_empty() {
            return true;
        }
        let missing = left.iter().map(|name| (name.clone(), targets.clone()));
        let wanted = Wanted {
            missing: missing.collect(),
            ..Wanted::default()
        };
        let can_try = self.trial.is_none() && self.trials < TRIALS;
        can_try && self.widen(&wanted, &[]) || self.declare_exported(&left, targets)
    }

    /// Declare exported names that importers use of a package which has no files on the targets.
    pub fn declare_exported(&mut self, names: &BTreeSet<String>, targets: &Targets) -> bool {
        let before = self.plan.clone();
        for name in names {
            self.declare(name, targets);
        }
        self.render();
        self.plan != before
    }

    /// Add a file for targets, which declares what files of other platforms do; none takes it back.
    pub fn adapt(&mut self, added: Option<(Targets, String)>) {
        self.plan.adapter = added;
        self.render();
    }

    /// Whether a place lies in the file that was added.
    pub fn is_adapter(&self, fault: &Fault) -> bool {
        self.rendered.adapter.as_ref() == Some(&fault.file)
    }

    /// Move everything that uses a package into files of the other platforms.
    pub fn without_import(&mut self, path: &str, targets: &Targets) -> bool {
        let before = self.plan.clone();
        self.plan
            .banned
            .entry(path.to_owned())
            .or_default()
            .extend(targets.iter().copied());
        for goos in targets.clone() {
            for (key, lines) in self.users_of(path, goos) {
                self.replace(&key, &Targets::from([goos]), &lines);
            }
        }
        self.weaken_users_of(path);
        self.render();
        self.plan != before
    }

    /// Remove imports that nothing uses; false where that is not all that faults say.
    pub fn drop_unused(&mut self, faults: &[Fault]) -> bool {
        let wanted = self.sort(faults);
        let all = !wanted.unused.is_empty() && wanted.bad.is_empty() && wanted.missing.is_empty();
        if all {
            self.plan.unused.extend(wanted.unused);
            self.render();
        }
        all
    }

    /// Take all changes back.
    pub fn take_back(&mut self) {
        self.plan = Plan::default();
        self.render();
    }

    /// The names of what was declared for the targets.
    pub fn declared(&self) -> Vec<String> {
        let keys = self.plan.stubs.keys();
        // `init of FILE N`, `X on wasip1`
        let names = keys.map(|key| key.split(' ').next().unwrap_or(key).to_owned());
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The Go files as they are now.
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.rendered.files
    }

    /// The package, by its import path, and the name that a fault misses in it, where it is another package.
    pub fn foreign(&self, fault: &Fault) -> Option<(String, String)> {
        let Cause::Qualified(qualifier, name) = Cause::of(&fault.message) else {
            return None;
        };
        let imports = Pieces::of(self.rendered.files.get(&fault.file)?).imports;
        let exact = imports.iter().find(|i| i.name() == qualifier);
        let import = exact.or_else(|| imports.iter().find(|i| i.may_be(&qualifier)))?;
        Some((import.path.clone(), name))
    }

    /// Whether a place lies in `func main` of a program, in a `func init` or in a variable: without these, nothing is
    /// left of what they start.
    pub fn is_start(&self, fault: &Fault) -> bool {
        let Some((Key::Original(file, number), _)) = self.rendered.key_at(fault) else {
            return false;
        };
        let units = Pieces::of(&self.files[&file]).units;
        units.get(number).is_some_and(|unit| {
            let is_main = self.package == "main" && unit.is("main");
            is_main || unit.is("init") || matches!(unit.kind, pieces::Kind::Var)
        })
    }

    /// The names of a package that the files use which are built on targets.
    pub fn names_of(&self, path: &str, targets: &BTreeSet<Goos>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (file, text) in &self.rendered.files {
            let imports = Pieces::of(text).imports;
            let import = imports.iter().find(|i| i.path == path);
            let built = || {
                targets
                    .iter()
                    .any(|g| self.is_selected(file, text, Some(*g)))
            };
            if let Some(import) = import.filter(|_| built()) {
                names.extend(render::names_after(text, &import.name()));
            }
        }
        names
    }

    /// The files that differ from what they were.
    pub fn changes(&self) -> Vec<Change> {
        let names: BTreeSet<&String> = self
            .files
            .keys()
            .chain(self.rendered.files.keys())
            .collect();
        let changes = names.into_iter().map(|name| Change {
            name: name.clone(),
            before: self.files.get(name).cloned(),
            after: self.rendered.files.get(name).cloned(),
        });
        changes.filter(|c| c.before != c.after).collect()
    }

    /// Files that get another name: one that ends in a platform would bind them to it.
    pub fn renamed(&self) -> BTreeMap<String, String> {
        let widened = self.plan.widened.iter();
        let renamed = widened.filter(|w| w.file != w.new_name);
        renamed
            .map(|w| (w.file.clone(), w.new_name.clone()))
            .collect()
    }

    /// What sort of edit it is, the farthest reaching of those that it needs; none of a package as it was.
    pub fn kind(&self) -> Option<EditKind> {
        let plan = &self.plan;
        let moves = !plan.moved.is_empty() || !plan.shims.is_empty();
        let split = moves.then_some(EditKind::Split);
        let adds = !plan.stubs.is_empty() || plan.adapter.is_some();
        let stub = adds.then_some(EditKind::Stub);
        let constraint = plan.widened.iter().next().map(|_| EditKind::Constraint);
        split.or(stub).or(constraint)
    }

    /// What functions do on the targets instead of their work.
    pub fn lost(&self) -> BTreeSet<Lost> {
        let stubs = self.plan.stubs.iter();
        let stubs = stubs.map(|(name, stub)| Lost {
            name: name.clone(),
            does: stub.does,
        });
        stubs
            .filter(|lost| !matches!(lost.does, Does::Same | Does::Less))
            .chain(shim::lost(&self.plan.shims))
            .collect()
    }

    /// Functions that panic on the targets and that the package starts with `go`: nothing recovers such a panic.
    pub fn panic_alone(&self) -> BTreeSet<String> {
        let started: BTreeSet<String> = self.files.values().flat_map(|t| started(t)).collect();
        let lost = self.lost().into_iter();
        let panicking = lost.filter(|l| l.does == Does::Panics).map(|l| l.name);
        panicking
            .filter(|name| started.contains(name.rsplit('.').next().unwrap_or(name)))
            .collect()
    }

    fn render(&mut self) {
        self.rendered = Rendered::of(&self.package, &self.files, &self.plan, &self.taken);
    }

    /// Whether a file is built.
    fn is_selected(&self, name: &str, text: &str, goos: Option<Goos>) -> bool {
        let (native_os, native_arch) = &self.building.native;
        let goos_name: &str = match goos {
            Some(goos) => goos.name(),
            None => native_os,
        };
        let platform = Platform {
            goos: goos_name,
            goarch: goos.map_or(native_arch.as_str(), |_| "wasm"),
            cgo: goos.is_none(),
            tags: &self.building.tags,
            release: self.building.release,
        };
        let selected = platform.excludes(name, text).is_none();
        // What a text does not hold need not be looked for.
        let may_be_cgo = selected && goos.is_some() && text.contains("\"C\"");
        selected && !(may_be_cgo && Pieces::of(text).imports.iter().any(|i| i.path == "C"))
    }

    /// What faults ask for.
    fn sort(&self, faults: &[Fault]) -> Wanted {
        let mut wanted = Wanted::default();
        for fault in faults {
            let cause = Cause::of(&fault.message);
            match &cause {
                Cause::UnusedImport(path) => {
                    wanted.unused.insert((fault.file.clone(), path.clone()));
                    continue;
                }
                Cause::Name(name) | Cause::Member(name)
                    if self.is_declared_elsewhere(name, fault.goos) =>
                {
                    wanted
                        .missing
                        .entry(name.clone())
                        .or_default()
                        .insert(fault.goos);
                    continue;
                }
                // It is missing on all platforms: no edit for some of them is to hide it.
                Cause::Name(name) if self.is_of_another_go(name) => continue,
                _ => {}
            }
            let Some((key, line)) = self.rendered.key_at(fault) else {
                continue;
            };
            let shimmed = self.shimmed(fault, &key);
            let bad = wanted.bad.entry(key).or_default();
            bad.targets.insert(fault.goos);
            bad.lines.insert(line);
            match shimmed {
                Some(name) => {
                    bad.shims.entry(name).or_default().insert(fault.goos);
                }
                None => bad.more = true,
            }
        }
        wanted
    }

    /// Whether a name can be declared after a file of another platform.
    fn is_declared_elsewhere(&self, name: &str, goos: Goos) -> bool {
        let stub = self.plan.stubs.get(name);
        let here = stub.is_some_and(|stub| stub.targets.contains(&goos));
        !here
            && !self.plan.impossible.contains(name)
            && !self.models(name, &Targets::from([goos])).is_empty()
    }

    /// The units of files that the targets do not build which declare a name: those of this machine first, files
    /// without cgo before others.
    fn models(&self, name: &str, targets: &Targets) -> Vec<(&str, &str, pieces::Unit)> {
        let mut models = Vec::new();
        for (file, text) in &self.files {
            // What a text does not hold need not be cut.
            let last = name.rsplit('.').next().unwrap_or(name);
            if !text.contains(last)
                || self.is_for_another_go(file, text)
                || targets
                    .iter()
                    .any(|g| self.is_selected(file, text, Some(*g)))
            {
                continue;
            }
            let pieces = Pieces::of(text);
            let cgo = pieces.imports.iter().any(|i| i.path == "C");
            let rank = (!self.is_selected(file, text, None), cgo);
            let units = pieces.units.into_iter().filter(|u| u.is(name));
            models.extend(units.map(|u| (rank, file.as_str(), text.as_str(), u)));
        }
        models.sort_by_key(|(rank, file, ..)| (*rank, *file));
        models
            .into_iter()
            .map(|(_, file, text, unit)| (file, text, unit))
            .collect()
    }
}

/// The names of functions and methods that a text starts with `go`, without what stands before a dot.
fn started(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // What a text does not hold need not be looked for.
    let tokens = if text.contains("go ") {
        all_tokens(text)
    } else {
        Vec::new()
    };
    for (at, _) in tokens.iter().enumerate().filter(|(_, t)| t.tok == Tok::Go) {
        let rest = tokens[at + 1..].iter();
        let path = rest.take_while(|t| matches!(t.tok, Tok::Ident | Tok::Dot));
        if let Some(last) = path.last().filter(|t| t.tok == Tok::Ident) {
            names.insert(text[last.start as usize..last.end as usize].to_owned());
        }
    }
    names
}

impl Trial {
    /// Whether fewer faults are left, and none in the files that were taken in.
    fn helped(&self, faults: &[Fault]) -> bool {
        let taken = |f: &&Fault| self.widened.iter().any(|w| w.new_name == f.file);
        faults.len() < self.faults.len() && faults.iter().find(taken).is_none()
    }
}
