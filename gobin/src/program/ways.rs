//! Ways from where a program begins to its functions, as steps of a report.

use hashbrown::HashSet;
use model::{PathLevel, PathRoot, PathStep, StepKind, WasmPath};

use super::{Program, Tables};
use crate::graph::{Edge, Kind, Node, What, node};
use crate::image::Image;
use crate::names::{is_runtime, spelling};
use crate::paths::Paths;
use crate::pc::NO_OFFSET;
use crate::types::Types;

/// What a way from an initialiser costs more than one from `main.main`.
const INIT: u32 = 20;

impl<I: Image> Program<'_, '_, I> {
    /// Ways that do not lead through the insides of the runtime, which touches everything.
    pub fn paths(&self) -> Paths {
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
    pub fn ways(&self, symbol: &str, count: usize) -> Vec<WasmPath> {
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

    /// A way as text: of its data, what it leads through.
    pub fn path(&self, root: Node, way: &[(Node, Edge)], to: Node) -> WasmPath {
        let mut steps: Vec<PathStep> = Vec::new();
        let mut level = Kind::Call;
        for (from, edge) in way {
            level = level.max(edge.kind);
            if (*from as usize) < self.graph.functions {
                self.step(*from, *edge, &mut steps);
            } else if let Some(step) = steps.last_mut() {
                // Data on the way: the strongest kind of reference is shown.
                step.how = step.how.max(Some(kind(edge.kind)));
            }
            let through = self.through(edge.to);
            if let Some(step) = steps.last_mut().filter(|_| through.is_some()) {
                step.through = through;
            }
        }
        let declared = self.tables.functions.declared(to as usize);
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
        if edge.offset == NO_OFFSET {
            steps.push(step(self.name(from), self.tables.functions.declared(local)));
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

    /// What is shown of data on a way: the types of an itab, or a type.
    fn through(&self, node: Node) -> Option<String> {
        let at = (node as usize).checked_sub(self.graph.functions)?;
        let object = self.graph.objects.get(at)?;
        let Tables {
            image, md, coding, ..
        } = self.tables;
        let types = Types::new(image, md, coding);
        let name = |at: u64| types.name(at);
        match object.what {
            What::Type => name(object.start),
            What::Itab => {
                let interface = name(image.pointer(object.start)?)?;
                let ty = name(image.pointer(object.start + image.pointer_size())?)?;
                Some(format!("{ty} as {interface}"))
            }
            What::Data | What::Constant | What::End => None,
        }
    }
}

/// The best of some ways, each with what it costs.
pub(crate) fn best(mut found: Vec<(u32, WasmPath)>, count: usize) -> Vec<WasmPath> {
    found.sort_by(|a, b| (a.0, &a.1.steps).cmp(&(b.0, &b.1.steps)));
    found.dedup_by(|a, b| a.1 == b.1);
    let ways = found.into_iter().map(|(_, path)| path);
    ways.take(count).collect()
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
