//! A Go program: its functions, what reaches them, and the ways there.

use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashSet;
use model::{
    GoSizes, PackageSize, PathLevel, PathRoot, PathStep, StepKind, WasmFunction, WasmPath,
};
use wasmparser::{Element, ElementItems, ElementKind, Operator};

use super::build::{self, Parts};
use super::buildinfo::BuildInfo;
use super::code::{Code, NO_PC};
use super::graph::{Edge, Graph, Kind, Node, What};
use super::image::Image;
use super::moduledata::Moduledata;
use super::paths::Paths;
use super::pclntab::{Frame, Pclntab};
use super::types;
use super::{Line, Sections};

/// The functions of an active segment of the first table, and its offset.
pub(super) fn elements(element: &Element<'_>) -> Option<(u32, Vec<u32>)> {
    let ElementKind::Active {
        table_index: None | Some(0),
        offset_expr,
    } = &element.kind
    else {
        return None;
    };
    let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read() else {
        return None;
    };
    let ElementItems::Functions(functions) = &element.items else {
        return None;
    };
    let functions = functions.clone().into_iter().map_while(Result::ok);
    Some((value.cast_unsigned(), functions.collect()))
}

/// A Go program with its graph.
pub(super) struct Program<'p, 'i> {
    sections: &'p Sections<'p>,
    info: &'p BuildInfo,
    image: &'i Image,
    pclntab: &'p Pclntab<'i>,
    md: Moduledata,
    pub(super) graph: Graph<'i>,
    main: Vec<Node>,
    exported: Vec<Node>,
}

/// What a way from an initialiser costs more than one from `main.main`.
const INIT: u32 = 20;

impl<'p, 'i> Program<'p, 'i> {
    /// None when the program has no moduledata that makes sense.
    pub(super) fn read(
        sections: &'p Sections<'p>,
        info: &'p BuildInfo,
        image: &'i Image,
        pclntab: &'p Pclntab<'i>,
        code: Code,
        table: &[Option<u32>],
    ) -> Option<Self> {
        let (address, in_functions) = pclntab.address();
        let md = Moduledata::find(image, address, in_functions)?;
        let (functions, imports) = (sections.bodies.len(), sections.imports.len());
        let parts = Parts {
            image,
            md: &md,
            pclntab,
            table,
            functions,
            imports,
        };
        let graph = build::graph(&parts, code);
        let main = (0..functions).find(|f| pclntab.name(*f) == Some("main.main"));
        // What the host calls to start or resume a program is no root: everything runs from it.
        let entry = ["_start", "_initialize", "run", "resume", "getsp"];
        let exports = sections.exports.iter().zip(&sections.exported);
        let exported = exports
            .filter(|(name, _)| !entry.contains(&name.as_str()))
            .filter_map(|(_, index)| (*index as usize).checked_sub(imports))
            .filter(|local| *local < functions)
            .map(node);
        Some(Self {
            main: main.map(node).into_iter().collect(),
            exported: exported.collect(),
            sections,
            info,
            image,
            pclntab,
            md,
            graph,
        })
    }

    fn roots(&self) -> impl Iterator<Item = Node> {
        let roots = self.main.iter().chain(&self.graph.inits);
        roots.chain(&self.exported).copied()
    }

