//! The catalogue: TOML tables, one file for each category, embedded and read once.

mod raw;

use std::sync::LazyLock;

use model::{AdviceKind, Edit, Finding, Goos};
use semver::Version;

use self::raw::{Category, Classes, RawClass, RawEntry, RawFix, RawMatch, RawRange};
use crate::search::version;

/// What to do.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// What sort of change.
    pub(crate) kind: AdviceKind,
    /// One line that says what to do.
    pub(crate) title: String,
    /// The version or module to move to.
    pub(crate) to: Option<String>,
    /// What does it without a change of the source, for the module that the entry names.
    pub(crate) edit: Option<Edit>,
    /// What is lost by it.
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

/// An entry of the catalogue, ready to be matched.
struct Entry {
    path: String,
    exact: bool,
    builds: Vec<Goos>,
    ranges: Vec<(Version, Option<Version>)>,
    remedies: Vec<Remedy>,
    stub: Option<Stub>,
}

struct Class {
    rules: Vec<String>,
    symbols: Vec<String>,
    remedy: Remedy,
}

/// The categories, by the name of their file.
const CATEGORIES: [(&str, &str); 11] = [
    ("cache", include_str!("../catalogue/cache.toml")),
    ("cloud", include_str!("../catalogue/cloud.toml")),
    ("compression", include_str!("../catalogue/compression.toml")),
    ("db-embedded", include_str!("../catalogue/db-embedded.toml")),
    ("db-network", include_str!("../catalogue/db-network.toml")),
    ("hardware", include_str!("../catalogue/hardware.toml")),
    ("logging", include_str!("../catalogue/logging.toml")),
    ("net", include_str!("../catalogue/net.toml")),
    (
        "observability",
        include_str!("../catalogue/observability.toml"),
    ),
    ("os", include_str!("../catalogue/os.toml")),
    ("tty", include_str!("../catalogue/tty.toml")),
];

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| -> Category {
        toml::from_str(text)
            .unwrap_or_else(|e| panic!("catalogue/{name}.toml, which a test reads: {e}"))
    };
    let categories = CATEGORIES.iter().map(read);
    categories.flat_map(|c| c.entry).map(Entry::from).collect()
});

static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let raw: Classes = toml::from_str(include_str!("../catalogue/classes.toml"))
        .expect("a test reads the same embedded file");
    raw.class.into_iter().map(Class::from).collect()
});

impl From<RawEntry> for Entry {
    fn from(raw: RawEntry) -> Self {
        let RawMatch {
            package: path,
            exact,
        } = raw.r#match;
        let builds = Goos::ALL
            .into_iter()
            .filter(|g| raw.targets.iter().any(|t| t == g.name()))
            .collect();
        let stub = raw.signature.first().map(|text| Stub {
            package: path.clone(),
            below: !exact,
            text: text.clone(),
            message: raw.summary.clone(),
        });
        let range = |r: &RawRange| {
            let fixed = r.fixed.as_deref().and_then(version);
            Some((version(&r.introduced)?, fixed))
        };
        let fixes = raw.fix.into_iter();
        Self {
            ranges: raw.versions.iter().filter_map(range).collect(),
            remedies: fixes.map(|fix| Remedy::new(&path, fix)).collect(),
            path,
            exact,
            builds,
            stub,
        }
    }
}

impl Remedy {
    fn new(module: &str, raw: RawFix) -> Self {
        let edit = edit(module, &raw);
        let to = raw.to.and_then(|to| match raw.kind {
            AdviceKind::Upgrade => to.min,
            _ => to.module,
        });
        Self {
            kind: raw.kind,
            title: raw.title,
            to,
            edit,
            loses: raw.lost,
        }
    }
}

/// The edit of a fix for a module: of an upgrade the least version, of any other fix what it puts in
/// the module's place.
fn edit(module: &str, fix: &RawFix) -> Option<Edit> {
    let module = module.to_owned();
    if fix.kind == AdviceKind::Upgrade {
        let version = fix.to.as_ref()?.min.clone()?;
        return Some(Edit::Require { module, version });
    }
    let (with, version) = fix.replace.as_deref()?.split_once('@')?;
    Some(Edit::Replace {
        module,
        with: with.to_owned(),
        version: version.to_owned(),
    })
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
                edit: None,
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

    /// Whether it holds for a version; for one that is not known it does.
    fn holds(&self, at: Option<&str>) -> bool {
        let Some(at) = at.and_then(version) else {
            return true;
        };
        // Zero is where everything starts, pseudo-versions without a release before them too.
        let zero = Version::new(0, 0, 0);
        let within = |(from, to): &(Version, Option<Version>)| {
            (*from == zero || at >= *from) && to.as_ref().is_none_or(|to| at < *to)
        };
        self.ranges.iter().any(within)
    }
}

/// Packages that are known to build as stubs.
pub fn stubs() -> Vec<Stub> {
    ENTRIES.iter().filter_map(|e| e.stub.clone()).collect()
}

