//! What a module is judged by.

use camino::Utf8Path;
use model::{Listing, Target};

use crate::go::graph::{DeclaredGuard, Places};

/// What a module is judged by.
#[derive(Debug)]
pub struct Settings<'a> {
    /// Path of the module being checked.
    pub module: &'a str,
    /// Where its go.mod lies, and where Go is called.
    pub dir: &'a Utf8Path,
    /// How files are named.
    pub places: Places<'a>,
    /// Build tags that the user gave.
    pub tags: &'a [String],
    /// N of Go 1.N.
    pub release: u32,
    /// The targets that are asked for.
    pub targets: &'a [Target],
    /// The packages of this machine's build, for comparison; none when it could not be listed.
    pub native: Option<&'a Listing>,
    /// Names that the user declares to be guards.
    pub guards: &'a [DeclaredGuard],
    /// Packages that are known to build as stubs.
    pub stubs: &'a [StubSignature],
}

/// How a package that builds as a stub is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubSignature {
    /// Import path.
    pub package: String,
    /// Packages below that path, too.
    pub below: bool,
    /// Text in one of its selected files.
    pub text: String,
    /// What it means.
    pub message: String,
}

impl StubSignature {
    /// Whether a package may be this stub.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.package.as_str());
        rest.is_some_and(|rest| rest.is_empty() || (self.below && rest.starts_with('/')))
    }
}
