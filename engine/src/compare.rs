//! Runs compared with each other: what a program or a test binary did natively, and under wasm.

mod crash;
mod played;
mod results;
mod suite;

pub(crate) use self::crash::crash_in;
pub(crate) use self::played::{Played, Tree, differences};
pub(crate) use self::results::Compared;
pub(crate) use self::suite::{HookEntry, Suite, SuiteRun, read as read_suite, without_entries};
