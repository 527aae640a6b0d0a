//! Objects of 32 bytes and more: which of the references to them begin one.

use super::DataSection;

/// Of ways to a candidate that many are kept.
const WAYS: usize = 12;
/// A step passes over at most this many candidates.
const REACH: usize = 96;
/// Between two candidates there may be this many objects that nothing refers to.
const HIDDEN: u64 = 64;
/// What a candidate counts that begins an object, and what one counts against a way that nothing
/// refers to.
pub(super) const SEEN: i32 = 4;
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

impl DataSection<'_> {
    /// The best chain of candidates whose distances do not shrink, objects that nothing refers to put
    /// between them where they would.
    pub(super) fn chain(&self, candidates: &[u64]) -> Vec<u64> {
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
