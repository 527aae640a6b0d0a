//! Changes of dependencies, tried where they are developed: in the tree of the dependency, with its own go.mod.

use std::collections::BTreeSet;

use analyzer::Compiled;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use model::{Advice, Edit, Goos, Listing, Repository, TreeBuild, Upstream};
use toolchain::{Error, Fetched, Go, Platform, Session};

use super::{Fixed, apply};
use crate::deadline::Deadline;
use crate::events::{Event, Events};
use crate::failure::Failure;
use crate::paths::Paths;
use crate::settings::{Request, Settings};
use crate::stages::remedies;
use crate::{Interrupt, go};

/// Largest go.mod or go.sum that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The parts of a change of a dependency: path and version of the module, the diff, and the modules that it needs.
struct Fork<'f> {
    module: &'f str,
    version: &'f str,
    diff: &'f str,
    requires: Vec<String>,
}

/// The changes of dependencies among the edits that were chosen, each built in the dependency's own tree without the
/// change and with it. Nothing of it is run, and nothing is written outside of scratch directories.
///
/// # Errors
/// Where the user stops, or an edit has no diff that can be read. A dependency that cannot be fetched or built by
/// itself, or whose published source is another one, is no error: [`Upstream::untried`] says so.
pub fn upstream(
    request: &Request,
    settings: &Settings,
    fixed: &[Fixed],
    events: &Events,
    interrupt: &Interrupt,
) -> Result<Vec<Upstream>, Failure> {
    let go = go(request, events, interrupt);
    let deadline = Deadline::after(settings.budget);
    let mut all: Vec<Upstream> = Vec::new();
    for one in fixed {
        let go = go.for_attempt(remedies::pin(&one.report.go), deadline.instant());
        for edit in &one.edits {
            if all.iter().all(|other| other.fork != *edit) {
                let requires = requires(&one.advice, edit);
                all.extend(of_edit(&go, (edit, requires), settings, events)?);
            }
        }
    }
    Ok(all)
}

/// The modules that advice requires together with an edit, as `path@version`.
fn requires(advice: &[Advice], edit: &Edit) -> Vec<String> {
    let of = advice.iter().filter(|a| a.edits.contains(edit));
    let required = of.flat_map(|a| &a.edits).filter_map(|e| match e {
        Edit::Require { module, version } => Some(format!("{module}@{version}")),
        _ => None,
    });
    required.collect()
}

/// The change that an edit makes of a dependency; none of an edit that is no fork.
fn of_edit(
    go: &Go,
    (edit, requires): (&Edit, Vec<String>),
    settings: &Settings,
    events: &Events,
) -> Result<Option<Upstream>, Failure> {
    let Edit::Fork {
        module,
        copied,
        version,
        diff,
        ..
    } = edit
    else {
        return Ok(None);
    };
    let module = copied.as_ref().unwrap_or(module);
    let mut upstream = Upstream {
        fork: edit.clone(),
        module: module.clone(),
        version: version.clone(),
        diff: diff.clone(),
        repository: None,
        builds: Vec::new(),
        untried: None,
    };
    events.hear(Event::BuildingAlone { module });
    let fetched = match fetch(go, module, version) {
        Ok(fetched) => fetched,
        Err(Error::Interrupted) => return Err(Error::Interrupted.into()),
        Err(e) => {
            upstream.untried = Some(e.to_string());
            return Ok(Some(upstream));
        }
    };
    let fork = Fork {
        module,
        version,
        diff,
        requires,
    };
    build(go, &fetched, &fork, settings, &mut upstream)?;
    if let Some(repository) = repository(&fetched) {
        upstream.diff =
            advisors::diff::below(&repository.subdir, &upstream.diff).map_err(Failure::usage)?;
        upstream.repository = Some(repository);
    }
    Ok(Some(upstream))
}

/// Unpack a version of a dependency. A vendored list of modules may hold any word, which must not become an option of
/// the Go command.
fn fetch(go: &Go, module: &str, version: &str) -> Result<Fetched, Error> {
    if module.starts_with('-') {
        return Err(Error::Output {
            command: "go list".to_owned(),
            message: format!("{module} is no module path"),
        });
    }
    toolchain::fetch(go, &format!("{module}@{version}"))
}

/// Where a version comes from. People are asked to type it: what a shell would take for more than words, and a
/// directory that is none inside of a repository, is not believed.
fn repository(fetched: &Fetched) -> Option<Repository> {
    let origin = &fetched.origin;
    let is_plain = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/+:@%".contains(c);
        text.chars().all(plain) && !text.starts_with('-')
    };
    let is_inside = Utf8Path::new(&origin.subdir)
        .components()
        .all(|part| matches!(part, Utf8Component::Normal(_)));
    let is_known = !origin.url.is_empty() && is_plain(&origin.url) && is_plain(&origin.subdir);
    let is_commit = origin.hash.chars().all(|c| c.is_ascii_hexdigit());
    (is_known && is_inside).then(|| Repository {
        url: origin.url.clone(),
        commit: Some(&origin.hash)
            .filter(|_| is_commit)
            .cloned()
            .unwrap_or_default(),
        subdir: origin.subdir.clone(),
    })
}

