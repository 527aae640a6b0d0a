//! What is decided of a package that is being mended: from it and the files as they are, the texts follow.

use std::collections::{BTreeMap, BTreeSet};

use super::constraint::{self, Targets};
use super::licence;
use super::pieces::{Import, Kind, Pieces, Unit};
use super::render::names_after;
use super::shim::{self, Shim};
use super::stub::{self, Does, Maker, Model, Stub};
use super::widen::Widened;
use super::{Goos, Mender};

/// A declaration of the package, or one that was made for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A unit of a file as it is: its number there.
    Original(String, usize),
    /// One that was made, by its names.
    Made(String),
}

/// What is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Files that are built on targets which they left out.
    pub(super) widened: BTreeSet<Widened>,
    /// Units of files that these targets do not build any more.
    pub(super) moved: BTreeMap<(String, usize), Targets>,
    /// Declarations for targets, by their names.
    pub(super) stubs: BTreeMap<String, Made>,
    /// Names that cannot be declared on a target: what uses them has to go.
    pub(super) impossible: BTreeSet<String>,
    /// Imports that nothing uses any more: file and path.
    pub(super) unused: BTreeSet<(String, String)>,
    /// Packages that targets have no files of: what is declared for these cannot use them.
    pub(super) banned: BTreeMap<String, Targets>,
    /// Names of the system's packages under names of this one.
    pub(super) shims: BTreeMap<shim::Name, Shim>,
    /// A file that is added for targets as it is.
    pub(super) adapter: Option<(Targets, String)>,
}

/// A declaration that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// The file's name without its ending.
    pub(super) stem: String,
    pub(super) targets: Targets,
    pub(super) code: String,
    pub(super) does: Does,
    /// The imports of the file that it was made after.
    pub(super) imports: Vec<Import>,
    /// The licence of that file.
    pub(super) licence: String,
    /// It ends lines as Windows does.
    pub(super) crlf: bool,
}

impl Made {
    /// The declaration as a file.
    fn source(&self) -> String {
        format!("package p\n{}\n", self.code)
    }
}

impl Mender {
    /// Declare a name for targets after a file of another platform, unless that was in vain.
    pub(super) fn declare(&mut self, name: &str, targets: &Targets) {
        if self.plan.impossible.contains(name) {
            return;
        }
        let known = self.plan.stubs.get(name).map(|stub| stub.targets.clone());
        let targets: Targets = known
            .into_iter()
            .flatten()
            .chain(targets.iter().copied())
            .collect();
        let Some(made) = self.made_after_others(name, &targets) else {
            self.plan.impossible.insert(name.to_owned());
            return;
        };
        let is_type = made.1;
        self.plan.stubs.insert(made.0.names.join(","), made.2);
        if is_type {
            self.declare_methods(name, &targets);
        }
    }

    /// The unit of another platform that declares a name, whether it is a type, and what stands for it.
    fn made_after_others(&self, name: &str, targets: &Targets) -> Option<(Unit, bool, Made)> {
        let models = self.models(name, targets);
        let (file, text, unit) = models.first()?;
        let others: Vec<Model<'_>> = models[1..]
            .iter()
            .filter_map(|(file, text, unit)| match &unit.kind {
                Kind::Func(func) => Some(Model { file, text, func }),
                _ => None,
            })
            .collect();
        let imports = Pieces::of(text).imports;
        let stub = match &unit.kind {
            Kind::Func(func) if !is_portable(text, unit, &imports) => {
                self.maker(targets, &imports, |maker| {
                    maker.func(text, unit, func, &others)
                })
            }
            _ => Stub {
                code: unit.alone(text),
                does: Does::Same,
            },
        };
        if self.uses_banned(&stub.code, &imports, targets) {
            return None;
        }
        let made = Made {
            stem: constraint::stem(file).to_owned(),
            targets: targets.clone(),
            code: stub.code,
            does: stub.does,
            imports,
            licence: licence::of(text),
            crlf: text.contains("\r\n"),
        };
        Some((unit.clone(), matches!(unit.kind, Kind::Type), made))
    }

    /// Declare the methods of a type that was declared after a file of another platform.
    fn declare_methods(&mut self, name: &str, targets: &Targets) {
        let models = self.models(name, targets);
        let Some((file, text, _)) = models.first() else {
            return;
        };
        let native = self.is_selected(file, text, None);
        let start = format!("{name}.");
        let mut methods = BTreeSet::new();
        for (other, text) in &self.files {
            let same = if native {
                self.is_selected(other, text, None)
            } else {
                other.as_str() == *file
            };
            if same
                && text.contains(name)
                && !targets
                    .iter()
                    .any(|g| self.is_selected(other, text, Some(*g)))
            {
                let units = Pieces::of(text).units.into_iter().flat_map(|u| u.names);
                methods.extend(units.filter(|n| n.starts_with(&start)));
            }
        }
        for method in methods {
            if !self.plan.stubs.contains_key(&method) && !self.plan.impossible.contains(&method) {
                self.declare(&method, targets);
            }
        }
    }

