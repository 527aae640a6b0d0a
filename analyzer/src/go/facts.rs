//! What one Go file says, whatever the target: imports, declarations, and every use of a name
//! that the file's own functions do not bind.

mod cgo;
mod constants;
mod guard;
#[cfg(test)]
mod matrix;
mod predeclared;
mod resolve;
mod types;
mod walk;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bumpalo::Bump;
use model::Goos;
use serde::{Deserialize, Serialize};

pub(crate) use self::cgo::Cgo;
pub(crate) use self::constants::{Check, ConstExpr, ConstId, ConstantFact};
pub(crate) use self::guard::{KnownName, KnownNames, KnownValue, may_assign};
pub(crate) use self::predeclared::{is_predeclared, is_type};
pub(crate) use self::types::{
    Access, CallFact, ExpectedType, FunctionFact, Shape, TypeFact, TypeFacts, TypeRef, Value,
    ValueId,
};
pub(crate) use self::walk::likely_name;
use crate::go::syntax;

thread_local! {
    /// Where trees lie while they are walked; used again for the next file.
    static ARENA: RefCell<Bump> = RefCell::new(Bump::new());
}

/// A larger arena, in bytes, is not kept for the next file.
const MAX_ARENA: usize = 16 << 20;

/// The facts of a file. Names are ranges of its text, which is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileFacts {
    #[serde(skip)]
    pub(crate) src: Arc<String>,
    /// Byte offset of each line's start, made when it is first wanted: most files are never pointed
    /// at.
    #[serde(skip)]
    lines: OnceLock<Vec<u32>>,
    pub(crate) package: Span,
    pub(crate) imports: Vec<ImportFact>,
    pub(crate) decls: Vec<DeclFact>,
    pub(crate) uses: Vec<Use>,
    pub(crate) owners: Vec<Owner>,
    /// Names after a dot.
    pub(crate) selectors: Vec<Span>,
    /// Names of fields and interface methods, wherever a type has them.
    pub(crate) members: Vec<Span>,
    pub(crate) typing: TypeFacts,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) errors: Vec<syntax::ast::SyntaxError>,
    pub(crate) cgo: Option<Cgo>,
    /// Functions that `//go:linkname` or `//go:wasmimport` supplies with a body.
    pub(crate) supplied: Vec<Span>,
    /// Functions that are called from elsewhere than Go code.
    pub(crate) called_from_outside: Vec<Span>,
    /// Local names that `//go:linkname` links, and the symbols, `import/path.name`, that it gives a
    /// body, or takes one from.
    pub(crate) links: Vec<(Span, Span)>,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) pos: u32,
    pub(crate) len: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImportFact {
    /// `.` and `_` included.
    pub(crate) alias: Option<Span>,
    /// The path without its quotes.
    pub(crate) path: Span,
    /// Of the opening quote.
    pub(crate) pos: u32,
}

/// What a name stands for at package level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DeclKind {
    Func,
    Method,
    Const,
    Var,
    Type,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeclFact {
    pub(crate) name: Span,
    pub(crate) kind: DeclKind,
    /// Base type of the receiver of a method.
    pub(crate) recv: Option<Span>,
    /// A function or method without a body.
    pub(crate) bodyless: bool,
    /// Of a function, or of the initialiser of a variable, in the owners of the file.
    pub(crate) owner: u32,
}

/// A constant, a variable or a helper whose value the platform decides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Condition {
    pub(crate) name: Span,
    pub(crate) known: KnownValue,
    /// It is a function without parameters, and this is what it returns.
    pub(crate) function: bool,
    /// It may be given another value elsewhere.
    pub(crate) variable: bool,
}

/// A top-level function, method or variable initialiser, in which uses stand.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// Empty for initialisers.
    pub(crate) name: Span,
    /// Base type of the receiver of a method.
    pub(crate) recv: Option<Span>,
    /// Runs when the package is initialised: `func init` and initialisers.
    pub(crate) init: bool,
}

/// Uses outside of functions and initialisers have this owner.
pub(crate) const NO_OWNER: u32 = u32::MAX;

/// A name that is no local one: `base`, or `base.sel`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Use {
    pub(crate) base: Span,
    pub(crate) sel: Option<Span>,
    /// Index into [`FileFacts::owners`].
    pub(crate) owner: u32,
    /// Where control can get: the [`bit`]s of builds.
    pub(crate) live: u8,
    /// Offset of the condition that excludes a target; 0 without one.
    pub(crate) guard: u32,
    /// What the name is there for.
    pub(crate) role: Role,
    /// It stands in a function literal that is kept, not called where it stands.
    pub(crate) literal: bool,
    /// It runs in a callback of `js.FuncOf`, while the event loop waits for that.
    pub(crate) callback: bool,
}

