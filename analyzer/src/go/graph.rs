//! The packages of one build, `GOOS=js` or `GOOS=wasip1`, and how they import each other.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use indexmap::IndexMap;
use model::{Goos, ListedPackage, Listing};

use crate::go::facts::{DeclFact, DeclKind, ImportFact, KnownName, KnownNames, bit, may_assign};
use crate::go::source::{Source, Sources};

/// A package with its selected files.
pub(crate) struct Package<'a> {
    pub(crate) listed: &'a ListedPackage,
    /// It belongs to the module being checked.
    pub(crate) own: bool,
    /// Selected Go files; of the standard library those that were asked for.
    files: OnceLock<Vec<Arc<Source>>>,
    sources: Arc<Sources<'a>>,
}

/// A name that the user declares to be a guard: a constant, a variable, or a function without
/// parameters, whose value the platform decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredGuard {
    /// `import/path.Name`
    pub symbol: String,
    /// Where it is true; elsewhere it is false.
    pub holds_on: Vec<Goos>,
}

impl DeclaredGuard {
    fn bits(&self) -> u8 {
        let bits = self.holds_on.iter().map(|goos| bit(*goos));
        bits.fold(0, |all, bit| all | bit)
    }
}

type Packages<'a> = IndexMap<&'a str, Package<'a>, DefaultHashBuilder>;

/// All packages of a build.
pub(crate) struct Graph<'a> {
    pub(crate) goos: Goos,
    /// By import path, and sorted by it.
    pub(crate) packages: Packages<'a>,
    /// Import paths, dependencies before their importers, as Go lists them.
    pub(crate) order: Vec<&'a str>,
    /// From a package to those that import it.
    importers: BTreeMap<&'a str, Vec<&'a str>>,
}

/// Package-level names: the declaring file and declaration of each.
pub(crate) type Names<'g> = HashMap<&'g str, (&'g Source, &'g DeclFact)>;

impl<'a> Package<'a> {
    pub(crate) fn path(&self) -> &'a str {
        &self.listed.import_path
    }

    /// Selected Go files, read now if that did not happen before: of the standard library, most
    /// of what is listed is never asked for.
    pub(crate) fn files(&self) -> &[Arc<Source>] {
        self.files.get_or_init(|| {
            let paths: Vec<_> = paths(self.listed).collect();
            self.sources.load(&[], &paths);
            paths.iter().map(|path| self.sources.get(path)).collect()
        })
    }

    /// Whether the files were read.
    pub(crate) fn is_read(&self) -> bool {
        self.files.get().is_some()
    }

    /// Whether no Go file is selected.
    pub(crate) fn is_empty(&self) -> bool {
        let files = self.files.get();
        files.map_or(self.listed.go_files.is_empty(), Vec::is_empty)
    }

    /// An own package that this build has no file of.
    pub(crate) fn left_out(listed: &'a ListedPackage, sources: &Arc<Sources<'a>>) -> Self {
        Self {
            listed,
            own: true,
            files: OnceLock::from(Vec::new()),
            sources: Arc::clone(sources),
        }
    }

    /// Where an import of one of its files leads.
    pub(crate) fn resolve<'p>(&'p self, written: &'p str) -> &'p str {
        self.listed
            .import_map
            .get(written)
            .map_or(written, String::as_str)
    }

    /// The package-level names of its selected files.
    pub(crate) fn names(&self) -> Names<'_> {
        let mut names = HashMap::new();
        for file in self.files() {
            for decl in file
                .facts
                .decls
                .iter()
                .filter(|d| d.kind != DeclKind::Method)
            {
                names
                    .entry(file.facts.text(decl.name))
                    .or_insert((&**file, decl));
            }
        }
        names
    }

    /// The import of a package in the selected files: file, import.
    pub(crate) fn import_of(&self, path: &str) -> Option<(&Source, &ImportFact)> {
        self.files().iter().find_map(|file| {
            let imports = &file.facts.imports;
            let import = imports
                .iter()
                .find(|i| self.resolve(file.facts.text(i.path)) == path)?;
            Some((&**file, import))
        })
    }

    /// Whether Go found fault with the package itself.
    pub(crate) fn has_load_error(&self) -> bool {
        self.listed.error.is_some()
    }

    /// Whether it loads and every file of it was read from end to end: a file that was not may
    /// declare anything.
    pub(crate) fn is_whole(&self) -> bool {
        let read = |f: &Arc<Source>| f.facts.errors.is_empty() && f.unreadable.is_none();
        !self.has_load_error() && self.files().iter().all(read)
    }

    /// The path of one of its files on disk.
    pub(crate) fn file_path(&self, name: &str) -> Utf8PathBuf {
        self.listed.dir.join(name)
    }
}

