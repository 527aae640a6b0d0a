//! One Rust file: its functions, its lines that are tests, its inline modules.

use std::ops::RangeInclusive;

use anyhow::{Result, anyhow};
use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, Item, ItemFn, ItemMod, Signature, TraitItemFn};

/// Lines, counted from 1.
pub(super) type Lines = RangeInclusive<usize>;

/// A Rust file.
pub(super) struct Source {
    /// Path from the root of the workspace.
    pub(super) path: String,
    /// What stands in it.
    pub(super) text: String,
    /// Its functions, those in tests included.
    pub(super) functions: Vec<Function>,
    /// The lines of items that are compiled for tests alone.
    pub(super) tests: Vec<Lines>,
    /// The lines of inline modules, tests apart.
    pub(super) modules: Vec<Lines>,
}

/// A function with a body.
pub(super) struct Function {
    /// Its name, without the type that it may belong to.
    pub(super) name: String,
    /// From the line with `fn` to the closing brace.
    pub(super) lines: Lines,
    /// The line of its first attribute or documentation, else that of `fn`.
    pub(super) top: usize,
}

impl Function {
    /// How many lines it has.
    pub(super) fn len(&self) -> usize {
        self.lines.end() + 1 - self.lines.start()
    }
}

impl Source {
    /// Parses a file.
    pub(super) fn new(path: String, text: String) -> Result<Self> {
        let file = syn::parse_file(&text).map_err(|e| {
            let line = e.span().start().line;
            anyhow!("{path}:{line}: cannot be parsed: {e}")
        })?;
        let mut found = Found::default();
        found.visit_file(&file);
        Ok(Self {
            path,
            text,
            functions: found.functions,
            tests: found.tests,
            modules: found.modules,
        })
    }

    /// Whether a line is part of a test: in `#[cfg(test)]` code, or anywhere in a file of tests or benchmarks.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.is_test_file() || self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// Whether all of the file is tests or benchmarks, by its path.
    pub(super) fn is_test_file(&self) -> bool {
        let mut parts = self.path.split(['/', '\\']);
        // The crate `benches` has a library of its own, which is none.
        let _crate = parts.next();
        parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    /// Number of lines outside of `#[cfg(test)]` items.
    pub(super) fn own_lines(&self) -> usize {
        let tests: usize = self.tests.iter().map(|t| t.end() + 1 - t.start()).sum();
        self.text.lines().count() - tests
    }
}

/// Gathers what [`Source`] keeps of a syntax tree.
#[derive(Default)]
struct Found {
    functions: Vec<Function>,
    tests: Vec<Lines>,
    modules: Vec<Lines>,
    in_tests: bool,
}

impl Found {
    fn function(&mut self, attributes: &[Attribute], signature: &Signature, body: &Block) {
        let first = line(signature.fn_token.span);
        self.functions.push(Function {
            name: signature.ident.to_string(),
            lines: first..=line(body.brace_token.span.close()),
            top: top(attributes).unwrap_or(first),
        });
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast Item) {
        let outer = self.in_tests;
        if let (false, Some(lines)) = (outer, test_lines(item)) {
            self.tests.push(lines);
            self.in_tests = true;
        }
        visit::visit_item(self, item);
        self.in_tests = outer;
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let (false, Some((brace, _))) = (self.in_tests, &module.content) {
            self.modules
                .push(line(brace.span.open())..=line(brace.span.close()));
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.attrs, &function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// The lines of an item under `#[cfg(test)]`, its attributes included.
fn test_lines(item: &Item) -> Option<Lines> {
    let (attributes, end) = match item {
        Item::Fn(i) => (&i.attrs, i.block.brace_token.span.close()),
        Item::Impl(i) => (&i.attrs, i.brace_token.span.close()),
        Item::Use(i) => (&i.attrs, i.semi_token.span),
        Item::Mod(i) => {
            let end = i.content.as_ref().map(|(brace, _)| brace.span.close());
            (&i.attrs, end.or(i.semi.as_ref().map(|s| s.span))?)
        }
        _ => return None,
    };
    let is_test = attributes.iter().any(is_cfg_test);
    is_test.then(|| top(attributes).unwrap_or_else(|| line(end))..=line(end))
}

/// `#[cfg(test)]`, and nothing joined with it: `#[cfg(any(test, …))]` is compiled without tests, too.
fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|condition| condition.is_ident("test"))
}

fn top(attributes: &[Attribute]) -> Option<usize> {
    attributes.iter().map(|a| line(a.pound_token.span)).min()
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! A file.

/// Does something.
#[must_use]
fn short() -> u8 {
    1
}

impl T {
    fn method(&self) {}
}

#[cfg(test)]
mod tests {
    fn helper() {
    }
}
";

    fn source(path: &str) -> Source {
        Source::new(path.to_owned(), TEXT.to_owned()).unwrap()
    }

    #[test]
    fn functions_are_measured_from_their_signature() {
        let source = source("a/src/lib.rs");
        let found: Vec<_> = source
            .functions
            .iter()
            .map(|f| (f.name.as_str(), f.top, f.len()))
            .collect();
        assert_eq!(
            found,
            [("short", 3, 3), ("method", 10, 1), ("helper", 15, 2)]
        );
    }

    #[test]
    fn tests_are_told_apart_by_attribute_and_by_path() {
        let own = source("a/src/lib.rs");
        assert_eq!(own.tests, [13..=17]);
        assert_eq!(own.own_lines(), 12);
        assert!(own.is_test(15) && !own.is_test(5));
        assert!(source("a/tests/all.rs").is_test(5));
        assert!(source("a/src/b/tests.rs").is_test(5));
        assert!(!source("benches/lib.rs").is_test(5));
    }

    #[test]
    fn a_file_that_is_not_rust_is_named_with_the_line() {
        let error = Source::new("a.rs".to_owned(), "fn f() {}\nfn g( {}\n".to_owned());
        let error = error.err().unwrap().to_string();
        assert!(error.starts_with("a.rs:2: cannot be parsed"), "{error}");
    }
}
