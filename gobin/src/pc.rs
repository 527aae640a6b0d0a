//! What a PC is: where Go's tables write one, which function it names, and where in it.

use crate::graph::Node;

/// Where in a function control is: a resume point on WebAssembly, bytes from the entry on other
/// machines.
pub type Offset = u32;

/// No offset is known: no function is as large.
pub const NO_OFFSET: Offset = Offset::MAX;

/// Table index of the first function on WebAssembly (`funcValueOffset` in
/// `cmd/link/internal/wasm/asm.go`).
pub const FIRST_INDEX: u64 = 0x1000;

/// No module has as many functions: an entry of the function table that is larger counts PCs.
const MAX_INDEX: u32 = 0x10_0000;

/// How PCs are written. Functions are numbered in the order of the code section on WebAssembly, of
/// their addresses elsewhere.
#[derive(Clone, Debug)]
pub enum PcCoding {
    /// `table index << 16 | resume point`, as Go writes PCs for WebAssembly
    /// (`cmd/internal/obj/wasm/wasmobj.go`, `preprocess`).
    TableIndex(TableIndex),
    /// An address, as on all other machines.
    Address(Addresses),
}

/// The coding of WebAssembly.
#[derive(Clone, Debug)]
pub struct TableIndex {
    /// Function by position in the module's table, from [`FIRST_INDEX`] on. A PC names a position
    /// there, and other tools than Go's linker renumber functions.
    slots: Vec<Option<Node>>,
    /// Short PCs, in the function table and in types, count functions rather than PCs: so they do
    /// since Go 1.25 (<https://go.dev/issue/64856>).
    in_functions: bool,
}

/// The coding of other machines.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Address that short PCs count from (`runtime.text`).
    text: u64,
    /// Entry of each function, counted from there, in order.
    entries: Vec<u32>,
}

impl PcCoding {
    /// That of a WebAssembly module with these functions in its table, from [`FIRST_INDEX`] on;
    /// `entry` is the first entry of Go's function table, which shows what it counts.
    pub const fn table_index(slots: Vec<Option<Node>>, entry: u32) -> Self {
        Self::TableIndex(TableIndex {
            slots,
            in_functions: entry < MAX_INDEX,
        })
    }

    /// That of a program whose code begins at `text` and whose functions begin at these offsets, in
    /// order; `None` when they are not in order.
    pub fn addresses(text: u64, entries: Vec<u32>) -> Option<Self> {
        let ordered = entries.is_sorted();
        ordered.then_some(Self::Address(Addresses { text, entries }))
    }

    /// The function that a short PC names: an entry of the function table, a `textOff` of a method
    /// (`internal/abi/type.go`).
    pub fn short(&self, pc: u32) -> Option<Node> {
        match self {
            Self::TableIndex(coding) => {
                let index = if coding.in_functions { pc } else { pc >> 16 };
                coding.function(u64::from(index))
            }
            Self::Address(coding) => coding.at(pc),
        }
    }

    /// The function whose first PC a word is, as in function values, itabs and init tasks.
    #[inline]
    pub fn function(&self, word: u64) -> Option<Node> {
        match self {
            Self::TableIndex(coding) => {
                if word.trailing_zeros() < 16 {
                    return None;
                }
                // The first is the build ID, which nothing refers to.
                let index = (word >> 16).checked_sub(FIRST_INDEX).filter(|n| *n != 0)?;
                *coding.slots.get(usize::try_from(index).ok()?)?
            }
            Self::Address(coding) => coding.at(coding.offset(word)?),
        }
    }

    /// The function that a PC lies in, and where in it.
    pub fn locate(&self, pc: u64) -> Option<(Node, Offset)> {
        match self {
            Self::TableIndex(coding) => {
                let offset = Offset::try_from(pc & 0xffff).ok()?;
                Some((coding.function(pc >> 16)?, offset))
            }
            Self::Address(coding) => {
                let offset = coding.offset(pc)?;
                let behind = coding.entries.partition_point(|entry| *entry <= offset);
                let function = behind.checked_sub(1)?;
                let within = offset - coding.entries[function];
                Some((Node::try_from(function).ok()?, within))
            }
        }
    }

    /// The first PC of a function.
    pub fn entry(&self, function: Node) -> Option<u64> {
        match self {
            Self::TableIndex(coding) => {
                let slot = coding.slots.iter().position(|f| *f == Some(function))?;
                Some((FIRST_INDEX + slot as u64) << 16)
            }
            Self::Address(coding) => {
                let entry = coding.entries.get(function as usize)?;
                coding.text.checked_add(u64::from(*entry))
            }
        }
    }
}

impl TableIndex {
    /// The function at an index of the module's table.
    fn function(&self, index: u64) -> Option<Node> {
        let slot = index.checked_sub(FIRST_INDEX)?;
        *self.slots.get(usize::try_from(slot).ok()?)?
    }
}

impl Addresses {
    fn offset(&self, address: u64) -> Option<u32> {
        u32::try_from(address.checked_sub(self.text)?).ok()
    }

    /// The function that begins at an offset.
    fn at(&self, offset: u32) -> Option<Node> {
        let function = self.entries.binary_search(&offset).ok()?;
        Node::try_from(function).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_wasm_a_pc_is_a_table_index_and_a_resume_point() {
        let slots = vec![Some(0), Some(2), None, Some(1)];
        let coding = PcCoding::table_index(slots.clone(), 0x1000);
        assert_eq!(coding.locate(0x1001_0007), Some((2, 7)));
        assert_eq!(coding.function(0x1001_0000), Some(2));
        // Not an entry, the build ID, nothing, behind the table.
        for word in [0x1001_0007, 0x1000_0000, 0x1002_0000, 0x1004_0000, 0] {
            assert_eq!(coding.function(word), None, "{word:x}");
        }
        assert_eq!(coding.entry(1), Some(0x1003_0000));
        assert_eq!(
            (coding.short(0x1001), coding.short(0x1001_0000)),
            (Some(2), None)
        );
        let before_125 = PcCoding::table_index(slots, 0x1000_0000);
        assert_eq!(before_125.short(0x1001_0000), Some(2));
    }

    #[test]
    fn elsewhere_a_pc_is_an_address() {
        let coding = PcCoding::addresses(0x40_1000, vec![0, 0x20, 0x60]).unwrap();
        assert_eq!(coding.locate(0x40_1025), Some((1, 5)));
        assert_eq!(coding.locate(0x40_0fff), None);
        assert_eq!(coding.function(0x40_1060), Some(2));
        assert_eq!(coding.function(0x40_1061), None);
        assert_eq!(
            (coding.short(0x20), coding.entry(1)),
            (Some(1), Some(0x40_1020))
        );
        assert!(PcCoding::addresses(0, vec![4, 2]).is_none());
    }
}
