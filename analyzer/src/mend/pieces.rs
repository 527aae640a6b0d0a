//! A Go file cut into the declarations that can be moved one at a time, each with its text.

use std::ops::Range;

use crate::go::syntax::{Lexer, Tok, Token};

/// What a file consists of.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Offset after the package clause.
    pub(super) package_end: usize,
    pub(super) imports: Vec<Import>,
    pub(super) units: Vec<Unit>,
}

/// An import of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// `.` and `_` included.
    pub(super) alias: Option<String>,
    /// Without its quotes.
    pub(super) path: String,
    /// What is removed with it: its line in a group, or the whole declaration.
    pub(super) span: (usize, usize),
}

/// Declarations that can only be moved together: one, or a group of constants that count with `iota`.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) kind: Kind,
    /// Names at package level; `T.M` of a method.
    pub(super) names: Vec<String>,
    /// What is removed with it: the comment above it and the end of its last line.
    pub(super) span: Range<usize>,
    /// The declaration without its comment.
    pub(super) code: Range<usize>,
    /// It stands in a group, whose keyword it lacks.
    pub(super) grouped: bool,
}

/// What a unit declares.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Func(Func),
    Const,
    Var,
    Type,
}

/// The parts of a function or method.
#[derive(Clone, Debug)]
pub(super) struct Func {
    /// From `func` to the end of the results.
    pub(super) head: Range<usize>,
    /// Types of the results, each name's own.
    pub(super) results: Vec<Range<usize>>,
    /// Within the braces; none of a function without a body.
    pub(super) body: Option<Range<usize>>,
}

impl Kind {
    /// The keyword that begins a declaration of the kind.
    fn keyword(&self) -> &'static str {
        match self {
            Self::Func(_) => "func",
            Self::Const => "const",
            Self::Var => "var",
            Self::Type => "type",
        }
    }
}

impl Unit {
    /// The unit as a declaration of its own, with the comment above it.
    pub(super) fn alone(&self, src: &str) -> String {
        let comment = dedented(&src[self.span.start..self.code.start]);
        format!("{comment}{}", self.code_alone(src))
    }

    /// The same without the comment.
    pub(super) fn code_alone(&self, src: &str) -> String {
        let code = &src[self.code.clone()];
        if !self.grouped {
            return code.to_owned();
        }
        format!("{} {}", self.kind.keyword(), unaligned(&dedented(code)))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }
}

/// A specification without the spaces that align it with others of its group.
fn unaligned(code: &str) -> String {
    let line = code.find(['\n', '"', '`', '\'', '{']).unwrap_or(code.len());
    let (head, rest) = code.split_at(line);
    let mut out = String::new();
    for c in head.chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out + rest
}

/// Lines with one tab less.
fn dedented(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines
        .map(|line| line.strip_prefix('\t').unwrap_or(line))
        .collect()
}

impl Pieces {
    /// Cut a file that Go can read; of another, what comes before the first thing that is no declaration.
    pub(super) fn of(src: &str) -> Self {
        let mut cutter = Cutter {
            src,
            tokens: all_tokens(src),
            at: 0,
            pieces: Self::default(),
        };
        cutter.cut();
        cutter.pieces
    }
}

/// The tokens of a text.
pub(super) fn all_tokens(src: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(src);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        if token.tok == Tok::Eof {
            return tokens;
        }
        tokens.push(token);
    }
}

struct Cutter<'s> {
    src: &'s str,
    tokens: Vec<Token>,
    at: usize,
    pieces: Pieces,
}

