//! From the bytes of a Go program to its graph.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hashbrown::{HashMap, HashSet};

use super::code::{Code, Constant, NO_PC};
use super::graph::{Edge, Graph, Kind, Node, Object, What};
use super::image::Image;
use super::moduledata::{Itabs, Moduledata};
use super::objects::{Alignment, Layout, Mask};
use super::pclntab::{FIRST, Pclntab};
use super::types::{self, Descriptor, Signature};

/// What a graph is made of.
pub(super) struct Parts<'p, 'i> {
    pub(super) image: &'i Image,
    pub(super) md: &'p Moduledata,
    pub(super) pclntab: &'p Pclntab<'i>,
    /// Positions in the code section, by position in the function table.
    pub(super) table: &'p [Option<u32>],
    /// Functions of the code section, and those that are imported.
    pub(super) functions: usize,
    pub(super) imports: usize,
}

/// Find the graph. What it is made of goes away as soon as it can: a program has a lot of it.
pub(super) fn graph<'i>(parts: &Parts<'_, 'i>, code: Code) -> Graph<'i> {
    let mut builder = Builder::new(parts, code);
    builder.find_types();
    builder.find_reflection();
    builder.find_objects();
    builder.edges_of_code();
    builder.edges_of_objects();
    let types = builder.types.iter().map(|(at, ty)| ty.end - at).sum();
    builder.types.clear();
    let inlined = builder.inlined();
    let inits = builder.inits();
    Graph {
        inits,
        types,
        ..Graph::new(parts.functions, builder.objects, inlined, builder.edges)
    }
}

struct Builder<'p, 'i> {
    parts: &'p Parts<'p, 'i>,
    code: Code,
    mask: Mask,
    types: BTreeMap<u64, Descriptor>,
    /// The methods that interfaces want.
    wanted: HashSet<Signature>,
    /// Methods may be looked up by names that the program makes: the linker has kept all that are
    /// exported.
    reflects: bool,
    /// Starts and ends of itabs.
    itabs: BTreeMap<u64, u64>,
    /// In order of their starts.
    objects: Vec<Object>,
    edges: Vec<(Node, Edge)>,
}

impl<'p, 'i> Builder<'p, 'i> {
    fn new(parts: &'p Parts<'p, 'i>, code: Code) -> Self {
        Self {
            parts,
            code,
            mask: Mask::run(parts.image, parts.md.gcdata, &parts.md.data),
            types: BTreeMap::new(),
            wanted: HashSet::new(),
            reflects: false,
            itabs: BTreeMap::new(),
            objects: Vec::new(),
            edges: Vec::new(),
        }
    }

    /// Read-only data: all before the function table, and since Go 1.27 the types and what has
    /// pointers behind it.
    fn constants(&self) -> [Range<u64>; 2] {
        let md = self.parts.md;
        let before = self.parts.image.start()..md.pclntab.start.min(md.findfunctab);
        // Up to 1.26 only lists follow, of all types and itabs.
        let behind = if md.is_127 { md.pclntab.end } else { md.own };
        [before, behind..md.own]
    }

    /// The end of the read-only data around an address.
    fn end_of_constants(&self, address: u64) -> Option<u64> {
        let mut ranges = self.constants().into_iter();
        let around = ranges.find(|range| range.contains(&address))?;
        Some(around.end)
    }

