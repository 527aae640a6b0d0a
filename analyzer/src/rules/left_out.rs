//! Packages of which no Go file is left on the target: by which rule, and where the finding stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Effect, Finding, ListedPackage, Note, NoteKind, Rule};

use super::{cgo, excluded_package};
use crate::context::{Context, Saying};
use crate::go::constraint::{Platform, custom_tags};
use crate::go::graph::Package;
use crate::go::source::Source;

/// A package of which constraints, or cgo being off, leave no Go file.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, findings: &mut Vec<Finding>) {
    let importers = cx.graph.importers(package.path());
    if package.listed.standard {
        findings.extend(
            importers
                .iter()
                .filter_map(|i| excluded_package::lacking_std(cx, i, package.path())),
        );
        return;
    }
    let ignored = ignored_files(cx, package);
    let rule = if cgo::is_cgo(cx, package, &ignored) {
        Rule::Cgo
    } else {
        Rule::ExcludedPackage
    };
    let mut finding = match nearest_importer(cx, package) {
        Some(importer) => at_import(cx, importer, package, rule),
        None => unimported(cx, package, rule, &ignored),
    };
    finding.notes.extend(notes(cx, package, &ignored, rule));
    findings.push(finding);
}

/// Whether the target has no Go file of a package, and something there, or this machine's build,
/// wants it.
pub(super) fn is_gone(cx: &Context<'_, '_>, package: &Package<'_>) -> bool {
    let wanted = package.own && !native_files(cx, package).is_empty();
    cx.graph.is_imported_without_files(package) || (wanted && package.listed.go_files.is_empty())
}

/// Own packages of this machine's build that the listing for the target passes over: a pattern
/// skips directories of which no Go file is left.
pub(super) fn left_out_as_a_whole<'a>(cx: &Context<'_, 'a>) -> Vec<&'a ListedPackage> {
    let own = |p: &&ListedPackage| {
        p.module
            .as_ref()
            .is_some_and(|m| m.main && m.path == cx.settings.module)
    };
    let native = cx
        .settings
        .native
        .iter()
        .flat_map(|l| &l.packages)
        .filter(own);
    let there = native.filter(|p| !p.go_files.is_empty() || !p.cgo_files.is_empty());
    there
        .filter(|p| cx.graph.get(&p.import_path).is_none())
        .collect()
}

/// The importer on the shortest way from the user's own packages.
fn nearest_importer<'c, 'a>(
    cx: &'c Context<'_, 'a>,
    package: &Package<'a>,
) -> Option<&'c Package<'a>> {
    let ways = cx.graph.ways_to(package.path());
    let length = |from: &str| {
        std::iter::successors(Some(from), |at| ways.get(at).copied().flatten()).count()
    };
    let own = |path: &str| cx.graph.get(path).is_some_and(|p| p.own);
    let starts = ways
        .iter()
        .filter(|(path, next)| next.is_some() && own(path));
    let nearest = starts
        .map(|(path, _)| *path)
        .min_by_key(|path| (length(path), *path));
    let start = nearest.or_else(|| cx.graph.importers(package.path()).first().copied())?;
    let mut way = std::iter::successors(Some(start), |at| ways.get(at).copied().flatten());
    let importer = way.find(|at| ways.get(at).copied().flatten() == Some(package.path()))?;
    cx.graph.get(importer)
}

fn at_import<'a>(
    cx: &Context<'_, 'a>,
    importer: &Package<'a>,
    package: &Package<'a>,
    rule: Rule,
) -> Finding {
    let path = package.path();
    let claim = match rule {
        Rule::Cgo => cgo::claim(path),
        _ => excluded_package::claim(path),
    };
    let effect = Effect::FailsToBuild;
    let saying = Saying {
        rule,
        effect,
        root: path.to_owned(),
        symbol: path.to_owned(),
        claim,
    };
    match importer.import_of(path) {
        Some((file, import)) => cx.at(importer, file, import.pos, saying),
        None => cx.without_place(importer, saying),
    }
}

