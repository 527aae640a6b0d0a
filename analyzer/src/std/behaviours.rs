//! What functions of the standard library do under wasm, although they build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use hashbrown::HashMap;
use model::{Effect, Goos, SinkBehaviour, Target};

/// What a function does on some targets.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Where.
    pub targets: Vec<Target>,
    /// What kind of failure it is.
    pub kind: Kind,
    /// The contract's word for it.
    pub effect: Effect,
    /// What happens, to be read after the name of the function.
    pub what: String,
    /// The error as it is printed, or as the source has it; empty where there is none.
    pub error: &'static str,
    /// File and line that make it so: in GOROOT/src, or in GOROOT where they begin with `lib/`.
    pub source: &'static str,
    /// What to do; empty where nothing is known.
    pub advice: &'static str,
    /// A package that mends it when it is linked in; empty where there is none.
    pub mended_by: &'static str,
    /// The Go versions in which it is so.
    pub versions: Versions,
    /// It was measured; else it follows from the source alone.
    pub measured: bool,
}

impl Behaviour {
    /// The file and line in GOROOT that make it so, as reports show them.
    #[must_use]
    pub fn place(&self) -> String {
        let below = if self.source.starts_with("lib/") {
            "GOROOT"
        } else {
            "GOROOT/src"
        };
        format!("{below}/{}", self.source)
    }
}

/// What a function of the standard library does instead of what it is for. Names that are not
/// declared at all are [`MissingName`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It returns an error whatever it is given.
    AlwaysFails,
    /// It panics, or ends the program.
    Panics,
    /// It succeeds with a made-up answer, or on a network that is not there.
    Fakes,
    /// It succeeds, and nothing has happened.
    NoOp,
    /// It never returns where JavaScript waits for it.
    Blocks,
    /// It does part of what it does natively.
    Degraded,
}

impl Kind {
    /// In the order in which they are explained.
    pub const ALL: [Self; 6] = [
        Self::AlwaysFails,
        Self::Panics,
        Self::Fakes,
        Self::NoOp,
        Self::Blocks,
        Self::Degraded,
    ];

    /// As in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlwaysFails => "always-fails",
            Self::Panics => "panics",
            Self::Fakes => "fakes",
            Self::NoOp => "no-op",
            Self::Blocks => "blocks",
            Self::Degraded => "degraded",
        }
    }

    /// The effects that a kind may have: the first, unless the row says why it is another.
    /// A fake server is of no use, a fake user id may be; what programs do not need is a note.
    pub const fn effects(self) -> &'static [Effect] {
        match self {
            Self::AlwaysFails | Self::Panics | Self::Blocks => &[Effect::FailsAtRunTime],
            Self::Fakes => &[Effect::SilentlyDifferent, Effect::FailsAtRunTime],
            Self::NoOp => &[Effect::SilentlyDifferent, Effect::Note],
            Self::Degraded => &[Effect::Note, Effect::SilentlyDifferent],
        }
    }
}

/// Go versions 1.N, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// First N.
    pub from: u32,
    /// Last N.
    pub to: u32,
}

/// A name of the standard library that a wasm build lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingName {
    /// `const`, `var`, `func`, `type`, `method` or `field`.
    pub kind: &'static str,
    /// The operating systems that have it, separated by commas.
    pub elsewhere: &'static str,
    /// The builds, in the order of the table's columns, and the versions that lack it there; none
    /// where all have it.
    pub lacking: [(Goos, Option<Versions>); Goos::ALL.len()],
}

impl MissingName {
    /// The versions that lack it on a build; none where all have it.
    pub fn on(&self, goos: Goos) -> Option<Versions> {
        self.lacking.iter().find(|(on, _)| *on == goos)?.1
    }
}

impl Versions {
    const ALL: Self = Self {
        from: 0,
        to: u32::MAX,
    };

    /// Empty for all, `1.24-`, `-1.22`, `1.22-1.23`; none for `no` and what cannot be read.
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::ALL);
        }
        let (from, to) = text.split_once('-')?;
        let minor = |text: &str, open: u32| match text {
            "" => Some(open),
            text => text.strip_prefix("1.")?.parse().ok(),
        };
        Some(Self {
            from: minor(from, Self::ALL.from)?,
            to: minor(to, Self::ALL.to)?,
        })
    }

    /// Whether Go 1.N is among them; of a version that could not be read all is believed.
    pub fn has(self, release: u32) -> bool {
        release == 0 || (self.from..=self.to).contains(&release)
    }

    /// `from Go 1.24 on`; empty for all.
    pub fn text(self) -> String {
        match (self.from, self.to) {
            (0, u32::MAX) => String::new(),
            (from, u32::MAX) => format!("from Go 1.{from} on"),
            (0, to) => format!("up to Go 1.{to}"),
            (from, to) => format!("from Go 1.{from} to 1.{to}"),
        }
    }
}

