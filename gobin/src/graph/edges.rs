//! What refers to what in a program: the edges of its graph.

use hashbrown::{HashMap, HashSet};

use super::build::Builder;
use super::{Edge, Kind, Node, Object, What, node};
use crate::image::Image;
use crate::pc::{NO_OFFSET, Offset};
use crate::program::Tables;

impl<'i, I: Image> Builder<'_, 'i, I> {
    /// The object that an address lies in.
    fn object(&self, address: u64) -> Option<(Node, Object)> {
        let at = self
            .objects
            .partition_point(|o| o.start <= address)
            .checked_sub(1)?;
        let object = self.objects[at];
        let node = u32::try_from(self.functions + at).ok()?;
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

    /// The function whose first PC a word is.
    pub(super) fn function(&self, word: u64) -> Option<Node> {
        self.tables.coding.function(word)
    }

    fn edge(&mut self, from: Node, to: Node, kind: Kind, offset: Offset) {
        self.edges.push((from, Edge { to, kind, offset }));
    }

    /// Edges of functions: calls, and constants in code.
    pub(super) fn edges_of_code(&mut self) {
        let functions = self.functions;
        let code = std::mem::take(&mut self.code);
        for call in &code.calls {
            if (call.callee as usize) < functions {
                self.edge(call.caller, call.callee, Kind::Call, call.offset);
            }
        }
        for constant in &code.addresses {
            if let Some((to, kind)) = self.target(constant.value) {
                self.edge(constant.caller, to, kind, constant.offset);
            }
        }
        for constant in &code.functions {
            let to = self.function(constant.value);
            if let Some(to) = to.filter(|to| *to != constant.caller) {
                self.edge(constant.caller, to, Kind::Value, constant.offset);
            }
        }
    }

    /// Edges of memory.
    pub(super) fn edges_of_objects(&mut self) {
        let pointer = self.tables.image.pointer_size();
        for at in 0..self.objects.len() {
            let Ok(node) = u32::try_from(self.functions + at) else {
                break;
            };
            let object = self.objects[at];
            match object.what {
                What::Type => self.edges_of_type(node, object.start),
                What::Itab => self.edges_of_itab(node, &object),
                What::Data => self.edges_of_data(node, &object),
                What::Constant if object.start.is_multiple_of(pointer) => {
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
        let functions = ty.methods.iter().flat_map(|method| {
            let kind = if self.reflects && self.is_for_reflection(method.signature) {
                Kind::Reflection
            } else {
                Kind::Type
            };
            let functions = method.functions.into_iter().flatten();
            functions.map(move |function| (function, kind))
        });
        let functions: Vec<(Node, Kind)> = functions.collect();
        let others = ty.types.iter().chain(&ty.functions);
        let others = others
            .copied()
            .chain(ty.methods.iter().filter_map(|m| m.ty));
        let others = others.filter_map(|to| Some((self.target(to)?.0, Kind::Type)));
        let others: Vec<(Node, Kind)> = others.collect();
        for (to, kind) in functions.into_iter().chain(others) {
            self.edge(node, to, kind, NO_OFFSET);
        }
    }

    fn edges_of_itab(&mut self, node: Node, object: &Object) {
        let image = self.tables.image;
        let second = object.start + image.pointer_size();
        let types = [image.pointer(object.start), image.pointer(second)];
        for ty in types.into_iter().flatten() {
            if let Some((to, _)) = self.target(ty) {
                self.edge(node, to, Kind::Type, NO_OFFSET);
            }
        }
        let head = self.types_of().itab_head();
        for (_, word) in self.words(&(object.start + head..object.end)) {
            if let Some(to) = self.function(word) {
                self.edge(node, to, Kind::Itab, NO_OFFSET);
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
                self.edge(node, to, Kind::Data, NO_OFFSET);
            }
        }
    }

    fn edges_of_constant(&mut self, node: Node, object: &Object) {
        // The value of a function without captures is its PC alone; that for equality of types has
        // a size behind it.
        let first = self.tables.image.word(object.start).unwrap_or(0);
        if let Some(to) = self.function(first) {
            return self.edge(node, to, Kind::Value, NO_OFFSET);
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
                self.edge(node, to, kind, NO_OFFSET);
            }
        }
    }

    /// Functions that exist only inlined, and who has them.
    pub(super) fn inlined(&mut self) -> Vec<&'i str> {
        let (table, gofunc) = (self.tables.functions, self.tables.md.gofunc);
        let count = self.functions;
        let real: HashSet<&str> = (0..count).filter_map(|f| table.name(f)).collect();
        let first = count + self.objects.len();
        let mut names: Vec<&'i str> = Vec::new();
        let mut nodes: HashMap<&'i str, Node> = HashMap::new();
        for local in 0..count {
            let caller = node(local);
            let mut seen = HashSet::new();
            for inlined in table.inlined(gofunc, local) {
                if real.contains(inlined.name) || !seen.insert(inlined.name) {
                    continue;
                }
                let to = *nodes.entry(inlined.name).or_insert_with(|| {
                    names.push(inlined.name);
                    node(first + names.len() - 1)
                });
                self.edge(caller, to, Kind::Inlined, inlined.behind());
            }
        }
        names
    }

    /// The functions of `go:main.inittasks`: a state, a count, and PCs (`runtime/proc.go`,
    /// `initTask`).
    pub(super) fn inits(&self) -> Vec<Node> {
        let Tables { image, md, .. } = self.tables;
        let mut inits = Vec::new();
        let tasks = self.words(&md.inittasks).map(|(_, task)| task);
        for task in tasks.filter(|task| image.from(*task).is_some()) {
            let count = image.word32(task + 4).filter(|n| *n < 1 << 20).unwrap_or(0);
            let end = task + 8 + u64::from(count) * image.pointer_size();
            let functions = self.words(&(task + 8..end));
            inits.extend(functions.filter_map(|(_, pc)| self.function(pc)));
        }
        inits
    }
}
