//! Functions that nothing in their package names and nothing outside can: the linker drops them,
//! and what they do is no finding.

use hashbrown::{HashMap, HashSet};

use crate::go::calls::begins;
use crate::go::facts::{FileFacts, NO_OWNER, Use};
use crate::go::graph::Package;
use crate::go::source::Source;
use crate::go::types::Place;

/// A function: the address of its file, and the number of its owner there.
type Owned = (*const Source, u32);

/// The functions of a package that may be used.
pub(super) struct Used {
    functions: HashSet<Owned>,
}

impl Used {
    /// Everything that roots of the package name, directly or not. Any name after a dot may be
    /// that of any method.
    pub(super) fn of(package: &Package<'_>) -> Self {
        let mut by_name: HashMap<&str, Vec<Owned>> = HashMap::new();
        let mut named: HashMap<Owned, Vec<&str>> = HashMap::new();
        let mut todo = Vec::new();
        for file in package.files() {
            let facts = &file.facts;
            let address = &raw const **file;
            for (number, owner) in (0..).zip(&facts.owners) {
                let name = facts.text(owner.name);
                by_name.entry(name).or_default().push((address, number));
                // A method may run through any interface.
                let exported = name.starts_with(char::is_uppercase);
                let root =
                    begins(Place { package, file }, owner) || (owner.recv.is_some() && exported);
                if root {
                    todo.push((address, number));
                }
            }
            for (owner, name) in names(facts) {
                named.entry((address, owner)).or_default().push(name);
            }
        }
        // What stands outside of functions and initialisers counts as used.
        let outside = named.iter().filter(|((_, owner), _)| *owner == NO_OWNER);
        let outside: HashSet<&str> = outside
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let of_names = by_name.iter().filter(|(name, _)| outside.contains(*name));
        todo.extend(of_names.flat_map(|(_, functions)| functions));
        let mut functions = HashSet::new();
        while let Some(function) = todo.pop() {
            if functions.insert(function) {
                let says = named.get(&function).into_iter().flatten();
                todo.extend(says.filter_map(|name| by_name.get(name)).flatten());
            }
        }
        Self { functions }
    }

    pub(super) fn has(&self, file: &Source, used: &Use) -> bool {
        used.owner == NO_OWNER || self.functions.contains(&(&raw const *file, used.owner))
    }
}

/// Names that a file uses, with the owner in which they stand: after a dot, too.
fn names(facts: &FileFacts) -> impl Iterator<Item = (u32, &str)> {
    let uses = facts.uses.iter();
    let plain = uses.flat_map(|u| {
        [Some(u.base), u.sel]
            .into_iter()
            .flatten()
            .map(|s| (u.owner, s))
    });
    let methods = facts.typing.accesses.iter();
    let methods = methods.map(|a| (a.at.owner, a.at.base));
    // A selector whose base has no known value is in no access: it may stand anywhere.
    let other = facts.selectors.iter().map(|s| (NO_OWNER, *s));
    plain
        .chain(methods)
        .chain(other)
        .map(|(owner, span)| (owner, facts.text(span)))
}
