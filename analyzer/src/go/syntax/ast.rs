//! The syntax tree of a Go file. Types and values are both [`Expr`], as the parser cannot tell
//! them apart.

use serde::{Deserialize, Serialize};

use super::lexer::Comment;
use super::token::Tok;

/// A name where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ident<'s> {
    pub(crate) name: &'s str,
    /// Byte offset.
    pub(crate) pos: u32,
}

#[derive(Debug)]
pub(crate) struct File<'s> {
    pub(crate) package: Ident<'s>,
    pub(crate) imports: Vec<Import<'s>>,
    pub(crate) decls: Vec<Decl<'s>>,
    /// Comments before the first declaration that is no import, and directives after it.
    pub(crate) comments: Vec<Comment>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// What could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SyntaxError {
    pub(crate) pos: u32,
    pub(crate) message: String,
}

impl SyntaxError {
    /// The end of every message about a limit of the reader, rather than an error of the file.
    pub(crate) const LIMIT: &str = "for this reader";

    /// Whether the file was given up, and may be good Go all the same.
    pub(crate) fn is_limit(&self) -> bool {
        self.message.ends_with(Self::LIMIT)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Import<'s> {
    /// `.` and `_` included.
    pub(crate) alias: Option<Ident<'s>>,
    /// Without its quotes.
    pub(crate) path: &'s str,
    /// Of the path's opening quote.
    pub(crate) pos: u32,
    /// Of the `import` keyword, or of the spec inside a group: where its comment ends.
    pub(crate) doc_end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Decl<'s> {
    Func(FuncDecl<'s>),
    Const(ValueSpec<'s>),
    Var(ValueSpec<'s>),
    Type(TypeSpec<'s>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncDecl<'s> {
    pub(crate) name: Ident<'s>,
    pub(crate) recv: Option<Field<'s>>,
    pub(crate) type_params: &'s [Field<'s>],
    pub(crate) sig: Signature<'s>,
    pub(crate) body: Option<Block<'s>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueSpec<'s> {
    pub(crate) names: &'s [Ident<'s>],
    pub(crate) ty: Option<Expr<'s>>,
    pub(crate) values: &'s [Expr<'s>],
    /// Its place in its group, from 0.
    pub(crate) iota: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeSpec<'s> {
    pub(crate) name: Ident<'s>,
    pub(crate) type_params: &'s [Field<'s>],
    /// `type A = B`
    pub(crate) alias: bool,
    pub(crate) ty: Expr<'s>,
}

/// Parameters, results, struct fields and interface elements: names that share a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'s> {
    /// Empty for unnamed parameters, embedded fields and interface elements.
    pub(crate) names: &'s [Ident<'s>],
    pub(crate) ty: Expr<'s>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signature<'s> {
    pub(crate) params: &'s [Field<'s>],
    pub(crate) results: &'s [Field<'s>],
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Block<'s> {
    pub(crate) stmts: &'s [Stmt<'s>],
    /// Offset of the closing brace.
    pub(crate) end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Expr<'s> {
    /// What could not be read.
    Bad,
    Ident(Ident<'s>),
    Lit(Tok, Ident<'s>),
    Composite {
        ty: Option<&'s Expr<'s>>,
        elems: &'s [Elem<'s>],
    },
    Func(&'s Signature<'s>, Block<'s>),
    Paren(&'s Expr<'s>),
    Selector(&'s Expr<'s>, Ident<'s>),
    /// Index or instantiation.
    Index(&'s Expr<'s>, &'s [Expr<'s>]),
    Slice(&'s Expr<'s>, &'s [Expr<'s>]),
    /// `x.(T)`; no type for `x.(type)`.
    Assert(&'s Expr<'s>, Option<&'s Expr<'s>>),
    Call(&'s Expr<'s>, Args<'s>),
    Unary(Tok, &'s Expr<'s>),
    /// Operands at one level of precedence, flat: a chain of a thousand `+` is no deep tree.
    Binary(&'s Expr<'s>, &'s [(Tok, Expr<'s>)]),
    Array {
        len: Option<&'s Expr<'s>>,
        elem: &'s Expr<'s>,
    },
    Map(&'s Expr<'s>, &'s Expr<'s>),
    Chan(&'s Expr<'s>),
    FuncType(&'s Signature<'s>),
    Struct(&'s [Field<'s>]),
    Interface {
        methods: &'s [(Ident<'s>, Signature<'s>)],
        elems: &'s [Expr<'s>],
    },
    Ellipsis(Option<&'s Expr<'s>>),
}

/// What is between the parentheses of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'s> {
    pub(crate) list: &'s [Expr<'s>],
    /// The last one is followed by `...`.
    pub(crate) spread: bool,
    /// Offset of the closing parenthesis.
    pub(crate) end: u32,
}

/// An element of a composite literal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elem<'s> {
    pub(crate) key: Option<Expr<'s>>,
    pub(crate) value: Expr<'s>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Stmt<'s> {
    Empty,
    Decl(&'s [Decl<'s>]),
    Expr(Expr<'s>),
    Send(&'s (Expr<'s>, Expr<'s>)),
    Assign(&'s [Expr<'s>], &'s [Expr<'s>]),
    Define(&'s [Expr<'s>], &'s [Expr<'s>]),
    Go(Expr<'s>),
    Defer(Expr<'s>),
    Return(&'s [Expr<'s>]),
    /// `break`, `continue`, `goto` and `fallthrough`; labels are no names of the scopes.
    Branch(Tok),
    Block(Block<'s>),
    If(&'s If<'s>),
    Switch(&'s Switch<'s>),
    TypeSwitch(&'s TypeSwitch<'s>),
    Select(&'s [Clause<'s>]),
    For(&'s For<'s>),
    Range(&'s Range<'s>),
    Labeled(&'s Stmt<'s>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct If<'s> {
    pub(crate) pos: u32,
    pub(crate) init: Option<Stmt<'s>>,
    pub(crate) cond: Expr<'s>,
    pub(crate) then: Block<'s>,
    /// A block or another `if`.
    pub(crate) or_else: Option<Stmt<'s>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Switch<'s> {
    pub(crate) pos: u32,
    pub(crate) init: Option<Stmt<'s>>,
    pub(crate) tag: Option<Expr<'s>>,
    pub(crate) clauses: &'s [Clause<'s>],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeSwitch<'s> {
    pub(crate) init: Option<Stmt<'s>>,
    pub(crate) bind: Option<Ident<'s>>,
    pub(crate) subject: Expr<'s>,
    pub(crate) clauses: &'s [Clause<'s>],
}

/// A case of `switch` (expressions or types) or of `select` (one statement).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause<'s> {
    pub(crate) default: bool,
    pub(crate) exprs: &'s [Expr<'s>],
    pub(crate) comm: Option<Stmt<'s>>,
    pub(crate) body: Block<'s>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct For<'s> {
    pub(crate) init: Option<Stmt<'s>>,
    pub(crate) cond: Option<Expr<'s>>,
    pub(crate) post: Option<Stmt<'s>>,
    pub(crate) body: Block<'s>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'s> {
    pub(crate) vars: &'s [Expr<'s>],
    /// `:=` rather than `=`.
    pub(crate) define: bool,
    pub(crate) subject: Expr<'s>,
    pub(crate) body: Block<'s>,
}
