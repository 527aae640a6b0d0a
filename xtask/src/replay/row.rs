//! What came of a module, and what is known of the modules.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What came of one module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// `MODULE@VERSION`.
    pub(super) module: String,
    /// Wall time of `wasmcheck fix --apply`, on a machine that may have been busy.
    pub(super) seconds: u64,
    /// Kinds of the changes, with how many there are of each.
    pub(super) kinds: BTreeMap<String, usize>,
    /// Lines added and removed in the module, without go.sum and without copies of dependencies.
    pub(super) lines: usize,
    /// By `js`, `wasip1` and `native`.
    pub(super) targets: BTreeMap<String, Counts>,
}

/// Own packages of a module on one build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// How many do not build without changes.
    pub(super) failing: usize,
    /// How many of these compile with them.
    pub(super) mended: usize,
    /// The others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<String>,
    /// Those that compile, and do not link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unlinked: Vec<String>,
    /// Those that built without changes, and do not build with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) broken: Vec<String>,
}

/// Why a module is not mended whole: a class, and a reason; both are empty where nothing is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) class: String,
    pub(super) why: String,
}

impl Row {
    /// One line for people.
    pub(super) fn told(&self) -> String {
        let mut text = format!("{} {} s", self.module, self.seconds);
        for (target, counts) in &self.targets {
            let _ = write!(text, ", {target} {}/{}", counts.mended, counts.failing);
            for (what, packages) in [("unlinked", &counts.unlinked), ("BROKEN", &counts.broken)] {
                if !packages.is_empty() {
                    let _ = write!(text, " ({what}: {})", packages.join(" "));
                }
            }
        }
        text
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<Row>> {
    let name = || file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let rows = text.lines().map(serde_json::from_str);
            rows.collect::<Result<_, _>>().with_context(name)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e).with_context(name),
    }
}

pub(super) fn write(file: &Path, rows: &[Row]) -> Result<()> {
    let lines = rows.iter().map(serde_json::to_string);
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    std::fs::write(file, lines.join("\n") + "\n").with_context(|| file.display().to_string())
}

/// The modules, with why they are not mended whole.
pub(super) fn known(file: &Path) -> Result<BTreeMap<String, Known>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    let known = lines.map(|line| {
        let mut columns = line.splitn(3, '\t').map(str::to_owned);
        let module = columns.next().unwrap_or_default();
        let class = columns.next().unwrap_or_default();
        let why = columns.next().unwrap_or_default();
        (module, Known { class, why })
    });
    Ok(known.collect())
}

/// The tags that `wasmcheck fix` names.
pub(super) fn tags(told: &str) -> Vec<String> {
    let lines = told
        .lines()
        .filter_map(|l| l.strip_prefix("# build with: -tags "));
    lines
        .flat_map(|l| l.split(','))
        .map(str::to_owned)
        .collect()
}

/// How many changes of each kind `wasmcheck fix` names.
pub(super) fn kinds(told: &str) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for kind in model::AdviceKind::EDITS {
        let head = format!("# {}: ", kind.name());
        let number = told.lines().filter(|l| l.starts_with(&head)).count();
        if number > 0 {
            kinds.insert(kind.name().to_owned(), number);
        }
    }
    kinds
}
