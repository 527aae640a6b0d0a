//! Statements.

use smallvec::SmallVec;

use super::ast::{Block, Clause, Expr, For, If, Range, Stmt, Switch, TypeSwitch};
use super::parser::{List, Parser};
use super::token::Tok;

impl<'s> Parser<'s> {
    pub(super) fn block(&mut self) -> Block<'s> {
        self.nested(Block::default(), |p| {
            p.expect(Tok::LBrace, "`{`");
            let stmts = p.stmt_list();
            let end = p.token.start;
            p.expect(Tok::RBrace, "`}`");
            Block { stmts, end }
        })
    }

    /// Statements up to `}`, `case` or `default`.
    fn stmt_list(&mut self) -> &'s [Stmt<'s>] {
        let mut stmts = SmallVec::<[Stmt<'s>; 8]>::new();
        while !matches!(
            self.token.tok,
            Tok::RBrace | Tok::Case | Tok::Default | Tok::Eof
        ) {
            let before = self.token.start;
            match self.stmt() {
                Stmt::Empty => {}
                stmt => stmts.push(stmt),
            }
            self.end_of_statement_or(Tok::RBrace);
            if self.token.start == before && !self.at(Tok::RBrace) {
                self.bump();
            }
        }
        self.keep(&stmts)
    }

    fn stmt(&mut self) -> Stmt<'s> {
        match self.token.tok {
            Tok::Const | Tok::Var | Tok::Type => {
                let decls = self.gen_decl();
                Stmt::Decl(self.keep(&decls))
            }
            Tok::LBrace => Stmt::Block(self.block()),
            Tok::If => self.if_stmt(),
            Tok::Switch => self.switch_stmt(),
            Tok::Select => self.select_stmt(),
            Tok::For => self.for_stmt(),
            Tok::Go => {
                self.bump();
                Stmt::Go(self.expr())
            }
            Tok::Defer => {
                self.bump();
                Stmt::Defer(self.expr())
            }
            Tok::Return => {
                self.bump();
                let bare = matches!(self.token.tok, Tok::Semi | Tok::RBrace | Tok::Eof);
                Stmt::Return(if bare { &[] } else { self.expr_list() })
            }
            Tok::Break | Tok::Continue | Tok::Goto | Tok::Fallthrough => {
                let tok = self.token.tok;
                self.bump();
                if tok != Tok::Fallthrough {
                    self.eat(Tok::Ident);
                }
                Stmt::Branch(tok)
            }
            Tok::Semi | Tok::RBrace | Tok::Eof => Stmt::Empty,
            _ => self.simple_or_labeled(),
        }
    }

    fn simple_or_labeled(&mut self) -> Stmt<'s> {
        let stmt = self.simple_stmt();
        if !matches!(stmt, Stmt::Expr(Expr::Ident(_))) || !self.eat(Tok::Colon) {
            return stmt;
        }
        if matches!(self.token.tok, Tok::RBrace | Tok::Case | Tok::Default) {
            return Stmt::Empty;
        }
        Stmt::Labeled(self.arena.alloc(self.nested(Stmt::Empty, Self::stmt)))
    }

    fn simple_stmt(&mut self) -> Stmt<'s> {
        let lhs = self.exprs();
        self.rest_of_simple(&lhs)
    }

    /// `init; rest` of a header: the part before the semicolon, and the part after it.
    fn header_parts(&mut self) -> (Option<Stmt<'s>>, Option<Stmt<'s>>) {
        self.header(|p| {
            let first = (!matches!(p.token.tok, Tok::Semi | Tok::LBrace)).then(|| p.simple_stmt());
            if !p.eat(Tok::Semi) {
                return (None, first);
            }
            let second = (!p.at(Tok::LBrace)).then(|| p.simple_stmt());
            (first, second)
        })
    }

    fn if_stmt(&mut self) -> Stmt<'s> {
        self.nested(Stmt::Empty, |p| {
            let pos = p.token.start;
            p.bump();
            let (init, cond) = p.header_parts();
            let cond = match cond {
                Some(Stmt::Expr(cond)) => cond,
                _ => Expr::Bad,
            };
            let then = p.func_body();
            let or_else = p.eat(Tok::Else).then(|| match p.token.tok {
                Tok::If => p.if_stmt(),
                _ => Stmt::Block(p.func_body()),
            });
            Stmt::If(self.arena.alloc(If {
                pos,
                init,
                cond,
                then,
                or_else,
            }))
        })
    }

    fn switch_stmt(&mut self) -> Stmt<'s> {
        let pos = self.token.start;
        self.bump();
        let (init, tag) = self.header_parts();
        let clauses = self.clauses(super::parser::Parser::expr_or_type_list);
        match tag {
            Some(Stmt::Define(names, values)) => {
                let bind = match names.last() {
                    Some(Expr::Ident(name)) => Some(*name),
                    _ => None,
                };
                let subject = subject(values.last().copied());
                Stmt::TypeSwitch(self.arena.alloc(TypeSwitch {
                    init,
                    bind,
                    subject,
                    clauses,
                }))
            }
            Some(Stmt::Expr(Expr::Assert(subject, None))) => {
                Stmt::TypeSwitch(self.arena.alloc(TypeSwitch {
                    init,
                    bind: None,
                    subject: *subject,
                    clauses,
                }))
            }
            Some(Stmt::Expr(tag)) => Stmt::Switch(self.arena.alloc(Switch {
                pos,
                init,
                tag: Some(tag),
                clauses,
            })),
            _ => Stmt::Switch(self.arena.alloc(Switch {
                pos,
                init,
                tag: None,
                clauses,
            })),
        }
    }

    fn expr_or_type_list(&mut self) -> (&'s [Expr<'s>], Option<Stmt<'s>>) {
        (self.expr_list(), None)
    }

    fn select_stmt(&mut self) -> Stmt<'s> {
        self.bump();
        Stmt::Select(self.clauses(|p| (&[], Some(p.simple_stmt()))))
    }

    fn clauses(
        &mut self,
        read: impl Fn(&mut Self) -> (&'s [Expr<'s>], Option<Stmt<'s>>),
    ) -> &'s [Clause<'s>] {
        self.nested(&[], |p| {
            p.bracketed(|p| {
                p.expect(Tok::LBrace, "`{`");
                let mut clauses = List::new();
                while matches!(p.token.tok, Tok::Case | Tok::Default) {
                    let default = p.at(Tok::Default);
                    p.bump();
                    let (exprs, comm): (&[_], _) = if default { (&[], None) } else { read(p) };
                    p.expect(Tok::Colon, "`:`");
                    let stmts = p.stmt_list();
                    let body = Block {
                        stmts,
                        end: p.token.start,
                    };
                    clauses.push(Clause {
                        default,
                        exprs,
                        comm,
                        body,
                    });
                }
                p.expect(Tok::RBrace, "`}`");
                p.keep(&clauses)
            })
        })
    }

    fn for_stmt(&mut self) -> Stmt<'s> {
        self.bump();
        let (header, cond, post) = self.header(Self::for_header);
        let body = self.func_body();
        if let ForHeader::Range {
            vars,
            define,
            subject,
        } = header
        {
            return Stmt::Range(self.arena.alloc(Range {
                vars,
                define,
                subject,
                body,
            }));
        }
        let init = if let ForHeader::Init(init) = header {
            init
        } else {
            None
        };
        Stmt::For(self.arena.alloc(For {
            init,
            cond,
            post,
            body,
        }))
    }

    fn for_header(&mut self) -> (ForHeader<'s>, Option<Expr<'s>>, Option<Stmt<'s>>) {
        if self.eat(Tok::Range) {
            let subject = self.expr();
            return (
                ForHeader::Range {
                    vars: &[],
                    define: false,
                    subject,
                },
                None,
                None,
            );
        }
        let first =
            (!matches!(self.token.tok, Tok::Semi | Tok::LBrace)).then(|| self.range_or_simple());
        let first = match first {
            Some(Err(range)) => return (range, None, None),
            Some(Ok(stmt)) => Some(stmt),
            None => None,
        };
        if !self.eat(Tok::Semi) {
            let cond = match first {
                Some(Stmt::Expr(cond)) => Some(cond),
                _ => None,
            };
            return (ForHeader::Init(None), cond, None);
        }
        let cond = (!matches!(self.token.tok, Tok::Semi | Tok::LBrace)).then(|| self.expr());
        self.eat(Tok::Semi);
        let post = (!self.at(Tok::LBrace)).then(|| self.simple_stmt());
        (ForHeader::Init(first), cond, post)
    }

    /// A simple statement, or `vars := range x` as the error.
    fn range_or_simple(&mut self) -> Result<Stmt<'s>, ForHeader<'s>> {
        let lhs = self.exprs();
        let define = self.at(Tok::Define);
        if !define && !self.at(Tok::Assign) {
            return Ok(self.rest_of_simple(&lhs));
        }
        self.bump();
        let lhs = self.keep(&lhs);
        if self.eat(Tok::Range) {
            return Err(ForHeader::Range {
                vars: lhs,
                define,
                subject: self.expr(),
            });
        }
        let rhs = self.expr_list();
        Ok(if define {
            Stmt::Define(lhs, rhs)
        } else {
            Stmt::Assign(lhs, rhs)
        })
    }

    fn rest_of_simple(&mut self, lhs: &[Expr<'s>]) -> Stmt<'s> {
        let last = lhs.last().copied().unwrap_or(Expr::Bad);
        match self.token.tok {
            Tok::Define => {
                self.bump();
                Stmt::Define(self.keep(lhs), self.expr_list())
            }
            Tok::Assign | Tok::OpAssign => {
                self.bump();
                Stmt::Assign(self.keep(lhs), self.expr_list())
            }
            Tok::Inc | Tok::Dec => {
                self.bump();
                Stmt::Assign(self.keep(lhs), &[])
            }
            Tok::Arrow => {
                self.bump();
                let value = self.expr();
                Stmt::Send(self.arena.alloc((last, value)))
            }
            _ => Stmt::Expr(last),
        }
    }
}

enum ForHeader<'s> {
    Init(Option<Stmt<'s>>),
    Range {
        vars: &'s [Expr<'s>],
        define: bool,
        subject: Expr<'s>,
    },
}

/// What a type switch looks at: `y` of `x := y.(type)`.
fn subject(value: Option<Expr<'_>>) -> Expr<'_> {
    match value {
        Some(Expr::Assert(subject, None)) => *subject,
        Some(other) => other,
        None => Expr::Bad,
    }
}
