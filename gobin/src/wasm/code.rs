//! One pass over the code of a module: calls, and constants that may be addresses.
//!
//! Go stores the return PC as a constant before each call (`cmd/internal/obj/wasm/wasmobj.go`,
//! `preprocess`), so that every call has its own line. The pass reads opcodes and passes over
//! their operands, which costs a fifth of building operators; what it does not know it leaves to
//! wasmparser.

use std::collections::BTreeSet;

use super::image::WasmImage;
use crate::image::Image;
use crate::pc::{FIRST_INDEX, NO_OFFSET, Offset};
use crate::references::{Call, Constant, References};

/// What the pass finds.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// Calls and constants; offsets are resume points.
    pub(super) references: References,
    /// Opcodes beyond the first WebAssembly, with their sub-opcodes.
    pub(super) extensions: BTreeSet<(u8, u32)>,
    /// A call target is written in more bytes than unsigned LEB128 takes: signed.
    pub(super) signed: bool,
    /// An address is written as a constant of 64 bits and made one of 32 bits, as Go's compiler has
    /// it; optimisers make one constant of both.
    pub(super) unfolded: bool,
    /// Calls whose target reads negative: caller, resume point, operand.
    pub(super) negative: Vec<(u32, Offset, i64)>,
}

/// Which constants are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptConstants {
    /// First and last address of memory with data.
    pub(super) from: u64,
    pub(super) to: u64,
    /// Functions that a PC may name.
    pub(super) functions: u64,
    /// Functions that are imported: calls of these are not the program's own.
    pub(super) imports: u64,
    /// An optimiser wrote the code: addresses may be operands of 32 bits, and
    /// offsets of loads and stores; functions may be inlined, and leave the PCs of their own calls.
    pub(super) rewritten: bool,
}

impl KeptConstants {
    pub(super) fn of(image: Option<&WasmImage>, functions: usize, imports: usize) -> Self {
        Self {
            from: image.map_or(u64::MAX, Image::start),
            to: image.map_or(0, Image::end),
            functions: functions as u64,
            imports: imports as u64,
            rewritten: false,
        }
    }
}

/// A body that the pass cannot read.
#[derive(Debug)]
pub(super) struct Unread;

impl Code {
    /// How much has been found.
    pub(super) fn marks(&self) -> [usize; 4] {
        [
            self.references.calls.len(),
            self.references.addresses.len(),
            self.references.functions.len(),
            self.negative.len(),
        ]
    }

    /// Forget what has been found since.
    pub(super) fn back_to(&mut self, [calls, addresses, pcs, negative]: [usize; 4]) {
        self.references.calls.truncate(calls);
        self.references.addresses.truncate(addresses);
        self.references.functions.truncate(pcs);
        self.negative.truncate(negative);
    }

    /// Read a body, its locals included. `slot` is the position of the function in the table.
    pub(super) fn body(
        &mut self,
        body: &[u8],
        caller: u32,
        slot: u64,
        wanted: KeptConstants,
    ) -> Result<(), Unread> {
        let mut at = Reader {
            bytes: body,
            pos: 0,
        };
        let locals = at.leb()?;
        for _ in 0..locals {
            at.leb()?;
            at.skip(1)?;
        }
        let own = (FIRST_INDEX + slot) << 16;
        let mut pc = NO_OFFSET;
        let found = &self.references;
        let mut before = (found.addresses.len(), found.functions.len());
        while at.pos < body.len() {
            let op = at.byte()?;
            match op {
                0x42 => {
                    let value = at.sleb()?.cast_unsigned();
                    // Most of them are small.
                    if value >= wanted.from {
                        let next = body.get(at.pos).copied().unwrap_or_default();
                        if value >= wanted.to && value & !0xffff == own {
                            pc = resume_point(value);
                        } else {
                            self.constant(caller, value, next, wanted);
                        }
                    }
                }
                0x28..=0x3e | 0x41 if wanted.rewritten => {
                    let value = match op {
                        0x41 => at.sleb()?.cast_unsigned() & 0xffff_ffff,
                        _ => at.memarg()?,
                    };
                    if (wanted.from..wanted.to).contains(&value) {
                        self.references.addresses.push(constant(caller, value));
                    }
                }
                0x10 => {
                    self.call(&mut at, caller, pc, wanted)?;
                    self.resumes(pc, &mut before);
                    pc = NO_OFFSET;
                }
                0x11 => {
                    at.leb()?;
                    at.leb()?;
                    self.resumes(pc, &mut before);
                    pc = NO_OFFSET;
                }
                _ => self.pass(&mut at, op)?,
            }
        }
        Ok(())
    }

    /// A constant of 64 bits that is an address or more, and no resume point of the function; `next`
    /// is the instruction behind it.
    #[inline]
    fn constant(&mut self, caller: u32, value: u64, next: u8, wanted: KeptConstants) {
        if value < wanted.to {
            self.unfolded |= next == I32_WRAP;
            if wanted.rewritten || is_kept_address(next) {
                self.references.addresses.push(constant(caller, value));
            }
            return;
        }
        let names_function = (value >> 16).wrapping_sub(FIRST_INDEX) < wanted.functions;
        if !names_function {
            return;
        }
        if value.trailing_zeros() >= 16 && is_kept_function(next) {
            self.references.functions.push(constant(caller, value));
        } else if wanted.rewritten {
            let entry = constant(caller, value & !0xffff);
            self.references.functions.push(entry);
        }
    }

