//! Go source, build constraints and the package graph: from a module to its findings.
//!
//! [`Scan`] is the way in: it takes what the Go command lists, reads the source through a
//! [`System`], and judges. It starts no process and knows no network.

mod calls;
mod compiled;
mod constraint;
mod facts;
mod graph;
mod hooks;
mod judge;
mod linked;
mod merge;
mod not_built;
mod observed;
mod outline;
mod pack;
mod played;
mod qualifiers;
mod rules;
mod scan;
mod sizes;
mod source;
mod std_facts;
mod symbol;
mod syntax;
mod system;
#[cfg(test)]
mod testing;
mod types;
mod wasm;
mod why;

pub use crate::compiled::{CompileError, Compiled, builds_of};
pub use crate::graph::{DeclaredGuard, Places};
pub use crate::hooks::{Hooks, Weight, overlay, weight};
pub use crate::merge::merge_reports;
pub use crate::not_built::build_causes;
pub use crate::outline::{BuildPlatform, Outline, is_selected, outline};
pub use crate::scan::{Judged, Runnable, Scan, Settings, StubSignature};
pub use crate::std_facts::{
    Behaviour, Kind, MissingName, Versions, all_behaviours, behaviours, blocking, missing_name,
    missing_names, split_symbol,
};
pub use crate::system::{Disk, System};
pub use crate::wasm::{
    Asked, Inspected, Line, SinkUse, Stacks, WasmError, glue, has_own_host, inspect_wasm, is_js,
    read_wasm,
};
pub use crate::why::Why;
