//! Processes: how wasmcheck asks the Go command.
//!
//! This is the only crate that starts a process. It knows how to call Go without touching the
//! user's tree and how to read what Go prints; it knows no rule and no wasm.

mod command;
mod error;
mod go;
mod layout;
mod list;
mod session;

pub use crate::command::Interrupt;
pub use crate::error::Error;
pub use crate::go::{Go, GoEnv, Options};
pub use crate::layout::{Fetched, fetch, find_modules, workspace_modules};
pub use crate::session::{Linked, Mode, Platform, Session};