/// The import path and the name of a symbol: the path ends at the first dot after its last slash.
pub fn split_symbol(symbol: &str) -> Option<(&str, &str)> {
    let start = symbol.rfind('/').map_or(0, |slash| slash + 1);
    let dot = start + symbol[start..].find('.')?;
    let (path, name) = (&symbol[..dot], &symbol[dot + 1..]);
    (!path.is_empty() && !name.is_empty()).then_some((path, name))
}

/// Whether every call of a function of the standard library leaves an instruction in the wasm:
/// no Go version inlines it.
pub(crate) fn leaves_a_call(symbol: &str) -> bool {
    static NEVER_INLINED: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let lines = include_str!("../../data/std-calls.tsv").lines();
        lines.filter(|line| !line.starts_with('#')).collect()
    });
    NEVER_INLINED.contains(symbol)
}

type Table = BTreeMap<&'static str, Vec<Behaviour>>;

/// `data/std.tsv`, which is measured, and where that says nothing of a target `data/std-fails.tsv`,
/// which is derived from the source.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for line in include_str!("../../data/std.tsv").lines() {
        if let Some((symbol, behaviour)) = row(line) {
            table.entry(symbol).or_default().push(behaviour);
        }
    }
    for line in include_str!("../../data/std-fails.tsv").lines() {
        if let Some((symbol, mut behaviour)) = derived(line) {
            let rows = table.entry(symbol).or_default();
            let known = |t: &Target| rows.iter().any(|r| r.measured && r.targets.contains(t));
            behaviour.targets.retain(|t| !known(t));
            if !behaviour.targets.is_empty() {
                rows.push(behaviour);
            }
        }
    }
    table.retain(|_, rows| !rows.is_empty());
    table
});

/// All that is known, by symbol.
pub fn all_behaviours() -> impl Iterator<Item = (&'static str, &'static [Behaviour])> {
    TABLE
        .iter()
        .map(|(symbol, rows)| (*symbol, rows.as_slice()))
}

/// What is known of a symbol, `import/path.Name` or `import/path.(*Type).Method`.
pub fn behaviours(symbol: &str) -> &'static [Behaviour] {
    TABLE.get(symbol).map_or(&[], Vec::as_slice)
}

/// What is known of a symbol on some targets, as a report of a program has it.
pub(crate) fn sink_behaviours(symbol: &str, targets: &[Target]) -> Vec<SinkBehaviour> {
    let here = behaviours(symbol).iter().map(|behaviour| {
        let here = behaviour.targets.iter().copied();
        SinkBehaviour {
            targets: here.filter(|t| targets.contains(t)).collect(),
            effect: behaviour.effect,
            what: behaviour.what.clone(),
        }
    });
    here.filter(|b| !b.targets.is_empty()).collect()
}

/// What is known of a name that a wasm build lacks; the symbol is spelled as in findings.
pub fn missing_name(symbol: &str) -> Option<MissingName> {
    static NAMES: LazyLock<HashMap<&str, MissingName>> =
        LazyLock::new(|| missing_names().collect());
    NAMES.get(symbol).copied()
}

/// The builds of the last columns of `data/std-missing.tsv`.
const COLUMNS: [Goos; Goos::ALL.len()] = [Goos::Js, Goos::Wasip1];

/// All names that a wasm build lacks in some version.
pub fn missing_names() -> impl Iterator<Item = (&'static str, MissingName)> {
    let lines = include_str!("../../data/std-missing.tsv").lines();
    lines.filter(|l| !l.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let (symbol, kind, elsewhere) = (columns.next()?, columns.next()?, columns.next()?);
        let missing = MissingName {
            kind,
            elsewhere,
            lacking: COLUMNS.map(|goos| (goos, columns.next().and_then(Versions::read))),
        };
        Some((symbol, missing))
    })
}

/// Functions that wait for the JavaScript event loop, and where: called from a callback of
/// `js.FuncOf` they never return.
pub fn blocking() -> impl Iterator<Item = (&'static str, Target)> {
    let lines = include_str!("../../data/blocking.tsv").lines();
    let rows = lines
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'));
    rows.filter_map(|(symbol, on)| Some((symbol, Target::named(on)?)))
}

/// Where a function waits for the JavaScript event loop; none where it does not.
pub(crate) fn waits_for_event_loop(symbol: &str) -> Option<Target> {
    blocking()
        .find(|(name, _)| *name == symbol)
        .map(|(_, on)| on)
}

