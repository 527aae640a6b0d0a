//! The parser's state, and declarations. Expressions, statements and types have files of their own.

mod tokens;

use bumpalo::Bump;
use smallvec::SmallVec;

use super::ast::{
    Block, Decl, Field, File, FuncDecl, Ident, Import, Signature, SyntaxError, TypeSpec, ValueSpec,
};
use super::lexer::{Lexer, Token};
use super::token::Tok;

/// Deeper nesting than this is not read: the tree is walked by recursion.
const MAX_DEPTH: u32 = 600;
/// Selectors, calls and indexes in one chain make a deep tree, too. This many are free in each
/// chain; beyond that a declaration has a budget.
const FREE_CHAIN: u32 = 100;
const MAX_CHAINED: u32 = 5000;
/// More errors than this say nothing new.
const MAX_ERRORS: usize = 10;

/// A list while it is read: most have few elements.
pub(super) type List<T> = SmallVec<[T; 4]>;

pub(super) struct Parser<'s> {
    pub(super) src: &'s str,
    /// Where the nodes of the tree lie.
    pub(super) arena: &'s Bump,
    pub(super) lexer: Lexer<'s>,
    pub(super) token: Token,
    errors: Vec<SyntaxError>,
    depth: u32,
    /// What the chains of this declaration have taken of their budget.
    chained: u32,
    /// Function bodies are passed over.
    declarations_only: bool,
    /// Negative in the header of `if`, `for` and `switch`, where `T {` is no composite literal.
    pub(super) expr_level: i32,
}

/// Read a file, or only its declarations: function bodies are passed over then.
pub(crate) fn parse<'s>(src: &'s str, arena: &'s Bump, declarations_only: bool) -> File<'s> {
    let mut lexer = Lexer::new(src);
    let token = lexer.next();
    let parser = Parser {
        src,
        arena,
        lexer,
        token,
        errors: Vec::new(),
        depth: 0,
        chained: 0,
        declarations_only,
        expr_level: 0,
    };
    parser.file()
}

