//! The functions of the standard library in a Go program that behave differently on wasm, and who uses them.

use std::collections::BTreeSet;

use gobin::{Edge, Kind, NO_OFFSET, Node, Paths, Program, WasmImage, node, spelling};
use hashbrown::{HashMap, HashSet};
use model::{Goos, Target, WasmPath, WasmSink};

use crate::std::behaviours::{all_behaviours, sink_behaviours};

/// A place outside the standard library from where a program gets to such a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkUse {
    /// The function, as in `wasmcheck std`.
    pub symbol: &'static str,
    /// File of the place, as the build has it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The most believable way through the place to the function.
    pub path: WasmPath,
}

/// What is known of functions, by their spelling.
type BehaviourTargets = HashMap<String, (&'static str, Vec<Target>)>;

fn known(goos: Goos, release: u32) -> BehaviourTargets {
    let mut known = BehaviourTargets::new();
    for (symbol, rows) in all_behaviours() {
        let rows = rows.iter().filter(|row| row.versions.has(release));
        let targets = rows.flat_map(|row| &row.targets).copied();
        let here: BTreeSet<Target> = targets.filter(|t| t.goos() == goos).collect();
        if !here.is_empty() {
            known.insert(spelling(symbol), (symbol, here.into_iter().collect()));
        }
    }
    known
}

/// The sinks of a program, and the ways there.
pub(super) struct Sinks<'s, 'p, 'i> {
    program: &'s Program<'p, 'i, WasmImage>,
    /// The function of each, as `wasmcheck std` has it, and where it fails.
    nodes: HashMap<Node, (&'static str, Vec<Target>)>,
    /// By the linker's name.
    named: HashMap<&'s str, Node>,
    paths: Paths,
}

impl<'s, 'p, 'i> Sinks<'s, 'p, 'i> {
    /// The functions that are known to fail, fake or lie on this `GOOS`.
    pub(super) fn of(program: &'s Program<'p, 'i, WasmImage>, goos: Goos, release: u32) -> Self {
        let known = known(goos, release);
        let (mut nodes, mut named) = (HashMap::new(), HashMap::new());
        for (at, name) in program.named() {
            if let Some(sink) = known.get(&spelling(name)) {
                nodes.insert(at, sink.clone());
                named.insert(name, at);
            }
        }
        Self {
            program,
            nodes,
            named,
            paths: program.paths(),
        }
    }

    /// All that are in the program, reached or not.
    pub(super) fn symbols(&self) -> HashSet<&'static str> {
        self.nodes.values().map(|(symbol, _)| *symbol).collect()
    }

    /// Those that can be reached, by the most believable way. Those that run at initialisation come
    /// first.
    pub(super) fn reached(&self) -> Vec<WasmSink> {
        let sink = |(at, (symbol, targets)): (&Node, &(&'static str, Vec<Target>))| {
            let (root, way) = self.paths.to(self.program.graph(), *at)?;
            let path = self.program.path(root, &way, *at);
            // The call that leaves the program's own code, and those of its modules.
            let callers = &path.steps[..path.steps.len().saturating_sub(1)];
            let last = callers.last();
            Some(WasmSink {
                symbol: (*symbol).to_owned(),
                behaviours: sink_behaviours(symbol, targets),
                targets: targets.clone(),
                inside_std: last.is_some_and(|s| self.program.is_std(&s.function)),
                path,
            })
        };
        let mut sinks: Vec<WasmSink> = self.nodes.iter().filter_map(sink).collect();
        sinks.sort_by(|a, b| {
            let key = |s: &WasmSink| (s.inside_std, !s.is_init(), s.path.level);
            let by_name = (&a.symbol, &a.path.steps).cmp(&(&b.symbol, &b.path.steps));
            key(a).cmp(&key(b)).then(by_name)
        });
        sinks.dedup_by(|a, b| a.symbol == b.symbol);
        sinks
    }

    /// The places outside the standard library that use them.
    pub(super) fn uses(&self) -> Vec<SinkUse> {
        let functions = (0..self.program.graph().functions()).map(node);
        let mut uses: Vec<SinkUse> = functions.flat_map(|from| self.of_function(from)).collect();
        uses.sort_by(|a, b| (&a.file, a.line, a.symbol).cmp(&(&b.file, b.line, b.symbol)));
        uses.dedup_by(|a, b| (&a.file, a.line, a.symbol) == (&b.file, b.line, b.symbol));
        uses
    }

    /// The uses in the code of a function.
    fn of_function(&self, from: Node) -> Vec<SinkUse> {
        let graph = self.program.graph();
        let edges = graph.edges(from).iter();
        let mut uses: Vec<SinkUse> = edges.filter_map(|edge| self.edge(from, *edge)).collect();
        // A function that exists by itself, too, may be inlined here.
        uses.extend(self.program.inlined(from).filter_map(|(name, offset)| {
            let to = *self.named.get(name)?;
            let kind = Kind::Inlined;
            self.place(from, vec![(from, Edge { to, kind, offset })], to)
        }));
        uses
    }

    /// A sink that an edge leads to, itself or as a function value.
    fn edge(&self, from: Node, edge: Edge) -> Option<SinkUse> {
        let mut way = vec![(from, edge)];
        let mut to = edge.to;
        let graph = self.program.graph();
        if !self.nodes.contains_key(&to) && graph.is_constant(to) {
            let value = *graph.edges(to).first()?;
            way.push((to, value));
            to = value.to;
        }
        self.place(from, way, to)
    }

    fn place(&self, from: Node, way: Vec<(Node, Edge)>, to: Node) -> Option<SinkUse> {
        let (symbol, _) = self.nodes.get(&to)?;
        let (_, edge) = way.first().filter(|(_, edge)| edge.offset != NO_OFFSET)?;
        let frames = self.program.frames(from, *edge);
        let frame = frames.first()?;
        let (file, line) = frame.place.filter(|_| !self.program.is_std(frame.name))?;
        let (root, mut before) = self.paths.to(self.program.graph(), from)?;
        before.extend(way);
        Some(SinkUse {
            symbol,
            file: file.to_owned(),
            line,
            path: self.program.path(root, &before, to),
        })
    }
}
