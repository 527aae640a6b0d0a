//! Files for platforms that lack the same, taken in.

use std::collections::{BTreeMap, BTreeSet};

use super::constraint::{self, Targets};
use super::pieces::Pieces;
use super::plan::Key;
use super::stub;
use super::{Fault, Mender, Trial, Wanted};
use crate::go::constraint::{Platform, is_platform, name_terms};

/// A file that is built on targets which it left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Widened {
    pub(super) file: String,
    /// The name that it has to have: one that ends in a platform would bind it.
    pub(super) new_name: String,
    pub(super) targets: Targets,
    /// A file whose place it takes there.
    pub(super) instead_of: Option<String>,
}

/// Parts of names of files for everything that has no file of its own.
const FALLBACKS: [&str; 18] = [
    "other",
    "unsupported",
    "stub",
    "fallback",
    "generic",
    "noop",
    "nop",
    "dummy",
    "default",
    "none",
    "portable",
    "unknown",
    "not",
    "non",
    "no_",
    "fake",
    "wasm",
    "appengine",
];

/// Platforms that files are for.
const PLATFORMS: [(&str, &str); 8] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
    ("freebsd", "amd64"),
    ("plan9", "amd64"),
    ("js", "wasm"),
    ("wasip1", "wasm"),
];

impl Mender {
    /// Try a fallback for what is wanted; false where there is none left to try.
    pub(super) fn widen(&mut self, wanted: &Wanted, faults: &[Fault]) -> bool {
        let mut chosen: Vec<Widened> = Vec::new();
        for (name, targets) in &wanted.missing {
            let found = chosen
                .iter()
                .any(|w| w.targets.is_superset(targets) && self.declares(&w.file, name));
            if !found {
                chosen.extend(self.fallback(name, targets, None));
            }
        }
        for (file, targets) in files_at_fault(wanted) {
            let names = Pieces::of(&self.files[&file])
                .units
                .into_iter()
                .flat_map(|u| u.names);
            let best = names
                .filter(|n| n != "init" && n != "_")
                .find_map(|n| self.fallback(&n, &targets, Some(&file)));
            chosen.extend(best);
        }
        let mut seen = BTreeSet::new();
        chosen.retain(|w| !self.plan.widened.contains(w) && seen.insert(w.file.clone()));
        if chosen.is_empty() {
            return false;
        }
        self.trials += 1;
        self.trial = Some(Trial {
            before: self.plan.clone(),
            faults: faults.to_vec(),
            widened: chosen.clone(),
        });
        self.plan.widened.extend(chosen);
        self.render();
        true
    }

    pub(super) fn declares(&self, file: &str, name: &str) -> bool {
        Pieces::of(&self.files[file])
            .units
            .iter()
            .any(|u| u.is(name))
    }

    /// The best fallback that declares a name.
    fn fallback(&self, name: &str, targets: &Targets, instead_of: Option<&str>) -> Option<Widened> {
        let candidates = self.files.iter().filter(|(file, text)| {
            let out = !targets
                .iter()
                .any(|g| self.is_selected(file, text, Some(*g)))
                && !self.is_for_another_go(file, text);
            out && Some(file.as_str()) != instead_of
                && text.contains(name.rsplit('.').next().unwrap_or(name))
        });
        let ranked = candidates.filter_map(|(file, text)| {
            let rank = rank(file, text)?;
            let widened = Widened {
                file: file.clone(),
                new_name: self.free_name(file),
                targets: targets.clone(),
                instead_of: instead_of.map(str::to_owned),
            };
            let fits = self.declares(file, name)
                && !self.refused.contains(&widened)
                && !self.clashes(file, text, targets, instead_of);
            fits.then_some((rank, widened))
        });
        ranked
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
            .map(|(_, w)| w)
    }

    /// The name of a file without what binds it to a platform, which no other file has.
    fn free_name(&self, file: &str) -> String {
        if name_terms(file).is_empty() {
            return file.to_owned();
        }
        let stem = constraint::stem(file);
        let names = ["other", "others", "portable", "more"].map(|last| format!("{stem}_{last}.go"));
        let free = names
            .into_iter()
            .find(|name| !self.files.contains_key(name) && !self.taken.contains(name));
        free.unwrap_or_else(|| format!("{stem}_{}.go", self.files.len()))
    }