    /// Do something about a declaration that is at fault on targets, at these lines, from 0.
    pub(super) fn replace(&mut self, key: &Key, targets: &Targets, lines: &BTreeSet<usize>) {
        match key {
            Key::Made(name) => self.weaken(name, lines),
            Key::Original(file, number) => self.split(file, *number, targets, lines),
        }
    }

    /// A declaration that was made is at fault itself, at lines of the text that was compiled.
    fn weaken(&mut self, name: &str, lines: &BTreeSet<usize>) {
        let Some(made) = self.plan.stubs.get(name) else {
            return;
        };
        let key = Key::Made(name.to_owned());
        let first = self.rendered.first_line(&key).unwrap_or_default();
        let src = made.source();
        let here = Pieces::of(&src)
            .units
            .first()
            .map_or(0, |unit| src[..unit.code.start].matches('\n').count());
        let lines = lines
            .iter()
            .map(|line| (line + here).saturating_sub(first))
            .collect();
        self.weaken_at(name, &lines);
    }

    /// What was declared for targets cannot use a package that these have no files of.
    pub(super) fn weaken_users_of(&mut self, path: &str) {
        let users: Vec<String> = self
            .plan
            .stubs
            .iter()
            .filter(|(_, m)| self.uses_banned(&m.code, &m.imports, &m.targets))
            .map(|(n, _)| n.clone())
            .collect();
        for name in users {
            let made = &self.plan.stubs[&name];
            let src = made.source();
            let import = made
                .imports
                .iter()
                .find(|i| i.path == path)
                .map(Import::name);
            let unit = Pieces::of(&src).units.into_iter().next();
            if let (Some(import), Some(unit)) = (import, unit) {
                self.weaken_at(&name, &lines_with(&src, &unit, &import));
            }
        }
    }

    /// The same, at lines of the declaration's own source.
    fn weaken_at(&mut self, name: &str, lines: &BTreeSet<usize>) {
        let made = self.plan.stubs[name].clone();
        let src = made.source();
        let Some(unit) = Pieces::of(&src).units.into_iter().next() else {
            return;
        };
        let stub = match &unit.kind {
            Kind::Func(func) if made.does == Does::Same => {
                Some(self.maker(&made.targets, &made.imports, |maker| {
                    maker.func(&src, &unit, func, &[])
                }))
            }
            _ => stub::weaker(&src, &unit, lines, words(&made.targets))
                .filter(|stub| stub.code != made.code),
        };
        let stub = stub.filter(|stub| !self.uses_banned(&stub.code, &made.imports, &made.targets));
        if let Some(Stub { code, does }) = stub {
            let made = Made { code, does, ..made };
            self.plan.stubs.insert(name.to_owned(), made);
        } else {
            self.plan.stubs.remove(name);
            let names = name.split(',').map(str::to_owned);
            self.plan.impossible.extend(names);
        }
    }

    /// Move a declaration of a file away from targets, and put one that stands for it there.
    fn split(&mut self, file: &str, number: usize, targets: &Targets, lines: &BTreeSet<usize>) {
        let text = &self.files[file];
        let pieces = Pieces::of(text);
        let Some(unit) = pieces.units.get(number) else {
            return;
        };
        let key = (file.to_owned(), number);
        let known = self.plan.moved.get(&key).into_iter().flatten().copied();
        let targets: Targets = known.chain(targets.iter().copied()).collect();
        if unit.is("_") {
            // It declares nothing.
            self.plan.moved.insert(key, targets);
            return;
        }
        let is_value = matches!(unit.kind, Kind::Const | Kind::Var);
        let elsewhere = is_value.then(|| self.made_elsewhere(unit, &targets));
        if let Some(made) = elsewhere.flatten() {
            self.plan.stubs.extend(made);
            self.plan.moved.insert(key, targets);
            return;
        }
        let stub = if let Kind::Func(func) = &unit.kind {
            let make = |maker: &Maker<'_>| maker.func(text, unit, func, &[]);
            Some(self.maker(&targets, &pieces.imports, make))
        } else {
            let lines = self.original_lines(&key, unit, lines);
            stub::weaker(text, unit, &lines, words(&targets))
        };
        let name = unit.names.join(",");
        let stub = stub.filter(|stub| !self.uses_banned(&stub.code, &pieces.imports, &targets));
        if let Some(Stub { code, does }) = stub {
            let made = Made {
                stem: constraint::stem(file).to_owned(),
                targets: targets.clone(),
                code,
                does,
                imports: pieces.imports.clone(),
                licence: licence::of(text),
                crlf: text.contains("\r\n"),
            };
            let name = if name == "init" {
                format!("{name} of {file} {number}")
            } else {
                name
            };
            self.plan.stubs.insert(name, made);
        } else {
            self.plan.impossible.extend(unit.names.iter().cloned());
        }
        self.plan.moved.insert(key, targets);
    }

