//! Mistakes in files of the catalogue: each is told with the file, the line and the column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range as Bytes;

use model::{AdviceKind, Goos};
use semver::Version;
use toml::Spanned;

use super::file::{CatalogueFile, Entry, Fix, Match, Range, SCHEMA};
use super::rewrite;
use crate::search::version;

/// A file with the text that its spans point into.
pub(super) struct Read<'a> {
    name: &'a str,
    text: &'a str,
    pub(super) file: CatalogueFile,
}

/// Read a file, and check each entry for itself.
pub(super) fn read<'a>(name: &'a str, text: &'a str) -> Result<Read<'a>, String> {
    let file = toml::from_str(text).map_err(|e| {
        let at = e.span().unwrap_or_default();
        format!("{}: {}", place(name, text, &at), e.message())
    })?;
    let read = Read { name, text, file };
    if read.file.schema != SCHEMA {
        return Err(format!(
            "{}: schema {} is none that this program reads; write `schema = {SCHEMA}`",
            place(name, text, &(0..0)),
            read.file.schema
        ));
    }
    for entry in &read.file.entry {
        let of_entry = |why: String| {
            let at = place(name, text, &entry.span());
            format!("{at}: entry `{}`: {why}", entry.as_ref().id)
        };
        whole(entry.as_ref()).map_err(of_entry)?;
        read.ranges(entry.as_ref())?;
        read.fixes(entry.as_ref())?;
    }
    Ok(read)
}

/// Check the entries of several files together: ids, what they match, and remedies that lead back.
pub(super) fn together(files: &[Read<'_>]) -> Result<(), String> {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let mut matched: BTreeMap<Key, (&Spanned<Entry>, String)> = BTreeMap::new();
    for read in files {
        for entry in &read.file.entry {
            let id = entry.as_ref().id.as_str();
            let at = place(read.name, read.text, &entry.span());
            if let Some(other) = ids.insert(id, at.clone()) {
                return Err(format!("{at}: entry `{id}` stands at {other}, too"));
            }
            for key in keys(entry.as_ref()) {
                let (_, _, _, goos) = &key;
                if let Some((other, before)) = matched.get(&key)
                    && overlap_of(entry.as_ref(), other.as_ref(), *goos)
                {
                    let other = &other.as_ref().id;
                    return Err(format!(
                        "{at}: entry `{id}`: its versions overlap those of `{other}` at {before}, which matches the same"
                    ));
                }
                matched.insert(key, (entry, at.clone()));
            }
        }
    }
    loops(files.iter())
}

/// `file:line:column`, both counted from 1.
fn place(name: &str, text: &str, at: &Bytes<usize>) -> String {
    let before = text.get(..at.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("{name}:{line}:{column}")
}

/// What a single entry must have.
fn whole(entry: &Entry) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.id.is_empty() || !entry.id.chars().all(plain) {
        return Err("an id has small letters, digits and dashes".to_owned());
    }
    if entry.targets.is_empty() || entry.versions.is_empty() {
        return Err("it needs `targets` and `versions`".to_owned());
    }
    if entry.fix.is_empty() {
        return Err("it needs a `fix`, if only one of kind `none` that says why".to_owned());
    }
    if entry.summary.trim().is_empty() {
        return Err("the summary is empty".to_owned());
    }
    let sourced = |e: &super::file::Evidence| e.url.is_some() || e.says.is_some();
    if !entry.evidence.iter().all(sourced) {
        return Err("evidence needs a `url`, or what it `says`".to_owned());
    }
    matches(&entry.r#match)
}

fn matches(r#match: &Match) -> Result<(), String> {
    for path in std::iter::once(&r#match.module).chain(&r#match.aliases) {
        if !is_path(path) {
            return Err(format!("`{path}` is no path of a module"));
        }
    }
    for major in &r#match.majors {
        let number = major.strip_prefix('v').and_then(|n| n.parse::<u32>().ok());
        if major != "any" && number.is_none() {
            return Err(format!(
                "`{major}` is no major version; write `v2`, or `any`"
            ));
        }
    }
    for package in &r#match.packages {
        let below = package.strip_suffix("/...").unwrap_or(package);
        if below != "." && below != "..." && !is_path(below) {
            return Err(format!(
                "`{package}` is no package below the module; write `.`, `a/b`, `a/...` or `...`"
            ));
        }
    }
    Ok(())
}

