//! The guest's clocks: those of this machine, or one that only the guest moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::deadline::Deadline;
use crate::stop::Stop;

/// Wait in steps, so that the end of the guest's time is seen.
const STEP: Duration = Duration::from_millis(20);
/// What a look at the virtual clock moves it on, so that a loop that waits for it ends.
const LOOK: u64 = 1_000;
/// When the virtual clock starts: the moment of Go's first release, as its playground has it,
/// 2009-11-10 23:00:00 UTC.
const BEGIN: Duration = Duration::from_hours(349_415);
/// A longer wait is one for ever.
const FOR_EVER: Duration = Duration::from_hours(24 * 365 * 200);

/// Where time comes from.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// From this machine; the monotonic clock counts from here.
    Real(Instant),
    /// From what the guest does: nanoseconds since the start, moved on by looks and by sleeping.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    pub(crate) fn new(deterministic: bool) -> Self {
        if deterministic {
            Self::Virtual(Arc::default())
        } else {
            Self::Real(Instant::now())
        }
    }

    /// Time since the start.
    pub(crate) fn since_start(&self) -> Duration {
        match self {
            Self::Real(start) => start.elapsed(),
            Self::Virtual(now) => Duration::from_nanos(now.fetch_add(LOOK, Ordering::Relaxed)),
        }
    }

    /// Time since 1970.
    pub(crate) fn wall(&self) -> Duration {
        match self {
            Self::Real(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Self::Virtual(_) => BEGIN + self.since_start(),
        }
    }

    /// Wait, at most to the end of the guest's time, which real clocks measure.
    pub(crate) fn sleep(&self, wait: Duration, deadline: &Deadline) -> Result<(), Stop> {
        if let Self::Virtual(now) = self
            && wait < FOR_EVER
        {
            let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
            now.fetch_add(nanos, Ordering::Relaxed);
            return Ok(());
        }
        // A wait that no clock can hold never ends; the guest's time does.
        let end = Instant::now().checked_add(wait);
        loop {
            let now = Instant::now();
            if deadline.is_over() {
                return Err(Stop::TimedOut);
            }
            match end.map(|end| end.saturating_duration_since(now)) {
                Some(left) if left.is_zero() => return Ok(()),
                Some(left) => std::thread::sleep(left.min(STEP)),
                None => std::thread::sleep(STEP),
            }
        }
    }
}

/// Random bytes that are the same in every run: `SplitMix64` (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014). Not for secrets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fixed(u64);

impl Fixed {
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let z = z ^ (z >> 31);
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_when_it_is_asked_and_by_sleeping() {
        let clock = Clock::new(true);
        let (first, second) = (clock.since_start(), clock.since_start());
        assert_eq!(second.checked_sub(first), Some(Duration::from_nanos(LOOK)));
        let started = Instant::now();
        let never = Deadline::default();
        clock.sleep(Duration::from_hours(1), &never).unwrap();
        assert!(clock.since_start() > Duration::from_hours(1));
        assert!(started.elapsed() < Duration::from_mins(1));
        let now = Deadline::new(Some(Instant::now()), None);
        let ended = clock.sleep(Duration::MAX, &now);
        assert_eq!(ended, Err(Stop::TimedOut), "a wait for ever is none");
        let asked = Deadline::new(None, Some(Arc::new(|| true)));
        assert_eq!(clock.sleep(Duration::MAX, &asked), Err(Stop::TimedOut));
    }

    #[test]
    fn fixed_bytes_are_the_published_sequence() {
        // The first values for the seed 0.
        let mut bytes = [0; 16];
        Fixed::default().fill(&mut bytes);
        let words: Vec<u64> = bytes
            .chunks(8)
            .map(|c| u64::from_le_bytes(c.try_into().unwrap()))
            .collect();
        assert_eq!(words, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }
}
