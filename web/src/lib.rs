//! A report as one HTML page, and the grouping that every output for readers shares.

mod page;
pub mod proof;
pub mod view;

pub use crate::page::page;
