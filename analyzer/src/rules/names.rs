//! Names against the files that are left: which of them no declaration explains.

use hashbrown::{HashMap, HashSet};
use model::{Finding, Note, NoteKind};

use super::{left_out, redeclared, undefined_imported_name, undefined_name};
use crate::context::Context;
use crate::go::facts::{DeclKind, Role, is_predeclared};
use crate::go::graph::{Names, Package};
use crate::go::qualifiers::qualifiers;
use crate::go::source::Source;

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
        redeclared::check(cx, package, findings);
    }
}

/// Package-level names of imported packages, made when they are first wanted.
pub(super) struct Exports<'c, 'a> {
    cx: &'c Context<'c, 'a>,
    known: HashMap<&'c str, Option<Names<'c>>>,
}

impl<'c> Exports<'c, '_> {
    /// The names of a package; none where they cannot be known: nothing was read of it, or it
    /// does not load or parse.
    pub(super) fn of(&mut self, path: &'c str) -> Option<&Names<'c>> {
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
            undefined_imported_name::check(cx, package, file, path, sel, exports, findings);
            continue;
        }
        let explained = used.role == Role::Key
            || open_dot
            || is_predeclared(base)
            || dotted.contains(base)
            || qualifiers.path(base).is_some()
            || (used.sel.is_some() && qualifiers.open);
        if !explained && facts.errors.is_empty() {
            findings.push(undefined_name::finding(cx, package, file, used));
        }
    }
}

/// The files that declare a name and are left out, and why.
pub(super) fn declared_elsewhere(
    cx: &Context<'_, '_>,
    package: &Package<'_>,
    name: &str,
) -> Vec<Note> {
    const MAX: usize = 5;
    let ignored = left_out::ignored_files(cx, package);
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
        let more = format!("{more} more excluded files");
        notes.push(Note::new(NoteKind::More, more));
    }
    notes
}
