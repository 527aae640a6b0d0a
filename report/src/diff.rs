//! Two wasm files compared: what has changed from one build of a program to the next.

use std::collections::{BTreeMap, BTreeSet};

use model::{PackageSize, WasmFile, WasmModule};
use serde::{Deserialize, Serialize};

/// What has changed from one build of a program to the next.
#[derive(Debug, Serialize, Deserialize)]
pub struct Diff {
    /// [`model::SCHEMA`] of the writer.
    pub schema: u32,
    /// The older file.
    pub old: String,
    /// The newer one.
    pub new: String,
    /// Bytes of the files.
    pub size: [u64; 2],
    /// Functions that they define.
    pub functions: [usize; 2],
    /// Packages whose code has another size, the largest change first.
    pub packages: Vec<PackageChange>,
    /// Modules with another version.
    pub modules: Vec<ModuleChange>,
    /// Functions that they import from their host.
    pub imports: Changes,
    /// Functions of the standard library that behave differently on wasm, and that its modules call.
    pub sinks: Changes,
}

/// Code of a package, in bytes; 0 where it is not.
#[derive(Debug, Serialize, Deserialize)]
pub struct PackageChange {
    /// Import path; `(linker)` for what the linker and assembly add.
    pub package: String,
    /// In the older file.
    pub old: u64,
    /// In the newer one.
    pub new: u64,
}

/// Versions of a module; none where it is not.
#[derive(Debug, Serialize, Deserialize)]
pub struct ModuleChange {
    /// Module path.
    pub module: String,
    /// In the older file.
    pub old: Option<String>,
    /// In the newer one.
    pub new: Option<String>,
}

/// What is new, and what is gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changes {
    /// Only in the newer file.
    pub new: Vec<String>,
    /// Only in the older one.
    pub gone: Vec<String>,
}

impl Changes {
    fn of(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Self {
        Self {
            gone: old.difference(new).cloned().collect(),
            new: new.difference(old).cloned().collect(),
        }
    }
}

impl Diff {
    /// Compares two files.
    pub fn of(old: &WasmFile, new: &WasmFile) -> Self {
        let imports = |wasm: &WasmFile| {
            let all = wasm.imports.iter();
            all.map(|i| format!("{}.{}", i.module, i.name)).collect()
        };
        let sinks = |wasm: &WasmFile| {
            let own = wasm.sinks.iter().filter(|s| !s.inside_std);
            own.map(|s| s.symbol.clone()).collect()
        };
        Self {
            schema: model::SCHEMA,
            old: old.file.clone(),
            new: new.file.clone(),
            size: [old.size.file, new.size.file],
            functions: [old.function_count, new.function_count],
            packages: packages(old, new),
            modules: modules(old, new),
            imports: Changes::of(&imports(old), &imports(new)),
            sinks: Changes::of(&sinks(old), &sinks(new)),
        }
    }
}

fn packages(old: &WasmFile, new: &WasmFile) -> Vec<PackageChange> {
    let mut sizes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for package in &old.packages {
        sizes.entry(title(package)).or_default().0 = package.code;
    }
    for package in &new.packages {
        sizes.entry(title(package)).or_default().1 = package.code;
    }
    let changed = sizes.into_iter().filter(|(_, (old, new))| old != new);
    let changed = changed.map(|(package, (old, new))| PackageChange {
        package: package.to_owned(),
        old,
        new,
    });
    let mut changed: Vec<_> = changed.collect();
    changed.sort_by_key(|p| std::cmp::Reverse(p.old.abs_diff(p.new)));
    changed
}

fn title(package: &PackageSize) -> &str {
    package.package.as_deref().unwrap_or("(linker)")
}

fn modules(old: &WasmFile, new: &WasmFile) -> Vec<ModuleChange> {
    let mut versions: BTreeMap<&str, (Option<String>, Option<String>)> = BTreeMap::new();
    let built = |m: &WasmModule| m.replaced_by.clone().unwrap_or_else(|| m.version.clone());
    for module in &old.modules {
        versions.entry(&module.path).or_default().0 = Some(built(module));
    }
    for module in &new.modules {
        versions.entry(&module.path).or_default().1 = Some(built(module));
    }
    let changed = versions.into_iter().filter(|(_, (old, new))| old != new);
    let changed = changed.map(|(module, (old, new))| ModuleChange {
        module: module.to_owned(),
        old,
        new,
    });
    changed.collect()
}