/// What the catalogue says of a finding: of the package that it lies in, of the one to blame, each
/// by the longest matching path; then the first class that names the symbol.
///
/// A finding about the standard library carries its own advice.
pub(crate) fn remedies(finding: &Finding) -> Vec<&'static Remedy> {
    let breaking = !matches!(
        finding.rule,
        model::Rule::StdBehaviour | model::Rule::Crash | model::Rule::Scenario
    );
    let mut remedies = Vec::new();
    if breaking {
        let of_place = entry(finding, &finding.package, finding.version.as_deref());
        let of_root =
            entry(finding, &finding.root, None).filter(|_| finding.root != finding.package);
        remedies.extend(of_place.or(of_root).into_iter().flat_map(|e| &e.remedies));
    }
    if remedies.is_empty() {
        remedies.extend(class(finding));
    }
    remedies
}

fn entry(finding: &Finding, path: &str, version: Option<&str>) -> Option<&'static Entry> {
    let builds = |e: &&Entry| finding.targets.iter().any(|t| e.builds.contains(&t.goos()));
    let entries = ENTRIES
        .iter()
        .filter(|e| e.covers(path) && e.holds(version));
    entries.filter(builds).max_by_key(|e| e.path.len())
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
    use std::collections::BTreeSet;

    use model::Rule;

    use super::*;

    /// Why a package fails, in one word of this list.
    const REASONS: [&str; 12] = [
        "cgo",
        "excluded",
        "file-lock",
        "mmap",
        "per-os-file",
        "process",
        "signals",
        "sockets",
        "sysinfo",
        "termios",
        "user-lookup",
        "assembly",
    ];
    const SHAPES: [&str; 4] = ["excluded", "partial", "hollow", "stub"];

    fn raw() -> Vec<RawEntry> {
        let mut all = Vec::new();
        for (name, text) in CATEGORIES {
            let category: Category = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(category.schema, 1, "{name}");
            all.extend(category.entry);
        }
        all
    }

    #[test]
    fn every_entry_is_whole() {
        let mut ids = BTreeSet::new();
        let mut matches = BTreeSet::new();
        for entry in raw() {
            let id = &entry.id;
            assert!(ids.insert(id.clone()), "{id} stands twice");
            let key = (entry.r#match.package.clone(), entry.targets.clone());
            assert!(matches.insert(key), "{id}: matches what another entry does");
            let targets = &entry.targets;
            assert!(
                !targets.is_empty() && targets.iter().all(|t| Goos::named(t).is_some()),
                "{id}"
            );
            assert!(
                REASONS.contains(&entry.reason.as_str()),
                "{id}: {}",
                entry.reason
            );
            assert!(
                SHAPES.contains(&entry.shape.as_str()),
                "{id}: {}",
                entry.shape
            );
            assert_eq!(
                entry.shape == "stub",
                !entry.signature.is_empty(),
                "{id}: signature"
            );
            assert!(!entry.summary.is_empty() && !entry.fix.is_empty(), "{id}");
            for evidence in &entry.evidence {
                let measured = evidence.kind == "measured" && evidence.says.is_some();
                assert!(
                    measured || evidence.url.is_some(),
                    "{id}: evidence without a source"
                );
            }
            assert!(!entry.evidence.is_empty(), "{id}: no evidence");
            for range in &entry.versions {
                assert!(
                    version(&range.introduced).is_some(),
                    "{id}: {}",
                    range.introduced
                );
            }
            for fix in &entry.fix {
                match edit(&entry.r#match.package, fix) {
                    Some(Edit::Replace {
                        with, version: at, ..
                    }) => assert!(
                        !with.is_empty() && at.starts_with('v') && version(&at).is_some(),
                        "{id}: replace is not module@version"
                    ),
                    Some(_) => assert!(fix.replace.is_none(), "{id}: an upgrade that replaces"),
                    None => assert!(fix.replace.is_none(), "{id}: replace is not module@version"),
                }
            }
            for fix in entry.fix.iter().filter(|f| f.kind == AdviceKind::Upgrade) {
                let min = fix.to.as_ref().and_then(|t| t.min.as_deref());
                assert!(min.is_some_and(|v| version(v).is_some()), "{id}");
                let fixed = entry.versions.iter().any(|r| r.fixed.as_deref() == min);
                assert!(fixed, "{id}: the upgrade is not where a range ends");
            }
        }
        assert!(ids.len() >= 20);
    }

    #[test]
    fn a_version_before_all_releases_is_matched() {
        let metrics = ENTRIES
            .iter()
            .find(|e| e.covers("github.com/armon/go-metrics"))
            .unwrap();
        assert!(metrics.holds(Some("v0.0.0-20180917152333-f0300d1749da")));
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

    #[test]
    fn a_version_that_is_fixed_is_not_matched() {
        let logrus = ENTRIES
            .iter()
            .find(|e| e.covers("github.com/sirupsen/logrus"))
            .unwrap();
        assert!(
            logrus.holds(Some("v1.9.3")) && !logrus.holds(Some("v1.9.4")) && logrus.holds(None)
        );
    }
}
