//! Ways from where a program begins to a function, the most believable first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashSet;

use crate::graph::{Edge, Graph, Kind, Node, node};

/// What a way costs, and the edge it ends with: the node that this leaves, and its number.
type Way = (u32, Option<(Node, u32)>);

/// The cheapest way to every node.
#[derive(Debug)]
pub struct Paths {
    ways: Vec<Option<Way>>,
}

/// How much less believable each kind of reference makes a way, so that a detour of several calls
/// is preferred to a method table.
const fn cost(kind: Kind) -> u32 {
    match kind {
        Kind::Call | Kind::Inlined => 2,
        Kind::Value => 3,
        Kind::Itab => 5,
        Kind::Data => 6,
        Kind::Type => 8,
        Kind::Reflection => 40,
    }
}

impl Paths {
    /// Ways from roots, each with what it costs to begin there; `may` says which edges are taken.
    pub fn find(
        graph: &Graph<'_>,
        roots: &[(Node, u32)],
        may: impl Fn(Node, &Edge) -> bool,
    ) -> Self {
        let mut ways: Vec<Option<Way>> = vec![None; graph.len()];
        let mut todo = BinaryHeap::new();
        for (root, start) in roots {
            let way = &mut ways[*root as usize];
            if way.is_none_or(|(known, _)| *start < known) {
                *way = Some((*start, None));
                todo.push(Reverse((*start, *root)));
            }
        }
        while let Some(Reverse((so_far, node))) = todo.pop() {
            if ways[node as usize].is_some_and(|(known, _)| known < so_far) {
                continue;
            }
            for (edge, number) in graph.edges(node).iter().zip(0..) {
                let next = so_far + cost(edge.kind);
                let way = &mut ways[edge.to as usize];
                if way.is_none_or(|(known, _)| next < known) && may(node, edge) {
                    *way = Some((next, Some((node, number))));
                    todo.push(Reverse((next, edge.to)));
                }
            }
        }
        Self { ways }
    }

    /// What the way to a node costs.
    fn cost(&self, node: Node) -> u32 {
        self.ways[node as usize].map_or(u32::MAX, |(cost, _)| cost)
    }

    /// The ways into some nodes, one for each node with an edge to one: what each costs, its root, its
    /// edges, and where it leads.
    pub fn leading_to<'p>(
        &'p self,
        graph: &'p Graph<'_>,
        targets: &'p HashSet<Node>,
    ) -> impl Iterator<Item = (u32, Node, Vec<(Node, Edge)>, Node)> {
        (0..graph.len()).map(node).filter_map(move |from| {
            let mut edges = graph.edges(from).iter();
            let edge = edges.find(|e| targets.contains(&e.to))?;
            let (root, mut way) = self.to(graph, from)?;
            way.push((from, *edge));
            // A way through another of them adds nothing.
            let through = way.iter().skip(1).any(|(node, _)| targets.contains(node));
            (!through).then(|| (self.cost(from), root, way, edge.to))
        })
    }

    /// The way to a node: its root, and each edge with the node that it leaves.
    pub fn to(&self, graph: &Graph<'_>, node: Node) -> Option<(Node, Vec<(Node, Edge)>)> {
        let mut at = node;
        let mut edges = Vec::new();
        while let (_, Some((from, number))) = self.ways[at as usize]? {
            edges.push((from, graph.edges(from)[number as usize]));
            at = from;
        }
        edges.reverse();
        Some((at, edges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(Node, Node, Kind)], nodes: u32) -> Graph<'static> {
        let mut graph = Graph {
            functions: nodes as usize,
            objects: Vec::new(),
            inlined: Vec::new(),
            offsets: vec![0],
            edges: Vec::new(),
            inits: Vec::new(),
            types: 0,
        };
        for node in 0..nodes {
            let of = edges.iter().filter(|(from, ..)| *from == node);
            let of = of.map(|(_, to, kind)| Edge {
                to: *to,
                kind: *kind,
                offset: 0,
            });
            graph.edges.extend(of);
            graph
                .offsets
                .push(u32::try_from(graph.edges.len()).unwrap());
        }
        graph
    }

    #[test]
    fn calls_are_preferred_to_types() {
        let graph = graph(
            &[
                (0, 1, Kind::Type),
                (0, 2, Kind::Call),
                (2, 3, Kind::Call),
                (3, 1, Kind::Value),
            ],
            5,
        );
        let paths = Paths::find(&graph, &[(0, 0)], |_, _| true);
        let (root, edges) = paths.to(&graph, 1).unwrap();
        let way: Vec<Node> = edges.iter().map(|(from, _)| *from).collect();
        assert_eq!((root, way), (0, vec![0, 2, 3]));
        assert!(paths.to(&graph, 4).is_none());
        let paths = Paths::find(&graph, &[(0, 0)], |from, _| from != 3);
        assert_eq!(paths.to(&graph, 1).unwrap().1[0].1.kind, Kind::Type);
        assert_eq!(graph.reached([2]), [false, true, true, true, false]);
    }
}
