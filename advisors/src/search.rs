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

/// Whether a version comes after another one; false where one of them is none.
pub fn is_later(a: &str, b: &str) -> bool {
    matches!((version(a), version(b)), (Some(a), Some(b)) if a > b)
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

/// Versions newer than `from` that the same import path serves (v0 and v1 share one), oldest first. Pre-releases and
/// pseudo-versions are candidates only where `from` is one.
pub fn newer(versions: &BTreeSet<String>, from: Option<&str>) -> Vec<String> {
    let from = from.and_then(version);
    let early = from.as_ref().is_some_and(|from| !from.pre.is_empty());
    let after = |v: &Version| from.as_ref().is_none_or(|from| v > from);
    served(versions, from.as_ref(), |v| {
        (early || v.pre.is_empty()) && after(v)
    })
}

/// Versions older than `from` that the same import path serves, newest first: of a version that has lost what one
/// before it could do.
pub fn older(versions: &BTreeSet<String>, from: Option<&str>) -> Vec<String> {
    let Some(from) = from.and_then(version) else {
        return Vec::new();
    };
    let early = !from.pre.is_empty();
    let mut older = served(versions, Some(&from), |v| {
        (early || v.pre.is_empty()) && *v < from
    });
    older.reverse();
    older
}

/// Versions of the same major version as one, oldest first.
fn served(
    versions: &BTreeSet<String>,
    from: Option<&Version>,
    wanted: impl Fn(&Version) -> bool,
) -> Vec<String> {
    let mut served: Vec<(Version, &String)> = versions
        .iter()
        .filter_map(|v| Some((version(v)?, v)))
        .filter(|(v, _)| wanted(v))
        .filter(|(v, _)| from.is_none_or(|from| v.major.max(1) == from.major.max(1)))
        .collect();
    served.sort();
    served.into_iter().map(|(_, text)| text.clone()).collect()
}

/// What came of trying a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It helps.
    Good,
    /// It does not.
    Bad,
    /// The Go in use cannot build it, nor what comes after it.
    WantsNewerGo,
}

/// A search for the first good version, on the assumption that what follows a good one is good. Where the newest is
/// bad, the last ones of earlier minor versions are tried as well: what once helped may be lost again.
#[derive(Clone, Debug)]
pub struct Search {
    versions: Vec<String>,
    /// To be tried before the halving starts, last one first.
    probes: Vec<usize>,
    bad: BTreeSet<usize>,
    /// The oldest that is known to be good.
    good: Option<usize>,
    tries: usize,
    /// How often a version wanted a newer Go.
    too_new: usize,
}

/// Most versions that one search tries.
const TRIES: usize = 8;
/// Most earlier minor versions that are tried when the newest version is bad.
const MINORS: usize = 3;
/// Most versions that want a newer Go, one by one; then half of what is left is passed over.
const TOO_NEW: usize = 3;

