//! The mask of pointers: which words of Go's data are some.

use std::ops::Range;

use crate::image::Image;

/// Which words of a range are pointers, a bit each.
#[derive(Debug)]
pub(crate) struct Mask {
    /// Address of the first word.
    start: u64,
    /// Bits that an address is shifted by to have the number of a word.
    shift: u32,
    bits: Vec<u64>,
}

impl Mask {
    /// Run the GC program of a range (`runtime/mbitmap.go`, `runGCProg`).
    pub(crate) fn run<I: Image>(image: &I, program: u64, range: &Range<u64>) -> Self {
        let mut mask = Self {
            start: range.start,
            shift: image.pointer_size().trailing_zeros(),
            bits: Vec::new(),
        };
        let words = usize::try_from((range.end - range.start) >> mask.shift).unwrap_or(0);
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
        let word = address
            .checked_sub(self.start)
            .map(|bytes| bytes >> self.shift);
        word.and_then(|word| usize::try_from(word).ok())
            .unwrap_or(usize::MAX)
    }

    /// Whether any word between two addresses is a pointer.
    pub(super) fn any(&self, from: u64, to: u64) -> bool {
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
    pub(crate) fn has(&self, address: u64) -> bool {
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

/// A mask over words of 8 bytes with these set.
#[cfg(test)]
pub(super) fn with_words(start: u64, words: &[usize]) -> Mask {
    let mut bits = vec![0; words.iter().max().map_or(0, |last| last / 64 + 1)];
    for word in words {
        bits[word / 64] |= 1 << (word % 64);
    }
    Mask {
        start,
        shift: 3,
        bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_programs() {
        let run = |program: &[u8], words| {
            let mut mask = with_words(0, &[]);
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
        assert!(with_words(8, &[70]).any(488, 576) && !with_words(8, &[70]).any(8, 568));
    }
}
