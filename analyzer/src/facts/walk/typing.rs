//! The part of the walk that keeps track of named types: of locals, and of simple expressions.

use super::super::types::{Access, Conversion, TypeRef, Wanted};
use super::super::{Role, Span};
use super::Walker;
use crate::syntax::ast::{Block, Elem, Expr, Field, Ident, Signature};
use crate::syntax::{Tok, terminates};

impl<'s> Walker<'s> {
    /// The named type that an expression denotes here.
    pub(super) fn type_ref(&self, ty: &Expr<'s>) -> Option<TypeRef> {
        TypeRef::of(ty, &|name| self.is_local(name))
    }

    pub(super) fn bind_fields(&mut self, fields: &[Field<'s>]) {
        // Types are those outside of the list: a parameter may have the name of its type.
        let types: Vec<_> = fields.iter().map(|f| self.type_ref(&f.ty)).collect();
        for (field, ty) in fields.iter().zip(types) {
            field
                .names
                .iter()
                .for_each(|name| self.bind_typed(*name, ty));
        }
    }

    /// The result types of a function, one for each result.
    pub(super) fn result_types(&self, sig: &Signature<'s>) -> Vec<Option<TypeRef>> {
        let each = |f: &Field<'s>| vec![self.type_ref(&f.ty); f.names.len().max(1)];
        sig.results.iter().flat_map(each).collect()
    }

    /// The named type of a simple expression: a literal, its address, `new(T)`, `(*T)(nil)`, or a
    /// local whose type is known.
    pub(super) fn type_of(&self, x: &Expr<'s>) -> Option<TypeRef> {
        match x {
            Expr::Paren(inner) => self.type_of(inner),
            Expr::Unary(Tok::And, inner) => match &**inner {
                Expr::Composite { ty: Some(ty), .. } => self.type_ref(ty),
                _ => None,
            },
            Expr::Composite { ty: Some(ty), .. } => self.type_ref(ty),
            Expr::Ident(name) => self.local_type(name.name),
            Expr::Call(callee, args) => match (&**callee, args.as_slice()) {
                (Expr::Ident(new), [ty]) if new.name == "new" && !self.is_local("new") => {
                    self.type_ref(ty)
                }
                (Expr::Paren(ty), [Expr::Ident(nil)]) if nil.name == "nil" => self.type_ref(ty),
                _ => self.result_of(callee, 0, 1),
            },
            _ => None,
        }
    }

    /// The type of one of the results of a call of a function by its name.
    fn result_of(&self, callee: &Expr<'s>, number: usize, of: usize) -> Option<TypeRef> {
        let function = match callee {
            Expr::Ident(_) | Expr::Selector(..) => self.type_ref(callee)?,
            _ => return None,
        };
        let result = Some((u8::try_from(number).ok()?, u8::try_from(of).ok()?));
        Some(TypeRef { result, ..function })
    }

    /// The types of several names that one call gives values to.
    pub(super) fn types_of_call(&self, rhs: &[Expr<'s>], names: usize) -> Vec<Option<TypeRef>> {
        match rhs {
            [Expr::Call(callee, _)] => (0..names)
                .map(|number| self.result_of(callee, number, names))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A value is put where a type is wanted.
    pub(super) fn converted(&mut self, to: Option<Wanted>, value: &Expr<'s>) {
        if let (Some(to), Some(from), Some(pos)) =
            (to, self.type_of(value), super::expr::start(value))
        {
            self.typing.conversions.push(Conversion { from, to, pos });
        }
    }

    /// Values are put where a function wants its arguments.
    pub(super) fn passed(&mut self, callee: &Expr<'s>, args: &[Expr<'s>]) {
        let Some(function) = self.type_ref(callee) else {
            return;
        };
        for (number, value) in args.iter().enumerate() {
            self.converted(Some(Wanted::Parameter(function, number)), value);
        }
    }

    pub(super) fn returned(&mut self, values: &[Expr<'s>]) {
        if values.len() != self.results.len() {
            return;
        }
        for (ty, value) in self.results.clone().into_iter().zip(values) {
            self.converted(ty.map(Wanted::Type), value);
            if let (Some(ty), Expr::Unary(Tok::Sub, x)) = (ty, value)
                && let Expr::Lit(Tok::Int, digits) = **x
                && !digits.name.trim_start_matches(['0', '_']).is_empty()
            {
                self.typing.negatives.push((ty, digits.pos - 1));
            }
        }
    }

    /// A function with results must not reach its end.
    pub(super) fn ends(&mut self, sig: &Signature<'s>, body: &Block<'s>) {
        if !sig.results.is_empty() && !self.declarations_only && !terminates(body) {
            self.typing.missing_returns.push(body.end);
        }
    }

    /// The keys of a composite literal of a named type, and what stands at them.
    pub(super) fn keyed(&mut self, ty: Option<&Expr<'s>>, elems: &[Elem<'s>]) {
        let Some(ty) = ty.and_then(|ty| self.type_ref(ty)) else {
            return;
        };
        for elem in elems {
            if let Some(Expr::Ident(key)) = &elem.key {
                let key = Span::of(*key);
                self.typing.keys.push((ty, key));
                self.converted(Some(Wanted::Field(ty, key)), &elem.value);
            }
        }
    }

    /// `x.a.b` as a whole. Names after dots are told once, and what is before them walked once.
    pub(super) fn chain(&mut self, base: &Expr<'s>, sel: Ident<'s>, role: Role) {
        let mut path = vec![sel];
        let mut base = base;
        while let Expr::Selector(inner, sel) = base {
            path.push(*sel);
            base = inner;
        }
        path.reverse();
        match base {
            Expr::Ident(name) => {
                let role = if path.len() == 1 { role } else { Role::Value };
                self.name(*name, path.first().copied(), role);
            }
            other => self.expr(other),
        }
        let path: Vec<Span> = path.into_iter().map(Span::of).collect();
        self.selectors.extend(&path);
        if let Some(base) = self.type_of(base) {
            let at = self.used(path.last().copied().unwrap_or_default(), None, role);
            self.typing.accesses.push(Access { base, path, at });
        }
    }
}
