//! The catalogue: TOML tables, embedded, read once.

use std::sync::LazyLock;

use model::{AdviceKind, Finding, Goos};
use serde::Deserialize;

/// What to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remedy {
    /// What sort of change.
    pub(crate) kind: AdviceKind,
    /// One line that says what to do.
    pub(crate) title: String,
    /// The version or package to move to.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// What is lost by it.
    #[serde(default)]
    pub(crate) loses: Option<String>,
}

/// A package that builds without cgo as a stub.
#[derive(Clone, Debug)]
pub struct Stub {
    /// Import path.
    pub package: String,
    /// Packages below that path, too.
    pub below: bool,
    /// Text in its source.
    pub text: String,
    /// What it means.
    pub message: String,
}

#[derive(Debug, Deserialize)]
struct Entries {
    entry: Vec<RawEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    r#match: String,
    #[serde(default)]
    exact: bool,
    targets: Vec<String>,
    kind: AdviceKind,
    title: String,
    to: Option<String>,
    loses: Option<String>,
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "for readers of the catalogue; a test wants it there"
        )
    )]
    source: String,
    stub: Option<RawStub>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStub {
    text: String,
    message: String,
}

#[derive(Debug, Deserialize)]
struct Classes {
    class: Vec<RawClass>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    rules: Vec<String>,
    symbols: Vec<String>,
    kind: AdviceKind,
    title: String,
    to: Option<String>,
    loses: Option<String>,
}

/// An entry of the catalogue, ready to be matched.
struct Entry {
    path: String,
    exact: bool,
    builds: Vec<Goos>,
    remedy: Remedy,
    stub: Option<Stub>,
}

struct Class {
    rules: Vec<String>,
    symbols: Vec<String>,
    remedy: Remedy,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let raw: Entries = toml::from_str(include_str!("../catalogue/modules.toml"))
        .expect("a test reads the same embedded file");
    raw.entry.into_iter().map(Entry::from).collect()
});

static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let raw: Classes = toml::from_str(include_str!("../catalogue/classes.toml"))
        .expect("a test reads the same embedded file");
    raw.class.into_iter().map(Class::from).collect()
});

impl From<RawEntry> for Entry {
    fn from(raw: RawEntry) -> Self {
        let RawEntry {
            r#match: path,
            exact,
            targets,
            kind,
            title,
            to,
            loses,
            source: _,
            stub,
        } = raw;
        let builds = Goos::ALL
            .into_iter()
            .filter(|g| targets.iter().any(|t| t == g.name()))
            .collect();
        let stub = stub.map(|s| Stub {
            package: path.clone(),
            below: !exact,
            text: s.text,
            message: s.message,
        });
        Self {
            path,
            exact,
            builds,
            remedy: Remedy {
                kind,
                title,
                to,
                loses,
            },
            stub,
        }
    }
}

impl From<RawClass> for Class {
    fn from(raw: RawClass) -> Self {
        let RawClass {
            rules,
            symbols,
            kind,
            title,
            to,
            loses,
        } = raw;
        Self {
            rules,
            symbols,
            remedy: Remedy {
                kind,
                title,
                to,
                loses,
            },
        }
    }
}

impl Entry {
    /// Whether an import path is the entry's, or lies below it.
    fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || (!self.exact && rest.starts_with('/')))
    }
}

/// Packages that are known to build as stubs.
pub fn stubs() -> Vec<Stub> {
    ENTRIES.iter().filter_map(|e| e.stub.clone()).collect()
}

/// What the catalogue says of a finding: the longest matching path, then the first class that
/// names the symbol.
///
/// A finding about the standard library carries its own advice.
pub(crate) fn remedy(finding: &Finding) -> Option<&'static Remedy> {
    let builds = |e: &&Entry| finding.targets.iter().any(|t| e.builds.contains(&t.goos()));
    let entries = ENTRIES
        .iter()
        .filter(|e| e.covers(&finding.root))
        .filter(builds);
    let entry = entries.max_by_key(|e| e.path.len());
    let breaking = finding.rule != model::Rule::StdBehaviour;
    entry
        .filter(|_| breaking)
        .map(|e| &e.remedy)
        .or_else(|| class(finding))
}

fn class(finding: &Finding) -> Option<&'static Remedy> {
    let name = finding.symbol.rsplit('.').next().unwrap_or_default();
    let fits = |c: &&Class| c.rules.iter().any(|r| r == finding.rule.slug());
    let names = |c: &&Class| {
        c.symbols.is_empty() || c.symbols.iter().any(|s| s == name || *s == finding.symbol)
    };
    CLASSES.iter().filter(fits).find(names).map(|c| &c.remedy)
}

#[cfg(test)]
mod tests {
    use model::Rule;

    use super::*;

    #[test]
    fn every_entry_is_whole() {
        let raw: Entries = toml::from_str(include_str!("../catalogue/modules.toml")).unwrap();
        for entry in &raw.entry {
            let path = &entry.r#match;
            assert!(
                !entry.targets.is_empty()
                    && entry.targets.iter().all(|t| t == "js" || t == "wasip1"),
                "{path}"
            );
            assert!(!entry.source.is_empty(), "{path}: no source");
            assert!(
                entry.kind != AdviceKind::Upgrade
                    || entry.to.as_ref().is_some_and(|v| v.starts_with('v')),
                "{path}"
            );
        }
        let mut paths: Vec<_> = raw.entry.iter().map(|e| (&e.r#match, &e.targets)).collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all, "an entry stands twice");
    }

    #[test]
    fn every_class_names_rules_that_exist() {
        let raw: Classes = toml::from_str(include_str!("../catalogue/classes.toml")).unwrap();
        for class in &raw.class {
            for rule in &class.rules {
                assert!(Rule::ALL.iter().any(|r| r.slug() == rule), "{rule}");
            }
        }
    }

    #[test]
    fn paths_match_at_slashes() {
        let entry = |path: &str| {
            ENTRIES
                .iter()
                .find(|e| e.covers(path))
                .map(|e| e.path.as_str())
        };
        assert_eq!(
            entry("github.com/sirupsen/logrus/hooks/test"),
            Some("github.com/sirupsen/logrus")
        );
        assert_eq!(entry("github.com/sirupsen/logrusx"), None);
        assert_eq!(entry("golang.org/x/sys/unix/internal"), None);
    }
}
