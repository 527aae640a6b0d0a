//! A walk over declarations and statements that keeps local scopes, and the targets that control
//! can reach. Expressions have a file of their own.

mod expr;
mod guards;
mod typing;

use smallvec::{SmallVec, smallvec};

use super::constants::Meaning;
use super::guard::{Known, KnownNames, Truth};
use super::types::{TypeFacts, TypeRef, Value, ValueId, VariableFact, Wanted};
use super::{ALL, Role, Span, Use};
use crate::go::syntax::Tok;
use crate::go::syntax::ast::{
    Block, Clause, Decl, Expr, Field, File, FuncDecl, Ident, If, Import, Range, Signature, Stmt,
    Switch, TypeSwitch, ValueSpec,
};

/// What expressions stand for, in their order.
type Values = SmallVec<[Option<ValueId>; 4]>;

/// A local name.
struct Local<'s> {
    name: &'s str,
    /// What it stands for, where that is known.
    value: Option<ValueId>,
    /// What is known of its value.
    known: Option<Known>,
    /// What it is to a constant expression.
    meaning: Meaning,
}

pub(super) struct Walker<'s> {
    src: &'s str,
    /// What is known of names of the package.
    package: &'s KnownNames,
    /// Local names, innermost last.
    scope: Vec<Local<'s>>,
    uses: Vec<Use>,
    selectors: Vec<Span>,
    members: Vec<Span>,
    typing: TypeFacts,
    /// Result types of the function around this place.
    results: Vec<Option<TypeRef>>,
    /// Bodies were not read.
    declarations_only: bool,
    /// The names under which `runtime` and `syscall/js` are imported.
    runtime: Option<&'s str>,
    js: Option<&'s str>,
    /// Names that most likely are those of imports, and their paths.
    imports: Vec<(&'s str, &'s str)>,
    /// This place runs in a callback of `js.FuncOf`.
    callback: bool,
    owner: u32,
    live: u8,
    guard: u32,
    /// Function literals around this place that are kept rather than called.
    literals: u32,
    /// Where `break` has left the innermost switch.
    breaks: u8,
    /// Where control can be at the start of the function: a label can be reached from anywhere.
    entry: u8,
    /// Where the body of the function around this place ends.
    body_end: u32,
}

