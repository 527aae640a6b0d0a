//! Functions that were inlined into others (`runtime/symtabinl.go`).

use super::{DATA_COUNT, Functions, field};
use crate::image::Image;
use crate::pc::Offset;

/// Position of the inline tree among the function data (`internal/abi/symtab.go`,
/// `FUNCDATA_InlTree`).
const TREE: usize = 3;
/// Position of the table that says which entry of the tree code belongs to
/// (`PCDATA_InlTreeIndex`).
const INDEX: usize = 2;
/// More functions are not inlined into one.
const MANY: u64 = 1 << 16;

/// A function, and where control is in it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'i> {
    /// The linker's symbol name.
    pub name: &'i str,
    /// File and line.
    pub place: Option<(&'i str, u32)>,
    /// What the runtime treats in its own way (`internal/abi/symtab.go`, `FuncID`).
    pub id: u8,
}

/// A function that was inlined into another.
#[derive(Clone, Copy, Debug)]
pub struct Inlined<'i> {
    /// The linker's symbol name.
    pub name: &'i str,
    /// Offset, in the function around it, of the call that it replaces.
    pub pc: Offset,
    id: u8,
}

impl Inlined<'_> {
    /// Where the call that it replaces would return to, in the function around it.
    pub const fn behind(&self) -> Offset {
        self.pc.saturating_add(1)
    }
}

impl<'i, I: Image> Functions<'_, 'i, I> {
    /// What was inlined into a function; `gofunc` is the address that the offsets of its inline
    /// tree count from (`runtime/symtabinl.go`).
    pub fn inlined(&self, gofunc: u64, local: usize) -> Vec<Inlined<'i>> {
        let read = || {
            let tables = self.field(local, field::TABLES)?;
            let count = self.byte(local, DATA_COUNT)?;
            if usize::from(count) <= TREE || tables as usize <= INDEX {
                return None;
            }
            let tree = self.field(local, field::FIRST_TABLE + tables as usize + TREE)?;
            let index = self.field(local, field::FIRST_TABLE + INDEX)?;
            let last = self.values(index).map(|(_, value)| value).max()?;
            let last = u64::try_from(last).ok().filter(|_| tree != u32::MAX)?;
            Some((gofunc + u64::from(tree), last))
        };
        let Some((tree, last)) = read() else {
            return Vec::new();
        };
        let image = self.image;
        let one = |n: u64| {
            let entry = tree + n * 16;
            Some(Inlined {
                name: self.text(self.table.header.names + image.word32(entry + 4)? as usize)?,
                pc: image.word32(entry + 8)?,
                id: image.byte(entry)?,
            })
        };
        (0..=last.min(MANY)).map_while(one).collect()
    }

    /// Where control is at an offset, the innermost function first: functions that are
    /// inlined there, then the function itself (`runtime/symtabinl.go`, `inlineUnwinder`).
    pub fn frames(&self, gofunc: u64, local: usize, offset: Offset) -> Vec<Frame<'i>> {
        let inlined = self.inlined(gofunc, local);
        let index = self
            .field(local, field::FIRST_TABLE + INDEX)
            .filter(|_| !inlined.is_empty());
        let mut frames = Vec::new();
        let mut pc = offset;
        // No tree is deeper than it has entries.
        for _ in 0..=inlined.len() {
            let place = self.place(local, pc);
            let at = index.and_then(|table| self.value(table, pc));
            let at = at.and_then(|n| inlined.get(usize::try_from(n).ok()?));
            let Some(at) = at else {
                frames.push(Frame {
                    name: self.name(local).unwrap_or_default(),
                    place,
                    id: self.id(local),
                });
                break;
            };
            frames.push(Frame {
                name: at.name,
                place,
                id: at.id,
            });
            pc = at.pc;
        }
        frames
    }
}
