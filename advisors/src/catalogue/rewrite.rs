//! Mistakes in the rewrites of a swap, and in the adapter of a fork.

use model::AdviceKind;

use super::check::is_path;
use super::file::{Adapter, Argument, Entry, Fix, Rewrite};
use super::known::is_major;

/// What the fix of a rewrite must be.
pub(super) fn of_fix(entry: &Entry, fix: &Fix) -> Result<(), String> {
    let rewrites = !fix.rewrite.is_empty();
    if fix.kind != AdviceKind::Swap && (rewrites || !fix.tags_on.is_empty()) {
        return Err("only a swap has `rewrite` and `tags_on`".to_owned());
    }
    if let Some(adapter) = &fix.adapter {
        of_adapter(entry, fix, adapter)?;
    }
    let helped = fix.helps(entry);
    if let Some(goos) = fix.tags_on.keys().find(|goos| !helped.contains(goos)) {
        return Err(format!(
            "it has tags on {}, where it does not help",
            goos.name()
        ));
    }
    if !rewrites {
        return Ok(());
    }
    if fix.replace.is_some() {
        return Err("it has a `replace`, which needs no `rewrite`".to_owned());
    }
    let to = fix.to.as_ref();
    let module = to.and_then(|to| to.module.as_ref());
    let version = to.and_then(|to| to.tested.as_ref().or(to.min.as_ref()));
    if module.is_some() && version.is_none() {
        return Err(
            "a swap that is carried out needs `to.tested`: the version to require".to_owned(),
        );
    }
    Ok(())
}

/// What an adapter must have.
fn of_adapter(entry: &Entry, fix: &Fix, adapter: &Adapter) -> Result<(), String> {
    let to = fix.to.as_ref().filter(|_| fix.kind == AdviceKind::Fork);
    let named = to.and_then(|to| Some((to.module.as_ref()?, to.tested.as_ref()?)));
    let Some((module, version)) = named else {
        return Err(
            "only a fork has an `adapter`, with `to.module` and `to.tested`: what to require"
                .to_owned(),
        );
    };
    is_package_of(entry, &adapter.package)?;
    if !fits(module, version) {
        return Err(format!(
            "{module} has no version {version}: its path says another major version"
        ));
    }
    let mut lines = adapter.source.lines().map(str::trim_start);
    if !lines.any(|line| line.starts_with("package ")) {
        return Err("the `source` of an adapter is a file of Go: it has no `package`".to_owned());
    }
    if adapter.source.lines().any(|line| line.contains("\"C\"")) {
        return Err("an adapter is written in Go alone: it imports \"C\"".to_owned());
    }
    let mut lines = adapter.source.lines();
    match lines.find(|l| l.starts_with("//go:build") || l.starts_with("// +build")) {
        Some(line) => Err(format!(
            "`{line}`: an adapter gets the build constraint of the builds that it helps"
        )),
        None => Ok(()),
    }
}

/// Whether a version is of the major version that the path of a module says (`golang.org/x/mod/module`,
/// `CheckPathMajor`).
fn fits(module: &str, version: &str) -> bool {
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or_default();
    if version.ends_with("+incompatible") {
        return true;
    }
    match major {
        "0" | "1" => !module.rsplit('/').next().is_some_and(is_major),
        _ => module.ends_with(&format!("/v{major}")) || module.ends_with(&format!(".v{major}")),
    }
}

fn is_package_of(entry: &Entry, package: &str) -> Result<(), String> {
    let modules = entry.r#match.modules();
    let below = |module: &String| {
        let rest = package.strip_prefix(module.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if is_path(package) && modules.iter().any(below) {
        return Ok(());
    }
    Err(format!(
        "`{package}` is no package of `{}`",
        entry.r#match.module
    ))
}

/// What a rewrite must have.
pub(super) fn one(entry: &Entry, rewrite: &Rewrite) -> Result<(), String> {
    let package = &rewrite.package;
    is_package_of(entry, package)?;
    if rewrite.imports.is_empty() {
        return Err("it needs `imports`: what is imported in the package's place".to_owned());
    }
    for import in &rewrite.imports {
        if !is_path(import) || import == package {
            return Err(format!(
                "`{import}` is no package in the place of `{package}`"
            ));
        }
    }
    let of_packages = rewrite.name.iter().chain(&rewrite.new_name);
    let names = rewrite.names.iter().chain(rewrite.renamed.keys());
    let all = of_packages.chain(names).chain(rewrite.renamed.values());
    for name in all {
        if !is_name(name) {
            return Err(format!("`{name}` is no name of Go"));
        }
    }
    if let Some(name) = rewrite
        .names
        .iter()
        .find(|n| rewrite.renamed.contains_key(*n))
    {
        return Err(format!("`{name}` stays, and is renamed"));
    }
    rewrite.arguments.iter().try_for_each(argument)
}

fn argument(argument: &Argument) -> Result<(), String> {
    for function in &argument.of {
        let parts = function.rsplit_once('.');
        if !parts.is_some_and(|(package, name)| is_path(package) && is_name(name)) {
            return Err(format!(
                "`{function}` is no function; write `database/sql.Open`"
            ));
        }
    }
    if argument.of.is_empty() {
        return Err("an argument needs `of`: the functions that have it".to_owned());
    }
    let refuses = &argument.refuse;
    if refuses.iter().any(String::is_empty) {
        return Err("every literal has the empty text that it refuses".to_owned());
    }
    match (&argument.from, &argument.to, refuses.is_empty()) {
        (None, None, false) => Ok(()),
        (Some(_), Some(to), true) if !to.contains(['"', '`', '\\', '\n']) => Ok(()),
        (Some(_), Some(to), true) => Err(format!("`{to}` does not stand in a literal as it is")),
        _ => Err("an argument has `from` and `to`, or `refuse`".to_owned()),
    }
}

/// An identifier of ASCII letters, as exported names of packages are.
fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}
