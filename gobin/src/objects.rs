//! Where the objects in Go's data begin and end, which nothing in the file says.
//!
//! What is known: the addresses that something refers to, at the start of an object or in it; the
//! mask of pointers; and the order in which the linker lays objects out (`cmd/link/internal/ld/
//! data.go`, `dodataSect` and `symalign`): by size, smallest first, aligned to 8 below 16 bytes, to
//! 16 below 32, and to 32 from there on. So an address that would make an object smaller than the
//! one before it, or that is not aligned as its size wants, lies inside of one.

mod chain;
mod mask;

use std::ops::Range;

use self::chain::SEEN;
pub(crate) use self::mask::Mask;

/// How objects are aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alignment {
    /// By their size alone.
    BySize,
    /// Since Go 1.27 as the compiler says, down to 8 for all sizes; by size where it says nothing.
    Declared,
}

impl Alignment {
    /// What objects of 32 bytes and more are aligned to at least.
    const fn least(self) -> u64 {
        match self {
            Self::BySize => 32,
            Self::Declared => 8,
        }
    }

    /// Where alignments are declared, most objects are aligned by their size all the same: of two
    /// ways with as many references, that over round addresses is the better one.
    const fn bonus(self, start: u64) -> i32 {
        match self {
            Self::BySize => 0,
            Self::Declared => start.is_multiple_of(32) as i32,
        }
    }

    /// The least size of an object, from where it begins to where the next does: some of that may
    /// be padding. Sizes within the same step of 32 bytes are one where all are aligned so.
    const fn least_size(self, distance: u64, next: u64) -> u64 {
        match self {
            Self::BySize => distance,
            Self::Declared => {
                let align = 1 << next.trailing_zeros();
                let align = if align > 32 { 32 } else { align };
                (distance + 8).saturating_sub(align)
            }
        }
    }
}

/// A data section, to be divided into objects.
pub(crate) struct DataSection<'a> {
    pub(crate) range: &'a Range<u64>,
    pub(crate) mask: &'a Mask,
    /// The addresses in it that something refers to, in order.
    pub(crate) refs: &'a [u64],
    /// Those that other data refers to: to the start of an object, but for few.
    pub(crate) from_data: &'a [u64],
    pub(crate) alignment: Alignment,
    /// Bytes of a pointer.
    pub(crate) pointer: u64,
}

