//! Bytes to tokens, semicolons inserted, comments handed to the caller.
//!
//! The lexer never fails: what it cannot read becomes [`Tok::Bad`] or a token that ends at the
//! end of its line.

use super::token::Tok;

/// A token and where it lies, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) tok: Tok,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A comment and where it lies, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Lexer<'s> {
    src: &'s [u8],
    pos: usize,
    /// A newline here would be a semicolon.
    semi: bool,
    /// All comments that were passed, or only directives.
    pub(crate) comments: Vec<Comment>,
    pub(crate) keep_comments: bool,
    /// The first literal or comment that does not end, or character that is part of nothing: its offset, and
    /// what it is.
    pub(crate) faulty: Option<(u32, &'static str)>,
}

/// Number of tokens of a file, without literals and the commas between them, which take no memory in long
/// tables.
pub(crate) fn tokens(src: &str) -> usize {
    let mut lexer = Lexer::new(src);
    lexer.keep_comments = false;
    let mut count = 0;
    loop {
        match lexer.next().tok {
            Tok::Eof => return count,
            Tok::Int | Tok::Float | Tok::Imag | Tok::Char | Tok::String | Tok::Comma => {}
            _ => count += 1,
        }
    }
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(src: &'s str) -> Self {
        let pos = if src.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            src: src.as_bytes(),
            pos,
            semi: false,
            comments: Vec::new(),
            keep_comments: true,
            faulty: None,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.src.get(self.pos + ahead).copied().unwrap_or(0)
    }

    /// The next token; [`Tok::Eof`] for ever at the end.
    pub(crate) fn next(&mut self) -> Token {
        if let Some(semi) = self.skip_blank() {
            return semi;
        }
        let start = self.pos;
        let tok = self.scan();
        self.semi = tok.ends_statement();
        self.token(tok, start)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "files over 4 GiB are refused on reading"
    )]
    fn token(&self, tok: Tok, start: usize) -> Token {
        Token {
            tok,
            start: start as u32,
            end: self.pos as u32,
        }
    }

    /// Pass white space and comments; a newline, or the end, may be a semicolon.
    fn skip_blank(&mut self) -> Option<Token> {
        loop {
            self.pos += run(self.src, self.pos, BLANK);
            let start = self.pos;
            match self.peek(0) {
                b'\n' if self.semi => {
                    self.semi = false;
                    self.pos += 1;
                    return Some(self.token(Tok::Semi, start));
                }
                b'\n' => self.pos += 1,
                b'/' if matches!(self.peek(1), b'/' | b'*') => {
                    let multiline = self.comment();
                    if multiline && self.semi {
                        self.semi = false;
                        return Some(self.token(Tok::Semi, start));
                    }
                }
                0 if self.pos >= self.src.len() && self.semi => {
                    self.semi = false;
                    return Some(self.token(Tok::Semi, start));
                }
                _ => return None,
            }
        }
    }

    /// Pass a comment; true for a general comment with a newline in it.
    fn comment(&mut self) -> bool {
        let start = self.pos;
        let rest = &self.src[start..];
        let general = rest[1] == b'*';
        let len = if general {
            let end = find(&rest[2..], *b"*/");
            if end.is_none() {
                self.fault(start, "comment not terminated");
            }
            end.map_or(rest.len(), |i| i + 4)
        } else {
            memchr(b'\n', rest).unwrap_or(rest.len())
        };
        self.pos += len;
        let directive = rest.starts_with(b"//go:") || rest.starts_with(b"//export ");
        if self.keep_comments || directive {
            let Token { start, end, .. } = self.token(Tok::Bad, start);
            self.comments.push(Comment { start, end });
        }
        general && memchr(b'\n', &rest[..len]).is_some()
    }

    fn scan(&mut self) -> Tok {
        let first = self.peek(0);
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'"' => self.quoted(b'"', Tok::String),
            b'\'' => self.quoted(b'\'', Tok::Char),
            b'`' => self.raw_string(),
            0 if self.pos >= self.src.len() => Tok::Eof,
            _ => {
                let (tok, len) = operator(&self.src[self.pos..]);
                self.pos += len;
                tok
            }
        }
    }

    fn word(&mut self) -> Tok {
        let start = self.pos;
        self.pos += run(self.src, self.pos, WORD);
        let word = &self.src[start..self.pos];
        if !word.is_ascii()
            && let Some(at) = foreign(word)
        {
            self.fault(start + at, "invalid character in identifier");
        }
        Tok::of_word(word)
    }

    /// Pass a number. Digits are not checked: the compiler does that.
    fn number(&mut self) -> Tok {
        let hex = self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X');
        let mut tok = Tok::Int;
        loop {
            match self.peek(0) {
                b'e' | b'E' if !hex => self.exponent(&mut tok),
                b'p' | b'P' if hex => self.exponent(&mut tok),
                b'.' => {
                    tok = Tok::Float;
                    self.pos += 1;
                }
                b'i' => {
                    self.pos += 1;
                    return Tok::Imag;
                }
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.pos += 1,
                _ => return tok,
            }
        }
    }

    fn exponent(&mut self, tok: &mut Tok) {
        *tok = Tok::Float;
        self.pos += 1;
        if matches!(self.peek(0), b'+' | b'-') {
            self.pos += 1;
        }
    }

    /// Remember what does not end.
    fn fault(&mut self, start: usize, what: &'static str) {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        self.faulty.get_or_insert((start, what));
    }

    fn quoted(&mut self, quote: u8, tok: Tok) -> Tok {
        let start = self.pos;
        self.pos += 1;
        loop {
            match self.peek(0) {
                b'\\' => self.pos += 2,
                b'\n' => {
                    self.fault(start, "newline in string or rune");
                    return tok;
                }
                0 if self.pos >= self.src.len() => break,
                byte => {
                    self.pos += 1;
                    if byte == quote {
                        return tok;
                    }
                }
            }
        }
        self.pos = self.src.len();
        self.fault(start, "string or rune not terminated");
        tok
    }

    fn raw_string(&mut self) -> Tok {
        let rest = &self.src[self.pos + 1..];
        let end = memchr(b'`', rest);
        let len = end.map_or(rest.len() + 1, |i| i + 2);
        if end.is_none() {
            self.fault(self.pos, "string not terminated");
        }
        self.pos += len;
        Tok::String
    }
}

