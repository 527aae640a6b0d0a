//! Exit codes, the same for every output format.

/// How a run of `wasmcheck check` ended, as a process exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// Nothing at or above the threshold was found.
    Clean = 0,
    /// Findings at or above the threshold; they win over partial failure.
    Findings = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// A requested target has no verdict at all.
    NoVerdict = 3,
}

impl ExitStatus {
    /// The number that the process exits with.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
