//! `cgo`, `excluded-package`, `syscall-js`: packages of which no Go file is left.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Effect, Finding, ListedPackage, Note, NoteKind, Rule};

use super::{Claim, Context, HERE, Saying};
use crate::constraint::{Platform, custom_tags};
use crate::facts::Cgo;
use crate::graph::Package;
use crate::source::Source;

/// A package of which constraints, or cgo being off, leave no Go file.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, findings: &mut Vec<Finding>) {
    let importers = cx.graph.importers(package.path());
    if package.listed.standard {
        findings.extend(
            importers
                .iter()
                .filter_map(|i| lacking_std(cx, i, package.path())),
        );
        return;
    }
    let ignored = ignored_files(cx, package);
    let rule = if is_cgo(cx, package, &ignored) {
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

/// A package of the standard library that the target does not have: the importer is to blame.
fn lacking_std(cx: &Context<'_, '_>, importer: &str, path: &str) -> Option<Finding> {
    let importer = cx.graph.get(importer)?;
    let (file, import) = importer.import_of(path)?;
    let rule = if path == "syscall/js" {
        Rule::SyscallJs
    } else {
        Rule::ExcludedPackage
    };
    let saying = Saying {
        rule,
        effect: Effect::FailsToBuild,
        root: importer.path().to_owned(),
        symbol: path.to_owned(),
        claim: Claim::plain(format!(
            "the standard library has no package `{path}` on {HERE}"
        )),
    };
    Some(cx.at(importer, file, import.pos, saying))
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
        Rule::Cgo => Claim::of(
            path,
            format!("is written with cgo, and cgo does not exist on {HERE}"),
        ),
        _ => Claim::plain(format!(
            "build constraints leave no Go file of `{path}` on {HERE}"
        )),
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
    let claim = Claim::plain(match rule {
        Rule::Cgo => format!(
            "written with cgo: the package does not exist on {HERE}, and nothing there imports it"
        ),
        _ => format!(
            "build constraints leave no Go file on {HERE}, and nothing there imports the package"
        ),
    });
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

/// Whether cgo, rather than a constraint, leaves the package without files.
fn is_cgo(cx: &Context<'_, '_>, package: &Package<'_>, ignored: &[Arc<Source>]) -> bool {
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    let native = natively
        .filter(|p| p.import_path == package.path())
        .any(|p| !p.cgo_files.is_empty());
    let platform = cx.platform(true);
    let selected = |f: &Source| platform.excludes(&f.name, &f.facts.src).is_none();
    native || ignored.iter().any(|f| f.facts.cgo.is_some() && selected(f))
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
                let (also, wants) = (also(&why), wants(cgo));
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
        let wanted = libraries(cx, package, &ignored).into_iter();
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

/// Why a cgo file is left out, where that is more than its being one.
fn also(why: &str) -> String {
    if why.contains("imports \"C\"") {
        String::new()
    } else {
        format!("; {why}")
    }
}

/// Headers of a cgo file, in words that continue a sentence.
fn wants(cgo: &Cgo) -> String {
    if cgo.includes.is_empty() {
        String::new()
    } else {
        format!("; includes {}", cgo.includes.join(", "))
    }
}

/// The flags and system libraries behind the cgo of a package.
fn libraries(cx: &Context<'_, '_>, package: &Package<'_>, ignored: &[&Arc<Source>]) -> Vec<String> {
    let (mut libraries, mut pkg_config, mut flags) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    for native in natively.filter(|p| p.import_path == package.path()) {
        libraries.extend(
            native
                .cgo_ldflags
                .iter()
                .filter_map(|f| f.strip_prefix("-l"))
                .map(str::to_owned),
        );
        pkg_config.extend(native.cgo_pkg_config.iter().cloned());
    }
    for flag in ignored
        .iter()
        .filter_map(|f| f.facts.cgo.as_ref())
        .flat_map(|c| &c.flags)
    {
        let condition = if flag.condition.is_empty() {
            String::new()
        } else {
            format!(" ({})", flag.condition)
        };
        flags.insert(format!("{}: {}{condition}", flag.name, flag.value));
        let words = flag.value.split_whitespace();
        match flag.name.as_str() {
            "pkg-config" => pkg_config.extend(words.map(str::to_owned)),
            "LDFLAGS" => libraries.extend(
                words
                    .filter_map(|w| w.strip_prefix("-l"))
                    .map(str::to_owned),
            ),
            _ => {}
        }
    }
    let list = |what: &str, set: BTreeSet<String>| {
        let list = set.into_iter().collect::<Vec<_>>().join(", ");
        (!list.is_empty()).then(|| format!("{what}: {list}"))
    };
    [
        list("system libraries", libraries),
        list("pkg-config", pkg_config),
        list("#cgo", flags),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What cgo leaves out of own packages that build all the same: worth a note.
pub(super) fn note_left_out_c(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    let natively = cx.settings.native.iter().flat_map(|l| &l.packages);
    for native in natively {
        let package = cx
            .graph
            .get(&native.import_path)
            .filter(|p| p.own && !p.is_empty());
        let Some(package) = package else { continue };
        let cgo = native
            .cgo_files
            .iter()
            .map(|f| cx.sources.get(&native.dir.join(f)));
        for file in cgo {
            let Some(pos) = file.facts.cgo.as_ref().map(|c| c.pos) else {
                continue;
            };
            let claim = Claim::plain("this file is left out, and the package builds without it");
            findings.push(cx.at(package, &file, pos, note(package, claim)));
        }
        let c = [
            &native.c_files,
            &native.cxx_files,
            &native.m_files,
            &native.f_files,
        ];
        let c: Vec<&str> = c.into_iter().flatten().map(String::as_str).collect();
        if native.cgo_files.is_empty() && !c.is_empty() {
            let claim = Claim::plain(format!(
                "the package builds without {}: no Go file of it imports \"C\"",
                c.join(", ")
            ));
            findings.push(cx.without_place(package, note(package, claim)));
        }
    }
}

fn note(package: &Package<'_>, claim: Claim) -> Saying {
    let path = package.path().to_owned();
    Saying {
        rule: Rule::Cgo,
        effect: Effect::Note,
        root: path.clone(),
        symbol: path,
        claim,
    }
}
