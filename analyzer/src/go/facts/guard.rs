//! On which targets a condition can hold: `runtime.GOOS == "linux"` and its combinations.

use std::borrow::Cow;

use model::Goos;
use serde::{Deserialize, Serialize};

use super::{ALL, bit};
use crate::go::syntax::Tok;
use crate::go::syntax::ast::Expr;
use hashbrown::HashMap;

/// The targets on which a condition can be true, and those on which it can be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Platform {
    Goos,
    Goarch,
}

impl Platform {
    fn text<'s>(self) -> Text<'s> {
        match self {
            Self::Goos => Goos::ALL.map(|goos| Cow::Borrowed(goos.name())),
            Self::Goarch => everywhere("wasm"),
        }
    }
}

/// A string on each of [`Goos::ALL`].
pub(super) type Text<'s> = [Cow<'s, str>; Goos::ALL.len()];

/// A string that is the same on all of them.
fn everywhere(text: &str) -> Text<'_> {
    Goos::ALL.map(|_| Cow::Borrowed(text))
}

/// What holds of two strings, target by target.
pub(super) fn holds(a: &Text<'_>, b: &Text<'_>, test: impl Fn(&str, &str) -> bool) -> Truth {
    let bits = Goos::ALL.map(bit).into_iter().zip(a.iter().zip(b));
    let on = bits.filter(|(_, (a, b))| test(a, b)).map(|(bit, _)| bit);
    Truth::exactly(on.fold(0, |all, bit| all | bit))
}

/// What a name or an expression is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KnownValue {
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
    pub(crate) known: KnownValue,
    /// It is a function that is called; none where it may be either.
    pub(crate) function: Option<bool>,
}

impl KnownName {
    /// A name that the user declares to hold on some targets.
    pub(crate) fn declared(on: u8) -> Self {
        Self {
            known: KnownValue::Truth(Truth::exactly(on)),
            function: None,
        }
    }
}

/// Whatever says what is known of expressions other than conditions made of them.
pub(super) trait Names<'s> {
    fn known(&self, x: &Expr<'s>) -> Option<KnownValue>;

    /// The path of the import that a name stands for.
    fn import(&self, name: &str) -> Option<&'s str>;
}

/// Evaluate a condition.
pub(super) fn truth<'s>(cond: &Expr<'s>, names: &dyn Names<'s>) -> Truth {
    match cond {
        Expr::Paren(inner) => truth(inner, names),
        Expr::Unary(Tok::Not, inner) => truth(inner, names).not(),
        Expr::Binary(first, rest) => chain(first, rest, names),
        x => match (names.known(x), literal(x)) {
            (Some(KnownValue::Truth(truth)), _) => truth,
            (None, Some(value)) => Truth::exactly(if value { ALL } else { 0 }),
            _ => call(x, names).unwrap_or(Truth::UNKNOWN),
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
pub(super) fn value<'s>(x: &Expr<'s>, names: &dyn Names<'s>) -> Option<KnownValue> {
    if let Some(known) = names.known(x) {
        return Some(known);
    }
    let truth = truth(x, names);
    (truth != Truth::UNKNOWN).then_some(KnownValue::Truth(truth))
}

/// What a comparison by a function of the standard library says of strings that are known.
fn call<'s>(x: &Expr<'s>, names: &dyn Names<'s>) -> Option<Truth> {
    let Expr::Call(Expr::Selector(Expr::Ident(base), name), args) = x else {
        return None;
    };
    let [a, b] = args.list else { return None };
    match (names.import(base.name)?, name.name) {
        ("strings", name) => {
            let test: fn(&str, &str) -> bool = match name {
                "Contains" => |a, b| a.contains(b),
                "HasPrefix" => |a, b| a.starts_with(b),
                "HasSuffix" => |a, b| a.ends_with(b),
                "EqualFold" => |a, b| a.eq_ignore_ascii_case(b),
                _ => return None,
            };
            Some(holds(&text(a, names)?, &text(b, names)?, test))
        }
        ("slices", "Contains") => {
            let Expr::Composite { elems, .. } = a else {
                return None;
            };
            let one = text(b, names)?;
            let mut equal = elems.iter().map(|elem| match elem.key {
                None => Some(holds(&text(&elem.value, names)?, &one, |a, b| a == b)),
                Some(_) => None,
            });
            equal.try_fold(Truth::exactly(0), |any, equal| Some(any.or(equal?)))
        }
        _ => None,
    }
}

/// The value of an expression, where it is a string that is known.
pub(super) fn text<'s>(x: &Expr<'s>, names: &dyn Names<'s>) -> Option<Text<'s>> {
    if let Some(KnownValue::Platform(platform)) = names.known(x) {
        return Some(platform.text());
    }
    match x {
        Expr::Paren(inner) => text(inner, names),
        Expr::Lit(..) => string(x).map(everywhere),
        Expr::Binary(first, rest) => {
            let mut whole = text(first, names)?;
            for (op, part) in *rest {
                let part = text(part, names).filter(|_| *op == Tok::Add)?;
                whole
                    .iter_mut()
                    .zip(part)
                    .for_each(|(all, more)| *all += more);
            }
            Some(whole)
        }
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

pub(super) fn compare<'s>(a: &Expr<'s>, b: &Expr<'s>, names: &dyn Names<'s>) -> Truth {
    match (text(a, names), text(b, names)) {
        (Some(a), Some(b)) => holds(&a, &b, |a, b| a == b),
        _ => Truth::UNKNOWN,
    }
}

/// The value of a plain string literal.
fn string<'s>(x: &Expr<'s>) -> Option<&'s str> {
    match x {
        Expr::Lit(Tok::String, text) if !text.name.contains('\\') => {
            Some(text.name.trim_matches(['"', '`']))
        }
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
