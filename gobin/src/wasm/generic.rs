//! A module that Go's linker did not write: what its instructions, its table and its name section
//! say of who calls whom.
//!
//! An indirect call may lead to any function of the table that has its type: that is a node of its
//! own, so that the graph stays small.

use hashbrown::{HashMap, HashSet};
use model::{
    PackageSize, PathLevel, PathRoot, PathStep, Producer, StepKind, WasmFunction, WasmPath,
};
use wasmparser::Operator;

use super::calls::body_at;
use super::sections::Sections;
use crate::graph::{Edge, Graph, Kind, Node, Object, What, node};
use crate::names::package;
use crate::paths::Paths;
use crate::pc::NO_OFFSET;
use crate::program::{best, sizes};

/// The module with its graph.
#[derive(Debug)]
pub struct Generic<'m, 'w> {
    sections: &'m Sections<'w>,
    producer: Producer,
    graph: Graph<'static>,
    roots: Vec<Node>,
}

impl<'m, 'w> Generic<'m, 'w> {
    pub(super) fn read(sections: &'m Sections<'w>, bytes: &[u8], producer: Producer) -> Self {
        let functions = sections.bodies.len();
        let mut edges = Vec::new();
        let mut types: HashMap<u32, Node> = HashMap::new();
        for (local, body) in sections.bodies.iter().enumerate() {
            let Ok(mut operators) = body_at(bytes, body).get_operators_reader() else {
                continue;
            };
            while let Ok(operator) = operators.read() {
                let (index, kind) = match operator {
                    Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                        (function_index, Kind::Call)
                    }
                    Operator::RefFunc { function_index } => (function_index, Kind::Value),
                    Operator::CallIndirect { type_index, .. }
                    | Operator::ReturnCallIndirect { type_index, .. } => {
                        let next = node(functions + types.len());
                        let to = *types.entry(type_index).or_insert(next);
                        edges.push((node(local), edge(to, Kind::Value)));
                        continue;
                    }
                    _ => continue,
                };
                if let Some(to) = sections.local(index) {
                    edges.push((node(local), edge(to, kind)));
                }
            }
        }
        let table: HashSet<Node> = sections
            .elements
            .iter()
            .flat_map(|(_, functions)| functions)
            .filter_map(|index| sections.local(*index))
            .collect();
        for to in table {
            let ty = sections.types.get(to as usize);
            if let Some(from) = ty.and_then(|ty| types.get(ty)) {
                edges.push((*from, edge(to, Kind::Value)));
            }
        }
        let object = Object {
            start: 0,
            end: 0,
            what: What::Constant,
        };
        let exported = sections.exported.iter().chain(&sections.start);
        let roots = exported.filter_map(|index| sections.local(*index));
        Self {
            roots: roots.collect(),
            sections,
            producer,
            graph: Graph::new(functions, vec![object; types.len()], Vec::new(), edges),
        }
    }

    fn name(&self, local: Node) -> String {
        let named = self.sections.name(local as usize);
        named.map_or_else(
            || {
                let index = self.sections.imports.len() + local as usize;
                let export = self
                    .sections
                    .exported
                    .iter()
                    .position(|e| *e as usize == index);
                let export = export.and_then(|at| self.sections.exports.get(at));
                export.map_or_else(|| format!("function {index}"), Clone::clone)
            },
            str::to_owned,
        )
    }

    /// All functions. Nothing says where they are from.
    pub fn functions(&self) -> Vec<WasmFunction> {
        let reached = self.graph.reached(self.roots.iter().copied());
        let count = node(self.graph.functions);
        let main: Vec<Node> = (0..count)
            .filter(|n| self.name(*n) == "main.main")
            .collect();
        let from_main = self.graph.reached(main);
        let all = (0..count).map(|local| {
            let name = self.name(local);
            WasmFunction {
                index: Some(local + node(self.sections.imports.len())),
                package: (self.producer == Producer::Tinygo)
                    .then(|| tinygo_package(&name))
                    .flatten(),
                name,
                file: None,
                line: None,
                reachable: reached[local as usize],
                reachable_from_main: from_main[local as usize],
            }
        });
        all.collect()
    }

    /// What Go packages and Rust crates take; nothing for modules that name neither.
    pub(super) fn packages(&self) -> Vec<PackageSize> {
        let of = |local| match self.producer {
            Producer::Tinygo => tinygo_package(&self.name(local)),
            _ => rust_crate(self.sections.name(local as usize)?),
        };
        let sizes = sizes(&self.sections.bodies, of, |_| None);
        let named = sizes.iter().any(|size| size.package.is_some());
        if named { sizes } else { Vec::new() }
    }

    /// The ways to the functions of a name, one for each function that calls one.
    pub fn ways(&self, symbol: &str, count: usize) -> Vec<WasmPath> {
        let roots: Vec<(Node, u32)> = self.roots.iter().map(|root| (*root, 0)).collect();
        let paths = Paths::find(&self.graph, &roots, |_, _| true);
        let functions = 0..node(self.graph.functions);
        let into: HashSet<Node> = functions.filter(|n| self.name(*n) == symbol).collect();
        let ways = paths.leading_to(&self.graph, &into);
        let ways = ways.map(|(cost, _, way, to)| (cost, self.path(&way, to)));
        let mut found: Vec<(u32, WasmPath)> = ways.collect();
        let roots = self.roots.iter().filter(|root| into.contains(*root));
        found.extend(roots.map(|root| (0, self.path(&[], *root))));
        best(found, count)
    }

    fn path(&self, way: &[(Node, Edge)], to: Node) -> WasmPath {
        let mut level = PathLevel::Direct;
        let mut steps: Vec<PathStep> = Vec::new();
        let step = |local: Node, how| PathStep {
            function: self.name(local),
            file: None,
            line: None,
            how,
            through: None,
        };
        for (from, edge) in way {
            let direct = edge.kind == Kind::Call;
            if !direct {
                level = PathLevel::FunctionValue;
            }
            let how = if direct {
                StepKind::Call
            } else {
                StepKind::FunctionValue
            };
            if (*from as usize) < self.graph.functions {
                steps.push(step(*from, Some(how)));
            }
        }
        steps.push(step(to, None));
        WasmPath {
            root: PathRoot::Export,
            level,
            steps,
        }
    }
}

