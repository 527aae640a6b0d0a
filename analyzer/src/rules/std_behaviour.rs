//! `std-behaviour`: functions of the standard library that build, and then fail, fake or lie.

use std::collections::{HashMap, HashSet};

use model::{Effect, Finding, Goos, Rule};

use super::{Context, Saying};
use crate::facts::{JS, NO_OWNER, Owner, Role, Use, WASIP1};
use crate::graph::Package;
use crate::source::Source;
use crate::std_facts::{Behaviour, behaviours, waits_for_event_loop};
use crate::types::{Place, Types, std_method};

/// Uses in the module's own packages, and those in dependencies that run at initialisation:
/// whether the others are reached is not known before the program is linked.
pub(super) fn check<'g, 'a>(
    cx: &'g Context<'g, 'a>,
    types: &'g Types<'g, 'a>,
    findings: &mut Vec<Finding>,
) {
    for package in cx.judged() {
        let at_init = InitReach::of(package);
        for file in &package.files {
            for used in &file.facts.uses {
                let init = at_init.reaches(file, used);
                if package.own || init {
                    judge(cx, package, file, used, init, findings);
                }
            }
            let place = Place { package, file };
            let things = types.things(place);
            for access in &file.facts.typing.accesses {
                let init = at_init.reaches(file, &access.at);
                if (package.own || init)
                    && let Some(symbol) = std_method(place, &things, access)
                {
                    report(cx, package, file, &access.at, init, &symbol, findings);
                }
            }
        }
    }
}

fn judge<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
    init: bool,
    findings: &mut Vec<Finding>,
) {
    let facts = &file.facts;
    let Some(sel) = used.sel else { return };
    let base = facts.text(used.base);
    let import = facts.imports.iter().find(|i| match i.alias {
        Some(alias) => facts.text(alias) == base,
        None => cx
            .graph
            .get(package.resolve(facts.text(i.path)))
            .is_some_and(|p| p.listed.standard && p.listed.name == base),
    });
    let Some(import) = import else { return };
    let symbol = format!("{}.{}", facts.text(import.path), facts.text(sel));
    report(cx, package, file, used, init, &symbol, findings);
}

/// What is known of a symbol that is used at a place.
fn report<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
    init: bool,
    symbol: &str,
    findings: &mut Vec<Finding>,
) {
    // A guard that keeps js away keeps the deadlock away.
    if used.callback && used.live & JS != 0 {
        findings.extend(blocked(cx, package, file, used, symbol));
    }
    for behaviour in behaviours(symbol) {
        let targets: Vec<_> = behaviour
            .targets
            .iter()
            .copied()
            .filter(|t| cx.targets.contains(t))
            .collect();
        let mended = !behaviour.mended_by.is_empty() && cx.graph.get(behaviour.mended_by).is_some();
        if targets.is_empty() || mended {
            continue;
        }
        let mut finding = finding(cx, package, file, used, symbol, behaviour);
        finding.targets = targets;
        finding.init = init;
        findings.push(finding);
    }
}

/// A callback that waits for what can only happen after it.
fn blocked<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
    symbol: &str,
) -> Option<Finding> {
    let target = waits_for_event_loop(symbol).filter(|t| cx.targets.contains(t))?;
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect: Effect::FailsAtRunTime,
        root: package.path().to_owned(),
        symbol: symbol.to_owned(),
        message: format!(
            "`{symbol}` waits for the event loop, which waits for this js.FuncOf callback: a deadlock"
        ),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    finding.targets = vec![target];
    finding.details = vec![
        "the error: fatal error: all goroutines are asleep - deadlock!".to_owned(),
        "instead: start a goroutine in the callback, and give JavaScript a Promise".to_owned(),
        "why: GOROOT/src/syscall/js/func.go, FuncOf".to_owned(),
    ];
    Some(finding)
}

fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
    symbol: &str,
    behaviour: &Behaviour,
) -> Finding {
    let bit = match cx.graph.goos {
        Goos::Wasip1 => WASIP1,
        Goos::Js => JS,
    };
    let reached = used.live & bit != 0;
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect: if reached {
            behaviour.effect
        } else {
            Effect::Note
        },
        root: package.path().to_owned(),
        symbol: symbol.to_owned(),
        message: format!("`{symbol}` {}", behaviour.what),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    if !reached {
        let line = file.facts.position(used.guard).0;
        finding.guard = Some(format!("{}:{line}", finding.file));
        finding.details.push(format!(
            "line {line} keeps control away from it on {}",
            cx.graph.goos
        ));
        return finding;
    }
    if !behaviour.error.is_empty() {
        finding
            .details
            .push(format!("the error: {}", behaviour.error));
    }
    if !behaviour.advice.is_empty() {
        finding
            .details
            .push(format!("instead: {}", behaviour.advice));
    }
    finding
        .details
        .push(format!("why: GOROOT/src/{}", behaviour.source));
    finding
}

/// The functions of a package that run when it is initialised: `init`, initialisers of package
/// variables, and functions of the package that these call.
struct InitReach<'p> {
    names: HashSet<&'p str>,
}

impl<'p> InitReach<'p> {
    fn of(package: &'p Package<'_>) -> Self {
        let mut calls: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut todo = Vec::new();
        for file in &package.files {
            for used in &file.facts.uses {
                let Some(owner) = owner(file, used) else {
                    continue;
                };
                if used.literal || used.role != Role::Callee || used.sel.is_some() {
                    continue;
                }
                let named = file.facts.text(used.base);
                if owner.init {
                    todo.push(named);
                } else if !owner.method {
                    calls
                        .entry(file.facts.text(owner.name))
                        .or_default()
                        .push(named);
                }
            }
        }
        let mut names = HashSet::new();
        while let Some(name) = todo.pop() {
            if names.insert(name) {
                todo.extend(calls.get(name).into_iter().flatten());
            }
        }
        Self { names }
    }

    fn reaches(&self, file: &Source, used: &Use) -> bool {
        let owner = owner(file, used).filter(|_| !used.literal);
        owner.is_some_and(|o| o.init || (!o.method && self.names.contains(file.facts.text(o.name))))
    }
}

fn owner<'f>(file: &'f Source, used: &Use) -> Option<&'f Owner> {
    (used.owner != NO_OWNER)
        .then(|| file.facts.owners.get(used.owner as usize))
        .flatten()
}