/// Where the selected Go files of a package lie.
fn paths(listed: &ListedPackage) -> impl Iterator<Item = Utf8PathBuf> {
    listed.go_files.iter().map(|f| listed.dir.join(f))
}

/// What is known of the names of a package from its selected files: conditions on the platform
/// that nothing can change. Names that other packages may set are left out.
fn known_names(files: &Vec<Arc<Source>>) -> KnownNames {
    let mut known = KnownNames::new();
    for file in files {
        for condition in &file.facts.conditions {
            let name = file.facts.text(condition.name);
            let exported = name.starts_with(char::is_uppercase);
            let set = |f: &Arc<Source>| {
                let own = Arc::ptr_eq(f, file);
                let after = condition.name.end().min(f.facts.src.len());
                // The declaration itself is no assignment.
                let (before, after) = f.facts.src.split_at(if own { after } else { 0 });
                let after = after.trim_start_matches([' ', '\t', '=']);
                may_assign(after, name) || (own && may_assign(before, name))
            };
            if name == "_" || (condition.variable && (exported || files.iter().any(set))) {
                continue;
            }
            let known_name = KnownName {
                known: condition.known,
                function: Some(condition.function),
            };
            known.insert(name.to_owned(), known_name);
        }
    }
    known
}

/// Read files again until nothing more comes out of what is known of their names: a helper may be
/// made of a constant, and another helper of it. Names that the user declares come last.
fn settle(
    sources: &Sources<'_>,
    mut files: Vec<Arc<Source>>,
    mut known: KnownNames,
    declared: &KnownNames,
) -> (Vec<Arc<Source>>, KnownNames) {
    const MAX_ROUNDS: usize = 4;
    let mut own = known_names(&files);
    for _ in 0..MAX_ROUNDS {
        known.extend(own.clone());
        known.extend(declared.clone());
        files = sources.knowing(files, &known);
        let more = known_names(&files);
        if more == own {
            break;
        }
        own = more;
    }
    (files, own)
}

