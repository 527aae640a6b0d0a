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
    /// Address of its first byte.
    address: u64,
    /// Its entries count functions rather than PCs.
    in_functions: bool,
    /// For each function of the code section, the offset of its `_func`.
    offsets: Vec<Option<usize>>,
}

/// More functions are not inlined into one.
const MANY: u64 = 1 << 16;

/// A function, and where control is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'i> {
    pub(super) name: &'i str,
    /// File and line.
    pub(super) place: Option<(&'i str, u32)>,
    /// What the runtime treats in its own way (`internal/abi/symtab.go`, `FuncID`).
    pub(super) id: u8,
}

/// A function that was inlined into another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inlined<'i> {
    pub(super) name: &'i str,
    /// Resume point, in the function around it, of the call that it replaces.
    pub(super) pc: u64,
    id: u8,
}

impl<'i> Pclntab<'i> {
    /// Position of the inline tree among the function data (`internal/abi/symtab.go`).
    const TREE: u32 = 3;
    /// Position of the table that says which of its entries a resume point is in.
    const INDEX: usize = 2;

    /// Find it. `table` gives the functions of the code section by their position in the function
    /// table, from [`FIRST`] on: a PC names that, and other tools than Go's linker renumber
    /// functions. `count` is the number of functions in the code section.
    pub(super) fn find(image: &'i Image, table: &[Option<u32>], count: usize) -> Option<Self> {
        let bytes = image.bytes();
        let aligned = |at: &usize| (image.start() + *at as u64).is_multiple_of(8);
        memchr::memmem::find_iter(bytes, HEADER)
            .filter(aligned)
            .find_map(|at| Self::at(&bytes[at..], image.start() + at as u64, table, count))
    }

