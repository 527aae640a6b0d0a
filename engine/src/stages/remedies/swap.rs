//! Swaps whose changes of source the catalogue knows: the files of the module are rewritten, all or none, laid over
//! it, and what they mend is compiled, linked and initialised before it is advice.

mod proof;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use advisors::file::{Argument, Rewrite};
use advisors::{Rewriting, SwapTrial};
use analyzer::{ArgumentSwap, Hindrance, Obstacle, Swap, Swapped as File};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Advice, Attempt, Confirmed, Edit, Goos, Report, Stage, Target};
use toolchain::{Changed, Error, Patch};

use super::first_lines;
use super::mending::confirmed_edits;
use crate::checkup::Checkup;
use crate::events::Event;
use crate::incomplete::incomplete;

/// Longest try of one swap: another module is compiled whole, for every build.
const EACH: Duration = Duration::from_mins(3);
/// Most places that stand in the way which a reason names.
const NAMED: usize = 4;

/// Texts of files of the module after swaps that help, by absolute path.
pub(super) type Texts = BTreeMap<Utf8PathBuf, String>;

/// What came of a swap on a build.
#[derive(Clone, Debug)]
enum Outcome {
    /// How far it was confirmed.
    Good(Confirmed),
    /// What it is for builds natively, and fails on the target for other reasons, which edits of the source may mend.
    Waits(String),
    /// Why it does not help.
    Bad(String),
}

/// The module with swaps.
#[derive(Default)]
pub(super) struct Carried {
    /// Texts of files after them, by absolute path.
    pub(super) texts: Texts,
    waiting: Vec<Waiting>,
}

/// A swap that only further edits can confirm.
struct Waiting {
    /// Id of its advice.
    advice: String,
    name: String,
    targets: BTreeSet<Target>,
    edits: Vec<Edit>,
    /// Import paths in the place of the old one.
    imports: BTreeSet<String>,
}

impl Carried {
    /// The edits of go.mod, and the tags, of the swaps that wait.
    pub(super) fn edits(&self) -> impl Iterator<Item = &Edit> {
        let edits = self.waiting.iter().flat_map(|w| &w.edits);
        edits.filter(|e| !matches!(e, Edit::File { .. }))
    }

    /// Put the swaps that waited into the report. `helped` says how far own packages came that need one of some
    /// packages, and did not build before. False where one was in vain.
    pub(super) fn confirm(
        &self,
        report: &mut Report,
        helped: &dyn Fn(Goos, &BTreeSet<&str>) -> Option<Confirmed>,
    ) -> bool {
        self.waiting.iter().all(|waiting| {
            let imports = waiting.imports.iter().map(String::as_str).collect();
            let builds: BTreeSet<Goos> = waiting.targets.iter().map(|t| t.goos()).collect();
            let outcomes = builds.into_iter().map(|goos| {
                let outcome = helped(goos, &imports).map_or_else(
                    || Outcome::Bad("what needs it does not build with it".to_owned()),
                    Outcome::Good,
                );
                (goos, outcome)
            });
            let outcomes: BTreeMap<Goos, Outcome> = outcomes.collect();
            let mut advice = report.advice.iter_mut();
            let Some(advice) = advice.find(|a| a.id == waiting.advice) else {
                return false;
            };
            put(advice, &waiting.name, &waiting.targets, outcomes);
            if advice.helps() {
                put_edits(advice, waiting.edits.clone());
            }
            advice.helps()
        })
    }
}