impl<'a> Graph<'a> {
    /// Build the graph, and read all selected files; of the standard library only the declarations
    /// of what other packages import.
    pub(crate) fn new(
        goos: Goos,
        listing: &'a Listing,
        module: &str,
        guards: &[DeclaredGuard],
        sources: &Arc<Sources<'a>>,
    ) -> Self {
        let declared: KnownNames = guards
            .iter()
            .map(|g| (g.symbol.clone(), KnownName::declared(g.bits())))
            .collect();
        // What is known of the exported names of the packages so far, dependencies first.
        let mut exported: HashMap<&str, KnownNames> = HashMap::new();
        let imported = imported_by_others(listing);
        let (std, other): (Vec<_>, Vec<_>) = listing
            .packages
            .iter()
            .filter(|p| !p.standard || imported.contains(p.import_path.as_str()))
            .partition(|p| p.standard);
        let files = |of: Vec<&ListedPackage>| of.into_iter().flat_map(paths).collect::<Vec<_>>();
        sources.load(&files(other), &files(std));
        let (mut packages, mut order) = (Packages::default(), Vec::new());
        for listed in &listing.packages {
            let files = OnceLock::new();
            let read = || paths(listed).map(|path| sources.get(&path)).collect();
            if imported.contains(listed.import_path.as_str()) && listed.standard {
                let _ = files.set(read());
            } else if !listed.standard {
                let mut known = declared.clone();
                for path in &listed.imports {
                    let names = exported.get(path.as_str()).into_iter().flatten();
                    known.extend(names.map(|(name, k)| (format!("{path}.{name}"), *k)));
                }
                let path = format!("{}.", listed.import_path);
                let here = declared.iter().filter_map(|(symbol, k)| {
                    let name = symbol.strip_prefix(&path)?;
                    Some((name.to_owned(), *k))
                });
                let here: KnownNames = here.collect();
                let (settled, own) = settle(sources, read(), known, &here);
                let names = own.into_iter();
                let names = names.filter(|(name, _)| name.starts_with(char::is_uppercase));
                exported.insert(&listed.import_path, names.collect());
                let _ = files.set(settled);
            }
            let own = listed
                .module
                .as_ref()
                .is_some_and(|m| m.main && m.path == module);
            order.push(listed.import_path.as_str());
            let package = Package {
                listed,
                own,
                files,
                sources: Arc::clone(sources),
            };
            packages.insert(listed.import_path.as_str(), package);
        }
        packages.sort_unstable_keys();
        let importers = importers(&packages);
        Self {
            goos,
            packages,
            order,
            importers,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Package<'a>> {
        self.packages.get(path)
    }

    /// The packages that import this one, in order.
    pub(crate) fn importers(&self, path: &str) -> &[&'a str] {
        self.importers.get(path).map_or(&[], Vec::as_slice)
    }

    /// Whether a package is imported and has no Go file. Go reports no error of one that a pattern
    /// matched, until it is built.
    pub(crate) fn is_imported_without_files(&self, package: &Package<'_>) -> bool {
        let listed = package.listed;
        listed.go_files.is_empty()
            && listed.cgo_files.is_empty()
            && !["unsafe", "C"].contains(&package.path())
            && !self.importers(package.path()).is_empty()
    }

    /// For every package that reaches `path`, the next one on the shortest way to it.
    pub(crate) fn ways_to(&self, path: &'a str) -> BTreeMap<&'a str, Option<&'a str>> {
        let mut next = BTreeMap::from([(path, None)]);
        let mut todo = VecDeque::from([path]);
        while let Some(at) = todo.pop_front() {
            for importer in self.importers(at) {
                if !next.contains_key(importer) {
                    next.insert(importer, Some(at));
                    todo.push_back(importer);
                }
            }
        }
        next
    }

    /// The shortest chain of imports to a package from every own package that has one, with whether
    /// it starts in a library: mains first, each group shortest first.
    pub(crate) fn chains_to(&self, path: &'a str) -> Vec<(bool, Vec<&'a str>)> {
        let ways = self.ways_to(path);
        let own = ways
            .keys()
            .filter_map(|start| self.get(start).filter(|p| p.own));
        let mut chains: Vec<_> = own
            .map(|start| {
                let way =
                    std::iter::successors(Some(start.path()), |at| ways.get(at).copied().flatten());
                (start.listed.name != "main", way.collect())
            })
            .collect();
        chains.sort_by(Self::chain_order);
        chains
    }

    /// Chains from mains first, then the shorter.
    pub(crate) fn chain_order(a: &(bool, Vec<&str>), b: &(bool, Vec<&str>)) -> Ordering {
        (a.0, a.1.len(), &a.1).cmp(&(b.0, b.1.len(), &b.1))
    }

    /// Every package that imports one of these, directly or not, and these themselves.
    pub(crate) fn closure_of_importers(
        &self,
        of: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<&'a str> {
        let mut seen: BTreeSet<&str> = of.into_iter().collect();
        let mut todo: Vec<&str> = seen.iter().copied().collect();
        while let Some(at) = todo.pop() {
            for importer in self.importers(at) {
                if seen.insert(importer) {
                    todo.push(importer);
                }
            }
        }
        seen
    }

    /// The same string with the lifetime of the listing.
    pub(crate) fn key(&self, path: &str) -> Option<&'a str> {
        self.packages.get_key_value(path).map(|(key, _)| *key)
    }
}