/// Build what is changed, lay the change, and build it again.
fn build(
    go: &Go,
    fetched: &Fetched,
    fork: &Fork<'_>,
    settings: &Settings,
    upstream: &mut Upstream,
) -> Result<(), Failure> {
    let packages = packages(fork.diff)?;
    let before = builds(go, &fetched.dir, &packages, settings);
    // Another module may stand in its place.
    if let Err(e) = apply::lay_diff(&fetched.dir, fork.diff) {
        let (module, version) = (fork.module, fork.version);
        let why = format!("the patch does not fit {module}@{version} as it is published: {e}");
        upstream.untried = Some(why);
        return Ok(());
    }
    if !fork.requires.is_empty() {
        match require(go, &fetched.dir, &fork.requires) {
            Ok(diff) => upstream.diff.push_str(&diff),
            Err(Error::Interrupted) => return Err(Error::Interrupted.into()),
            Err(e) => {
                upstream.untried = Some(e.to_string());
                return Ok(());
            }
        }
    }
    let after = before.and_then(|before| {
        let after = builds(go, &fetched.dir, &packages, settings)?;
        Ok(before.into_iter().zip(after))
    });
    match after {
        Ok(pairs) => {
            upstream.builds = pairs
                .map(|(before, after)| TreeBuild {
                    goos: before.goos,
                    platform: before.platform,
                    packages: packages.clone(),
                    before: before.complaints,
                    after: after.complaints,
                })
                .collect();
        }
        Err(Error::Interrupted) => return Err(Error::Interrupted.into()),
        Err(e) => upstream.untried = Some(e.to_string()),
    }
    Ok(())
}

/// Require modules in a tree; what that changes of its go.mod and go.sum.
fn require(go: &Go, tree: &Utf8Path, modules: &[String]) -> Result<String, Error> {
    const FILES: [&str; 2] = ["go.mod", "go.sum"];
    let read = |name: &str| {
        let text = toolchain::files::read_text(tree.join(name).as_std_path(), LARGEST);
        text.ok()
    };
    let before = FILES.map(read);
    toolchain::get(go, tree, modules)?;
    let pairs = FILES.into_iter().zip(before);
    let diffs = pairs.filter_map(|(name, before)| {
        let after = read(name);
        let changed = before != after;
        changed.then(|| advisors::diff::diff(name, before.as_deref(), after.as_deref()))
    });
    Ok(diffs.collect())
}

/// The packages whose files a diff changes, as they are typed in the root of their module.
fn packages(diff: &str) -> Result<Vec<String>, Failure> {
    let files = advisors::diff::of_files(diff).map_err(Failure::usage)?;
    let dirs: BTreeSet<Utf8PathBuf> = files
        .iter()
        .filter_map(|(path, _)| Utf8Path::new(path).parent().map(Utf8Path::to_owned))
        .collect();
    let typed = |dir: Utf8PathBuf| match dir.as_str() {
        "" => ".".to_owned(),
        dir => format!("./{dir}"),
    };
    Ok(dirs.into_iter().map(typed).collect())
}

/// What Go says of one build.
struct Outcome {
    goos: Option<Goos>,
    platform: String,
    complaints: Vec<String>,
}

/// Build packages of a tree for the targets and for this machine, without cgo.
fn builds(
    go: &Go,
    tree: &Utf8Path,
    packages: &[String],
    settings: &Settings,
) -> Result<Vec<Outcome>, Error> {
    // A file that appeared or went away since the session was opened is seen by a new one.
    let session = Session::open(go, tree, &settings.tags)?;
    let env = session.env();
    let native = format!("{}/{}", env.gohostos, env.gohostarch);
    let wanted = |goos: &Goos| settings.targets.iter().any(|t| t.goos() == *goos);
    let wasm = Goos::ALL.into_iter().filter(wanted);
    let wasm = wasm.map(|goos| (Platform::Wasm(goos), Some(goos), format!("{goos}/wasm")));
    let all = wasm.chain([(Platform::Native, None, native)]);
    let all = all.map(|(platform, goos, name)| {
        let listing = session.compile_listed(platform, packages)?;
        Ok(Outcome {
            goos,
            platform: name,
            complaints: complaints(&listing, &session),
        })
    });
    all.collect()
}

/// What keeps the packages of a listing from building, line by line, without directories of this machine.
fn complaints(listing: &Listing, session: &Session) -> Vec<String> {
    let compiled = Compiled::read(listing);
    let mut lines = Vec::new();
    for error in &compiled.errors {
        let (file, line, column) = (&error.file, error.line, error.column);
        let place = match column {
            0 => format!("{file}:{line}"),
            column => format!("{file}:{line}:{column}"),
        };
        lines.push(format!("{place}: {}", error.message));
    }
    let refused = compiled.refused.iter();
    lines.extend(refused.map(|(package, error)| format!("package {package}: {}", error.err)));
    let undecided = compiled.undecided.iter();
    lines.extend(undecided.map(|(package, why)| format!("package {package}: {why}")));
    let mut named = listing.packages.iter().filter(|p| !p.dep_only).peekable();
    if lines.is_empty() {
        let silent = named.peek().is_none();
        let silent = silent.then(|| "the Go command gave no reason".to_owned());
        let failed = named.filter(|p| p.export.is_empty());
        lines.extend(failed.map(|package| {
            let why = if package.go_files.is_empty() {
                "build constraints exclude all Go files"
            } else {
                "the Go command gave no reason"
            };
            format!("package {}: {why}", package.import_path)
        }));
        lines.extend(silent);
    }
    let paths = Paths::of(session);
    let here = |line: &str| {
        let line = paths.without_cache(&paths.in_module(line));
        line.replace(session.root().as_str(), ".")
    };
    lines
        .iter()
        .flat_map(|l| l.trim_end().lines())
        .map(here)
        .collect()
}
