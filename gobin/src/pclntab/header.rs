//! Where the table of functions is, and where its parts begin.

use crate::image::{Image, Layout, Section};

/// First four bytes, as a number (`internal/abi/symtab.go`, `Go120PCLnTabMagic`); the same number
/// until Go 1.27 at least.
const MAGIC: u32 = 0xffff_fff1;

/// `pcHeader` of a table: positions are bytes from its first one.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Address of the table.
    pub(crate) address: u64,
    /// Bytes of the smallest instruction, which PCs within functions are counted in: 1 on amd64 and
    /// WebAssembly, 4 on arm64.
    pub(super) quantum: u8,
    /// How many functions it lists.
    pub(super) listed: usize,
    pub(super) names: usize,
    pub(super) units: usize,
    pub(super) files: usize,
    pub(super) pcs: usize,
    pub(super) functions: usize,
}

impl Header {
    /// Find the table of a program that has no more than `most` functions: the magic number alone may
    /// stand in any data.
    pub fn find<I: Image>(image: &I, most: usize) -> Option<Self> {
        let layout = image.layout();
        let needle = needle(layout);
        image.search(Section::Pclntab).find_map(|(start, bytes)| {
            memchr::memmem::find_iter(bytes, &needle).find_map(|at| {
                let address = start + at as u64;
                let aligned = address.is_multiple_of(u64::from(layout.pointer));
                aligned.then(|| Self::at(layout, &bytes[at..], address, most))?
            })
        })
    }

    fn at(layout: Layout, bytes: &[u8], address: u64, most: usize) -> Option<Self> {
        let (quantum, pointer) = (*bytes.get(6)?, *bytes.get(7)?);
        if pointer != layout.pointer || !matches!(quantum, 1 | 2 | 4) {
            return None;
        }
        // Eight bytes, then words; offsets have 32 bits whatever their words have.
        let word = |n: usize| {
            let at = 8 + n * usize::from(pointer);
            let word = layout.word(bytes.get(at..)?)?;
            usize::try_from(u32::try_from(word).ok()?).ok()
        };
        let header = Self {
            address,
            quantum,
            listed: word(0)?,
            names: word(3)?,
            units: word(4)?,
            files: word(5)?,
            pcs: word(6)?,
            functions: word(7)?,
        };
        let end = header
            .functions
            .checked_add(header.listed.checked_mul(8)?)?;
        let sane = header.listed != 0 && header.listed <= most && end <= bytes.len();
        sane.then_some(header)
    }

    /// Address of the names of functions, which follow the header.
    pub(crate) const fn names(&self) -> u64 {
        self.address + self.names as u64
    }

    /// What the table lists, in its order: a short PC (see [`crate::PcCoding::short`]), and the
    /// position of the function's record (`runtime/symtab.go`, `functab`).
    pub fn entries<I: Image>(&self, image: &I) -> impl Iterator<Item = (u32, usize)> {
        let layout = image.layout();
        let bytes = image.from(self.address + self.functions as u64);
        let pairs = bytes.unwrap_or_default().as_chunks::<8>().0.iter();
        let base = self.functions;
        pairs.take(self.listed).map(move |pair| {
            let [entry, record] = [0, 4].map(|at| std::array::from_fn(|n| pair[at + n]));
            (layout.word32(entry), base + layout.word32(record) as usize)
        })
    }
}

/// The magic number, and two bytes of padding.
const fn needle(layout: Layout) -> [u8; 6] {
    let [a, b, c, d] = if layout.big_endian {
        MAGIC.to_be_bytes()
    } else {
        MAGIC.to_le_bytes()
    };
    [a, b, c, d, 0, 0]
}
