//! The catalogue: TOML tables, one file for each category, embedded and read once; and those of the
//! user.

mod check;
mod known;
mod rewrite;

pub mod file;

use std::sync::LazyLock;

use model::{Finding, Goos, Target};

use self::file::{Classes, Entry};
pub use self::known::{Adapted, Remedy, Rewriting, Stub};
use self::known::{Asked, Known};

/// Entries to look advice up in.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Known>,
}

struct Class {
    rules: Vec<String>,
    symbols: Vec<String>,
    targets: Vec<Target>,
    remedy: Remedy,
}

/// A file that is part of the program.
macro_rules! categories {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../catalogue/", $name, ".toml")))),+]
    };
}

/// The categories, by the name of their file.
const CATEGORIES: &[(&str, &str)] = &categories![
    "cache",
    "cloud",
    "compression",
    "crypto",
    "db-embedded",
    "db-network",
    "geo",
    "gui",
    "hardware",
    "image",
    "kernel",
    "language",
    "lib",
    "logging",
    "math",
    "media",
    "messaging",
    "net",
    "observability",
    "os",
    "test",
    "text",
    "tty",
    "vcs",
];

static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        entries(name, text).unwrap_or_else(|e| panic!("a test reads the same embedded file: {e}"))
    };
    let all = CATEGORIES.iter().flat_map(read);
    Catalogue {
        entries: all.map(|entry| Known::new(&entry)).collect(),
    }
});

static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let raw: Classes = toml::from_str(include_str!("../catalogue/classes.toml"))
        .expect("a test reads the same embedded file");
    let class = |raw: file::ClassRule| Class {
        rules: raw.rules.clone(),
        symbols: raw.symbols.clone(),
        targets: raw.targets.clone(),
        remedy: raw.into(),
    };
    raw.class.into_iter().map(class).collect()
});

/// The entries of a file, in its order. A mistake is told with its place.
pub fn entries(name: &str, text: &str) -> Result<Vec<Entry>, String> {
    let read = check::read(name, text)?;
    let entries = read.file.entry.into_iter();
    Ok(entries.map(toml::Spanned::into_inner).collect())
}

