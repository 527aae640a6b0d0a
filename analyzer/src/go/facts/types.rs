//! What a file says of types, as far as names alone can tell: the shape of declared types, where
//! values come from, and the places where they are used.

use serde::{Deserialize, Serialize};

use super::constants::Constants;
use super::{NO_OWNER, Span, Use};
use crate::go::syntax::Tok;
use crate::go::syntax::ast::{Expr, Field, FuncDecl, Ident, Signature, TypeSpec};

/// A named type, pointers to it included: `T`, `*T`, `p.T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TypeRef {
    pub(crate) qualifier: Option<Span>,
    pub(crate) name: Span,
}

/// Index into [`TypeFacts::values`].
pub(crate) type ValueId = u32;

/// Where a value comes from, a step at a time: each refers to earlier ones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Value {
    /// It has a type that is written: a parameter, a literal, a conversion.
    Of(TypeRef),
    /// A name that is no local one: of the package, predeclared, or, before a dot, of an import.
    Name(Span),
    /// A name after a dot.
    Member(ValueId, Span),
    /// A result of a call, or what a conversion gives: what is called, the result's number, and
    /// how many there must be.
    Result(ValueId, u8, u8),
}

/// A type that is declared at package level.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TypeFact {
    pub(crate) name: Span,
    /// Another name for its type: methods declared on it are that type's.
    pub(crate) alias: bool,
    pub(crate) shape: Shape,
}

/// What is known of a declared type.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Fields with the types that have names, embedded ones apart.
    Struct {
        fields: Vec<(Span, Option<TypeRef>)>,
        embeds: Vec<Option<TypeRef>>,
    },
    Interface {
        methods: Vec<FunctionFact>,
        embeds: Vec<Option<TypeRef>>,
    },
    /// `type A B` and `type A = B`.
    Named(TypeRef),
    /// Slices, maps, functions and the like: no fields, and the methods that are declared.
    Plain,
    /// Generic, or not understood.
    Opaque,
}

/// A value is put where a type is wanted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Conversion {
    pub(crate) from: ValueId,
    pub(crate) to: ExpectedType,
    /// Offset of the value.
    pub(crate) pos: u32,
}

/// The type that is wanted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum ExpectedType {
    Type(TypeRef),
    /// That of a field of a struct.
    Field(TypeRef, Span),
}

/// A function, a method, or a method of an interface.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FunctionFact {
    pub(crate) name: Span,
    /// Base type of the receiver of a method.
    pub(crate) recv: Option<Span>,
    /// Index into the owners of its file; none of methods of interfaces.
    pub(crate) owner: u32,
    /// The types of its parameters, where these have names.
    pub(crate) parameters: Vec<Option<TypeRef>>,
    /// The last parameter takes any number of arguments.
    pub(crate) variadic: bool,
    /// The types of its results, where these have names.
    pub(crate) results: Vec<Option<TypeRef>>,
}

/// A call of something that may be known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct CallFact {
    pub(crate) callee: ValueId,
    /// Its arguments: how many, and where they start in [`TypeFacts::args`].
    pub(crate) args: (u32, u32),
    /// The last argument is followed by `...`, or the only one may be several values.
    pub(crate) open: bool,
    /// Offset of the closing parenthesis.
    pub(crate) end: u32,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Arg {
    pub(crate) value: Option<ValueId>,
    /// Offset; none where the expression has no name in it to point at.
    pub(crate) pos: Option<u32>,
}

/// `x.a`, where it may be known what `x` is. Names of most imports are not here: see [`Use::sel`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Access {
    pub(crate) of: ValueId,
    /// Where it stands, as of a use of the name after the dot.
    pub(crate) at: Use,
}

/// A variable of the package, and its value.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct VariableFact {
    pub(crate) name: Span,
    pub(crate) value: ValueId,
}

/// The results of a call are given to this many names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Assigned {
    pub(crate) callee: ValueId,
    pub(crate) names: usize,
    /// Offset of the first name.
    pub(crate) pos: u32,
}

/// Two operands of an operator that wants one type.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Operands {
    pub(crate) left: ValueId,
    pub(crate) right: ValueId,
    /// Offset of the left one.
    pub(crate) pos: u32,
}

