//! What else is known of a finding: typed notes, each with its place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something to know beside the message of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// What kind of information it is.
    pub kind: NoteKind,
    /// The text, without [`NoteKind::label`].
    pub text: String,
    /// The place that the text is about, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Note {
    /// A note without a place.
    pub fn new(kind: NoteKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            place: None,
        }
    }

    /// Label and text, as people read them.
    pub fn sentence(&self) -> String {
        format!("{}{}", self.kind.label(), self.text)
    }

    /// The same note about a place.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: u32, column: u32) -> Self {
        self.place = Some(Place {
            file: file.into(),
            line,
            column,
        });
        self
    }
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Named as the files of findings are.
    pub file: String,
    /// Line, counted from 1; 0 when unknown.
    pub line: u32,
    /// Column in bytes, counted from 1; 0 when unknown.
    pub column: u32,
}

/// Kinds of information in notes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// A file that the target leaves out declares the name.
    DeclaredElsewhere,
    /// A file that the target leaves out.
    LeftOut,
    /// How many more there are of what was listed before.
    More,
    /// What the C side of a cgo package wants: libraries, flags.
    Wants,
    /// The other of two places that do not go together.
    Other,
    /// What the Go compiler says.
    Compiler,
    /// A further line of what the Go command, the compiler or the linker says.
    Output,
    /// What the Go linker says.
    Linker,
    /// The error that the call returns or the program prints, as it was measured.
    Error,
    /// What to use instead.
    Instead,
    /// Where Go's source shows why.
    Why,
    /// The guard that keeps control away from the place.
    Guard,
    /// Nothing uses the function in which the place stands.
    Unused,
    /// How the linked program gets to the place.
    InWasm,
    /// The compiler or the linker has dropped the place from the program.
    Dropped,
    /// What was seen in a run.
    Seen,
    /// A call on the stack of a crash, innermost first.
    Frame,
    /// Another finding that is the likely cause.
    Cause,
    /// The functions of the standard library that explain a difference.
    Because,
    /// A difference from the native run.
    Difference,
    /// Anything else; what older reports call a detail.
    Detail,
}

impl NoteKind {
    /// The words that come before the text, for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Compiler => "the compiler: ",
            Self::Linker => "the linker: ",
            Self::Error => "the error: ",
            Self::Instead => "instead: ",
            Self::Why => "why: ",
            Self::Seen => "seen in ",
            Self::Cause => "likely cause: ",
            Self::Because => "because of ",
            Self::More => "and ",
            Self::DeclaredElsewhere
            | Self::LeftOut
            | Self::Wants
            | Self::Other
            | Self::Output
            | Self::Guard
            | Self::Unused
            | Self::InWasm
            | Self::Dropped
            | Self::Frame
            | Self::Difference
            | Self::Detail => "",
        }
    }
}
