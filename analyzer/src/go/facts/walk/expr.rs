//! The walk over expressions.

use smallvec::smallvec;

use super::super::constants::Check;
use super::super::types::{Access, Value, ValueId};
use super::super::{ALL, Role, Span};
use super::{Values, Walker};
use crate::go::syntax::Tok;
use crate::go::syntax::ast::{Args, Block, Elem, Expr, Field, Ident, Signature};

impl<'s> Walker<'s> {
    /// Walk over an expression; its value comes back where it may be known.
    pub(super) fn expr(&mut self, x: &Expr<'s>) -> Option<ValueId> {
        match x {
            Expr::Bad | Expr::Lit(..) | Expr::Ellipsis(None) => {}
            Expr::Ident(name) => return self.named(*name, Role::Value),
            Expr::Composite { ty, elems } => return self.composite(ty.as_deref(), elems),
            Expr::Func(sig, body) => self.kept_lit(sig, body, false),
            // A pointer is as good as what it points to: both have the same members.
            Expr::Paren(inner) | Expr::Unary(Tok::And | Tok::Mul, inner) => {
                return self.expr(inner);
            }
            Expr::Unary(_, inner) | Expr::Chan(inner) | Expr::Ellipsis(Some(inner)) => {
                self.expr(inner);
            }
            Expr::Selector(base, sel) => return self.selector(base, *sel, Role::Value),
            Expr::Call(callee, args) => return self.call(callee, args),
            Expr::Index(base, rest) | Expr::Slice(base, rest) => {
                self.expr(base);
                self.exprs(rest);
            }
            Expr::Assert(base, ty) => {
                self.expr(base);
                let ty = ty.as_deref()?;
                self.expr(ty);
                return self.value_of_type(ty);
            }
            Expr::Binary(first, rest) => return self.binary(first, rest),
            Expr::Array { len, elem } => {
                if let Some(len) = len.as_deref().filter(|len| !matches!(len, Expr::Lit(..))) {
                    self.expr(len);
                    self.constant(Check::Length, len);
                }
                self.expr(elem);
            }
            Expr::Map(key, value) => {
                self.expr(key);
                self.expr(value);
            }
            Expr::FuncType(sig) => self.signature_types(sig),
            Expr::Struct(fields) => fields.iter().for_each(|f| self.field(f)),
            Expr::Interface { methods, elems } => {
                for (name, sig) in *methods {
                    self.facts.members.push(Span::of(*name));
                    self.signature_types(sig);
                }
                self.exprs(elems);
            }
        }
        None
    }

