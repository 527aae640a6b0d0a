//! An entry of the catalogue, ready to be matched.

use std::collections::BTreeMap;

use model::{AdviceKind, Cost, Edit, Goos};

use super::check::contains;
use super::file::{ClassRule, Entry, Fix, Match, Range, Reason, Rewrite, Shape};

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
    /// How a swap is carried out in the source of the user, where that is known.
    pub(crate) rewriting: Option<Rewriting>,
    /// Build tags that belong to it.
    pub(crate) tags: Vec<String>,
    /// What is lost by it.
    pub(crate) loses: Option<String>,
    /// What it costs besides.
    pub(crate) cost: Cost,
    /// The builds that it is for; all if none is named.
    pub(crate) targets: Vec<Goos>,
    /// The name of the sketch that shows how it is done.
    pub(crate) sketch: Option<String>,
}

/// How a swap is carried out in the source of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewriting {
    /// The module and the version to require; none where the standard library takes the place.
    pub require: Option<(String, String)>,
    /// The packages, and what is written in their places.
    pub rewrites: Vec<Rewrite>,
    /// Build tags, by build.
    pub tags: BTreeMap<Goos, Vec<String>>,
}

/// A file that does in a copy of a package what C does elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapted {
    /// Import path.
    pub package: String,
    /// The text of the file.
    pub source: String,
    /// The module and the version to require.
    pub require: (String, String),
    /// The builds that it is for.
    pub targets: Vec<Goos>,
    /// What is lost by it.
    pub loses: Option<String>,
    /// Licence of the module to require.
    pub licence: Option<String>,
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

/// An entry, ready to be matched.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: String,
    modules: Vec<String>,
    any_major: bool,
    packages: Vec<Pattern>,
    symbols: Vec<String>,
    ranges: Vec<(Range, Vec<Goos>)>,
    pub(super) remedies: Vec<Remedy>,
    /// Swaps where what it imports is to blame.
    pub(super) for_imports: Vec<Remedy>,
    pub(super) stubs: Vec<Stub>,
    pub(super) adapters: Vec<Adapted>,
}

/// Packages of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// All of them.
    All,
    /// One: empty for the module's own.
    One(String),
    /// One and those below it.
    Below(String),
}

/// How close an entry is: a symbol before a package, a package before those below one, the longest
/// path first, then the narrowest range of versions.
pub(super) type Closeness = (bool, u8, usize, usize);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Import path.
    pub(super) package: &'a str,
    /// Path of its module, where it is known.
    pub(super) module: Option<&'a str>,
    /// Its version, where it is known.
    pub(super) version: Option<&'a str>,
    /// The name that is used.
    pub(super) symbol: &'a str,
    /// The builds on which it fails.
    pub(super) builds: &'a [Goos],
}