/// Try the swaps among the advice, one after the other, each with those before it that help; `patiently`, also with
/// those that further edits may confirm.
pub(super) fn carry_out(
    checkup: &Checkup<'_>,
    report: &mut Report,
    patiently: bool,
) -> Result<Carried, Error> {
    let trials = checkup.config.catalogue().swaps(report);
    let mut carried = Carried::default();
    if trials.is_empty() {
        return Ok(carried);
    }
    let sources = sources::read(checkup.session.root());
    let mut cut = 0;
    for (number, trial) in trials.iter().enumerate() {
        if checkup.is_over() {
            cut += 1;
            continue;
        }
        let mut before = trials[..number].iter();
        if let Some(same) = before.find(|t| t.rewriting == trial.rewriting) {
            as_before(report, &same.advice, &trial.advice);
            continue;
        }
        let mut edits = confirmed_edits(checkup, report);
        edits.extend(carried.edits().cloned());
        let mut texts = sources.clone();
        texts.extend(carried.texts.clone());
        let work = Work {
            checkup,
            trial,
            swaps: trial.rewriting.rewrites.iter().map(swap_of).collect(),
            texts: &texts,
            swapped: &carried.texts,
        };
        let (files, outcomes) = work.attempt(edits, report)?;
        let has = |wanted: fn(&Outcome) -> bool| outcomes.values().any(wanted);
        let good = has(|o| matches!(o, Outcome::Good(_)));
        let waits = patiently && has(|o| matches!(o, Outcome::Waits(_)));
        if let Some(advice) = report.advice.iter_mut().find(|a| a.id == trial.advice) {
            put(advice, &work.name(), &trial.targets, work.shown(outcomes));
            if good {
                put_edits(advice, work.all_edits(&files));
            }
        }
        if !good && waits {
            carried.waiting.push(work.waiting(&files));
        }
        if good || waits {
            carried.texts.extend(files);
        }
    }
    if cut > 0 {
        let why =
            checkup.ended_before_all("changes of source for ", cut, "swap", " could be tried");
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
    Ok(carried)
}

/// The same changes of source were tried for other findings: what came of them holds here, too, and the edits
/// stay where they are.
fn as_before(report: &mut Report, tried: &str, advice: &str) {
    let Some(tried) = report.advice.iter().find(|a| a.id == tried).cloned() else {
        return;
    };
    if let Some(advice) = report.advice.iter_mut().find(|a| a.id == advice) {
        for (target, confirmed) in &mut advice.confirmed {
            *confirmed = tried.confirmed.get(target).copied().unwrap_or(*confirmed);
        }
        advice.tried = tried.tried;
    }
}

/// The work on one swap.
struct Work<'w> {
    checkup: &'w Checkup<'w>,
    trial: &'w SwapTrial,
    swaps: Vec<Swap>,
    /// The files of the module, with what was swapped before.
    texts: &'w Texts,
    /// Those that were swapped before.
    swapped: &'w Texts,
}

