//! A Go program: its functions, what reaches them, and the ways there.

mod ways;

use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashSet;
use model::{GoSizes, PackageSize, WasmFunction};

pub(crate) use self::ways::best;
use crate::buildinfo::BuildInfo;
use crate::graph::{Edge, Graph, Kind, Node, build, node};
use crate::image::Image;
use crate::moduledata::Moduledata;
use crate::names::package;
use crate::pc::{Offset, PcCoding};
use crate::pclntab::{Frame, Functions};
use crate::references::References;

/// A file, and a line in it, from 1.
pub type Line = (String, u32);

/// Go's own tables in a program, with the memory that they were found in.
#[derive(Debug)]
pub struct Tables<'p, 'i, I> {
    /// Memory as it is when the program starts.
    pub image: &'i I,
    /// Where its parts lie.
    pub md: &'p Moduledata,
    /// Names, files and lines of functions.
    pub functions: Functions<'p, 'i, I>,
    /// What PCs are.
    pub coding: &'p PcCoding,
}

impl<I> Clone for Tables<'_, '_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Tables<'_, '_, I> {}

/// What a file says of its code, besides Go's own tables.
#[derive(Debug)]
pub struct Code<'p> {
    /// Where in the file the code of each function lies, by its number.
    pub bodies: &'p [Range<usize>],
    /// The index that the format gives the first of them: on WebAssembly, how many are imported.
    pub first: usize,
    /// The functions that a host may call, but for those that start or resume the program:
    /// everything runs from these.
    pub exported: Vec<Node>,
    /// What it refers to.
    pub references: References,
}

/// A Go program with its graph.
#[derive(Debug)]
pub struct Program<'p, 'i, I> {
    tables: Tables<'p, 'i, I>,
    info: &'p BuildInfo,
    bodies: &'p [Range<usize>],
    first: usize,
    graph: Graph<'i>,
    main: Vec<Node>,
    exported: Vec<Node>,
}

impl<'p, 'i, I: Image> Program<'p, 'i, I> {
    /// Find the graph of a program.
    pub fn new(tables: Tables<'p, 'i, I>, info: &'p BuildInfo, code: Code<'p>) -> Self {
        let count = code.bodies.len();
        let graph = build::graph(tables, count, code.references);
        let main = (0..count).find(|f| tables.functions.name(*f) == Some("main.main"));
        Self {
            tables,
            info,
            bodies: code.bodies,
            first: code.first,
            graph,
            main: main.map(node).into_iter().collect(),
            exported: code.exported,
        }
    }

