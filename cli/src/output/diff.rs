//! What has changed from one build of a program to the next.

use std::collections::{BTreeMap, BTreeSet};

use model::{PackageSize, WasmFile, WasmModule};
use serde::Serialize;

use super::style;
use web::view;

/// Packages that are shown.
const SHOWN: usize = 12;

/// What has changed.
#[derive(Debug, Serialize)]
pub(crate) struct Diff {
    schema: u32,
    old: String,
    new: String,
    /// Bytes of the files.
    size: [u64; 2],
    functions: [usize; 2],
    /// Packages whose code has another size, the largest change first.
    packages: Vec<PackageChange>,
    /// Modules with another version.
    modules: Vec<ModuleChange>,
    imports: Changes,
    /// Functions of the standard library that fail, fake or lie, and that its modules call.
    sinks: Changes,
}

/// Code of a package, in bytes; 0 where it is not.
#[derive(Debug, Serialize)]
struct PackageChange {
    package: String,
    old: u64,
    new: u64,
}

/// Versions of a module; none where it is not.
#[derive(Debug, Serialize)]
struct ModuleChange {
    module: String,
    old: Option<String>,
    new: Option<String>,
}

/// What is new, and what is gone.
#[derive(Debug, Serialize)]
struct Changes {
    new: Vec<String>,
    gone: Vec<String>,
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
    pub(crate) fn of(old: &WasmFile, new: &WasmFile) -> Self {
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

    pub(crate) fn render(&self) -> String {
        let (head, bad) = (style::HEAD, style::ERROR);
        let [before, after] = self.size;
        let mut lines = vec![
            format!("{head}{} → {}{head:#}", self.old, self.new),
            String::new(),
            format!(
                "  size       {} → {} ({})",
                view::bytes(before),
                view::bytes(after),
                change(before, after)
            ),
            format!("  functions  {} → {}", self.functions[0], self.functions[1]),
        ];
        let mut list = |title: &str, rows: Vec<String>| {
            if !rows.is_empty() {
                lines.push(format!("\n{head}{title}{head:#}\n"));
                lines.extend(rows.into_iter().map(|row| format!("  {row}")));
            }
        };
        let signed = |changes: &Changes| -> Vec<String> {
            let new = changes.new.iter().map(|name| format!("+ {name}"));
            let gone = changes.gone.iter().map(|name| format!("- {name}"));
            new.chain(gone).collect()
        };
        let sinks = signed(&self.sinks).into_iter().map(|row| {
            if row.starts_with('+') {
                format!("{bad}{row}{bad:#}")
            } else {
                row
            }
        });
        list("What fails, fakes or lies", sinks.collect());
        list("Imports from the host", signed(&self.imports));
        let modules = self.modules.iter().map(ModuleChange::row);
        list("Modules", modules.collect());
        let packages = self.packages.iter().take(SHOWN);
        let packages = packages.map(|p| format!("{:>12}  {}", change(p.old, p.new), p.package));
        list("Code of packages", packages.collect());
        if self.packages.len() > SHOWN {
            lines.push(format!("  and {} more", self.packages.len() - SHOWN));
        }
        lines.join("\n") + "\n"
    }
}

impl ModuleChange {
    fn row(&self) -> String {
        let module = &self.module;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("  {module} {old} → {new}"),
            (Some(old), None) => format!("- {module} {old}"),
            (None, new) => format!("+ {module} {}", new.as_deref().unwrap_or_default()),
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

/// `+1.2 KiB`
fn change(old: u64, new: u64) -> String {
    let sign = if new >= old { '+' } else { '-' };
    format!("{sign}{}", view::bytes(new.abs_diff(old)))
}
