//! Where the objects in Go's data begin and end, which nothing in the file says.
//!
//! What is known: the addresses that something refers to, at the start of an object or in it; the
//! mask of pointers; and the order in which the linker lays objects out (`cmd/link/internal/ld/
//! data.go`, `dodataSect` and `symalign`): by size, smallest first, aligned to 8 below 16 bytes, to
//! 16 below 32, and to 32 from there on. So an address that would make an object smaller than the
//! one before it, or that is not aligned as its size wants, lies inside of one.

use std::ops::Range;

use super::image::Image;

/// Which words of a range are pointers, a bit each.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// Address of the first word.
    start: u64,
    bits: Vec<u64>,
}

impl Mask {
    /// Run the GC program of a range (`runtime/mbitmap.go`, `runGCProg`).
    pub(super) fn run(image: &Image, program: u64, range: &Range<u64>) -> Self {
        let mut mask = Self {
            start: range.start,
            bits: Vec::new(),
        };
        let words = usize::try_from((range.end - range.start) / 8).unwrap_or(0);
        let _ = mask.fill(image.from(program).unwrap_or_default(), words);
        mask.bits.resize(words.div_ceil(64), 0);
        mask
    }

    fn fill(&mut self, program: &[u8], words: usize) -> Option<()> {
        let mut bits: Vec<bool> = Vec::with_capacity(words);
        let mut at = program.iter().copied();
        while bits.len() < words {
            let instruction = at.next()?;
            let count = usize::from(instruction & 0x7f);
            if instruction == 0 {
                break;
            }
            if instruction & 0x80 == 0 {
                for n in 0..count.div_ceil(8) {
                    let byte = at.next()?;
                    let left = (count - n * 8).min(8);
                    bits.extend((0..left).map(|bit| byte >> bit & 1 == 1));
                }
                continue;
            }
            let span = if count == 0 { varint(&mut at)? } else { count };
            let times = varint(&mut at)?;
            let from = bits.len().checked_sub(span)?;
            for n in 0..span.saturating_mul(times).min(words - bits.len()) {
                bits.push(bits[from + n % span.max(1)]);
            }
        }
        self.bits = vec![0; words.div_ceil(64)];
        for (n, _) in bits.iter().enumerate().take(words).filter(|(_, bit)| **bit) {
            self.bits[n / 64] |= 1 << (n % 64);
        }
        Some(())
    }

    /// The number of the word at an address; one without a bit before the range.
    fn word(&self, address: u64) -> usize {
        let word = address.checked_sub(self.start).map(|bytes| bytes / 8);
        word.and_then(|word| usize::try_from(word).ok())
            .unwrap_or(usize::MAX)
    }

    /// Whether any word between two addresses is a pointer.
    fn any(&self, from: u64, to: u64) -> bool {
        let (mut at, end) = (self.word(from), self.word(to));
        while at < end {
            let Some(bits) = self.bits.get(at / 64) else {
                return false;
            };
            let here = (end - at).min(64 - at % 64);
            if bits >> (at % 64) & (u64::MAX >> (64 - here)) != 0 {
                return true;
            }
            at += here;
        }
        false
    }

    /// Whether the word at an address is a pointer.
    pub(super) fn has(&self, address: u64) -> bool {
        let word = self.word(address);
        let bits = self.bits.get(word / 64);
        bits.is_some_and(|bits| bits >> (word % 64) & 1 == 1)
    }
}

fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = bytes.next()?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// How objects are aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alignment {
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
pub(super) struct Layout<'a> {
    pub(super) range: &'a Range<u64>,
    pub(super) mask: &'a Mask,
    /// The addresses in it that something refers to, in order.
    pub(super) refs: &'a [u64],
    /// Those that other data refers to: to the start of an object, but for few.
    pub(super) from_data: &'a [u64],
    pub(super) alignment: Alignment,
}

impl Layout<'_> {
    /// The starts of its objects, in order.
    pub(super) fn starts(&self) -> Vec<u64> {
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

    /// The best chain of candidates whose distances do not shrink, objects that nothing refers to put
    /// between them where they would.
    fn chain(&self, candidates: &[u64]) -> Vec<u64> {
        let mut ways: Vec<Vec<Way>> = vec![Vec::new(); candidates.len()];
        if let Some(first) = ways.first_mut() {
            first.push(Way {
                least: 0,
                score: 0,
                from: None,
            });
        }
        for i in 0..candidates.len() {
            let here = std::mem::take(&mut ways[i]);
            for (number, way) in here.iter().enumerate() {
                let reach = candidates.len().min(i + 1 + REACH);
                for j in i + 1..reach {
                    let distance = candidates[j] - candidates[i];
                    for piece in steps(distance, way.least, self.alignment.least()) {
                        // An object without a pointer would lie in another section.
                        let tail = candidates[j] - distance % piece - piece;
                        if !self.mask.any(candidates[i], candidates[i] + piece)
                            || !self.mask.any(tail, candidates[j])
                        {
                            continue;
                        }
                        let hidden = hidden(distance, piece);
                        let size = distance - piece * hidden;
                        let least = self.alignment.least_size(size, candidates[j]);
                        let next = Way {
                            least: least.max(way.least),
                            score: way.score + SEEN + self.bonus(candidates[j])
                                - i32::try_from(hidden).unwrap_or(0) * UNSEEN,
                            from: Some((small(i), small(number), piece)),
                        };
                        keep(&mut ways[j], next);
                    }
                }
            }
            ways[i] = here;
        }
        let ends = ways.iter().enumerate().flat_map(|(i, of)| {
            let of = of.iter().enumerate();
            of.map(move |(number, way)| (way.score, small(i), small(number)))
        });
        let mut at = ends.max().map(|(_, i, number)| (i, number));
        let mut found = Vec::new();
        while let Some((i, number)) = at {
            let address = candidates[i as usize];
            found.push(address);
            let from = ways[i as usize][number as usize].from;
            if let Some((before, _, piece)) = from {
                let start = candidates[before as usize];
                let hidden = hidden(address - start, piece);
                found.extend((1..=hidden).map(|n| start + n * piece).rev());
            }
            at = from.map(|(before, number, _)| (before, number));
        }
        found.reverse();
        found
    }
}