/// All of it, for one file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct TypeFacts {
    pub(crate) types: Vec<TypeFact>,
    pub(crate) functions: Vec<FunctionFact>,
    pub(crate) variables: Vec<VariableFact>,
    pub(crate) values: Vec<Value>,
    pub(crate) constants: Constants,
    pub(crate) calls: Vec<CallFact>,
    pub(crate) args: Vec<Arg>,
    pub(crate) assigned: Vec<Assigned>,
    pub(crate) operands: Vec<Operands>,
    pub(crate) conversions: Vec<Conversion>,
    pub(crate) accesses: Vec<Access>,
    /// Keys of composite literals of a named type.
    pub(crate) keys: Vec<(TypeRef, Span)>,
    /// Closing braces of functions with results whose end can be reached.
    pub(crate) missing_returns: Vec<u32>,
}

impl TypeFacts {
    /// Give back what the longest lists have too much: they are kept to the end.
    pub(super) fn shrink(&mut self) {
        self.values.shrink_to_fit();
        self.calls.shrink_to_fit();
        self.args.shrink_to_fit();
        self.accesses.shrink_to_fit();
        self.conversions.shrink_to_fit();
        self.constants.exprs.shrink_to_fit();
    }
}

impl TypeRef {
    /// The named type that an expression denotes, unless one of its names is a local one.
    pub(super) fn of(ty: &Expr<'_>, is_local: &dyn Fn(&str) -> bool) -> Option<Self> {
        match ty {
            Expr::Paren(inner) | Expr::Unary(Tok::Mul, inner) => Self::of(inner, is_local),
            Expr::Ident(name) if !is_local(name.name) => Some(Self {
                qualifier: None,
                name: Span::of(*name),
            }),
            Expr::Selector(base, name) => match **base {
                Expr::Ident(base) if !is_local(base.name) => Some(Self {
                    qualifier: Some(Span::of(base)),
                    name: Span::of(*name),
                }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a declared function wants and gives.
pub(super) fn function(f: &FuncDecl<'_>, recv: Option<Span>, owner: u32) -> FunctionFact {
    let params = f.type_params.iter().flat_map(|p| p.names);
    let mut generic: Vec<&str> = params.map(|name| name.name).collect();
    if let Some(recv) = &f.recv {
        receiver_params(&recv.ty, &mut generic);
    }
    FunctionFact {
        recv,
        owner,
        ..signature(f.name, &f.sig, &generic)
    }
}

/// The names that the receiver of a method of a generic type declares.
fn receiver_params<'s>(ty: &Expr<'s>, into: &mut Vec<&'s str>) {
    match ty {
        Expr::Paren(inner) | Expr::Unary(_, inner) => receiver_params(inner, into),
        Expr::Index(_, params) => into.extend(params.iter().filter_map(|p| match p {
            Expr::Ident(name) => Some(name.name),
            _ => None,
        })),
        _ => {}
    }
}

fn signature(name: Ident<'_>, sig: &Signature<'_>, generic: &[&str]) -> FunctionFact {
    let is_param = |name: &str| generic.contains(&name);
    let each = |f: &Field<'_>| vec![TypeRef::of(&f.ty, &is_param); f.names.len().max(1)];
    let last = sig.params.last();
    FunctionFact {
        name: Span::of(name),
        recv: None,
        owner: NO_OWNER,
        parameters: sig.params.iter().flat_map(each).collect(),
        variadic: last.is_some_and(|f| matches!(f.ty, Expr::Ellipsis(_))),
        results: sig.results.iter().flat_map(each).collect(),
    }
}

/// The shape of a declared type.
pub(super) fn shape(spec: &TypeSpec<'_>) -> Shape {
    if !spec.type_params.is_empty() {
        return Shape::Opaque;
    }
    let global = |_: &str| false;
    match &spec.ty {
        Expr::Struct(fields) => struct_shape(fields),
        Expr::Interface { methods, elems } => Shape::Interface {
            methods: methods
                .iter()
                .map(|(name, sig)| signature(*name, sig, &[]))
                .collect(),
            embeds: elems.iter().map(|x| TypeRef::of(x, &global)).collect(),
        },
        Expr::Array { .. } | Expr::Map(..) | Expr::Chan(_) | Expr::FuncType(_) => Shape::Plain,
        // A pointer type has no members of its own, and its base's fields; an alias of one is as
        // good as its base for both.
        Expr::Unary(..) if !spec.alias => Shape::Opaque,
        other => TypeRef::of(other, &global).map_or(Shape::Opaque, Shape::Named),
    }
}

fn struct_shape(list: &[Field<'_>]) -> Shape {
    let global = |_: &str| false;
    let (mut fields, mut embeds) = (Vec::new(), Vec::new());
    for field in list {
        let ty = TypeRef::of(&field.ty, &global);
        if field.names.is_empty() {
            embeds.push(ty);
        }
        fields.extend(field.names.iter().map(|name| (Span::of(*name), ty)));
    }
    Shape::Struct { fields, embeds }
}