pub(super) fn is_path(path: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p != "." && p != ".." && p != "...";
    path.split('/').all(part) && !path.chars().any(char::is_whitespace)
}

impl Read<'_> {
    fn ranges(&self, entry: &Entry) -> Result<(), String> {
        for range in &entry.versions {
            let wrong = |why: String| Err(self.wrong(entry, &range.span(), &why));
            let r = range.as_ref();
            for text in [Some(&r.introduced), r.fixed.as_ref(), r.tested.as_ref()]
                .into_iter()
                .flatten()
            {
                if version(text).is_none() || (text != "0" && !text.starts_with('v')) {
                    return wrong(format!("`{text}` is no version; write `v1.2.3`"));
                }
            }
            if r.fixed.is_some() && version_of(r.fixed.as_ref()) <= version(&r.introduced) {
                return wrong("it is fixed before it is introduced".to_owned());
            }
            if let Some(tested) = r.tested.as_ref()
                && !contains(r, tested)
            {
                return wrong(format!("`{tested}` was tested, and is not in the range"));
            }
            self.subset(entry, &range.span(), &r.targets)?;
        }
        for (i, range) in entry.versions.iter().enumerate() {
            for other in &entry.versions[..i] {
                let (a, b) = (range.as_ref(), other.as_ref());
                let both = a
                    .holds_on(entry)
                    .iter()
                    .any(|g| b.holds_on(entry).contains(g));
                if both && overlap(a, b) {
                    let why = format!(
                        "the range from `{}` overlaps the one from `{}`",
                        a.introduced, b.introduced
                    );
                    return Err(self.wrong(entry, &range.span(), &why));
                }
            }
        }
        Ok(())
    }

    fn fixes(&self, entry: &Entry) -> Result<(), String> {
        for fix in &entry.fix {
            self.subset(entry, &fix.span(), &fix.as_ref().targets)?;
            let wrong = |why: String| self.wrong(entry, &fix.span(), &why);
            one_fix(entry, fix.as_ref()).map_err(wrong)?;
            rewrite::of_fix(entry, fix.as_ref()).map_err(wrong)?;
            for one in &fix.as_ref().rewrite {
                let wrong = |why: String| self.wrong(entry, &one.span(), &why);
                rewrite::one(entry, one.as_ref()).map_err(wrong)?;
            }
        }
        Ok(())
    }

    fn subset(&self, entry: &Entry, at: &Bytes<usize>, targets: &[Goos]) -> Result<(), String> {
        match targets.iter().find(|g| !entry.targets.contains(g)) {
            Some(goos) => {
                let why = format!("the entry does not hold for {}", goos.name());
                Err(self.wrong(entry, at, &why))
            }
            None => Ok(()),
        }
    }

    fn wrong(&self, entry: &Entry, at: &Bytes<usize>, why: &str) -> String {
        let at = place(self.name, self.text, at);
        format!("{at}: entry `{}`: {why}", entry.id)
    }
}

fn one_fix(entry: &Entry, fix: &Fix) -> Result<(), String> {
    if fix.title.trim().is_empty() {
        return Err("the title of the fix is empty".to_owned());
    }
    let to = fix.to.as_ref();
    let versions = to.iter().flat_map(|t| [t.min.as_ref(), t.tested.as_ref()]);
    for text in versions.flatten() {
        if version(text).is_none() || !text.starts_with('v') {
            return Err(format!("`{text}` is no version; write `v1.2.3`"));
        }
    }
    if let Some(module) = to.and_then(|to| to.module.as_ref())
        && (!is_path(module) || module.starts_with('-'))
    {
        return Err(format!("`{module}` is no path of a module"));
    }
    if let Some(replace) = &fix.replace {
        let parts = replace.split_once('@');
        let right = |(module, at): (&str, &str)| is_path(module) && version(at).is_some();
        if !parts.is_some_and(right) {
            return Err(format!("`{replace}` is not `module@v1.2.3`"));
        }
    }
    match fix.kind {
        AdviceKind::Upgrade => upgrade(entry, fix),
        AdviceKind::Tag if fix.tags_add.is_empty() && fix.tags_avoid.is_empty() => {
            Err("it names no tag; write `tags_add` or `tags_avoid`".to_owned())
        }
        _ => Ok(()),
    }
}

