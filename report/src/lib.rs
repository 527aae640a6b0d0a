//! A stored report for readers: views, merge, comparison, and a renderer for each format.
//!
//! It knows `model` alone: a report of any age is rendered without the analyzer, the Go command or the
//! module that it is about. Pages are made by the crate `web`, which stands above this one.

mod compare;
mod diff;
#[cfg(test)]
mod examples;
mod format;
mod merge;
pub mod render;
mod shown;
mod stored;
mod upgrade;
pub mod view;

pub use crate::compare::{
    Change, ChangedFinding, Comparison, FindingChanges, FindingRef, PackageVerdict, Side,
    TargetChange, compare,
};
pub use crate::diff::{Changes, Diff, ModuleChange, PackageChange};
pub use crate::format::{
    FORMATS, Format, Pages, endings, format_named, format_of_file, text_format,
};
pub use crate::merge::merge_reports;
pub use crate::render::{Options, style};
pub use crate::shown::shown;
pub use crate::stored::{Stored, Unreadable, read_stored};