    pub(super) fn exprs(&mut self, list: &[Expr<'s>]) -> Values {
        list.iter().map(|x| self.expr(x)).collect()
    }

    /// A name without a dot after it.
    fn named(&mut self, name: Ident<'s>, role: Role) -> Option<ValueId> {
        if let Some(local) = self.scope.get(name.name) {
            return local.value;
        }
        self.name(name, None, role);
        Some(self.facts.value(Value::Name(Span::of(name))))
    }

    fn selector(&mut self, base: &Expr<'s>, sel: Ident<'s>, role: Role) -> Option<ValueId> {
        let span = Span::of(sel);
        let of = match base {
            Expr::Ident(name) if !self.scope.has(name.name) => {
                self.name(*name, Some(sel), role);
                let of = self.facts.value(Value::Name(Span::of(*name)));
                if self
                    .file
                    .imports
                    .iter()
                    .any(|(import, _)| *import == name.name)
                {
                    self.facts.selectors.push(span);
                    return Some(self.facts.value(Value::Member(of, span)));
                }
                Some(of)
            }
            base => self.expr(base),
        };
        self.facts.selectors.push(span);
        let of = of?;
        let at = self.used(span, None, role);
        self.facts.typing.accesses.push(Access { of, at });
        Some(self.facts.value(Value::Member(of, span)))
    }

    fn call(&mut self, fun: &Expr<'s>, args: &Args<'s>) -> Option<ValueId> {
        let callee = self.callee(fun);
        let values = match (args.list, self.is_func_of(fun)) {
            ([Expr::Func(sig, body)], true) => {
                self.kept_lit(sig, body, true);
                smallvec![None]
            }
            (list, _) => self.exprs(list),
        };
        self.fits(fun, args);
        self.called(fun, callee?, args, &values)
    }

    /// What is called: a function by name, or a literal that runs here and now.
    fn callee(&mut self, callee: &Expr<'s>) -> Option<ValueId> {
        match callee {
            Expr::Ident(name) => self.named(*name, Role::Callee),
            Expr::Selector(base, sel) => self.selector(base, *sel, Role::Callee),
            Expr::Paren(inner) => self.callee(inner),
            Expr::Func(sig, body) => {
                self.func_lit(sig, body);
                None
            }
            other => self.expr(other),
        }
    }

    fn field(&mut self, field: &Field<'s>) {
        self.facts
            .members
            .extend(field.names.iter().map(|name| Span::of(*name)));
        if field.names.is_empty() {
            self.facts.members.extend(embedded(&field.ty).map(Span::of));
        }
        self.expr(&field.ty);
    }

    /// `a && b`: `b` runs only where `a` can hold; `a || b`: only where it can fail.
    fn binary(&mut self, first: &Expr<'s>, rest: &[(Tok, Expr<'s>)]) -> Option<ValueId> {
        let left = self.expr(first);
        let before = self.flow;
        let mut last = first;
        for (op, x) in rest {
            let narrow = match op {
                Tok::LAnd => self.truth(last).can,
                Tok::LOr => self.truth(last).cannot,
                _ => ALL,
            };
            self.flow
                .narrow(narrow, start(last).unwrap_or(before.guard));
            let right = self.expr(x);
            self.operands(*op, first, left, right);
            last = x;
        }
        self.flow = before;
        let arithmetic = rest.iter().all(|(op, _)| op.precedence() > 3);
        left.filter(|_| arithmetic)
    }

    /// `js.FuncOf`
    fn is_func_of(&self, callee: &Expr<'s>) -> bool {
        let Expr::Selector(base, sel) = callee else {
            return false;
        };
        match base {
            Expr::Ident(base) => {
                Some(base.name) == self.file.js
                    && sel.name == "FuncOf"
                    && !self.scope.has(base.name)
            }
            _ => false,
        }
    }

    /// A literal that is kept, and runs later.
    fn kept_lit(&mut self, sig: &Signature<'s>, body: &Block<'s>, callback: bool) {
        let outer = std::mem::replace(&mut self.enclosing.callback, callback);
        self.enclosing.literals += 1;
        self.func_lit(sig, body);
        self.enclosing.literals -= 1;
        self.enclosing.callback = outer;
    }

    fn func_lit(&mut self, sig: &Signature<'s>, body: &Block<'s>) {
        let before = self.flow;
        let results = self.result_types(sig);
        let outer = std::mem::replace(&mut self.enclosing.results, results);
        self.flow.enters_function();
        self.scoped(|w| {
            w.signature_types(sig);
            w.signature_names(sig);
            w.block(body);
            w.ends(sig, body);
        });
        self.enclosing.results = outer;
        self.flow = before;
    }

    fn composite(&mut self, ty: Option<&Expr<'s>>, elems: &[Elem<'s>]) -> Option<ValueId> {
        ty.iter().for_each(|ty| {
            self.expr(ty);
        });
        if let Some(Expr::Map(..)) = ty {
            self.must_differ(elems.iter().filter_map(|e| e.key.as_ref()));
        }
        let named = ty.and_then(|ty| self.type_ref(ty));
        let indexed = matches!(ty, Some(Expr::Map(..) | Expr::Array { .. }));
        for elem in elems {
            match &elem.key {
                Some(Expr::Ident(name)) => {
                    self.name(*name, None, if indexed { Role::Value } else { Role::Key });
                }
                Some(key) => {
                    self.expr(key);
                }
                None => {}
            }
            let value = self.expr(&elem.value);
            if let Some(named) = named {
                self.keyed(named, elem, value);
            }
        }
        named.map(|ty| self.facts.value(Value::Of(ty)))
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
        Expr::Unary(Tok::Sub, inner) => start(inner).map(|pos| pos.saturating_sub(1)),
        Expr::Selector(base, _)
        | Expr::Binary(base, _)
        | Expr::Paren(base)
        | Expr::Unary(_, base)
        | Expr::Call(base, _) => start(base),
        Expr::Composite { ty: Some(ty), .. } => start(ty),
        _ => None,
    }
}