impl Work<'_> {
    /// The builds that it is for.
    fn builds(&self) -> BTreeSet<Goos> {
        self.trial.targets.iter().map(|t| t.goos()).collect()
    }

    /// The edits of go.mod, and the tags.
    fn edits(&self) -> Vec<Edit> {
        let Rewriting { require, tags, .. } = &self.trial.rewriting;
        let require = require.iter().map(|(module, version)| Edit::Require {
            module: module.clone(),
            version: version.clone(),
        });
        let builds = self.builds();
        let tags = tags.iter().filter(|(goos, _)| builds.contains(*goos));
        let tags: BTreeSet<&String> = tags.flat_map(|(_, tags)| tags).collect();
        let tags = tags.into_iter().map(|tag| Edit::Tag { tag: tag.clone() });
        require.chain(tags).collect()
    }

    /// What it is called in a report.
    fn name(&self) -> String {
        let Rewriting {
            require, rewrites, ..
        } = &self.trial.rewriting;
        match require {
            Some((module, version)) => format!("{module}@{version}"),
            None => rewrites
                .iter()
                .filter_map(|r| r.imports.first())
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// Rewrite the files, and see what that mends.
    fn attempt(
        &self,
        confirmed: Vec<Edit>,
        report: &Report,
    ) -> Result<(Texts, BTreeMap<Goos, Outcome>), Error> {
        let of_all = |why: &str| -> BTreeMap<Goos, Outcome> {
            let builds = self.builds().into_iter();
            builds
                .map(|goos| (goos, Outcome::Bad(why.to_owned())))
                .collect()
        };
        let files = match self.rewrite() {
            Ok(files) => files,
            Err(why) => return Ok((Texts::new(), of_all(&why))),
        };
        let mut edits = confirmed;
        edits.extend(self.edits());
        let laid = self.swapped.iter().chain(&files);
        let patch = Patch {
            edits,
            files: laid
                .map(|(path, text)| (path.clone(), Some(text.clone())))
                .collect(),
            forks: BTreeMap::new(),
        };
        let go = super::go_within(self.checkup, EACH);
        let session = match self.checkup.session.patched(&go, &patch) {
            Ok(session) => session,
            Err(e @ Error::Go { .. }) => return Ok((Texts::new(), of_all(&e.to_string()))),
            Err(e) => return Err(e),
        };
        let proof = proof::Proof::new(self, &session, &files, report);
        let mut outcomes = BTreeMap::new();
        for goos in self.builds() {
            let what = self.name();
            self.checkup.tell(Event::Trying {
                remedy: &what,
                goos,
            });
            let outcome = proof.on(goos);
            outcomes.insert(goos, outcome.unwrap_or_else(|e| Outcome::Bad(said(&e))));
        }
        let is_bad = |o: &Outcome| matches!(o, Outcome::Bad(_));
        if !outcomes.values().all(is_bad) {
            match proof.natively().unwrap_or_else(|e| Err(said(&e))) {
                Ok(true) => {}
                // Nothing shows that it fits.
                Ok(false) => outcomes.values_mut().for_each(Outcome::give_up),
                Err(why) => outcomes = of_all(&why),
            }
        }
        for (number, path) in patch.files.keys().enumerate() {
            let laid = format!("/patched/{number}/{}", path.file_name().unwrap_or_default());
            for outcome in outcomes.values_mut() {
                outcome.name(&laid, self.below_root(path));
            }
        }
        Ok((files, outcomes))
    }

    /// The new texts of the files that change; or what stands in the way.
    fn rewrite(&self) -> Result<Texts, String> {
        let mut files = Texts::new();
        let mut places = Vec::new();
        for (path, text) in self.texts {
            match analyzer::swap(text, &self.swaps) {
                File::Same => {}
                File::Changed(text) => {
                    files.insert(path.clone(), text);
                }
                File::Refused(hindrances) => {
                    let named = self.below_root(path);
                    places.extend(hindrances.iter().map(|h| place(named, h)));
                }
            }
        }
        if places.is_empty() && files.is_empty() {
            let packages: Vec<&str> = self.swaps.iter().map(|s| s.package.as_str()).collect();
            return Err(format!(
                "no file of the module imports {} itself",
                packages.join(" or ")
            ));
        }
        if places.is_empty() {
            return Ok(self.formatted(files));
        }
        let more = places.len().saturating_sub(NAMED);
        places.truncate(NAMED);
        if more > 0 {
            places.push(format!("and {more} more"));
        }
        Err(places.join("; "))
    }

    /// Rewritten files as gofmt writes them.
    fn formatted(&self, files: Texts) -> Texts {
        let changes = files.iter().map(|(path, text)| Changed {
            before: self.texts.get(path).cloned(),
            after: text.clone(),
        });
        let formatted = self.checkup.session.formatted(changes.collect());
        files.into_keys().zip(formatted).collect()
    }

    fn below_root<'p>(&self, path: &'p Utf8Path) -> &'p Utf8Path {
        path.strip_prefix(self.checkup.session.root())
            .unwrap_or(path)
    }

    fn waiting(&self, files: &Texts) -> Waiting {
        Waiting {
            advice: self.trial.advice.clone(),
            name: self.name(),
            targets: self.trial.targets.clone(),
            edits: self.all_edits(files),
            imports: self.swaps.iter().flat_map(|s| s.imports.clone()).collect(),
        }
    }

    /// The edits, those of files included.
    fn all_edits(&self, files: &Texts) -> Vec<Edit> {
        let diffs = files.iter().map(|(path, text)| {
            let before = self.texts.get(path).map(String::as_str);
            let path = self.below_root(path).to_owned();
            let diff = advisors::diff::diff(path.as_str(), before, Some(text));
            Edit::File { path, diff }
        });
        self.edits().into_iter().chain(diffs).collect()
    }

    /// Reasons without directories of this machine.
    fn shown(&self, mut outcomes: BTreeMap<Goos, Outcome>) -> BTreeMap<Goos, Outcome> {
        let paths = self.checkup.paths;
        for outcome in outcomes.values_mut() {
            if let Outcome::Waits(why) | Outcome::Bad(why) = outcome {
                *why = paths.without_cache(&paths.in_module(why));
            }
        }
        outcomes
    }
}

