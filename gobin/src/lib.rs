//! Go's own tables in a binary: names, files and lines of functions, modules, types, itabs, and the
//! graph of what refers to what, found again as Go's linker had it.
//!
//! No stripping removes these tables, since the runtime needs them. Where a binary's bytes lie in
//! memory an [`Image`] says, and what a PC is a [`PcCoding`]: these two, and a reader of its
//! instructions, are what a format adds. WebAssembly is one ([`inspect`], [`WasmImage`]).
//!
//! [`Header`] finds the table of functions, [`Moduledata`] all others, [`BuildInfo`] the modules;
//! [`Program`] makes the [`Graph`], and [`Stacks`] reads the stacks of a program that runs.
//!
//! This crate knows neither Go source nor rules, and opens no file. Bytes that are no Go program, or
//! a damaged one, are no error of the tables: they are `None`, or shorter.

mod buildinfo;
mod graph;
mod hosts;
mod image;
mod moduledata;
mod names;
mod objects;
mod paths;
mod pc;
mod pclntab;
mod program;
mod references;
mod stacks;
mod types;
mod wasm;

pub use crate::buildinfo::BuildInfo;
pub use crate::graph::{Edge, Graph, Kind, Node, node};
pub use crate::hosts::glue;
pub use crate::image::{Image, Layout, Section};
pub use crate::moduledata::{Itabs, Moduledata};
pub use crate::names::{package, spelling};
pub use crate::paths::Paths;
pub use crate::pc::{Addresses, FIRST_INDEX, NO_OFFSET, Offset, PcCoding, TableIndex};
pub use crate::pclntab::{Frame, Functions, Header, Inlined, Pclntab};
pub use crate::program::{Code, Line, Program, Tables};
pub use crate::references::{Call, Constant, References};
pub use crate::stacks::Stacks;
pub use crate::wasm::{Contents, Generic, WasmError, WasmImage, has_own_host, inspect, is_js};