/// An upgrade ends a range on each of its builds.
fn upgrade(entry: &Entry, fix: &Fix) -> Result<(), String> {
    if fix.replace.is_some() {
        return Err("an upgrade replaces no module".to_owned());
    }
    let Some(min) = fix.to.as_ref().and_then(|t| t.min.as_ref()) else {
        return Err("an upgrade needs `to.min`".to_owned());
    };
    for goos in fix.helps(entry) {
        let of_build = |r: &&Spanned<Range>| r.as_ref().holds_on(entry).contains(goos);
        let mut ends = entry.versions.iter().filter(of_build);
        if !ends.any(|r| {
            r.as_ref()
                .fixed
                .as_ref()
                .is_some_and(|f| version(f) <= version(min))
        }) {
            let name = goos.name();
            return Err(format!("no range that holds on {name} is fixed at `{min}`"));
        }
    }
    Ok(())
}

fn version_of(text: Option<&String>) -> Option<Version> {
    text.and_then(|t| version(t))
}

/// Whether a range has a version.
pub(super) fn contains(range: &Range, at: &str) -> bool {
    let Some(at) = version(at) else { return true };
    // Zero is where everything starts, pseudo-versions without a release before them too.
    let begun = range.introduced == "0" || version(&range.introduced).is_some_and(|v| at >= v);
    begun && version_of(range.fixed.as_ref()).is_none_or(|end| at < end)
}

fn overlap(a: &Range, b: &Range) -> bool {
    let before = |a: &Range, b: &Range| {
        version_of(a.fixed.as_ref())
            .zip(version(&b.introduced))
            .is_some_and(|(end, start)| end <= start)
    };
    !before(a, b) && !before(b, a)
}

fn overlap_of(a: &Entry, b: &Entry, goos: Goos) -> bool {
    let of = |e: &Entry| -> Vec<Range> {
        let holds = |r: &&Spanned<Range>| r.as_ref().holds_on(e).contains(&goos);
        let ranges = e.versions.iter().filter(holds);
        ranges.map(|r| r.as_ref().clone()).collect()
    };
    let others = of(b);
    of(a).iter().any(|r| others.iter().any(|o| overlap(r, o)))
}

/// What makes two entries match the same: module, package, symbol, build.
type Key = (String, String, String, Goos);

fn keys(entry: &Entry) -> BTreeSet<Key> {
    let or = |all: &[String], none: &str| -> Vec<String> {
        if all.is_empty() {
            vec![none.to_owned()]
        } else {
            all.to_vec()
        }
    };
    let packages = or(&entry.r#match.packages, "...");
    let symbols = or(&entry.r#match.symbols, "");
    let mut keys = BTreeSet::new();
    for module in entry.r#match.modules() {
        for package in &packages {
            for symbol in &symbols {
                let key = |g: &Goos| (module.clone(), package.clone(), symbol.clone(), *g);
                keys.extend(entry.targets.iter().map(key));
            }
        }
    }
    keys
}

/// Whether following the swaps of entries leads back to where they started.
pub(super) fn loops<'a>(files: impl Iterator<Item = &'a Read<'a>>) -> Result<(), String> {
    let mut to: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for read in files {
        for entry in &read.file.entry {
            let swaps = entry
                .as_ref()
                .fix
                .iter()
                .filter(|f| f.as_ref().kind == AdviceKind::Swap);
            for fix in swaps {
                let Some(target) = fix.as_ref().to.as_ref() else {
                    continue;
                };
                let Some(next) = target.module.clone() else {
                    continue;
                };
                for module in entry.as_ref().r#match.modules() {
                    // Another package of the module itself leads nowhere back.
                    let some = !entry.as_ref().r#match.packages.is_empty();
                    if module == next && (target.package.is_some() || some) {
                        continue;
                    }
                    let at = place(read.name, read.text, &fix.span());
                    to.entry(module).or_default().push((next.clone(), at));
                }
            }
        }
    }
    for (start, first) in &to {
        for (next, at) in first {
            if let Some(path) = way_back(&to, start, next) {
                return Err(format!("{at}: the remedy leads back: {}", path.join(" → ")));
            }
        }
    }
    Ok(())
}

/// The way from a module back to the one that it started at.
fn way_back(
    to: &BTreeMap<String, Vec<(String, String)>>,
    start: &str,
    next: &str,
) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned(), next.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = way.last()?.clone();
        if last == start {
            return Some(way);
        }
        if !seen.insert(last.clone()) {
            continue;
        }
        for (after, _) in to.get(&last).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(after.clone());
            ways.push(longer);
        }
    }
    None
}
