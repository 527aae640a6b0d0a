//! Where the objects of a program's memory begin and end: types, itabs, data, read-only data.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Builder;
use super::{Object, What};
use crate::image::Image;
use crate::objects::{Alignment, DataSection};
use crate::program::Tables;

/// Addresses that something refers to.
#[derive(Default)]
struct References {
    /// In data, in order, each once.
    data: Vec<u64>,
    /// In data, from other data; in order.
    from_data: Vec<u64>,
    /// In read-only data.
    constants: Vec<u64>,
}

impl<I: Image> Builder<'_, '_, I> {
    pub(super) fn find_objects(&mut self) {
        let Tables { image, md, .. } = self.tables;
        let References {
            data,
            from_data,
            constants,
        } = self.references();
        let alignment = if md.is_127 {
            Alignment::Declared
        } else {
            Alignment::BySize
        };
        let section = DataSection {
            range: &md.data,
            mask: &self.mask,
            refs: &data,
            from_data: &from_data,
            alignment,
            pointer: image.pointer_size(),
        };
        let starts = section.starts();
        let ends = starts.iter().skip(1).copied().chain([md.data.end]);
        let data = starts.iter().zip(ends).map(|(start, end)| Object {
            start: *start,
            end,
            what: What::Data,
        });
        let data: Vec<Object> = data.collect();
        self.constant_objects(constants);
        self.objects.extend(data);
        self.objects.sort_unstable_by_key(|o| o.start);
    }

    /// What code and data refer to, in data and in read-only data.
    fn references(&self) -> References {
        let md = self.tables.md;
        let mut found = References::default();
        let mut refer = |address: u64| {
            if md.data.contains(&address) {
                found.data.push(address);
            } else if self.constants.iter().any(|c| c.contains(&address)) {
                found.constants.push(address);
            }
        };
        for constant in &self.code.addresses {
            refer(constant.value);
        }
        let mut from_data = Vec::new();
        for (at, word) in self.words(&md.data) {
            if self.mask.has(at) {
                refer(word);
                from_data.push(word);
            }
        }
        for ty in self.types.values() {
            ty.functions.iter().copied().for_each(&mut refer);
        }
        let constants = self.constants.iter().flat_map(|range| self.words(range));
        for (at, word) in constants {
            if md.data.contains(&word) {
                refer(word);
            }
            // A function value without captures is an object of its own, whoever refers to it.
            if self.function(word).is_some() {
                refer(at);
            }
        }
        from_data.retain(|word| md.data.contains(word));
        from_data.sort_unstable();
        found.from_data = from_data;
        found.data.sort_unstable();
        found.data.dedup();
        found
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
        let pointer = self.tables.image.pointer_size();
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
            for at in new.into_iter().filter(|at| at.is_multiple_of(pointer)) {
                let end = self.end_of_constants(at).unwrap_or(at);
                let next = starts.range(at + 1..).next().copied().unwrap_or(end);
                let bound = known.range(at..).next().map_or(end, |(next, _)| *next);
                let words = self.words(&(at..next.min(bound).min(end)));
                let inner = words.map(|(_, word)| word);
                refs.extend(inner.filter(|word| {
                    word.is_multiple_of(pointer)
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
}
