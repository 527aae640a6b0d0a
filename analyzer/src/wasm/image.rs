//! Linear memory as it is when a module starts.
//!
//! Go's linker leaves out runs of zeros, so that a program has up to 100,000 segments
//! (`cmd/link/internal/wasm/asm.go`, `writeDataSec`): they are laid out flat before anything is
//! looked for.

use std::ops::Range;

use wasmparser::{Data, DataKind, Operator};

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

/// The bytes between the first and the last address that has data.
#[derive(Debug)]
pub(super) struct Image {
    start: u64,
    bytes: Vec<u8>,
}

impl Image {
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

    /// All of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Address of the first byte.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Address after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Whether a range lies in it, but for zeros at its end, which the linker does not write.
    pub(super) fn has(&self, range: &Range<u64>) -> bool {
        const ZEROS: u64 = 1 << 20;
        self.start <= range.start && range.end <= self.end() + ZEROS
    }

    /// The bytes from an address on.
    pub(super) fn from(&self, address: u64) -> Option<&[u8]> {
        let at = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(at..)
    }

    fn array<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.from(address)?.get(..N)?.try_into().ok()
    }

    /// A little-endian word of 8 bytes.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        self.array(address).map(u64::from_le_bytes)
    }

    /// A word that may be an address, a length or an offset in a memory of 32 bits; sums of few of
    /// them do not overflow.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        self.word(address)
            .filter(|word| u32::try_from(*word).is_ok())
    }

    pub(super) fn word32(&self, address: u64) -> Option<u32> {
        self.array(address).map(u32::from_le_bytes)
    }

    pub(super) fn word16(&self, address: u64) -> Option<u16> {
        self.array(address).map(u16::from_le_bytes)
    }

    pub(super) fn byte(&self, address: u64) -> Option<u8> {
        self.array(address).map(|[byte]| byte)
    }
}
