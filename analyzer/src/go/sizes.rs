//! The sizes of types under wasm: what `unsafe.Sizeof` gives, for constants that are made of it.
//!
//! Pointers have 8 bytes there (`GOROOT/src/internal/goarch/goarch_wasm.go`), and the rules are those
//! of `GOROOT/src/go/types/gcsizes.go`. Declarations are read again where they stand: few constants
//! ask for sizes.

use bumpalo::Bump;

use crate::go::syntax::Tok;
use crate::go::syntax::ast::{Decl, Expr, Field};
use crate::go::types::{Place, Ty, Types};

/// Longest way from type to type.
const MAX_DEPTH: u32 = 32;
/// A declaration is not read further than this many bytes.
const MAX_TEXT: usize = 20_000;

/// Size and alignment in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) size: u64,
    align: u64,
}

impl Layout {
    const fn of(size: u64, align: u64) -> Self {
        Self { size, align }
    }
}

const POINTER: Layout = Layout::of(8, 8);

/// The layout of the type that is declared at an offset of a file.
pub(crate) fn declared_at<'g, 'a>(
    types: &Types<'g, 'a>,
    place: Place<'g, 'a>,
    pos: u32,
    depth: u32,
) -> Option<Layout> {
    if depth > MAX_DEPTH {
        return None;
    }
    let rest = place.file.facts.src.get(pos as usize..)?;
    let end = rest
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| *at > MAX_TEXT);
    let text = format!("package p\ntype {}", &rest[..end.unwrap_or(rest.len())]);
    let arena = Bump::new();
    let file = crate::go::syntax::parse(&text, &arena, true);
    match file.decls.first() {
        Some(Decl::Type(spec)) => layout(types, place, &spec.ty, depth + 1),
        _ => None,
    }
}

/// The layout of a type as it is written in a file.
fn layout<'g, 'a>(
    types: &Types<'g, 'a>,
    place: Place<'g, 'a>,
    ty: &Expr<'_>,
    depth: u32,
) -> Option<Layout> {
    match ty {
        // Type arguments matter only where they are no pointers; these lead nowhere.
        Expr::Paren(inner) | Expr::Index(inner, _) => layout(types, place, inner, depth),
        Expr::Unary(Tok::Mul, _) | Expr::Map(..) | Expr::Chan(_) | Expr::FuncType(_) => {
            Some(POINTER)
        }
        Expr::Interface { .. } => Some(Layout::of(16, 8)),
        Expr::Array { len: None, .. } => Some(Layout::of(24, 8)),
        Expr::Array {
            len: Some(len),
            elem,
        } => {
            let count = length(types, place, len, depth)?;
            let elem = layout(types, place, elem, depth)?;
            Some(Layout::of(elem.size.checked_mul(count)?, elem.align))
        }
        Expr::Struct(fields) => structure(types, place, fields, depth),
        Expr::Ident(name) => basic(name.name).or_else(|| {
            let ty = types.declared(place.package, name.name)?;
            named(types, ty, depth)
        }),
        Expr::Selector(base, name) => match &**base {
            Expr::Ident(base) if base.name == "unsafe" && name.name == "Pointer" => Some(POINTER),
            Expr::Ident(base) => {
                let package = types.import(place, base.name)?;
                named(types, types.declared(package, name.name)?, depth)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The length of an array: digits, or the name of a constant.
fn length<'g, 'a>(
    types: &Types<'g, 'a>,
    place: Place<'g, 'a>,
    len: &Expr<'_>,
    depth: u32,
) -> Option<u64> {
    let constant = |package, name| {
        let number = types.named(package, name, depth + 1)?;
        u64::try_from(number.value).ok()
    };
    match len {
        Expr::Lit(Tok::Int, digits) => digits.name.parse().ok(),
        Expr::Ident(name) => constant(place.package, name.name),
        Expr::Selector(Expr::Ident(base), name) => {
            constant(types.import(place, base.name)?, name.name)
        }
        _ => None,
    }
}

fn named<'g, 'a>(types: &Types<'g, 'a>, ty: Ty<'g, 'a>, depth: u32) -> Option<Layout> {
    match ty {
        Ty::Basic(name) => basic(name),
        Ty::Declared(of) => declared_at(types, of.place, of.fact.name.pos, depth),
    }
}

fn basic(name: &str) -> Option<Layout> {
    let size = match name {
        "bool" | "int8" | "uint8" | "byte" => 1,
        "int16" | "uint16" => 2,
        "int32" | "uint32" | "rune" | "float32" => 4,
        "int" | "uint" | "uintptr" | "int64" | "uint64" | "float64" => 8,
        "complex64" => return Some(Layout::of(8, 4)),
        "complex128" | "string" | "any" | "error" => return Some(Layout::of(16, 8)),
        _ => return None,
    };
    Some(Layout::of(size, size))
}

fn structure<'g, 'a>(
    types: &Types<'g, 'a>,
    place: Place<'g, 'a>,
    fields: &[Field<'_>],
    depth: u32,
) -> Option<Layout> {
    let (mut end, mut align, mut last) = (0_u64, 1, 1);
    for field in fields {
        let one = layout(types, place, &field.ty, depth)?;
        for _ in 0..field.names.len().max(1) {
            end = end
                .checked_next_multiple_of(one.align)?
                .checked_add(one.size)?;
            last = one.size;
        }
        align = align.max(one.align);
    }
    // A last field without size gets one, so that its address stays inside.
    if end > 0 && last == 0 {
        end += 1;
    }
    Some(Layout::of(end.checked_next_multiple_of(align)?, align))
}