/// Bit of bytes that names are made of, in [`KINDS`].
const WORD: u8 = 1;
/// Bit of white space other than newlines.
const BLANK: u8 = 2;

/// What each byte may be part of.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => WORD,
            b' ' | b'\t' | b'\r' => BLANK,
            _ => 0,
        };
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// Where a word has a character that no identifier has, as quotation marks from a text processor and
/// no-break spaces (specification, "Identifiers"). Rust counts some more characters as letters than Go does
/// (`unicode.IsLetter`), of which the compiler complains.
fn foreign(word: &[u8]) -> Option<usize> {
    let text = str::from_utf8(word).ok()?;
    let part = |c: char| c == '_' || c.is_alphanumeric();
    text.find(|c| !part(c))
}

/// How many bytes of a kind follow.
fn run(src: &[u8], from: usize, kind: u8) -> usize {
    let rest = src.get(from..).unwrap_or_default();
    let end = rest.iter().position(|b| KINDS[usize::from(*b)] & kind == 0);
    end.unwrap_or(rest.len())
}

fn memchr(byte: u8, haystack: &[u8]) -> Option<usize> {
    memchr::memchr(byte, haystack)
}

fn find(haystack: &[u8], needle: [u8; 2]) -> Option<usize> {
    memchr::memmem::find(haystack, &needle)
}

