//! Where cargo builds.

use std::path::PathBuf;

/// The target directory, from the root of the workspace.
#[expect(clippy::disallowed_methods, reason = "cargo says where it builds")]
pub(crate) fn target_dir() -> PathBuf {
    std::env::var("CARGO_TARGET_DIR").map_or_else(|_| PathBuf::from("target"), PathBuf::from)
}
