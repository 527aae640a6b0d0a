//! Types, parameters and fields.

use smallvec::SmallVec;

use super::ast::{Expr, Field, Ident, Signature};
use super::parser::{List, Parser};
use super::token::Tok;

impl<'s> Parser<'s> {
    pub(super) fn ty(&mut self) -> Expr<'s> {
        self.try_type().unwrap_or_else(|| {
            self.error("expected type");
            Expr::Bad
        })
    }

    /// A type, if the next token starts one.
    pub(super) fn try_type(&mut self) -> Option<Expr<'s>> {
        self.nested(None, |p| match p.token.tok {
            Tok::Ident => Some(p.type_name()),
            Tok::LParen => {
                p.bump();
                let inner = p.ty();
                p.expect(Tok::RParen, "`)`");
                Some(Expr::Paren(self.arena.alloc(inner)))
            }
            Tok::Mul => {
                p.bump();
                Some(Expr::Unary(Tok::Mul, p.arena.alloc(p.ty())))
            }
            _ => p.try_type_literal(),
        })
    }

    /// A type that starts with a bracket or keyword.
    pub(super) fn try_type_literal(&mut self) -> Option<Expr<'s>> {
        match self.token.tok {
            Tok::LBrack => Some(self.array_type()),
            Tok::Struct => Some(self.struct_type()),
            Tok::Interface => Some(self.interface_type()),
            Tok::Func => {
                self.bump();
                Some(Expr::FuncType(self.arena.alloc(self.signature())))
            }
            Tok::Map => {
                self.bump();
                self.expect(Tok::LBrack, "`[`");
                let key = self.ty();
                self.expect(Tok::RBrack, "`]`");
                Some(Expr::Map(
                    self.arena.alloc(key),
                    self.arena.alloc(self.ty()),
                ))
            }
            Tok::Chan => {
                self.bump();
                self.eat(Tok::Arrow);
                Some(Expr::Chan(self.arena.alloc(self.ty())))
            }
            Tok::Arrow => {
                self.bump();
                self.expect(Tok::Chan, "`chan`");
                Some(Expr::Chan(self.arena.alloc(self.ty())))
            }
            _ => None,
        }
    }

    fn qualified(&mut self) -> Expr<'s> {
        let mut name = Expr::Ident(self.ident());
        while self.eat(Tok::Dot) {
            name = Expr::Selector(self.arena.alloc(name), self.ident());
        }
        name
    }

    fn type_name(&mut self) -> Expr<'s> {
        let name = self.qualified();
        if self.at(Tok::LBrack) {
            self.instance(name)
        } else {
            name
        }
    }

    /// `[A, B]` after the name of a generic type.
    fn instance(&mut self, name: Expr<'s>) -> Expr<'s> {
        self.bump();
        let args = self.type_args();
        self.expect(Tok::RBrack, "`]`");
        Expr::Index(self.arena.alloc(name), args)
    }

    fn type_args(&mut self) -> &'s [Expr<'s>] {
        self.bracketed(|p| {
            let mut args = List::new();
            while !matches!(p.token.tok, Tok::RBrack | Tok::Eof) {
                args.push(p.expr());
                if !p.eat(Tok::Comma) {
                    break;
                }
            }
            p.keep(&args)
        })
    }

    fn array_type(&mut self) -> Expr<'s> {
        self.bump();
        if self.eat(Tok::RBrack) {
            return Expr::Array {
                len: None,
                elem: self.arena.alloc(self.ty()),
            };
        }
        let len = if self.eat(Tok::Ellipsis) {
            Expr::Ellipsis(None)
        } else {
            self.bracketed(Self::expr)
        };
        self.expect(Tok::RBrack, "`]`");
        Expr::Array {
            len: Some(self.arena.alloc(len)),
            elem: self.arena.alloc(self.ty()),
        }
    }

    pub(super) fn params(&mut self) -> &'s [Field<'s>] {
        self.expect(Tok::LParen, "`(`");
        let params = self.field_list(Tok::RParen);
        self.expect(Tok::RParen, "`)`");
        params
    }

    /// Parameters, or type parameters, up to `closer`.
    ///
    /// Entries are `name Type`, or only one of them: when any entry has both, those with one are
    /// names that share the type of the next.
    pub(super) fn field_list(&mut self, closer: Tok) -> &'s [Field<'s>] {
        let mut entries = SmallVec::<[Entry<'s>; 4]>::new();
        while !self.at(closer) && !self.at(Tok::Eof) {
            entries.push(self.param_entry(closer));
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.group(&entries)
    }

    fn param_entry(&mut self, closer: Tok) -> (Option<Ident<'s>>, Option<Expr<'s>>) {
        if !self.at(Tok::Ident) {
            return (None, Some(self.constraint_or_variadic(closer)));
        }
        let name = self.ident();
        match self.token.tok {
            Tok::Comma => (Some(name), None),
            tok if tok == closer => (Some(name), None),
            Tok::Dot => {
                let ty = self.rest_of_type(name);
                (None, Some(self.union(ty, closer)))
            }
            Tok::LBrack => self.array_field_or_instance(name, closer),
            Tok::Or if closer == Tok::RBrack => (None, Some(self.union(Expr::Ident(name), closer))),
            _ => (Some(name), Some(self.constraint_or_variadic(closer))),
        }
    }

    /// The rest of a qualified name, and its type arguments.
    fn rest_of_type(&mut self, first: Ident<'s>) -> Expr<'s> {
        let mut name = Expr::Ident(first);
        while self.eat(Tok::Dot) {
            name = Expr::Selector(self.arena.alloc(name), self.ident());
        }
        if self.at(Tok::LBrack) {
            self.instance(name)
        } else {
            name
        }
    }

    /// `a [N]T` and `a []T` have a name; `List[T]` is a type.
    fn array_field_or_instance(
        &mut self,
        name: Ident<'s>,
        closer: Tok,
    ) -> (Option<Ident<'s>>, Option<Expr<'s>>) {
        self.bump();
        if self.eat(Tok::RBrack) {
            let elem = self.arena.alloc(self.ty());
            let ty = self.union(Expr::Array { len: None, elem }, closer);
            return (Some(name), Some(ty));
        }
        if self.eat(Tok::Ellipsis) {
            self.expect(Tok::RBrack, "`]`");
            let len: Option<&_> = Some(self.arena.alloc(Expr::Ellipsis(None)));
            return (
                Some(name),
                Some(Expr::Array {
                    len,
                    elem: self.arena.alloc(self.ty()),
                }),
            );
        }
        let args = self.type_args();
        self.expect(Tok::RBrack, "`]`");
        if let [len] = args
            && let Some(elem) = self.try_type()
        {
            let len = Some(len);
            return (
                Some(name),
                Some(self.union(
                    Expr::Array {
                        len,
                        elem: self.arena.alloc(elem),
                    },
                    closer,
                )),
            );
        }
        (
            None,
            Some(Expr::Index(self.arena.alloc(Expr::Ident(name)), args)),
        )
    }

    fn constraint_or_variadic(&mut self, closer: Tok) -> Expr<'s> {
        if self.eat(Tok::Ellipsis) {
            return Expr::Ellipsis(Some(self.arena.alloc(self.ty())));
        }
        let first = self.term();
        self.union(first, closer)
    }

    /// `A`, `~A`, and either, or a union of them, in parentheses.
    fn term(&mut self) -> Expr<'s> {
        if self.at(Tok::LParen) {
            return self.nested(Expr::Bad, |p| {
                p.bump();
                let first = p.term();
                let inner = p.union(first, Tok::RBrack);
                p.expect(Tok::RParen, "`)`");
                Expr::Paren(p.arena.alloc(inner))
            });
        }
        if self.eat(Tok::Tilde) {
            return Expr::Unary(Tok::Tilde, self.arena.alloc(self.ty()));
        }
        self.ty()
    }

    /// `A | ~B`, allowed where constraints stand.
    fn union(&mut self, first: Expr<'s>, closer: Tok) -> Expr<'s> {
        if closer != Tok::RBrack || !self.at(Tok::Or) {
            return first;
        }
        let mut rest = List::new();
        while self.eat(Tok::Or) {
            rest.push((Tok::Or, self.term()));
        }
        Expr::Binary(self.arena.alloc(first), self.keep(&rest))
    }

    fn struct_type(&mut self) -> Expr<'s> {
        self.bump();
        self.expect(Tok::LBrace, "`{`");
        let mut fields = SmallVec::<[Field<'s>; 8]>::new();
        while !matches!(self.token.tok, Tok::RBrace | Tok::Eof) {
            let before = self.token.start;
            fields.push(self.struct_field());
            if self.at(Tok::String) {
                self.bump();
            }
            self.end_of_statement_or(Tok::RBrace);
            if self.token.start == before {
                self.bump();
            }
        }
        self.expect(Tok::RBrace, "`}`");
        Expr::Struct(self.keep(&fields))
    }

    fn struct_field(&mut self) -> Field<'s> {
        if !self.at(Tok::Ident) {
            return Field {
                names: &[],
                ty: self.ty(),
            };
        }
        let name = self.ident();
        match self.token.tok {
            Tok::Dot => Field {
                names: &[],
                ty: self.rest_of_type(name),
            },
            Tok::Semi | Tok::RBrace | Tok::String | Tok::Eof => Field {
                names: &[],
                ty: Expr::Ident(name),
            },
            Tok::LBrack => {
                let (name, ty) = self.array_field_or_instance(name, Tok::Eof);
                Field {
                    names: self.keep(name.as_slice()),
                    ty: ty.unwrap_or(Expr::Bad),
                }
            }
            _ => Field {
                names: self.names(name),
                ty: self.ty(),
            },
        }
    }

    fn interface_type(&mut self) -> Expr<'s> {
        self.bump();
        self.expect(Tok::LBrace, "`{`");
        let (mut methods, mut elems) = (Vec::new(), List::new());
        while !matches!(self.token.tok, Tok::RBrace | Tok::Eof) {
            let before = self.token.start;
            self.interface_elem(&mut methods, &mut elems);
            self.end_of_statement_or(Tok::RBrace);
            if self.token.start == before {
                self.bump();
            }
        }
        self.expect(Tok::RBrace, "`}`");
        Expr::Interface {
            methods: self.keep(&methods),
            elems: self.keep(&elems),
        }
    }

    fn interface_elem(
        &mut self,
        methods: &mut Vec<(Ident<'s>, Signature<'s>)>,
        elems: &mut List<Expr<'s>>,
    ) {
        if !self.at(Tok::Ident) {
            let first = self.term();
            elems.push(self.union(first, Tok::RBrack));
            return;
        }
        let name = self.ident();
        if self.at(Tok::LParen) {
            methods.push((name, self.signature()));
            return;
        }
        let first = self.rest_of_type(name);
        elems.push(self.union(first, Tok::RBrack));
    }

    /// Entries to fields: see [`Parser::field_list`].
    fn group(&self, entries: &[Entry<'s>]) -> &'s [Field<'s>] {
        let has_named = entries
            .iter()
            .any(|(name, ty)| name.is_some() && ty.is_some());
        let (mut fields, mut names) = (List::new(), List::new());
        for entry in entries {
            match *entry {
                (Some(name), None) if has_named => names.push(name),
                (Some(name), None) => fields.push(Field {
                    names: &[],
                    ty: Expr::Ident(name),
                }),
                (name, ty) => {
                    names.extend(name);
                    fields.push(Field {
                        names: self.keep(&names),
                        ty: ty.unwrap_or(Expr::Bad),
                    });
                    names.clear();
                }
            }
        }
        if !names.is_empty() {
            fields.push(Field {
                names: self.keep(&names),
                ty: Expr::Bad,
            });
        }
        self.keep(&fields)
    }
}

/// A parameter as it is written: a name, a type, or both.
type Entry<'s> = (Option<Ident<'s>>, Option<Expr<'s>>);
