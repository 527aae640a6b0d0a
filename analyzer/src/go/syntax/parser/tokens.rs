//! The parser's way through the tokens: looking, passing, errors, limits.

use super::super::ast::{Block, Expr, Ident, SyntaxError};
use super::super::token::Tok;
use super::{FREE_CHAIN, List, MAX_CHAINED, MAX_DEPTH, MAX_ERRORS, Parser};

impl<'s> Parser<'s> {
    pub(in crate::go::syntax) fn bump(&mut self) {
        self.token = self.lexer.next();
    }

    pub(in crate::go::syntax) fn at(&self, tok: Tok) -> bool {
        self.token.tok == tok
    }

    pub(in crate::go::syntax) fn eat(&mut self, tok: Tok) -> bool {
        let there = self.at(tok);
        if there {
            self.bump();
        }
        there
    }

    pub(in crate::go::syntax) fn expect(&mut self, tok: Tok, what: &str) -> bool {
        let there = self.eat(tok);
        if !there {
            self.error(&format!("expected {what}"));
        }
        there
    }

    pub(in crate::go::syntax) fn text(&self) -> &'s str {
        let end = (self.token.end as usize).min(self.src.len());
        self.src
            .get(self.token.start as usize..end)
            .unwrap_or_default()
    }

    /// A name; an empty one when there is none, so that callers can go on.
    pub(in crate::go::syntax) fn ident(&mut self) -> Ident<'s> {
        let pos = self.token.start;
        let name = if self.at(Tok::Ident) { self.text() } else { "" };
        self.expect(Tok::Ident, "name");
        Ident { name, pos }
    }

    pub(in crate::go::syntax) fn end_of_statement(&mut self) {
        self.end_of_statement_or(Tok::Eof);
    }

    /// A semicolon, which may be left away before `closer`.
    pub(in crate::go::syntax) fn end_of_statement_or(&mut self, closer: Tok) {
        if self.eat(Tok::Semi) || self.at(closer) || self.at(Tok::Eof) {
            return;
        }
        self.error("expected end of line");
        while !matches!(
            self.token.tok,
            Tok::Semi | Tok::RBrace | Tok::RParen | Tok::Eof
        ) {
            self.bump();
        }
        self.eat(Tok::Semi);
    }

    pub(in crate::go::syntax) fn error(&mut self, message: &str) {
        if self.errors.len() >= MAX_ERRORS
            || self
                .errors
                .last()
                .is_some_and(|e| e.pos == self.token.start)
        {
            return;
        }
        let found = match self.token.tok {
            Tok::Eof => "end of file".to_owned(),
            Tok::Semi if self.text() != ";" => "newline".to_owned(),
            _ => format!("`{}`", self.text().chars().take(40).collect::<String>()),
        };
        let message = format!("{message}, found {found}");
        self.errors.push(SyntaxError {
            pos: self.token.start,
            message,
        });
    }

    /// One level deeper; past the limit the rest of the file is left unread.
    pub(in crate::go::syntax) fn nested<T>(
        &mut self,
        bad: T,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth >= MAX_DEPTH {
            self.give_up("nested too deeply");
            return bad;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Leave the rest of the file unread; this is told even after many errors.
    pub(in crate::go::syntax) fn give_up(&mut self, why: &str) {
        let message = format!("{why} {}", SyntaxError::LIMIT);
        self.errors.push(SyntaxError {
            pos: self.token.start,
            message,
        });
        while !self.at(Tok::Eof) {
            self.bump();
        }
    }

    /// One more link of a chain of this length; false when it is too long to be read.
    pub(in crate::go::syntax) fn may_chain(&mut self, length: u32) -> bool {
        if length > FREE_CHAIN {
            self.chained += 1;
        }
        let may = self.chained <= MAX_CHAINED;
        if !may {
            self.give_up("chained too long");
        }
        may
    }

    /// Inside brackets, where composite literals are allowed again.
    pub(in crate::go::syntax) fn bracketed<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.expr_level, 0);
        let read = read(self);
        self.expr_level = outer;
        read
    }

    /// In the header of a statement, where `T {` is no composite literal.
    pub(in crate::go::syntax) fn header<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let read = read(self);
        self.expr_level = outer;
        read
    }

    pub(in crate::go::syntax) fn func_body(&mut self) -> Block<'s> {
        self.bracketed(Self::block)
    }

    pub(in crate::go::syntax) fn expr_list(&mut self) -> &'s [Expr<'s>] {
        let list = self.exprs();
        self.keep(&list)
    }

    /// Expressions that may be thrown away.
    pub(in crate::go::syntax) fn exprs(&mut self) -> List<Expr<'s>> {
        let mut list = List::new();
        list.push(self.expr());
        while self.eat(Tok::Comma) {
            list.push(self.expr());
        }
        list
    }

    /// A name that was read, and those that follow it after commas.
    pub(in crate::go::syntax) fn names(&mut self, first: Ident<'s>) -> &'s [Ident<'s>] {
        let mut names = List::new();
        names.push(first);
        while self.eat(Tok::Comma) {
            names.push(self.ident());
        }
        self.keep(&names)
    }

    /// Put a finished list beside the nodes of the tree.
    pub(in crate::go::syntax) fn keep<T: Copy>(&self, list: &[T]) -> &'s [T] {
        self.arena.alloc_slice_copy(list)
    }
}