fn row(line: &'static str) -> Option<(&'static str, Behaviour)> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let symbol = columns.next()?;
    let targets = columns
        .next()?
        .split(',')
        .filter_map(Target::named)
        .collect();
    let (kind, effect) = (kind(columns.next()?)?, effect(columns.next()?)?);
    let mut text = || columns.next().unwrap_or_default();
    let what = text().to_owned();
    let (error, source, advice, mended_by) = (text(), text(), text(), text());
    let versions = Versions::read(text())?;
    let behaviour = Behaviour {
        targets,
        kind,
        effect,
        what,
        error,
        source,
        advice,
        mended_by,
        versions,
        measured: true,
    };
    Some((symbol, behaviour))
}

/// A row of `data/std-fails.tsv`.
fn derived(line: &'static str) -> Option<(&'static str, Behaviour)> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let symbol = columns.next()?;
    let targets = columns
        .next()?
        .split(',')
        .filter_map(Target::named)
        .collect();
    let versions = Versions::read(columns.next()?)?;
    let (error, source) = (columns.next()?, columns.next()?);
    let behaviour = Behaviour {
        targets,
        kind: Kind::AlwaysFails,
        effect: Effect::FailsAtRunTime,
        what: format!("always returns an error ({error} in Go's source)"),
        error,
        source,
        advice: "",
        mended_by: "",
        versions,
        measured: false,
    };
    Some((symbol, behaviour))
}

fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|k| k.name() == name)
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
        let lines = include_str!("../../data/blocking.tsv").lines();
        let rows = lines.filter(|l| !l.starts_with('#') && !l.is_empty());
        assert!(blocking().count() > 30);
        assert_eq!(blocking().count(), rows.count());
        for (symbol, _) in blocking() {
            assert!(!behaviours(symbol).is_empty(), "{symbol}");
        }
    }

    #[test]
    fn symbols_are_split_after_the_last_slash() {
        for (symbol, split) in [
            ("os.Pipe", Some(("os", "Pipe"))),
            ("net.(*Dialer).Dial", Some(("net", "(*Dialer).Dial"))),
            ("example.com/m/v2.F", Some(("example.com/m/v2", "F"))),
            ("example.com/m", None),
            ("os.", None),
            ("cgo", None),
        ] {
            assert_eq!(split_symbol(symbol), split, "{symbol}");
        }
    }

    #[test]
    fn versions_are_ranges() {
        let read = |text| Versions::read(text).map(|v| (v.from, v.to));
        assert_eq!(read(""), Some((0, u32::MAX)));
        assert_eq!(read("1.24-"), Some((24, u32::MAX)));
        assert_eq!(read("-1.22"), Some((0, 22)));
        assert_eq!(read("1.22-1.23"), Some((22, 23)));
        assert_eq!((read("no"), read("1.24"), read("1.x-")), (None, None, None));
        assert!(Versions::ALL.has(0) && !Versions { from: 24, to: 30 }.has(23));
    }

    #[test]
    fn measured_rows_win_over_derived_ones() {
        let rows = behaviours("os.Pipe");
        assert!(rows.iter().all(|r| r.measured), "{rows:?}");
        let derived = behaviours("net.(*TCPConn).SetKeepAliveConfig");
        assert!(derived.iter().all(|r| !r.measured && !r.versions.has(22)));
        assert!(!derived.is_empty());
    }

    #[test]
    fn columns_of_missing_names_are_those_of_the_table() {
        let head = COLUMNS.map(|goos| format!("\tmissing on {goos}")).concat();
        let mut lines = include_str!("../../data/std-missing.tsv").lines();
        assert!(lines.any(|line| line.starts_with('#') && line.ends_with(&head)));
    }

    #[test]
    fn missing_names_have_versions() {
        let opens = missing_name("syscall.Openat").unwrap();
        let on = |goos| opens.on(goos).unwrap();
        assert!(on(Goos::Js).has(27) && on(Goos::Wasip1).has(23));
        assert!(!on(Goos::Wasip1).has(24));
        let limit = missing_name("syscall.Getrlimit").unwrap();
        assert!(limit.on(Goos::Wasip1).is_none());
        assert_eq!(missing_name("syscall.Mmap").unwrap().kind, "func");
        assert!(missing_name("os.Pipe").is_none());
    }

    #[test]
    fn every_row_is_whole() {
        let mut seen = std::collections::BTreeSet::new();
        for (number, line) in (1..).zip(include_str!("../../data/std.tsv").lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            assert!(
                (9..=10).contains(&line.split('\t').count()),
                "line {number}"
            );
            let (symbol, row) = row(line).unwrap_or_else(|| panic!("line {number} cannot be read"));
            let names = line.split('\t').nth(1).unwrap().split(',').count();
            assert_eq!(
                row.targets.len(),
                names,
                "line {number}: a target is unknown"
            );
            assert!(
                split_symbol(symbol).is_some(),
                "line {number}: {symbol} has no package"
            );
            assert!(
                row.kind.effects().contains(&row.effect),
                "line {number}: {symbol} {} with {}",
                row.kind.name(),
                row.effect.name()
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
