//! From the syntax tree to declarations, and to the uses that local scopes do not explain.

use std::str::SplitWhitespace;

use super::guard::KnownNames;
use super::types::{self, TypeFact, TypeFacts};
use super::walk::Walker;
use super::{Condition, DeclFact, DeclKind, ImportFact, NO_OWNER, Owner, Span, Use};
use crate::go::syntax::ast::{Decl, Expr, File, FuncDecl};
use crate::go::syntax::{Comment, Tok};

/// What a file declares and uses.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) imports: Vec<ImportFact>,
    pub(super) decls: Vec<DeclFact>,
    pub(super) uses: Vec<Use>,
    pub(super) owners: Vec<Owner>,
    pub(super) selectors: Vec<Span>,
    pub(super) members: Vec<Span>,
    pub(super) typing: TypeFacts,
    pub(super) conditions: Vec<Condition>,
}

pub(super) fn resolve<'s>(
    src: &'s str,
    file: &File<'s>,
    known: &'s KnownNames,
    declarations_only: bool,
) -> Resolved {
    let mut resolved = Resolved {
        imports: imports(file),
        ..Resolved::default()
    };
    let mut walker = Walker::new(src, file, known, declarations_only);
    resolved.conditions = walker.conditions(file);
    let mut functions = Vec::new();
    for decl in &file.decls {
        let owner = owner(decl).map(|owner| {
            resolved.owners.push(owner);
            u32::try_from(resolved.owners.len() - 1).unwrap_or(NO_OWNER)
        });
        let owner = owner.unwrap_or(NO_OWNER);
        declare(decl, owner, &mut resolved.decls);
        if let Decl::Func(f) = decl {
            let recv = f.recv.as_ref().and_then(|r| base_type(&r.ty));
            functions.push(types::function(f, recv, owner));
        }
        walker.top_level(decl, owner);
    }
    let facts = walker.finish();
    resolved.uses = facts.uses;
    resolved.selectors = facts.selectors;
    resolved.members = facts.members;
    resolved.typing = facts.typing;
    let declared = file.decls.iter().filter_map(|decl| match decl {
        Decl::Type(spec) => Some(TypeFact {
            name: Span::of(spec.name),
            alias: spec.alias,
            shape: types::shape(spec),
        }),
        _ => None,
    });
    resolved.typing.types.extend(declared);
    resolved.typing.constants.declare(file);
    resolved.typing.functions = functions;
    resolved
}

/// Functions that directives supply with a body: the local names of `//go:linkname`, and what
/// stands below `//go:wasmimport`.
pub(super) fn supplied(src: &str, file: &File<'_>) -> Vec<Span> {
    let mut names: Vec<Span> = linknames(src, file)
        .filter_map(|mut words| Some(span(src, words.next()?)))
        .collect();
    names.extend(below(src, file, &["//go:wasmimport "]));
    names
}

/// Functions that are called from elsewhere than Go code: those below `//go:wasmexport` and
/// cgo's `//export`, and the local names of `//go:linkname`.
pub(super) fn called_from_outside(src: &str, file: &File<'_>) -> Vec<Span> {
    let linked = linknames(src, file).filter_map(|mut words| Some(span(src, words.next()?)));
    let exports = ["//go:wasmexport ", "//export "];
    linked.chain(below(src, file, &exports)).collect()
}

/// The names of the functions that stand below directives.
fn below(src: &str, file: &File<'_>, directives: &[&str]) -> Vec<Span> {
    let is_one = |c: &&Comment| directives.iter().any(|d| text(src, **c).starts_with(d));
    let next = |comment: &Comment| {
        file.decls.iter().find_map(|decl| match decl {
            Decl::Func(f) if f.name.pos > comment.end => Some(Span::of(f.name)),
            _ => None,
        })
    };
    file.comments
        .iter()
        .filter(is_one)
        .filter_map(next)
        .collect()
}

/// The local names and the symbols of `//go:linkname` directives with two words.
pub(super) fn links(src: &str, file: &File<'_>) -> Vec<(Span, Span)> {
    linknames(src, file)
        .filter_map(|mut words| Some((span(src, words.next()?), span(src, words.next()?))))
        .collect()
}

fn linknames<'s>(src: &'s str, file: &File<'_>) -> impl Iterator<Item = SplitWhitespace<'s>> {
    let directives = file
        .comments
        .iter()
        .filter_map(|c| text(src, *c).strip_prefix("//go:linkname "));
    directives.map(str::split_whitespace)
}

fn text(src: &str, comment: Comment) -> &str {
    src.get(comment.start as usize..comment.end as usize)
        .unwrap_or_default()
}

/// Where a piece of the text lies in it.
fn span(src: &str, piece: &str) -> Span {
    let offset = piece.as_ptr() as usize - src.as_ptr() as usize;
    Span {
        pos: u32::try_from(offset).unwrap_or(0),
        len: u32::try_from(piece.len()).unwrap_or(0),
    }
}

fn imports(file: &File<'_>) -> Vec<ImportFact> {
    let fact = |import: &crate::go::syntax::ast::Import<'_>| ImportFact {
        alias: import.alias.map(Span::of),
        path: Span {
            pos: import.pos + 1,
            len: u32::try_from(import.path.len()).unwrap_or(0),
        },
        pos: import.pos,
    };
    file.imports.iter().map(fact).collect()
}

fn declare(decl: &Decl<'_>, owner: u32, decls: &mut Vec<DeclFact>) {
    let plain = |name, kind| DeclFact {
        name: Span::of(name),
        kind,
        recv: None,
        bodyless: false,
        owner,
    };
    match decl {
        Decl::Func(f) => decls.push(declare_func(f, owner)),
        Decl::Const(spec) => decls.extend(spec.names.iter().map(|n| plain(*n, DeclKind::Const))),
        Decl::Var(spec) => decls.extend(spec.names.iter().map(|n| plain(*n, DeclKind::Var))),
        Decl::Type(spec) => decls.push(plain(spec.name, DeclKind::Type)),
    }
}

fn declare_func(f: &FuncDecl<'_>, owner: u32) -> DeclFact {
    DeclFact {
        name: Span::of(f.name),
        kind: if f.recv.is_some() {
            DeclKind::Method
        } else {
            DeclKind::Func
        },
        recv: f.recv.as_ref().and_then(|r| base_type(&r.ty)),
        bodyless: f.body.is_none(),
        owner,
    }
}

/// `T` of `T`, `*T`, `T[P]` and `(*T)`.
fn base_type(ty: &Expr<'_>) -> Option<Span> {
    match ty {
        Expr::Ident(name) => Some(Span::of(*name)),
        Expr::Paren(inner) | Expr::Unary(Tok::Mul, inner) | Expr::Index(inner, _) => {
            base_type(inner)
        }
        _ => None,
    }
}

fn owner(decl: &Decl<'_>) -> Option<Owner> {
    match decl {
        Decl::Func(f) => Some(Owner {
            name: Span::of(f.name),
            recv: f.recv.as_ref().and_then(|r| base_type(&r.ty)),
            init: f.recv.is_none() && f.name.name == "init",
        }),
        Decl::Var(spec) if !spec.values.is_empty() => Some(Owner {
            name: Span::default(),
            recv: None,
            init: true,
        }),
        _ => None,
    }
}
