//! Targets, sizes and times as people read them, and lists of which the first entries are shown.

use model::{Goos, Target};

/// Targets as a reader wants them: `all targets`, `js`, or their names.
pub fn target_list(targets: &[Target]) -> String {
    let all_of = |goos: &Goos| goos.targets().eq(targets.iter().copied());
    if targets == Target::ALL {
        "all targets".to_owned()
    } else if let Some(goos) = Goos::ALL.iter().find(|g| all_of(g)) {
        goos.name().to_owned()
    } else {
        targets
            .iter()
            .map(|t| t.name())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A number of bytes as people read it.
pub fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", number / size, number % size * 10 / size),
        None => format!("{number} B"),
    }
}

/// Microseconds as people read them.
pub fn time(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{} ms", microseconds / 1_000),
        _ => format!(
            "{}.{} s",
            microseconds / 1_000_000,
            microseconds / 100_000 % 10
        ),
    }
}

/// A text cut at its backticks: whether a part is code, and the part.
pub fn parts(text: &str) -> Vec<(bool, &str)> {
    if !text.matches('`').count().is_multiple_of(2) {
        return vec![(false, text)];
    }
    text.split('`')
        .enumerate()
        .map(|(i, part)| (i % 2 == 1, part))
        .collect()
}

/// Places that are shown at once; the others are folded away.
const SHOWN: usize = 3;

/// The first places.
pub fn shown<T>(findings: &[T]) -> &[T] {
    &findings[..findings.len().min(SHOWN)]
}

/// The places that are folded away.
pub fn hidden<T>(findings: &[T]) -> &[T] {
    &findings[findings.len().min(SHOWN)..]
}
