//! Pages: a report, or what is in a wasm file, as one HTML file each.

mod page;
mod treemap;

pub use crate::page::{file_page, page};