    /// All functions, those that exist only inlined last.
    pub(super) fn functions(&self) -> Vec<WasmFunction> {
        let (functions, imports) = (self.sections.bodies.len(), self.sections.imports.len());
        let all = self.graph.reached(self.roots());
        let from_main = self.graph.reached(self.main.iter().copied());
        let real = (0..functions).map(|local| {
            let name = self.name(node(local));
            let place = self.pclntab.declared(local);
            WasmFunction {
                index: Some(node(local + imports)),
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
    pub(super) fn tables(&self) -> GoSizes {
        let all = self.graph.reached(self.roots());
        let without = |kind| kind != Kind::Reflection;
        let called = self.graph.reached_by(self.roots(), without);
        let kept = (0..self.graph.functions).filter(|local| all[*local] && !called[*local]);
        let mut sizes = GoSizes {
            pclntab: self.md.pclntab.end.saturating_sub(self.md.pclntab.start),
            types: self.graph.types,
            ..GoSizes::default()
        };
        for local in kept {
            let range = &self.sections.bodies[local];
            sizes.reflection += (range.end - range.start) as u64;
            sizes.reflection_functions += 1;
        }
        sizes
    }

    /// What packages take in the code section, the largest first.
    pub(super) fn packages(&self) -> Vec<PackageSize> {
        let of = |local| package(self.name(local));
        sizes(&self.sections.bodies, of, |path| self.info.module_of(path))
    }

    /// Whether a symbol is one of the standard library, or of the linker: import paths of modules
    /// have a dot before their first slash, but for those that the build information names, and the
    /// program itself is `main`.
    pub(super) fn is_std(&self, name: &str) -> bool {
        let path = package(name).unwrap_or_default();
        let first = path.split('/').next().unwrap_or_default();
        let named = || path == "main" || self.info.module_of(&path).is_some();
        path.starts_with("vendor/") || !(first.contains('.') || named())
    }

    /// Name of a function, real or only inlined; empty for data.
    pub(super) fn name(&self, node: Node) -> &str {
        let at = node as usize;
        if at < self.graph.functions {
            let name = self.pclntab.name(at).or_else(|| self.sections.name(at));
            return name.unwrap_or_default();
        }
        let inlined = at.checked_sub(self.graph.functions + self.graph.objects.len());
        let name = inlined.and_then(|n| self.graph.inlined.get(n));
        name.copied().unwrap_or_default()
    }

    /// All nodes that have a name, without data.
    pub(super) fn named(&self) -> impl Iterator<Item = (Node, &str)> {
        let inlined = self.graph.functions + self.graph.objects.len()..self.graph.len();
        let nodes = (0..self.graph.functions).chain(inlined).map(node);
        nodes.map(|node| (node, self.name(node)))
    }

    // Ways.

    /// Ways that do not lead through the insides of the runtime, which touches everything.
    pub(super) fn paths(&self) -> Paths {
        let roots: Vec<(Node, u32)> = self
            .main
            .iter()
            .map(|root| (*root, 0))
            .chain(self.graph.inits.iter().map(|root| (*root, INIT)))
            .chain(self.exported.iter().map(|root| (*root, 0)))
            .collect();
        let functions = self.graph.functions;
        let inside = (0..functions).map(|local| is_runtime(self.name(node(local))));
        let inside: Vec<bool> = inside.collect();
        Paths::find(&self.graph, &roots, |from, edge| {
            let leaves = inside.get(from as usize) == Some(&true);
            let stays = match inside.get(edge.to as usize) {
                Some(inside) => *inside,
                None => is_runtime(self.name(edge.to)),
            };
            !leaves || stays
        })
    }

    /// The ways to the functions of a name, one for each place that leads there, the most
    /// believable first, at most `count`.
    pub(super) fn ways(&self, symbol: &str, count: usize) -> Vec<WasmPath> {
        let wanted = spelling(symbol);
        let targets: Vec<Node> = self
            .named()
            .filter(|(_, name)| spelling(name) == wanted)
            .map(|(node, _)| node)
            .collect();
        let paths = self.paths();
        let into: HashSet<Node> = targets.iter().copied().collect();
        let ways = paths.leading_to(&self.graph, &into);
        let ways = ways.map(|(cost, root, way, to)| (cost, self.path(root, &way, to)));
        let mut found: Vec<(u32, WasmPath)> = ways.collect();
        let roots = self.roots().filter(|root| into.contains(root));
        found.extend(roots.map(|root| (0, self.path(root, &[], root))));
        best(found, count)
    }

    /// A way in words: of its data, what it leads through.
    pub(super) fn path(&self, root: Node, way: &[(Node, Edge)], to: Node) -> WasmPath {
        let mut steps: Vec<PathStep> = Vec::new();
        let mut level = Kind::Call;
        for (from, edge) in way {
            level = level.max(edge.kind);
            if (*from as usize) < self.graph.functions {
                self.step(*from, *edge, &mut steps);
            } else if let Some(step) = steps.last_mut() {
                // Data on the way: the strongest kind of reference is told.
                step.how = step.how.max(Some(kind(edge.kind)));
            }
            let through = self.through(edge.to);
            if let Some(step) = steps.last_mut().filter(|_| through.is_some()) {
                step.through = through;
            }
        }
        let declared = self.pclntab.declared(to as usize);
        steps.push(PathStep {
            function: self.name(to).to_owned(),
            file: declared.map(|(file, _)| file.to_owned()),
            line: declared.map(|(_, line)| line),
            how: None,
            through: None,
        });
        let root = if self.main.contains(&root) {
            PathRoot::Main
        } else if self.exported.contains(&root) {
            PathRoot::Export
        } else {
            PathRoot::Init
        };
        WasmPath {
            root,
            level: path_level(level),
            steps,
        }
    }

    /// A function, and what is inlined into it at a place, outermost first.
    fn step(&self, from: Node, edge: Edge, steps: &mut Vec<PathStep>) {
        let local = from as usize;
        let step = |function: &str, place: Option<(&str, u32)>| PathStep {
            function: function.to_owned(),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.map(|(_, line)| line),
            how: Some(StepKind::Inlined),
            through: None,
        };
        if edge.pc == NO_PC {
            steps.push(step(self.name(from), self.pclntab.declared(local)));
        } else {
            steps.extend(
                self.frames(from, edge)
                    .iter()
                    .rev()
                    .map(|frame| step(frame.name, frame.place)),
            );
        }
        if let Some(last) = steps.last_mut() {
            last.how = Some(kind(edge.kind));
        }
    }

    /// What is inlined into a function, and the resume point after each.
    pub(super) fn inlined(&self, from: Node) -> impl Iterator<Item = (&str, u16)> {
        let of = (from as usize) < self.graph.functions;
        let (image, gofunc) = (self.image, self.md.gofunc);
        let inlined = of.then(|| self.pclntab.inlined(image, gofunc, from as usize));
        let inlined = inlined.into_iter().flatten();
        inlined.map(|i| (i.name, u16::try_from(i.pc + 1).unwrap_or(NO_PC)))
    }

    /// The places that there is code of.
    pub(super) fn with_code(&self, places: &[Line]) -> HashSet<Line> {
        let wanted: HashSet<(&str, u32)> = places
            .iter()
            .map(|(file, line)| (file.as_str(), *line))
            .collect();
        if wanted.is_empty() {
            return HashSet::new();
        }
        let lines = (0..self.graph.functions).flat_map(|local| self.pclntab.lines(local));
        let found = lines.filter(|place| wanted.contains(place));
        found.map(|(file, line)| (file.to_owned(), line)).collect()
    }

    /// Where an edge leaves a function, what is inlined there first.
    pub(super) fn frames(&self, from: Node, edge: Edge) -> Vec<Frame<'_>> {
        let pc = u64::from(edge.pc).saturating_sub(1);
        self.pclntab
            .frames(self.image, self.md.gofunc, from as usize, pc)
    }

    /// What is to be said of data on a way: the types of an itab, or a type.
    fn through(&self, node: Node) -> Option<String> {
        let at = (node as usize).checked_sub(self.graph.functions)?;
        let object = self.graph.objects.get(at)?;
        let name = |at: u64| types::name(self.image, &self.md, at);
        match object.what {
            What::Type => name(object.start),
            What::Itab => {
                let interface = name(self.image.pointer(object.start)?)?;
                let ty = name(self.image.pointer(object.start + 8)?)?;
                Some(format!("{ty} as {interface}"))
            }
            What::Data | What::Constant | What::End => None,
        }
    }
}

/// The best of some ways, each with what it costs.
pub(super) fn best(mut found: Vec<(u32, WasmPath)>, count: usize) -> Vec<WasmPath> {
    found.sort_by(|a, b| (a.0, &a.1.steps).cmp(&(b.0, &b.1.steps)));
    found.dedup_by(|a, b| a.1 == b.1);
    let ways = found.into_iter().map(|(_, path)| path);
    ways.take(count).collect()
}

pub(super) fn node(n: usize) -> Node {
    u32::try_from(n).unwrap_or(u32::MAX)
}

const fn kind(kind: Kind) -> StepKind {
    match kind {
        Kind::Call => StepKind::Call,
        Kind::Inlined => StepKind::Inlined,
        Kind::Value => StepKind::FunctionValue,
        Kind::Itab => StepKind::Interface,
        Kind::Data => StepKind::Variable,
        Kind::Type => StepKind::Methods,
        Kind::Reflection => StepKind::Reflection,
    }
}

const fn path_level(kind: Kind) -> PathLevel {
    match kind {
        Kind::Call | Kind::Inlined => PathLevel::Direct,
        Kind::Value => PathLevel::FunctionValue,
        Kind::Itab => PathLevel::Interface,
        Kind::Data => PathLevel::Variable,
        Kind::Type => PathLevel::Methods,
        Kind::Reflection => PathLevel::Reflection,
    }
}

/// Whether a function is one of the runtime's own.
fn is_runtime(name: &str) -> bool {
    ["runtime.", "internal/runtime/", "runtime/internal/"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// One spelling for methods of values and of pointers, and for all instances of a generic one.
pub(super) fn spelling(name: &str) -> String {
    let plain = name.split('[').next().unwrap_or(name);
    plain.replace("(*", "").replace(')', "")
}

/// The import path in a symbol name: up to the first dot after the last slash, both before the
/// first bracket; dots in its last element are written `%2e` (`cmd/internal/objabi/path.go`).
pub(super) fn package(name: &str) -> Option<String> {
    let plain = name.split('[').next().unwrap_or(name);
    if plain.starts_with("go:") || plain.starts_with("type:") {
        return None;
    }
    let start = plain.rfind('/').map_or(0, |slash| slash + 1);
    let dot = start + plain[start..].find('.')?;
    Some(unescaped(&plain[..dot]))
}

/// What packages take in the code section, the largest first.
pub(super) fn sizes(
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

/// `%2e` and the like.
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii) {
            text.push(char::from(byte));
            text.push_str(&part[2..]);
        } else {
            text.push('%');
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_spelled_alike() {
        assert_eq!(spelling("os.(*File).Chmod"), spelling("os.File.Chmod"));
        assert_eq!(spelling("a.F[go.shape.int]"), "a.F");
        assert!(is_runtime("internal/runtime/maps.newobject") && !is_runtime("os.runtime_args"));
    }

    #[test]
    fn packages_end_at_a_dot() {
        for (name, path) in [
            ("os.(*File).Close", Some("os")),
            ("gopkg.in/yaml%2ev3.Marshal", Some("gopkg.in/yaml.v3")),
            ("example.com/a.F[example.com/b/c.T]", Some("example.com/a")),
            ("slices.Sort[go.shape.[]string]", Some("slices")),
            ("type:.eq.main.T", None),
            ("go:buildid", None),
            ("memeqbody", None),
            ("a%zz/b.F", Some("a%zz/b")),
        ] {
            assert_eq!(package(name).as_deref(), path, "{name}");
        }
    }
}
