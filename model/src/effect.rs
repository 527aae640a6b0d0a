//! What a finding does, and how it is known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target::Verdict;

/// What a finding does to the package it stands in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It does not build.
    FailsToBuild,
    /// It links, and calls a symbol that is not defined.
    LinksBroken,
    /// The call returns an error, panics, traps or never returns.
    FailsAtRunTime,
    /// The call succeeds and does something else than natively, or nothing.
    SilentlyDifferent,
    /// Worth knowing; changes no verdict.
    Note,
}

impl Effect {
    /// The verdict of a package whose worst finding has this effect; none for a note.
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::FailsToBuild => Some(Verdict::FailsToBuild),
            Self::LinksBroken => Some(Verdict::LinksBroken),
            Self::FailsAtRunTime => Some(Verdict::FailsAtRunTime),
            Self::SilentlyDifferent => Some(Verdict::SilentlyDifferent),
            Self::Note => None,
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self.verdict() {
            Some(verdict) => verdict.name(),
            None => "note",
        }
    }
}

/// How a finding is known, weakest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Read in the source.
    Static,
    /// By an error of the Go compiler or the go command.
    Compiled,
    /// Found in the wasm, with a path to it.
    Linked,
    /// Seen in the sandbox.
    Observed,
}

impl Evidence {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Compiled => "compiled",
            Self::Linked => "linked",
            Self::Observed => "observed",
        }
    }
}
