//! What a remedy costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a remedy costs besides what is lost by it, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cost {
    /// How much of the user's source changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
    /// What has to be changed in it, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// Minutes of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<u32>,
    /// Licence of what is moved to, as an SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Day on which the version that is moved to was made, as in `2026-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// What is built with it and was not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adds: Option<Added>,
}

/// Modules that a remedy adds to the build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Added {
    /// How many.
    pub modules: usize,
    /// Size of their archives in bytes, as they are downloaded.
    pub bytes: u64,
}

/// How much of the user's source a remedy changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compat {
    /// Nothing, or an import path.
    DropIn,
    /// A few calls.
    Minor,
    /// Another interface.
    Different,
    /// The design of the program.
    Architectural,
}

impl Cost {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
