//! What came of changing the source, as advice.

use std::collections::{BTreeMap, BTreeSet};

use advisors::Adapted;
use analyzer::{Change, Does, EditKind, Lost};
use model::{Advice, AdviceKind, Confirmed, Edit, Effect, Finding, Goos, Report, Rule, Target};
use toolchain::Changed;

use super::proof::Proof;
use super::work::Work;
use super::{Mending, fork_dir};
use crate::stages::remedies::blank;

/// Most names that a title lists.
const NAMED: usize = 4;

/// Packages that one advice changes: an own one, own ones of one directory that have no file for a target, or those of
/// a dependency.
struct Group<'w> {
    works: BTreeMap<&'w str, &'w Work>,
    /// Packages that are changed for its sake: they use what it cannot have any more.
    followers: BTreeMap<&'w str, &'w Work>,
}

impl<'w> Group<'w> {
    fn all(&self) -> impl Iterator<Item = (&&'w str, &&'w Work)> {
        self.works.iter().chain(&self.followers)
    }
}

impl Mending<'_> {
    /// Put what helps into the report: an advice for each own package, and one for each dependency.
    pub(super) fn advise(&self, report: &mut Report, proof: &Proof) {
        for group in self.groups(report, proof) {
            if let Some(edits) = self.edits(&group) {
                self.advise_group(report, proof, &group, edits);
            }
        }
    }

    /// What is changed, by advice: packages that are at fault themselves, each with those that follow.
    fn groups<'w>(&'w self, report: &Report, proof: &Proof) -> Vec<Group<'w>> {
        let mut groups: BTreeMap<(bool, &str), Group<'w>> = BTreeMap::new();
        for (path, work) in self
            .works
            .iter()
            .filter(|(_, w)| !w.mender.changes().is_empty())
        {
            let home = &work.module;
            let key = if home.own && is_excluded(report, path) {
                (true, path.rsplit_once('/').map_or("", |(parent, _)| parent))
            } else if home.own {
                (true, path.as_str())
            } else {
                (false, home.path.as_str())
            };
            let group = groups.entry(key).or_insert_with(|| Group {
                works: BTreeMap::new(),
                followers: BTreeMap::new(),
            });
            group.works.insert(path, work);
        }
        let at_fault = |g: &Group<'_>| {
            report
                .findings
                .iter()
                .any(|f| is_of(f, &g.works.keys().copied().collect()))
        };
        let (mut groups, followers): (Vec<_>, Vec<_>) = groups.into_values().partition(at_fault);
        for follower in followers {
            let leads = |g: &Group<'_>| {
                follower
                    .works
                    .keys()
                    .any(|f| g.works.keys().any(|w| proof.imports(f, w)))
            };
            let at = groups.iter().position(leads).unwrap_or(0);
            if let Some(group) = groups.get_mut(at) {
                group.followers.extend(follower.works);
            }
        }
        groups
    }

    fn advise_group(
        &self,
        report: &mut Report,
        proof: &Proof,
        group: &Group<'_>,
        edits: Vec<Edit>,
    ) {
        let Some((path, first)) = group.works.first_key_value() else {
            return;
        };
        let Some(kind) = group.works.values().filter_map(|w| w.mender.kind()).max() else {
            return;
        };
        let mut advice = blank(report);
        advice.cost.changes = group.all().flat_map(|(_, w)| generated(w)).collect();
        let alone = group.all().flat_map(|(_, w)| w.mender.panic_alone());
        advice.cost.changes.extend(panic_alone(alone.collect()));
        advice.loses = loses(&group.all().flat_map(|(_, w)| w.mender.lost()).collect());
        let adapted: Vec<&Adapted> = group
            .all()
            .filter_map(|(_, w)| w.adapted.as_ref())
            .collect();
        let lost = adapted.iter().filter_map(|a| a.loses.clone());
        let lost: Vec<String> = lost.chain(advice.loses.take()).collect();
        advice.loses = (!lost.is_empty()).then(|| lost.join("; "));
        advice.cost.licence = adapted.iter().find_map(|a| a.licence.clone());
        if first.module.own {
            advice.kind = match kind {
                EditKind::Constraint => AdviceKind::Constraint,
                EditKind::Stub => AdviceKind::Stub,
                EditKind::Split => AdviceKind::Split,
            };
            advice.title = match group.works.len() {
                1 => title(path, first, kind),
                _ => title_of_several(group),
            };
        } else {
            let home = &first.module;
            let dir = fork_dir(&home.path);
            let names: Vec<String> = group.works.keys().map(|p| (*p).to_owned()).collect();
            let names = named(&names);
            let copied = home.replaced_by.as_ref().unwrap_or(&home.path);
            advice.kind = AdviceKind::Fork;
            let does = match adapted.as_slice() {
                [one] if group.works.len() == 1 => {
                    format!("{} does the work on wasm, and C elsewhere", one.require.0)
                }
                _ => format!("{names} can be built"),
            };
            advice.title = format!(
                "use a patched copy of {copied} {} in {dir}, in which {does}",
                home.version
            );
            advice.to = Some(format!("./{dir}"));
            if !self.has_program() {
                advice.cost.changes.push(format!(
                    "the `replace` line of the copy does not reach those who import {}: they need one of their own, or a release of {copied} with the change",
                    self.checkup.module
                ));
            }
        }
        advice.edits = edits;
        put(
            report,
            proof,
            &group.works.keys().copied().collect(),
            advice,
        );
    }

    /// What a group changes; none where that lies outside of the module.
    fn edits(&self, group: &Group<'_>) -> Option<Vec<Edit>> {
        let required = group.all().filter_map(|(_, work)| self.required(work));
        let mut edits: Vec<Edit> = required.collect();
        let mut forks: BTreeMap<&str, (String, &Work)> = BTreeMap::new();
        for (work, change) in self.changes(group) {
            let home = &work.module;
            let root = if home.own {
                self.checkup.session.root()
            } else {
                home.dir.as_path()
            };
            let path = work.dir.strip_prefix(root).ok()?.join(&change.name);
            let diff = advisors::diff::diff(
                path.as_str(),
                change.before.as_deref(),
                change.after.as_deref(),
            );
            if home.own {
                edits.push(Edit::File { path, diff });
            } else {
                forks
                    .entry(&home.path)
                    .or_insert((String::new(), work))
                    .0
                    .push_str(&diff);
            }
        }
        edits.extend(forks.into_iter().map(|(module, (diff, work))| Edit::Fork {
            module: module.to_owned(),
            copied: work.module.replaced_by.clone(),
            version: work.module.version.clone(),
            dir: fork_dir(module),
            diff,
        }));
        Some(edits)
    }

    /// Whether a package of the module is a program: it is built with the module's own go.mod.
    fn has_program(&self) -> bool {
        let mut packages = self.checkup.builds.iter().flat_map(|(_, l)| &l.packages);
        packages.any(|p| p.name == "main" && p.module.as_ref().is_some_and(|m| m.main))
    }

    /// The files that a group changes, as gofmt writes them.
    fn changes<'w>(&self, group: &Group<'w>) -> Vec<(&'w Work, Change)> {
        let works = group.all();
        let changes = works.flat_map(|(_, w)| w.mender.changes().into_iter().map(|c| (*w, c)));
        let mut changes: Vec<(&Work, Change)> = changes.collect();
        let written = changes.iter().filter_map(|(_, c)| {
            Some(Changed {
                before: c.before.clone(),
                after: c.after.clone()?,
            })
        });
        let formatted = self.checkup.session.formatted(written.collect());
        let written = changes.iter_mut().filter(|(_, c)| c.after.is_some());
        for ((_, change), text) in written.zip(formatted) {
            change.after = Some(text);
        }
        changes
    }
}

