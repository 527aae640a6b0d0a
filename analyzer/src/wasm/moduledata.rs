//! Go's `runtime.moduledata`, which says where everything else lies; no stripping removes it.
//!
//! Layout: `runtime/symtab.go`. It is the same from Go 1.21 to 1.25; 1.26 adds `epclntab`; 1.27
//! drops the lists of types and itabs, and says where the itabs themselves begin.

use std::ops::Range;

use super::image::Image;

/// Addresses in linear memory, taken from moduledata.
#[derive(Clone, Debug)]
pub(super) struct Moduledata {
    /// The function table, and what belongs to it; up to Go 1.25 to moduledata itself.
    pub(super) pclntab: Range<u64>,
    /// The index of the function table by PC: up to Go 1.25 it ends the read-only data, as the
    /// largest object there.
    pub(super) findfunctab: u64,
    /// Its own address.
    pub(super) own: u64,
    pub(super) noptrdata: Range<u64>,
    pub(super) data: Range<u64>,
    /// Where all of it ends, data that starts as zeros included.
    pub(super) end: u64,
    /// The GC program that says which words of the data are pointers.
    pub(super) gcdata: u64,
    /// Type descriptors; up to Go 1.26 all read-only data.
    pub(super) types: Range<u64>,
    /// Read-only data that belongs to functions: inline trees and the like.
    pub(super) gofunc: u64,
    /// The itabs, or a list of their addresses.
    pub(super) itabs: Itabs,
    /// Addresses of the init tasks of the packages, in their order.
    pub(super) inittasks: Range<u64>,
    /// `textOff` counts functions rather than PCs.
    pub(super) in_functions: bool,
    /// Go 1.27 or later.
    pub(super) is_127: bool,
}

/// Where itabs are told.
#[derive(Clone, Debug)]
pub(super) enum Itabs {
    /// A list of addresses.
    List(Range<u64>),
    /// One after the other.
    Here(Range<u64>),
}

const WORD: u64 = 8;

impl Moduledata {
    /// Find what refers to the function table at an address; `in_functions` is what the table says
    /// of its unit.
    pub(super) fn find(image: &Image, pclntab: u64, in_functions: bool) -> Option<Self> {
        let names = pclntab + image.pointer(pclntab + 4 * WORD)?;
        // The header's address, and the slice of names right behind it: address, length, capacity.
        let needle = pclntab.to_le_bytes();
        let found = memchr::memmem::find_iter(image.bytes(), &needle);
        found
            .map(|at| image.start() + at as u64)
            .filter(|at| at.is_multiple_of(WORD))
            .filter(|at| {
                let word = |n: u64| image.word(at + n * WORD);
                word(1) == Some(names) && word(2).is_some() && word(2) == word(3)
            })
            .find_map(|at| Self::at(image, at, in_functions))
    }

    fn at(image: &Image, at: u64, in_functions: bool) -> Option<Self> {
        let word = |n: u64| image.pointer(at + n * WORD);
        let range = |from: u64, to: u64| Some(word(from)?..word(to)?);
        let list = |n: u64| {
            let from = word(n)?;
            let words = word(n + 1).filter(|len| *len < 1 << 32)?;
            Some(from..from.checked_add(words * WORD)?)
        };
        // What was the end of the types is their length since 1.27.
        let is_127 = word(38)? < word(37)?;
        // textsectmap is one section: its length and capacity tell whether epclntab is before it.
        let has_end = is_127 || word(42)? != word(43)? || word(42)? > 64;
        let (types, itabs, gofunc, inittasks) = if is_127 {
            let (types, itabs) = (range(37, 39)?, word(37)?.checked_add(word(40)?)?);
            let itabs = itabs..itabs.checked_add(word(41)?)?;
            (types, Itabs::Here(itabs), 43, 56)
        } else {
            let more = u64::from(has_end);
            (range(37, 38)?, Itabs::List(list(47 + more)?), 40, 58 + more)
        };
        let end = if has_end { word(gofunc + 1)? } else { at };
        let found = Self {
            pclntab: word(0)?..end,
            findfunctab: word(19)?,
            own: at,
            noptrdata: range(24, 25)?,
            data: range(26, 27)?,
            end: word(34)?,
            gcdata: word(35)?,
            types,
            gofunc: word(gofunc)?,
            itabs,
            inittasks: list(inittasks)?,
            in_functions,
            is_127,
        };
        let sane = |r: &Range<u64>| r.start <= r.end && image.has(r);
        let whole = [
            &found.noptrdata,
            &found.data,
            &found.types,
            &found.inittasks,
        ];
        let all = whole.into_iter().all(sane);
        all.then_some(found)
    }
}
