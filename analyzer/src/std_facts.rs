//! What functions of the standard library do under wasm, although they build.

use std::collections::HashMap;
use std::sync::LazyLock;

use model::{Effect, Target};

/// A row of `data/std.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    pub(crate) targets: Vec<Target>,
    pub(crate) effect: Effect,
    /// What happens, to be read after the name of the function.
    pub(crate) what: &'static str,
    /// The error as it is printed; empty where there is none.
    pub(crate) error: &'static str,
    /// File and line in GOROOT/src that make it so.
    pub(crate) source: &'static str,
    /// What to do; empty where nothing is known.
    pub(crate) advice: &'static str,
    /// A package that mends it when it is linked in; empty where there is none.
    pub(crate) mended_by: &'static str,
}

static TABLE: LazyLock<HashMap<&'static str, Vec<Behaviour>>> = LazyLock::new(|| {
    let mut table: HashMap<_, Vec<_>> = HashMap::new();
    for line in include_str!("../data/std.tsv").lines() {
        if let Some((symbol, behaviour)) = row(line) {
            table.entry(symbol).or_default().push(behaviour);
        }
    }
    table
});

/// What is known of a symbol, `import/path.Name`.
pub(crate) fn behaviours(symbol: &str) -> &'static [Behaviour] {
    TABLE.get(symbol).map_or(&[], Vec::as_slice)
}

/// Where a function waits for the JavaScript event loop; none where it does not.
pub(crate) fn waits_for_event_loop(symbol: &str) -> Option<Target> {
    let lines = include_str!("../data/blocking.tsv").lines();
    let mut rows = lines.filter_map(|l| l.split_once('\t'));
    rows.find(|(name, _)| *name == symbol)
        .and_then(|(_, on)| target(on))
}

fn row(line: &'static str) -> Option<(&'static str, Behaviour)> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let symbol = columns.next()?;
    let targets = columns.next()?.split(',').filter_map(target).collect();
    let effect = effect(columns.next()?)?;
    let mut text = || columns.next().unwrap_or_default();
    let (what, error, source, advice, mended_by) = (text(), text(), text(), text(), text());
    Some((
        symbol,
        Behaviour {
            targets,
            effect,
            what,
            error,
            source,
            advice,
            mended_by,
        },
    ))
}

fn target(name: &str) -> Option<Target> {
    Target::ALL.into_iter().find(|t| t.name() == name)
}

fn effect(name: &str) -> Option<Effect> {
    [
        Effect::FailsAtRunTime,
        Effect::SilentlyDifferent,
        Effect::Note,
    ]
    .into_iter()
    .find(|e| e.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_the_event_loop_is_known_otherwise() {
        let rows = include_str!("../data/blocking.tsv").lines();
        let rows: Vec<_> = rows.filter_map(|l| l.split_once('\t')).collect();
        assert!(rows.len() > 30);
        for (symbol, on) in rows.into_iter().filter(|(s, _)| !s.starts_with('#')) {
            assert!(
                target(on).is_some() && !behaviours(symbol).is_empty(),
                "{symbol}"
            );
        }
    }

    #[test]
    fn every_row_is_whole() {
        let mut seen = std::collections::BTreeSet::new();
        for (number, line) in (1..).zip(include_str!("../data/std.tsv").lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            assert_eq!(line.split('\t').count(), 8, "line {number}");
            let (symbol, row) = row(line).unwrap_or_else(|| panic!("line {number} cannot be read"));
            let names = line.split('\t').nth(1).unwrap().split(',').count();
            assert_eq!(
                row.targets.len(),
                names,
                "line {number}: a target is unknown"
            );
            assert!(
                symbol.rsplit('/').next().unwrap().contains('.'),
                "line {number}: {symbol} has no package"
            );
            assert!(
                !row.what.is_empty() && !row.source.is_empty(),
                "line {number}: no text or no source"
            );
            for target in row.targets {
                assert!(
                    seen.insert((symbol, target)),
                    "line {number}: {symbol} again for {target}"
                );
            }
        }
    }
}
