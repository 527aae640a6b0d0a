//! What a file says of types, as far as names alone can tell: the shape of declared types, and the
//! places where a value of a known named type is used.

use super::{Span, Use};
use crate::syntax::Tok;
use crate::syntax::ast::{Expr, Field, FuncDecl, TypeSpec};

/// A named type, pointers to it included: `T`, `*T`, `p.T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeRef {
    pub(crate) qualifier: Option<Span>,
    pub(crate) name: Span,
    /// The name is of a function, and meant is the type of one of its results: its number, and
    /// how many there must be.
    pub(crate) result: Option<(u8, u8)>,
}

/// A type that is declared at package level.
#[derive(Debug)]
pub(crate) struct TypeFact {
    pub(crate) name: Span,
    /// Another name for its type: methods declared on it are that type's.
    pub(crate) alias: bool,
    pub(crate) shape: Shape,
}

/// What is known of a declared type.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Fields with the types that have names, embedded ones apart.
    Struct {
        fields: Vec<(Span, Option<TypeRef>)>,
        embeds: Vec<Option<TypeRef>>,
    },
    Interface {
        methods: Vec<Span>,
        embeds: Vec<Option<TypeRef>>,
    },
    /// `type A B` and `type A = B`.
    Named(TypeRef),
    /// Slices, maps, functions and the like: no fields, and the methods that are declared.
    Plain,
    /// Generic, or not understood.
    Opaque,
}

/// A value of a known type is put where a type is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversion {
    pub(crate) from: TypeRef,
    pub(crate) to: Wanted,
    /// Offset of the value.
    pub(crate) pos: u32,
}

/// The type that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    Type(TypeRef),
    /// That of a field of a struct.
    Field(TypeRef, Span),
    /// That of a parameter, by its number, of a function of this name.
    Parameter(TypeRef, usize),
}

/// A function of the package, neither method nor generic.
#[derive(Debug)]
pub(crate) struct FunctionFact {
    pub(crate) name: Span,
    /// The types of its parameters, where these have names.
    pub(crate) parameters: Vec<Option<TypeRef>>,
    /// Those of its results.
    pub(crate) results: Vec<Option<TypeRef>>,
}

/// `x.a.b`, where the type of `x` is known.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) base: TypeRef,
    pub(crate) path: Vec<Span>,
    /// Where it stands, as of a use of its last name.
    pub(crate) at: Use,
}

/// All of it, for one file.
#[derive(Debug, Default)]
pub(crate) struct TypeFacts {
    pub(crate) types: Vec<TypeFact>,
    pub(crate) functions: Vec<FunctionFact>,
    pub(crate) conversions: Vec<Conversion>,
    pub(crate) accesses: Vec<Access>,
    /// Keys of composite literals of a named type.
    pub(crate) keys: Vec<(TypeRef, Span)>,
    /// Negative constants that are returned as a named type.
    pub(crate) negatives: Vec<(TypeRef, u32)>,
    /// Closing braces of functions with results whose end can be reached.
    pub(crate) missing_returns: Vec<u32>,
}

impl TypeRef {
    /// The named type that an expression denotes, unless one of its names is a local one.
    pub(super) fn of(ty: &Expr<'_>, is_local: &dyn Fn(&str) -> bool) -> Option<Self> {
        match ty {
            Expr::Paren(inner) | Expr::Unary(Tok::Mul, inner) => Self::of(inner, is_local),
            Expr::Ident(name) if !is_local(name.name) => Some(Self {
                qualifier: None,
                name: Span::of(*name),
                result: None,
            }),
            Expr::Selector(base, name) => match **base {
                Expr::Ident(base) if !is_local(base.name) => Some(Self {
                    qualifier: Some(Span::of(base)),
                    name: Span::of(*name),
                    result: None,
                }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a function wants.
pub(super) fn function(f: &FuncDecl<'_>) -> Option<FunctionFact> {
    let global = |_: &str| false;
    let each = |field: &Field<'_>| vec![TypeRef::of(&field.ty, &global); field.names.len().max(1)];
    let plain = f.recv.is_none() && f.type_params.is_empty();
    plain.then(|| FunctionFact {
        name: Span::of(f.name),
        parameters: f.sig.params.iter().flat_map(each).collect(),
        results: f.sig.results.iter().flat_map(each).collect(),
    })
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
            methods: methods.iter().map(|(name, _)| Span::of(*name)).collect(),
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
