//! The nouns of wasmcheck and the contract of its report.
//!
//! This crate holds data and nothing else: no algorithm, no input or output. How numbers and names are written
//! for people belongs to it.
//! Every other crate speaks in these words, and [`Report`] is what scripts read.

mod cost;
mod edit;
mod effect;
mod exit;
mod finding;
mod go_fault;
mod listing;
mod note;
mod observation;
mod report;
mod rule;
mod summary;
mod target;
mod upstream;
mod visible;
mod wasm;
mod words;

pub use crate::cost::{Added, Compat, Cost};
pub use crate::edit::Edit;
pub use crate::effect::{Effect, Evidence};
pub use crate::exit::ExitStatus;
pub use crate::finding::{Advice, AdviceKind, Attempt, CallStep, Confirmed, Finding, Tested};
pub use crate::go_fault::GoFault;
pub use crate::listing::{ListError, ListedModule, ListedPackage, Listing};
pub use crate::note::{Note, NoteKind, Place};
pub use crate::observation::{
    Difference, End, Entered, Frame, HostCall, Observation, Refusal, RunBuild, RunKind, Scenario,
    TestClass, TestOutcome, TestResult,
};
pub use crate::report::{
    Builds, Incomplete, Level, Module, Package, Report, Root, SCHEMA, Stage, TargetReport, Tool,
};
pub use crate::rule::{Family, RULES, Rule, RuleInfo};
pub use crate::summary::summary_of_tests;
pub use crate::target::{GOOSES, Goos, GoosInfo, HostKind, TARGETS, Target, TargetInfo, Verdict};
pub use crate::upstream::{Repository, TreeBuild, Upstream};
pub use crate::visible::{SUBSTITUTE, is_hidden, visible, visible_lines, write_escaped};
pub use crate::wasm::{
    Entry, Fit, Glue, GoSizes, HostFit, Memory, Names, PackageSize, PathLevel, PathRoot, PathStep,
    Producer, ProducerField, Setting, SinkBehaviour, Sizes, StepKind, UndefinedCall, WasmFile,
    WasmFunction, WasmImport, WasmModule, WasmPath, WasmSink,
};
pub use crate::words::count;