    /// What refers to what in it.
    pub const fn graph(&self) -> &Graph<'i> {
        &self.graph
    }

    fn roots(&self) -> impl Iterator<Item = Node> {
        let roots = self.main.iter().chain(&self.graph.inits);
        roots.chain(&self.exported).copied()
    }

    /// All functions, those that exist only inlined last.
    pub fn functions(&self) -> Vec<WasmFunction> {
        let functions = self.bodies.len();
        let all = self.graph.reached(self.roots());
        let from_main = self.graph.reached(self.main.iter().copied());
        let real = (0..functions).map(|local| {
            let name = self.name(node(local));
            let place = self.tables.functions.declared(local);
            WasmFunction {
                index: Some(node(local + self.first)),
                name: name.to_owned(),
                package: package(name),
                file: place.map(|(file, _)| file.to_owned()),
                line: place.map(|(_, line)| line),
                reachable: all[local],
                reachable_from_main: from_main[local],
            }
        });
        let first = functions + self.graph.objects.len();
        let inlined = (first..).zip(&self.graph.inlined);
        let inlined = inlined.map(|(at, name)| WasmFunction {
            index: None,
            name: (*name).to_owned(),
            package: package(name),
            file: None,
            line: None,
            reachable: all[at],
            reachable_from_main: from_main[at],
        });
        real.chain(inlined).collect()
    }

    /// What Go's own tables take, and what only reflection keeps.
    pub fn tables(&self) -> GoSizes {
        let all = self.graph.reached(self.roots());
        let without = |kind| kind != Kind::Reflection;
        let called = self.graph.reached_by(self.roots(), without);
        let kept = (0..self.graph.functions).filter(|local| all[*local] && !called[*local]);
        let mut sizes = GoSizes {
            pclntab: self
                .tables
                .md
                .pclntab
                .end
                .saturating_sub(self.tables.md.pclntab.start),
            types: self.graph.types,
            ..GoSizes::default()
        };
        for local in kept {
            let range = &self.bodies[local];
            sizes.reflection += (range.end - range.start) as u64;
            sizes.reflection_functions += 1;
        }
        sizes
    }

    /// What packages take in the code section, the largest first.
    pub fn packages(&self) -> Vec<PackageSize> {
        let of = |local| package(self.name(local));
        sizes(self.bodies, of, |path| self.info.module_of(path))
    }

    /// Whether a symbol is one of the standard library, or of the linker: import paths of modules
    /// have a dot before their first slash, but for those that the build information names, and the
    /// program itself is `main`.
    pub fn is_std(&self, name: &str) -> bool {
        let path = package(name).unwrap_or_default();
        let first = path.split('/').next().unwrap_or_default();
        let named = || path == "main" || self.info.module_of(&path).is_some();
        path.starts_with("vendor/") || !(first.contains('.') || named())
    }

    /// Name of a function, real or only inlined; empty for data.
    pub fn name(&self, node: Node) -> &str {
        let at = node as usize;
        if at < self.graph.functions {
            return self.tables.functions.name(at).unwrap_or_default();
        }
        let inlined = at.checked_sub(self.graph.functions + self.graph.objects.len());
        let name = inlined.and_then(|n| self.graph.inlined.get(n));
        name.copied().unwrap_or_default()
    }

    /// All nodes that have a name, without data.
    pub fn named(&self) -> impl Iterator<Item = (Node, &str)> {
        let inlined = self.graph.functions + self.graph.objects.len()..self.graph.len();
        let nodes = (0..self.graph.functions).chain(inlined).map(node);
        nodes.map(|node| (node, self.name(node)))
    }

    /// What is inlined into a function, and where the call that each replaces would return to.
    pub fn inlined(&self, from: Node) -> impl Iterator<Item = (&str, Offset)> {
        let of = (from as usize) < self.graph.functions;
        let gofunc = self.tables.md.gofunc;
        let inlined = of.then(|| self.tables.functions.inlined(gofunc, from as usize));
        let inlined = inlined.into_iter().flatten();
        inlined.map(|i| (i.name, i.behind()))
    }

    /// Those of some places that there is code of.
    pub fn with_code(&self, places: &[Line]) -> HashSet<Line> {
        let wanted: HashSet<(&str, u32)> = places
            .iter()
            .map(|(file, line)| (file.as_str(), *line))
            .collect();
        if wanted.is_empty() {
            return HashSet::new();
        }
        let lines = (0..self.graph.functions).flat_map(|local| self.tables.functions.lines(local));
        let found = lines.filter(|place| wanted.contains(place));
        found.map(|(file, line)| (file.to_owned(), line)).collect()
    }

    /// Where an edge leaves a function, what is inlined there first.
    pub fn frames(&self, from: Node, edge: Edge) -> Vec<Frame<'_>> {
        // A call returns to what comes after it.
        let offset = edge.offset.saturating_sub(1);
        let gofunc = self.tables.md.gofunc;
        self.tables.functions.frames(gofunc, from as usize, offset)
    }
}

/// What packages take in the code section, the largest first.
pub(crate) fn sizes(
    bodies: &[Range<usize>],
    package_of: impl Fn(Node) -> Option<String>,
    module_of: impl Fn(&str) -> Option<String>,
) -> Vec<PackageSize> {
    let mut sizes: BTreeMap<Option<String>, (usize, u64)> = BTreeMap::new();
    for (local, body) in bodies.iter().enumerate() {
        let size = sizes.entry(package_of(node(local))).or_default();
        *size = (size.0 + 1, size.1 + (body.end - body.start) as u64);
    }
    let of = |(package, (functions, code)): (Option<String>, (usize, u64))| PackageSize {
        module: package.as_deref().and_then(&module_of),
        package,
        functions,
        code,
    };
    let mut sizes: Vec<PackageSize> = sizes.into_iter().map(of).collect();
    sizes.sort_by(|a, b| (b.code, &a.package).cmp(&(a.code, &b.package)));
    sizes
}