/// Add an advice that helps, and name it in the findings of the packages that it changes.
fn put(report: &mut Report, proof: &Proof, packages: &BTreeSet<&str>, mut advice: Advice) {
    let helped = proof.builds.iter();
    let helped = helped.filter_map(|(goos, built)| Some((*goos, built.helped_by(packages)?)));
    let helped: BTreeMap<Goos, Confirmed> = helped.collect();
    if helped.is_empty() {
        return;
    }
    let of = |f: &Finding| is_of(f, packages);
    let mut findings = report.findings.iter().filter(|f| of(f));
    let Some(first) = findings.next() else {
        return;
    };
    advice.finding.clone_from(&first.id);
    let targets: BTreeSet<Target> = report
        .findings
        .iter()
        .filter(|f| of(f))
        .flat_map(|f| f.targets.clone())
        .collect();
    advice.confirmed = targets
        .into_iter()
        .map(|t| (t, confirmed(t, &helped)))
        .collect();
    advice.patch = Edit::patch(&advice.edits);
    let good: BTreeSet<String> = report
        .advice
        .iter()
        .filter(|a| a.helps())
        .map(|a| a.id.clone())
        .collect();
    for finding in report.findings.iter_mut().filter(|f| of(f)) {
        let at = finding
            .advice
            .iter()
            .take_while(|id| good.contains(*id))
            .count();
        finding.advice.insert(at, advice.id.clone());
    }
    report.advice.push(advice);
}

/// Whether a finding keeps one of some packages from building.
fn is_of(finding: &Finding, packages: &BTreeSet<&str>) -> bool {
    let here =
        packages.contains(finding.package.as_str()) || packages.contains(finding.root.as_str());
    here && finding.effect == Effect::FailsToBuild
}

