//! Renderers, one file each. Texts carry their colours as ANSI sequences; who writes them strips these
//! where they are not wanted.

pub mod compare;
pub mod diff;
pub mod json;
mod markdown;
pub mod paths;
pub mod sbom;
pub mod style;
pub mod text;
pub mod upstream;
pub mod wasm;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Everything, not the most important findings and places.
    pub verbose: bool,
}
