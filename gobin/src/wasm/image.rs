//! Linear memory as it is when a module starts.
//!
//! Go's linker leaves out runs of zeros, so that a program has up to 100,000 segments
//! (`cmd/link/internal/wasm/asm.go`, `writeDataSec`): they are laid out flat before anything is
//! looked for.

use wasmparser::{Data, DataKind, Operator};

use crate::image::{Image, Layout};

/// An active data segment with a constant address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'w> {
    address: u64,
    bytes: &'w [u8],
}

impl<'w> Segment<'w> {
    pub(super) fn of(data: &Data<'w>) -> Option<Self> {
        let DataKind::Active {
            memory_index: 0,
            offset_expr,
        } = &data.kind
        else {
            return None;
        };
        let address = match offset_expr.get_operators_reader().read().ok()? {
            Operator::I32Const { value } => u64::from(value.cast_unsigned()),
            Operator::I64Const { value } => value.cast_unsigned(),
            _ => return None,
        };
        Some(Self {
            address,
            bytes: data.data,
        })
    }
}

/// The bytes between the first and the last address that has data: one piece of memory, whose words
/// have 8 bytes, the least significant one first. Addresses have 32 bits.
#[derive(Debug)]
pub struct WasmImage {
    start: u64,
    bytes: Vec<u8>,
}

impl WasmImage {
    /// None when the segments lie so far apart that no Go linker wrote them.
    pub(super) fn of(segments: &[Segment<'_>]) -> Option<Self> {
        const SPARSE: u64 = 64 << 20;
        // Zeros before the first byte are not written either.
        let start = segments.iter().map(|s| s.address).min()? & !0xfff;
        let end = segments
            .iter()
            .map(|s| s.address.saturating_add(s.bytes.len() as u64))
            .max()?;
        let written: u64 = segments.iter().map(|s| s.bytes.len() as u64).sum();
        let length = end - start;
        if length > written.saturating_mul(4).saturating_add(SPARSE) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        for segment in segments {
            let at = usize::try_from(segment.address - start).ok()?;
            bytes[at..at + segment.bytes.len()].copy_from_slice(segment.bytes);
        }
        Some(Self { start, bytes })
    }
}

impl Image for WasmImage {
    #[inline]
    fn layout(&self) -> Layout {
        // Go's pointers on wasm have 8 bytes, though memory has addresses of 4 (`cmd/internal/sys`).
        Layout::LITTLE_64
    }

    #[inline]
    fn from(&self, address: u64) -> Option<&[u8]> {
        let at = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(at..)
    }

    fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        std::iter::once((self.start, self.bytes.as_slice()))
    }

    #[inline]
    fn highest(&self) -> u64 {
        u64::from(u32::MAX)
    }

    #[inline]
    fn start(&self) -> u64 {
        self.start
    }

    #[inline]
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}