/// What ran under Node did not run in a browser.
fn confirmed(target: Target, helped: &BTreeMap<Goos, Confirmed>) -> Confirmed {
    match helped.get(&target.goos()) {
        Some(Confirmed::Run) if target != target.goos().representative() => Confirmed::Build,
        Some(outcome) => *outcome,
        None => Confirmed::CouldNot,
    }
}

fn title(path: &str, work: &Work, kind: EditKind) -> String {
    let names: Vec<String> = work.mender.declared();
    match kind {
        EditKind::Constraint => title_of_constraints(path, work),
        EditKind::Stub => format!(
            "declare {} of {path} for the targets that have no file with them",
            named(&names)
        ),
        EditKind::Split if names.is_empty() => format!(
            "give what {path} uses of the system names of its own, which stand for it on the targets that lack it"
        ),
        EditKind::Split => format!(
            "move {} of {path} into files for the other platforms, and declare stand-ins for the targets that lack what they use",
            named(&names)
        ),
    }
}

/// Files of a package that take in targets which they left out, by their constraints or their names.
fn title_of_constraints(path: &str, work: &Work) -> String {
    let renamed = work.mender.renamed();
    let changes = work.mender.changes().into_iter();
    let files: Vec<String> = changes
        .filter(|c| c.after.is_some() && !renamed.values().any(|name| *name == c.name))
        .map(|c| c.name)
        .collect();
    let renamed: Vec<String> = renamed
        .iter()
        .map(|(from, to)| format!("{from} to {to}"))
        .collect();
    let take_in = "take in the targets that it leaves out";
    match (files.is_empty(), renamed.is_empty()) {
        (true, false) => format!(
            "rename {} in {path}, and let the constraint {take_in}",
            named(&renamed)
        ),
        (false, false) => format!(
            "let the constraint of {} in {path} {take_in}, and rename {}",
            named(&files),
            named(&renamed)
        ),
        _ => format!(
            "let the constraint of {} in {path} {take_in}",
            named(&files)
        ),
    }
}

/// Packages of one directory that have no file for a target.
fn title_of_several(group: &Group<'_>) -> String {
    let names: Vec<String> = group.works.keys().map(|p| (*p).to_owned()).collect();
    format!(
        "declare what is used of {} for the targets that have no file of them",
        named(&names)
    )
}

/// Whether a package has no file for a target.
fn is_excluded(report: &Report, package: &str) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|f| f.rule == Rule::ExcludedPackage && f.root == package)
}

/// Some names, and how many more.
fn named(names: &[String]) -> String {
    let first = names
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What is to be said of changed files that a program has written (<https://go.dev/s/generatedcode>).
fn generated(work: &Work) -> Vec<String> {
    let is_generated = |text: &str| {
        let mut lines = text.lines();
        lines.any(|l| l.starts_with("// Code generated ") && l.ends_with(" DO NOT EDIT."))
    };
    let changes = work.mender.changes().into_iter();
    let generated = changes.filter(|c| c.before.as_deref().is_some_and(is_generated));
    generated
        .map(|c| {
            format!(
                "{} is generated: what generates it has to make the same change",
                c.name
            )
        })
        .collect()
}

/// What is to be said of functions that panic where nothing recovers that.
fn panic_alone(names: BTreeSet<String>) -> Option<String> {
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        format!(
            "start {} on other platforms alone: with `go`, nothing recovers the panic, which ends the program",
            named(&names)
        )
    })
}

/// What is lost with `main`.
const PROGRAM: &str =
    "the whole program: to keep the rest of it, move what fails out of main into a function";

/// What functions do instead of their work, in a sentence.
fn loses(lost: &BTreeSet<Lost>) -> Option<String> {
    let of = |does: Does, one: &str, more: &str| {
        let names: Vec<String> = lost
            .iter()
            .filter(|l| l.does == does)
            .map(|l| l.name.clone())
            .collect();
        let verb = if names.len() == 1 { one } else { more };
        (!names.is_empty()).then(|| format!("{} {verb}", named(&names)))
    };
    let parts = [
        of(
            Does::Error,
            "returns errors.ErrUnsupported",
            "return errors.ErrUnsupported",
        ),
        of(Does::Panics, "panics", "panic"),
        lost.iter()
            .any(|l| l.name == "main" && l.does == Does::Panics)
            .then(|| PROGRAM.to_owned()),
        of(Does::False, "is false", "are false"),
        of(
            Does::AsElsewhere,
            "does what it does on another platform that lacks the same",
            "do what they do on other platforms that lack the same",
        ),
        of(Does::Zero, "has no value", "have no value"),
        of(Does::Nothing, "is left out", "are left out"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
