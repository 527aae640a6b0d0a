//! What `go list -e -deps -json` would say of a module in memory.
//!
//! Only what the analyzer reads is made, in the words of Go 1.26 (`cmd/go/internal/load`,
//! `cmd/go/internal/modload/import.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fixtures::findings;
use model::{ListError, ListedModule, ListedPackage, Listing};

use super::{GOROOT, MODCACHE, ROOT};
use crate::go::constraint::Platform;
use crate::go::facts::FileFacts;

/// A standard library of a few declarations.
const STD: &str = include_str!("goroot.txtar");

/// A module and its dependencies, as they lie on a disk.
pub(super) struct Module {
    /// Its path.
    pub(super) path: String,
    /// Every file, expectations taken out.
    pub(super) disk: BTreeMap<Utf8PathBuf, String>,
    /// From files on the disk to those of the archive.
    names: BTreeMap<Utf8PathBuf, String>,
    /// By path; the main module is one of them.
    modules: BTreeMap<String, ListedModule>,
}

impl Module {
    pub(super) fn new(files: Vec<(String, String)>) -> Self {
        let mut disk = BTreeMap::new();
        for (path, text) in fixtures::split(STD).1 {
            disk.insert(Utf8Path::new(GOROOT).join("src").join(path), text);
        }
        let mut names = BTreeMap::new();
        let mut modules = BTreeMap::new();
        let gomod = files.iter().find(|(path, _)| path == "go.mod");
        let path = gomod.and_then(|(_, text)| directive(text, "module "));
        let path = path.expect("go.mod names the module").to_owned();
        for (name, text) in files {
            let dependency = name.split_once('@');
            if let Some((module, rest)) = dependency {
                let version = rest.split('/').next().unwrap_or_default();
                add_dependency(&mut modules, module, version);
            } else if name == "vendor/modules.txt" {
                vendored(&mut modules, &text);
            }
            let top = if dependency.is_some() { MODCACHE } else { ROOT };
            let place = Utf8Path::new(top).join(&name);
            disk.insert(place.clone(), findings::without(&text));
            names.insert(place, name);
        }
        modules.insert(
            path.clone(),
            ListedModule {
                path: path.clone(),
                main: true,
                dir: ROOT.into(),
                ..ListedModule::default()
            },
        );
        Self {
            path,
            disk,
            names,
            modules,
        }
    }

    /// The files of a directory: where they lie, and their names in the archive.
    pub(super) fn names_in(&self, dir: &Utf8Path) -> impl Iterator<Item = (&Utf8Path, &String)> {
        let here = self
            .names
            .iter()
            .filter(move |(path, _)| path.parent() == Some(dir));
        here.map(|(path, name)| (path.as_path(), name))
    }

    /// Files of a directory.
    fn files_in(&self, dir: &Utf8Path) -> impl Iterator<Item = (&str, &str)> {
        let below = self.disk.range(dir.to_owned()..);
        let below = below.take_while(move |(path, _)| path.starts_with(dir));
        let here = below.filter(move |(path, _)| path.parent() == Some(dir));
        here.map(|(path, text)| (path.file_name().unwrap_or_default(), text.as_str()))
    }

    /// Where an import leads: to the standard library, or to a module.
    fn locate(&self, path: &str) -> Option<(Utf8PathBuf, Option<&ListedModule>)> {
        let std = Utf8Path::new(GOROOT).join("src").join(path);
        if self.files_in(&std).next().is_some() {
            return Some((std, None));
        }
        let inside = |module: &str| {
            let rest = path.strip_prefix(module)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').len())
        };
        let holding = self
            .modules
            .values()
            .filter_map(|m| Some((inside(&m.path)?, m)));
        let (length, module) = holding.min_by_key(|(length, _)| *length)?;
        let vendored = Utf8Path::new(ROOT).join("vendor").join(path);
        let dir = if self.files_in(&vendored).next().is_some() {
            vendored
        } else if length == 0 {
            module.dir.clone()
        } else {
            module.dir.join(&path[path.len() - length..])
        };
        let there = self.files_in(&dir).any(|(file, _)| is_go(file));
        there.then_some((dir, Some(module)))
    }

