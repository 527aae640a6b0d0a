//! A change of a dependency, for the people who develop it.

use crate::edit::Edit;
use crate::target::Goos;

/// A change of a dependency, as its own repository takes it, and how it was tried there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The [`Edit::Fork`] of the checked module that the change makes needless.
    pub fork: Edit,
    /// Module path of the dependency.
    pub module: String,
    /// The version that is changed.
    pub version: String,
    /// A unified diff. Paths are relative to the root of the repository where [`Upstream::repository`] is known, and
    /// to the root of the module where it is not.
    pub diff: String,
    /// Where the version comes from; none where the Go command has not recorded it.
    pub repository: Option<Repository>,
    /// How the changed packages build by themselves, with the dependency's own go.mod.
    pub builds: Vec<TreeBuild>,
    /// Why they were not built by themselves.
    pub untried: Option<String>,
}

/// The repository of a version, as the Go command recorded it when it fetched the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its address.
    pub url: String,
    /// The commit; empty where it is not known.
    pub commit: String,
    /// The directory of the module in it, empty for its root.
    pub subdir: String,
}

/// A build of some packages of a dependency in its own tree, without the change and with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeBuild {
    /// The wasm build; none for the machine that did it.
    pub goos: Option<Goos>,
    /// `GOOS/GOARCH`
    pub platform: String,
    /// The packages, as they are typed in the root of the module: `.`, `./dir`.
    pub packages: Vec<String>,
    /// What Go says without the change, line by line; nothing where they build.
    pub before: Vec<String>,
    /// What Go says with it.
    pub after: Vec<String>,
}