    fn at(bytes: &'i [u8], address: u64, slots: &[Option<u32>], count: usize) -> Option<Self> {
        // Offsets in a memory of 32 bits.
        let word = |n: usize| {
            let word = u64::from_le_bytes(array(bytes, n * 8)?);
            usize::try_from(u32::try_from(word).ok()?).ok()
        };
        let listed = word(1)?;
        let mut table = Self {
            bytes,
            names: word(4)?,
            units: word(5)?,
            files: word(6)?,
            pcs: word(7)?,
            functions: word(8)?,
            address,
            in_functions: false,
            offsets: vec![None; count],
        };
        if listed == 0 || listed > slots.len() {
            return None;
        }
        table.in_functions = table.word32(table.functions)? < 0x10_0000;
        for n in 0..listed {
            let entry = u64::from(table.word32(table.functions + n * 8)?);
            let index = if table.in_functions {
                entry
            } else {
                entry >> 16
            };
            let offset = table.word32(table.functions + n * 8 + 4)? as usize;
            let slot = index
                .checked_sub(FIRST)
                .and_then(|i| usize::try_from(i).ok());
            let local = slot.and_then(|i| *slots.get(i)?);
            // Functions that were merged have several names: the first is kept.
            if let Some(found) = local.and_then(|l| table.offsets.get_mut(l as usize)) {
                found.get_or_insert(table.functions + offset);
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

    /// Its address, and whether it counts functions rather than PCs.
    pub(super) const fn address(&self) -> (u64, bool) {
        (self.address, self.in_functions)
    }

    /// File of the first instruction of a function, and the line of its declaration.
    pub(super) fn declared(&self, local: usize) -> Option<(&'i str, u32)> {
        let (file, _) = self.place(local, 0)?;
        Some((file, self.field(local, 9)?)).filter(|(_, line)| *line != 0)
    }

    /// What was inlined into a function; `gofunc` is the address that the offsets of its inline
    /// tree count from (`runtime/symtabinl.go`).
    pub(super) fn inlined(&self, image: &'i Image, gofunc: u64, local: usize) -> Vec<Inlined<'i>> {
        let read = || {
            let tables = self.field(local, 7)?;
            let count = self.byte(local, 43)?;
            if u32::from(count) <= Self::TREE || tables as usize <= Self::INDEX {
                return None;
            }
            let tree = self.field(local, 11 + tables as usize + Self::TREE as usize)?;
            let index = self.field(local, 11 + Self::INDEX)?;
            let last = self.values(index).map(|(_, value)| value).max()?;
            let last = u64::try_from(last).ok().filter(|_| tree != u32::MAX)?;
            Some((gofunc + u64::from(tree), last))
        };
        let Some((tree, last)) = read() else {
            return Vec::new();
        };
        let one = |n: u64| {
            let entry = tree + n * 16;
            Some(Inlined {
                name: self.text(self.names + image.word32(entry + 4)? as usize)?,
                pc: u64::from(image.word32(entry + 8)?),
                id: image.byte(entry)?,
            })
        };
        (0..=last.min(MANY)).map_while(one).collect()
    }

    /// Where control is at a resume point, the innermost function first: functions that are
    /// inlined there, then the function itself (`runtime/symtabinl.go`, `inlineUnwinder`).
    pub(super) fn frames(
        &self,
        image: &'i Image,
        gofunc: u64,
        local: usize,
        pc: u64,
    ) -> Vec<Frame<'i>> {
        let inlined = self.inlined(image, gofunc, local);
        let index = self
            .field(local, 11 + Self::INDEX)
            .filter(|_| !inlined.is_empty());
        let mut frames = Vec::new();
        let mut pc = pc;
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

    fn id(&self, local: usize) -> u8 {
        self.byte(local, 40).unwrap_or(0)
    }

    /// The id of functions that the compiler makes around others, which differs between releases
    /// of Go: that of one whose file says so.
    pub(super) fn wrapper_id(&self) -> Option<u8> {
        let made = |local: &usize| {
            let file = self.place(*local, 0).map(|(file, _)| file);
            file == Some("<autogenerated>") && self.id(*local) != 0
        };
        (0..self.offsets.len())
            .find(made)
            .map(|local| self.id(local))
    }

    fn byte(&self, local: usize, n: usize) -> Option<u8> {
        let offset = (*self.offsets.get(local)?)?;
        self.bytes.get(offset + n).copied()
    }

    /// The linker's symbol name of a function of the code section.
    pub(super) fn name(&self, local: usize) -> Option<&'i str> {
        self.text(self.names + self.field(local, 1)? as usize)
    }

    /// Bytes that a function takes of Go's stack, once it has begun.
    pub(super) fn frame_size(&self, local: usize) -> Option<u64> {
        let sizes = self.values(self.field(local, 4)?).map(|(_, size)| size);
        u64::try_from(sizes.max().unwrap_or(0)).ok()
    }

    /// Whether nothing below a function is on its stack (`internal/abi/symtab.go`,
    /// `FuncFlagTopFrame`).
    pub(super) fn is_outermost(&self, local: usize) -> bool {
        self.byte(local, 41).is_some_and(|flags| flags & 1 != 0)
    }

    /// File and line of a PC in a function of the code section.
    pub(super) fn place(&self, local: usize, pc_b: u64) -> Option<(&'i str, u32)> {
        let file = self.value(self.field(local, 5)?, pc_b)?;
        let line = self.value(self.field(local, 6)?, pc_b)?;
        let name = self.file(self.field(local, 8)? as usize, file)?;
        Some((name, u32::try_from(line).ok()?))
    }

    /// The files and lines that a function has code of, inlined code included, repeated as they
    /// come.
    pub(super) fn lines(&self, local: usize) -> Vec<(&'i str, u32)> {
        let read = || {
            let unit = self.field(local, 8)? as usize;
            let mut files = self.values(self.field(local, 5)?).peekable();
            let mut start = 0;
            let mut lines = Vec::new();
            for (end, line) in self.values(self.field(local, 6)?) {
                // Where the file changes within the piece, the line is one of each.
                while let Some((file_end, file)) = files.peek().copied() {
                    if file_end > start {
                        lines.push((file, line));
                    }
                    if file_end > end {
                        break;
                    }
                    files.next();
                }
                start = end;
            }
            let named = lines.into_iter().filter_map(|(file, line)| {
                Some((self.file(unit, file)?, u32::try_from(line).ok()?))
            });
            Some(named.collect())
        };
        read().unwrap_or_default()
    }

    fn file(&self, unit: usize, number: i64) -> Option<&'i str> {
        let slot = self.units + (unit + usize::try_from(number).ok()?) * 4;
        self.text(self.files + self.word32(slot)? as usize)
    }

    /// The value of a PC table at a resume point.
    fn value(&self, table: u32, pc_b: u64) -> Option<i64> {
        let mut values = self.values(table);
        values.find(|(end, _)| pc_b < *end).map(|(_, value)| value)
    }

    /// The values of a PC table, each with the resume point where it ends (`runtime/symtab.go`,
    /// `pcvalue`). Position 0 is no table.
    fn values(&self, table: u32) -> impl Iterator<Item = (u64, i64)> {
        let mut at = self.pcs + table as usize;
        let (mut value, mut pc) = (-1_i64, 0_u64);
        let mut first = true;
        std::iter::from_fn(move || {
            let delta = self.varint(&mut at).filter(|delta| *delta != 0 || first)?;
            first = false;
            let half = i64::from(delta >> 1);
            value += if delta & 1 == 1 { !half } else { half };
            pc += u64::from(self.varint(&mut at)?);
            Some((pc, value))
        })
        .take_while(move |_| table != 0)
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