impl<'s> Parser<'s> {
    fn file(mut self) -> File<'s> {
        self.expect(Tok::Package, "package clause");
        let package = self.ident();
        self.end_of_statement();
        let mut imports = Vec::new();
        while self.at(Tok::Import) {
            self.import_decl(&mut imports);
        }
        self.lexer.keep_comments = false;
        let mut decls = Vec::new();
        while !self.at(Tok::Eof) {
            let before = self.token.start;
            self.chained = 0;
            self.top_level(&mut decls, &mut imports);
            if self.token.start == before {
                self.bump();
            }
        }
        if let Some((pos, what)) = self.lexer.faulty {
            let message = what.to_owned();
            self.errors.push(SyntaxError { pos, message });
        }
        File {
            package,
            imports,
            decls,
            comments: self.lexer.comments,
            errors: self.errors,
        }
    }

    fn top_level(&mut self, decls: &mut Vec<Decl<'s>>, imports: &mut Vec<Import<'s>>) {
        match self.token.tok {
            Tok::Const | Tok::Var | Tok::Type => decls.extend(self.gen_decl()),
            Tok::Func => {
                let decl = self.func_decl();
                decls.push(Decl::Func(decl));
            }
            Tok::Import => {
                self.error("imports must appear before other declarations");
                self.import_decl(imports);
                return;
            }
            _ => {
                self.error("non-declaration statement outside function body");
                self.skip_to_declaration();
                return;
            }
        }
        if !self.at(Tok::Eof) && !self.eat(Tok::Semi) {
            self.error("unexpected text after top level declaration");
            self.skip_to_declaration();
        }
    }

    /// Pass tokens up to one that starts a declaration, which is only so at the start of a line.
    fn skip_to_declaration(&mut self) {
        let mut after_semi = false;
        while !self.at(Tok::Eof) {
            let starts = matches!(
                self.token.tok,
                Tok::Func | Tok::Const | Tok::Var | Tok::Type
            );
            if starts && (after_semi || self.at_line_start()) {
                return;
            }
            after_semi = self.at(Tok::Semi);
            self.bump();
        }
    }

    fn at_line_start(&self) -> bool {
        let start = self.token.start as usize;
        start == 0 || self.src.as_bytes()[start - 1] == b'\n'
    }

    fn import_decl(&mut self, imports: &mut Vec<Import<'s>>) {
        let doc_end = self.token.start;
        self.bump();
        if !self.eat(Tok::LParen) {
            self.import_spec(doc_end, imports);
            self.end_of_statement();
            return;
        }
        let first = imports.len();
        while !matches!(self.token.tok, Tok::RParen | Tok::Eof) {
            let before = self.token.start;
            // The comment of a group belongs to its only spec (cmd/cgo/ast.go, ParseGo).
            self.import_spec(before, imports);
            self.end_of_statement_or(Tok::RParen);
            if self.token.start == before {
                self.bump();
            }
        }
        if let [only] = &mut imports[first..] {
            let own_comment = self
                .lexer
                .comments
                .iter()
                .any(|c| c.start > doc_end && c.end <= only.doc_end);
            if !own_comment {
                only.doc_end = doc_end;
            }
        }
        self.expect(Tok::RParen, "`)`");
        self.end_of_statement();
    }

    fn import_spec(&mut self, doc_end: u32, imports: &mut Vec<Import<'s>>) {
        let alias = match self.token.tok {
            Tok::Ident => Some(self.ident()),
            Tok::Dot => {
                let pos = self.token.start;
                self.bump();
                Some(Ident { name: ".", pos })
            }
            _ => None,
        };
        let pos = self.token.start;
        let text = self.text();
        if self.expect(Tok::String, "import path") {
            let path = text.trim_matches(['"', '`']);
            imports.push(Import {
                alias,
                path,
                pos,
                doc_end,
            });
        }
    }

    /// `const`, `var` or `type`, single or in a group.
    pub(super) fn gen_decl(&mut self) -> List<Decl<'s>> {
        let keyword = self.token.tok;
        self.bump();
        let mut decls = List::new();
        if !self.eat(Tok::LParen) {
            decls.push(self.spec(keyword, 0));
            return decls;
        }
        while !matches!(self.token.tok, Tok::RParen | Tok::Eof) {
            let before = self.token.start;
            let iota = u32::try_from(decls.len()).unwrap_or(0);
            decls.push(self.spec(keyword, iota));
            self.end_of_statement_or(Tok::RParen);
            if self.token.start == before {
                self.bump();
            }
        }
        self.expect(Tok::RParen, "`)`");
        decls
    }

    fn spec(&mut self, keyword: Tok, iota: u32) -> Decl<'s> {
        match keyword {
            Tok::Type => Decl::Type(self.type_spec()),
            Tok::Const => Decl::Const(self.value_spec(iota)),
            _ => Decl::Var(self.value_spec(iota)),
        }
    }

    fn value_spec(&mut self, iota: u32) -> ValueSpec<'s> {
        let first = self.ident();
        let names = self.names(first);
        let typed = !matches!(
            self.token.tok,
            Tok::Assign | Tok::Semi | Tok::RParen | Tok::Eof
        );
        let ty = typed.then(|| self.ty());
        let values = if self.eat(Tok::Assign) {
            self.expr_list()
        } else {
            &[]
        };
        ValueSpec {
            names,
            ty,
            values,
            iota,
        }
    }

    fn type_spec(&mut self) -> TypeSpec<'s> {
        let name = self.ident();
        let type_params = if self.at(Tok::LBrack) && self.type_params_follow() {
            self.type_params()
        } else {
            &[]
        };
        let alias = self.eat(Tok::Assign);
        TypeSpec {
            name,
            type_params,
            alias,
            ty: self.ty(),
        }
    }

    /// Whether `[` after the name of a type starts type parameters rather than an array type.
    ///
    /// As in go/parser (`extractName`, `isTypeElem`), `[P *C]` and `[P (C)]` are array types unless a comma
    /// follows, or C is a type that no expression begins with.
    fn type_params_follow(&self) -> bool {
        let mut ahead = self.lexer.clone();
        ahead.keep_comments = false;
        if ahead.next().tok != Tok::Ident {
            return false;
        }
        match ahead.next().tok {
            Tok::Ident
            | Tok::Comma
            | Tok::Interface
            | Tok::LBrack
            | Tok::Map
            | Tok::Chan
            | Tok::Func
            | Tok::Tilde
            | Tok::Struct
            | Tok::Arrow => true,
            Tok::Mul => only_type_params_have(&mut ahead, 0),
            Tok::LParen => only_type_params_have(&mut ahead, 1),
            _ => false,
        }
    }

    fn type_params(&mut self) -> &'s [Field<'s>] {
        self.expect(Tok::LBrack, "`[`");
        let params = self.field_list(Tok::RBrack);
        self.expect(Tok::RBrack, "`]`");
        params
    }

    fn func_decl(&mut self) -> FuncDecl<'s> {
        self.bump();
        let recv = if self.at(Tok::LParen) {
            self.params().first().copied()
        } else {
            None
        };
        let name = self.ident();
        let type_params = if self.at(Tok::LBrack) {
            self.type_params()
        } else {
            &[]
        };
        let sig = self.signature();
        let body = self.at(Tok::LBrace).then(|| self.declared_body());
        FuncDecl {
            name,
            recv,
            type_params,
            sig,
            body,
        }
    }

    fn declared_body(&mut self) -> Block<'s> {
        if !self.declarations_only {
            return self.func_body();
        }
        let mut depth = 0;
        loop {
            match self.token.tok {
                Tok::LBrace => depth += 1,
                Tok::RBrace => depth -= 1,
                Tok::Eof => return Block::default(),
                _ => {}
            }
            self.bump();
            if depth == 0 {
                return Block::default();
            }
        }
    }

    pub(super) fn signature(&mut self) -> Signature<'s> {
        let params = self.params();
        let results = if self.at(Tok::LParen) {
            self.params()
        } else {
            let ty = self.try_type();
            ty.map(|ty| self.keep(&[Field { names: &[], ty }]))
                .unwrap_or_default()
        };
        Signature { params, results }
    }
}