    /// What stands for all names of a unit after files of other platforms; none where one of them has no such file.
    fn made_elsewhere(&self, unit: &Unit, targets: &Targets) -> Option<BTreeMap<String, Made>> {
        let names = unit.names.iter();
        let made = names.map(|name| {
            let (unit, _, made) = self.made_after_others(name, targets)?;
            Some((unit.names.join(","), made))
        });
        made.collect()
    }

    /// Lines of a unit as its file has them, from those of the text that was compiled.
    fn original_lines(
        &self,
        key: &(String, usize),
        unit: &Unit,
        lines: &BTreeSet<usize>,
    ) -> BTreeSet<usize> {
        let (file, number) = key;
        let original = self.files[file][..unit.code.start].matches('\n').count();
        let key = Key::Original(file.clone(), *number);
        let compiled = self.rendered.first_line(&key).unwrap_or(original);
        let line = |line: &usize| (line + original).saturating_sub(compiled);
        lines.iter().map(line).collect()
    }

    /// Whether a declaration for targets uses a package that one of them has no files of.
    fn uses_banned(&self, code: &str, imports: &[Import], targets: &Targets) -> bool {
        let banned = imports.iter().filter(|i| {
            self.plan
                .banned
                .get(&i.path)
                .is_some_and(|b| !b.is_disjoint(targets))
        });
        banned.map(Import::name).any(|name| uses(code, &name))
    }

    fn maker<T>(
        &self,
        targets: &Targets,
        imports: &[Import],
        make: impl FnOnce(&Maker<'_>) -> T,
    ) -> T {
        let taken = |name: &str| {
            let declared = self.names.contains(name);
            declared || imports.iter().any(|i| i.path != name && i.name() == name)
        };
        let called =
            |name: &'static str, other: &'static str| if taken(name) { other } else { name };
        make(&Maker {
            package: &self.package,
            targets: words(targets),
            errors: called("errors", "stderrors"),
            fmt: called("fmt", "stdfmt"),
        })
    }

    /// The declarations of the files as they are that use a package on a target, and their lines.
    pub(super) fn users_of(&self, path: &str, goos: Goos) -> Vec<(Key, BTreeSet<usize>)> {
        let mut users = Vec::new();
        for (file, text) in &self.files {
            let pieces = Pieces::of(text);
            let Some(import) = pieces.imports.iter().find(|i| i.path == path) else {
                continue;
            };
            if !self.is_selected(file, text, Some(goos)) {
                continue;
            }
            for (number, unit) in pieces.units.iter().enumerate() {
                let lines = lines_with(text, unit, &import.name());
                let key = (file.clone(), number);
                let moved = self.plan.moved.get(&key).is_some_and(|t| t.contains(&goos));
                if !lines.is_empty() && !moved {
                    users.push((Key::Original(file.clone(), number), lines));
                }
            }
        }
        users
    }
}

/// Targets in words.
pub(super) fn words(targets: &Targets) -> &'static str {
    match targets.iter().next() {
        Some(goos) if targets.len() == 1 => goos.name(),
        _ => "js and wasip1",
    }
}

/// The lines of a unit, from 0, that use a qualifier.
fn lines_with(text: &str, unit: &Unit, qualifier: &str) -> BTreeSet<usize> {
    let code = &text[unit.code.clone()];
    let first = text[..unit.code.start].matches('\n').count();
    let lines = code.lines().enumerate();
    lines
        .filter(|(_, line)| uses(line, qualifier))
        .map(|(n, _)| first + n)
        .collect()
}

/// Whether a text has a qualifier before a dot.
fn uses(text: &str, qualifier: &str) -> bool {
    let selector = format!("{qualifier}.");
    text.match_indices(&selector).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
    })
}

/// Whether a function needs nothing of the operating system, so that it is the same on every platform.
fn is_portable(text: &str, unit: &Unit, imports: &[Import]) -> bool {
    let Kind::Func(func) = &unit.kind else {
        return false;
    };
    let code = &text[unit.code.clone()];
    let mut of_system = imports.iter().filter(|i| stub::is_of_system(&i.path));
    func.body.is_some()
        && of_system.all(|import| {
            let names = names_after(code, &import.name());
            names
                .iter()
                .all(|name| stub::is_everywhere(&import.path, name))
        })
}
