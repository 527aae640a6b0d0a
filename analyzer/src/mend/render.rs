//! The texts of a package, from its files as they are and from what is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::constraint::{self, Targets};
use super::pieces::{Import, Pieces, all_tokens};
use super::plan::{Key, Made, Plan, words};
use super::widen::Widened;
use super::{Fault, licence, shim};
use crate::go::syntax::Tok;

/// The texts, and where the declarations of new files come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Rendered {
    pub(super) files: BTreeMap<String, String>,
    /// For each unit of a file, in order, what it is.
    keys: BTreeMap<String, Vec<Key>>,
    /// Names that no new file can have, beside those of the files.
    taken: BTreeSet<String>,
    /// The file that was added as it is.
    pub(super) adapter: Option<String>,
}

impl Import {
    /// What the file calls the package, by its path where it gives it no name.
    pub(super) fn name(&self) -> String {
        match &self.alias {
            Some(alias) => alias.clone(),
            None => of_path(&self.path).to_owned(),
        }
    }

    /// Whether a text uses it, or may without naming it.
    fn is_used(&self, words: &BTreeSet<&str>) -> bool {
        match self.alias.as_deref() {
            Some(".") => true,
            Some("_") => false,
            _ => {
                words.contains(self.name().as_str())
                    || self.parts().any(|part| words.contains(part))
            }
        }
    }

    /// Whether the package may be called so.
    pub(super) fn may_be(&self, name: &str) -> bool {
        match &self.alias {
            Some(alias) => alias == name,
            None => self.name() == name || self.parts().any(|part| part == name),
        }
    }

    /// What the package may be called by its path: `yaml` of `gopkg.in/yaml.v2`, `foo` of `go-foo`.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let named = self.alias.is_some();
        let parts = self
            .path
            .rsplit('/')
            .take(2)
            .flat_map(|part| part.split(['-', '.']));
        parts.filter(move |part| !named && !matches!(*part, "go" | ""))
    }

    fn line(&self) -> String {
        let alias = self
            .alias
            .as_ref()
            .map(|a| format!("{a} "))
            .unwrap_or_default();
        format!("\t{alias}\"{}\"\n", self.path)
    }
}

/// The name that a package most likely has: `b` of `a/b`, `a/b/v2`, `a/b.v2`, `a/go-b` and `a/b-go`.
fn of_path(path: &str) -> &str {
    let is_major = |part: &str| {
        let number = part.strip_prefix('v');
        number.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    };
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let last = if is_major(last) {
        parts.next().unwrap_or(last)
    } else {
        last
    };
    let last = match last.rsplit_once('.') {
        Some((name, major)) if is_major(major) => name,
        _ => last,
    };
    // What has one of these is no name.
    let mut parts = last
        .split(['-', '.'])
        .filter(|part| !matches!(*part, "go" | ""));
    parts.next_back().unwrap_or(last)
}

impl Rendered {
    pub(super) fn of(
        package: &str,
        files: &BTreeMap<String, String>,
        plan: &Plan,
        taken: &BTreeSet<String>,
    ) -> Self {
        let mut rendered = Self {
            taken: taken.clone(),
            ..Self::default()
        };
        for (name, text) in files {
            rendered.original(package, files, plan, name, text);
        }
        rendered.shims(package, files, plan);
        if let Some((targets, text)) = &plan.adapter {
            let stem = format!("{package}_{}", constraint::suffix(targets));
            let name = rendered.free_name(files, &stem);
            let text = format!("//go:build {}\n\n{text}", constraint::only(targets));
            rendered.files.insert(name.clone(), text);
            rendered.adapter = Some(name);
        }
        let mut twins: BTreeMap<(&str, &Targets), Vec<(&String, &Made)>> = BTreeMap::new();
        for (name, made) in &plan.stubs {
            twins
                .entry((&made.stem, &made.targets))
                .or_default()
                .push((name, made));
        }
        for ((stem, targets), made) in twins {
            let name =
                rendered.free_name(files, &format!("{stem}_{}", constraint::suffix(targets)));
            rendered.twin(package, plan, &name, targets, &made);
        }
        rendered
    }

