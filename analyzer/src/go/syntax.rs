//! Reading Go: tokens, syntax tree, and the facts that one file holds.
//!
//! Parsing never fails. It returns what could be read, and where it could not.

pub(crate) mod ast;
mod expr;
mod lexer;
mod parser;
mod stmt;
mod terminate;
mod token;
mod types;

pub(crate) use self::lexer::{Comment, Lexer, Token, tokens};
pub(crate) use self::parser::parse;
pub(crate) use self::terminate::terminates;
pub(crate) use self::token::Tok;
