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
pub(super) struct Mask(Vec<u64>);

impl Mask {
    /// Run a GC program for a range of this many words (`runtime/mbitmap.go`, `runGCProg`).
    pub(super) fn run(image: &Image, program: u64, words: u64) -> Self {
        let mut mask = Self::default();
        let words = usize::try_from(words).unwrap_or(0);
        let _ = mask.fill(image.from(program).unwrap_or_default(), words);
        mask.0.resize(words.div_ceil(64), 0);
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
        self.0 = vec![0; words.div_ceil(64)];
        for (n, _) in bits.iter().enumerate().take(words).filter(|(_, bit)| **bit) {
            self.0[n / 64] |= 1 << (n % 64);
        }
        Some(())
    }

    /// Whether any of these words is one.
    fn any(&self, words: Range<usize>) -> bool {
        let mut at = words.start;
        while at < words.end {
            let Some(bits) = self.0.get(at / 64) else {
                return false;
            };
            let left = words.end - at;
            let bits = bits >> (at % 64);
            let here = left.min(64 - at % 64);
            if bits & (u64::MAX >> (64 - here)) != 0 {
                return true;
            }
            at += here;
        }
        false
    }

    pub(super) fn has(&self, word: usize) -> bool {
        self.0
            .get(word / 64)
            .is_some_and(|bits| bits >> (word % 64) & 1 == 1)
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

/// The starts of the objects of the data section, in order: `refs` are the addresses in it that
/// something refers to, in order, `from_data` those of them that other data refers to.
pub(super) fn data_objects(
    range: &Range<u64>,
    mask: &Mask,
    refs: &[u64],
    from_data: &[u64],
    alignment: Alignment,
) -> Vec<u64> {
    let layout = Layout {
        range,
        mask,
        refs,
        from_data,
    };
    let eights = layout.start_of_eights();
    let sixteens = layout.end_of_eights(eights);
    let small = (eights > range.start).then_some(range.start);
    let mut starts: Vec<u64> = small.into_iter().collect();
    starts.extend((eights..sixteens).step_by(8));
    if alignment == Alignment::Declared {
        layout.large(sixteens, alignment, &mut starts);
        return starts;
    }
    let twentyfours = layout.end_of_sixteens(sixteens);
    starts.extend((sixteens..twentyfours).step_by(16));
    let large = layout.end_of_twentyfours(twentyfours);
    starts.extend((twentyfours..large.0).step_by(32));
    layout.large(large.1, alignment, &mut starts);
    starts
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

struct Layout<'a> {
    range: &'a Range<u64>,
    mask: &'a Mask,
    refs: &'a [u64],
    /// Those that other objects refer to: to the start of one, but for few.
    from_data: &'a [u64],
}

impl Layout<'_> {
    fn is_pointer(&self, address: u64) -> bool {
        let word = address.saturating_sub(self.range.start) / 8;
        self.mask.has(usize::try_from(word).unwrap_or(usize::MAX))
    }

    /// What a candidate counts more than another.
    fn bonus(&self, start: u64, alignment: Alignment) -> i32 {
        let from_data = self.from_data.binary_search(&start).is_ok();
        i32::from(from_data) * SEEN + alignment.bonus(start)
    }

    fn has_pointer(&self, from: u64, to: u64) -> bool {
        let word = |address: u64| {
            let word = address.saturating_sub(self.range.start) / 8;
            usize::try_from(word).unwrap_or(usize::MAX)
        };
        self.mask.any(word(from)..word(to))
    }

    fn is_referred_to(&self, address: u64) -> bool {
        self.refs.binary_search(&address).is_ok()
    }

    /// Go 1.21 begins with a few objects that are smaller, and no pointers.
    fn start_of_eights(&self) -> u64 {
        const FEW: u64 = 64;
        let Range { start, end } = *self.range;
        let mut words = (start..end.min(start + FEW)).step_by(8);
        words.find(|at| self.is_pointer(*at)).unwrap_or(start)
    }

    /// Objects of 8 bytes are pointers, and something refers to each. The first word that is no
    /// pointer, or that nothing refers to, belongs to an object of 16 bytes.
    fn end_of_eights(&self, start: u64) -> u64 {
        let end = self.range.end;
        let mut words = (start..end).step_by(8);
        let other = words.find(|at| !self.is_pointer(*at) || !self.is_referred_to(*at));
        let other = other.unwrap_or(end);
        (other & !15).max(start)
    }

    /// An object of 16 bytes has a pointer; one of 24 has none in its last 16, of which half are
    /// padding, unless its third word is one.
    fn end_of_sixteens(&self, from: u64) -> u64 {
        let mut slots = (from..self.range.end).step_by(16);
        let empty = slots.find(|at| !self.is_pointer(*at) && !self.is_pointer(at + 8));
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
        !self.is_pointer(at + 24) && !self.is_referred_to(at + 24)
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
    fn large(&self, from: u64, alignment: Alignment, starts: &mut Vec<u64>) {
        let first = self.refs.partition_point(|r| *r < from);
        let mut candidates: Vec<u64> = vec![from];
        let aligned = self.refs[first..]
            .iter()
            .filter(|r| r.is_multiple_of(alignment.least()) && **r != from);
        candidates.extend(aligned);
        candidates.retain(|r| *r < self.range.end);
        if candidates.len() > MANY {
            starts.extend(candidates);
        } else {
            starts.extend(self.chain(&candidates, alignment));
        }
    }

    /// The best chain of candidates whose distances do not shrink, objects that nothing refers to put
    /// between them where they would.
    fn chain(&self, candidates: &[u64], alignment: Alignment) -> Vec<u64> {
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
                let last = candidates.len().min(i + 1 + REACH);
                for j in i + 1..last {
                    let distance = candidates[j] - candidates[i];
                    for piece in steps(distance, way.least, alignment.least()) {
                        // An object without a pointer would lie in another section.
                        let last = candidates[j] - distance % piece - piece;
                        if !self.has_pointer(candidates[i], candidates[i] + piece)
                            || !self.has_pointer(last, candidates[j])
                        {
                            continue;
                        }
                        let hidden = (distance / piece).saturating_sub(1);
                        let next = Way {
                            least: alignment
                                .least_size(distance - piece * hidden, candidates[j])
                                .max(way.least),
                            score: way.score + SEEN + self.bonus(candidates[j], alignment)
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
                let hidden = ((address - start) / piece).saturating_sub(1);
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
#[derive(Clone, Copy)]
struct Way {
    /// What objects from here on measure at least.
    least: u64,
    score: i32,
    /// The candidate before, the number of its way, and the size of the objects on the step from
    /// there, of which the last may be larger.
    from: Option<(u32, u32, u64)>,
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
    fn mask(words: &[usize]) -> Mask {
        let mut bits = vec![0; words.iter().max().map_or(0, |last| last / 64 + 1)];
        for word in words {
            bits[word / 64] |= 1 << (word % 64);
        }
        Mask(bits)
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
        let found = data_objects(&range, &mask(&pointers), &refs, &[], Alignment::BySize);
        let first = [0x1000, 0x1008, 0x1010, 0x1020, 0x1030, 0x1060];
        assert_eq!(found, first, "{found:x?}");
    }

    #[test]
    fn an_object_that_nothing_refers_to_is_put_between_its_like() {
        let range = 0..512;
        let pointers: Vec<usize> = (0..64).collect();
        let layout = Layout {
            range: &range,
            mask: &mask(&pointers),
            refs: &[],
            from_data: &[],
        };
        let candidates = [0, 64, 128, 256, 320, 384];
        let found = layout.chain(&candidates, Alignment::BySize);
        assert_eq!(found, [0, 64, 128, 192, 256, 320, 384]);
        // What would be smaller than those before it lies inside of one.
        let found = layout.chain(&[0, 64, 128, 160, 192, 256], Alignment::BySize);
        assert_eq!(found, [0, 64, 128, 192, 256]);
    }

    #[test]
    fn masks_are_programs() {
        let run = |program: &[u8], words| {
            let mut mask = Mask::default();
            let _ = mask.fill(program, words);
            (0..words).map(|word| mask.has(word)).collect::<Vec<_>>()
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
        assert!(mask(&[70]).any(60..71) && !mask(&[70]).any(0..70));
    }
}
