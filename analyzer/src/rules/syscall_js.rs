//! `syscall-js`: `syscall/js` imported where it does not exist. [`super::excluded_package`] finds it, as
//! it does any package of the standard library that the target lacks.

/// The package.
pub(super) const PACKAGE: &str = "syscall/js";
