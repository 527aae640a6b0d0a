//! Processes: how wasmcheck asks the Go command, and starts what runs in a sandbox or in Node.
//!
//! This is the only crate that starts a process. It knows how to call Go without touching the
//! user's tree and how to read what Go prints; it knows no rule and no wasm.

mod admission;
mod admitted;
mod chromium;
mod command;
mod error;
pub mod files;
mod flags;
mod format;
pub mod git;
mod go;
mod inits;
mod layout;
mod list;
pub mod lookup;
mod notes;
mod overlay;
mod parent_death;
mod patched;
mod program;
#[cfg(target_os = "linux")]
mod reaper;
mod remove;
mod replaces;
mod scratch;
mod session;
mod started;
mod strings;
mod supervised;
mod vendor;
mod versions;
pub mod watchdog;
mod workspace;

pub use crate::chromium::{Chromium, Shown};
pub use crate::command::Interrupt;
pub use crate::error::Error;
pub use crate::format::Changed;
pub use crate::go::{Go, GoEnv, Options};
pub use crate::inits::INIT_GOROUTINES;
pub use crate::layout::{Fetched, Origin, fetch, find_modules, workspace_modules};
pub use crate::patched::{Patch, get, name_module};
pub use crate::program::{Ended, Node, Program, Reaper, wasm_exec};
#[cfg(target_os = "linux")]
pub use crate::reaper::reap;
pub use crate::scratch::{Scratch, is_scratch, remove_scratch};
pub use crate::session::{Linked, Mode, Platform, Session};
pub use crate::supervised::{Ending, Supervised};
pub use crate::vendor::vendoring;
pub use crate::versions::{CachedModule, Versions, cached_module};