    fn words(&self, range: &Range<u64>) -> impl Iterator<Item = (u64, u64)> + use<'i> {
        let start = range.start.next_multiple_of(8);
        let image = self.parts.image;
        let bytes = image.from(start).unwrap_or_default();
        let count = usize::try_from(range.end.saturating_sub(start) / 8).unwrap_or(0);
        let words = bytes.chunks_exact(8).take(count);
        words.zip(0_u64..).map(move |(bytes, n)| {
            let word = bytes.try_into().map_or(0, u64::from_le_bytes);
            (start + n * 8, word)
        })
    }

    // Types and itabs.

    /// All types that code or data refer to, and those that they refer to.
    fn find_types(&mut self) {
        let Parts {
            image, md, table, ..
        } = *self.parts;
        let in_code = self.code.addresses.iter().map(|c| u64::from(c.value));
        let constants = self.constants();
        let constants = constants.iter().flat_map(|range| self.words(range));
        let constants = constants.map(|(_, word)| word);
        let data = self.words(&md.data).map(|(_, word)| word);
        let all = in_code.chain(constants).chain(data);
        let candidates: HashSet<u64> = all.filter(|word| md.types.contains(word)).collect();
        let likely = candidates
            .into_iter()
            .filter(|at| types::is_likely(image, md, *at));
        let mut todo: Vec<u64> = likely.collect();
        self.find_itabs(&mut todo);
        while let Some(at) = todo.pop() {
            if self.types.contains_key(&at) || !types::is_likely(image, md, at) {
                continue;
            }
            if let Some(ty) = types::read(image, md, at, table.len() as u64) {
                todo.extend(&ty.types);
                todo.extend(ty.methods.iter().filter_map(|m| m.ty));
                self.wanted.extend(&ty.wants);
                self.types.insert(at, ty);
            }
        }
    }

    /// Whether the program looks methods up by name. If it does, the linker has kept the exported
    /// methods of all types that become interfaces, else only those that something else leads to
    /// (`cmd/link/internal/ld/deadcode.go`). Measured: 9 of 10 are kept in programs that do, and
    /// less than one in five in others.
    fn find_reflection(&mut self) {
        let methods = self.types.values().flat_map(|ty| &ty.methods);
        let (mut kept, mut dropped) = (0, 0);
        for method in methods.filter(|m| self.is_for_reflection(m.signature)) {
            match method.functions {
                [None, None] => dropped += 1,
                _ => kept += 1,
            }
        }
        self.reflects = kept > dropped;
    }

    /// Whether a method is exported, and no interface has it.
    fn is_for_reflection(&self, signature: Signature) -> bool {
        let Parts { image, md, .. } = *self.parts;
        types::is_exported(image, md, signature) && !self.wanted.contains(&signature)
    }

    /// `abi.ITab`: interface type, type, hash, and a function for each method of the interface.
    fn find_itabs(&mut self, types: &mut Vec<u64>) {
        let Parts { image, md, .. } = *self.parts;
        let methods = |at: u64| {
            let interface = image.pointer(at)?;
            image.word(interface + 64).filter(|n| *n < 1 << 16)
        };
        match &md.itabs {
            Itabs::List(range) => {
                for (_, at) in self.words(range) {
                    if let Some(methods) = methods(at) {
                        self.itabs.insert(at, at + 24 + methods * 8);
                    }
                }
            }
            Itabs::Here(range) => {
                let mut at = range.start;
                while at < range.end {
                    let Some(methods) = methods(at) else { break };
                    self.itabs.insert(at, at + 24 + methods.max(1) * 8);
                    at += 24 + methods.max(1) * 8;
                }
            }
        }
        for at in self.itabs.keys() {
            types.extend(
                [image.pointer(*at), image.pointer(*at + 8)]
                    .into_iter()
                    .flatten(),
            );
        }
    }

    // Objects.

    fn find_objects(&mut self) {
        let md = self.parts.md;
        let constants = self.constants();
        let (mut data_refs, mut from_data) = (Vec::new(), Vec::new());
        let mut constant_refs = Vec::new();
        let mut refer = |address: u64| {
            if md.data.contains(&address) {
                data_refs.push(address);
            } else if constants.iter().any(|c| c.contains(&address)) {
                constant_refs.push(address);
            }
        };
        for constant in &self.code.addresses {
            refer(u64::from(constant.value));
        }
        for (at, word) in self.words(&md.data) {
            if self.mask.has(at) {
                refer(word);
                from_data.push(word);
            }
        }
        for ty in self.types.values() {
            ty.functions.iter().copied().for_each(&mut refer);
        }
        for (at, word) in constants.iter().flat_map(|range| self.words(range)) {
            if md.data.contains(&word) {
                refer(word);
            }
            // A function value without captures is an object of its own, whoever refers to it.
            if self.function(word).is_some() {
                refer(at);
            }
        }
        let alignment = if md.is_127 {
            Alignment::Declared
        } else {
            Alignment::BySize
        };
        from_data.retain(|word| md.data.contains(word));
        from_data.sort_unstable();
        data_refs.sort_unstable();
        data_refs.dedup();
        let layout = Layout {
            range: &md.data,
            mask: &self.mask,
            refs: &data_refs,
            from_data: &from_data,
            alignment,
        };
        let starts = layout.starts();
        let ends = starts.iter().skip(1).copied().chain([md.data.end]);
        let data = starts.iter().zip(ends).map(|(start, end)| Object {
            start: *start,
            end,
            what: What::Data,
        });
        let data: Vec<Object> = data.collect();
        self.constant_objects(constant_refs);
        self.objects.extend(data);
        self.objects.sort_unstable_by_key(|o| o.start);
    }

    /// Types, itabs, and what else something refers to in the read-only data; what these refer to
    /// there, too.
    fn constant_objects(&mut self, mut refs: Vec<u64>) {
        let mut known: BTreeMap<u64, (u64, What)> = BTreeMap::new();
        let masks = self.types.values().map(|ty| ty.mask);
        for (mask, bytes) in masks.filter(|(at, _)| self.end_of_constants(*at).is_some()) {
            known.insert(mask, (mask + bytes, What::End));
        }
        let types = self
            .types
            .iter()
            .map(|(at, ty)| (*at, (ty.end, What::Type)));
        let itabs = self.itabs.iter().map(|(at, end)| (*at, (*end, What::Itab)));
        known.extend(types.chain(itabs));
        let mut starts: BTreeSet<u64> = BTreeSet::new();
        while !refs.is_empty() {
            let new: Vec<u64> = refs
                .drain(..)
                .filter(|at| {
                    let inside = known.range(..=*at).next_back();
                    let inside = inside.is_some_and(|(_, (end, _))| at < end);
                    !inside && starts.insert(*at)
                })
                .collect();
            // Dictionaries of generic functions lead to others.
            for at in new.into_iter().filter(|at| at.is_multiple_of(8)) {
                let end = self.end_of_constants(at).unwrap_or(at);
                let next = starts.range(at + 1..).next().copied().unwrap_or(end);
                let bound = known.range(at..).next().map_or(end, |(next, _)| *next);
                let words = self.words(&(at..next.min(bound).min(end)));
                let inner = words.map(|(_, word)| word);
                refs.extend(inner.filter(|word| {
                    word.is_multiple_of(8)
                        && self.end_of_constants(*word).is_some()
                        && !self.types.contains_key(word)
                }));
            }
        }
        let starts = starts.into_iter().map(|at| (at, (at, What::Constant)));
        known.extend(starts);
        let mut next = u64::MAX;
        for (start, (end, what)) in known.into_iter().rev() {
            let limit = self.end_of_constants(start).unwrap_or(start);
            let end = match what {
                What::Constant => next.min(limit),
                _ => end.max(start),
            };
            self.objects.push(Object { start, end, what });
            next = start;
        }
    }

    /// The object that an address lies in.
    fn object(&self, address: u64) -> Option<(Node, Object)> {
        let at = self
            .objects
            .partition_point(|o| o.start <= address)
            .checked_sub(1)?;
        let object = self.objects[at];
        let node = u32::try_from(self.parts.functions + at).ok()?;
        (address < object.end).then_some((node, object))
    }

    /// The node that a reference leads to: types are only ever referred to at their start.
    fn target(&self, address: u64) -> Option<(Node, Kind)> {
        let (node, object) = self.object(address)?;
        let kind = match object.what {
            What::Type if address == object.start => Kind::Type,
            What::Itab => Kind::Itab,
            What::Data => Kind::Data,
            What::Constant => Kind::Value,
            What::Type | What::End => return None,
        };
        Some((node, kind))
    }

    /// The function whose PC a word is.
    fn function(&self, word: u64) -> Option<Node> {
        let slot = (word >> 16)
            .checked_sub(FIRST)
            .filter(|_| word.trailing_zeros() >= 16)?;
        // The first is the build ID, which nothing refers to.
        let slot = usize::try_from(slot).ok().filter(|slot| *slot != 0)?;
        *self.parts.table.get(slot)?
    }

    fn edge(&mut self, from: Node, to: Node, kind: Kind, pc: u16) {
        self.edges.push((from, Edge { to, kind, pc }));
    }

    // Edges.

    fn edges_of_code(&mut self) {
        let Parts {
            imports, functions, ..
        } = *self.parts;
        let code = std::mem::take(&mut self.code);
        for call in &code.calls {
            let local = (call.callee as usize).checked_sub(imports);
            if let Some(local) = local.filter(|local| *local < functions) {
                let to = u32::try_from(local).unwrap_or(u32::MAX);
                self.edge(call.caller, to, Kind::Call, call.pc);
            }
        }
        for Constant { caller, pc, value } in &code.addresses {
            if let Some((to, kind)) = self.target(u64::from(*value)) {
                self.edge(*caller, to, kind, *pc);
            }
        }
        for Constant { caller, pc, value } in &code.pcs {
            if let Some(to) = self.function(u64::from(*value)).filter(|to| to != caller) {
                self.edge(*caller, to, Kind::Value, *pc);
            }
        }
    }

    fn edges_of_objects(&mut self) {
        for at in 0..self.objects.len() {
            let Ok(node) = u32::try_from(self.parts.functions + at) else {
                break;
            };
            let object = self.objects[at];
            match object.what {
                What::Type => self.edges_of_type(node, object.start),
                What::Itab => self.edges_of_itab(node, &object),
                What::Data => self.edges_of_data(node, &object),
                What::Constant if object.start.is_multiple_of(8) => {
                    self.edges_of_constant(node, &object);
                }
                What::Constant | What::End => {}
            }
        }
    }

    fn edges_of_type(&mut self, node: Node, at: u64) {
        let Some(ty) = self.types.get(&at) else {
            return;
        };
        let table = self.parts.table;
        let functions = ty.methods.iter().flat_map(|method| {
            let kind = if self.reflects && self.is_for_reflection(method.signature) {
                Kind::Reflection
            } else {
                Kind::Type
            };
            let functions = method.functions.into_iter().flatten();
            functions.filter_map(move |slot| Some(((*table.get(slot as usize)?)?, kind)))
        });
        let functions: Vec<(Node, Kind)> = functions.collect();
        let others = ty.types.iter().chain(&ty.functions);
        let others = others
            .copied()
            .chain(ty.methods.iter().filter_map(|m| m.ty));
        let others = others.filter_map(|to| Some((self.target(to)?.0, Kind::Type)));
        let others: Vec<(Node, Kind)> = others.collect();
        for (to, kind) in functions.into_iter().chain(others) {
            self.edge(node, to, kind, NO_PC);
        }
    }

    fn edges_of_itab(&mut self, node: Node, object: &Object) {
        let image = self.parts.image;
        let types = [image.pointer(object.start), image.pointer(object.start + 8)];
        for ty in types.into_iter().flatten() {
            if let Some((to, _)) = self.target(ty) {
                self.edge(node, to, Kind::Type, NO_PC);
            }
        }
        for (_, word) in self.words(&(object.start + 24..object.end)) {
            if let Some(to) = self.function(word) {
                self.edge(node, to, Kind::Itab, NO_PC);
            }
        }
    }

    fn edges_of_data(&mut self, node: Node, object: &Object) {
        for (at, word) in self.words(&(object.start..object.end)) {
            if word == 0 {
                continue;
            }
            // The mask has no types and itabs: they do not move.
            let header = || self.types.contains_key(&word) || self.itabs.contains_key(&word);
            if (self.mask.has(at) || header())
                && let Some((to, _)) = self.target(word)
            {
                self.edge(node, to, Kind::Data, NO_PC);
            }
        }
    }

    fn edges_of_constant(&mut self, node: Node, object: &Object) {
        // The value of a function without captures is its PC alone; that for equality of types has
        // a size behind it.
        let first = self.parts.image.word(object.start).unwrap_or(0);
        if let Some(to) = self.function(first) {
            return self.edge(node, to, Kind::Value, NO_PC);
        }
        for (_, word) in self.words(&(object.start..object.end)) {
            if word == 0 {
                continue;
            }
            let to = match self.function(word) {
                Some(function) => Some((function, Kind::Value)),
                None => self.target(word),
            };
            if let Some((to, kind)) = to.filter(|(to, _)| *to != node) {
                self.edge(node, to, kind, NO_PC);
            }
        }
    }

    /// Functions that exist only inlined, and who has them.
    fn inlined(&mut self) -> Vec<&'i str> {
        let Parts {
            image,
            md,
            pclntab,
            functions,
            ..
        } = *self.parts;
        let real: HashSet<&str> = (0..functions).filter_map(|f| pclntab.name(f)).collect();
        let first = functions + self.objects.len();
        let mut names: Vec<&'i str> = Vec::new();
        let mut nodes: HashMap<&'i str, Node> = HashMap::new();
        for local in 0..functions {
            let caller = u32::try_from(local).unwrap_or(u32::MAX);
            let mut seen = HashSet::new();
            for inlined in pclntab.inlined(image, md.gofunc, local) {
                if real.contains(inlined.name) || !seen.insert(inlined.name) {
                    continue;
                }
                let node = *nodes.entry(inlined.name).or_insert_with(|| {
                    names.push(inlined.name);
                    u32::try_from(first + names.len() - 1).unwrap_or(u32::MAX)
                });
                let pc = u16::try_from(inlined.pc + 1).unwrap_or(NO_PC);
                self.edge(caller, node, Kind::Inlined, pc);
            }
        }
        names
    }

    /// The functions of `go:main.inittasks`: a state, a count, and PCs (`runtime/proc.go`,
    /// `initTask`).
    fn inits(&self) -> Vec<Node> {
        let Parts { image, md, .. } = *self.parts;
        let mut inits = Vec::new();
        let tasks = self.words(&md.inittasks).map(|(_, task)| task);
        for task in tasks.filter(|task| image.from(*task).is_some()) {
            let count = image.word32(task + 4).filter(|n| *n < 1 << 20).unwrap_or(0);
            let functions = task + 8..task + 8 + u64::from(count) * 8;
            inits.extend(
                self.words(&functions)
                    .filter_map(|(_, pc)| self.function(pc)),
            );
        }
        inits
    }
}