    /// The declaration that a fault lies in, and its line there, from 0.
    pub(super) fn key_at(&self, fault: &Fault) -> Option<(Key, usize)> {
        let text = self.files.get(&fault.file)?;
        let line = usize::try_from(fault.line).ok()?.checked_sub(1)?;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let column = usize::try_from(fault.column).ok()?.saturating_sub(1);
        let pieces = Pieces::of(text);
        let at = |offset| pieces.units.iter().position(|u| u.code.contains(&offset));
        let number = at(start + column).or_else(|| at(start))?;
        let key = self.keys.get(&fault.file)?.get(number)?;
        Some((key.clone(), line))
    }

    /// The first line of a declaration, from 0.
    pub(super) fn first_line(&self, key: &Key) -> Option<usize> {
        self.keys.iter().find_map(|(file, keys)| {
            let number = keys.iter().position(|k| k == key)?;
            let text = &self.files[file];
            let unit = Pieces::of(text).units.into_iter().nth(number)?;
            Some(text[..unit.code.start].matches('\n').count())
        })
    }

    /// A file as it is, without what was moved out of it, and the files for that.
    fn original(
        &mut self,
        package: &str,
        files: &BTreeMap<String, String>,
        plan: &Plan,
        name: &str,
        text: &str,
    ) {
        let pieces = Pieces::of(text);
        let mut groups: BTreeMap<&Targets, Vec<usize>> = BTreeMap::new();
        for number in 0..pieces.units.len() {
            if let Some(targets) = plan.moved.get(&(name.to_owned(), number)) {
                groups.entry(targets).or_default().push(number);
            }
        }
        let lines = constraint::of_lines(text);
        let whole = groups
            .values()
            .next()
            .is_some_and(|numbers| numbers.len() == pieces.units.len());
        if let (true, Some(targets)) = (whole, groups.keys().next()) {
            let text = constraint::put(text, &constraint::without(lines.as_deref(), targets));
            self.keep(name, text, pieces.units.len());
            return;
        }
        let moved: BTreeSet<usize> = groups.values().flatten().copied().collect();
        let mut left = without_units(text, &pieces, &moved);
        let shimmed = shim::put(&left, &plan.shims);
        if !moved.is_empty() || shimmed.is_some() {
            left = without_unused(&shimmed.unwrap_or(left), plan, name, true);
        }
        let (name_now, left) = constrained(plan, name, left);
        let keys = (0..pieces.units.len()).filter(|n| !moved.contains(n));
        self.keys.insert(
            name_now.clone(),
            keys.map(|n| Key::Original(name.to_owned(), n)).collect(),
        );
        self.files.insert(name_now, left);
        for (targets, numbers) in groups {
            let expr = constraint::without(constraint::of(name, text).as_deref(), targets);
            let stem = format!(
                "{}_not{}",
                constraint::stem(name),
                constraint::suffix(targets)
            );
            let new_name = self.free_name(files, &stem);
            let units = numbers.iter().map(|n| pieces.units[*n].alone(text));
            let source = new_file(
                package,
                &expr,
                "",
                &pieces.imports,
                &units.collect::<Vec<_>>(),
                plan,
                &new_name,
            );
            self.keys.insert(
                new_name.clone(),
                numbers
                    .iter()
                    .map(|n| Key::Original(name.to_owned(), *n))
                    .collect(),
            );
            let source = licence::of(text) + &source;
            self.files.insert(new_name, ended_as(text, source));
        }
    }

    fn keep(&mut self, name: &str, text: String, units: usize) {
        self.keys.insert(
            name.to_owned(),
            (0..units)
                .map(|n| Key::Original(name.to_owned(), n))
                .collect(),
        );
        self.files.insert(name.to_owned(), text);
    }

