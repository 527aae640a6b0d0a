//! A walk over declarations and statements that keeps local scopes, and the targets that control
//! can reach. Expressions have a file of their own.

mod expr;
mod facts;
mod flow;
mod guards;
mod scope;
mod typing;

use smallvec::{SmallVec, smallvec};

pub(super) use self::facts::Facts;
use self::flow::Flow;
use self::scope::Scope;
use super::constants::Meaning;
use super::guard::{KnownNames, Truth};
use super::types::{ExpectedType, TypeRef, Value, ValueId, VariableFact};
use super::{ALL, Role, Span, Use};
use crate::go::syntax::Tok;
use crate::go::syntax::ast::{
    Block, Clause, Decl, Expr, Field, File, FuncDecl, Ident, If, Import, Range, Signature, Stmt,
    Switch, TypeSwitch, ValueSpec,
};

/// What expressions stand for, in their order.
type Values = SmallVec<[Option<ValueId>; 4]>;

/// A walk over the declarations of a file.
pub(super) struct Walker<'s> {
    file: FileNames<'s>,
    scope: Scope<'s>,
    flow: Flow,
    enclosing: Enclosing,
    facts: Facts,
}

/// The file, and names that it shares with its package or imports.
struct FileNames<'s> {
    src: &'s str,
    /// What is known of names of the package.
    package: &'s KnownNames,
    /// The names under which `runtime` and `syscall/js` are imported.
    runtime: Option<&'s str>,
    js: Option<&'s str>,
    /// Names that most likely are those of imports, and their paths.
    imports: Vec<(&'s str, &'s str)>,
    /// Bodies were not read.
    declarations_only: bool,
}

/// The declaration and the functions around a place.
#[derive(Default)]
struct Enclosing {
    owner: u32,
    /// Function literals that are kept rather than called.
    literals: u32,
    /// Whether the place runs in a callback of `js.FuncOf`.
    callback: bool,
    /// Result types of the innermost function.
    results: Vec<Option<TypeRef>>,
    /// Where the body of the declared function ends.
    body_end: u32,
}

impl<'s> FileNames<'s> {
    fn of(src: &'s str, file: &File<'s>, package: &'s KnownNames, declarations_only: bool) -> Self {
        let imported = |path: &str, name: &'static str| {
            let import = file.imports.iter().find(|i| i.path == path);
            import.map(|i| i.alias.map_or(name, |a| a.name))
        };
        Self {
            src,
            package,
            runtime: imported("runtime", "runtime"),
            js: imported("syscall/js", "js"),
            imports: file.imports.iter().map(import_name).collect(),
            declarations_only,
        }
    }
}

impl<'s> Walker<'s> {
    pub(super) fn new(
        src: &'s str,
        file: &File<'s>,
        package: &'s KnownNames,
        declarations_only: bool,
    ) -> Self {
        Self {
            file: FileNames::of(src, file, package, declarations_only),
            scope: Scope::default(),
            flow: Flow::START,
            enclosing: Enclosing::default(),
            facts: Facts::default(),
        }
    }

    /// The facts that the walk found.
    pub(super) fn finish(self) -> Facts {
        self.facts.shrunk()
    }

    pub(super) fn top_level(&mut self, decl: &Decl<'s>, owner: u32) {
        self.enclosing.owner = owner;
        self.flow = Flow::START;
        match decl {
            Decl::Func(f) => self.func_decl(f),
            Decl::Const(spec) => {
                self.values(spec);
            }
            Decl::Var(spec) => {
                let values = self.values(spec);
                let known = spec.names.iter().zip(values);
                let known = known.filter_map(|(name, value)| {
                    Some(VariableFact {
                        name: Span::of(*name),
                        value: value?,
                    })
                });
                self.facts.typing.variables.extend(known);
            }
            Decl::Type(spec) => self.scoped(|w| {
                w.type_params(spec.type_params);
                w.expr(&spec.ty);
            }),
        }
    }