impl Known {
    /// Make an entry ready.
    pub(super) fn new(raw: &Entry) -> Self {
        let modules = raw.r#match.modules();
        let packages: Vec<Pattern> = patterns(&raw.r#match);
        let any_major = raw.r#match.any_major();
        let stubs = match (raw.shape, raw.signature.first()) {
            (Shape::Stub, Some(text)) => stubs(&modules, &packages, text, &raw.summary),
            _ => Vec::new(),
        };
        let ranges = raw.versions.iter().map(|r| {
            let range = r.as_ref();
            (range.clone(), range.holds_on(raw).to_vec())
        });
        let fixes = raw.fix.iter().map(AsRef::as_ref);
        let module = &raw.r#match.module;
        let adapters = fixes.clone().filter_map(|fix| adapted(raw, fix)).collect();
        let remedies: Vec<Remedy> = fixes.map(|fix| Remedy::new(module, fix)).collect();
        Self {
            id: raw.id.clone(),
            for_imports: match raw.reason {
                Reason::Dependency => instead_of(module, &remedies),
                _ => Vec::new(),
            },
            remedies,
            ranges: ranges.collect(),
            symbols: raw.r#match.symbols.clone(),
            modules,
            any_major,
            packages,
            stubs,
            adapters,
        }
    }

    /// How close it is to what is asked for; none if it does not match.
    pub(super) fn closeness(&self, asked: &Asked<'_>) -> Option<Closeness> {
        let (kind, length) = self
            .modules
            .iter()
            .filter_map(|m| self.within(m, asked))
            .max()?;
        let symbol = self.names(asked.symbol)?;
        let bounds = asked
            .builds
            .iter()
            .filter_map(|g| self.bounds(*g, asked.version));
        Some((symbol, kind, length, bounds.max()?))
    }

    /// Whether it is about a name, or about all of them; none if it is about others.
    fn names(&self, symbol: &str) -> Option<bool> {
        if self.symbols.is_empty() {
            return Some(false);
        }
        let last = symbol.rsplit('.').next().unwrap_or_default();
        let named = self.symbols.iter().any(|s| s == symbol || s == last);
        named.then_some(true)
    }

    /// Whether a package of a module is meant, and how closely.
    fn within(&self, module: &str, asked: &Asked<'_>) -> Option<(u8, usize)> {
        let (module, inner) = split(module, asked.package, self.any_major)?;
        // A module that lies within it is another module.
        if asked
            .module
            .is_some_and(|m| m.len() > module && asked.package.starts_with(m))
        {
            return None;
        }
        let fits = |pattern: &Pattern| match pattern {
            Pattern::One(path) => (path == inner).then_some((2, module + path.len())),
            Pattern::Below(path) => {
                let rest = inner.strip_prefix(path.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then_some((1, module + path.len()))
            }
            Pattern::All => Some((0, module)),
        };
        self.packages.iter().filter_map(fits).max()
    }

    /// How many ends the range has that a version lies in; for a version that is not known, the
    /// first range of the build. None if it lies in none.
    fn bounds(&self, goos: Goos, at: Option<&str>) -> Option<usize> {
        let mut ranges = self
            .ranges
            .iter()
            .filter(|(_, builds)| builds.contains(&goos));
        let range = match at {
            Some(at) => ranges.find(|(range, _)| contains(range, at)),
            None => ranges.next(),
        };
        let (range, _) = range?;
        Some(usize::from(range.introduced != "0") + usize::from(range.fixed.is_some()))
    }
}

/// The length of the module's path and the path of a package below it, if it is the module's: of any
/// major version, if those are meant.
fn split<'a>(module: &str, package: &'a str, any_major: bool) -> Option<(usize, &'a str)> {
    let rest = package.strip_prefix(module)?;
    let Some(inner) = rest.strip_prefix('/') else {
        let dotted = rest.strip_prefix('.').filter(|_| any_major);
        return match dotted {
            Some(dotted) => {
                let (major, inner) = dotted.split_once('/').unwrap_or((dotted, ""));
                is_major(major).then_some((module.len() + 1 + major.len(), inner))
            }
            None => rest.is_empty().then_some((module.len(), "")),
        };
    };
    let (first, below) = inner.split_once('/').unwrap_or((inner, ""));
    match (is_major(first), any_major) {
        (true, true) => Some((module.len() + 1 + first.len(), below)),
        // Another major version is another module.
        (true, false) => None,
        (false, _) => Some((module.len(), inner)),
    }
}

/// `v2` and above.
pub(super) fn is_major(part: &str) -> bool {
    let number = part.strip_prefix('v').and_then(|n| n.parse::<u32>().ok());
    number.is_some_and(|n| n > 1)
}

fn patterns(r#match: &Match) -> Vec<Pattern> {
    if r#match.packages.is_empty() {
        return vec![Pattern::All];
    }
    let pattern = |package: &String| match package.as_str() {
        "..." => Pattern::All,
        "." => Pattern::One(String::new()),
        path => match path.strip_suffix("/...") {
            Some(path) => Pattern::Below(path.to_owned()),
            None => Pattern::One(path.to_owned()),
        },
    };
    r#match.packages.iter().map(pattern).collect()
}

