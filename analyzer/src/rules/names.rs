//! `undefined-name`, `undefined-imported-name`, `redeclared`: names against the files that are left.

use hashbrown::{HashMap, HashSet};
use model::{Effect, Finding, Goos, Note, NoteKind, Rule};

use super::{Claim, Context, HERE, Saying, excluded};
use crate::facts::{DeclKind, Role, Span, Use, is_predeclared};
use crate::graph::{Names, Package};
use crate::qualifiers::qualifiers;
use crate::source::Source;
use crate::std_facts::missing_name;

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let mut exports = Exports {
        cx,
        known: HashMap::new(),
    };
    for package in cx.judged() {
        let names = package.names();
        for file in package.files() {
            uses(cx, package, file, &names, &mut exports, findings);
        }
        redeclared(cx, package, findings);
    }
}

/// Package-level names of imported packages, made when they are first wanted.
struct Exports<'c, 'a> {
    cx: &'c Context<'c, 'a>,
    known: HashMap<&'c str, Option<Names<'c>>>,
}

impl<'c> Exports<'c, '_> {
    /// The names of a package; none where they cannot be known: nothing was read of it, or it
    /// does not load or parse.
    fn of(&mut self, path: &'c str) -> Option<&Names<'c>> {
        let graph = self.cx.graph;
        let names = self.known.entry(path).or_insert_with(|| {
            let package = graph.get(path)?;
            (package.is_whole() && !package.is_empty()).then(|| package.names())
        });
        names.as_ref()
    }
}

fn uses<'c, 'a>(
    cx: &'c Context<'c, 'a>,
    package: &'c Package<'a>,
    file: &'c Source,
    names: &Names<'_>,
    exports: &mut Exports<'c, 'a>,
    findings: &mut Vec<Finding>,
) {
    let facts = &file.facts;
    let qualifiers = qualifiers(cx.graph, package, facts);
    let mut dotted = HashSet::new();
    let mut open_dot = false;
    for dot in &qualifiers.dots {
        match exports.of(dot) {
            Some(names) => dotted.extend(names.keys().copied()),
            None => open_dot = true,
        }
    }
    for used in &facts.uses {
        let base = facts.text(used.base);
        if names.contains_key(base) {
            continue;
        }
        if let (Some(sel), Some(path)) = (used.sel, qualifiers.path(base)) {
            imported(cx, package, file, path, sel, exports, findings);
            continue;
        }
        let explained = used.role == Role::Key
            || open_dot
            || is_predeclared(base)
            || dotted.contains(base)
            || qualifiers.path(base).is_some()
            || (used.sel.is_some() && qualifiers.open);
        if !explained && facts.errors.is_empty() {
            findings.push(undefined(cx, package, file, used));
        }
    }
}

/// `path.sel`, where the package is there and the name may not be.
fn imported<'c, 'a>(
    cx: &'c Context<'c, 'a>,
    package: &Package<'a>,
    file: &Source,
    path: &'c str,
    sel: Span,
    exports: &mut Exports<'c, 'a>,
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
    let elsewhere = declared_elsewhere(cx, imported, name);
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
                format!("declares no `{name}`, on no platform")
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
pub(super) fn missing_std(cx: &Context<'_, '_>, symbol: &str) -> Option<Note> {
    let missing = missing_name(symbol)?;
    let here = match cx.graph.goos {
        Goos::Js => missing.js,
        Goos::Wasip1 => missing.wasip1,
    };
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

/// A name that the package itself does not declare.
fn undefined<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
) -> Finding {
    let name = file.facts.text(used.base);
    let elsewhere = declared_elsewhere(cx, package, name);
    let saying = Saying {
        rule: Rule::UndefinedName,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.{name}", package.path()),
        claim: Claim::of(
            name,
            if elsewhere.is_empty() {
                "is declared in no file of the package".to_owned()
            } else {
                format!("is declared only in files that {HERE} leaves out")
            },
        ),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    finding.notes.extend(elsewhere);
    finding
}

/// The files that declare a name and are left out, and why.
fn declared_elsewhere(cx: &Context<'_, '_>, package: &Package<'_>, name: &str) -> Vec<Note> {
    const MAX: usize = 5;
    let ignored = excluded::ignored_files(cx, package);
    let declaring = ignored.iter().filter_map(|file| {
        let decl = file
            .facts
            .decls
            .iter()
            .find(|d| d.kind != DeclKind::Method && file.facts.text(d.name) == name)?;
        Some((file, file.facts.position(decl.name.pos).0))
    });
    let mut notes: Vec<Note> = declaring
        .map(|(file, line)| cx.declared_in(package, file, line))
        .collect();
    let more = notes.len().saturating_sub(MAX);
    if more > 0 {
        notes.truncate(MAX);
        let more = format!("{more} more files that are left out");
        notes.push(Note::new(NoteKind::More, more));
    }
    notes
}

/// Names, and methods of a type, that two selected files declare.
fn redeclared<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, findings: &mut Vec<Finding>) {
    // What one file declares twice is redeclared on every target.
    if package.files().len() < 2 {
        return;
    }
    let mut seen: HashMap<(&str, &str), (&Source, Span)> = HashMap::new();
    for file in package.files() {
        let facts = &file.facts;
        for decl in &facts.decls {
            let name = facts.text(decl.name);
            if name == "_" || name.is_empty() || (decl.kind == DeclKind::Func && name == "init") {
                continue;
            }
            let recv = decl.recv.map_or("", |r| facts.text(r));
            if decl.kind == DeclKind::Method && recv.is_empty() {
                continue;
            }
            match seen.get(&(recv, name)) {
                None => {
                    seen.insert((recv, name), (file, decl.name));
                }
                Some((other, first)) if !std::ptr::eq(*other, &raw const **file) => {
                    let symbol = if recv.is_empty() {
                        format!("{}.{name}", package.path())
                    } else {
                        format!("{}.{recv}.{name}", package.path())
                    };
                    let saying = Saying {
                        rule: Rule::Redeclared,
                        effect: Effect::FailsToBuild,
                        root: package.path().to_owned(),
                        symbol,
                        claim: Claim::of(
                            name,
                            format!("is declared twice in the files that are left on {HERE}"),
                        ),
                    };
                    let mut finding = cx.at(package, file, decl.name.pos, saying);
                    let place = cx.places().name_in(package.listed, &other.name);
                    let line = other.facts.position(first.pos).0;
                    let text = format!("the other declaration is at {place}:{line}");
                    let note = Note::new(NoteKind::Other, text);
                    finding.notes.push(note.at(place, line, 0));
                    findings.push(finding);
                }
                Some(_) => {}
            }
        }
    }
}
