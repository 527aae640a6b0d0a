//! What the wasm and the sandbox say, joined with what the scan says.

use camino::Utf8Path;
use model::{
    Effect, End, Evidence, Finding, Frame, Goos, Note, NoteKind, Observation, Rule, RunKind,
    Target, UndefinedCall, WasmFile,
};

use crate::graph::Package;
use crate::rules::{Claim, Context, HERE, Saying, sentence, shorten};
use crate::scan::Scan;
use crate::std_facts::{behaviours, split_symbol};

impl Scan<'_> {
    /// Join with what was found in the wasm of a main package: calls to functions that nobody
    /// defines confirm findings, or are findings of their own. Fills in who is called.
    pub fn inspected(&mut self, goos: Goos, main: &str, wasm: &mut WasmFile) {
        let Some((cx, build)) = self.build(goos) else {
            return;
        };
        // It has linked: the check is switched off.
        let refused = |f: &Finding| f.rule == Rule::RefusedLinkname && f.package == main;
        build.findings.retain(|f| !refused(f));
        for call in &mut wasm.undefined_calls {
            build.broken_mains.insert(main.to_owned());
            let found = callee(&cx, build.findings, call);
            let place = call_place(&cx, call);
            let said = format!("in the wasm of `{main}`, `{}` calls it{place}", call.caller);
            if let Some(finding) = found.and_then(|index| build.findings.get_mut(index)) {
                call.callee = Some(finding.symbol.clone());
                finding.evidence = Evidence::Linked;
                finding.notes.push(Note::new(NoteKind::InWasm, said));
            } else if let Some(finding) = call_to_nobody(&cx, main, call) {
                build.findings.push(finding);
            }
        }
    }

    /// Join with what was seen when a package ran: a crash is a finding, an error that the scan
    /// foretold confirms it, and what ended well behaved.
    pub fn observed(&mut self, seen: &Observation) {
        let Some((cx, build)) = self.build(seen.target.goos()) else {
            return;
        };
        let mut elsewhere = Vec::new();
        for finding in build.findings.iter_mut().filter(|f| foretold(f, seen)) {
            if let Some(line) = error_seen(finding, seen) {
                elsewhere.extend(narrow(finding, seen.target));
                finding.evidence = Evidence::Observed;
                let text = format!("{}: {}", seen.host, shorten(&line));
                finding.notes.push(Note::new(NoteKind::Seen, text));
            }
        }
        build.findings.append(&mut elsewhere);
        let explained = |f: &Finding| foretold(f, seen) && f.evidence == Evidence::Observed;
        // What a scenario is to do, the native run says.
        let judged_here = seen.scenario.is_none();
        if judged_here && seen.end == Some(End::Fail) && !build.findings.iter().any(explained) {
            build.findings.extend(printed(&cx, seen));
        }
        if seen.end == Some(End::Ok) {
            build.behaved.insert((seen.target, seen.package.clone()));
        } else if judged_here && seen.end == Some(End::Crash) && !seen.stack.is_empty() {
            let crash = crash(&cx, build.findings, seen);
            build.findings.extend(crash);
        }
    }
}

// Calls to functions that nobody defines.

/// The finding about the function that a call names, by the source line of the call.
fn callee(cx: &Context<'_, '_>, findings: &[Finding], call: &UndefinedCall) -> Option<usize> {
    let (package, text) = source_line(cx, call)?;
    let named = |f: &Finding| {
        let name = f.symbol.rsplit('.').next().unwrap_or_default();
        let before = if f.package == package.path() { "" } else { "." };
        has_call(&text, before, name)
    };
    findings
        .iter()
        .position(|f| f.rule == Rule::MissingBody && f.effect == Effect::LinksBroken && named(f))
}

/// Whether a line calls a name, after a qualifier or without one.
pub(crate) fn has_call(line: &str, before: &str, name: &str) -> bool {
    let call = format!("{before}{name}(");
    line.match_indices(&call).any(|(at, _)| {
        let last = line[..at].chars().next_back();
        !before.is_empty() || last.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.')
    })
}

fn source_line<'c, 'a>(
    cx: &'c Context<'_, 'a>,
    call: &UndefinedCall,
) -> Option<(&'c Package<'a>, String)> {
    let file = Utf8Path::new(call.file.as_deref()?);
    let package = package_of_file(cx, file)?;
    let source = cx.sources.get(&package.file_path(file.file_name()?));
    let line = source.facts.line(call.line?)?.to_owned();
    Some((package, line))
}

/// The package that a file name in a binary belongs to: by its directory, or, with `-trimpath`, by
/// its import path.
pub(crate) fn package_of_file<'c, 'a>(
    cx: &'c Context<'_, 'a>,
    file: &Utf8Path,
) -> Option<&'c Package<'a>> {
    let dir = file.parent()?;
    let mut packages = cx.graph.packages.values();
    packages.find(|p| p.listed.dir == dir || p.path() == dir.as_str())
}

