//! Go's table of functions: names, files and lines, which `-s -w` does not strip.
//!
//! Layout: `internal/abi/symtab.go` and `runtime/symtab.go` (`pcHeader`, `_func`), the same from
//! Go 1.20 on. A PC is `PC_F<<16 | PC_B`: table index of the function and resume point in it. The
//! entries of the table count in PCs up to Go 1.24 and in function indices from 1.25 on.

use super::image::Image;

/// Magic, two bytes of padding, `minLC` 1, pointer size 8.
const HEADER: &[u8] = &[0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];
/// Table index of the first function (`funcValueOffset` in `cmd/link/internal/wasm/asm.go`).
pub(super) const FIRST: u64 = 0x1000;

/// The table, found in a memory image.
#[derive(Debug)]
pub(super) struct Pclntab<'i> {
    bytes: &'i [u8],
    names: usize,
    units: usize,
    files: usize,
    pcs: usize,
    functions: usize,
    /// For each function of the code section, the offset of its `_func`.
    offsets: Vec<Option<usize>>,
}

impl<'i> Pclntab<'i> {
    /// Find it; `count` is the number of functions in the code section.
    pub(super) fn find(image: &'i Image, count: usize) -> Option<Self> {
        let bytes = image.bytes();
        let aligned = |at: &usize| (image.start() + *at as u64).is_multiple_of(8);
        memchr::memmem::find_iter(bytes, HEADER)
            .filter(aligned)
            .find_map(|at| Self::at(&bytes[at..], count))
    }

    fn at(bytes: &'i [u8], count: usize) -> Option<Self> {
        let word = |n: usize| usize::try_from(u64::from_le_bytes(array(bytes, n * 8)?)).ok();
        let listed = word(1)?;
        let mut table = Self {
            bytes,
            names: word(4)?,
            units: word(5)?,
            files: word(6)?,
            pcs: word(7)?,
            functions: word(8)?,
            offsets: vec![None; count],
        };
        if listed == 0 || listed > count {
            return None;
        }
        let in_pcs = table.word32(table.functions)? >= 0x10_0000;
        for n in 0..listed {
            let entry = u64::from(table.word32(table.functions + n * 8)?);
            let index = if in_pcs { entry >> 16 } else { entry };
            let offset = table.word32(table.functions + n * 8 + 4)? as usize;
            let slot = index
                .checked_sub(FIRST)
                .and_then(|i| usize::try_from(i).ok());
            if let Some(slot) = slot.and_then(|i| table.offsets.get_mut(i)) {
                *slot = Some(table.functions + offset);
            }
        }
        Some(table)
    }

    fn word32(&self, at: usize) -> Option<u32> {
        array(self.bytes, at).map(u32::from_le_bytes)
    }

    fn text(&self, at: usize) -> Option<&'i str> {
        let rest = self.bytes.get(at..)?;
        let end = memchr::memchr(0, rest)?;
        std::str::from_utf8(&rest[..end]).ok()
    }

    fn field(&self, local: usize, n: usize) -> Option<u32> {
        let offset = (*self.offsets.get(local)?)?;
        self.word32(offset + n * 4)
    }

    /// The linker's symbol name of a function of the code section.
    pub(super) fn name(&self, local: usize) -> Option<&'i str> {
        self.text(self.names + self.field(local, 1)? as usize)
    }

    /// File and line of a PC in a function of the code section.
    pub(super) fn place(&self, local: usize, pc_b: u64) -> Option<(&'i str, u32)> {
        let file = self.value(self.field(local, 5)?, pc_b)?;
        let line = self.value(self.field(local, 6)?, pc_b)?;
        let unit = self.field(local, 8)?;
        let slot = self.units + (unit as usize + usize::try_from(file).ok()?) * 4;
        let name = self.text(self.files + self.word32(slot)? as usize)?;
        Some((name, u32::try_from(line).ok()?))
    }

    /// The value of a PC table at a resume point (`runtime/symtab.go`, `pcvalue`).
    fn value(&self, table: u32, pc_b: u64) -> Option<i64> {
        let mut at = self.pcs + table as usize;
        let (mut value, mut pc) = (-1_i64, 0_u64);
        for first in std::iter::once(true).chain(std::iter::repeat(false)) {
            let delta = self.varint(&mut at)?;
            if delta == 0 && !first {
                return None;
            }
            let half = i64::from(delta >> 1);
            value += if delta & 1 == 1 { !half } else { half };
            pc += u64::from(self.varint(&mut at)?);
            if pc_b < pc {
                return Some(value);
            }
        }
        None
    }

    fn varint(&self, at: &mut usize) -> Option<u32> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let byte = *self.bytes.get(*at)?;
            *at += 1;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
