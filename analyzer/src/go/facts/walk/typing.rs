//! The part of the walk that keeps track of where values come from.

use smallvec::smallvec;

use super::super::Span;
use super::super::constants::{Check, ConstId, Meaning};
use super::super::types::{
    Arg, Assigned, CallFact, Conversion, ExpectedType, Operands, TypeRef, Value, ValueId,
};
use super::{Values, Walker};
use crate::go::syntax::ast::{Args, Block, Elem, Expr, Field, Signature};
use crate::go::syntax::{Tok, terminates};

impl<'s> Walker<'s> {
    /// The named type that an expression denotes here.
    pub(super) fn type_ref(&self, ty: &Expr<'s>) -> Option<TypeRef> {
        TypeRef::of(ty, &|name| self.scope.has(name))
    }

    /// A value of a type that is written.
    pub(super) fn value_of_type(&mut self, ty: &Expr<'s>) -> Option<ValueId> {
        let ty = self.type_ref(ty)?;
        Some(self.facts.value(Value::Of(ty)))
    }

    pub(super) fn bind_fields(&mut self, fields: &[Field<'s>]) {
        // Types are those outside of the list: a parameter may have the name of its type.
        let values: Vec<_> = fields.iter().map(|f| self.value_of_type(&f.ty)).collect();
        for (field, value) in fields.iter().zip(values) {
            let names = field.names.iter();
            names.for_each(|name| self.scope.bind(*name, value, None));
        }
    }

    /// The result types of a function, one for each result.
    pub(super) fn result_types(&self, sig: &Signature<'s>) -> Vec<Option<TypeRef>> {
        let each = |f: &Field<'s>| vec![self.type_ref(&f.ty); f.names.len().max(1)];
        sig.results.iter().flat_map(each).collect()
    }

    /// What names stand for that are given values: one each, the results of one call, or a type
    /// assertion and whether it holds.
    pub(super) fn given(
        &mut self,
        names: usize,
        pos: Option<u32>,
        from: &[Expr<'s>],
        values: Values,
    ) -> Values {
        match (from, values.as_slice()) {
            ([Expr::Call(..)], [Some(result)]) => self.results_of(names, pos, *result, values),
            ([Expr::Assert(..)], [value]) => smallvec![*value],
            _ if from.len() == names => values,
            _ => Values::new(),
        }
    }

    fn results_of(
        &mut self,
        names: usize,
        pos: Option<u32>,
        result: ValueId,
        values: Values,
    ) -> Values {
        let Some(Value::Result(callee, 0, 1)) =
            self.facts.typing.values.get(result as usize).copied()
        else {
            return if names == 1 { values } else { Values::new() };
        };
        if let Some(pos) = pos {
            self.facts
                .typing
                .assigned
                .push(Assigned { callee, names, pos });
        }
        let Ok(of) = u8::try_from(names) else {
            return Values::new();
        };
        if names == 1 {
            return values;
        }
        (0..of)
            .map(|number| Some(self.facts.value(Value::Result(callee, number, of))))
            .collect()
    }

    pub(super) fn assign(&mut self, lhs: &[Expr<'s>], rhs: &[Expr<'s>]) {
        self.exprs(lhs);
        let values = self.exprs(rhs);
        let pos = lhs.first().and_then(super::expr::start);
        if let ([Expr::Call(..)], [Some(result)]) = (rhs, values.as_slice()) {
            self.results_of(lhs.len(), pos, *result, Values::new());
        }
    }

    /// A value is put where a type is wanted.
    pub(super) fn converted(
        &mut self,
        to: Option<ExpectedType>,
        x: &Expr<'s>,
        value: Option<ValueId>,
    ) {
        if let (Some(to), Some(from), Some(pos)) = (to, value, super::expr::start(x)) {
            self.facts
                .typing
                .conversions
                .push(Conversion { from, to, pos });
        }
    }

    /// What a call gives, and what it is given.
    pub(super) fn called(
        &mut self,
        fun: &Expr<'s>,
        callee: ValueId,
        args: &Args<'s>,
        values: &[Option<ValueId>],
    ) -> Option<ValueId> {
        if let Expr::Ident(name) = fun
            && matches!(name.name, "new" | "make")
        {
            let ty = (*values.first()?)?;
            return Some(self.facts.value(Value::Result(ty, 0, 1)));
        }
        let first = u32::try_from(self.facts.typing.args.len()).ok()?;
        let all = args.list.iter().zip(values);
        self.facts.typing.args.extend(all.map(|(x, value)| Arg {
            value: *value,
            pos: super::expr::start(x),
        }));
        self.facts.typing.calls.push(CallFact {
            callee,
            args: (u32::try_from(args.list.len()).ok()?, first),
            open: args.spread || matches!(args.list, [Expr::Call(..)]),
            end: args.end,
        });
        Some(self.facts.value(Value::Result(callee, 0, 1)))
    }

    pub(super) fn returned(&mut self, list: &[Expr<'s>], values: &[Option<ValueId>]) {
        if list.len() != self.enclosing.results.len() {
            return;
        }
        for ((ty, x), value) in self
            .enclosing
            .results
            .clone()
            .into_iter()
            .zip(list)
            .zip(values)
        {
            self.converted(ty.map(ExpectedType::Type), x, *value);
            if let (Some(ty), Expr::Unary(Tok::Sub, _)) = (ty, x) {
                self.constant(Check::Fits(ty), x);
            }
        }
    }

    /// A function with results must not reach its end.
    pub(super) fn ends(&mut self, sig: &Signature<'s>, body: &Block<'s>) {
        if !sig.results.is_empty() && !self.file.declarations_only && !terminates(body) {
            self.facts.typing.missing_returns.push(body.end);
        }
    }

    /// A key of a composite literal of a named type, and what stands at it.
    pub(super) fn keyed(&mut self, ty: TypeRef, elem: &Elem<'s>, value: Option<ValueId>) {
        if let Some(Expr::Ident(key)) = &elem.key {
            let key = Span::of(*key);
            self.facts.typing.keys.push((ty, key));
            self.converted(Some(ExpectedType::Field(ty, key)), &elem.value, value);
        }
    }

    // Constants.

    /// What must hold of an expression, if it is a constant.
    pub(super) fn constant(&mut self, check: Check, x: &Expr<'s>) {
        let id = self.constant_id(x, "");
        if let (Some(id), Some(pos)) = (id, super::expr::start(x)) {
            self.facts.typing.constants.checks.push((check, id, pos));
        }
    }

    /// An expression as a constant; `but` is a name that it cannot mean, since it is about to be
    /// declared.
    pub(super) fn constant_id(&mut self, x: &Expr<'s>, but: &str) -> Option<ConstId> {
        let mut constants = std::mem::take(&mut self.facts.typing.constants);
        let lookup = |name: &str| match self.scope.get(name) {
            _ if name == but => Meaning::Other,
            Some(local) => local.meaning,
            None => Meaning::Global,
        };
        let id = constants.expr(x, &lookup);
        self.facts.typing.constants = constants;
        id
    }

    /// Cases of a switch, or keys of a map: those that are constants must differ.
    pub(super) fn must_differ<'x>(&mut self, list: impl Iterator<Item = &'x Expr<'s>>)
    where
        's: 'x,
    {
        let statement = self.facts.typing.constants.statements;
        self.facts.typing.constants.statements += 1;
        for x in list {
            self.constant(Check::Case(statement), x);
        }
    }

    /// A conversion of a constant to an integer type.
    pub(super) fn fits(&mut self, fun: &Expr<'s>, args: &Args<'s>) {
        let [x] = args.list else { return };
        let wanted = match fun {
            Expr::Ident(name) => is_integer(name.name) && !matches!(x, Expr::Lit(..)),
            Expr::Selector(..) => matches!(x, Expr::Lit(..) | Expr::Unary(..)),
            _ => false,
        };
        if let (true, Some(ty)) = (wanted, self.type_ref(fun)) {
            self.constant(Check::Fits(ty), x);
        }
    }

    /// Operands of an operator, which are of one type but for shifts and untyped constants.
    pub(super) fn operands(
        &mut self,
        op: Tok,
        first: &Expr<'s>,
        left: Option<ValueId>,
        right: Option<ValueId>,
    ) {
        let (Some(left), Some(right)) = (left, right) else {
            return;
        };
        let one_type = !matches!(op, Tok::Shl | Tok::Shr | Tok::LAnd | Tok::LOr);
        if let (true, Some(pos)) = (one_type, super::expr::start(first)) {
            self.facts
                .typing
                .operands
                .push(Operands { left, right, pos });
        }
    }
}

/// Whether a predeclared name is that of an integer type.
fn is_integer(name: &str) -> bool {
    let sized = name.strip_prefix('u').unwrap_or(name);
    matches!(sized, "int" | "int8" | "int16" | "int32" | "int64") || matches!(name, "byte" | "rune")
}