impl Cutter<'_> {
    fn cut(&mut self) {
        while self.at < self.tokens.len() {
            let start = self.at;
            match self.tok() {
                Tok::Package => {
                    self.at += 2;
                    self.pieces.package_end = self.before();
                    self.pass_semi();
                }
                Tok::Import => self.imports(),
                Tok::Const => self.specs(&Kind::Const),
                Tok::Var => self.specs(&Kind::Var),
                Tok::Type => self.specs(&Kind::Type),
                Tok::Func => self.func(),
                Tok::Semi => self.at += 1,
                _ => return,
            }
            debug_assert!(self.at > start, "each round passes a token");
        }
    }

    fn tok(&self) -> Tok {
        self.ahead(0)
    }

    fn ahead(&self, n: usize) -> Tok {
        self.tokens.get(self.at + n).map_or(Tok::Eof, |t| t.tok)
    }

    /// Offset of the token that comes next.
    fn here(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.src.len(), |t| t.start as usize)
    }

    /// Offset after the token that was passed last.
    fn before(&self) -> usize {
        let passed = self.tokens.get(..self.at).unwrap_or(&self.tokens);
        passed.last().map_or(0, |t| t.end as usize)
    }

    fn text(&self, at: usize) -> &str {
        self.tokens
            .get(at)
            .map_or("", |t| &self.src[t.start as usize..t.end as usize])
    }

    fn pass_semi(&mut self) {
        if self.tok() == Tok::Semi {
            self.at += 1;
        }
    }

    /// Pass a bracket and everything up to the one that closes it.
    fn pass_brackets(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match self.tok() {
                Tok::LParen | Tok::LBrack | Tok::LBrace => depth += 1,
                Tok::RParen | Tok::RBrack | Tok::RBrace => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Pass what comes before one of these tokens, brackets as a whole.
    fn pass_to(&mut self, ends: &[Tok]) {
        while self.at < self.tokens.len() && !ends.contains(&self.tok()) {
            match self.tok() {
                Tok::LParen | Tok::LBrack | Tok::LBrace => self.pass_brackets(),
                _ => self.at += 1,
            }
        }
    }

    fn imports(&mut self) {
        let start = self.here();
        self.at += 1;
        if self.tok() != Tok::LParen {
            self.import(start);
            self.pass_semi();
            return;
        }
        self.at += 1;
        while !matches!(self.tok(), Tok::RParen | Tok::Eof) {
            let start = self.here();
            self.import(start);
            self.pass_semi();
        }
        self.at += 1;
        self.pass_semi();
    }

    fn import(&mut self, start: usize) {
        let named = self.tok() != Tok::String;
        let alias = named.then(|| self.text(self.at).to_owned());
        self.at += usize::from(named);
        let path = self.text(self.at).trim_matches(['"', '`']).to_owned();
        self.at += 1;
        let span = self.whole_lines(start..self.before());
        self.pieces.imports.push(Import {
            alias,
            path,
            span: (span.start, span.end),
        });
    }

    fn specs(&mut self, kind: &Kind) {
        let start = self.here();
        self.at += 1;
        if self.tok() != Tok::LParen {
            let names = self.names(kind);
            self.pass_to(&[Tok::Semi]);
            self.unit(kind.clone(), names, start..self.before(), false);
            self.pass_semi();
            return;
        }
        self.at += 1;
        let first = self.pieces.units.len();
        let mut counts = false;
        while !matches!(self.tok(), Tok::RParen | Tok::Eof) {
            let (start, from) = (self.here(), self.at);
            let names = self.names(kind);
            self.pass_to(&[Tok::Semi, Tok::RParen]);
            let passed = from..self.at;
            counts |= !passed.clone().any(|at| self.tokens[at].tok == Tok::Assign)
                || passed.clone().any(|at| self.text(at) == "iota");
            self.unit(kind.clone(), names, start..self.before(), true);
            self.pass_semi();
            if self.at == from {
                self.at += 1;
            }
        }
        self.at += 1;
        if counts && matches!(kind, Kind::Const) {
            let names = self
                .pieces
                .units
                .drain(first..)
                .flat_map(|u| u.names)
                .collect();
            self.unit(Kind::Const, names, start..self.before(), false);
        }
        self.pass_semi();
    }

    /// The names that a specification declares; the current token is its first.
    fn names(&self, kind: &Kind) -> Vec<String> {
        let mut names = vec![self.text(self.at).to_owned()];
        let mut at = self.at + 1;
        let is = |at: usize, tok| self.tokens.get(at).is_some_and(|t| t.tok == tok);
        while !matches!(kind, Kind::Type) && is(at, Tok::Comma) && is(at + 1, Tok::Ident) {
            names.push(self.text(at + 1).to_owned());
            at += 2;
        }
        names
    }

    fn func(&mut self) {
        let start = self.here();
        self.at += 1;
        let mut receiver = None;
        if self.tok() == Tok::LParen {
            let from = self.at;
            self.pass_brackets();
            receiver = self.base(from..self.at);
        }
        let name = self.text(self.at).to_owned();
        self.at += 1;
        while matches!(self.tok(), Tok::LBrack | Tok::LParen) {
            let parameters = self.tok() == Tok::LParen;
            self.pass_brackets();
            if parameters {
                break;
            }
        }
        let results = self.results();
        let head = start..self.before();
        let body = (self.tok() == Tok::LBrace).then(|| {
            let open = self.here() + 1;
            self.pass_brackets();
            let passed = self.tokens.get(..self.at).unwrap_or(&self.tokens);
            let closed = passed.last().is_some_and(|t| t.tok == Tok::RBrace);
            open..(self.before() - usize::from(closed)).max(open)
        });
        self.pass_to(&[Tok::Semi]);
        let name = receiver.map_or(name.clone(), |base| format!("{base}.{name}"));
        let func = Func {
            head,
            results,
            body,
        };
        self.unit(Kind::Func(func), vec![name], start..self.before(), false);
        self.pass_semi();
    }

    /// The name of a receiver's type.
    fn base(&self, tokens: Range<usize>) -> Option<String> {
        let mut base = None;
        for at in tokens.skip(1) {
            match self.tokens[at].tok {
                Tok::Ident => base = Some(self.text(at).to_owned()),
                Tok::LBrack => break,
                _ => {}
            }
        }
        base
    }

    /// Pass the results of a function; the value is the type of each.
    fn results(&mut self) -> Vec<Range<usize>> {
        if matches!(self.tok(), Tok::LBrace | Tok::Semi | Tok::Eof) {
            return Vec::new();
        }
        if self.tok() != Tok::LParen {
            let start = self.here();
            while !matches!(self.tok(), Tok::LBrace | Tok::Semi | Tok::Eof) {
                self.pass_type_token();
            }
            return std::iter::once(start..self.before()).collect();
        }
        let mut elements = Vec::new();
        self.at += 1;
        while !matches!(self.tok(), Tok::RParen | Tok::Eof) {
            let from = self.at;
            self.pass_to(&[Tok::Comma, Tok::RParen]);
            elements.push(from..self.at);
            self.at += usize::from(self.tok() == Tok::Comma);
        }
        self.at += 1;
        self.types(&elements)
    }

    /// Pass a token of a type; `interface{` and `struct{` to their ends.
    fn pass_type_token(&mut self) {
        match self.tok() {
            Tok::Interface | Tok::Struct => {
                self.at += 1;
                if self.tok() == Tok::LBrace {
                    self.pass_brackets();
                }
            }
            Tok::LParen | Tok::LBrack => self.pass_brackets(),
            _ => self.at += 1,
        }
    }

    /// The type of each element of a list of results, in which names may share one.
    fn types(&self, elements: &[Range<usize>]) -> Vec<Range<usize>> {
        let named = elements.iter().any(|e| self.is_named(e));
        let mut types = Vec::new();
        let mut shared = 0..0;
        for element in elements.iter().rev() {
            if !named {
                shared = self.offsets(element);
            } else if self.is_named(element) {
                shared = self.offsets(&(element.start + 1..element.end));
            }
            types.push(shared.clone());
        }
        types.reverse();
        types
    }

    fn offsets(&self, tokens: &Range<usize>) -> Range<usize> {
        let start = self.tokens[tokens.start].start as usize;
        let end = self.tokens[tokens.end.saturating_sub(1).max(tokens.start)].end as usize;
        start..end
    }

    /// Whether an element is a name and a type.
    fn is_named(&self, element: &Range<usize>) -> bool {
        let tok = |n: usize| {
            let at = element.start + n;
            (at < element.end).then(|| self.tokens[at].tok)
        };
        match (tok(0), tok(1)) {
            (Some(Tok::Ident), Some(Tok::LBrack)) => {
                let close =
                    (element.start + 2..element.end).find(|at| self.tokens[*at].tok == Tok::RBrack);
                close.is_some_and(|at| at == element.start + 2 || at + 1 < element.end)
            }
            (Some(Tok::Ident), Some(next)) => next != Tok::Dot,
            _ => false,
        }
    }

    fn unit(&mut self, kind: Kind, names: Vec<String>, code: Range<usize>, grouped: bool) {
        let mut span = self.whole_lines(code.clone());
        span.start = self.comment_above(span.start);
        self.pieces.units.push(Unit {
            kind,
            names,
            span,
            code,
            grouped,
        });
    }

    /// The lines of a range, where nothing else stands on them.
    fn whole_lines(&self, code: Range<usize>) -> Range<usize> {
        let before = &self.src[..code.start];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let start = if before[line..].trim().is_empty() {
            line
        } else {
            code.start
        };
        let rest = &self.src[code.end..];
        let end = rest
            .find('\n')
            .map_or(self.src.len(), |at| code.end + at + 1);
        let tail = self.src[code.end..end].trim_start_matches(';').trim();
        let alone = tail.is_empty() || tail.starts_with("//");
        start..if alone { end } else { code.end }
    }

    /// The start of the comment that ends on the line above.
    fn comment_above(&self, line: usize) -> usize {
        let floor = self.pieces.package_end;
        let mut start = line;
        while start > floor {
            let above = self.src[..start - 1].rfind('\n').map_or(0, |at| at + 1);
            if above < floor || !self.src[above..start].trim_start().starts_with("//") {
                break;
            }
            start = above;
        }
        let above = &self.src[floor..start];
        if start == line
            && above.trim_end_matches([' ', '\t', '\r']).ends_with("*/\n")
            && let Some(open) = above.rfind("/*")
        {
            let open = floor + open;
            let line = self.src[..open].rfind('\n').map_or(0, |at| at + 1);
            if self.src[line..open].trim().is_empty() {
                return line;
            }
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(src: &str) -> Vec<String> {
        let units = Pieces::of(src).units;
        units.into_iter().map(|u| u.names.join(",")).collect()
    }

    const FILE: &str = "// Licence.\n\n//go:build !windows\n\n// Package p.\npackage p // trailing\n\nimport \"os\"\nimport (\n\t. \"fmt\" // dot\n\tx \"a.b/c\"\n)\n\n// F is.\n//\n//go:noinline\nfunc F[T any](a, b int) (n int, err error) {\n\treturn 0, nil\n}\n\nfunc (s *Store[K]) Get() interface{} { return nil }\n\nfunc asm(x []byte) func() (int, error)\n\nconst (\n\tA = iota\n\tB\n)\n\nvar (\n\t// C is.\n\tC, D = 1, 2\n\tE    int // e\n)\n\ntype T struct {\n\ta int\n}\n";

    #[test]
    fn a_file_is_cut_into_what_can_be_moved() {
        assert_eq!(
            names(FILE),
            ["F", "Store.Get", "asm", "A,B", "C,D", "E", "T"]
        );
        let pieces = Pieces::of(FILE);
        let imports: Vec<_> = pieces
            .imports
            .iter()
            .map(|i| (i.alias.as_deref(), i.path.as_str()))
            .collect();
        assert_eq!(
            imports,
            [(None, "os"), (Some("."), "fmt"), (Some("x"), "a.b/c")]
        );
        let alone = |n: usize| pieces.units[n].alone(FILE);
        assert!(alone(0).starts_with("// F is.\n//\n//go:noinline\nfunc F[T any]"));
        assert_eq!(alone(4), "// C is.\nvar C, D = 1, 2");
        assert_eq!(alone(5), "var E int");
        assert!(alone(3).starts_with("const (\n\tA = iota"));
    }

    #[test]
    fn results_have_types_each() {
        let types = |src: &str| -> Vec<String> {
            let pieces = Pieces::of(src);
            let Kind::Func(func) = &pieces.units[0].kind else {
                panic!("no function")
            };
            func.results
                .iter()
                .map(|r| src[r.clone()].to_owned())
                .collect()
        };
        for (results, wanted) in [
            ("", vec![]),
            ("error", vec!["error"]),
            ("(a, b int, err error)", vec!["int", "int", "error"]),
            ("([]byte, pkg.T, error)", vec!["[]byte", "pkg.T", "error"]),
            ("(x []byte, y [4]int)", vec!["[]byte", "[4]int"]),
            ("(G[int], *T)", vec!["G[int]", "*T"]),
            (
                "(m map[string]int, f func() (a, b int))",
                vec!["map[string]int", "func() (a, b int)"],
            ),
            ("interface{ A() }", vec!["interface{ A() }"]),
            ("func(int) error", vec!["func(int) error"]),
        ] {
            let src = format!("package p\nfunc f() {results} {{ }}\n");
            assert_eq!(types(&src), wanted, "{results}");
            let src = format!("package p\nfunc f() {results}\n");
            assert_eq!(types(&src), wanted, "{results}");
        }
    }

    #[test]
    fn what_go_cannot_read_is_cut_all_the_same() {
        for end in ["{ é", "{", "(é, ", "(,)", "[", "\"é", "/* é", "", "{ `é"] {
            for start in [
                "func f()",
                "func (é",
                "func é",
                "const (\n\té",
                "var é =",
                "type é[",
                "import é",
                "import (",
            ] {
                let src = format!("package é\n{start} {end}");
                for unit in Pieces::of(&src).units {
                    assert!(!unit.alone(&src).is_empty());
                    if let Kind::Func(func) = &unit.kind {
                        let body = func.body.clone().map_or("", |b| &src[b]);
                        assert!(body.len() <= src.len() && src.get(func.head.clone()).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn comments_that_belong_to_nothing_stay() {
        let src =
            "package p\n\n// apart\n\n/* of\n f */\nfunc f() {}\n\n// of g\nfunc g() {} // g\n";
        let pieces = Pieces::of(src);
        let text = |n: usize| &src[pieces.units[n].span.clone()];
        assert_eq!(text(0), "/* of\n f */\nfunc f() {}\n");
        assert_eq!(text(1), "// of g\nfunc g() {} // g\n");
    }
}
