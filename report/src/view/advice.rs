//! Remedies: which are shown for some findings, and how far each was tried.

use std::collections::BTreeSet;

use model::{
    Advice, AdviceKind, Attempt, Compat, Confirmed, Cost, Edit, Finding, Report, Target, Tested,
    count,
};

use super::words::{bytes, target_list};

/// The remedies of some findings, each once, in the order to try them.
pub(super) fn advice<'r>(report: &'r Report, findings: &[&Finding]) -> Vec<&'r Advice> {
    let mut said = BTreeSet::new();
    let ids = findings.iter().flat_map(|f| &f.advice);
    let advice = ids.filter_map(|id| report.advice.iter().find(|a| a.id == *id));
    let mut advice: Vec<&Advice> = advice.filter(|a| said.insert(&a.title)).collect();
    // The advice that nothing helps comes last.
    advice.sort_by_key(|a| a.kind == AdviceKind::None && a.patch.is_none());
    advice
}

/// How far a remedy was tried, and where; nothing of what there is nothing to try of.
pub fn tried(advice: &Advice) -> String {
    let on = |wanted: Confirmed| -> Vec<Target> {
        let targets = advice.confirmed.iter().filter(|(_, c)| **c == wanted);
        targets.map(|(t, _)| *t).collect()
    };
    let levels = [
        (Confirmed::Tests, "confirmed by tests"),
        (Confirmed::Run, "confirmed by run"),
        (Confirmed::Build, "confirmed by build"),
        (Confirmed::CouldNot, "could not be confirmed"),
    ];
    let parts = levels.into_iter().filter_map(|(level, words)| {
        let targets = on(level);
        (!targets.is_empty()).then(|| format!("{words} on {}", target_list(&targets)))
    });
    let parts: Vec<String> = parts.collect();
    if advice.kind == AdviceKind::None && advice.tried.is_empty() {
        String::new()
    } else if advice.kind == AdviceKind::None {
        format!("tried on {}", target_list(&on(Confirmed::CouldNot)))
    } else if parts.is_empty() {
        "not tried".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What a remedy changes in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// How much it is: `2 files, 10 lines more and 3 fewer`.
    pub size: String,
    /// The unified diff.
    pub text: String,
}

/// What a remedy changes in files; none of one that is a command or a tag.
pub fn diff(advice: &Advice) -> Option<Diff> {
    let diffs = advice.edits.iter().filter_map(|edit| match edit {
        Edit::File { diff, .. } | Edit::Fork { diff, .. } => Some(diff.as_str()),
        _ => None,
    });
    let text: String = diffs.collect();
    let lines = |start: &str, head: &str| {
        let lines = text.lines().filter(|line| line.starts_with(start));
        lines.filter(|line| !line.starts_with(head)).count()
    };
    let files = text.lines().filter(|line| line.starts_with("+++ ")).count();
    (files > 0).then(|| Diff {
        size: format!(
            "{}, {} more and {} fewer",
            count(files, "file"),
            count(lines("+", "+++ "), "line"),
            lines("-", "--- ")
        ),
        text: text.clone(),
    })
}

/// What a remedy costs, in words; nothing where nothing is known.
pub fn cost(cost: &Cost) -> String {
    let adds = cost.adds.map(|adds| match adds.modules {
        0 => "adds no module".to_owned(),
        n => format!(
            "adds {} ({} to download)",
            count(n, "module"),
            bytes(adds.bytes)
        ),
    });
    let compat = cost.compat.map(|compat| match compat {
        Compat::DropIn => "no call changes",
        Compat::Minor => "a few calls change",
        Compat::Different => "the interface is another one",
        Compat::Architectural => "the design of the program changes",
    });
    let parts = [
        cost.released.as_ref().map(|day| format!("released {day}")),
        cost.licence
            .as_ref()
            .map(|licence| format!("licence {licence}")),
        adds,
        compat.map(str::to_owned),
        cost.effort
            .map(|minutes| format!("about {} of work", work(minutes))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Minutes of work as people say them.
fn work(minutes: u32) -> String {
    let (number, unit) = match minutes {
        0..=90 => (minutes, "minute"),
        91..=600 => (minutes.div_ceil(60), "hour"),
        _ => (minutes.div_ceil(480), "day"),
    };
    count(number as usize, unit)
}

/// What was tried for a remedy besides what it says, a line each.
pub fn attempts(advice: &Advice) -> Vec<String> {
    let others = advice
        .tried
        .iter()
        .filter(|a| advice.to.as_ref() != Some(&a.what));
    let line = |a: &Attempt| {
        let outcome = match a.outcome {
            Confirmed::Tests => "does in tests what it does natively",
            Confirmed::Run => "runs",
            Confirmed::Build => "builds",
            Confirmed::CouldNot | Confirmed::None => "failed",
        };
        let targets = target_list(&a.targets);
        let why = a
            .why
            .as_ref()
            .map_or_else(String::new, |w| format!(": {w}"));
        format!("{} {outcome} on {targets}{why}", a.what)
    };
    others.map(line).collect()
}

/// What tests and scenarios did with the remedies, a line each.
pub fn tested(advice: &Advice) -> Vec<String> {
    let line = |t: &Tested| {
        let what = match &t.scenario {
            Some(name) => format!("scenario {name}"),
            None => format!("the tests of {}", t.package),
        };
        format!("{what} on {}: {}", target_list(&[t.target]), t.summary)
    };
    advice.tested.iter().map(line).collect()
}
