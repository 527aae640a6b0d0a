//! A program's memory as it is when the program starts: what Go's tables are read from, whatever the
//! format of the file.
//!
//! A format is added by implementing [`Image`] for it. The readers are generic over the image, so
//! that the width and the order of bytes of a format that has but one of each are constants in them.

use std::ops::Range;

/// Parts of a file that some formats give a name or a symbol, and that are searched for otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The table of functions: `.gopclntab` in ELF, `__gopclntab` in Mach-O, `runtime.pclntab` in PE
    /// (`cmd/link/internal/ld/data.go`; what reads them: `debug/gosym`, `cmd/internal/objfile`).
    Pclntab,
    /// The build information: `.go.buildinfo` in ELF, `__go_buildinfo` in Mach-O
    /// (`debug/buildinfo/buildinfo.go`).
    BuildInfo,
    /// Read-only data, with types, itabs and strings: `.rodata`, `__rodata`, `.rdata`.
    ReadOnly,
}

/// How words lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of a pointer, and of Go's `int` and `uintptr`: 4 or 8.
    pub pointer: u8,
    /// The most significant byte comes first.
    pub big_endian: bool,
}

/// The memory of a program that does not run yet. Addresses are those that the program uses.
///
/// Reading what is not in memory is no error: the answer is `None`, and tables that lead out of
/// memory are no tables.
pub trait Image {
    /// How words lie in it.
    fn layout(&self) -> Layout;

    /// The bytes from an address to the end of the piece of memory that holds it; `None` where the
    /// file has no bytes for the address.
    fn from(&self, address: u64) -> Option<&[u8]>;

