//! The first version of a module that is good, found by trying as few as possible.

use std::collections::BTreeSet;

use semver::Version;

/// A version as Go writes it, `v1.2.3`; `0` and `v2` stand for their first. `+incompatible` does not
/// take part in comparisons.
pub(crate) fn version(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split('+').next().unwrap_or_default();
    Version::parse(text)
        .ok()
        .or_else(|| Version::parse(&format!("{text}.0.0")).ok())
}

/// Versions worth asking for by name: a proxy's list is never complete.
///
/// The next patches and minor versions, and the boundary with its predecessor.
pub fn guesses(from: Option<&str>, boundary: Option<&str>) -> BTreeSet<String> {
    let mut guesses = BTreeSet::new();
    let mut add = |v: (u64, u64, u64)| guesses.insert(format!("v{}.{}.{}", v.0, v.1, v.2));
    if let Some(v) = from.and_then(version) {
        let (major, minor, patch) = (v.major, v.minor, v.patch);
        (1..=3).for_each(|n| {
            add((major, minor, patch + n));
        });
        (1..=2).for_each(|n| {
            add((major, minor + n, 0));
        });
        if major == 0 {
            add((1, 0, 0));
        }
    }
    if let Some(v) = boundary.and_then(version) {
        add((v.major, v.minor, v.patch));
        if let Some(patch) = v.patch.checked_sub(1) {
            add((v.major, v.minor, patch));
        }
    }
    guesses
}

/// Releases newer than `from` that the same import path serves (v0 and v1 share one), oldest first. Pre-releases and
/// pseudo-versions are no candidates.
pub fn newer(versions: &BTreeSet<String>, from: Option<&str>) -> Vec<String> {
    let from = from.and_then(version);
    let mut newer: Vec<(Version, &String)> = versions
        .iter()
        .filter_map(|v| Some((version(v)?, v)))
        .filter(|(v, _)| v.pre.is_empty())
        .filter(|(v, _)| {
            let after = |from: &Version| v > from && v.major.max(1) == from.major.max(1);
            from.as_ref().is_none_or(after)
        })
        .collect();
    newer.sort();
    newer.into_iter().map(|(_, text)| text.clone()).collect()
}

/// A search for the first good version, on the assumption that what follows a good one is good.
#[derive(Clone, Debug)]
pub struct Search {
    versions: Vec<String>,
    /// To be tried before the halving starts, last one first.
    probes: Vec<usize>,
    /// All before it are bad.
    low: usize,
    /// The oldest that is known to be good.
    good: Option<usize>,
    tries: usize,
}

/// Most versions that one search tries.
const TRIES: usize = 8;

impl Search {
    /// Search among versions, oldest first; `boundary` is where the first good one is expected.
    pub fn new(versions: Vec<String>, boundary: Option<&str>) -> Self {
        let expected = boundary.and_then(|b| versions.iter().position(|v| v == b));
        let mut probes: Vec<usize> = versions.len().checked_sub(1).into_iter().collect();
        probes.extend(expected);
        Self {
            versions,
            probes,
            low: 0,
            good: None,
            tries: 0,
        }
    }

    /// The next version to try; none when the search has ended.
    pub fn next(&self) -> Option<&str> {
        self.at().map(|i| self.versions[i].as_str())
    }

    fn at(&self) -> Option<usize> {
        if self.tries >= TRIES {
            return None;
        }
        match (self.good, self.probes.last()) {
            (Some(good), _) if self.low < good => Some(self.low.midpoint(good)),
            (Some(_), _) => None,
            (None, probe) => probe.copied().filter(|p| *p >= self.low),
        }
    }

    /// Tell what came of trying [`Search::next`].
    pub fn tell(&mut self, good: bool) {
        let Some(at) = self.at() else { return };
        self.tries += 1;
        if self.good.is_none() {
            self.probes.pop();
        }
        if good {
            self.good = Some(at);
        } else {
            self.low = at + 1;
        }
    }

    /// The oldest version that is known to be good.
    pub fn found(&self) -> Option<&str> {
        self.good.map(|i| self.versions[i].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| (*t).to_owned()).collect()
    }

    fn run(mut search: Search, first_good: &str) -> (Vec<String>, Option<String>) {
        let mut tried = Vec::new();
        while let Some(next) = search.next().map(str::to_owned) {
            search.tell(version(&next) >= version(first_good));
            tried.push(next);
        }
        (tried, search.found().map(str::to_owned))
    }

    #[test]
    fn the_boundary_is_tried_first_and_then_what_lies_before_it() {
        let all = versions(&["v1.10.9", "v1.11.0", "v1.11.1", "v1.12.0"]);
        let (tried, found) = run(Search::new(all, Some("v1.11.0")), "v1.11.0");
        assert_eq!(
            (tried, found.as_deref()),
            (versions(&["v1.11.0", "v1.10.9"]), Some("v1.11.0"))
        );
    }

    #[test]
    fn without_a_boundary_the_newest_tells_whether_to_search_at_all() {
        let all = versions(&["v1.0.1", "v1.0.2", "v1.0.3", "v1.0.4", "v1.0.5"]);
        let (tried, found) = run(Search::new(all.clone(), None), "v1.0.3");
        assert_eq!(found.as_deref(), Some("v1.0.3"));
        assert_eq!(tried.first().map(String::as_str), Some("v1.0.5"));
        let (tried, found) = run(Search::new(all, None), "v9.0.0");
        assert_eq!((tried, found), (versions(&["v1.0.5"]), None));
        assert_eq!(
            run(Search::new(Vec::new(), None), "v1.0.0"),
            (Vec::new(), None)
        );
    }

    #[test]
    fn a_wrong_boundary_does_not_end_the_search() {
        let all = versions(&["v1.0.1", "v1.0.2", "v1.0.3"]);
        assert_eq!(
            run(Search::new(all, Some("v1.0.1")), "v1.0.3").1.as_deref(),
            Some("v1.0.3")
        );
    }

    #[test]
    fn only_newer_releases_are_candidates() {
        let all = [
            "v1.2.0",
            "v1.10.0",
            "v1.9.0",
            "v1.9.1-rc.1",
            "v2.0.0+incompatible",
            "x",
        ];
        let all = all.iter().map(|v| (*v).to_owned()).collect();
        assert_eq!(newer(&all, Some("v1.2.0")), ["v1.9.0", "v1.10.0"]);
    }

    #[test]
    fn a_first_major_version_follows_the_versions_before_it() {
        let all = ["v0.23.2", "v0.27.0", "v1.3.10"];
        let all = all.iter().map(|v| (*v).to_owned()).collect();
        assert_eq!(newer(&all, Some("v0.23.2")), ["v0.27.0", "v1.3.10"]);
    }

    #[test]
    fn names_are_asked_for_that_no_list_has() {
        let asked = guesses(Some("v0.11.0"), Some("v0.12.0"));
        assert!(
            ["v0.11.1", "v0.12.0", "v0.13.0"]
                .iter()
                .all(|v| asked.contains(*v)),
            "{asked:?}"
        );
    }
}
