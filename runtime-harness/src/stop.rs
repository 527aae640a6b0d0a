//! How a call to the host ends a run.

/// Why a guest is stopped from inside a call to the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the guest exited with {0}")]
    Exit(i32),
    #[error("the guest ran out of time")]
    TimedOut,
    #[error("{0}")]
    Limit(String),
}