    /// Receiver, parameters and results are names of the body alone (specification, "Declarations
    /// and scope"): in `func (fs *T) F() fs.FileInfo` the result is that of the import.
    fn func_decl(&mut self, f: &FuncDecl<'s>) {
        self.scoped(|w| {
            if let Some(recv) = &f.recv {
                w.receiver_type(&recv.ty);
            }
            w.type_params(f.type_params);
            w.signature_types(&f.sig);
            w.enclosing.results = w.result_types(&f.sig);
            w.bind_fields(f.recv.as_slice());
            w.signature_names(&f.sig);
            if let Some(body) = &f.body {
                w.enclosing.body_end = body.end;
                w.block(body);
                w.ends(&f.sig, body);
            }
        });
    }

    /// `*T[P]` of a receiver declares `P` and uses `T`.
    fn receiver_type(&mut self, ty: &Expr<'s>) {
        match ty {
            Expr::Paren(inner) | Expr::Unary(_, inner) => self.receiver_type(inner),
            Expr::Index(base, params) => {
                self.expr(base);
                for param in *params {
                    if let Expr::Ident(name) = param {
                        self.scope.bind(*name, None, None);
                    }
                }
            }
            other => {
                self.expr(other);
            }
        }
    }

    fn type_params(&mut self, params: &[Field<'s>]) {
        for param in params {
            self.bind_all(param.names);
        }
        for param in params {
            self.expr(&param.ty);
        }
    }

    fn signature_types(&mut self, sig: &Signature<'s>) {
        for field in sig.params.iter().chain(sig.results) {
            self.expr(&field.ty);
        }
    }

    fn signature_names(&mut self, sig: &Signature<'s>) {
        self.bind_fields(sig.params);
        self.bind_fields(sig.results);
    }

    /// What the names of a declaration stand for.
    fn values(&mut self, spec: &ValueSpec<'s>) -> Values {
        spec.ty.iter().for_each(|ty| {
            self.expr(ty);
        });
        let values = self.exprs(spec.values);
        let ty = spec.ty.as_ref().and_then(|ty| self.type_ref(ty));
        for (x, value) in spec.values.iter().zip(&values) {
            self.converted(ty.map(ExpectedType::Type), x, *value);
        }
        if spec.ty.is_some() {
            let value = ty.map(|ty| self.facts.value(Value::Of(ty)));
            return smallvec![value; spec.names.len()];
        }
        self.given(
            spec.names.len(),
            spec.names.first().map(|n| n.pos),
            spec.values,
            values,
        )
    }

    // Scopes.

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        let mark = self.scope.mark();
        walk(self);
        self.scope.end(mark);
    }