    /// Directories of the main module that a pattern walks.
    fn own_dirs(&self) -> BTreeSet<&Utf8Path> {
        let inside = self.disk.keys().filter(|p| p.starts_with(ROOT));
        let walked = inside.filter(|p| {
            let mut parts = p.components().map(|c| c.as_str()).skip(2);
            is_go(p.as_str()) && !parts.any(|part| part == "vendor" || part.starts_with(['_', '.']))
        });
        walked.filter_map(|p| p.parent()).collect()
    }
}

/// The rest of the first line that begins with a word.
fn directive<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(word))
}

fn add_dependency(modules: &mut BTreeMap<String, ListedModule>, path: &str, version: &str) {
    let module = ListedModule {
        path: path.to_owned(),
        version: version.to_owned(),
        dir: format!("{MODCACHE}/{path}@{version}").into(),
        ..ListedModule::default()
    };
    modules.insert(path.to_owned(), module);
}

/// `# PATH VERSION` of `vendor/modules.txt`
fn vendored(modules: &mut BTreeMap<String, ListedModule>, text: &str) {
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let (path, version) = line.split_once(' ').unwrap_or((line, ""));
        add_dependency(modules, path, version);
    }
}

/// A Go file that is no test.
fn is_go(file: &str) -> bool {
    Utf8Path::new(file).extension() == Some("go") && !file.ends_with("_test.go")
}

/// The packages of a module for one platform, dependencies before their importers.
pub(super) fn list(module: &Module, platform: &Platform<'_>) -> Listing {
    let mut lister = Lister {
        module,
        platform,
        done: BTreeSet::new(),
        stack: Vec::new(),
        cycles: BTreeMap::new(),
        packages: Vec::new(),
    };
    // What every program is linked with, whether a file imports it or not.
    lister.load("runtime", None);
    let dirs = module.own_dirs();
    let matched = dirs.into_iter().filter(|dir| lister.has_files(dir));
    let matched: Vec<String> = matched.map(|dir| import_path(&module.path, dir)).collect();
    for path in &matched {
        lister.load(path, None);
    }
    let mut packages = lister.packages;
    for package in &mut packages {
        package.dep_only = !matched.contains(&package.import_path);
    }
    Listing { packages }
}

fn import_path(module: &str, dir: &Utf8Path) -> String {
    match dir.strip_prefix(ROOT).map(Utf8Path::as_str) {
        Ok("") | Err(_) => module.to_owned(),
        Ok(inside) => format!("{module}/{inside}"),
    }
}

/// Packages as they are loaded, depth first.
struct Lister<'m> {
    module: &'m Module,
    platform: &'m Platform<'m>,
    done: BTreeSet<String>,
    /// Packages that are being loaded, each imported by the one before.
    stack: Vec<String>,
    /// The errors of packages that import themselves over others.
    cycles: BTreeMap<String, ListError>,
    packages: Vec<ListedPackage>,
}

/// One import of a package.
struct Import {
    path: String,
    /// `file:line:column`, relative to the module.
    pos: String,
}