/// Nothing that is left on the target imports it: it is absent, which is worth a note.
fn unimported<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    rule: Rule,
    ignored: &[Arc<Source>],
) -> Finding {
    let path = package.path();
    let claim = match rule {
        Rule::Cgo => cgo::claim_of_unimported(),
        _ => excluded_package::claim_of_unimported(),
    };
    let effect = Effect::Note;
    let saying = Saying {
        rule,
        effect,
        root: path.to_owned(),
        symbol: path.to_owned(),
        claim,
    };
    match ignored
        .iter()
        .find_map(|file| Some((file, file.facts.cgo.as_ref()?)))
    {
        Some((file, cgo)) if rule == Rule::Cgo => cx.at(package, file, cgo.pos, saying),
        _ => cx.without_place(package, saying),
    }
}

/// The Go files that are left out, tests apart.
pub(super) fn ignored_files(cx: &Context<'_, '_>, package: &Package<'_>) -> Vec<Arc<Source>> {
    let listed = package.listed;
    // Those that another build selects are left out here, when nothing is selected.
    let others = package
        .is_empty()
        .then(|| listed.go_files.iter().chain(&listed.cgo_files));
    let names = others.into_iter().flatten().chain(&listed.ignored_go_files);
    let names = names.filter(|f| !f.ends_with("_test.go"));
    names
        .map(|f| cx.sources.get(&package.file_path(f)))
        .collect()
}

/// Build tags that change which files of a package are selected.
pub(crate) fn tags(cx: &Context<'_, '_>, package: &Package<'_>) -> BTreeSet<String> {
    let ignored = ignored_files(cx, package);
    let files: Vec<&Source> = package
        .files()
        .iter()
        .chain(&ignored)
        .map(|f| &**f)
        .collect();
    let known: BTreeSet<&str> = files
        .iter()
        .flat_map(|f| custom_tags(&f.facts.src))
        .collect();
    let platform = cx.platform(false);
    let changes = |tag: &&str| {
        let mut tags = cx.settings.tags.to_vec();
        tags.push((*tag).to_owned());
        let with = Platform {
            tags: &tags,
            ..platform.clone()
        };
        let selected = |p: &Platform<'_>, f: &Source| p.excludes(&f.name, &f.facts.src).is_none();
        files
            .iter()
            .any(|f| selected(&platform, f) != selected(&with, f))
    };
    known
        .into_iter()
        .filter(changes)
        .map(str::to_owned)
        .collect()
}

const MAX_FILES: usize = 4;

fn notes(
    cx: &Context<'_, '_>,
    package: &Package<'_>,
    ignored: &[Arc<Source>],
    rule: Rule,
) -> Vec<Note> {
    let named = |f: &Source| cx.places().name_in(package.listed, &f.name);
    let mut notes = Vec::new();
    // Those that tell most come first: what this machine's build has, and cgo.
    let mut ignored: Vec<&Arc<Source>> = ignored.iter().collect();
    let native = native_files(cx, package);
    ignored.sort_by_key(|f| (!native.contains(f.name.as_str()), f.facts.cgo.is_none()));
    for file in ignored.iter().take(MAX_FILES) {
        let (name, why) = (named(file), cx.why_ignored(file));
        match &file.facts.cgo {
            Some(cgo) if rule == Rule::Cgo => {
                let line = file.facts.position(cgo.pos).0;
                let (also, wants) = (cgo::also(&why), cgo::wants(cgo));
                let text = format!("{name}:{line}: `import \"C\"`{also}{wants}");
                notes.push(Note::new(NoteKind::LeftOut, text).at(name, line, 0));
            }
            _ => {
                let text = format!("{name}: {why}");
                notes.push(Note::new(NoteKind::LeftOut, text).at(name, 0, 0));
            }
        }
    }
    if ignored.len() > MAX_FILES {
        let more = format!("{} more files", ignored.len() - MAX_FILES);
        notes.push(Note::new(NoteKind::More, more));
    }
    if rule == Rule::Cgo {
        let wanted = cgo::libraries(cx, package, &ignored).into_iter();
        notes.extend(wanted.map(|text| Note::new(NoteKind::Wants, text)));
    }
    notes
}

/// The Go files that this machine's build selects.
fn native_files<'c>(cx: &Context<'c, '_>, package: &Package<'_>) -> BTreeSet<&'c str> {
    let packages = cx.settings.native.iter().flat_map(|l| &l.packages);
    let same = packages.filter(|p| p.import_path == package.path());
    same.flat_map(|p| p.go_files.iter().chain(&p.cgo_files))
        .map(String::as_str)
        .collect()
}