    /// A file with declarations for targets.
    fn twin(
        &mut self,
        package: &str,
        plan: &Plan,
        name: &str,
        targets: &Targets,
        made: &[(&String, &Made)],
    ) {
        let made: Vec<_> = made.iter().filter(|(_, m)| !m.code.is_empty()).collect();
        let Some((_, first)) = made.first() else {
            return;
        };
        let mut imports: BTreeMap<String, Import> = BTreeMap::new();
        let std = [
            ("errors", None),
            ("fmt", None),
            ("errors", Some("stderrors")),
            ("fmt", Some("stdfmt")),
        ];
        let std = std.map(|(path, alias)| Import {
            alias: alias.map(str::to_owned),
            path: path.to_owned(),
            span: (0, 0),
        });
        let code = made
            .iter()
            .map(|(_, m)| m.code.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        let of_stubs = [
            "errors.ErrUnsupported",
            "fmt.Errorf",
            "stderrors.ErrUnsupported",
            "stdfmt.Errorf",
        ];
        for (import, used) in std.into_iter().zip(of_stubs) {
            let uses = code.contains(&format!("({used}")) || code.contains(&format!(" {used}"));
            if uses {
                imports.insert(import.name(), import);
            }
        }
        for import in made.iter().flat_map(|(_, m)| &m.imports) {
            imports
                .entry(import.name())
                .or_insert_with(|| import.clone());
        }
        let imports: Vec<Import> = imports.into_values().collect();
        let head = format!(
            "// Declarations for {} that stand for those in files for other platforms.\n\n",
            words(targets)
        );
        let units: Vec<String> = made
            .iter()
            .map(|(_, m)| m.code.replace("\r\n", "\n"))
            .collect();
        let source = new_file(
            package,
            &constraint::only(targets),
            &head,
            &imports,
            &units,
            plan,
            name,
        );
        let licences: BTreeSet<&str> = made.iter().map(|(_, m)| m.licence.as_str()).collect();
        let source = licences.into_iter().collect::<String>() + &source;
        let source = if first.crlf {
            source.replace('\n', "\r\n")
        } else {
            source
        };
        self.keys.insert(
            name.to_owned(),
            made.iter().map(|(n, _)| Key::Made((*n).clone())).collect(),
        );
        self.files.insert(name.to_owned(), source);
    }

    /// A name of a file that there is none of.
    pub(super) fn free_name(&self, files: &BTreeMap<String, String>, stem: &str) -> String {
        let taken = |name: &String| {
            files.contains_key(name) || self.files.contains_key(name) || self.taken.contains(name)
        };
        let names = std::iter::once(format!("{stem}.go"));
        let more = (2..).map(|n| format!("{stem}_{n}.go"));
        names
            .chain(more)
            .find(|name| !taken(name))
            .unwrap_or_default()
    }
}

/// The file by the constraint and the name that it is to have.
fn constrained(plan: &Plan, name: &str, text: String) -> (String, String) {
    let mut expr = constraint::of_lines(&text);
    let mut name_now = name.to_owned();
    let mut changed = false;
    let replaced = |w: &&Widened| w.instead_of.as_deref() == Some(name);
    for widened in plan.widened.iter().filter(replaced) {
        expr = Some(constraint::without(expr.as_deref(), &widened.targets));
        changed = true;
    }
    for widened in plan.widened.iter().filter(|w| w.file == name) {
        expr = constraint::with(constraint::of(name, &text).as_deref(), &widened.targets);
        name_now.clone_from(&widened.new_name);
        changed = true;
    }
    match expr {
        Some(expr) if changed => (name_now, constraint::put(&text, &expr)),
        _ => (name_now, text),
    }
}

/// A file without some of its units, and without groups that nothing is left in.
fn without_units(text: &str, pieces: &Pieces, moved: &BTreeSet<usize>) -> String {
    let units = pieces
        .units
        .iter()
        .enumerate()
        .filter(|(number, _)| moved.contains(number));
    without(text, units.map(|(_, unit)| unit.span.clone()))
}

/// A text without ranges of it, which come in order, and without what they leave empty.
fn without(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> String {
    let mut out = String::new();
    let mut from = 0;
    for range in ranges {
        out.push_str(&text[from..range.start.max(from)]);
        from = range.end.max(from);
        from = text.len() - close_seam(&mut out, &text[from..]).len();
    }
    out.push_str(&text[from..]);
    out
}

/// What comes after a part that was removed, without what is too much on either side: a second blank line, blank
/// lines inside the brackets of a group, and a group that nothing is left in.
fn close_seam<'t>(before: &mut String, after: &'t str) -> &'t str {
    const GROUPS: [&str; 4] = ["const (", "var (", "type (", "import ("];
    let next = after.trim_start();
    let kept = before.trim_end().len();
    if let Some(rest) = next.strip_prefix(')')
        && let Some(group) = GROUPS.iter().find(|g| before[..kept].ends_with(*g))
    {
        before.truncate(kept - group.len());
        let rest = rest.trim_start_matches([' ', '\t', '\r']);
        return close_seam(before, rest.strip_prefix('\n').unwrap_or(rest));
    }
    let line = if before.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let is_blank = before[..].ends_with(&line.repeat(2));
    if next.is_empty() {
        before.truncate(kept);
        before.push_str(line);
        return "";
    }
    if is_blank && next.starts_with(')') {
        before.truncate(kept + line.len());
        return after.trim_start_matches(['\r', '\n']);
    }
    if before[..kept].ends_with('(') || is_blank {
        return after.trim_start_matches(['\r', '\n']);
    }
    after
}

