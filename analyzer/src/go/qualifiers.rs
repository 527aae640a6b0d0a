//! What the names before a dot stand for in one file.

use crate::go::facts::FileFacts;
use crate::go::graph::{Graph, Package};
use hashbrown::HashMap;

/// What the names before a dot stand for in one file.
pub(crate) struct Qualifiers<'f> {
    /// From the name to the import path.
    known: HashMap<&'f str, &'f str>,
    /// Some import's name is not known: anything before a dot may be it.
    pub(crate) open: bool,
    /// Import paths of dot imports.
    pub(crate) dots: Vec<&'f str>,
}

impl<'f> Qualifiers<'f> {
    /// The import path that a name before a dot stands for.
    pub(crate) fn path(&self, name: &str) -> Option<&'f str> {
        self.known.get(name).copied()
    }

    /// All names, with what they stand for.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.known.iter().map(|(name, path)| (*name, *path))
    }

    /// Whether a name before a dot may be that of an import.
    pub(crate) fn may_be_import(&self, name: &str) -> bool {
        self.open || self.known.contains_key(name)
    }
}

pub(crate) fn qualifiers<'f>(
    graph: &'f Graph<'_>,
    package: &'f Package<'_>,
    facts: &'f FileFacts,
) -> Qualifiers<'f> {
    let mut qualifiers = Qualifiers {
        known: HashMap::new(),
        open: false,
        dots: Vec::new(),
    };
    for import in &facts.imports {
        let path = package.resolve(facts.text(import.path));
        match import.alias.map(|a| facts.text(a)) {
            Some("_") => {}
            Some(".") => qualifiers.dots.push(path),
            Some(alias) => {
                qualifiers.known.insert(alias, path);
            }
            None => match graph.get(path).map(|p| p.listed.name.as_str()) {
                Some(name) if !name.is_empty() => {
                    qualifiers.known.insert(name, path);
                }
                _ if path == "unsafe" => {
                    qualifiers.known.insert("unsafe", path);
                }
                _ => qualifiers.open = true,
            },
        }
    }
    qualifiers
}