impl DataSection<'_> {
    /// The starts of its objects, in order.
    pub(crate) fn starts(&self) -> Vec<u64> {
        if self.pointer != 8 {
            // What follows knows the order of objects whose words have 8 bytes. Without it, objects
            // begin wherever something refers to.
            let inside = self.refs.iter().filter(|at| self.range.contains(at));
            return inside.copied().collect();
        }
        let eights = self.start_of_eights();
        let sixteens = self.end_of_eights(eights);
        let small = (eights > self.range.start).then_some(self.range.start);
        let mut starts: Vec<u64> = small.into_iter().collect();
        starts.extend((eights..sixteens).step_by(8));
        if self.alignment == Alignment::Declared {
            self.large(sixteens, &mut starts);
            return starts;
        }
        let twentyfours = self.end_of_sixteens(sixteens);
        starts.extend((sixteens..twentyfours).step_by(16));
        let large = self.end_of_twentyfours(twentyfours);
        starts.extend((twentyfours..large.0).step_by(32));
        self.large(large.1, &mut starts);
        starts
    }

    /// What a candidate counts more than another.
    fn bonus(&self, start: u64) -> i32 {
        let from_data = self.from_data.binary_search(&start).is_ok();
        i32::from(from_data) * SEEN + self.alignment.bonus(start)
    }

    fn is_referred_to(&self, address: u64) -> bool {
        self.refs.binary_search(&address).is_ok()
    }

    /// Go 1.21 begins with a few objects that are smaller, and no pointers.
    fn start_of_eights(&self) -> u64 {
        const FEW: u64 = 64;
        let Range { start, end } = *self.range;
        let mut words = (start..end.min(start + FEW)).step_by(8);
        words.find(|at| self.mask.has(*at)).unwrap_or(start)
    }

    /// Objects of 8 bytes are pointers, and something refers to each. The first word that is no
    /// pointer, or that nothing refers to, belongs to an object of 16 bytes.
    fn end_of_eights(&self, start: u64) -> u64 {
        let end = self.range.end;
        let mut words = (start..end).step_by(8);
        let other = words.find(|at| !self.mask.has(*at) || !self.is_referred_to(*at));
        let other = other.unwrap_or(end);
        (other & !15).max(start)
    }

    /// An object of 16 bytes has a pointer; one of 24 has none in its last 16, of which half are
    /// padding, unless its third word is one.
    fn end_of_sixteens(&self, from: u64) -> u64 {
        let mut slots = (from..self.range.end).step_by(16);
        let empty = slots.find(|at| !self.mask.has(*at) && !self.mask.has(at + 8));
        let Some(empty) = empty else {
            return self.range.end;
        };
        let mut start = empty.saturating_sub(16).max(from);
        // Before it there may be some whose third word is a pointer.
        while start >= from + 32
            && self.is_twentyfour(start - 32)
            && !self.is_referred_to(start - 16)
        {
            start -= 32;
        }
        start
    }

    fn is_twentyfour(&self, at: u64) -> bool {
        !self.mask.has(at + 24) && !self.is_referred_to(at + 24)
    }

    /// Where objects of 24 bytes end, and where those of 32 and more begin: both lie 32 bytes
    /// apart, so it matters only when they are not aligned alike. Then most references decide.
    fn end_of_twentyfours(&self, from: u64) -> (u64, u64) {
        if from.is_multiple_of(32) {
            return (from, from);
        }
        let first = self.refs.partition_point(|r| *r < from);
        let (mut best, mut end) = (0, from);
        let mut score = 0_i64;
        for r in &self.refs[first..] {
            match r % 32 {
                16 => score += 1,
                0 => score -= 1,
                _ => {}
            }
            if score >= best {
                (best, end) = (score, *r);
            }
        }
        // The last of them that counts is one itself.
        let end = if end > from || best > 0 {
            (end & !31) + 48
        } else {
            from
        };
        let end = end.min(self.range.end);
        (end, (end + 16) & !31)
    }

    /// Objects of 32 bytes and more: the chain of references, none nearer to the next than those
    /// before it, that leaves the fewest out.
    fn large(&self, from: u64, starts: &mut Vec<u64>) {
        let first = self.refs.partition_point(|r| *r < from);
        let mut candidates: Vec<u64> = vec![from];
        let aligned = self.refs[first..]
            .iter()
            .filter(|r| r.is_multiple_of(self.alignment.least()) && **r != from);
        candidates.extend(aligned);
        candidates.retain(|r| *r < self.range.end);
        if candidates.len() > MANY {
            starts.extend(candidates);
        } else {
            starts.extend(self.chain(&candidates));
        }
    }
}

/// Of more candidates than this, which no program has, all are believed.
const MANY: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::mask::with_words as mask;
    use super::*;

    #[test]
    fn objects_are_found_by_their_order() {
        // Two pointers, two strings, a slice with its padding, and two structs of 40 bytes from the
        // next multiple of 32 on; the second is referred to in its middle alone.
        let range = 0x1000..0x10e0;
        let pointers = [0, 1, 2, 4, 6, 12, 16, 20, 24];
        let refs = [
            0x1000, 0x1008, 0x1010, 0x1020, 0x1030, 0x1060, 0x1068, 0x10a8,
        ];
        let section = DataSection {
            range: &range,
            mask: &mask(range.start, &pointers),
            refs: &refs,
            from_data: &[],
            alignment: Alignment::BySize,
            pointer: 8,
        };
        let found = section.starts();
        let first = [0x1000, 0x1008, 0x1010, 0x1020, 0x1030, 0x1060];
        assert_eq!(found, first, "{found:x?}");
    }

    #[test]
    fn an_object_that_nothing_refers_to_is_put_between_its_like() {
        let range = 0..512;
        let pointers: Vec<usize> = (0..64).collect();
        let section = DataSection {
            range: &range,
            mask: &mask(0, &pointers),
            refs: &[],
            from_data: &[],
            alignment: Alignment::BySize,
            pointer: 8,
        };
        let candidates = [0, 64, 128, 256, 320, 384];
        let found = section.chain(&candidates);
        assert_eq!(found, [0, 64, 128, 192, 256, 320, 384]);
        // What would be smaller than those before it lies inside of one.
        let found = section.chain(&[0, 64, 128, 160, 192, 256]);
        assert_eq!(found, [0, 64, 128, 192, 256]);
    }
}
