//! The part of the walk that keeps track of conditions on the platform: in comparisons, in locals
//! that keep them, in constants, variables and helpers of the package.

use super::super::guard::{self, KnownValue, Names, Platform, Truth};
use super::super::{Condition, Span};
use super::{ALL, Walker, never_returns};
use crate::go::syntax::ast::{Clause, Decl, Expr, File, FuncDecl, Ident, Stmt, ValueSpec};

impl<'s> Names<'s> for Walker<'s> {
    fn known(&self, x: &Expr<'s>) -> Option<KnownValue> {
        match x {
            Expr::Ident(name) => match self.scope.get(name.name) {
                Some(local) => local.known,
                None => self.of_package(name.name, false),
            },
            Expr::Call(fun, args) if args.list.is_empty() => match fun {
                Expr::Ident(name) if !self.scope.has(name.name) => self.of_package(name.name, true),
                Expr::Selector(Expr::Ident(base), sel) => self.of_import(base.name, sel.name, true),
                _ => None,
            },
            Expr::Selector(Expr::Ident(base), sel) => self
                .runtime_name(base.name, sel.name)
                .or_else(|| self.of_import(base.name, sel.name, false)),
            _ => None,
        }
    }

    fn import(&self, name: &str) -> Option<&'s str> {
        let mut imports = self.file.imports.iter();
        let (_, path) = imports.find(|(import, _)| *import == name && !self.scope.has(name))?;
        Some(path)
    }
}

impl<'s> Walker<'s> {
    fn of_package(&self, name: &str, called: bool) -> Option<KnownValue> {
        let name = self.file.package.get(name)?;
        name.function
            .is_none_or(|function| function == called)
            .then_some(name.known)
    }

    /// A name of an import.
    fn of_import(&self, base: &str, sel: &str, called: bool) -> Option<KnownValue> {
        if self.file.package.is_empty() {
            return None;
        }
        let path = self.import(base)?;
        self.of_package(&format!("{path}.{sel}"), called)
    }

    /// `runtime.GOOS` and `runtime.GOARCH`.
    fn runtime_name(&self, base: &str, sel: &str) -> Option<KnownValue> {
        if Some(base) != self.file.runtime || self.scope.has(base) {
            return None;
        }
        match sel {
            "GOOS" => Some(KnownValue::Platform(Platform::Goos)),
            "GOARCH" => Some(KnownValue::Platform(Platform::Goarch)),
            _ => None,
        }
    }

    pub(super) fn truth(&self, cond: &Expr<'s>) -> Truth {
        guard::truth(cond, self)
    }

    /// What a value is known to be that a name is to keep.
    pub(super) fn kept(&self, x: &Expr<'s>) -> Option<KnownValue> {
        guard::value(x, self)
    }

    /// The same, if nothing in the rest of the function gives the name another value.
    pub(super) fn lasting(&self, name: Ident<'s>, known: Option<KnownValue>) -> Option<KnownValue> {
        let known = known?;
        let rest = (name.pos as usize + name.name.len())..self.enclosing.body_end as usize;
        // What comes first after the name is the `:=` or `=` that gives it this value.
        let rest = self
            .file
            .src
            .get(rest)?
            .trim_start_matches([' ', '\t', ':', '=']);
        (!guard::may_assign(rest, name.name)).then_some(known)
    }

    /// Walk with control narrowed to some targets; what is left of control comes back.
    pub(super) fn narrowed(&mut self, to: u8, guard: u32, walk: impl FnOnce(&mut Self)) -> u8 {
        let before = self.flow;
        self.flow.narrow(to, guard);
        walk(self);
        let after = std::mem::replace(&mut self.flow, before);
        self.flow.breaks = after.breaks;
        after.live
    }

