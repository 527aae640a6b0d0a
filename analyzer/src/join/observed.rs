//! What was seen in runs, joined with what the scan says.

use camino::Utf8Path;
use model::{
    Effect, End, Evidence, Finding, Frame, Note, NoteKind, Observation, Rule, RunKind, Target,
};

use crate::build::BuildFacts;
use crate::context::{Claim, Context, Saying, shorten};
use crate::rules::crash;
use crate::std::behaviours::{behaviours, split_symbol};

/// Join with what was seen when a package ran: a crash is a finding, an error that the scan
/// foretold confirms it, and what ended well behaved.
pub(crate) fn join(cx: &Context<'_, '_>, known: &mut BuildFacts, seen: &Observation) {
    let mut elsewhere = Vec::new();
    for finding in known.findings.iter_mut().filter(|f| foretold(f, seen)) {
        if let Some(line) = error_seen(finding, seen) {
            elsewhere.extend(narrow(finding, seen.target));
            finding.evidence = Evidence::Observed;
            let text = format!("{}: {}", seen.host, shorten(&line));
            finding.notes.push(Note::new(NoteKind::Seen, text));
        }
    }
    known.findings.append(&mut elsewhere);
    let explained = |f: &Finding| foretold(f, seen) && f.evidence == Evidence::Observed;
    // What a scenario is to do, the native run says.
    let judged_here = seen.scenario.is_none();
    if judged_here && seen.end == Some(End::Fail) && !known.findings.iter().any(explained) {
        known.findings.extend(printed(cx, seen));
    }
    if seen.end == Some(End::Ok) {
        known.behaved.insert((seen.target, seen.package.clone()));
    } else if judged_here && seen.end == Some(End::Crash) && !seen.stack.is_empty() {
        let causes = known.findings.iter();
        let causes = causes.filter(|f| foretold(f, seen) && crashed_there(f, seen).is_some());
        let crash = crash::check(cx, causes, seen);
        known.findings.extend(crash);
    }
}

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
    Some(format!("`{call}` fails with `{error}`"))
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
        "run without arguments, the program ended with exit code {} and printed `{}`; one of the packages that it imports makes the call",
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
    let lines = include_str!("../../data/output.tsv").lines();
    lines
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'))
}

/// The crash happened inside the package of the function that a finding is about.
fn crashed_there(finding: &Finding, seen: &Observation) -> Option<String> {
    let (package, _) = split_symbol(&finding.symbol)?;
    let inside = |f: &&Frame| split_symbol(&f.function).is_some_and(|(p, _)| p == package);
    let frame = seen.stack.iter().find(inside)?;
    Some(format!("{}, in `{}`", seen.summary, frame.function))
}

#[cfg(test)]
mod tests {
    use super::*;

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
