//! Uses of a package rewritten into those of another one, in one file.
//!
//! A file is rewritten whole or not at all: a name, a call or an import for which nothing is known is a
//! [`Hindrance`], with its line.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::pieces::{Pieces, all_tokens};
use crate::go::facts::{FileFacts, ImportFact, Role, Span, Use};
use crate::go::syntax::{Tok, Token};

/// A package, and what is written in its place.
#[derive(Clone, Debug, Default)]
pub struct Swap {
    /// Import path.
    pub package: String,
    /// The name in its package clause; none where the last part of its path is it.
    pub name: Option<String>,
    /// Import paths in its place: the first one takes its names, the others are imported for their initialisation.
    pub imports: Vec<String>,
    /// The name in the package clause of the first one, as [`Swap::name`].
    pub new_name: Option<String>,
    /// Names that may be used, with those in their places.
    pub names: BTreeMap<String, String>,
    /// Arguments of functions, of any package, that are rewritten or refused.
    pub arguments: Vec<Argument>,
}

/// Literals that are arguments of functions.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `import/path.Name`
    pub functions: Vec<String>,
    /// Which one, from 0.
    pub at: usize,
    /// What is done.
    pub does: ArgumentSwap,
}

/// What is done about an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentSwap {
    /// A string in the place of another one; what is no literal is a hindrance.
    Replace(String, String),
    /// A literal that has one of these texts is a hindrance.
    Refuse(Vec<String>),
}

/// What came of rewriting a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// It has nothing to rewrite.
    Same,
    /// Its new text.
    Changed(String),
    /// Nothing of it is rewritten.
    Refused(Vec<Hindrance>),
}

/// What stands in the way of rewriting a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hindrance {
    /// From 1.
    pub line: u32,
    /// What is there.
    pub obstacle: Obstacle,
}

/// What cannot be rewritten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The file cannot be read.
    Syntax,
    /// A dot import of this package.
    DotImport(String),
    /// This name, as it is written, has no counterpart.
    Name(String),
    /// This function is used as a value, so that its arguments are not known.
    Value(String),
    /// An argument of this function decides, and is no literal.
    NotLiteral(String),
    /// An argument of this function has this text, which the new package does not know.
    Text(String, String),
}

impl Swap {
    fn local_name(&self) -> &str {
        self.name
            .as_deref()
            .unwrap_or_else(|| guessed_name(&self.package))
    }
}

/// Rewrites a file for some packages.
pub fn swap(text: &str, swaps: &[Swap]) -> Swapped {
    let functions = swaps
        .iter()
        .flat_map(|s| &s.arguments)
        .flat_map(|a| &a.functions);
    let functions = functions.filter_map(|f| f.rsplit_once('.').map(|(package, _)| package));
    let packages = swaps.iter().map(|s| s.package.as_str());
    // What a text does not hold need not be looked for.
    if !packages.chain(functions).any(|path| text.contains(path)) {
        return Swapped::Same;
    }
    let facts = FileFacts::read(&Arc::new(text.to_owned()));
    let mut work = Work {
        text,
        tokens: all_tokens(text),
        edits: Vec::new(),
        hindrances: BTreeSet::new(),
        facts: &facts,
    };
    for swap in swaps {
        work.imports(swap);
        work.uses(swap);
        work.arguments(swap);
    }
    work.end()
}

/// The work on one file.
struct Work<'f> {
    text: &'f str,
    tokens: Vec<Token>,
    facts: &'f FileFacts,
    edits: Vec<(Range<usize>, String)>,
    hindrances: BTreeSet<Hindrance>,
}