impl Catalogue {
    /// What is part of the program.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The same, with entries of the user, which come first: one of the same id takes the place of
    /// ours, and one that is as close as ours is preferred. A mistake is told with its place.
    pub fn with_user<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let read: Vec<check::Read<'_>> = files
            .into_iter()
            .map(|(name, text)| check::read(name, text))
            .collect::<Result<_, _>>()?;
        check::together(&read)?;
        let ours = CATEGORIES
            .iter()
            .map(|(name, text)| check::read(name, text));
        let ours = ours.collect::<Result<Vec<_>, _>>()?;
        check::loops(read.iter().chain(&ours))?;
        let own = read.iter().flat_map(|r| &r.file.entry);
        let mut entries: Vec<Known> = own.map(|e| Known::new(e.as_ref())).collect();
        let ours = Self::builtin().entries.iter();
        let missing = ours.filter(|e| entries.iter().all(|own| own.id != e.id));
        let missing: Vec<Known> = missing.cloned().collect();
        entries.extend(missing);
        Ok(Self { entries })
    }

    /// Packages that are known to build as stubs.
    pub fn stubs(&self) -> Vec<Stub> {
        let stubs = self.entries.iter().flat_map(|e| &e.stubs);
        stubs.cloned().collect()
    }

    /// What does in a copy of a package, of a version of its module, what C does elsewhere: for all of some builds.
    pub fn adapted(
        &self,
        package: &str,
        (module, version): (&str, &str),
        builds: &[Goos],
    ) -> Option<&Adapted> {
        let asked = Asked {
            package,
            module: Some(module),
            version: Some(version),
            symbol: "",
            builds,
        };
        let mut adapters = self.closest(&asked)?.adapters.iter();
        adapters.find(|a| a.package == package && builds.iter().all(|g| a.targets.contains(g)))
    }

    /// What the catalogue says of a finding: of the package that it lies in, or of the one to blame,
    /// each by the entry that is closest; then the first class that names the symbol.
    ///
    /// A finding about the standard library carries its own advice.
    pub(crate) fn remedies(&self, finding: &Finding) -> Vec<&Remedy> {
        let breaking = !matches!(
            finding.rule,
            model::Rule::StdBehaviour | model::Rule::Crash | model::Rule::Scenario
        );
        let mut remedies = Vec::new();
        if breaking {
            let builds = builds(finding);
            let mut asked = Asked {
                package: &finding.package,
                module: Some(&finding.module),
                version: finding.version.as_deref(),
                symbol: &finding.symbol,
                builds: &builds,
            };
            let mut entry = self.closest(&asked);
            if entry.is_none() && finding.root != finding.package {
                asked.package = &finding.root;
                (asked.module, asked.version) = (None, None);
                entry = self.closest(&asked);
            }
            let all = entry.into_iter().flat_map(|e| &e.remedies);
            remedies.extend(all.filter(|r| r.helps(&builds)));
            if remedies.is_empty() {
                remedies.extend(class(finding));
            }
            self.instead_of_importers(finding, &builds, &mut remedies);
        } else {
            remedies.extend(class(finding));
        }
        remedies
    }

    /// Others in the place of a module that is known to fail for what it imports: nearest to that first.
    fn instead_of_importers<'s>(
        &'s self,
        finding: &Finding,
        builds: &[Goos],
        remedies: &mut Vec<&'s Remedy>,
    ) {
        let mut seen: Vec<&str> = Vec::new();
        for chain in &finding.chains {
            // The first one is of the module that is checked, the last one to blame.
            let importers = chain.iter().skip(1).rev().skip(1);
            for package in importers.filter(|p| **p != finding.package) {
                let asked = Asked {
                    package,
                    module: None,
                    version: None,
                    symbol: "",
                    builds,
                };
                let entry = self.closest(&asked);
                let Some(entry) = entry.filter(|e| !seen.contains(&e.id.as_str())) else {
                    continue;
                };
                seen.push(&entry.id);
                remedies.extend(entry.for_imports.iter().filter(|r| r.helps(builds)));
            }
        }
    }

    /// The entry that is closest; of several that are, the first.
    fn closest(&self, asked: &Asked<'_>) -> Option<&Known> {
        let entries = self.entries.iter().rev();
        let close = entries.filter_map(|e| Some((e.closeness(asked)?, e)));
        close
            .max_by_key(|(closeness, _)| *closeness)
            .map(|(_, e)| e)
    }
}

/// The builds on which a finding holds.
fn builds(finding: &Finding) -> Vec<Goos> {
    let on = |g: &Goos| finding.targets.iter().any(|t| t.goos() == *g);
    Goos::ALL.into_iter().filter(on).collect()
}

fn class(finding: &Finding) -> Option<&'static Remedy> {
    let name = finding.symbol.rsplit('.').next().unwrap_or_default();
    let fits = |c: &&Class| c.rules.iter().any(|r| r == finding.rule.slug());
    let names = |c: &&Class| {
        c.symbols.is_empty() || c.symbols.iter().any(|s| s == name || *s == finding.symbol)
    };
    let there =
        |c: &&Class| c.targets.is_empty() || finding.targets.iter().all(|t| c.targets.contains(t));
    let mut classes = CLASSES.iter().filter(fits).filter(there);
    classes.find(names).map(|c| &c.remedy)
}

/// What the class rules of a name say to do, each sentence once.
pub(crate) fn titles(name: &str) -> Vec<&'static str> {
    let of_name = CLASSES
        .iter()
        .filter(|c| c.remedy.sketch.as_deref() == Some(name));
    let mut titles: Vec<&str> = of_name.map(|c| c.remedy.title.as_str()).collect();
    titles.dedup();
    titles
}

#[cfg(test)]
mod adapter_tests;
#[cfg(test)]
mod tests;