/// What a name is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Its value, or the type.
    Value,
    /// It is called.
    Callee,
    /// A key of a composite literal, which may be the name of a field.
    Key,
}

/// The bits of all builds.
pub(crate) const ALL: u8 = (1 << Goos::ALL.len()) - 1;

/// The bit of a build in [`Use::live`].
pub(crate) const fn bit(goos: Goos) -> u8 {
    1 << goos as u8
}

impl FileFacts {
    /// Read a file.
    pub(crate) fn read(src: &Arc<String>) -> Self {
        Self::of(src, false, &KnownNames::new())
    }

    /// Read a file again, now that something is known of names of its package.
    pub(crate) fn read_knowing(src: &Arc<String>, known: &KnownNames) -> Self {
        Self::of(src, false, known)
    }

    /// Read the declarations of a file; what its functions do is passed over.
    pub(crate) fn read_declarations(src: &Arc<String>) -> Self {
        Self::of(src, true, &KnownNames::new())
    }

    fn of(src: &Arc<String>, declarations_only: bool, known: &KnownNames) -> Self {
        ARENA.with_borrow_mut(|arena| {
            if arena.allocated_bytes() > MAX_ARENA {
                *arena = Bump::new();
            }
            arena.reset();
            Self::within(arena, src, declarations_only, known)
        })
    }

    fn within(
        arena: &Bump,
        src: &Arc<String>,
        declarations_only: bool,
        known: &KnownNames,
    ) -> Self {
        let file = syntax::parse(src, arena, declarations_only);
        let resolved = resolve::resolve(src, &file, known, declarations_only);
        let cgo = cgo::read(src, &file);
        let (supplied, links) = (resolve::supplied(src, &file), resolve::links(src, &file));
        let called_from_outside = resolve::called_from_outside(src, &file);
        let errors = file.errors;
        let package = Span::of(file.package);
        Self {
            lines: OnceLock::new(),
            package,
            imports: resolved.imports,
            decls: resolved.decls,
            uses: resolved.uses,
            owners: resolved.owners,
            selectors: resolved.selectors,
            members: resolved.members,
            typing: resolved.typing,
            conditions: resolved.conditions,
            errors,
            cgo,
            supplied,
            called_from_outside,
            links,
            src: Arc::clone(src),
        }
    }

    /// What was kept of a file, with its text.
    pub(crate) fn with_text(self, src: &Arc<String>) -> Self {
        Self {
            src: Arc::clone(src),
            ..self
        }
    }

    /// Something else is wrong with the file.
    pub(crate) fn add_error(&mut self, pos: usize, message: &str) {
        let error = syntax::ast::SyntaxError {
            pos: u32::try_from(pos).unwrap_or(u32::MAX),
            message: message.to_owned(),
        };
        self.errors.insert(0, error);
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: Span) -> &str {
        self.src.get(span.range()).unwrap_or_default()
    }

    /// Line and column in bytes of an offset, both from 1.
    pub(crate) fn position(&self, offset: u32) -> (u32, u32) {
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or(0);
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            offset.saturating_sub(start) + 1,
        )
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| line_starts(&self.src))
    }

    /// A line's text without its end, counted from 1.
    pub(crate) fn line(&self, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *self.lines().get(index)? as usize;
        let rest = self.src.get(start..)?;
        rest.lines().next().or(Some(""))
    }
}

impl Span {
    fn of(ident: syntax::ast::Ident<'_>) -> Self {
        Self {
            pos: ident.pos,
            len: u32::try_from(ident.name.len()).unwrap_or(0),
        }
    }

    /// Offset after its last byte.
    pub(crate) fn end(self) -> usize {
        self.range().end
    }

    fn range(self) -> Range<usize> {
        self.pos as usize..(self.pos as usize).saturating_add(self.len as usize)
    }
}

fn line_starts(src: &str) -> Vec<u32> {
    let newlines = memchr::memchr_iter(b'\n', src.as_bytes());
    let starts = newlines.map(|i| u32::try_from(i + 1).unwrap_or(u32::MAX));
    std::iter::once(0).chain(starts).collect()
}