    /// Whether only files for another version of Go declare a name.
    pub(super) fn is_of_another_go(&self, name: &str) -> bool {
        let mut files = self.files.iter();
        files.any(|(file, text)| {
            text.contains(name) && self.is_for_another_go(file, text) && self.declares(file, name)
        })
    }

    /// Whether it is the version of Go that leaves a file out, on every platform.
    pub(super) fn is_for_another_go(&self, name: &str, text: &str) -> bool {
        let used = self.building.release;
        let selected = |release: u32| {
            PLATFORMS.iter().any(|(goos, goarch)| {
                let platform = Platform {
                    goos,
                    goarch,
                    cgo: true,
                    tags: &self.building.tags,
                    release,
                };
                platform.excludes(name, text).is_none()
            })
        };
        !selected(used) && (1..used + 10).any(selected)
    }

    /// Whether a file declares what others declare already on the targets.
    fn clashes(&self, file: &str, text: &str, targets: &Targets, instead_of: Option<&str>) -> bool {
        let ours: BTreeSet<String> = Pieces::of(text)
            .units
            .into_iter()
            .flat_map(|u| u.names)
            .filter(|n| n != "init" && n != "_")
            .collect();
        let mut others = self.files.iter().filter(|(other, text)| {
            other.as_str() != file
                && Some(other.as_str()) != instead_of
                && targets
                    .iter()
                    .any(|g| self.is_selected(other, text, Some(*g)))
        });
        others.any(|(_, text)| {
            Pieces::of(text)
                .units
                .iter()
                .any(|u| u.names.iter().any(|n| ours.contains(n)))
        })
    }
}

/// The files as they are that hold declarations at fault.
fn files_at_fault(wanted: &Wanted) -> Vec<(String, Targets)> {
    let mut files: BTreeMap<String, Targets> = BTreeMap::new();
    for (key, bad) in &wanted.bad {
        if let Key::Original(file, _) = key {
            files
                .entry(file.clone())
                .or_default()
                .extend(bad.targets.iter().copied());
        }
    }
    files.into_iter().collect()
}

/// Whether a word of a constraint tells platforms, or what they lack.
fn tells_platforms(word: &str) -> bool {
    const LACKING: [&str; 8] = [
        "appengine",
        "cgo",
        "generic",
        "noasm",
        "nounsafe",
        "purego",
        "safe",
        "unix",
    ];
    is_platform(word) || LACKING.contains(&word)
}

/// How much a file looks as if it were for what has no file of its own; none of one for some platforms alone.
fn rank(name: &str, text: &str) -> Option<u32> {
    let imports = Pieces::of(text).imports;
    if imports.iter().any(|i| i.path == "C") {
        return None;
    }
    let expr = constraint::of(name, text)?;
    let words: Vec<&str> = expr
        .split(|c: char| !c.is_alphanumeric() && !"_.!".contains(c))
        .collect();
    // What a tag alone chooses is another variant, for all platforms.
    if !words
        .iter()
        .any(|w| tells_platforms(w.trim_start_matches('!')))
    {
        return None;
    }
    let has = |wanted: &[&str]| words.iter().any(|w| wanted.contains(w));
    let mut rank = 0;
    rank += 4 * u32::from(has(&["js", "wasip1", "wasm"]));
    rank += 3 * u32::from(
        FALLBACKS
            .iter()
            .any(|part| name.to_lowercase().contains(part)),
    );
    // These lack as much, but have ways of their own to the system.
    let lacking = has(&["nacl", "plan9", "appengine"]);
    rank += 2 * u32::from(lacking && !imports.iter().any(|i| stub::is_of_system(&i.path)));
    rank += 2 * u32::from(words.iter().any(|w| w.starts_with('!') && *w != "!cgo"));
    (rank > 0).then_some(rank)
}