impl Outcome {
    /// Name a file as it is called in the module, which was laid over it from a path with this end.
    fn name(&mut self, laid: &str, path: &Utf8Path) {
        let (Self::Waits(why) | Self::Bad(why)) = self else {
            return;
        };
        while let Some(at) = why.find(laid) {
            let start = why[..at].rfind(char::is_whitespace).map_or(0, |i| i + 1);
            why.replace_range(start..at + laid.len(), path.as_str());
        }
    }

    /// What waits is not waited for.
    fn give_up(&mut self) {
        if let Self::Waits(why) = self {
            *self = Self::Bad(std::mem::take(why));
        }
    }
}

/// Put what came of a swap into the advice that says it in words.
fn put(advice: &mut Advice, name: &str, all: &BTreeSet<Target>, outcomes: BTreeMap<Goos, Outcome>) {
    let mut attempts: Vec<Attempt> = Vec::new();
    for (goos, outcome) in outcomes {
        let targets: Vec<Target> = all.iter().filter(|t| t.goos() == goos).copied().collect();
        let (outcome, why) = match outcome {
            Outcome::Good(confirmed) => (confirmed, None),
            Outcome::Waits(why) | Outcome::Bad(why) => (Confirmed::CouldNot, Some(why)),
        };
        for target in &targets {
            // What ran under Node did not run in a browser.
            let there = *target == goos.representative();
            let confirmed = match outcome {
                Confirmed::Run if !there => Confirmed::Build,
                outcome => outcome,
            };
            advice.confirmed.insert(*target, confirmed);
        }
        let same = |a: &&mut Attempt| a.outcome == outcome && a.why == why;
        match attempts.iter_mut().find(same) {
            Some(attempt) => attempt.targets.extend(targets),
            None => attempts.push(Attempt {
                what: name.to_owned(),
                outcome,
                targets,
                why,
            }),
        }
    }
    attempts.iter_mut().for_each(|a| a.targets.sort());
    advice.tried = attempts;
}

/// Set the edits of an advice.
fn put_edits(advice: &mut Advice, edits: Vec<Edit>) {
    let files: Vec<Edit> = edits
        .iter()
        .filter(|e| matches!(e, Edit::File { .. }))
        .cloned()
        .collect();
    // The commands alone would do half of it.
    advice.patch = Edit::patch(&files);
    advice.edits = edits;
}

/// Why Go failed as a whole.
fn said(error: &Error) -> String {
    match error {
        Error::TookTooLong { .. } => "it took too long".to_owned(),
        other => first_lines(&other.to_string()),
    }
}

/// What stands in the way, with its place.
fn place(file: &Utf8Path, hindrance: &Hindrance) -> String {
    let what = match &hindrance.obstacle {
        Obstacle::Syntax => "cannot be read".to_owned(),
        Obstacle::DotImport(package) => format!("has a dot import of {package}"),
        Obstacle::Name(name) => format!("uses {name}, which has no known counterpart"),
        Obstacle::Value(function) => {
            format!("uses {function} as a value, so that its arguments are not known")
        }
        Obstacle::NotLiteral(function) => {
            format!("gives {function} an argument that is no literal")
        }
        Obstacle::Text(function, text) => {
            format!("gives {function} `{text}`, which the new package does not know")
        }
    };
    format!("{file}:{} {what}", hindrance.line)
}

/// What the catalogue says, for the reader of Go.
fn swap_of(rewrite: &Rewrite) -> Swap {
    let kept = rewrite.names.iter().map(|name| (name, name));
    let names = kept.chain(&rewrite.renamed);
    Swap {
        package: rewrite.package.clone(),
        name: rewrite.name.clone(),
        imports: rewrite.imports.clone(),
        new_name: rewrite.new_name.clone(),
        names: names.map(|(a, b)| (a.clone(), b.clone())).collect(),
        arguments: rewrite.arguments.iter().map(argument_of).collect(),
    }
}

fn argument_of(argument: &Argument) -> analyzer::Argument {
    let does = match (&argument.from, &argument.to) {
        (Some(from), Some(to)) => ArgumentSwap::Replace(from.clone(), to.clone()),
        _ => ArgumentSwap::Refuse(argument.refuse.clone()),
    };
    analyzer::Argument {
        functions: argument.of.clone(),
        at: argument.at,
        does,
    }
}
