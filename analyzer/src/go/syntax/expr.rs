//! Expressions.

use smallvec::SmallVec;

use super::ast::{Args, Elem, Expr, Ident};
use super::parser::{List, Parser};
use super::token::Tok;

/// This many elements of a composite literal are kept whatever they are: no struct has more fields that are
/// given by their position.
const MAX_PLAIN: usize = 256;

impl<'s> Parser<'s> {
    pub(super) fn expr(&mut self) -> Expr<'s> {
        self.nested(Expr::Bad, |p| p.binary(1))
    }

    /// Operators of at least this precedence, which is at least 1; chains of one level stay flat.
    fn binary(&mut self, least: u8) -> Expr<'s> {
        let mut x = self.unary();
        loop {
            let level = self.token.tok.precedence();
            if level < least {
                return x;
            }
            let mut rest = List::new();
            while self.token.tok.precedence() == level {
                let op = self.token.tok;
                self.bump();
                rest.push((op, self.binary(level + 1)));
            }
            x = Expr::Binary(self.arena.alloc(x), self.keep(&rest));
        }
    }

    fn unary(&mut self) -> Expr<'s> {
        let op = self.token.tok;
        match op {
            Tok::Add | Tok::Sub | Tok::Not | Tok::Xor | Tok::And | Tok::Tilde | Tok::Mul => {
                self.bump();
                let operand = self.nested(Expr::Bad, Self::unary);
                Expr::Unary(op, self.arena.alloc(operand))
            }
            Tok::Arrow => {
                self.bump();
                if self.at(Tok::Chan) {
                    self.bump();
                    return Expr::Chan(self.arena.alloc(self.ty()));
                }
                let operand = self.nested(Expr::Bad, Self::unary);
                Expr::Unary(op, self.arena.alloc(operand))
            }
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Expr<'s> {
        let mut x = self.operand();
        for length in 1.. {
            x = match self.token.tok {
                Tok::Dot => self.selector(x),
                Tok::LBrack => self.index(x),
                Tok::LParen => self.call(x),
                Tok::LBrace if self.literal_follows(&x) => {
                    let elems = self.composite();
                    Expr::Composite {
                        ty: Some(self.arena.alloc(x)),
                        elems,
                    }
                }
                _ => break,
            };
            if !self.may_chain(length) {
                break;
            }
        }
        x
    }

    fn operand(&mut self) -> Expr<'s> {
        match self.token.tok {
            Tok::Ident => Expr::Ident(self.ident()),
            Tok::Int | Tok::Float | Tok::Imag | Tok::Char | Tok::String => {
                let lit = Ident {
                    name: self.text(),
                    pos: self.token.start,
                };
                let tok = self.token.tok;
                self.bump();
                Expr::Lit(tok, lit)
            }
            Tok::LParen => {
                self.bump();
                let inner = self.bracketed(Self::expr);
                self.expect(Tok::RParen, "`)`");
                Expr::Paren(self.arena.alloc(inner))
            }
            Tok::Func => {
                self.bump();
                let sig: &_ = self.arena.alloc(self.signature());
                if !self.at(Tok::LBrace) {
                    return Expr::FuncType(sig);
                }
                let body = self.nested(super::ast::Block::default(), Self::func_body);
                Expr::Func(sig, body)
            }
            _ => self.try_type_literal().unwrap_or_else(|| {
                self.error("expected expression");
                Expr::Bad
            }),
        }
    }

    fn selector(&mut self, x: Expr<'s>) -> Expr<'s> {
        self.bump();
        if !self.eat(Tok::LParen) {
            return Expr::Selector(self.arena.alloc(x), self.ident());
        }
        let ty: Option<&_> = if self.eat(Tok::Type) {
            None
        } else {
            Some(self.arena.alloc(self.ty()))
        };
        self.expect(Tok::RParen, "`)`");
        Expr::Assert(self.arena.alloc(x), ty)
    }

    /// Index, slice or instantiation.
    fn index(&mut self, x: Expr<'s>) -> Expr<'s> {
        self.bump();
        let (parts, slice) = self.bracketed(|p| {
            let (mut parts, mut slice) = (List::new(), false);
            while !matches!(p.token.tok, Tok::RBrack | Tok::Eof) {
                if p.eat(Tok::Colon) {
                    slice = true;
                    continue;
                }
                parts.push(p.expr());
                if !matches!(p.token.tok, Tok::Colon | Tok::Comma) {
                    break;
                }
                p.eat(Tok::Comma);
            }
            (p.keep(&parts), slice)
        });
        self.expect(Tok::RBrack, "`]`");
        if slice {
            Expr::Slice(self.arena.alloc(x), parts)
        } else {
            Expr::Index(self.arena.alloc(x), parts)
        }
    }

    fn call(&mut self, fun: Expr<'s>) -> Expr<'s> {
        self.bump();
        let (list, spread) = self.bracketed(|p| {
            let (mut list, mut spread) = (List::new(), false);
            while !matches!(p.token.tok, Tok::RParen | Tok::Eof) {
                list.push(p.expr());
                spread |= p.eat(Tok::Ellipsis);
                if !p.eat(Tok::Comma) {
                    break;
                }
            }
            (p.keep(&list), spread)
        });
        let end = self.token.start;
        self.expect(Tok::RParen, "`)`");
        Expr::Call(self.arena.alloc(fun), Args { list, spread, end })
    }

    /// Whether `{` after this continues it as a composite literal.
    fn literal_follows(&self, x: &Expr<'s>) -> bool {
        match x {
            Expr::Array { .. } | Expr::Map(..) | Expr::Struct(_) => true,
            Expr::Ident(_) => self.expr_level >= 0,
            Expr::Selector(base, _) => self.expr_level >= 0 && matches!(**base, Expr::Ident(_)),
            Expr::Index(base, _) => {
                self.expr_level >= 0 && matches!(**base, Expr::Ident(_) | Expr::Selector(..))
            }
            _ => false,
        }
    }

    fn composite(&mut self) -> &'s [Elem<'s>] {
        self.nested(&[], |p| {
            p.bump();
            let elems = p.bracketed(|p| {
                let mut elems = SmallVec::<[Elem<'s>; 8]>::new();
                while !matches!(p.token.tok, Tok::RBrace | Tok::Eof) {
                    if elems.len() < MAX_PLAIN || !p.pass_plain() {
                        elems.push(p.elem());
                    }
                    if !p.eat(Tok::Comma) {
                        break;
                    }
                }
                p.keep(&elems)
            });
            p.expect(Tok::RBrace, "`}`");
            elems
        })
    }

    /// Pass over an element of numbers and texts alone, which says nothing that the elements before it
    /// have not said: tables of data may have millions.
    fn pass_plain(&mut self) -> bool {
        const DEPTH: u32 = 8;
        let before = (self.lexer.clone(), self.token);
        let (mut depth, mut last) = (0, Tok::Comma);
        loop {
            let tok = self.token.tok;
            let fits = match tok {
                Tok::Comma | Tok::RBrace if depth == 0 && ends_plain(last) => return true,
                Tok::Int | Tok::Float | Tok::Imag | Tok::Char | Tok::String => !ends_plain(last),
                Tok::Sub => matches!(last, Tok::Comma | Tok::LBrace),
                Tok::LBrace => matches!(last, Tok::Comma | Tok::LBrace) && depth < DEPTH,
                Tok::Comma => depth > 0 && ends_plain(last),
                Tok::RBrace => depth > 0 && last != Tok::Sub,
                _ => false,
            };
            if !fits {
                (self.lexer, self.token) = before;
                return false;
            }
            match tok {
                Tok::LBrace => depth += 1,
                Tok::RBrace => depth -= 1,
                _ => {}
            }
            last = tok;
            self.bump();
        }
    }

    fn elem(&mut self) -> Elem<'s> {
        let first = self.elem_part();
        if self.eat(Tok::Colon) {
            return Elem {
                key: Some(first),
                value: self.elem_part(),
            };
        }
        Elem {
            key: None,
            value: first,
        }
    }

    fn elem_part(&mut self) -> Expr<'s> {
        if self.at(Tok::LBrace) {
            return Expr::Composite {
                ty: None,
                elems: self.composite(),
            };
        }
        self.expr()
    }
}

