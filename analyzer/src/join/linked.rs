//! What the linked programs contain, joined with what the scan says of the standard library's
//! functions: kept by the linker, dropped by it, or not seen in the source.

use camino::Utf8Path;
use gobin::Line;
use model::{
    Effect, Evidence, Finding, Note, NoteKind, PathLevel, PathRoot, PathStep, Rule, WasmPath,
};

use crate::build::{BuildFacts, LinkedProgram};
use crate::context::{Claim, Context, Saying};
use crate::go::graph::Package;
use crate::inspect::{Inspected, SinkUse};
use crate::join::undefined_calls::has_call;
use crate::rules::{behaviours_here, explain};
use crate::std::behaviours::{Behaviour, leaves_a_call, split_symbol};

/// A line of the compiler's tables may be that of another line of the same call.
const NEAR: u32 = 3;

/// The places of findings that the linker may have dropped, by the two names that a build may
/// give a file.
pub(crate) fn places(cx: &Context<'_, '_>, known: &BuildFacts) -> Vec<Line> {
    let wanted = known.findings.iter().filter(|f| is_open(f));
    wanted.flat_map(|f| names(cx, f)).collect()
}

/// Join with the wasm of a main package: places that are in it, with the way there, confirm
/// findings, or are findings of their own.
pub(crate) fn join(cx: &Context<'_, '_>, known: &mut BuildFacts, main: &str, wasm: &Inspected) {
    let mut new = Vec::new();
    for at in &wasm.uses {
        let Some(package) = cx.package_of_file(Utf8Path::new(&at.file)) else {
            continue;
        };
        let found = confirmed(&mut known.findings, package, at);
        let is_known = !found.is_empty();
        for finding in found {
            let way = way(cx, main, &at.path);
            if finding.evidence == Evidence::Static {
                finding.evidence = Evidence::Linked;
                finding.notes.push(way);
            }
        }
        if !is_known && !is_told(&known.findings, package, at.symbol) {
            new.extend(not_in_the_source(cx, package, main, at));
        }
    }
    known.findings.extend(new);
    known.programs.push(LinkedProgram {
        main: main.to_owned(),
        sinks: wasm.sinks.clone(),
        places: wasm.places.clone(),
    });
}

/// Say of findings that are in no program that could have them, that they were dropped. A package
/// that others may import answers for its own.
pub(crate) fn dropped(cx: &Context<'_, '_>, known: &mut BuildFacts) {
    let goos = cx.graph.goos;
    for finding in known.findings.iter_mut().filter(|f| is_open(f)) {
        let Some(programs) = only_programs(cx, finding) else {
            continue;
        };
        let places = names(cx, finding);
        // A value that a variable holds from the start has no code where it stands.
        let is_call = is_call(finding);
        let lacks = |main: &&str| {
            let linked = known.programs.iter().find(|p| p.main == **main);
            linked.is_some_and(|p| {
                !p.sinks.contains(finding.symbol.as_str())
                    || (is_call && !places.iter().any(|at| p.places.contains(at)))
            })
        };
        if !programs.is_empty() && programs.iter().all(lacks) {
            let names: Vec<String> = programs.iter().map(|p| format!("`{p}`")).collect();
            finding.effect = Effect::Note;
            finding.evidence = Evidence::Linked;
            let text = format!(
                "not in the wasm file of {} for {goos}: the compiler or the linker has removed it",
                names.join(", ")
            );
            finding.notes.push(Note::new(NoteKind::Dropped, text));
        }
    }
}

/// Whether the wasm may yet refute a finding: a call of its function would be there.
fn is_open(finding: &Finding) -> bool {
    finding.rule == Rule::StdBehaviour
        && finding.evidence == Evidence::Static
        && finding.effect != Effect::Note
        && leaves_a_call(&finding.symbol)
}

/// Whether the function is called where the finding is.
fn is_call(finding: &Finding) -> bool {
    let name = finding.symbol.rsplit('.').next().unwrap_or_default();
    let line = finding.source.as_deref().unwrap_or_default();
    has_call(line, ".", name)
}

/// What a build may call the file of a finding: by its directory, or, with `-trimpath`, by its
/// package.
fn names(cx: &Context<'_, '_>, finding: &Finding) -> Vec<Line> {
    let package = cx.graph.get(&finding.package);
    let name = Utf8Path::new(&finding.file).file_name();
    let Some((package, name)) = package.zip(name) else {
        return Vec::new();
    };
    let by_path = format!("{}/{name}", package.path());
    let files = [package.file_path(name).into_string(), by_path];
    files.into_iter().map(|file| (file, finding.line)).collect()
}