fn call_place(cx: &Context<'_, '_>, call: &UndefinedCall) -> String {
    match (&call.file, call.line) {
        (Some(file), Some(line)) => format!(" at {}:{line}", named(cx, file)),
        _ => String::new(),
    }
}

/// A file of a binary, named as reports name files.
fn named(cx: &Context<'_, '_>, file: &str) -> String {
    let path = Utf8Path::new(file);
    match (package_of_file(cx, path), path.file_name()) {
        (Some(package), Some(name)) => cx.places().name_in(package.listed, name),
        _ => cx.places().name(path),
    }
}

/// A call whose target the source does not tell.
fn call_to_nobody(cx: &Context<'_, '_>, main: &str, call: &UndefinedCall) -> Option<Finding> {
    let file = call.file.as_deref().map(Utf8Path::new);
    let package = file
        .and_then(|f| package_of_file(cx, f))
        .or_else(|| cx.graph.get(main))?;
    let saying = Saying {
        rule: Rule::MissingBody,
        effect: Effect::LinksBroken,
        root: package.path().to_owned(),
        symbol: call.caller.clone(),
        claim: Claim::of(
            call.caller.as_str(),
            format!(
                "calls a function that nobody defines on {HERE}: it traps or calls another function"
            ),
        ),
    };
    let mut finding = cx.without_place(package, saying);
    finding.evidence = Evidence::Linked;
    if let (Some(file), Some(line)) = (&call.file, call.line) {
        finding.file = named(cx, file);
        finding.line = line;
        finding.source = source_line(cx, call).map(|(_, text)| shorten(&text));
    }
    Some(finding)
}

// Runs.

/// Leave a finding to one of its targets; the rest is another finding, known as it was.
fn narrow(finding: &mut Finding, target: Target) -> Option<Finding> {
    let mut rest = finding.clone();
    rest.targets.retain(|t| *t != target);
    finding.targets = vec![target];
    (!rest.targets.is_empty()).then_some(rest)
}

/// Whether a run could have shown what a finding says.
fn foretold(finding: &Finding, seen: &Observation) -> bool {
    finding.rule == Rule::StdBehaviour
        && matches!(
            finding.effect,
            Effect::FailsAtRunTime | Effect::SilentlyDifferent
        )
        && finding.package == seen.package
        && finding.targets.contains(&seen.target)
        && (seen.kind == RunKind::Main || finding.init)
}

/// The line of the output that has the error of a finding, or the call that crashed in it.
fn error_seen(finding: &Finding, seen: &Observation) -> Option<String> {
    let output = || seen.stderr.lines().chain(seen.stdout.lines());
    let errors = behaviours(&finding.symbol)
        .iter()
        .filter(|b| b.targets.contains(&seen.target))
        .flat_map(|b| b.error.split(" | "));
    let said = errors.filter_map(|error| {
        // What comes before names the operation and the file, which differ.
        let tail = error
            .rsplit(": ")
            .next()?
            .replace(" on js", &format!(" on {}", seen.target.goos()));
        let tail = tail.to_lowercase();
        let hit = |line: &&str| tail.len() > 8 && line.to_lowercase().contains(&tail);
        output().find(hit).map(|line| format!("`{}`", line.trim()))
    });
    let first = said.chain(crashed_there(finding, seen)).next();
    let refused = || refused_there(finding, seen);
    first
        .or_else(refused)
        .or_else(|| entered_there(finding, seen))
}

/// The host refused a call that the function of a finding made at its place.
fn refused_there(finding: &Finding, seen: &Observation) -> Option<String> {
    let there = |stack: &[Frame]| stack.windows(2).any(|calls| is_place(finding, calls));
    let refused = seen.refusals.iter().find(|r| there(&r.stack))?;
    let (call, error) = (&refused.call, &refused.error);
    Some(format!("`{call}` is refused with `{error}`"))
}

/// The function of a finding was entered from its place.
fn entered_there(finding: &Finding, seen: &Observation) -> Option<String> {
    let there = |stack: &[Frame]| stack.windows(2).any(|calls| is_place(finding, calls));
    let entered = seen.entered.iter().find(|e| there(&e.stack))?;
    let scenario = seen.scenario.as_ref()?;
    let symbol = &entered.symbol;
    Some(format!("`{symbol}` was entered in `{}`", scenario.name))
}

/// Whether a call and its caller are those of a finding.
fn is_place(finding: &Finding, calls: &[Frame]) -> bool {
    let [inner, caller] = calls else { return false };
    let file = Utf8Path::new(&finding.file).file_name();
    let same = Utf8Path::new(&caller.file).file_name() == file;
    same && inner.function == finding.symbol && caller.line == finding.line
}