    fn bind_all(&mut self, names: &[Ident<'s>]) {
        names
            .iter()
            .for_each(|name| self.scope.bind(*name, None, None));
    }

    fn name(&mut self, base: Ident<'s>, sel: Option<Ident<'s>>, role: Role) {
        if base.name.is_empty() || base.name == "_" || self.scope.has(base.name) {
            return;
        }
        let used = self.used(Span::of(base), sel.map(Span::of), role);
        self.facts.uses.push(used);
    }

    /// A use of a name at this place.
    fn used(&self, base: Span, sel: Option<Span>, role: Role) -> Use {
        Use {
            base,
            sel,
            owner: self.enclosing.owner,
            live: self.flow.live,
            guard: self.flow.guard,
            role,
            literal: self.enclosing.literals > 0,
            callback: self.enclosing.callback,
        }
    }

    // Statements.

    fn block(&mut self, block: &Block<'s>) {
        let guard = self.flow.guard;
        self.scoped(|w| block.stmts.iter().for_each(|stmt| w.stmt(stmt)));
        self.flow.guard = guard;
    }

    fn stmt(&mut self, stmt: &Stmt<'s>) {
        match stmt {
            Stmt::Empty => {}
            Stmt::Decl(decls) => decls.iter().for_each(|decl| self.local_decl(decl)),
            Stmt::Expr(x) => {
                self.expr(x);
                if never_returns(x) {
                    self.flow.stops();
                }
            }
            Stmt::Go(x) => {
                // A goroutine of its own may wait for the event loop.
                let callback = std::mem::take(&mut self.enclosing.callback);
                self.expr(x);
                self.enclosing.callback = callback;
            }
            Stmt::Defer(x) => {
                self.expr(x);
            }
            Stmt::Send(sides) => {
                self.expr(&sides.0);
                self.expr(&sides.1);
            }
            Stmt::Assign(lhs, rhs) => self.assign(lhs, rhs),
            Stmt::Define(lhs, rhs) => {
                let values = self.exprs(rhs);
                self.define(lhs, rhs, values);
            }
            Stmt::Return(list) => {
                let values = self.exprs(list);
                self.returned(list, &values);
                self.flow.stops();
            }
            Stmt::Branch(tok) => {
                if *tok != Tok::Fallthrough {
                    self.flow.breaks();
                }
            }
            Stmt::Block(block) => self.block(block),
            Stmt::Labeled(inner) => {
                self.flow.enters_label();
                self.stmt(inner);
            }
            Stmt::If(x) => self.scoped(|w| w.if_stmt(x)),
            Stmt::Switch(x) => self.scoped(|w| w.switch(x)),
            Stmt::TypeSwitch(x) => self.scoped(|w| w.type_switch(x)),
            Stmt::Select(clauses) => self.looped(|w| clauses.iter().for_each(|c| w.comm_clause(c))),
            Stmt::For(x) => self.looped(|w| {
                x.init.iter().for_each(|s| w.stmt(s));
                x.cond.iter().for_each(|c| {
                    w.expr(c);
                });
                w.block(&x.body);
                x.post.iter().for_each(|s| w.stmt(s));
            }),
            Stmt::Range(x) => self.looped(|w| w.range(x)),
        }
    }

    /// A statement after which control is where it was before: a loop may run zero times.
    fn looped(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = self.flow;
        self.scoped(walk);
        self.flow = before;
    }

    fn local_decl(&mut self, decl: &Decl<'s>) {
        match decl {
            Decl::Const(spec) | Decl::Var(spec) => {
                let values = self.values(spec);
                let known: Vec<_> = spec.values.iter().map(|x| self.kept(x)).collect();
                for (i, name) in spec.names.iter().enumerate() {
                    let known = self.lasting(*name, known.get(i).copied().flatten());
                    self.scope
                        .bind(*name, values.get(i).copied().flatten(), known);
                }
                // Further ones of a group may be made of `iota`, which is not kept.
                if let (Decl::Const(_), [name], [value], None, 0) =
                    (decl, spec.names, spec.values, &spec.ty, spec.iota)
                {
                    let id = self.constant_id(value, name.name);
                    self.scope.mean(*name, id.map(Meaning::Constant));
                }
            }
            Decl::Type(spec) => {
                self.scope.bind(spec.name, None, None);
                self.scope
                    .mean(spec.name, Some(Meaning::Type(spec.name.pos)));
                self.scoped(|w| {
                    w.type_params(spec.type_params);
                    w.expr(&spec.ty);
                });
            }
            Decl::Func(_) => {}
        }
    }

    /// Names on the left of `:=`; a selector or index there is an error, and still a use.
    fn define(&mut self, lhs: &[Expr<'s>], rhs: &[Expr<'s>], values: Values) {
        let one_each = lhs.len() == rhs.len();
        let known: Vec<_> = if one_each {
            rhs.iter().map(|x| self.kept(x)).collect()
        } else {
            Vec::new()
        };
        let values = self.given(lhs.len(), lhs.first().and_then(expr::start), rhs, values);
        for (i, x) in lhs.iter().enumerate() {
            match x {
                Expr::Ident(name) => {
                    let known = self.lasting(*name, known.get(i).copied().flatten());
                    self.scope
                        .bind(*name, values.get(i).copied().flatten(), known);
                }
                other => {
                    self.expr(other);
                }
            }
        }
    }

    fn if_stmt(&mut self, x: &If<'s>) {
        x.init.iter().for_each(|s| self.stmt(s));
        self.expr(&x.cond);
        let Truth { can, cannot } = self.truth(&x.cond);
        let then = self.narrowed(can, x.pos, |w| w.block(&x.then));
        let or_else = self.narrowed(cannot, x.pos, |w| x.or_else.iter().for_each(|s| w.stmt(s)));
        self.flow.join(then | or_else, x.pos);
    }

    fn switch(&mut self, x: &Switch<'s>) {
        x.init.iter().for_each(|s| self.stmt(s));
        x.tag.iter().for_each(|tag| {
            self.expr(tag);
        });
        if x.tag.is_some() {
            self.must_differ(x.clauses.iter().flat_map(|c| c.exprs));
        }
        let outer = std::mem::take(&mut self.flow.breaks);
        let truths: Vec<Truth> = x
            .clauses
            .iter()
            .map(|c| self.clause_truth(x.tag.as_ref(), c))
            .collect();
        let any_can_miss = truths.iter().fold(ALL, |all, t| all & t.cannot);
        let (mut left, mut before, mut fell) = (0, ALL, 0);
        for (clause, truth) in x.clauses.iter().zip(&truths) {
            let to = if clause.default {
                any_can_miss
            } else {
                before & truth.can
            } | fell;
            left |= self.narrowed(to, x.pos, |w| w.clause(clause));
            fell = if falls_through(clause) { to } else { 0 };
            before &= truth.cannot;
        }
        if !x.clauses.iter().any(|c| c.default) {
            left |= self.flow.live & any_can_miss;
        }
        left |= std::mem::replace(&mut self.flow.breaks, outer);
        self.flow.join(left & self.flow.live, x.pos);
    }

    fn clause(&mut self, clause: &Clause<'s>) {
        self.exprs(clause.exprs);
        self.block(&clause.body);
    }

    fn type_switch(&mut self, x: &TypeSwitch<'s>) {
        self.looped(|w| {
            x.init.iter().for_each(|s| w.stmt(s));
            w.expr(&x.subject);
            for clause in x.clauses {
                w.looped(|w| w.type_clause(x.bind, clause));
            }
        });
    }

    /// In a case of one type the name has that type.
    fn type_clause(&mut self, bind: Option<Ident<'s>>, clause: &Clause<'s>) {
        self.exprs(clause.exprs);
        if let Some(name) = bind {
            let value = match clause.exprs {
                [ty] => self.type_ref(ty).map(|ty| self.facts.value(Value::Of(ty))),
                _ => None,
            };
            self.scope.bind(name, value, None);
        }
        self.block(&clause.body);
    }

    fn comm_clause(&mut self, clause: &Clause<'s>) {
        self.looped(|w| {
            clause.comm.iter().for_each(|s| w.stmt(s));
            w.block(&clause.body);
        });
    }

    fn range(&mut self, x: &Range<'s>) {
        self.expr(&x.subject);
        if x.define {
            self.define(x.vars, &[], Values::new());
        } else {
            self.exprs(x.vars);
        }
        self.block(&x.body);
    }
}

fn import_name<'s>(import: &Import<'s>) -> (&'s str, &'s str) {
    let alias = import.alias.map(|alias| alias.name);
    (likely_name(alias, import.path), import.path)
}

/// The name of an import as far as its line tells: its alias, or the last part of its path.
pub(crate) fn likely_name<'s>(alias: Option<&'s str>, path: &'s str) -> &'s str {
    alias.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default())
}

fn falls_through(clause: &Clause<'_>) -> bool {
    matches!(
        clause.body.stmts.last(),
        Some(Stmt::Branch(Tok::Fallthrough))
    )
}

/// Calls after which control does not go on.
fn never_returns(x: &Expr<'_>) -> bool {
    let Expr::Call(fun, _) = x else { return false };
    match fun {
        Expr::Ident(name) => name.name == "panic",
        Expr::Selector(Expr::Ident(base), sel) => matches!(
            (base.name, sel.name),
            ("os", "Exit")
                | ("runtime", "Goexit")
                | (
                    "log",
                    "Fatal" | "Fatalf" | "Fatalln" | "Panic" | "Panicf" | "Panicln"
                )
        ),
        _ => false,
    }
}
