//! No cycles between the rooms of a crate.
//!
//! A room is a top-level module: a file beside `lib.rs` or `main.rs` with the folder of its name. Files of one
//! room may use each other; between rooms, uses go one way only. What the root of a crate defines itself
//! is a room, too; what it re-exports belongs to the room that it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree, Visibility};

use super::source::Source;
use super::tree::{Crate, Tree};

/// Crates whose cycles are known: the tables of gobin share the words of its graph, and the functions of
/// WASI in runtime-harness the state of their host. A crate that has none is removed from here.
const TOLERATED: &[&str] = &["gobin", "runtime-harness"];

/// How the room of a crate's root file is shown.
const ROOT: &str = "crate root";

/// Checks all crates.
pub(super) fn check(tree: &Tree, complaints: &mut Vec<String>) {
    for member in &tree.crates {
        let cycles = cycles(&graph(member));
        let tolerated = TOLERATED.contains(&member.name.as_str());
        if !tolerated {
            complaints.extend(cycles.iter().map(|c| format!("{}: {c}", member.name)));
        } else if cycles.is_empty() {
            complaints.push(format!(
                "{}: has no cycles any more: xtask/src/tidy/rooms.rs need not tolerate them",
                member.name
            ));
        }
    }
}

/// For each room the rooms that it uses, and one place of each use.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// Reads which room uses which from the paths that begin with `crate`, `self` or `super`.
fn graph(member: &Crate) -> Graph {
    let files: Vec<(Vec<String>, &Source)> = member
        .files
        .iter()
        .filter(|f| !f.is_test_file())
        .filter_map(|f| Some((module(&member.name, &f.path)?, f)))
        .collect();
    let mut rooms = Rooms {
        names: files
            .iter()
            .filter_map(|(m, _)| m.first().cloned())
            .collect(),
        exports: BTreeMap::new(),
    };
    for (_, root) in files.iter().filter(|(module, _)| module.is_empty()) {
        rooms.exports.extend(exports(&root.text));
    }
    let mut graph = Graph::new();
    for (module, file) in &files {
        let from = module.first().map_or(ROOT, String::as_str);
        let uses = graph.entry(from.to_owned()).or_default();
        for (room, line) in rooms.uses(module, file).unwrap_or_default() {
            if room != from {
                uses.entry(room)
                    .or_insert_with(|| format!("{}:{line}", file.path));
            }
        }
    }
    graph
}

/// The path of a file's module in its crate; none for files outside of `src`.
fn module(name: &str, path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix(name)?.strip_prefix("/src/")?;
    let parts = path.strip_suffix(".rs")?.split('/');
    let module: Vec<String> = parts.map(str::to_owned).collect();
    match module.as_slice() {
        [root] if root == "lib" || root == "main" => Some(Vec::new()),
        [bin, ..] if bin == "bin" => None,
        _ => Some(module),
    }
}

/// What a crate's root re-exports: the name, and the top-level module that it comes from.
fn exports(text: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for item in syn::parse_file(text).into_iter().flat_map(|f| f.items) {
        if let Item::Use(item) = item
            && !matches!(item.vis, Visibility::Inherited)
        {
            names(&item.tree, &mut Vec::new(), &mut exports);
        }
    }
    exports
}

fn names(tree: &UseTree, path: &mut Vec<String>, exports: &mut BTreeMap<String, String>) {
    let room = path.iter().find(|p| *p != "crate" && *p != "self").cloned();
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            names(&tree.tree, path, exports);
            path.pop();
        }
        UseTree::Name(name) => {
            exports.extend(room.map(|room| (name.ident.to_string(), room)));
        }
        UseTree::Rename(name) => {
            exports.extend(room.map(|room| (name.rename.to_string(), room)));
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|t| names(t, path, exports));
        }
        // Which names a star stands for is not known here.
        UseTree::Glob(_) => {}
    }
}

/// What is needed to say which room a path leads to.
struct Rooms {
    names: BTreeSet<String>,
    exports: BTreeMap<String, String>,
}