impl Work<'_> {
    fn end(mut self) -> Swapped {
        if self.edits.is_empty() && self.hindrances.is_empty() {
            return Swapped::Same;
        }
        if let Some(error) = self.facts.errors.first() {
            self.hinder(error.pos, Obstacle::Syntax);
        }
        if !self.hindrances.is_empty() {
            return Swapped::Refused(self.hindrances.into_iter().collect());
        }
        self.edits.sort_by_key(|(range, _)| range.start);
        let (mut out, mut from) = (String::new(), 0);
        for (range, new) in &self.edits {
            out.push_str(&self.text[from..range.start.max(from)]);
            out.push_str(new);
            from = range.end.max(from);
        }
        Swapped::Changed(out + &self.text[from..])
    }

    fn hinder(&mut self, pos: u32, obstacle: Obstacle) {
        let (line, _) = self.facts.position(pos);
        self.hindrances.insert(Hindrance { line, obstacle });
    }

    fn alias(&self, import: &ImportFact) -> Option<&str> {
        import.alias.map(|alias| self.facts.text(alias))
    }

    /// Put imports in the place of one.
    fn imports(&mut self, swap: &Swap) {
        for (number, import) in self.facts.imports.iter().enumerate() {
            if self.facts.text(import.path) != swap.package {
                continue;
            }
            let specs = match self.alias(import) {
                Some(".") => {
                    self.hinder(import.pos, Obstacle::DotImport(swap.package.clone()));
                    continue;
                }
                Some("_") => self.blank(&swap.imports),
                alias => self.named(swap, alias),
            };
            let start = import.alias.map_or(import.pos, |alias| alias.pos) as usize;
            let spec = start..import.path.end() + 1;
            let edit = if specs.is_empty() {
                let pieces = Pieces::of(self.text).imports;
                let span = pieces.get(number).map(|i| i.span.0..i.span.1);
                (span.unwrap_or(spec), String::new())
            } else {
                let text = specs.join(&self.between_specs(start));
                (spec, text)
            };
            self.edits.push(edit);
        }
    }

    /// Specifications that import packages for their initialisation, those left out that are imported already.
    fn blank(&self, paths: &[String]) -> Vec<String> {
        let known = |path: &&String| {
            let mut imports = self.facts.imports.iter();
            imports.any(|i| self.facts.text(i.path) == **path)
        };
        let new = paths.iter().filter(|path| !known(path));
        new.map(|path| format!("_ \"{path}\"")).collect()
    }

    /// Specifications that import the first package by the name that the file knows.
    fn named(&self, swap: &Swap, alias: Option<&str>) -> Vec<String> {
        let Some((first, others)) = swap.imports.split_first() else {
            return Vec::new();
        };
        let new = swap.new_name.as_deref();
        let new = new.unwrap_or_else(|| guessed_name(first));
        let local = alias.unwrap_or_else(|| swap.local_name());
        let mut specs = vec![if alias.is_none() && new == local {
            format!("\"{first}\"")
        } else {
            format!("{local} \"{first}\"")
        }];
        specs.extend(self.blank(others));
        specs
    }

    /// What stands between two specifications where the first begins at an offset.
    fn between_specs(&self, start: usize) -> String {
        let before = &self.text[..start];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let end = if before[..line].ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let at = self.tokens.partition_point(|t| (t.start as usize) < start);
        let grouped = self.tokens[..at]
            .last()
            .is_none_or(|t| t.tok != Tok::Import);
        match (grouped, before[line..].trim().is_empty()) {
            (true, true) => format!("{end}{}", &before[line..]),
            // They share a line, as in `import ("a"; "b")`.
            (true, false) => "; ".to_owned(),
            (false, _) => format!("{end}import "),
        }
    }

    /// The names by which a file knows packages.
    fn qualifiers(&self, swap: &Swap) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for import in &self.facts.imports {
            let path = self.facts.text(import.path);
            let guessed = if path == swap.package {
                swap.local_name()
            } else {
                guessed_name(path)
            };
            let name = self.alias(import).unwrap_or(guessed);
            names.insert(name.to_owned(), path.to_owned());
        }
        names
    }

    /// Uses of imported names: what stands before the dot is no local name.
    fn selections(&self, swap: &Swap) -> Vec<(Use, Span, String)> {
        let names = self.qualifiers(swap);
        let uses = self.facts.uses.iter().filter_map(|used| {
            let path = names.get(self.facts.text(used.base))?;
            Some((*used, used.sel?, path.clone()))
        });
        uses.collect()
    }

    fn uses(&mut self, swap: &Swap) {
        for (used, sel, path) in self.selections(swap) {
            if path != swap.package {
                continue;
            }
            let name = self.facts.text(sel);
            match swap.names.get(name) {
                Some(new) if new == name => {}
                Some(new) => self.edits.push((sel.pos as usize..sel.end(), new.clone())),
                None => {
                    let written = format!("{}.{name}", self.facts.text(used.base));
                    self.hinder(used.base.pos, Obstacle::Name(written));
                }
            }
        }
    }

    fn arguments(&mut self, swap: &Swap) {
        for argument in &swap.arguments {
            for (used, sel, path) in self.selections(swap) {
                let function = format!("{path}.{}", self.facts.text(sel));
                if !argument.functions.contains(&function) {
                    continue;
                }
                let written = format!("{}.{}", self.facts.text(used.base), self.facts.text(sel));
                let tokens = (used.role == Role::Callee)
                    .then(|| self.argument(sel.end(), argument.at))
                    .flatten();
                match (tokens, &argument.does) {
                    (None, ArgumentSwap::Replace(..)) => {
                        self.hinder(used.base.pos, Obstacle::Value(written));
                    }
                    (None, ArgumentSwap::Refuse(_)) => {}
                    (Some(tokens), ArgumentSwap::Replace(from, to)) => {
                        self.replace(&tokens, from, to, written);
                    }
                    (Some(tokens), ArgumentSwap::Refuse(texts)) => {
                        self.refuse(&tokens, texts, &written);
                    }
                }
            }
        }
    }

    /// Put a literal in the place of one.
    fn replace(&mut self, tokens: &[Token], from: &str, to: &str, written: String) {
        match tokens {
            [literal] if literal.tok == Tok::String => {
                let span = literal.start as usize + 1..literal.end as usize - 1;
                if self.text.get(span.clone()) == Some(from) {
                    self.edits.push((span, to.to_owned()));
                }
            }
            _ => {
                let pos = tokens.first().map_or(0, |t| t.start);
                self.hinder(pos, Obstacle::NotLiteral(written));
            }
        }
    }

    fn refuse(&mut self, tokens: &[Token], texts: &[String], written: &str) {
        for token in tokens.iter().filter(|t| t.tok == Tok::String) {
            let literal = &self.text[token.start as usize..token.end as usize];
            for text in texts.iter().filter(|text| literal.contains(*text)) {
                let obstacle = Obstacle::Text(written.to_owned(), text.clone());
                self.hinder(token.start, obstacle);
            }
        }
    }

    /// The tokens of an argument of the call whose callee ends at an offset; none where it is no call, or has no
    /// such argument.
    fn argument(&self, callee_end: usize, at: usize) -> Option<Vec<Token>> {
        let next = self
            .tokens
            .partition_point(|t| (t.start as usize) < callee_end);
        let rest = self.tokens.get(next..)?;
        let (open, rest) = rest.split_first()?;
        if open.tok != Tok::LParen {
            return None;
        }
        let (mut depth, mut number) = (0_usize, 0);
        let mut found = Vec::new();
        for token in rest {
            match token.tok {
                Tok::LParen | Tok::LBrack | Tok::LBrace => depth += 1,
                Tok::RParen if depth == 0 => break,
                Tok::RParen | Tok::RBrack | Tok::RBrace => depth = depth.saturating_sub(1),
                Tok::Comma if depth == 0 => {
                    number += 1;
                    continue;
                }
                _ => {}
            }
            if number == at {
                found.push(*token);
            }
        }
        (!found.is_empty()).then_some(found)
    }
}

/// The name of a package as its path tells: the last part that is no major version.
fn guessed_name(path: &str) -> &str {
    let is_major = |part: &str| {
        let digits = part.strip_prefix('v').unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    };
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let name = if is_major(last) {
        parts.next().unwrap_or(last)
    } else {
        last
    };
    name.split_once('.')
        .filter(|(_, major)| is_major(major))
        .map_or(name, |(name, _)| name)
}