    /// The pieces of memory that the file has bytes for, each with its address, in the order of
    /// addresses. Whatever has no section is searched for in these.
    fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])>;

    /// Where a section lies; `None` when the format does not say.
    fn section(&self, _section: Section) -> Option<Range<u64>> {
        None
    }

    /// Whether an address lies in code. On WebAssembly none does: code is not in memory.
    fn is_code(&self, _address: u64) -> bool {
        false
    }

    /// No address of the program is larger; so few bits that sums of a few addresses do not
    /// overflow.
    fn highest(&self) -> u64 {
        if self.layout().pointer == 4 {
            u64::from(u32::MAX)
        } else {
            (1 << 56) - 1
        }
    }

    /// Address of the first byte.
    fn start(&self) -> u64 {
        self.pieces().next().map_or(0, |(address, _)| address)
    }

    /// Address after the last byte that the file has.
    fn end(&self) -> u64 {
        let ends = self.pieces().map(|(at, bytes)| at + bytes.len() as u64);
        ends.max().unwrap_or(0)
    }

    /// Whether a range lies in memory, but for zeros behind the last byte, which linkers do not
    /// write.
    fn has(&self, range: &Range<u64>) -> bool {
        const ZEROS: u64 = 1 << 20;
        self.start() <= range.start && range.end <= self.end() + ZEROS
    }

    /// What a section is searched in: the section itself where the format names it, all pieces of
    /// memory otherwise.
    fn search(&self, section: Section) -> impl Iterator<Item = (u64, &[u8])> {
        let named = self.section(section).and_then(|range| {
            let bytes = self.from(range.start)?;
            let length = usize::try_from(range.end.saturating_sub(range.start)).ok()?;
            Some((range.start, &bytes[..length.min(bytes.len())]))
        });
        let others = named.is_none().then(|| self.pieces());
        named.into_iter().chain(others.into_iter().flatten())
    }

    /// Bytes of a pointer.
    fn pointer_size(&self) -> u64 {
        u64::from(self.layout().pointer)
    }

    /// Some bytes at an address.
    fn array<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.from(address)?.first_chunk().copied()
    }

    /// A byte.
    fn byte(&self, address: u64) -> Option<u8> {
        self.array(address).map(|[byte]| byte)
    }

    /// A word of two bytes.
    fn word16(&self, address: u64) -> Option<u16> {
        let bytes = self.array(address)?;
        Some(if self.layout().big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    /// A word of four bytes.
    fn word32(&self, address: u64) -> Option<u32> {
        self.array(address).map(|bytes| self.layout().word32(bytes))
    }

    /// A word as large as a pointer.
    fn word(&self, address: u64) -> Option<u64> {
        self.layout().word(self.from(address)?)
    }

    /// A word that may be an address, a length or an offset: not larger than the largest address.
    fn pointer(&self, address: u64) -> Option<u64> {
        self.word(address).filter(|word| *word <= self.highest())
    }

    /// The words of a range, as large as pointers and aligned as these are, each with its address;
    /// no more than the piece of memory has.
    fn words(&self, range: Range<u64>) -> impl Iterator<Item = (u64, u64)>
    where
        Self: Sized,
    {
        let layout = self.layout();
        let size = usize::from(layout.pointer);
        let start = range.start.next_multiple_of(self.pointer_size());
        let bytes = self.from(start).unwrap_or_default();
        let length = usize::try_from(range.end.saturating_sub(start)).unwrap_or(0);
        let words = bytes.chunks_exact(size).take(length / size);
        let at = (0_u64..).map(move |n| start + n * size as u64);
        at.zip(words.map(move |bytes| layout.word(bytes).unwrap_or(0)))
    }
}

impl Layout {
    /// The words of WebAssembly as Go uses it, and of amd64 and arm64.
    pub const LITTLE_64: Self = Self {
        pointer: 8,
        big_endian: false,
    };

    /// A word as large as a pointer, at the start of some bytes.
    pub fn word(self, bytes: &[u8]) -> Option<u64> {
        if self.pointer == 4 {
            return Some(u64::from(self.word32(*bytes.first_chunk()?)));
        }
        let bytes = *bytes.first_chunk()?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// A word of four bytes.
    pub const fn word32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    /// A word as large as a pointer, as it lies in memory.
    pub(crate) fn bytes_of(self, word: u64) -> ([u8; 8], usize) {
        let all = if self.big_endian {
            // The low bytes of a short word come last: moved to the front.
            (word << (64 - u32::from(self.pointer) * 8)).to_be_bytes()
        } else {
            word.to_le_bytes()
        };
        (all, usize::from(self.pointer))
    }
}

#[cfg(test)]
pub(crate) mod synthetic {
    //! Memory that a test writes word by word, of any width and order.

    use super::{Image, Layout};

    /// One piece of memory.
    pub(crate) struct Synthetic {
        pub(crate) layout: Layout,
        pub(crate) start: u64,
        pub(crate) bytes: Vec<u8>,
    }

    impl Synthetic {
        pub(crate) fn new(layout: Layout, start: u64, length: usize) -> Self {
            Self {
                layout,
                start,
                bytes: vec![0; length],
            }
        }

        pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) {
            let at = usize::try_from(address - self.start).unwrap();
            self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        }

        pub(crate) fn put(&mut self, address: u64, word: u64) {
            let (bytes, length) = self.layout.bytes_of(word);
            self.write(address, &bytes[..length]);
        }

        pub(crate) fn put32(&mut self, address: u64, word: u32) {
            let bytes = if self.layout.big_endian {
                word.to_be_bytes()
            } else {
                word.to_le_bytes()
            };
            self.write(address, &bytes);
        }
    }

    impl Image for Synthetic {
        fn layout(&self) -> Layout {
            self.layout
        }

        fn from(&self, address: u64) -> Option<&[u8]> {
            let at = usize::try_from(address.checked_sub(self.start)?).ok()?;
            self.bytes.get(at..)
        }

        fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
            std::iter::once((self.start, self.bytes.as_slice()))
        }

        /// Code lies below all data.
        fn is_code(&self, address: u64) -> bool {
            address < self.start
        }
    }
}

#[cfg(test)]
mod tests {
    use super::synthetic::Synthetic;
    use super::*;

    #[test]
    fn words_are_read_in_both_widths_and_orders() {
        for pointer in [4, 8] {
            for big_endian in [false, true] {
                let layout = Layout {
                    pointer,
                    big_endian,
                };
                let mut image = Synthetic::new(layout, 0x1000, 64);
                let size = u64::from(pointer);
                image.put(0x1000, 0x1234);
                image.put(0x1000 + size, 0x5678);
                let two = [(0x1000, 0x1234), (0x1000 + size, 0x5678)];
                let range = 0xfff..0x1000 + 2 * size;
                assert_eq!(image.words(range).collect::<Vec<_>>(), two, "{layout:?}");
                assert_eq!(image.word(0x1000), Some(0x1234));
                assert_eq!(image.pointer(0x1000 + size), Some(0x5678));
                assert_eq!(image.word(0x103f), None);
                assert!(image.has(&(0x1000..0x1040)) && !image.has(&(0xff8..0x1040)));
            }
        }
    }
}
