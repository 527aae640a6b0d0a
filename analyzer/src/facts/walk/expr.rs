//! The walk over expressions.

use super::super::{ALL, Role, Span};
use super::Walker;
use crate::syntax::Tok;
use crate::syntax::ast::{Block, Elem, Expr, Field, Ident, Signature};

impl<'s> Walker<'s> {
    pub(super) fn expr(&mut self, x: &Expr<'s>) {
        match x {
            Expr::Bad | Expr::Lit(..) | Expr::Ellipsis(None) => {}
            Expr::Ident(name) => self.name(*name, None, Role::Value),
            Expr::Composite { ty, elems } => self.composite(ty.as_deref(), elems),
            Expr::Func(sig, body) => self.kept_lit(sig, body, false),
            Expr::Paren(inner)
            | Expr::Unary(_, inner)
            | Expr::Chan(inner)
            | Expr::Ellipsis(Some(inner)) => self.expr(inner),
            Expr::Selector(base, sel) => self.chain(base, *sel, Role::Value),
            Expr::Call(callee, args) => {
                self.callee(callee);
                match (args.as_slice(), self.is_func_of(callee)) {
                    ([Expr::Func(sig, body)], true) => self.kept_lit(sig, body, true),
                    _ => args.iter().for_each(|x| self.expr(x)),
                }
                self.passed(callee, args);
            }
            Expr::Index(base, rest) | Expr::Slice(base, rest) => {
                self.expr(base);
                rest.iter().for_each(|x| self.expr(x));
            }
            Expr::Assert(base, ty) => {
                self.expr(base);
                ty.iter().for_each(|ty| self.expr(ty));
            }
            Expr::Binary(first, rest) => self.binary(first, rest),
            Expr::Array { len, elem } => {
                len.iter().for_each(|len| self.expr(len));
                self.expr(elem);
            }
            Expr::Map(key, value) => {
                self.expr(key);
                self.expr(value);
            }
            Expr::FuncType(sig) => self.signature_types(sig),
            Expr::Struct(fields) => fields.iter().for_each(|f| self.field(f)),
            Expr::Interface { methods, elems } => {
                for (name, sig) in methods {
                    self.members.push(Span::of(*name));
                    self.signature_types(sig);
                }
                elems.iter().for_each(|x| self.expr(x));
            }
        }
    }

    /// What is called: a function by name, or a literal that runs here and now.
    fn callee(&mut self, callee: &Expr<'s>) {
        match callee {
            Expr::Ident(name) => self.name(*name, None, Role::Callee),
            Expr::Selector(base, sel) => self.chain(base, *sel, Role::Callee),
            Expr::Paren(inner) => self.callee(inner),
            Expr::Func(sig, body) => self.func_lit(sig, body),
            other => self.expr(other),
        }
    }

    fn field(&mut self, field: &Field<'s>) {
        self.members
            .extend(field.names.iter().map(|name| Span::of(*name)));
        if field.names.is_empty() {
            self.members.extend(embedded(&field.ty).map(Span::of));
        }
        self.expr(&field.ty);
    }

    /// `a && b`: `b` runs only where `a` can hold; `a || b`: only where it can fail.
    fn binary(&mut self, first: &Expr<'s>, rest: &[(Tok, Expr<'s>)]) {
        self.expr(first);
        let (live, guard) = (self.live, self.guard);
        let mut last = first;
        for (op, x) in rest {
            let narrow = match op {
                Tok::LAnd => self.truth(last).can,
                Tok::LOr => self.truth(last).cannot,
                _ => ALL,
            };
            if self.live & !narrow != 0 {
                self.guard = start(last).unwrap_or(guard);
            }
            self.live &= narrow;
            self.expr(x);
            last = x;
        }
        (self.live, self.guard) = (live, guard);
    }

    /// `js.FuncOf`
    fn is_func_of(&self, callee: &Expr<'s>) -> bool {
        let Expr::Selector(base, sel) = callee else {
            return false;
        };
        match &**base {
            Expr::Ident(base) => {
                Some(base.name) == self.js && sel.name == "FuncOf" && !self.is_local(base.name)
            }
            _ => false,
        }
    }

    /// A literal that is kept, and runs later.
    fn kept_lit(&mut self, sig: &Signature<'s>, body: &Block<'s>, callback: bool) {
        let outer = std::mem::replace(&mut self.callback, callback);
        self.literals += 1;
        self.func_lit(sig, body);
        self.literals -= 1;
        self.callback = outer;
    }

    fn func_lit(&mut self, sig: &Signature<'s>, body: &Block<'s>) {
        let saved = (self.live, self.entry, self.breaks, self.guard);
        let results = self.result_types(sig);
        let outer = std::mem::replace(&mut self.results, results);
        self.entry = self.live;
        self.scoped(|w| {
            w.signature_types(sig);
            w.signature_names(sig);
            w.block(body);
            w.ends(sig, body);
        });
        self.results = outer;
        (self.live, self.entry, self.breaks, self.guard) = saved;
    }

    fn composite(&mut self, ty: Option<&Expr<'s>>, elems: &[Elem<'s>]) {
        ty.iter().for_each(|ty| self.expr(ty));
        self.keyed(ty, elems);
        let indexed = matches!(ty, Some(Expr::Map(..) | Expr::Array { .. }));
        for elem in elems {
            match &elem.key {
                Some(Expr::Ident(name)) => {
                    self.name(*name, None, if indexed { Role::Value } else { Role::Key });
                }
                Some(key) => self.expr(key),
                None => {}
            }
            self.expr(&elem.value);
        }
    }
}

/// The name of an embedded field: `T` of `T`, `*T`, `p.T` and `T[P]`.
fn embedded<'s>(ty: &Expr<'s>) -> Option<Ident<'s>> {
    match ty {
        Expr::Ident(name) | Expr::Selector(_, name) => Some(*name),
        Expr::Paren(inner) | Expr::Unary(_, inner) | Expr::Index(inner, _) => embedded(inner),
        _ => None,
    }
}

/// Offset of the leftmost name of an expression.
pub(super) fn start(x: &Expr<'_>) -> Option<u32> {
    match x {
        Expr::Ident(name) | Expr::Lit(_, name) => Some(name.pos),
        Expr::Selector(base, _)
        | Expr::Binary(base, _)
        | Expr::Paren(base)
        | Expr::Unary(_, base)
        | Expr::Call(base, _) => start(base),
        Expr::Composite { ty: Some(ty), .. } => start(ty),
        _ => None,
    }
}