/// Of more candidates than this, which no program has, all are believed.
const MANY: usize = 200_000;
/// Of ways to a candidate that many are kept.
const WAYS: usize = 12;
/// A step passes over at most this many candidates.
const REACH: usize = 96;
/// Between two candidates there may be this many objects that nothing refers to.
const HIDDEN: u64 = 64;
/// What a candidate counts that begins an object, and what one counts against a way that nothing
/// refers to.
const SEEN: i32 = 4;
const UNSEEN: i32 = 4;

/// A way to a candidate.
#[derive(Clone, Copy)]
struct Way {
    /// What objects from here on measure at least.
    least: u64,
    score: i32,
    /// The candidate before, the number of its way, and the size of the objects on the step from
    /// there, of which the last may be larger.
    from: Option<(u32, u32, u64)>,
}

/// How many objects of a size lie between two candidates of this distance, besides the first.
const fn hidden(distance: u64, piece: u64) -> u64 {
    (distance / piece).saturating_sub(1)
}

/// How a distance may be divided after objects of some size: one object, two, or as many of that
/// size as there is room for.
fn steps(distance: u64, gap: u64, align: u64) -> impl Iterator<Item = u64> {
    let half = distance / 2 / align * align;
    let gap = gap.max(align);
    let fits = move |piece: &u64| *piece >= gap && distance / piece <= HIDDEN;
    let more = (half > gap)
        .then_some(half)
        .into_iter()
        .chain((distance >= 2 * gap).then_some(gap));
    std::iter::once(distance).chain(more).filter(fits)
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Keep a way unless another is as good with a smaller gap.
fn keep(ways: &mut Vec<Way>, new: Way) {
    if ways
        .iter()
        .any(|w| w.least <= new.least && w.score >= new.score)
    {
        return;
    }
    ways.retain(|w| !(new.least <= w.least && new.score >= w.score));
    ways.push(new);
    if ways.len() > WAYS {
        let worst = ways.iter().enumerate().min_by_key(|(_, w)| w.score);
        if let Some((worst, _)) = worst {
            ways.remove(worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask with these words set.
    fn mask(start: u64, words: &[usize]) -> Mask {
        let mut bits = vec![0; words.iter().max().map_or(0, |last| last / 64 + 1)];
        for word in words {
            bits[word / 64] |= 1 << (word % 64);
        }
        Mask { start, bits }
    }

    #[test]
    fn objects_are_found_by_their_order() {
        // Two pointers, two strings, a slice with its padding, and two structs of 40 bytes from the
        // next multiple of 32 on; the second is referred to in its middle alone.
        let range = 0x1000..0x10e0;
        let pointers = [0, 1, 2, 4, 6, 12, 16, 20, 24];
        let refs = [
            0x1000, 0x1008, 0x1010, 0x1020, 0x1030, 0x1060, 0x1068, 0x10a8,
        ];
        let layout = Layout {
            range: &range,
            mask: &mask(range.start, &pointers),
            refs: &refs,
            from_data: &[],
            alignment: Alignment::BySize,
        };
        let found = layout.starts();
        let first = [0x1000, 0x1008, 0x1010, 0x1020, 0x1030, 0x1060];
        assert_eq!(found, first, "{found:x?}");
    }

    #[test]
    fn an_object_that_nothing_refers_to_is_put_between_its_like() {
        let range = 0..512;
        let pointers: Vec<usize> = (0..64).collect();
        let layout = Layout {
            range: &range,
            mask: &mask(0, &pointers),
            refs: &[],
            from_data: &[],
            alignment: Alignment::BySize,
        };
        let candidates = [0, 64, 128, 256, 320, 384];
        let found = layout.chain(&candidates);
        assert_eq!(found, [0, 64, 128, 192, 256, 320, 384]);
        // What would be smaller than those before it lies inside of one.
        let found = layout.chain(&[0, 64, 128, 160, 192, 256]);
        assert_eq!(found, [0, 64, 128, 192, 256]);
    }

    #[test]
    fn masks_are_programs() {
        let run = |program: &[u8], words| {
            let mut mask = Mask::default();
            let _ = mask.fill(program, words);
            (0..words as u64)
                .map(|word| mask.has(word * 8))
                .collect::<Vec<_>>()
        };
        // Three bits as they are, then these three twice more.
        let bits = [true, false, true];
        let all: Vec<bool> = bits.iter().copied().cycle().take(9).collect();
        assert_eq!(run(&[3, 0b101, 0x83, 2, 0], 9), all);
        // The same with the length behind the instruction.
        assert_eq!(run(&[3, 0b101, 0x80, 3, 2, 0], 9), all);
        // Cut off, or about nothing: no pointers, and no panic.
        assert_eq!(run(&[3], 9), [false; 9]);
        assert_eq!(run(&[0x85, 1], 9), [false; 9]);
        assert!(mask(8, &[70]).any(488, 576) && !mask(8, &[70]).any(8, 568));
    }
}
