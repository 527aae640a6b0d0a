//! A report as one HTML page, and the grouping that every output for readers shares.

pub mod file;
mod page;
pub mod proof;
pub mod scenarios;
pub mod suites;
mod treemap;
pub mod view;

pub use crate::page::{file_page, page};
