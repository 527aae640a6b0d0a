//! The values of integer constants, and which constant decides the value of an expression.

use super::{MAX_DEPTH, Place, Ty, Types};
use crate::go::facts::{ConstExpr, ConstId, ConstantFact};
use crate::go::graph::Package;
use crate::go::sizes;
use crate::go::syntax::Tok;

/// The value of an integer constant.
#[derive(Clone, Copy)]
pub(crate) struct Number<'g, 'a> {
    pub(crate) value: i128,
    /// Its type; none of untyped constants.
    pub(crate) ty: Option<Ty<'g, 'a>>,
}

/// A constant, and where it is declared.
#[derive(Clone, Copy)]
pub(crate) struct Constant<'g, 'a> {
    pub(crate) place: Place<'g, 'a>,
    pub(crate) fact: &'g ConstantFact,
}

impl<'g> Constant<'g, '_> {
    pub(crate) fn name(self) -> &'g str {
        self.place.file.facts.text(self.fact.name)
    }
}

impl<'g, 'a> Types<'g, 'a> {
    /// The value of a constant expression in a file.
    pub(crate) fn constant(
        &self,
        place: Place<'g, 'a>,
        id: ConstId,
        iota: u32,
        depth: u32,
    ) -> Option<Number<'g, 'a>> {
        if depth > 16 * MAX_DEPTH {
            return None;
        }
        let text = |span| place.file.facts.text(span);
        let untyped = |value| Some(Number { value, ty: None });
        let operand = |id| self.constant(place, id, iota, depth + 1);
        match *place.file.facts.typing.constants.exprs.get(id as usize)? {
            ConstExpr::Int(value) => untyped(value.into()),
            ConstExpr::Iota => untyped(iota.into()),
            ConstExpr::Name(name) => self.named(place.package, text(name), depth),
            ConstExpr::Qualified(base, name) => {
                self.named(self.import(place, text(base))?, text(name), depth)
            }
            ConstExpr::Unary(op, x) => {
                let x = operand(x)?;
                let value = match op {
                    Tok::Sub => -x.value,
                    Tok::Add => x.value,
                    // Of an unsigned type the complement depends on its size.
                    _ if x.ty.is_none() => !x.value,
                    _ => return None,
                };
                Some(Number { value, ..x })
            }
            ConstExpr::Binary(a, op, b) => {
                let (a, b) = (operand(a)?, operand(b)?);
                let value = arithmetic(a.value, op, b.value)?;
                let ty = if matches!(op, Tok::Shl | Tok::Shr) {
                    a.ty
                } else {
                    a.ty.or(b.ty)
                };
                Some(Number { value, ty })
            }
            ConstExpr::Size(ty) => {
                let Ty::Declared(of) = self.resolve(place, ty)? else {
                    return None;
                };
                let layout = sizes::declared_at(self, of.place, of.fact.name.pos, 0)?;
                untyped(layout.size.into())
            }
            ConstExpr::SizeOfLocal(pos) => {
                untyped(sizes::declared_at(self, place, pos, 0)?.size.into())
            }
            ConstExpr::Convert(ty, x) => {
                let ty = Some(self.resolve(place, ty)?);
                Some(Number { ty, ..operand(x)? })
            }
        }
    }

    /// The value of a constant of a package.
    pub(crate) fn named(
        &self,
        package: &'g Package<'a>,
        name: &str,
        depth: u32,
    ) -> Option<Number<'g, 'a>> {
        let (place, fact) = self.index(package)?.constants.get(name)?;
        let number = self.constant(*place, fact.value, fact.iota, depth + 1)?;
        let ty = match fact.ty {
            Some(ty) => Some(self.resolve(*place, ty)?),
            None => number.ty,
        };
        Some(Number { ty, ..number })
    }

    /// The only named constant that an expression comes down to, by way of others; none where there are several.
    pub(crate) fn origin(&self, place: Place<'g, 'a>, id: ConstId) -> Option<Constant<'g, 'a>> {
        let mut all = Vec::new();
        self.origins(place, id, 0, &mut all);
        let first = *all.first()?;
        let same = |one: &Constant<'g, 'a>| std::ptr::eq(one.fact, first.fact);
        all.iter().all(same).then_some(first)
    }

    fn origins(
        &self,
        place: Place<'g, 'a>,
        id: ConstId,
        depth: u32,
        all: &mut Vec<Constant<'g, 'a>>,
    ) {
        let constants = &place.file.facts.typing.constants;
        let Some(expr) = constants.exprs.get(id as usize) else {
            return;
        };
        if depth > 16 * MAX_DEPTH {
            return;
        }
        let text = |span| place.file.facts.text(span);
        match *expr {
            ConstExpr::Name(name) => self.origin_of(place.package, text(name), depth, all),
            ConstExpr::Qualified(base, name) => {
                if let Some(package) = self.import(place, text(base)) {
                    self.origin_of(package, text(name), depth, all);
                }
            }
            ConstExpr::Unary(_, x) | ConstExpr::Convert(_, x) => {
                self.origins(place, x, depth + 1, all);
            }
            ConstExpr::Binary(a, _, b) => {
                self.origins(place, a, depth + 1, all);
                self.origins(place, b, depth + 1, all);
            }
            ConstExpr::Int(_)
            | ConstExpr::Iota
            | ConstExpr::Size(_)
            | ConstExpr::SizeOfLocal(_) => {}
        }
    }

    /// The constants that one comes down to; that one itself where it names no other.
    fn origin_of(
        &self,
        package: &'g Package<'a>,
        name: &str,
        depth: u32,
        all: &mut Vec<Constant<'g, 'a>>,
    ) {
        let constants = self.index(package).map(|index| &index.constants);
        let Some((place, fact)) = constants.and_then(|constants| constants.get(name)) else {
            return;
        };
        let known = all.len();
        self.origins(*place, fact.value, depth + 1, all);
        if all.len() == known {
            all.push(Constant {
                place: *place,
                fact,
            });
        }
    }
}

fn arithmetic(a: i128, op: Tok, b: i128) -> Option<i128> {
    let shift = || u32::try_from(b).ok().filter(|n| *n < 64);
    let value = match op {
        Tok::Add => a + b,
        Tok::Sub => a - b,
        Tok::Mul => a.checked_mul(b)?,
        Tok::Quo => a.checked_div(b)?,
        Tok::Rem => a.checked_rem(b)?,
        Tok::And => a & b,
        Tok::Or => a | b,
        Tok::Xor => a ^ b,
        Tok::AndNot => a & !b,
        Tok::Shl => a.checked_mul(1 << shift()?)?,
        Tok::Shr => a >> shift()?,
        _ => return None,
    };
    // What is larger than any type is left alone.
    (value.unsigned_abs() < 1 << 70).then_some(value)
}
