//! Rules: from the package graph of one build to findings. One file for each rule, named by its slug; `load`,
//! `names` and `left_out` walk over packages and ask several. A rule pushes findings and never sorts,
//! merges or prints them.

mod cgo;
mod compiler;
pub(crate) mod crash;
mod excluded_package;
mod left_out;
mod load;
mod load_error;
mod missing_body;
mod missing_main;
mod missing_member;
mod missing_package;
mod names;
mod redeclared;
mod refused_linkname;
pub(crate) mod scenario;
mod std_behaviour;
mod stub;
mod syntax;
mod syscall_js;
mod undefined_imported_name;
mod undefined_name;

pub(crate) use self::left_out::tags;
pub(crate) use self::load_error::finding as load_error;
pub(crate) use self::std_behaviour::{explain, here as behaviours_here};

use model::Finding;

use crate::context::Context;
use crate::go::calls::Calls;
use crate::go::types::Types;

/// What the rules say of one build.
#[derive(Debug, Default)]
pub(crate) struct RuleOutput {
    pub(crate) findings: Vec<Finding>,
    /// Packages that could not be loaded, and why: not a finding, an unknown.
    pub(crate) unreachable: Vec<(String, String)>,
}

/// Run every rule.
pub(crate) fn run(cx: &Context<'_, '_>) -> RuleOutput {
    let mut said = RuleOutput::default();
    load::check(cx, &mut said);
    names::check(cx, &mut said.findings);
    missing_member::check(cx, &mut said.findings);
    let types = Types::of(cx.graph);
    compiler::check(cx, &types, &mut said.findings);
    missing_body::check(cx, &mut said.findings);
    refused_linkname::check(cx, &mut said.findings);
    let calls = Calls::of(cx.graph, &types);
    std_behaviour::check(cx, &types, &calls, &mut said.findings);
    stub::check(cx, &mut said.findings);
    said
}