impl Rooms {
    /// The rooms that a file uses outside of its tests, with the line.
    fn uses(&self, module: &[String], file: &Source) -> Result<Vec<(String, usize)>> {
        let stream: TokenStream = file.text.parse().map_err(|e| anyhow::anyhow!("{e}"))?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let exported = module.is_empty().then(|| export_lines(&file.text));
        let exported = exported.unwrap_or_default();
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let line = token.line;
            let is_inner = at > 0 && tokens[at - 1].text == "::";
            let leads_on = tokens.get(at + 1).is_some_and(|t| t.text == "::");
            if is_inner || !leads_on || file.is_test(line) || exported.contains(&line) {
                continue;
            }
            let inline = file.modules.iter().filter(|m| m.contains(&line)).count();
            let base = match token.text.as_str() {
                "crate" => Some(Vec::new()),
                "self" => Some(inner(module, inline)),
                "super" => Some(parent(inner(module, inline))),
                // The root may name its modules without `crate`.
                name if module.is_empty() && self.names.contains(name) => {
                    Some(vec![name.to_owned()])
                }
                _ => None,
            };
            let rooms = base.map(|base| self.rooms(base, &tokens[at + 2..]));
            found.extend(rooms.into_iter().flatten().map(|room| (room, line)));
        }
        Ok(found)
    }

    /// The rooms that a path leads to which begins in a module and goes on with some tokens.
    fn rooms(&self, mut base: Vec<String>, rest: &[Token]) -> Vec<String> {
        let mut rest = rest;
        while let [token, more @ ..] = rest
            && token.text == "super"
        {
            base = parent(base);
            rest = more.strip_prefix_of("::");
        }
        if let Some(first) = base.first() {
            return vec![first.clone()];
        }
        match rest {
            [open, rest @ ..] if open.text == "{" => heads(rest)
                .into_iter()
                .map(|name| self.room(name))
                .collect(),
            [name, ..] => vec![self.room(&name.text)],
            [] => Vec::new(),
        }
    }

    /// The room that a name at the top of the crate belongs to.
    fn room(&self, name: &str) -> String {
        if self.names.contains(name) {
            return name.to_owned();
        }
        let exported = self.exports.get(name).filter(|r| self.names.contains(*r));
        exported.map_or(ROOT, String::as_str).to_owned()
    }
}

/// The lines of re-exports.
fn export_lines(text: &str) -> BTreeSet<usize> {
    let items = syn::parse_file(text).into_iter().flat_map(|f| f.items);
    let lines = items.filter_map(|item| match item {
        Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {
            let first = item.use_token.span.start().line;
            Some(first..=item.semi_token.span.start().line)
        }
        _ => None,
    });
    lines.flatten().collect()
}

/// The path of an inline module that is so deep in a file. Its name decides nothing.
fn inner(module: &[String], depth: usize) -> Vec<String> {
    let mut path = module.to_vec();
    path.extend(std::iter::repeat_n("inline".to_owned(), depth));
    path
}

fn parent(mut path: Vec<String>) -> Vec<String> {
    path.pop();
    path
}

/// The first names of the paths in a group of a `use`.
fn heads(tokens: &[Token]) -> Vec<&str> {
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut before = ",";
    for token in tokens {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," => {}
            name if depth == 0 && before == "," => heads.push(name),
            _ => {}
        }
        before = &token.text;
    }
    heads
}

/// A token; two colons are one.
struct Token {
    text: String,
    line: usize,
}

/// What is left of tokens behind one of them.
trait StripToken {
    fn strip_prefix_of(&self, text: &str) -> &Self;
}

impl StripToken for [Token] {
    fn strip_prefix_of(&self, text: &str) -> &Self {
        match self {
            [first, rest @ ..] if first.text == text => rest,
            all => all,
        }
    }
}

/// Lays out all tokens in a row, braces included, the contents of macros, too.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let text = match tree {
            TokenTree::Group(group) => {
                let braces = group.delimiter() == proc_macro2::Delimiter::Brace;
                let [open, close] = if braces { ["{", "}"] } else { ["(", ")"] };
                let end = group.span_close().start().line;
                let token = |text: &str, line| Token {
                    text: text.to_owned(),
                    line,
                };
                tokens.push(token(open, line));
                flatten(group.stream(), tokens);
                tokens.push(token(close, end));
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                if let Some(last) = tokens.last_mut().filter(|t| t.text == ":") {
                    last.text.push(':');
                    continue;
                }
                ":".to_owned()
            }
            other => other.to_string(),
        };
        tokens.push(Token { text, line });
    }
}