impl Lister<'_> {
    /// Whether a pattern finds a Go file in a directory.
    fn has_files(&self, dir: &Utf8Path) -> bool {
        let mut files = self.module.files_in(dir).filter(|(name, _)| is_go(name));
        files.any(|(name, text)| self.selects(name, text) && (self.platform.cgo || !is_cgo(text)))
    }

    fn selects(&self, name: &str, text: &str) -> bool {
        self.platform.excludes(name, text).is_none()
    }

    /// Loads a package and what it imports; where the import stands, if it is one.
    fn load(&mut self, path: &str, pos: Option<&str>) {
        if self.stack.iter().any(|p| p == path) {
            let mut stack = self.stack.clone();
            stack.push(path.to_owned());
            let error = error("", "import cycle not allowed".to_owned(), stack);
            self.cycles.insert(path.to_owned(), error);
            return;
        }
        if !self.done.insert(path.to_owned()) {
            return;
        }
        let Some((dir, module)) = self.module.locate(path) else {
            let missing = self.missing(path, pos.unwrap_or_default());
            self.packages.push(missing);
            return;
        };
        let mut package = ListedPackage {
            import_path: path.to_owned(),
            standard: module.is_none(),
            module: module.cloned(),
            dir,
            ..ListedPackage::default()
        };
        let imports = self.read(&mut package);
        self.stack.push(path.to_owned());
        for import in &imports {
            self.load(&import.path, Some(&import.pos));
        }
        if package.error.is_none() {
            package.error = self.refused(path, &imports);
        }
        self.stack.pop();
        if let Some(cycle) = self.cycles.remove(path) {
            package.error = Some(cycle);
        }
        self.packages.push(package);
    }

    /// A package that is nowhere.
    fn missing(&self, path: &str, pos: &str) -> ListedPackage {
        let first = path.split('/').next().unwrap_or_default();
        let required = self.module.modules.values().find(|m| {
            !m.main
                && path
                    .strip_prefix(&m.path)
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        let said = match required {
            _ if !first.contains('.') => {
                format!("package {path} is not in std ({GOROOT}/src/{path})")
            }
            Some(m) => format!(
                "module {}@latest found ({}), but does not contain package {path}",
                m.path, m.version
            ),
            None => {
                format!("no required module provides package {path}; to add it:\n\tgo get {path}")
            }
        };
        ListedPackage {
            import_path: path.to_owned(),
            error: Some(error(pos, said, self.stack.clone())),
            ..ListedPackage::default()
        }
    }

    /// Fills in the files of a package and what they say.
    fn read(&self, package: &mut ListedPackage) -> Vec<Import> {
        let dir = package.dir.clone();
        let mut imports: BTreeMap<String, Import> = BTreeMap::new();
        let mut names: Vec<(String, String)> = Vec::new();
        for (file, text) in self.module.files_in(&dir) {
            if !is_go(file) {
                self.other_file(package, file, text);
                continue;
            }
            let facts = FileFacts::read(&Arc::new(text.to_owned()));
            let selected = self.selects(file, text);
            if selected {
                let name = facts.text(facts.package).to_owned();
                names.push((name, file.to_owned()));
            }
            let cgo = facts.cgo.is_some();
            if !selected || (cgo && !self.platform.cgo) {
                package.ignored_go_files.push(file.to_owned());
                continue;
            }
            let files = if cgo {
                &mut package.cgo_files
            } else {
                &mut package.go_files
            };
            files.push(file.to_owned());
            for import in self.imports(&dir.join(file), &facts) {
                imports.entry(import.path.clone()).or_insert(import);
            }
            package.error = package
                .error
                .take()
                .or_else(|| self.embeds(&dir, file, text));
        }
        package.name = names.first().map_or_else(String::new, |(n, _)| n.clone());
        let error = self.fault(package, &names);
        package.error = error.or(package.error.take());
        package.imports = imports.keys().cloned().collect();
        imports.into_values().collect()
    }

    /// A file that is not Go's: C only counts beside cgo, assembly and objects by their constraints.
    fn other_file(&self, package: &mut ListedPackage, file: &str, text: &str) {
        let selected = self.selects(file, text);
        let files = match Utf8Path::new(file).extension() {
            Some("s" | "syso") if !selected => &mut package.ignored_other_files,
            Some("s") => &mut package.s_files,
            Some("syso") => &mut package.syso_files,
            Some("c") if self.platform.cgo => &mut package.c_files,
            _ => return,
        };
        files.push(file.to_owned());
    }

    #[expect(
        clippy::unused_self,
        reason = "a step of the listing, as the others are"
    )]
    fn imports(&self, path: &Utf8Path, facts: &FileFacts) -> Vec<Import> {
        let file = path.strip_prefix(ROOT).unwrap_or(path);
        let imports = facts.imports.iter().map(|import| {
            let (line, column) = facts.position(import.pos);
            Import {
                path: facts.text(import.path).to_owned(),
                pos: format!("{file}:{line}:{column}"),
            }
        });
        imports.filter(|i| i.path != "C").collect()
    }

    /// What is wrong with the files of a package as a whole.
    fn fault(&self, package: &ListedPackage, names: &[(String, String)]) -> Option<ListError> {
        let dir = &package.dir;
        let mut stack = self.stack.clone();
        stack.push(package.import_path.clone());
        let (first, file) = names.first().cloned().unwrap_or_default();
        if let Some((other, other_file)) = names.iter().find(|(name, _)| *name != first) {
            let said =
                format!("found packages {first} ({file}) and {other} ({other_file}) in {dir}");
            return Some(error("", said, Vec::new()));
        }
        let empty = package.go_files.is_empty() && package.cgo_files.is_empty();
        let said = || format!("build constraints exclude all Go files in {dir}");
        empty.then(|| error("", said(), stack))
    }

    /// The first `//go:embed` pattern that matches nothing.
    fn embeds(&self, dir: &Utf8Path, file: &str, text: &str) -> Option<ListError> {
        let here = dir.strip_prefix(ROOT).unwrap_or(dir);
        for (number, line) in (1..).zip(text.lines()) {
            let Some(patterns) = line.strip_prefix("//go:embed ") else {
                continue;
            };
            let lost = patterns
                .split_whitespace()
                .find(|p| !self.matches(&dir.join(p)))?;
            let column = "//go:embed ".len() + patterns.find(lost)? + 1;
            let pos = format!("{}:{number}:{column}", here.join(file));
            let said = format!("pattern {lost}: no matching files found");
            return Some(error(&pos, said, Vec::new()));
        }
        None
    }

    /// Whether a path with `*` in it matches a file, or a directory with one.
    fn matches(&self, pattern: &Utf8Path) -> bool {
        self.module.disk.keys().any(|path| {
            let parts = path.components().zip(pattern.components());
            let fits = |wanted: &str, part: &str| match wanted.split_once('*') {
                Some((before, after)) => part.starts_with(before) && part.ends_with(after),
                None => wanted == part,
            };
            path.components().count() >= pattern.components().count()
                && parts
                    .into_iter()
                    .all(|(part, wanted)| fits(wanted.as_str(), part.as_str()))
        })
    }

    /// An import that Go refuses whatever the package holds: internal ones, and programs.
    fn refused(&self, path: &str, imports: &[Import]) -> Option<ListError> {
        let refused = imports.iter().find_map(|import| {
            let tail = format!("{}/", import.path);
            let internal = tail.find("/internal/").map(|at| &tail[..at]);
            let outside = |parent: &str| {
                let rest = path.strip_prefix(parent);
                !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let std = self.module.locate(path).is_some_and(|(_, m)| m.is_none());
            if !std && internal.is_some_and(outside) {
                let said = format!("use of internal package {} not allowed", import.path);
                return Some((import, said));
            }
            let imported = self.packages.iter().find(|p| p.import_path == import.path);
            let said = format!(
                "import \"{}\" is a program, not an importable package",
                import.path
            );
            imported
                .filter(|p| p.name == "main")
                .map(|_| (import, said))
        });
        let (import, said) = refused?;
        let mut stack = self.stack.clone();
        stack.push(import.path.clone());
        Some(error(&import.pos, said, stack))
    }
}

fn is_cgo(text: &str) -> bool {
    FileFacts::read(&Arc::new(text.to_owned())).cgo.is_some()
}

fn error(pos: &str, err: String, import_stack: Vec<String>) -> ListError {
    ListError {
        import_stack,
        pos: pos.to_owned(),
        err,
    }
}