/// What packages outside of the standard library import, as they are resolved.
fn imported_by_others(listing: &Listing) -> HashSet<&str> {
    let others = listing.packages.iter().filter(|p| !p.standard);
    others
        .flat_map(|p| p.imports.iter().map(String::as_str))
        .collect()
}

fn importers<'a>(packages: &Packages<'a>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut importers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, package) in packages {
        for import in &package.listed.imports {
            importers.entry(import).or_default().push(path);
        }
    }
    importers
}

/// How files are named in reports: see the contract of `model::Finding::file`.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Directory of the module being checked.
    pub root: &'a Utf8Path,
    /// Directory of the standard library, without `src`.
    pub goroot: &'a Utf8Path,
    /// Directory of the module cache.
    pub modcache: &'a Utf8Path,
}

impl Places<'_> {
    /// The report's name for a file on disk. Dependencies are spelled as in the module cache,
    /// upper-case letters escaped, so that the name can be pasted after `$GOMODCACHE/`.
    pub fn name(&self, path: &Utf8Path) -> String {
        let std = self.goroot.join("src");
        if let Ok(inside) = path.strip_prefix(self.root) {
            return slashed(inside);
        }
        // A toolchain may lie in the module cache.
        if let Ok(inside) = path.strip_prefix(&std) {
            return format!("std/{}", slashed(inside));
        }
        if let Ok(inside) = path.strip_prefix(self.modcache) {
            return slashed(inside);
        }
        relative(self.root, path)
    }

    /// The same for a file of a package; vendored packages are named by their module.
    pub(crate) fn name_in(&self, listed: &ListedPackage, file: &str) -> String {
        if let Some(module) = &listed.module
            && !module.main
            && !module.version.is_empty()
            && module
                .replace
                .as_ref()
                .is_none_or(|r| !r.version.is_empty())
            && !listed.dir.starts_with(self.modcache)
        {
            let inside = listed
                .import_path
                .strip_prefix(&module.path)
                .unwrap_or_default();
            return format!("{}@{}{inside}/{file}", module.path, module.version);
        }
        self.name(&listed.dir.join(file))
    }
}

fn slashed(path: &Utf8Path) -> String {
    path.as_str().replace('\\', "/")
}

/// A path as seen from a directory: `../other/file.go`; as it is where both have no directory in common.
pub fn relative(from: &Utf8Path, to: &Utf8Path) -> String {
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    if common <= 1 {
        return slashed(to);
    }
    let up = from.components().skip(common).map(|_| "..");
    let down = to.components().skip(common).map(|c| c.as_str());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_where_they_lie() {
        let places = Places {
            root: Utf8Path::new("/home/u/app"),
            goroot: Utf8Path::new("/usr/lib/go"),
            modcache: Utf8Path::new("/home/u/go/pkg/mod"),
        };
        for (path, name) in [
            ("/home/u/app/cmd/main.go", "cmd/main.go"),
            ("/home/u/lib/x.go", "../lib/x.go"),
            (
                "/home/u/go/pkg/mod/github.com/!azure/x@v1.0.0/a/b.go",
                "github.com/!azure/x@v1.0.0/a/b.go",
            ),
            ("/usr/lib/go/src/os/exec/exec.go", "std/os/exec/exec.go"),
            ("/srv/x.go", "/srv/x.go"),
        ] {
            assert_eq!(places.name(Utf8Path::new(path)), name);
        }
        let toolchain = "/home/u/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.27.1.linux-amd64";
        let fetched = Places {
            goroot: Utf8Path::new(toolchain),
            ..places
        };
        let file = Utf8Path::new(toolchain).join("src/os/file.go");
        assert_eq!(fetched.name(&file), "std/os/file.go");
    }
}
