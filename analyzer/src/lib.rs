//! Go source, build constraints and the package graph: from a module to its findings.
//!
//! [`Scan`] is the way in: it takes what the Go command lists, reads the source through a
//! [`System`], and judges. It starts no process and knows no network.

mod build;
mod context;
mod go;
mod inspect;
mod join;
mod judge;
mod mend;
mod rules;
mod scan;
mod settings;
mod std;
mod system;
#[cfg(test)]
mod testing;
mod why;

pub use crate::go::graph::{DeclaredGuard, Places, relative};
pub use crate::go::outline::{BuildPlatform, Outline, is_selected, outline};
pub use crate::inspect::{InspectOptions, Inspected, SinkUse, inspect_wasm, read_wasm};
pub use crate::join::compiled::{CompileError, Compiled, builds_of};
pub use crate::join::not_built::build_causes;
pub use crate::judge::Judged;
pub use crate::mend::{
    Argument, ArgumentSwap, Building, Change, Does, EditKind, Fault, Hindrance, Lost, Mender,
    Obstacle, Swap, Swapped, SystemNames, swap,
};
pub use crate::scan::{Runnable, Scan};
pub use crate::settings::{Settings, StubSignature};
pub use crate::std::behaviours::{
    Behaviour, Kind, MissingName, Versions, all_behaviours, behaviours, blocking, missing_name,
    missing_names, split_symbol,
};
pub use crate::std::hooks::{Hooks, Weight, overlay, weight};
pub use crate::system::{Disk, Quotable, System};
pub use crate::why::Why;
pub use gobin::{Line, Stacks, WasmError, glue, has_own_host, is_js};