/// Whether an element of numbers and texts may end with such a token.
fn ends_plain(tok: Tok) -> bool {
    matches!(
        tok,
        Tok::Int | Tok::Float | Tok::Imag | Tok::Char | Tok::String | Tok::RBrace
    )
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::super::parser::parse;

    /// Whether a table that ends with these elements is read without an error.
    fn reads(end: &str) -> bool {
        let text = format!("package p\n\nvar x = []T{{{}{end}}}\n", "1, ".repeat(300));
        parse(&text, &Bump::new(), false).errors.is_empty()
    }

    #[test]
    fn characters_that_no_identifier_has_are_errors() {
        let quotes = "package p\n\nfunc f() { println(“hi”) }\n";
        let errors = parse(quotes, &Bump::new(), false).errors;
        assert_eq!(errors[0].pos as usize, quotes.find('“').unwrap());
        for wrong in ["a€", "var\u{a0}x", "–", "\u{202e}x", "😀"] {
            let text = format!("package p\n\nvar {wrong} = 1\n");
            assert!(
                !parse(&text, &Bump::new(), false).errors.is_empty(),
                "{wrong}"
            );
        }
        let letters = "package p\n\nvar 名前é1_, ſ = 1, 2\n";
        assert!(parse(letters, &Bump::new(), false).errors.is_empty());
    }

    #[test]
    fn long_tables_are_read_as_short_ones() {
        for good in [
            "",
            "-1",
            "{1, -2}",
            "{}",
            "{{1}, {\"a\",}},",
            "f(1)",
            "1 + 2, 3",
            "{1, g(), {}}",
            "1: 2",
            "{a: 1}",
            "\n'x',\n",
            "1 - 2",
        ] {
            assert!(reads(good), "{good}");
        }
        for bad in [
            "1 2", "{1 2}", ", 1", "{,}", "{1", "1\n", "-", "{-}", "{1} {2}", "\"", "--",
        ] {
            assert!(!reads(bad), "{bad}");
        }
        let text = format!(
            "package p\n\nvar x = []T{{{}}}\n",
            "{1, -2}, ".repeat(100_000)
        );
        let arena = Bump::new();
        assert!(parse(&text, &arena, false).errors.is_empty());
        assert!(arena.allocated_bytes() < 1 << 20);
    }
}
