//! Tokens of Go, as the specification's section "Lexical elements" names them.

use serde::{Deserialize, Serialize};

/// A kind of token. Operators that only the parser of expressions tells apart are one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tok {
    Eof,
    /// A byte that starts no token.
    Bad,
    Ident,
    Int,
    Float,
    Imag,
    Char,
    String,
    // Binary and unary operators.
    Add,
    Sub,
    Mul,
    Quo,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    AndNot,
    LAnd,
    LOr,
    Arrow,
    Eql,
    Neq,
    Lss,
    Leq,
    Gtr,
    Geq,
    Not,
    Tilde,
    // Assignment.
    Assign,
    Define,
    /// `+=` and its like.
    OpAssign,
    Inc,
    Dec,
    // Delimiters.
    LParen,
    LBrack,
    LBrace,
    RParen,
    RBrack,
    RBrace,
    Comma,
    Semi,
    Colon,
    Dot,
    Ellipsis,
    // Keywords.
    Break,
    Case,
    Chan,
    Const,
    Continue,
    Default,
    Defer,
    Else,
    Fallthrough,
    For,
    Func,
    Go,
    Goto,
    If,
    Import,
    Interface,
    Map,
    Package,
    Range,
    Return,
    Select,
    Struct,
    Switch,
    Type,
    Var,
}

impl Tok {
    /// The keyword that a name spells, or [`Tok::Ident`].
    pub(crate) fn of_word(word: &[u8]) -> Self {
        // The longest keyword is `fallthrough`, and all are in lower case.
        if !(2..=11).contains(&word.len()) || !word[0].is_ascii_lowercase() {
            return Self::Ident;
        }
        match word {
            b"break" => Self::Break,
            b"case" => Self::Case,
            b"chan" => Self::Chan,
            b"const" => Self::Const,
            b"continue" => Self::Continue,
            b"default" => Self::Default,
            b"defer" => Self::Defer,
            b"else" => Self::Else,
            b"fallthrough" => Self::Fallthrough,
            b"for" => Self::For,
            b"func" => Self::Func,
            b"go" => Self::Go,
            b"goto" => Self::Goto,
            b"if" => Self::If,
            b"import" => Self::Import,
            b"interface" => Self::Interface,
            b"map" => Self::Map,
            b"package" => Self::Package,
            b"range" => Self::Range,
            b"return" => Self::Return,
            b"select" => Self::Select,
            b"struct" => Self::Struct,
            b"switch" => Self::Switch,
            b"type" => Self::Type,
            b"var" => Self::Var,
            _ => Self::Ident,
        }
    }

    /// Whether a newline after this token ends a statement (specification, "Semicolons").
    pub(crate) const fn ends_statement(self) -> bool {
        matches!(
            self,
            Self::Ident
                | Self::Int
                | Self::Float
                | Self::Imag
                | Self::Char
                | Self::String
                | Self::Break
                | Self::Continue
                | Self::Fallthrough
                | Self::Return
                | Self::Inc
                | Self::Dec
                | Self::RParen
                | Self::RBrack
                | Self::RBrace
        )
    }

    /// Precedence as a binary operator, 1 to 5; 0 for everything else.
    pub(crate) const fn precedence(self) -> u8 {
        match self {
            Self::LOr => 1,
            Self::LAnd => 2,
            Self::Eql | Self::Neq | Self::Lss | Self::Leq | Self::Gtr | Self::Geq => 3,
            Self::Add | Self::Sub | Self::Or | Self::Xor => 4,
            Self::Mul
            | Self::Quo
            | Self::Rem
            | Self::Shl
            | Self::Shr
            | Self::And
            | Self::AndNot => 5,
            _ => 0,
        }
    }
}