    /// When a case is taken: its tag equals one of the expressions, or one of them holds.
    pub(super) fn clause_truth(&self, tag: Option<&Expr<'s>>, clause: &Clause<'s>) -> Truth {
        if clause.default {
            return Truth::UNKNOWN;
        }
        let one = |x: &Expr<'s>| match tag {
            None => self.truth(x),
            Some(tag) => guard::compare(tag, x, self),
        };
        let never = Truth::exactly(0);
        clause.exprs.iter().map(one).fold(never, Truth::or)
    }

    // Names of the package.

    /// Constants, variables and helpers whose value is known from their declaration alone.
    pub(in crate::go::facts) fn conditions(&self, file: &File<'s>) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for decl in &file.decls {
            match decl {
                Decl::Const(spec) => self.condition_values(spec, false, &mut conditions),
                Decl::Var(spec) => self.condition_values(spec, true, &mut conditions),
                Decl::Func(f) => conditions.extend(self.helper(f)),
                Decl::Type(_) => {}
            }
        }
        conditions
    }

    fn condition_values(&self, spec: &ValueSpec<'s>, variable: bool, into: &mut Vec<Condition>) {
        if spec.names.len() != spec.values.len() {
            return;
        }
        for (name, value) in spec.names.iter().zip(spec.values) {
            // A variable that starts as a plain `false` is there to be set.
            if variable && matches!(value, Expr::Ident(_)) {
                continue;
            }
            into.extend(self.kept(value).map(|known| Condition {
                name: Span::of(*name),
                known,
                function: false,
                variable,
            }));
        }
    }

    /// `func isWasm() bool { return runtime.GOARCH == "wasm" }`, or with several returns.
    fn helper(&self, f: &FuncDecl<'s>) -> Option<Condition> {
        let unnamed = f.sig.results.iter().all(|field| field.names.is_empty());
        let plain =
            f.recv.is_none() && f.type_params.is_empty() && f.sig.params.is_empty() && unnamed;
        let stmts = f.body.as_ref().filter(|_| plain)?.stmts;
        let known = match stmts {
            [Stmt::Return([value])] => self.kept(value)?,
            _ => KnownValue::Truth(self.returned_truth(stmts)?),
        };
        Some(Condition {
            name: Span::of(f.name),
            known,
            function: true,
            variable: false,
        })
    }

    /// What a body that only looks at the platform returns; none where something else decides.
    fn returned_truth(&self, stmts: &[Stmt<'s>]) -> Option<Truth> {
        let mut returns = Truth { can: 0, cannot: 0 };
        self.returns(stmts, ALL, &mut returns)?;
        (returns != Truth::UNKNOWN && returns.can | returns.cannot == ALL).then_some(returns)
    }

    /// Where control comes out of statements that it enters on some targets, and what they return
    /// on the way. Statements that declare names, and loops, are not looked through.
    fn returns(&self, stmts: &[Stmt<'s>], mut live: u8, into: &mut Truth) -> Option<u8> {
        for stmt in stmts {
            live = match stmt {
                Stmt::Return([value]) => {
                    let truth = self.truth(value);
                    into.can |= live & truth.can;
                    into.cannot |= live & truth.cannot;
                    0
                }
                Stmt::If(x) if x.init.is_none() => {
                    let truth = self.truth(&x.cond);
                    let then = self.returns(x.then.stmts, live & truth.can, into)?;
                    let or_else = self.returns(x.or_else.as_slice(), live & truth.cannot, into)?;
                    then | or_else
                }
                Stmt::Switch(x) if x.init.is_none() => {
                    let (mut left, mut out) = (live, 0);
                    for clause in x.clauses.iter().filter(|c| !c.default) {
                        let truth = self.clause_truth(x.tag.as_ref(), clause);
                        out |= self.returns(clause.body.stmts, left & truth.can, into)?;
                        left &= truth.cannot;
                    }
                    match x.clauses.iter().find(|c| c.default) {
                        Some(default) => out | self.returns(default.body.stmts, left, into)?,
                        None => out | left,
                    }
                }
                Stmt::Block(block) => self.returns(block.stmts, live, into)?,
                Stmt::Expr(x) if never_returns(x) => 0,
                Stmt::Expr(_) | Stmt::Assign(..) => live,
                _ => return None,
            };
        }
        Some(live)
    }
}