/// Whether a comma, a tilde or a type comes before the end of the bracket; `depth` counts the brackets
/// that are open inside of it.
fn only_type_params_have(ahead: &mut Lexer<'_>, mut depth: u32) -> bool {
    let mut tok = ahead.next().tok;
    let types = [
        Tok::Struct,
        Tok::Interface,
        Tok::Func,
        Tok::Map,
        Tok::Chan,
        Tok::LBrack,
    ];
    if depth == 0 && types.contains(&tok) {
        return true;
    }
    loop {
        match tok {
            Tok::LParen | Tok::LBrack | Tok::LBrace => depth += 1,
            Tok::RParen | Tok::RBrack | Tok::RBrace if depth == 0 => return false,
            Tok::RParen | Tok::RBrack | Tok::RBrace => depth -= 1,
            Tok::Comma if depth == 0 => return true,
            Tok::Tilde => return true,
            Tok::Eof => return false,
            _ => {}
        }
        tok = ahead.next().tok;
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::parse;
    use crate::go::syntax::ast::Decl;

    /// One of everything that Go has, errors included further down.
    const SAMPLE: &str = r#"// Package p.
package p

import (
	"fmt"
	. "math"
	_ "embed"
)

type List[T any, K comparable] struct {
	head, tail *node[T]
	fmt.Stringer
	m map[K][]func(a, b int, rest ...T) (n int, err error) `tag`
	c <-chan chan<- [2 + 1]struct{}
}

type Number interface {
	~int | ~float64
	String() string
}

const (
	a, b = iota, 'x'
	s    = "a\"b" + `raw`
)

func (l *List[T, K]) Do(f func(T) bool) (out []T) {
	defer func() { _ = recover() }()
loop:
	for i, v := range l.all() {
		switch x := any(v).(type) {
		case int, *string:
			continue loop
		default:
			_ = x
		}
		select {
		case l.c <- struct{}{}:
		case v, ok := <-l.in:
			_, _ = v, ok
		}
		if x, err := f(v), error(nil); !x && err == nil || i&^3 != 0 {
			out = append(out[:1:2], List[T, K]{head: nil, m: map[K]int{}}.tail.values...)
		} else if y := -^i; y > 0 {
			goto loop
		}
	}
	for range 10 {
		i++
	}
	return
}
"#;

    #[test]
    fn the_sample_parses() {
        let arena = Bump::new();
        let file = parse(SAMPLE, &arena, false);
        assert_eq!(file.errors, []);
        assert_eq!((file.imports.len(), file.decls.len()), (3, 5));
    }

    /// What go/parser says of each, with a list of parameters behind it.
    #[test]
    fn type_parameters_are_told_from_array_lengths() {
        for (brackets, generic) in [
            ("[n]", false),
            ("[n+1]", false),
            ("[n*2]", false),
            ("[len(a)]", false),
            ("[len(a)+1]", false),
            ("[len(a) + len(b)]", false),
            ("[len(a)*2+n]", false),
            ("[len([2]int{})]", false),
            ("[n * len(a)]", false),
            ("[n(1, 2)*2+1]", false),
            ("[P any]", true),
            ("[P, Q any]", true),
            ("[P *C,]", true),
            ("[P *C, Q any]", true),
            ("[P *struct{}]", true),
            ("[P *[]int]", true),
            ("[P *C | ~int]", true),
            ("[P (C),]", true),
            ("[P (~int)]", true),
            ("[P interface{ (~int | string) }]", true),
        ] {
            let text = format!("package p\ntype t {brackets}int\nfunc f(x, y int) {{}}\n");
            let arena = Bump::new();
            let file = parse(&text, &arena, false);
            assert_eq!(file.errors, [], "{brackets}");
            let Decl::Type(spec) = &file.decls[0] else {
                panic!("{brackets}")
            };
            assert_eq!(!spec.type_params.is_empty(), generic, "{brackets}");
        }
    }

    #[test]
    fn a_file_may_end_anywhere() {
        for end in 0..SAMPLE.len() {
            let arena = Bump::new();
            let file = parse(&SAMPLE[..end], &arena, false);
            assert!(file.decls.len() <= 5, "cut at {end}");
        }
    }

    #[test]
    fn deep_and_long_files_are_given_up() {
        // As readers do, on a thread with room for deep trees.
        let check = || {
            for (head, part) in [
                ("package p\nvar x = ", "("),
                ("package p\nvar x = ", "- "),
                ("package p\nvar x = a", ".b"),
                ("package p\nvar x = a", "()"),
                ("package p\ntype t ", "[]"),
                ("package p\ntype t ", "func("),
                ("package p\nfunc f() ", "{"),
                ("package p\nvar x = ", "T{"),
            ] {
                let text = head.to_owned() + &part.repeat(200_000);
                let arena = Bump::new();
                let file = parse(&text, &arena, false);
                assert!(
                    file.errors.iter().any(super::SyntaxError::is_limit),
                    "{part}"
                );
            }
        };
        let thread = std::thread::Builder::new()
            .stack_size(crate::go::source::STACK)
            .spawn(check);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn long_sums_are_no_deep_trees() {
        let text = format!("package p\nvar x = 1{}\n", " + 1".repeat(200_000));
        let arena = Bump::new();
        let file = parse(&text, &arena, false);
        assert_eq!(file.errors, []);
    }
}