impl<'s> Walker<'s> {
    pub(super) fn new(
        src: &'s str,
        file: &File<'s>,
        package: &'s KnownNames,
        declarations_only: bool,
    ) -> Self {
        let imported = |path: &str, name: &'static str| {
            let import = file.imports.iter().find(|i| i.path == path);
            import.map(|i| i.alias.map_or(name, |a| a.name))
        };
        let runtime = imported("runtime", "runtime");
        let js = imported("syscall/js", "js");
        Self {
            src,
            package,
            scope: Vec::new(),
            body_end: 0,
            uses: Vec::new(),
            selectors: Vec::new(),
            members: Vec::new(),
            typing: TypeFacts::default(),
            results: Vec::new(),
            declarations_only,
            runtime,
            js,
            imports: file.imports.iter().map(import_name).collect(),
            callback: false,
            owner: super::NO_OWNER,
            live: ALL,
            guard: 0,
            literals: 0,
            breaks: 0,
            entry: ALL,
        }
    }

    /// Uses, selectors and members, in the order of the text, and what is known of types.
    pub(super) fn finish(mut self) -> (Vec<Use>, Vec<Span>, Vec<Span>, TypeFacts) {
        self.uses.shrink_to_fit();
        self.selectors.shrink_to_fit();
        self.typing.shrink();
        (self.uses, self.selectors, self.members, self.typing)
    }

    pub(super) fn top_level(&mut self, decl: &Decl<'s>, owner: u32) {
        self.owner = owner;
        (self.live, self.entry, self.guard) = (ALL, ALL, 0);
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
                self.typing.variables.extend(known);
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
            w.results = w.result_types(&f.sig);
            w.bind_fields(f.recv.as_slice());
            w.signature_names(&f.sig);
            if let Some(body) = &f.body {
                w.body_end = body.end;
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
                        self.bind(*name);
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
            self.converted(ty.map(Wanted::Type), x, *value);
        }
        if spec.ty.is_some() {
            let value = ty.map(|ty| self.value(Value::Of(ty)));
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
        let mark = self.scope.len();
        walk(self);
        self.scope.truncate(mark);
    }

    fn bind(&mut self, name: Ident<'s>) {
        self.bind_known(name, None, None);
    }

    fn bind_known(&mut self, name: Ident<'s>, value: Option<ValueId>, known: Option<Known>) {
        let name = name.name;
        if name != "_" {
            let meaning = Meaning::Other;
            self.scope.push(Local {
                name,
                value,
                known,
                meaning,
            });
        }
    }

    /// The name that was bound last is this to constant expressions.
    fn mean(&mut self, name: Ident<'s>, meaning: Option<Meaning>) {
        let last = self.scope.last_mut().filter(|l| l.name == name.name);
        if let (Some(local), Some(meaning)) = (last, meaning) {
            local.meaning = meaning;
        }
    }

    fn bind_all(&mut self, names: &[Ident<'s>]) {
        names.iter().for_each(|name| self.bind(*name));
    }

    fn is_local(&self, name: &str) -> bool {
        self.local(name).is_some()
    }

    fn local(&self, name: &str) -> Option<&Local<'s>> {
        self.scope.iter().rev().find(|local| local.name == name)
    }

    fn name(&mut self, base: Ident<'s>, sel: Option<Ident<'s>>, role: Role) {
        if base.name.is_empty() || base.name == "_" || self.is_local(base.name) {
            return;
        }
        let used = self.used(Span::of(base), sel.map(Span::of), role);
        self.uses.push(used);
    }

    /// A use of a name at this place.
    fn used(&self, base: Span, sel: Option<Span>, role: Role) -> Use {
        Use {
            base,
            sel,
            owner: self.owner,
            live: self.live,
            guard: self.guard,
            role,
            literal: self.literals > 0,
            callback: self.callback,
        }
    }

    // Statements.

    fn block(&mut self, block: &Block<'s>) {
        let guard = self.guard;
        self.scoped(|w| block.stmts.iter().for_each(|stmt| w.stmt(stmt)));
        self.guard = guard;
    }

    fn stmt(&mut self, stmt: &Stmt<'s>) {
        match stmt {
            Stmt::Empty => {}
            Stmt::Decl(decls) => decls.iter().for_each(|decl| self.local_decl(decl)),
            Stmt::Expr(x) => {
                self.expr(x);
                if never_returns(x) {
                    self.live = 0;
                }
            }
            Stmt::Go(x) => {
                // A goroutine of its own may wait for the event loop.
                let callback = std::mem::take(&mut self.callback);
                self.expr(x);
                self.callback = callback;
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
                self.live = 0;
            }
            Stmt::Branch(tok) => {
                if *tok != Tok::Fallthrough {
                    self.breaks |= self.live;
                    self.live = 0;
                }
            }
            Stmt::Block(block) => self.block(block),
            Stmt::Labeled(inner) => {
                self.live = self.entry;
                self.stmt(inner);
            }
            Stmt::If(x) => self.scoped_stmt(|w| w.if_stmt(x)),
            Stmt::Switch(x) => self.scoped_stmt(|w| w.switch(x)),
            Stmt::TypeSwitch(x) => self.scoped_stmt(|w| w.type_switch(x)),
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

    fn scoped_stmt(&mut self, walk: impl FnOnce(&mut Self)) {
        let mark = self.scope.len();
        walk(self);
        self.scope.truncate(mark);
    }

    /// A statement after which control is where it was before: a loop may run zero times.
    fn looped(&mut self, walk: impl FnOnce(&mut Self)) {
        let (live, guard, breaks) = (self.live, self.guard, self.breaks);
        self.scoped(walk);
        (self.live, self.guard, self.breaks) = (live, guard, breaks);
    }

    fn local_decl(&mut self, decl: &Decl<'s>) {
        match decl {
            Decl::Const(spec) | Decl::Var(spec) => {
                let values = self.values(spec);
                let known: Vec<_> = spec.values.iter().map(|x| self.kept(x)).collect();
                for (i, name) in spec.names.iter().enumerate() {
                    let known = self.lasting(*name, known.get(i).copied().flatten());
                    self.bind_known(*name, values.get(i).copied().flatten(), known);
                }
                // Further ones of a group may be made of `iota`, which is not kept.
                if let (Decl::Const(_), [name], [value], None, 0) =
                    (decl, spec.names, spec.values, &spec.ty, spec.iota)
                {
                    let id = self.constant_id(value, name.name);
                    self.mean(*name, id.map(Meaning::Constant));
                }
            }
            Decl::Type(spec) => {
                self.bind(spec.name);
                self.mean(spec.name, Some(Meaning::Type(spec.name.pos)));
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
                    self.bind_known(*name, values.get(i).copied().flatten(), known);
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
        self.join(then | or_else, x.pos);
    }

    fn switch(&mut self, x: &Switch<'s>) {
        x.init.iter().for_each(|s| self.stmt(s));
        x.tag.iter().for_each(|tag| {
            self.expr(tag);
        });
        if x.tag.is_some() {
            self.must_differ(x.clauses.iter().flat_map(|c| c.exprs));
        }
        let outer = std::mem::replace(&mut self.breaks, 0);
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
            left |= self.live & any_can_miss;
        }
        left |= std::mem::replace(&mut self.breaks, outer);
        self.join(left & self.live, x.pos);
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
                [ty] => self.type_ref(ty).map(|ty| self.value(Value::Of(ty))),
                _ => None,
            };
            self.bind_known(name, value, None);
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