/// A sentence for each set of rooms that use one another, with the shortest way around from its first.
fn cycles(graph: &Graph) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut cycles = Vec::new();
    for room in graph.keys() {
        if told.contains(room) {
            continue;
        }
        let Some(way) = way(graph, room, room) else {
            continue;
        };
        let others = graph.keys().filter(|other| {
            *other == room || way_exists(graph, room, other) && way_exists(graph, other, room)
        });
        let others: Vec<&String> = others.collect();
        told.extend(others.iter().map(|o| (*o).clone()));
        let steps = way.windows(2).map(|pair| {
            let place = graph[&pair[0]].get(&pair[1]).map_or("", String::as_str);
            format!("{} → {} ({place})", pair[0], pair[1])
        });
        let steps: Vec<String> = steps.collect();
        let count = others.len();
        cycles.push(format!(
            "{count} rooms use one another in a cycle: {}",
            steps.join(", ")
        ));
    }
    cycles
}

fn way_exists(graph: &Graph, from: &str, to: &str) -> bool {
    way(graph, from, to).is_some()
}

/// The shortest way of at least one step.
fn way(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut todo = VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = todo.pop_front() {
        let last = way.last().map(String::as_str).unwrap_or_default();
        for next in graph.get(last).into_iter().flat_map(BTreeMap::keys) {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == to {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                todo.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files = files
            .iter()
            .map(|(path, text)| Source::new(format!("a/src/{path}"), (*text).to_owned()).unwrap());
        let member = Crate {
            name: "a".to_owned(),
            manifest: String::new(),
            files: files.collect(),
        };
        cycles(&graph(&member))
    }

    #[test]
    fn uses_in_one_direction_are_no_cycle() {
        let files = [
            (
                "lib.rs",
                "mod one;\nmod two;\npub use crate::one::{One, Other as Third};\n",
            ),
            ("one.rs", "pub struct One;\n"),
            (
                "two.rs",
                "use crate::{One, Third};\nfn f() { crate::one::f(); }\n",
            ),
        ];
        assert!(found(&files).is_empty(), "{:?}", found(&files));
    }

    #[test]
    fn a_cycle_is_told_with_its_places() {
        let files = [
            ("lib.rs", "mod one;\nmod two;\n"),
            ("one.rs", "\nuse crate::two::Two;\n"),
            ("two.rs", "fn f() { matches!(x, super::one::One) }\n"),
        ];
        assert_eq!(
            found(&files),
            ["2 rooms use one another in a cycle: \
              one → two (a/src/one.rs:2), two → one (a/src/two.rs:1)"]
        );
    }

    #[test]
    fn re_exports_belong_to_their_room_and_items_of_the_root_to_the_root() {
        let root = "mod one;\npub use one::One;\npub struct Settings;\n";
        let uses_export = ("one.rs", "use crate::One;\n");
        assert!(found(&[("lib.rs", root), uses_export]).is_empty());
        let uses_root = ("one.rs", "use crate::Settings;\n");
        assert!(found(&[("lib.rs", root), uses_root]).is_empty());
        let main = "mod one;\nfn main() { one::run(Settings); }\nstruct Settings;\n";
        assert_eq!(found(&[("main.rs", main), uses_root]).len(), 1);
    }

    #[test]
    fn files_of_one_room_and_tests_may_use_each_other() {
        let files = [
            ("lib.rs", "mod one;\nmod two;\n"),
            (
                "one.rs",
                "mod part;\nuse part::P;\nmod inline { use super::X; }\n",
            ),
            (
                "one/part.rs",
                "use super::X;\nuse super::super::two::{Y};\n",
            ),
            (
                "two.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::one::X;\n}\n",
            ),
        ];
        assert!(found(&files).is_empty(), "{:?}", found(&files));
    }

    #[test]
    fn names_in_a_group_are_told_apart() {
        let files = [
            ("lib.rs", "mod one;\nmod two;\nmod three;\n"),
            ("one.rs", "use crate::{three::{X, Y}, two};\n"),
            ("two.rs", "use crate::three;\n"),
            ("three.rs", "use crate::{one::{self, Z}};\n"),
        ];
        let found = found(&files);
        assert!(found[0].starts_with("3 rooms"), "{found:?}");
    }
}
