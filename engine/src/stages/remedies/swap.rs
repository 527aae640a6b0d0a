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
use toolchain::{Error, Patch};

use super::mending::confirmed_edits;
use super::{first_lines, helps};
use crate::checkup::Checkup;
use crate::events::Event;
use crate::incomplete::{incomplete, out_of_time};

/// Longest try of one swap: another module is compiled whole, for every build.
const EACH: Duration = Duration::from_mins(3);
/// Most places that stand in the way which a reason names.
const NAMED: usize = 4;

/// Texts of files of the module after swaps that help, by absolute path.
pub(super) type Texts = BTreeMap<Utf8PathBuf, String>;

/// What came of a swap on a build: how far it was confirmed, or why not.
type Outcome = Result<Confirmed, String>;

/// Try the swaps among the advice, one after the other, each with those before it that help.
pub(super) fn carry_out(checkup: &Checkup<'_>, report: &mut Report) -> Result<Texts, Error> {
    let trials = checkup.config.catalogue().swaps(report);
    let mut swapped = Texts::new();
    if trials.is_empty() {
        return Ok(swapped);
    }
    let sources = sources::read(checkup.session.root());
    let mut cut = 0;
    for trial in &trials {
        if checkup.is_over() {
            cut += 1;
            continue;
        }
        let edits = confirmed_edits(checkup, report);
        let mut texts = sources.clone();
        texts.extend(swapped.clone());
        let work = Work {
            checkup,
            trial,
            swaps: trial.rewriting.rewrites.iter().map(swap_of).collect(),
            texts: &texts,
            swapped: &swapped,
        };
        let (files, outcomes) = work.attempt(edits, report)?;
        let Some(advice) = report.advice.iter_mut().find(|a| a.id == trial.advice) else {
            continue;
        };
        work.put(advice, &files, outcomes);
        if helps(advice) {
            swapped.extend(files);
        }
    }
    if cut > 0 {
        let budget = checkup.settings.budget;
        let why = out_of_time(
            budget,
            "changes of source for ",
            cut,
            "swap",
            " could be tried",
        );
        report.incomplete.push(incomplete(Stage::Advise, None, why));
    }
    Ok(swapped)
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
            builds.map(|goos| (goos, Err(why.to_owned()))).collect()
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
            let outcome = proof.on(goos).unwrap_or_else(|e| Err(said(&e)));
            outcomes.insert(goos, outcome);
        }
        if outcomes.values().any(Result::is_ok)
            && let Err(why) = proof.natively().unwrap_or_else(|e| Err(said(&e)))
        {
            outcomes = of_all(&why);
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
            return Ok(files);
        }
        let more = places.len().saturating_sub(NAMED);
        places.truncate(NAMED);
        if more > 0 {
            places.push(format!("and {more} more"));
        }
        Err(places.join("; "))
    }

    fn below_root<'p>(&self, path: &'p Utf8Path) -> &'p Utf8Path {
        path.strip_prefix(self.checkup.session.root())
            .unwrap_or(path)
    }

    /// Put what came of it into the advice that says it in words.
    fn put(&self, advice: &mut Advice, files: &Texts, outcomes: BTreeMap<Goos, Outcome>) {
        let mut attempts: Vec<Attempt> = Vec::new();
        for (goos, outcome) in outcomes {
            let targets = self.trial.targets.iter().filter(|t| t.goos() == goos);
            let targets: Vec<Target> = targets.copied().collect();
            let (outcome, why) = match outcome {
                Ok(confirmed) => (confirmed, None),
                Err(why) => (Confirmed::CouldNot, Some(self.shown(&why))),
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
                    what: self.name(),
                    outcome,
                    targets,
                    why,
                }),
            }
        }
        attempts.iter_mut().for_each(|a| a.targets.sort());
        advice.tried = attempts;
        if !helps(advice) {
            return;
        }
        let diffs = files.iter().map(|(path, text)| {
            let before = self.texts.get(path).map(String::as_str);
            let path = self.below_root(path).to_owned();
            let diff = advisors::diff::diff(path.as_str(), before, Some(text));
            Edit::File { path, diff }
        });
        let diffs: Vec<Edit> = diffs.collect();
        // The commands alone would do half of it.
        advice.patch = Edit::patch(&diffs);
        advice.edits = self.edits().into_iter().chain(diffs).collect();
    }

    /// A reason without directories of this machine.
    fn shown(&self, why: &str) -> String {
        let paths = self.checkup.paths;
        paths.without_cache(&paths.in_module(why))
    }
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