/// A program that failed and printed why, where no call in its own package explains it.
fn printed(cx: &Context<'_, '_>, seen: &Observation) -> Option<Finding> {
    let package = cx.graph.get(&seen.package)?;
    let (line, symbol) = said_by(seen)?;
    let behaviour = behaviours(symbol)
        .iter()
        .find(|b| b.targets.contains(&seen.target))?;
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect: Effect::FailsAtRunTime,
        root: seen.package.clone(),
        symbol: symbol.to_owned(),
        claim: Claim::of(symbol, behaviour.what.as_str()),
    };
    let mut finding = cx.without_place(package, saying);
    finding.targets = vec![seen.target];
    finding.evidence = Evidence::Observed;
    let said = format!(
        "run without arguments, it ended with exit code {}, and said `{}`; the call is in one of the packages that it imports",
        seen.exit.unwrap_or_default(),
        shorten(line.trim())
    );
    finding.notes = vec![
        Note::new(NoteKind::Detail, said),
        Note::new(NoteKind::Seen, seen.host.as_str()),
        Note::new(NoteKind::Why, behaviour.place()),
    ];
    Some(finding)
}

/// The line of the output that only wasm explains, and the function that fails so.
fn said_by(seen: &Observation) -> Option<(&str, &'static str)> {
    let mut lines = seen.stderr.lines().chain(seen.stdout.lines());
    lines.find_map(|line| {
        let known = output_table().find(|(text, _)| line.contains(text));
        known.map(|(_, symbol)| (line, symbol))
    })
}

/// The rows of `data/output.tsv`.
fn output_table() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("../data/output.tsv").lines();
    lines
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'))
}

/// The crash happened inside the package of the function that a finding is about.
fn crashed_there(finding: &Finding, seen: &Observation) -> Option<String> {
    let (package, _) = split_symbol(&finding.symbol)?;
    let inside = |f: &&Frame| split_symbol(&f.function).is_some_and(|(p, _)| p == package);
    let frame = seen.stack.iter().find(inside)?;
    Some(format!("{}, in `{}`", seen.told, frame.function))
}

/// A program that ended by a panic, a fatal error or a trap.
fn crash(cx: &Context<'_, '_>, known: &[Finding], seen: &Observation) -> Option<Finding> {
    let package = cx.graph.get(&seen.package)?;
    let at_init = seen.kind == RunKind::Init;
    let when = if at_init {
        "its initialisation"
    } else {
        "run without arguments, it"
    };
    let here = |f: &&Frame| {
        let dir = Utf8Path::new(&f.file).parent();
        dir.is_some_and(|d| d == package.listed.dir || d.as_str() == package.path())
    };
    let frame = seen.stack.iter().find(here);
    let saying = Saying {
        rule: Rule::Crash,
        effect: Effect::FailsAtRunTime,
        root: seen.package.clone(),
        symbol: frame.map_or_else(|| seen.package.clone(), |f| full_name(package, &f.function)),
        claim: Claim::plain(format!("{when} ends with `{}`", shorten(&seen.told))),
    };
    let mut finding = cx.without_place(package, saying);
    finding.targets = vec![seen.target];
    finding.evidence = Evidence::Observed;
    finding.init = at_init;
    if let Some(frame) = frame {
        let name = Utf8Path::new(&frame.file).file_name().unwrap_or_default();
        finding.file = cx.places().name_in(package.listed, name);
        finding.line = frame.line;
        let source = cx.sources.get(&package.file_path(name));
        finding.source = source.facts.line(frame.line).map(shorten);
    }
    let calls = seen.stack.iter().take(8);
    finding.notes.extend(calls.map(|f| frame_note(cx, f)));
    let causes = known
        .iter()
        .filter(|f| foretold(f, seen) && crashed_there(f, seen).is_some());
    finding
        .notes
        .extend(causes.map(|f| Note::new(NoteKind::Cause, sentence(f))));
    let seen = format!("{}; what it does natively was not compared", seen.host);
    finding.notes.push(Note::new(NoteKind::Seen, seen));
    Some(finding)
}

fn frame_note(cx: &Context<'_, '_>, frame: &Frame) -> Note {
    let file = named(cx, &frame.file);
    let text = format!("{} at {file}:{}", frame.function, frame.line);
    Note::new(NoteKind::Frame, text).at(file, frame.line, 0)
}

/// The runtime writes `main.f` for functions of a main package.
fn full_name(package: &Package<'_>, function: &str) -> String {
    match function.strip_prefix("main.") {
        Some(name) if package.listed.name == "main" => format!("{}.{name}", package.path()),
        _ => function.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_a_line() {
        assert!(has_call("\treturn add(3, 4)", "", "add"));
        assert!(!has_call("\treturn readd(3, 4) + x.add(1)", "", "add"));
        assert!(has_call("\treturn lib.Add(3, 4)", ".", "Add"));
    }

    #[test]
    fn every_text_names_a_function_that_fails() {
        assert!(output_table().count() > 8);
        for (text, symbol) in output_table() {
            let fails =
                |t: model::Target| behaviours(symbol).iter().any(|b| b.targets.contains(&t));
            assert!(
                text.len() > 8 && fails(model::Target::Wasip1),
                "{text}: {symbol}"
            );
        }
    }
}
