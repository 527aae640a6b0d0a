//! Go's `runtime.moduledata`, which says where everything else lies; no stripping removes it.
//!
//! Layout: `runtime/symtab.go`. It is the same from Go 1.21 to 1.25; 1.26 adds `epclntab`; 1.27
//! drops the lists of types and itabs, and says where the itabs themselves begin.

use std::ops::Range;

use crate::image::Image;
use crate::pclntab::Header;

/// Where the parts of a program lie, as its moduledata says: addresses, all of them checked to lie in
/// memory.
#[derive(Clone, Debug)]
pub struct Moduledata {
    /// The function table, and what belongs to it; up to Go 1.25 to moduledata itself.
    pub pclntab: Range<u64>,
    /// The index of the function table by PC: up to Go 1.25 it ends the read-only data, as the
    /// largest object there.
    pub findfunctab: u64,
    /// Its own address.
    pub own: u64,
    /// Address that short PCs count from where PCs are addresses.
    pub text: u64,
    /// Data without pointers that does not start as zeros.
    pub noptrdata: Range<u64>,
    /// Data with pointers that does not start as zeros.
    pub data: Range<u64>,
    /// Where all of it ends, data that starts as zeros included.
    pub end: u64,
    /// The GC program that says which words of the data are pointers.
    pub gcdata: u64,
    /// Type descriptors; up to Go 1.26 all read-only data.
    pub types: Range<u64>,
    /// Read-only data that belongs to functions: inline trees and the like.
    pub gofunc: u64,
    /// The itabs, or a list of their addresses.
    pub itabs: Itabs,
    /// Addresses of the init tasks of the packages, in their order.
    pub inittasks: Range<u64>,
    /// Go 1.27 or later.
    pub is_127: bool,
}

/// Where itabs are listed.
#[derive(Clone, Debug)]
pub enum Itabs {
    /// A list of addresses.
    List(Range<u64>),
    /// One after the other.
    Here(Range<u64>),
}

impl Moduledata {
    /// Find what refers to the function table; `None` when nothing does that makes sense.
    pub fn find<I: Image>(image: &I, table: &Header) -> Option<Self> {
        let size = image.pointer_size();
        // The header's address, and the slice of names right behind it: address, length, capacity.
        let (needle, length) = image.layout().bytes_of(table.address);
        let is_here = |at: u64| {
            let word = |n: u64| image.word(at + n * size);
            word(1) == Some(table.names()) && word(2).is_some() && word(2) == word(3)
        };
        image.pieces().find_map(|(start, bytes)| {
            memchr::memmem::find_iter(bytes, &needle[..length])
                .map(|at| start + at as u64)
                .filter(|at| at.is_multiple_of(size) && is_here(*at))
                .find_map(|at| Self::at(image, at))
        })
    }

    fn at<I: Image>(image: &I, at: u64) -> Option<Self> {
        let size = image.pointer_size();
        let word = |n: u64| image.pointer(at + n * size);
        let range = |from: u64, to: u64| Some(word(from)?..word(to)?);
        let list = |n: u64| {
            let from = word(n)?;
            let words = word(n + 1)?;
            Some(from..from.checked_add(words.checked_mul(size)?)?)
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
            text: word(22)?,
            noptrdata: range(24, 25)?,
            data: range(26, 27)?,
            end: word(34)?,
            gcdata: word(35)?,
            types,
            gofunc: word(gofunc)?,
            itabs,
            inittasks: list(inittasks)?,
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
