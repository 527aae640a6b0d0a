//! Changes that mend a finding, as data: command lines and patches are made from them.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of a module, or of how it is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum Edit {
    /// Require a version of a module: `go get MODULE@VERSION`.
    Require {
        /// Module path.
        module: String,
        /// The version.
        version: String,
    },
    /// Put another module in the place of one: `go mod edit -replace`.
    Replace {
        /// Path of the module that is replaced.
        module: String,
        /// Path of the module that takes its place.
        with: String,
        /// Its version.
        version: String,
    },
    /// Remove the requirement of a module.
    Drop {
        /// Module path.
        module: String,
    },
    /// Build with a tag: `-tags TAG`.
    Tag {
        /// The tag.
        tag: String,
    },
    /// Change, create or remove a file.
    File {
        /// Relative to the module's root.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// A unified diff that `git apply` takes.
        diff: String,
    },
}
