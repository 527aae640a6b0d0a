//! Sketches of class rules: small packages that show how code for some platforms is kept apart from wasm. A test
//! compiles each of them.

use crate::catalogue;

/// A small package that compiles for the targets and for other platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// The name of its class, as [`model::Advice::sketch`] has it.
    pub name: &'static str,
    /// Names and texts of its files.
    pub files: &'static [(&'static str, &'static str)],
}

/// The files of sketches, which are part of the program.
macro_rules! sketches {
    ($($name:literal: $($file:literal),+;)+) => {
        &[$(Sketch {
            name: $name,
            files: &[$(($file, include_str!(concat!("../catalogue/sketches/", $name, "/", $file)))),+],
        }),+]
    };
}

/// All sketches, by name.
pub const SKETCHES: &[Sketch] = sketches! {
    "assembly": "add_amd64.go", "add_amd64.s", "add_generic.go";
    "callback": "callback.go", "callback_js.go";
    "cgo": "square_cgo.go", "square_nocgo.go";
    "file-lock": "lock_other.go", "lock_unix.go";
    "kernel": "free_linux.go", "free_other.go";
    "listener": "serve_js.go", "serve_other.go", "serve_wasip1.go";
    "mmap": "map_other.go", "map_unix.go";
    "per-os-file": "dir_darwin.go", "dir_default.go", "dir_windows.go";
    "processes": "start_other.go", "start_unix.go";
    "signals": "reload.go", "reload_other.go", "reload_unix.go";
    "sockets": "control_other.go", "control_unix.go", "listen.go";
    "stat-fields": "atime_linux.go", "atime_other.go";
    "terminal": "size_other.go", "size_unix.go";
    "transport": "transport.go", "transport_js.go", "transport_other.go", "transport_wasip1.go";
    "users": "owner_other.go", "owner_unix.go";
};

impl Sketch {
    /// What the class rules of this name say to do.
    pub fn titles(&self) -> Vec<&'static str> {
        catalogue::titles(self.name)
    }
}
