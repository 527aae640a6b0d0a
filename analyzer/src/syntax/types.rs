//! Types, parameters and fields.

use bumpalo::boxed::Box;

use super::ast::{Expr, Field, Ident, Signature};
use super::parser::Parser;
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
                Some(Expr::Paren(Box::new_in(inner, self.arena)))
            }
            Tok::Mul => {
                p.bump();
                Some(Expr::Unary(Tok::Mul, Box::new_in(p.ty(), p.arena)))
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
                Some(Expr::FuncType(Box::new_in(self.signature(), self.arena)))
            }
            Tok::Map => {
                self.bump();
                self.expect(Tok::LBrack, "`[`");
                let key = self.ty();
                self.expect(Tok::RBrack, "`]`");
                Some(Expr::Map(
                    Box::new_in(key, self.arena),
                    Box::new_in(self.ty(), self.arena),
                ))
            }
            Tok::Chan => {
                self.bump();
                self.eat(Tok::Arrow);
                Some(Expr::Chan(Box::new_in(self.ty(), self.arena)))
            }
            Tok::Arrow => {
                self.bump();
                self.expect(Tok::Chan, "`chan`");
                Some(Expr::Chan(Box::new_in(self.ty(), self.arena)))
            }
            _ => None,
        }
    }

    fn qualified(&mut self) -> Expr<'s> {
        let mut name = Expr::Ident(self.ident());
        while self.eat(Tok::Dot) {
            name = Expr::Selector(Box::new_in(name, self.arena), self.ident());
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
        Expr::Index(Box::new_in(name, self.arena), args)
    }

    fn type_args(&mut self) -> Vec<Expr<'s>> {
        self.bracketed(|p| {
            let mut args = Vec::new();
            while !matches!(p.token.tok, Tok::RBrack | Tok::Eof) {
                args.push(p.expr());
                if !p.eat(Tok::Comma) {
                    break;
                }
            }
            args
        })
    }

    fn array_type(&mut self) -> Expr<'s> {
        self.bump();
        if self.eat(Tok::RBrack) {
            return Expr::Array {
                len: None,
                elem: Box::new_in(self.ty(), self.arena),
            };
        }
        let len = if self.eat(Tok::Ellipsis) {
            Expr::Ellipsis(None)
        } else {
            self.bracketed(Self::expr)
        };
        self.expect(Tok::RBrack, "`]`");
        Expr::Array {
            len: Some(Box::new_in(len, self.arena)),
            elem: Box::new_in(self.ty(), self.arena),
        }
    }

    pub(super) fn params(&mut self) -> Vec<Field<'s>> {
        self.expect(Tok::LParen, "`(`");
        let params = self.field_list(Tok::RParen);
        self.expect(Tok::RParen, "`)`");
        params
    }

    /// Parameters, or type parameters, up to `closer`.
    ///
    /// Entries are `name Type`, or only one of them: when any entry has both, those with one are
    /// names that share the type of the next.
    pub(super) fn field_list(&mut self, closer: Tok) -> Vec<Field<'s>> {
        let mut entries = Vec::new();
        while !self.at(closer) && !self.at(Tok::Eof) {
            entries.push(self.param_entry(closer));
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        group(entries)
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
            name = Expr::Selector(Box::new_in(name, self.arena), self.ident());
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
            let elem = Box::new_in(self.ty(), self.arena);
            let ty = self.union(Expr::Array { len: None, elem }, closer);
            return (Some(name), Some(ty));
        }
        if self.eat(Tok::Ellipsis) {
            self.expect(Tok::RBrack, "`]`");
            let len = Some(Box::new_in(Expr::Ellipsis(None), self.arena));
            return (
                Some(name),
                Some(Expr::Array {
                    len,
                    elem: Box::new_in(self.ty(), self.arena),
                }),
            );
        }
        let mut args = self.type_args();
        self.expect(Tok::RBrack, "`]`");
        if args.len() == 1
            && let Some(elem) = self.try_type()
        {
            let len = args.pop().map(|x| Box::new_in(x, self.arena));
            return (
                Some(name),
                Some(self.union(
                    Expr::Array {
                        len,
                        elem: Box::new_in(elem, self.arena),
                    },
                    closer,
                )),
            );
        }
        (
            None,
            Some(Expr::Index(
                Box::new_in(Expr::Ident(name), self.arena),
                args,
            )),
        )
    }

    fn constraint_or_variadic(&mut self, closer: Tok) -> Expr<'s> {
        if self.eat(Tok::Ellipsis) {
            return Expr::Ellipsis(Some(Box::new_in(self.ty(), self.arena)));
        }
        let first = self.term();
        self.union(first, closer)
    }

    fn term(&mut self) -> Expr<'s> {
        if self.eat(Tok::Tilde) {
            return Expr::Unary(Tok::Tilde, Box::new_in(self.ty(), self.arena));
        }
        self.ty()
    }

    /// `A | ~B`, allowed where constraints stand.
    fn union(&mut self, first: Expr<'s>, closer: Tok) -> Expr<'s> {
        if closer != Tok::RBrack || !self.at(Tok::Or) {
            return first;
        }
        let mut rest = Vec::new();
        while self.eat(Tok::Or) {
            rest.push((Tok::Or, self.term()));
        }
        Expr::Binary(Box::new_in(first, self.arena), rest)
    }

    fn struct_type(&mut self) -> Expr<'s> {
        self.bump();
        self.expect(Tok::LBrace, "`{`");
        let mut fields = Vec::new();
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
        Expr::Struct(fields)
    }

    fn struct_field(&mut self) -> Field<'s> {
        if !self.at(Tok::Ident) {
            return Field {
                names: Vec::new(),
                ty: self.ty(),
            };
        }
        let name = self.ident();
        match self.token.tok {
            Tok::Dot => Field {
                names: Vec::new(),
                ty: self.rest_of_type(name),
            },
            Tok::Semi | Tok::RBrace | Tok::String | Tok::Eof => Field {
                names: Vec::new(),
                ty: Expr::Ident(name),
            },
            Tok::LBrack => {
                let (name, ty) = self.array_field_or_instance(name, Tok::Eof);
                Field {
                    names: name.into_iter().collect(),
                    ty: ty.unwrap_or(Expr::Bad),
                }
            }
            _ => {
                let mut names = vec![name];
                while self.eat(Tok::Comma) {
                    names.push(self.ident());
                }
                Field {
                    names,
                    ty: self.ty(),
                }
            }
        }
    }

    fn interface_type(&mut self) -> Expr<'s> {
        self.bump();
        self.expect(Tok::LBrace, "`{`");
        let (mut methods, mut elems) = (Vec::new(), Vec::new());
        while !matches!(self.token.tok, Tok::RBrace | Tok::Eof) {
            let before = self.token.start;
            self.interface_elem(&mut methods, &mut elems);
            self.end_of_statement_or(Tok::RBrace);
            if self.token.start == before {
                self.bump();
            }
        }
        self.expect(Tok::RBrace, "`}`");
        Expr::Interface { methods, elems }
    }

    fn interface_elem(
        &mut self,
        methods: &mut Vec<(Ident<'s>, Signature<'s>)>,
        elems: &mut Vec<Expr<'s>>,
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
}

/// Entries to fields: see [`Parser::field_list`].
fn group<'s>(entries: Vec<(Option<Ident<'s>>, Option<Expr<'s>>)>) -> Vec<Field<'s>> {
    let has_named = entries
        .iter()
        .any(|(name, ty)| name.is_some() && ty.is_some());
    let mut fields = Vec::with_capacity(entries.len());
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            (Some(name), None) if has_named => names.push(name),
            (Some(name), None) => fields.push(Field {
                names: Vec::new(),
                ty: Expr::Ident(name),
            }),
            (name, ty) => {
                names.extend(name);
                let names = std::mem::take(&mut names);
                fields.push(Field {
                    names,
                    ty: ty.unwrap_or(Expr::Bad),
                });
            }
        }
    }
    if !names.is_empty() {
        fields.push(Field {
            names,
            ty: Expr::Bad,
        });
    }
    fields
}
