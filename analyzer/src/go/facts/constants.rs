//! Integer constants: expressions made of literals and names, kept small, to be evaluated when it
//! is known what the names stand for on a target.

use serde::{Deserialize, Serialize};

use super::Span;
use super::types::TypeRef;
use crate::go::syntax::Tok;
use crate::go::syntax::ast::{Decl, Expr, File, ValueSpec};

/// Index into [`Constants::exprs`].
pub(crate) type ConstId = u32;

/// A piece of a constant expression; operands come before it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum ConstExpr {
    Int(i64),
    Iota,
    /// A name of the package, or `true` and the like.
    Name(Span),
    /// A name of an import.
    Qualified(Span, Span),
    /// `-x`, `+x` and `^x`.
    Unary(Tok, ConstId),
    Binary(ConstId, Tok, ConstId),
    /// `T(x)`
    Convert(TypeRef, ConstId),
    /// `unsafe.Sizeof(T{})`
    Size(TypeRef),
    /// The same of a local type, by the offset of its declaration.
    SizeOfLocal(u32),
}

/// A constant of the package.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ConstantFact {
    pub(crate) name: Span,
    pub(crate) ty: Option<TypeRef>,
    pub(crate) value: ConstId,
    pub(crate) iota: u32,
}

/// What is wrong with some constants only.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Check {
    /// The length of an array: it must not be negative.
    Length,
    /// A conversion, or a value of a type: it must fit.
    Fits(TypeRef),
    /// A case of a switch or a key of a map, with the number of its statement: they must differ.
    Case(u32),
}

/// The constants of a file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Constants {
    pub(crate) exprs: Vec<ConstExpr>,
    pub(crate) declared: Vec<ConstantFact>,
    /// What must hold, of what, and the offset of that.
    pub(crate) checks: Vec<(Check, ConstId, u32)>,
    /// Switches and map literals so far.
    pub(super) statements: u32,
}

/// What the name of a local type, constant or anything else means to a constant expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A name of the package, of an import, or predeclared.
    Global,
    /// A local constant.
    Constant(ConstId),
    /// A local type, declared at this offset.
    Type(u32),
    Other,
}

/// What a name means where the expression stands.
type Lookup<'f> = &'f dyn Fn(&str) -> Meaning;

impl Constants {
    /// The constants that a file declares. A specification without values repeats the one before
    /// it (specification, "Constant declarations").
    pub(super) fn declare(&mut self, file: &File<'_>) {
        let mut before: Option<&ValueSpec<'_>> = None;
        for decl in &file.decls {
            let Decl::Const(spec) = decl else { continue };
            let whole = if spec.values.is_empty() && spec.iota > 0 {
                before
            } else {
                Some(spec)
            };
            before = whole;
            let Some(whole) = whole else { continue };
            let global = |_: &str| Meaning::Global;
            for (name, value) in spec.names.iter().zip(whole.values) {
                if let Some(value) = self.expr(value, &global) {
                    self.declared.push(ConstantFact {
                        name: Span::of(*name),
                        ty: whole.ty.as_ref().and_then(|ty| TypeRef::of(ty, &|_| false)),
                        value,
                        iota: spec.iota,
                    });
                }
            }
        }
    }

    fn push(&mut self, expr: ConstExpr) -> Option<ConstId> {
        let id = ConstId::try_from(self.exprs.len()).ok()?;
        self.exprs.push(expr);
        Some(id)
    }

    /// An expression, if it may be an integer constant.
    pub(super) fn expr(&mut self, x: &Expr<'_>, lookup: Lookup<'_>) -> Option<ConstId> {
        let is_global = |name: &str| lookup(name) == Meaning::Global;
        let expr = match x {
            Expr::Paren(inner) => return self.expr(inner, lookup),
            Expr::Lit(Tok::Int, digits) => ConstExpr::Int(integer(digits.name)?),
            Expr::Ident(name) if name.name == "iota" => ConstExpr::Iota,
            Expr::Ident(name) => match lookup(name.name) {
                Meaning::Global => ConstExpr::Name(Span::of(*name)),
                Meaning::Constant(id) => return Some(id),
                Meaning::Type(_) | Meaning::Other => return None,
            },
            Expr::Selector(Expr::Ident(base), sel) if is_global(base.name) => {
                ConstExpr::Qualified(Span::of(*base), Span::of(*sel))
            }
            Expr::Unary(op @ (Tok::Sub | Tok::Add | Tok::Xor), inner) => {
                ConstExpr::Unary(*op, self.expr(inner, lookup)?)
            }
            Expr::Binary(first, rest) => {
                let mut left = self.expr(first, lookup)?;
                for (op, x) in *rest {
                    let right = self.expr(x, lookup)?;
                    left = self.push(ConstExpr::Binary(left, *op, right))?;
                }
                return Some(left);
            }
            Expr::Call(fun, args) => match args.list {
                [Expr::Composite { ty: Some(ty), .. }] if is_sizeof(fun, &is_global) => {
                    size_of(ty, lookup)?
                }
                [x] => {
                    let ty = TypeRef::of(fun, &|name| !is_global(name))?;
                    ConstExpr::Convert(ty, self.expr(x, lookup)?)
                }
                _ => return None,
            },
            _ => return None,
        };
        self.push(expr)
    }
}

fn is_sizeof(fun: &Expr<'_>, is_global: &dyn Fn(&str) -> bool) -> bool {
    match fun {
        Expr::Selector(Expr::Ident(base), name) => {
            (base.name, name.name) == ("unsafe", "Sizeof") && is_global(base.name)
        }
        _ => false,
    }
}

fn size_of(ty: &Expr<'_>, lookup: Lookup<'_>) -> Option<ConstExpr> {
    if let Expr::Ident(name) = ty
        && let Meaning::Type(pos) = lookup(name.name)
    {
        return Some(ConstExpr::SizeOfLocal(pos));
    }
    TypeRef::of(ty, &|name| lookup(name) != Meaning::Global).map(ConstExpr::Size)
}

/// The value of an integer literal.
fn integer(digits: &str) -> Option<i64> {
    let digits = digits.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return i64::from_str_radix(rest, radix).ok();
        }
    }
    let octal = lower.len() > 1 && lower.starts_with('0');
    i64::from_str_radix(&lower, if octal { 8 } else { 10 }).ok()
}