/// A file without the imports that it does not use.
fn without_unused(text: &str, plan: &Plan, name: &str, prune: bool) -> String {
    let pieces = Pieces::of(text);
    let words = qualifiers(&text[pieces.package_end..]);
    let goes = |import: &&Import| {
        let told = plan
            .unused
            .contains(&(name.to_owned(), import.path.clone()));
        let kept =
            import.alias.as_deref() == Some("_") || import.path == "C" || import.is_used(&words);
        told || (prune && !kept)
    };
    without(
        text,
        pieces
            .imports
            .iter()
            .filter(goes)
            .map(|i| i.span.0..i.span.1),
    )
}

/// The names before dots.
fn qualifiers(text: &str) -> BTreeSet<&str> {
    let tokens = all_tokens(text);
    let pairs = tokens
        .windows(2)
        .filter(|w| w[0].tok == Tok::Ident && w[1].tok == Tok::Dot);
    pairs
        .map(|w| &text[w[0].start as usize..w[0].end as usize])
        .collect()
}

/// The names after a qualifier and a dot.
pub(super) fn names_after(text: &str, qualifier: &str) -> BTreeSet<String> {
    let tokens = all_tokens(text);
    let word = |n: &crate::go::syntax::Token| &text[n.start as usize..n.end as usize];
    let selectors = tokens
        .windows(3)
        .filter(|w| word(&w[0]) == qualifier && w[1].tok == Tok::Dot && w[2].tok == Tok::Ident);
    selectors.map(|w| word(&w[2]).to_owned()).collect()
}

/// A file of declarations.
pub(super) fn new_file(
    package: &str,
    expr: &str,
    head: &str,
    imports: &[Import],
    units: &[String],
    plan: &Plan,
    name: &str,
) -> String {
    let code = units.join("\n\n");
    let words = qualifiers(&code);
    let used = imports
        .iter()
        .filter(|i| i.is_used(&words) && !plan.unused.contains(&(name.to_owned(), i.path.clone())));
    let mut lines: Vec<String> = used.map(Import::line).collect();
    lines.sort();
    let imports = match lines.as_slice() {
        [] => String::new(),
        [one] => format!("import {}\n", one.trim_start()),
        _ => format!("import (\n{})\n\n", lines.concat()),
    };
    format!("//go:build {expr}\n\n{head}package {package}\n\n{imports}{code}\n")
}

/// A text with the line ends of another.
fn ended_as(other: &str, text: String) -> String {
    if other.contains("\r\n") {
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        text
    }
}
