//! On which targets a condition can hold: `runtime.GOOS == "linux"` and its combinations.

use super::{ALL, JS, WASIP1};
use crate::syntax::Tok;
use crate::syntax::ast::Expr;
use hashbrown::HashMap;

/// The targets on which a condition can be true, and those on which it can be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(super) can: u8,
    pub(super) cannot: u8,
}

impl Truth {
    /// Nothing is known.
    pub(super) const UNKNOWN: Self = Self {
        can: ALL,
        cannot: ALL,
    };

    pub(super) fn exactly(on: u8) -> Self {
        Self {
            can: on,
            cannot: ALL & !on,
        }
    }

    fn not(self) -> Self {
        Self {
            can: self.cannot,
            cannot: self.can,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            can: self.can & other.can,
            cannot: self.cannot | other.cannot,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// A variable of package `runtime` that differs between targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Goos,
    Goarch,
}

impl Platform {
    /// The targets on which it has this value.
    pub(super) fn is(self, value: &str) -> u8 {
        match (self, value) {
            (Self::Goos, "wasip1") => WASIP1,
            (Self::Goos, "js") => JS,
            (Self::Goarch, "wasm") => ALL,
            _ => 0,
        }
    }
}

/// What a name or an expression is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A condition.
    Truth(Truth),
    /// The value of `runtime.GOOS` or `runtime.GOARCH`.
    Platform(Platform),
}

/// What is known of names of a package, and of names of its imports, `import/path.Name`.
pub(crate) type KnownNames = HashMap<String, KnownName>;

/// What is known of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownName {
    pub(crate) known: Known,
    /// It is a function that is called; none where it may be either.
    pub(crate) function: Option<bool>,
}

impl KnownName {
    /// A name that the user declares to hold on some targets.
    pub(crate) fn declared(on: u8) -> Self {
        Self {
            known: Known::Truth(Truth::exactly(on)),
            function: None,
        }
    }
}

/// Whatever says what is known of expressions other than conditions made of them.
pub(super) trait Names<'s> {
    fn known(&self, x: &Expr<'s>) -> Option<Known>;
}

/// Evaluate a condition.
pub(super) fn truth<'s>(cond: &Expr<'s>, names: &dyn Names<'s>) -> Truth {
    match cond {
        Expr::Paren(inner) => truth(inner, names),
        Expr::Unary(Tok::Not, inner) => truth(inner, names).not(),
        Expr::Binary(first, rest) => chain(first, rest, names),
        x => match (names.known(x), literal(x)) {
            (Some(Known::Truth(truth)), _) => truth,
            (None, Some(value)) => Truth::exactly(if value { ALL } else { 0 }),
            _ => Truth::UNKNOWN,
        },
    }
}

/// `true` or `false`.
fn literal(x: &Expr<'_>) -> Option<bool> {
    match x {
        Expr::Ident(name) => match name.name {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// What is known of an expression as a whole.
pub(super) fn value<'s>(x: &Expr<'s>, names: &dyn Names<'s>) -> Option<Known> {
    if let Some(known) = names.known(x) {
        return Some(known);
    }
    let truth = truth(x, names);
    (truth != Truth::UNKNOWN).then_some(Known::Truth(truth))
}

/// The platform whose value an expression has.
pub(super) fn platform<'s>(x: &Expr<'s>, names: &dyn Names<'s>) -> Option<Platform> {
    match (x, names.known(x)) {
        (Expr::Paren(inner), _) => platform(inner, names),
        (_, Some(Known::Platform(platform))) => Some(platform),
        _ => None,
    }
}

fn chain<'s>(first: &Expr<'s>, rest: &[(Tok, Expr<'s>)], names: &dyn Names<'s>) -> Truth {
    match rest {
        [(Tok::Eql, second)] => compare(first, second, names),
        [(Tok::Neq, second)] => compare(first, second, names).not(),
        [(Tok::LAnd, _), ..] => rest
            .iter()
            .fold(truth(first, names), |t, (_, x)| t.and(truth(x, names))),
        [(Tok::LOr, _), ..] => rest
            .iter()
            .fold(truth(first, names), |t, (_, x)| t.or(truth(x, names))),
        _ => Truth::UNKNOWN,
    }
}

fn compare<'s>(a: &Expr<'s>, b: &Expr<'s>, names: &dyn Names<'s>) -> Truth {
    let known =
        |x: &Expr<'s>, y: &Expr<'s>| Some(Truth::exactly(platform(x, names)?.is(string(y)?)));
    known(a, b)
        .or_else(|| known(b, a))
        .unwrap_or(Truth::UNKNOWN)
}

/// The value of a plain string literal.
pub(super) fn string<'s>(x: &Expr<'s>) -> Option<&'s str> {
    match x {
        Expr::Lit(Tok::String, text) if !text.name.contains('\\') => {
            Some(text.name.trim_matches(['"', '`']))
        }
        Expr::Paren(inner) => string(inner),
        _ => None,
    }
}

/// Whether a text assigns to a name, takes its address, or may do so: `x = 1`, `x++`, `&x`,
/// `x, err = f()`. Says yes rather than no where it cannot tell.
pub(crate) fn may_assign(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        let after = &text[at + name.len()..];
        if before.ends_with(|c: char| is_word(c) || c == '.') || after.starts_with(is_word) {
            return false;
        }
        let after = after.trim_start_matches([' ', '\t']);
        let line = after.lines().next().unwrap_or_default();
        before.trim_end_matches(' ').ends_with('&') && !before.trim_end_matches(' ').ends_with("&&")
            || (after.starts_with('=') && !after.starts_with("=="))
            || after.starts_with("++")
            || after.starts_with("--")
            || (after.starts_with(',') && line.contains(" = "))
            || [
                "+=", "-=", "*=", "/=", "%=", "|=", "^=", "&=", "<<=", ">>=", "&^=",
            ]
            .iter()
            .any(|op| after.starts_with(op))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_seen_in_the_text() {
        for yes in [
            "x = 1",
            "x++",
            "f(&x)",
            "x, err = f()",
            "x += \"a\"",
            "for x = range y {",
        ] {
            assert!(may_assign(yes, "x"), "{yes}");
        }
        for no in [
            "x == 1", "if x {", "y.x = 1", "xx = 1", "a && x", "f(x, 1)", "ax := x",
        ] {
            assert!(!may_assign(no, "x"), "{no}");
        }
    }
}
