//! What refers to what in a Go program: functions, and the data through which functions are
//! reached. It is the linker's own graph, found again in the file it wrote.

pub(crate) mod build;
mod edges;
mod extents;

use crate::pc::{NO_OFFSET, Offset};

/// How believable it is that control takes a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A call.
    Call,
    /// The body of the function stands in that of the caller.
    Inlined,
    /// A function value, made in code.
    Value,
    /// An itab: a value of this type is converted to an interface.
    Itab,
    /// A package variable, or data that one leads to.
    Data,
    /// A type, and the methods in its table that an interface of the program has.
    Type,
    /// A method in the table of a type that no interface has: only reflection keeps it.
    Reflection,
}

/// A node: a function, by its number; then objects; then functions that exist only inlined.
pub type Node = u32;

/// A reference, from the node whose edge it is.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Where it leads.
    pub to: Node,
    /// What it is.
    pub kind: Kind,
    /// Offset in the function that it leaves, after it: where the call that it is, or the next
    /// call, returns to. [`NO_OFFSET`] where that is not known, and for edges of data.
    pub offset: Offset,
}

/// Something in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Type,
    Itab,
    Data,
    Constant,
    /// Nothing leads on from it.
    End,
}

/// The graph.
#[derive(Debug)]
pub struct Graph<'i> {
    pub(crate) functions: usize,
    pub(crate) objects: Vec<Object>,
    /// Names of functions that exist only inlined.
    pub(crate) inlined: Vec<&'i str>,
    /// Where the edges of each node begin.
    pub(crate) offsets: Vec<u32>,
    pub(crate) edges: Vec<Edge>,
    /// The functions of the init tasks, in their order.
    pub(crate) inits: Vec<Node>,
    /// Bytes of all type descriptors, their methods included, their names not.
    pub(crate) types: u64,
}

impl<'i> Graph<'i> {
    /// A graph of these nodes, its edges each with the node that it leaves.
    pub(crate) fn new(
        functions: usize,
        objects: Vec<Object>,
        inlined: Vec<&'i str>,
        from: Vec<(Node, Edge)>,
    ) -> Self {
        let nodes = functions + objects.len() + inlined.len();
        let mut offsets = vec![0_u32; nodes + 1];
        for (from, _) in &from {
            offsets[*from as usize + 1] += 1;
        }
        for n in 0..nodes {
            offsets[n + 1] += offsets[n];
        }
        let none = Edge {
            to: 0,
            kind: Kind::Call,
            offset: NO_OFFSET,
        };
        let mut edges = vec![none; from.len()];
        let mut next = offsets.clone();
        for (from, edge) in from {
            let at = &mut next[from as usize];
            edges[*at as usize] = edge;
            *at += 1;
        }
        Self {
            functions,
            objects,
            inlined,
            offsets,
            edges,
            inits: Vec::new(),
            types: 0,
        }
    }
}

impl Graph<'_> {
    /// How many functions there are; their nodes come first.
    pub const fn functions(&self) -> usize {
        self.functions
    }

    /// What a node refers to.
    pub fn edges(&self, node: Node) -> &[Edge] {
        let range = self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize;
        &self.edges[range]
    }

    /// Whether a node is read-only data.
    pub fn is_constant(&self, node: Node) -> bool {
        let object = (node as usize).checked_sub(self.functions);
        let object = object.and_then(|at| self.objects.get(at));
        object.is_some_and(|object| object.what == What::Constant)
    }

    /// How many nodes there are.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a graph is never asked whether it is empty"
    )]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// What can be reached from some nodes.
    pub fn reached(&self, roots: impl IntoIterator<Item = Node>) -> Vec<bool> {
        self.reached_by(roots, |_| true)
    }

    /// What can be reached along references of some kinds.
    pub fn reached_by(
        &self,
        roots: impl IntoIterator<Item = Node>,
        along: impl Fn(Kind) -> bool,
    ) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        let mut todo: Vec<Node> = roots.into_iter().collect();
        todo.iter().for_each(|root| reached[*root as usize] = true);
        while let Some(node) = todo.pop() {
            for edge in self.edges(node).iter().filter(|e| along(e.kind)) {
                if !std::mem::replace(&mut reached[edge.to as usize], true) {
                    todo.push(edge.to);
                }
            }
        }
        reached
    }
}

/// The node of a function, by its number.
pub fn node(n: usize) -> Node {
    Node::try_from(n).unwrap_or(Node::MAX)
}
