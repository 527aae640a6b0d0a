//! Packages as the Go command lists them: what the toolchain hands to the analyzer.
//!
//! Source of the fields: `go help list`.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Deserialize;

/// All packages of a listing, dependencies before their importers.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The packages in Go's order.
    pub packages: Vec<ListedPackage>,
}

/// A package as Go lists it. Names of files are relative to [`ListedPackage::dir`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedPackage {
    /// Import path; of a vendored package with its `vendor/` part.
    pub import_path: String,
    /// The name in its package clauses.
    pub name: String,
    /// Where it lies; empty when it was not found.
    pub dir: Utf8PathBuf,
    /// It belongs to the standard library.
    pub standard: bool,
    /// It was not named itself, something named needs it.
    pub dep_only: bool,
    /// The module that it belongs to; none in the standard library.
    pub module: Option<ListedModule>,
    /// Selected Go files.
    pub go_files: Vec<String>,
    /// Selected Go files that import "C"; always empty with cgo off.
    pub cgo_files: Vec<String>,
    /// Go files that constraints, or cgo being off, exclude.
    pub ignored_go_files: Vec<String>,
    /// Other files that constraints exclude.
    pub ignored_other_files: Vec<String>,
    /// C files.
    pub c_files: Vec<String>,
    /// C++ files.
    #[serde(rename = "CXXFiles")]
    pub cxx_files: Vec<String>,
    /// Objective-C files.
    pub m_files: Vec<String>,
    /// Fortran files.
    pub f_files: Vec<String>,
    /// Assembly files.
    pub s_files: Vec<String>,
    /// SWIG files.
    pub swig_files: Vec<String>,
    /// SWIG files for C++.
    #[serde(rename = "SwigCXXFiles")]
    pub swig_cxx_files: Vec<String>,
    /// Object files.
    pub syso_files: Vec<String>,
    /// Files that `//go:embed` patterns match; asking for them makes Go report patterns that
    /// match nothing.
    pub embed_files: Vec<String>,
    /// Linker flags of `#cgo` lines that hold here; always empty with cgo off.
    #[serde(rename = "CgoLDFLAGS")]
    pub cgo_ldflags: Vec<String>,
    /// pkg-config packages of `#cgo` lines that hold here; always empty with cgo off.
    pub cgo_pkg_config: Vec<String>,
    /// Import paths as resolved.
    pub imports: Vec<String>,
    /// From an import path in the source to the resolved one, where they differ.
    pub import_map: BTreeMap<String, String>,
    /// What is wrong with the package itself.
    pub error: Option<ListError>,
    /// Test files of the package.
    pub test_go_files: Vec<String>,
    /// Test files of package `NAME_test`.
    #[serde(rename = "XTestGoFiles")]
    pub xtest_go_files: Vec<String>,
    /// The compiled package; empty when it was not or could not be compiled.
    pub export: String,
}

/// The module of a package.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedModule {
    /// Module path.
    pub path: String,
    /// Version; empty for main modules.
    pub version: String,
    /// It is the main module, or one of a workspace.
    pub main: bool,
    /// Where it lies.
    pub dir: Utf8PathBuf,
    /// What go.mod or go.work put in its place.
    pub replace: Option<Box<ListedModule>>,
    /// The `go` line of its go.mod.
    pub go_version: String,
}

/// An error of the Go command, or of the compiler when packages are compiled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListError {
    /// From a named package to the one at fault.
    pub import_stack: Vec<String>,
    /// `file:line:column`, if known.
    pub pos: String,
    /// The message; compiler output starts with `# `.
    pub err: String,
}