/// Longest operator or delimiter at the start.
fn operator(rest: &[u8]) -> (Tok, usize) {
    let at = |i: usize| rest.get(i).copied().unwrap_or(0);
    let (a, b, c) = (at(0), at(1), at(2));
    match (a, b, c) {
        (b'<', b'<', b'=') | (b'>', b'>', b'=') | (b'&', b'^', b'=') => (Tok::OpAssign, 3),
        (b'.', b'.', b'.') => (Tok::Ellipsis, 3),
        _ => operator2(a, b).map_or_else(|| (operator1(a), 1), |tok| (tok, 2)),
    }
}

fn operator2(a: u8, b: u8) -> Option<Tok> {
    Some(match (a, b) {
        (b'<', b'<') => Tok::Shl,
        (b'>', b'>') => Tok::Shr,
        (b'&', b'^') => Tok::AndNot,
        (b'&', b'&') => Tok::LAnd,
        (b'|', b'|') => Tok::LOr,
        (b'<', b'-') => Tok::Arrow,
        (b'+', b'+') => Tok::Inc,
        (b'-', b'-') => Tok::Dec,
        (b'=', b'=') => Tok::Eql,
        (b'!', b'=') => Tok::Neq,
        (b'<', b'=') => Tok::Leq,
        (b'>', b'=') => Tok::Geq,
        (b':', b'=') => Tok::Define,
        (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=') => Tok::OpAssign,
        _ => return None,
    })
}

fn operator1(a: u8) -> Tok {
    match a {
        b'+' => Tok::Add,
        b'-' => Tok::Sub,
        b'*' => Tok::Mul,
        b'/' => Tok::Quo,
        b'%' => Tok::Rem,
        b'&' => Tok::And,
        b'|' => Tok::Or,
        b'^' => Tok::Xor,
        b'<' => Tok::Lss,
        b'>' => Tok::Gtr,
        b'!' => Tok::Not,
        b'~' => Tok::Tilde,
        b'=' => Tok::Assign,
        b'(' => Tok::LParen,
        b'[' => Tok::LBrack,
        b'{' => Tok::LBrace,
        b')' => Tok::RParen,
        b']' => Tok::RBrack,
        b'}' => Tok::RBrace,
        b',' => Tok::Comma,
        b';' => Tok::Semi,
        b':' => Tok::Colon,
        b'.' => Tok::Dot,
        _ => Tok::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(src: &str) -> Vec<Tok> {
        let mut lexer = Lexer::new(src);
        let tokens = std::iter::from_fn(|| Some(lexer.next().tok).filter(|t| *t != Tok::Eof));
        tokens.collect()
    }

    #[test]
    fn a_newline_after_an_operand_is_a_semicolon() {
        use Tok::{Add, Ident, Int, RParen, Semi};
        assert_eq!(
            kinds("a\n+\n1\n)"),
            [Ident, Semi, Add, Int, Semi, RParen, Semi]
        );
        assert_eq!(kinds("a /* x */ + 1"), [Ident, Add, Int, Semi]);
        assert_eq!(kinds("a /* \n */ + 1"), [Ident, Semi, Add, Int, Semi]);
    }

    #[test]
    fn numbers_and_operators_are_longest_matches() {
        use Tok::{AndNot, Dot, Ellipsis, Float, Ident, Imag, Int, OpAssign, Semi};
        assert_eq!(
            kinds("0x1p-2 1e+3 0b1 1_0i .5"),
            [Float, Float, Int, Imag, Float, Semi]
        );
        assert_eq!(
            kinds("a&^=b &^ ... .x"),
            [Ident, OpAssign, Ident, AndNot, Ellipsis, Dot, Ident, Semi]
        );
    }

    #[test]
    fn broken_literals_end() {
        assert_eq!(kinds("\"abc"), [Tok::String, Tok::Semi]);
        assert_eq!(kinds("\"abc\\"), [Tok::String, Tok::Semi]);
        assert_eq!(kinds("`abc"), [Tok::String, Tok::Semi]);
        assert_eq!(kinds("/* abc"), []);
        assert_eq!(kinds("\0"), [Tok::Bad]);
    }
}