fn stubs(modules: &[String], packages: &[Pattern], text: &str, message: &str) -> Vec<Stub> {
    let stub = |module: &String, pattern: &Pattern| {
        let (inner, below) = match pattern {
            Pattern::All => ("", true),
            Pattern::One(path) => (path.as_str(), false),
            Pattern::Below(path) => (path.as_str(), true),
        };
        let slash = if inner.is_empty() { "" } else { "/" };
        Stub {
            package: format!("{module}{slash}{inner}"),
            below,
            text: text.to_owned(),
            message: message.to_owned(),
        }
    };
    // All packages are each of them already.
    let all = packages.iter().find(|p| **p == Pattern::All);
    let packages = all.map_or(packages, std::slice::from_ref);
    let of_module = |m: &String| packages.iter().map(|p| stub(m, p)).collect::<Vec<_>>();
    modules.iter().flat_map(of_module).collect()
}

/// The swaps for a module that does not build because of what it imports, as they are told of that.
fn instead_of(module: &str, remedies: &[Remedy]) -> Vec<Remedy> {
    let swaps = remedies.iter().filter(|r| r.kind == AdviceKind::Swap);
    let told = |remedy: &Remedy| Remedy {
        title: format!("instead of {module}, which imports it: {}", remedy.title),
        ..remedy.clone()
    };
    swaps.map(told).collect()
}

impl Remedy {
    fn new(module: &str, fix: &Fix) -> Self {
        let to = fix.to.as_ref().and_then(|to| match fix.kind {
            AdviceKind::Upgrade => to.min.clone(),
            _ => to.module.clone().or_else(|| to.package.clone()),
        });
        Self {
            kind: fix.kind,
            title: fix.title.clone(),
            to,
            edit: edit(module, fix),
            rewriting: rewriting(fix),
            tags: fix.tags_add.clone(),
            loses: fix.lost.clone(),
            cost: Cost {
                compat: fix.compat,
                changes: fix.changes.clone(),
                effort: fix.effort,
                licence: fix.licence.clone(),
                ..Cost::default()
            },
            targets: fix.targets.clone(),
            sketch: None,
        }
    }

    /// Whether it is for one of some builds.
    pub(super) fn helps(&self, builds: &[Goos]) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|g| builds.contains(g))
    }
}

impl From<ClassRule> for Remedy {
    fn from(raw: ClassRule) -> Self {
        Self {
            kind: raw.kind,
            title: raw.title,
            to: raw.to,
            edit: None,
            rewriting: None,
            tags: Vec::new(),
            loses: raw.loses,
            cost: Cost::default(),
            targets: Vec::new(),
            sketch: raw.name,
        }
    }
}

/// The edit of a fix for a module: of an upgrade the least version, of any other fix what it puts in
/// the module's place.
fn edit(module: &str, fix: &Fix) -> Option<Edit> {
    let module = module.to_owned();
    if fix.kind == AdviceKind::Upgrade {
        // With several major versions it is not known which one is meant.
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

/// What a fix adds to a package; none where it adds nothing.
fn adapted(entry: &Entry, fix: &Fix) -> Option<Adapted> {
    let adapter = fix.adapter.as_ref()?;
    let to = fix.to.as_ref()?;
    Some(Adapted {
        package: adapter.package.clone(),
        source: adapter.source.clone(),
        require: (to.module.clone()?, to.tested.clone()?),
        targets: fix.helps(entry).to_vec(),
        loses: fix.lost.clone(),
        licence: fix.licence.clone(),
    })
}

/// How a fix is carried out in the source of the user; none where it says no rewrites.
fn rewriting(fix: &Fix) -> Option<Rewriting> {
    if fix.rewrite.is_empty() {
        return None;
    }
    let to = fix.to.as_ref();
    let require = to.and_then(|to| {
        let version = to.tested.as_ref().or(to.min.as_ref())?;
        Some((to.module.clone()?, version.clone()))
    });
    let rewrites = fix.rewrite.iter().map(|r| r.as_ref().clone());
    Some(Rewriting {
        require,
        rewrites: rewrites.collect(),
        tags: fix.tags_on.clone(),
    })
}