/// The package of a function of TinyGo, which writes `(*go/printer.printer).print`.
fn tinygo_package(name: &str) -> Option<String> {
    let plain = name.trim_start_matches(['(', '*']);
    package(plain)
}

/// The crate of a function of Rust, its name mangled or not: `core` of `<&T as
/// core::fmt::Display>::fmt`, since that is where the code is from.
fn rust_crate(name: &str) -> Option<String> {
    let plain = rustc_demangle::demangle(name).to_string();
    // Names of C have no path.
    plain.contains("::").then_some(())?;
    let of_type = |text: &str| {
        let (ty, of_trait) = text.split_once(" as ").unwrap_or((text, ""));
        let path = if ty.contains("::") { ty } else { of_trait };
        let path = path.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        path.trim_start_matches("mut ")
            .trim_start_matches("dyn ")
            .to_owned()
    };
    let path = match plain.strip_prefix('<') {
        Some(inside) => of_type(inside),
        None => plain,
    };
    let (first, _) = path.split_once("::")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // The hash of the crate, as `core[5f8a…]`.
    let first = first.split('[').next().unwrap_or(first);
    (!first.is_empty() && first.chars().all(is_name)).then(|| first.to_owned())
}

const fn edge(to: Node, kind: Kind) -> Edge {
    Edge {
        to,
        kind,
        offset: NO_OFFSET,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Contents, inspect};

    const MODULE: &str = r#"(module
        (type $unary (func (param i32) (result i32)))
        (type $binary (func (param i32 i32) (result i32)))
        (import "env" "log" (func $log (param i32)))
        (table 4 funcref)
        (elem (i32.const 1) func $double $add)
        (func $double (type $unary) (call $log (local.get 0)) (call $leaf))
        (func $add (type $binary) (i32.const 0))
        (func $leaf (result i32) (i32.const 1))
        (func $dead (result i32) (call $leaf))
        (func $run (export "run") (result i32)
            (call_indirect (type $unary) (i32.const 1) (i32.const 1))))"#;

    #[test]
    fn a_module_that_is_cut_at_any_byte_is_read_or_refused() {
        let whole = wat::parse_str(MODULE).unwrap();
        let read = |end: usize| inspect("x", whole[..end].to_vec(), |_| ());
        let complete = (0..whole.len()).filter(|end| read(*end).is_ok()).count();
        // Only between sections does one seem whole.
        assert!(complete < 10, "{complete} of {}", whole.len());
        assert_eq!(read(whole.len()).unwrap().0.function_count, 5);
    }

    #[test]
    fn names_of_rust_tell_their_crate() {
        for (name, of) in [
            (
                "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
                Some("core"),
            ),
            (
                "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
                Some("alloc"),
            ),
            ("_RNvCs1234_7mycrate3foo", Some("mycrate")),
            (
                "hashbrown::raw::RawTable<T,A>::reserve_rehash",
                Some("hashbrown"),
            ),
            ("<T as core::any::Any>::type_id", Some("core")),
            (
                "<&mut dyn std::io::Write as core::fmt::Write>::write_str",
                Some("std"),
            ),
            ("malloc", None),
            ("main.main", None),
        ] {
            assert_eq!(super::rust_crate(name).as_deref(), of, "{name}");
        }
    }

    #[test]
    fn indirect_calls_lead_to_what_has_their_type() {
        let bytes = wat::parse_str(MODULE).unwrap();
        let ask = |contents: Contents<'_>| (contents.functions(), contents.ways("leaf", 3));
        let (_, (functions, ways)) = inspect("x", bytes, ask).unwrap();
        let reached: Vec<(&str, Option<u32>, bool)> = functions
            .iter()
            .map(|f| (f.name.as_str(), f.index, f.reachable))
            .collect();
        assert_eq!(
            reached,
            [
                ("double", Some(1), true),
                ("add", Some(2), false),
                ("leaf", Some(3), true),
                ("dead", Some(4), false),
                ("run", Some(5), true)
            ]
        );
        let steps = ways[0].steps.iter().map(|s| s.function.as_str());
        assert_eq!(steps.collect::<Vec<_>>(), ["run", "double", "leaf"]);
        assert_eq!(ways.len(), 1, "{ways:?}");
    }
}
