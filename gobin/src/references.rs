//! What the code of a program refers to, whatever its instructions: what a reader of code hands to the
//! graph.

use crate::graph::Node;
use crate::pc::Offset;

/// What code refers to.
#[derive(Debug, Default)]
pub struct References {
    /// Calls of known functions of the program.
    pub calls: Vec<Call>,
    /// Constants that are addresses in memory, and stored, compared or kept.
    pub addresses: Vec<Constant>,
    /// Constants that may be the first PC of a function.
    pub functions: Vec<Constant>,
}

/// A call of a known function.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The function with the call.
    pub caller: Node,
    /// The function that it calls.
    pub callee: Node,
    /// Where the call returns to; [`crate::pc::NO_OFFSET`] where the code does not say.
    pub offset: Offset,
}

/// A constant in code.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// The function with the constant.
    pub caller: Node,
    /// Where the next call returns to; [`crate::pc::NO_OFFSET`] where none follows.
    pub offset: Offset,
    /// An address, or a PC.
    pub value: u64,
}
