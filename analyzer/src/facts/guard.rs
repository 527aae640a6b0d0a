//! On which targets a condition can hold: `runtime.GOOS == "linux"` and its combinations.

use super::{ALL, JS, WASIP1};
use crate::syntax::Tok;
use crate::syntax::ast::Expr;

/// The targets on which a condition can be true, and those on which it can be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) can: u8,
    pub(super) cannot: u8,
}

impl Truth {
    /// Nothing is known.
    const UNKNOWN: Self = Self {
        can: ALL,
        cannot: ALL,
    };

    fn exactly(on: u8) -> Self {
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

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// A variable of package `runtime` that differs between targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
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

/// Evaluate a condition; `platform` says which expressions are `runtime.GOOS` and `.GOARCH`.
pub(super) fn truth(cond: &Expr<'_>, platform: &dyn Fn(&Expr<'_>) -> Option<Platform>) -> Truth {
    match cond {
        Expr::Paren(inner) => truth(inner, platform),
        Expr::Unary(Tok::Not, inner) => truth(inner, platform).not(),
        Expr::Ident(name) if name.name == "true" => Truth::exactly(ALL),
        Expr::Ident(name) if name.name == "false" => Truth::exactly(0),
        Expr::Binary(first, rest) => chain(first, rest, platform),
        _ => Truth::UNKNOWN,
    }
}

fn chain(
    first: &Expr<'_>,
    rest: &[(Tok, Expr<'_>)],
    platform: &dyn Fn(&Expr<'_>) -> Option<Platform>,
) -> Truth {
    match rest {
        [(Tok::Eql, second)] => compare(first, second, platform),
        [(Tok::Neq, second)] => compare(first, second, platform).not(),
        [(Tok::LAnd, _), ..] => rest.iter().fold(truth(first, platform), |t, (_, x)| {
            t.and(truth(x, platform))
        }),
        [(Tok::LOr, _), ..] => rest
            .iter()
            .fold(truth(first, platform), |t, (_, x)| t.or(truth(x, platform))),
        _ => Truth::UNKNOWN,
    }
}

fn compare(a: &Expr<'_>, b: &Expr<'_>, platform: &dyn Fn(&Expr<'_>) -> Option<Platform>) -> Truth {
    let known = |x: &Expr<'_>, y: &Expr<'_>| Some(Truth::exactly(platform(x)?.is(string(y)?)));
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