    /// A call of a function whose index follows.
    #[inline]
    fn call(
        &mut self,
        at: &mut Reader<'_>,
        caller: u32,
        pc: Offset,
        wanted: KeptConstants,
    ) -> Result<(), Unread> {
        let start = at.pos;
        let target = at.leb()?;
        let operand = &at.bytes[start..at.pos];
        let last = operand.last().copied().unwrap_or_default();
        self.signed |= operand.len() > 1 && last == 0;
        if last & 0x40 != 0 {
            self.negative.push((caller, pc, signed(operand)));
        }
        if u32::try_from(target).is_err() {
            return Err(Unread);
        }
        if let Some(local) = target.checked_sub(wanted.imports) {
            self.references.calls.push(Call {
                caller,
                callee: small(local),
                offset: pc,
            });
        }
        Ok(())
    }

    /// The constants since the last call belong before the next.
    fn resumes(&mut self, pc: Offset, before: &mut (usize, usize)) {
        let found = &mut self.references;
        if pc != NO_OFFSET {
            let addresses = found.addresses[before.0..].iter_mut();
            let functions = found.functions[before.1..].iter_mut();
            addresses.chain(functions).for_each(|c| c.offset = pc);
        }
        *before = (found.addresses.len(), found.functions.len());
    }

    /// Pass over the operands of an instruction (WebAssembly specification, "Binary Format",
    /// "Instructions").
    fn pass(&mut self, at: &mut Reader<'_>, op: u8) -> Result<(), Unread> {
        match op {
            0x20..=0x24 | 0x0c | 0x0d | 0x41 | 0x02..=0x04 | 0x25 | 0x26 | 0x3f | 0x40 => {
                at.pass_leb()?;
            }
            0x45..=0xbf | 0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b => {}
            0x28..=0x3e => {
                at.memarg()?;
            }
            0x43 => at.skip(4)?,
            0x44 => at.skip(8)?,
            0x0e => {
                let targets = at.leb()?;
                for _ in 0..=targets {
                    at.pass_leb()?;
                }
            }
            0x1c => {
                let types = at.leb()?;
                at.skip(usize::try_from(types).map_err(|_| Unread)?)?;
                self.extensions.insert((op, 0));
            }
            0xc0..=0xc4 => {
                self.extensions.insert((op, 0));
            }
            0xfc => {
                let sub = at.leb()?;
                let operands = match sub {
                    0..=7 => 0,
                    9 | 11 | 13 | 15 | 16 | 17 => 1,
                    8 | 10 | 12 | 14 => 2,
                    _ => return Err(Unread),
                };
                for _ in 0..operands {
                    at.pass_leb()?;
                }
                self.extensions.insert((op, small(sub)));
            }
            0xfd => {
                let sub = at.leb()?;
                match sub {
                    0..=11 | 92 | 93 => {
                        at.memarg()?;
                    }
                    12 | 13 => at.skip(16)?,
                    21..=34 => at.skip(1)?,
                    84..=91 => {
                        at.memarg()?;
                        at.skip(1)?;
                    }
                    _ => {}
                }
                self.extensions.insert((op, small(sub)));
            }
            _ => return Err(Unread),
        }
        Ok(())
    }
}

fn small(sub: u64) -> u32 {
    u32::try_from(sub).unwrap_or(u32::MAX)
}

/// The resume point in a PC.
fn resume_point(pc: u64) -> Offset {
    small(pc & 0xffff)
}

const fn constant(caller: u32, value: u64) -> Constant {
    Constant {
        caller,
        offset: NO_OFFSET,
        value,
    }
}

/// `i32.wrap_i64`
const I32_WRAP: u8 = 0xa7;

/// Whether an address is used by the next instruction as the linker's are: kept in a local, on the
/// stack of Go or of wasm, stored, compared, subtracted from, made an index. Measured against the
/// linker's relocations: of 244,959 none was used otherwise.
const fn is_kept_address(next: u8) -> bool {
    matches!(
        next,
        0x20 | 0x21 | 0x22 | 0x24 | 0x37 | 0x42 | 0x50 | 0x51 | 0x52 | 0x7d | 0xa7
    )
}

/// The same for the PC of a function.
const fn is_kept_function(next: u8) -> bool {
    matches!(next, 0x20 | 0x21 | 0x22 | 0x24 | 0x37 | 0x42)
}

struct Reader<'b> {
    bytes: &'b [u8],
    pos: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Unread> {
        let byte = *self.bytes.get(self.pos).ok_or(Unread)?;
        self.pos += 1;
        Ok(byte)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), Unread> {
        self.pos = self.pos.checked_add(bytes).ok_or(Unread)?;
        if self.pos > self.bytes.len() {
            return Err(Unread);
        }
        Ok(())
    }

    fn pass_leb(&mut self) -> Result<(), Unread> {
        while self.byte()? & 0x80 != 0 {}
        Ok(())
    }

    fn leb(&mut self) -> Result<u64, Unread> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Unread)
    }

    fn sleb(&mut self) -> Result<i64, Unread> {
        let start = self.pos;
        self.pass_leb()?;
        Ok(signed(&self.bytes[start..self.pos]))
    }

    /// The offset of a load or store.
    fn memarg(&mut self) -> Result<u64, Unread> {
        let align = self.leb()?;
        if align & 0x40 != 0 {
            self.pass_leb()?;
        }
        self.leb()
    }
}

/// Signed LEB128 of up to ten bytes.
fn signed(bytes: &[u8]) -> i64 {
    let mut value = 0_i64;
    let mut shift = 0_u32;
    for byte in bytes {
        if shift < 64 {
            value |= i64::from(byte & 0x7f) << shift;
        }
        shift += 7;
    }
    match bytes.last() {
        Some(last) if last & 0x40 != 0 && shift < 64 => value | (-1 << shift),
        _ => value,
    }
}