/// The programs that a finding can be part of; none when other modules may import its package, or a
/// package that does.
fn only_programs<'c>(cx: &Context<'c, '_>, finding: &Finding) -> Option<Vec<&'c str>> {
    let graph = cx.graph;
    let place = graph.key(&finding.package)?;
    let mut programs = Vec::new();
    for path in graph.closure_of_importers([place]) {
        let Some(package) = graph.get(path).filter(|p| p.own) else {
            continue;
        };
        if package.listed.name == "main" {
            programs.push(path);
        } else if !is_internal(path) {
            return None;
        }
    }
    Some(programs)
}

/// Whether nobody outside the module can import a package (`go help packages`; the section on
/// internal directories of the release notes of Go 1.5).
fn is_internal(path: &str) -> bool {
    path.split('/').any(|element| element == "internal")
}

/// The findings about a place.
fn confirmed<'f>(
    findings: &'f mut [Finding],
    package: &Package<'_>,
    at: &SinkUse,
) -> Vec<&'f mut Finding> {
    let name = Utf8Path::new(&at.file).file_name().unwrap_or_default();
    let near = move |f: &&mut Finding| {
        f.rule == Rule::StdBehaviour
            && f.package == package.path()
            && f.symbol == at.symbol
            && f.line.abs_diff(at.line) <= NEAR
            && Utf8Path::new(&f.file).file_name() == Some(name)
    };
    findings.iter_mut().filter(near).collect()
}

/// Whether there is a finding already about what a package does with a package of the standard library.
fn is_told(findings: &[Finding], package: &Package<'_>, symbol: &str) -> bool {
    let library = |symbol| split_symbol(symbol).map(|(library, _)| library);
    findings.iter().any(|f| {
        f.rule == Rule::StdBehaviour
            && f.package == package.path()
            && library(&f.symbol) == library(symbol)
    })
}

/// The way to a place in a program, in a line.
fn way(cx: &Context<'_, '_>, main: &str, path: &WasmPath) -> Note {
    let step = |step: &PathStep| match (step.line, step.how) {
        (Some(line), Some(_)) => format!("{}:{line}", step.function),
        _ => step.function.clone(),
    };
    let steps: Vec<String> = path.steps.iter().map(step).collect();
    let text = format!(
        "in the wasm file of `{main}` for {}, {}: {}",
        cx.graph.goos,
        path.level.title(),
        steps.join(" > ")
    );
    Note::new(NoteKind::InWasm, text)
}

/// A use that the source does not show: through a function value, an interface, a type that is not
/// followed. Only calls alone make it more than a note.
fn not_in_the_source(
    cx: &Context<'_, '_>,
    package: &Package<'_>,
    main: &str,
    at: &SinkUse,
) -> Vec<Finding> {
    let found = behaviours_here(cx, at.symbol).filter_map(|(behaviour, targets)| {
        let mut finding = finding(cx, package, at, behaviour);
        // In dependencies only what changes a verdict is reported.
        if !package.own && finding.effect == Effect::Note {
            return None;
        }
        finding.targets = targets;
        finding.notes.push(way(cx, main, &at.path));
        finding.callers = vec![main.to_owned()];
        Some(finding)
    });
    found.collect()
}

fn finding(
    cx: &Context<'_, '_>,
    package: &Package<'_>,
    at: &SinkUse,
    behaviour: &Behaviour,
) -> Finding {
    let effect = match at.path.level {
        PathLevel::Direct => behaviour.effect,
        _ => Effect::Note,
    };
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect,
        root: package.path().to_owned(),
        symbol: at.symbol.to_owned(),
        claim: Claim::of(at.symbol, behaviour.what.as_str()),
    };
    let mut finding = cx.without_place(package, saying);
    cx.set_line(&mut finding, package, &at.file, at.line);
    finding.evidence = Evidence::Linked;
    finding.init = at.path.root == PathRoot::Init;
    explain(&mut finding, behaviour);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_is_an_element_of_the_path() {
        assert!(is_internal("example.com/m/internal/x") && is_internal("internal/x"));
        assert!(!is_internal("example.com/internals/x"));
    }
}