impl Search {
    /// Search among versions, oldest first; `boundary` is where the first good one is expected.
    pub fn new(versions: Vec<String>, boundary: Option<&str>) -> Self {
        let expected = boundary.and_then(|b| versions.iter().position(|v| v == b));
        let mut probes = probes(&versions);
        probes.extend(expected);
        Self {
            versions,
            probes,
            bad: BTreeSet::new(),
            good: None,
            tries: 0,
            too_new: 0,
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
        let Some(good) = self.good else {
            return self.probes.last().copied();
        };
        let low = self.bad.range(..good).next_back().map_or(0, |bad| bad + 1);
        (low < good).then(|| low.midpoint(good))
    }

    /// Tell what came of trying [`Search::next`].
    pub fn tell(&mut self, verdict: Verdict) {
        let Some(at) = self.at() else { return };
        if self.good.is_none() {
            self.probes.pop();
        }
        match verdict {
            Verdict::Good => self.good = Some(at),
            Verdict::Bad => _ = self.bad.insert(at),
            Verdict::WantsNewerGo => {
                self.too_new += 1;
                self.versions.truncate(at);
                let mut next = probes(&self.versions);
                if self.too_new > TOO_NEW {
                    next.push(at / 2);
                }
                next.retain(|p| *p < at && !self.bad.contains(p));
                self.probes = next;
                return;
            }
        }
        self.tries += 1;
        self.probes.retain(|p| !self.bad.contains(p));
    }

    /// The oldest version that is known to be good.
    pub fn found(&self) -> Option<&str> {
        self.good.map(|i| self.versions[i].as_str())
    }
}

/// Where to look first: at the newest, then at the last ones of the minor versions before it. What is tried first
/// comes last.
fn probes(versions: &[String]) -> Vec<usize> {
    let minor = |text: &String| version(text).map(|v| (v.major, v.minor));
    let mut last_ones: Vec<usize> = Vec::new();
    for (i, text) in versions.iter().enumerate() {
        match last_ones.last_mut() {
            Some(last) if minor(&versions[*last]) == minor(text) => *last = i,
            _ => last_ones.push(i),
        }
    }
    let from = last_ones.len().saturating_sub(MINORS + 1);
    last_ones.split_off(from)
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
            search.tell(if version(&next) >= version(first_good) {
                Verdict::Good
            } else {
                Verdict::Bad
            });
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

    /// The versions that are tried, in order, and the one that is found.
    fn tried(
        mut search: Search,
        verdict: impl Fn(&str) -> Verdict,
    ) -> (Vec<String>, Option<String>) {
        let mut tried = Vec::new();
        while let Some(next) = search.next().map(str::to_owned) {
            search.tell(verdict(&next));
            tried.push(next);
        }
        (tried, search.found().map(str::to_owned))
    }

    #[test]
    fn what_was_lost_again_is_found_in_an_earlier_minor_version() {
        let all = versions(&["v1.11.0", "v1.12.0", "v1.13.0", "v1.13.1", "v1.14.0"]);
        let is_good = |v: &str| {
            if v == "v1.12.0" {
                Verdict::Good
            } else {
                Verdict::Bad
            }
        };
        let (order, found) = tried(Search::new(all, None), is_good);
        assert_eq!(order, ["v1.14.0", "v1.13.1", "v1.12.0", "v1.11.0"]);
        assert_eq!(found.as_deref(), Some("v1.12.0"));
    }

    #[test]
    fn versions_that_want_a_newer_go_are_passed_over() {
        let all: Vec<String> = (1..=40).map(|n| format!("v1.{n}.0")).collect();
        let number = |v: &str| version(v).unwrap().minor;
        let (order, found) = tried(Search::new(all, None), |v| match number(v) {
            ..=17 => Verdict::Bad,
            18..=22 => Verdict::Good,
            _ => Verdict::WantsNewerGo,
        });
        assert_eq!(found.as_deref(), Some("v1.18.0"), "{order:?}");
    }

    #[test]
    fn pre_releases_follow_pre_releases_and_older_versions_come_newest_first() {
        let all = [
            "v2.0.0-alpha.1",
            "v2.0.0-alpha.2",
            "v2.0.0-beta.1",
            "v1.9.0",
        ];
        let all: BTreeSet<String> = all.iter().map(|v| (*v).to_owned()).collect();
        assert_eq!(newer(&all, Some("v2.0.0-alpha.2")), ["v2.0.0-beta.1"]);
        assert_eq!(older(&all, Some("v2.0.0-alpha.2")), ["v2.0.0-alpha.1"]);
        let all = ["v1.2.0", "v1.3.0-rc.1", "v1.1.9", "v1.1.10"];
        let all: BTreeSet<String> = all.iter().map(|v| (*v).to_owned()).collect();
        assert_eq!(newer(&all, Some("v1.2.0")), Vec::<String>::new());
        assert_eq!(older(&all, Some("v1.2.0")), ["v1.1.10", "v1.1.9"]);
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
