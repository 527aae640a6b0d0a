//! What the reader and the constraints say of single files: for the oracles, the fuzzers and the
//! benchmarks, which hold them against Go itself.

use std::sync::Arc;

use crate::go::constraint::Platform;
use crate::go::facts::{DeclKind, FileFacts};

/// What a file declares and imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Name of the package.
    pub package: String,
    /// Paths, with `alias ` before them where there is one.
    pub imports: Vec<String>,
    /// `const X`, `func F`, `func T.M`, followed by ` bodyless` where there is no body.
    pub decls: Vec<String>,
    /// What could not be read: offset and message of the first error.
    pub error: Option<(u32, String)>,
    /// How many names it uses that it does not bind itself.
    pub uses: usize,
}

/// Read a file whole.
pub fn outline(src: &Arc<String>) -> Outline {
    let facts = FileFacts::read(src);
    let text = |span| facts.text(span);
    let imports = facts.imports.iter().map(|import| {
        let path = text(import.path);
        import.alias.map_or_else(
            || path.to_owned(),
            |alias| format!("{} {path}", text(alias)),
        )
    });
    let decls = facts.decls.iter().map(|decl| {
        let kind = match decl.kind {
            DeclKind::Func | DeclKind::Method => "func",
            DeclKind::Const => "const",
            DeclKind::Var => "var",
            DeclKind::Type => "type",
        };
        let recv = match (decl.kind, decl.recv) {
            (DeclKind::Method, recv) => format!("{}.", recv.map_or("", text)),
            _ => String::new(),
        };
        let bodyless = if decl.bodyless { " bodyless" } else { "" };
        format!("{kind} {recv}{}{bodyless}", text(decl.name))
    });
    Outline {
        package: text(facts.package).to_owned(),
        imports: imports.collect(),
        decls: decls.collect(),
        error: facts.errors.first().map(|e| (e.pos, e.message.clone())),
        uses: facts.uses.len(),
    }
}

/// A platform, as Go's build constraints know it.
#[derive(Clone, Copy, Debug)]
pub struct BuildPlatform<'p> {
    /// `GOOS`
    pub goos: &'p str,
    /// `GOARCH`
    pub goarch: &'p str,
    /// `CGO_ENABLED`
    pub cgo: bool,
    /// Build tags that were given.
    pub tags: &'p [String],
    /// N of Go 1.N.
    pub release: u32,
}

/// Whether the constraints of a file, its name and its text, select it.
pub fn is_selected(platform: BuildPlatform<'_>, name: &str, src: &str) -> bool {
    let BuildPlatform {
        goos,
        goarch,
        cgo,
        tags,
        release,
    } = platform;
    let platform = Platform {
        goos,
        goarch,
        cgo,
        tags,
        release,
    };
    // Names that begin so are no files of a package (go/build, matchFile).
    !name.starts_with(['_', '.']) && platform.excludes(name, src).is_none()
}
