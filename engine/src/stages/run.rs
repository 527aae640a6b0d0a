//! The run stage: every main once, without arguments, and the initialisation of every library.

use std::collections::BTreeMap;
use std::time::Duration;

use analyzer::{Runnable, Scan};
use camino::{Utf8Path, Utf8PathBuf};
use model::{End, HostKind, Incomplete, Observation, Report, RunBuild, RunKind, Target, WasmFile};
use toolchain::Linked;

use super::compile::LinkedMain;
use super::observation::observation;
use crate::checkup::Checkup;
use crate::events::{Event, Step};
use crate::hosts::{Hosts, Site};
use crate::incomplete::incomplete;
use crate::task::{Run, Sees, Task};
use model::Stage;

/// Longest run of one program, compilation included.
pub(crate) const EACH: Duration = Duration::from_secs(20);
/// Shortest time that a program gets, however little is left.
const LEAST: Duration = Duration::from_secs(1);

/// Run everything that was built; what is seen goes into the scan and the report.
pub(crate) fn run(
    checkup: Checkup<'_>,
    scan: &mut Scan<'_>,
    linked: &[LinkedMain],
    report: &mut Report,
) {
    let checkup = checkup.until(checkup.deadline.share(checkup.settings.run_share));
    report.incomplete.extend(not_run(&checkup, scan));
    for target in checkup.hosts.targets(checkup.settings) {
        let mut round = Round {
            checkup: &checkup,
            target,
            cut: 0,
            number: 0,
            seen: Vec::new(),
        };
        round.mains(linked, &report.wasm);
        round.inits(&scan.runnable(target.goos()));
        if round.cut > 0 {
            let why = checkup.ended_before_all("", round.cut, "package", " could be run");
            report
                .incomplete
                .push(incomplete(Stage::Run, Some(target), why));
        }
        round.seen.iter().for_each(|seen| scan.observed(seen));
        report.observations.append(&mut round.seen);
    }
}

/// Targets for which nothing is run, or not by the host that the user wants.
fn not_run(checkup: &Checkup<'_>, scan: &Scan<'_>) -> Vec<Incomplete> {
    let chosen = checkup.settings.targets.iter().copied();
    let wanted = chosen.filter(|t| !scan.runnable(t.goos()).is_empty());
    let said = wanted.flat_map(|target| {
        let reasons = why_not(checkup.hosts, target).into_iter();
        reasons.map(move |why| incomplete(Stage::Run, Some(target), why))
    });
    said.collect()
}

/// Why a target's host could not be used.
fn why_not(hosts: &Hosts, target: Target) -> Vec<String> {
    let runs = hosts.runs(Site::On(target));
    match (target.host(), &hosts.no_node, &hosts.no_chromium) {
        (HostKind::Node, why, _) => {
            let why = why.as_ref().map(|why| {
                format!("Node could not be used; the built-in sandbox ran the programs: {why}")
            });
            let script = (!runs).then(|| NO_SCRIPT.to_owned());
            why.into_iter().chain(script).collect()
        }
        (HostKind::Browser, _, Some(why)) => vec![format!("Chromium could not be used: {why}")],
        (HostKind::Browser, _, None) if !runs => vec![NO_BROWSER.to_owned()],
        _ => Vec::new(),
    }
}

const NO_BROWSER: &str = "no program was run in a browser, so no package has the verdict works there; if you trust the code, `--host chromium` runs it";
pub(crate) const NO_SCRIPT: &str =
    "programs for GOOS=js were not run, because the toolchain has no wasm_exec.js";

/// The runs on one target.
struct Round<'s, 'r> {
    checkup: &'s Checkup<'r>,
    target: Target,
    /// Packages that the budget left out.
    cut: usize,
    number: usize,
    seen: Vec<Observation>,
}

impl Round<'_, '_> {
    fn mains(&mut self, linked: &[LinkedMain], files: &[WasmFile]) {
        let goos = self.target.goos();
        let mains: Vec<&LinkedMain> = linked.iter().filter(|m| m.goos == goos).collect();
        for (number, main) in (1..).zip(&mains) {
            if self.checkup.is_over() {
                self.cut += 1;
                continue;
            }
            let of = mains.len();
            self.checkup.tell(Event::Running {
                package: &main.package,
                target: self.target,
                step: Step { number, of },
            });
            let seen = self.main(main, files);
            if self.checkup.is_interrupted() {
                self.cut += 1;
            } else {
                self.seen.push(seen);
            }
        }
    }

    fn main(&self, main: &LinkedMain, files: &[WasmFile]) -> Observation {
        let mut files = files.iter();
        let file = files.find(|f| {
            f.package.as_ref() == Some(&main.package) && f.targets.contains(&self.target)
        });
        let told = |seen| observation(self.target, &main.package, RunKind::Main, 1, seen);
        if let Some(why) = file.and_then(|f| f.invalid.as_ref()) {
            let mut seen = told(Err(format!("no engine accepts the module: {why}")));
            (seen.build, seen.end) = (RunBuild::Ok, Some(End::Crash));
            return seen;
        }
        let root = self.checkup.session.root().to_owned();
        let sees = Sees::Module {
            dir: root.clone(),
            root,
            needed: false,
        };
        told(self.start(&main.file, sees))
    }

    /// Packages with a finding each alone, all others of a directory at once.
    fn inits(&mut self, runnable: &[Runnable]) {
        let mut groups: BTreeMap<(bool, Utf8PathBuf, &str), Vec<String>> = BTreeMap::new();
        for package in runnable.iter().filter(|p| !p.main) {
            let alone = if package.suspect {
                package.package.as_str()
            } else {
                ""
            };
            let below = importer_dir(self.checkup.module, &package.package);
            let key = (package.suspect, below, alone);
            groups.entry(key).or_default().push(package.package.clone());
        }
        for ((_, below, _), packages) in groups {
            self.init(&below, &packages);
        }
    }

    fn init(&mut self, below: &Utf8Path, packages: &[String]) {
        if self.checkup.is_over() {
            self.cut += packages.len();
            return;
        }
        self.checkup.tell(Event::Initialising {
            packages,
            target: self.target,
        });
        self.number += 1;
        let session = self.checkup.session;
        let linked = session.link_inits(self.target.goos(), below, packages, self.number);
        let seen = match linked {
            Ok(Linked::Ok(file)) => self.start(&file, Sees::Root),
            Ok(Linked::Failed(output)) => Err(output),
            Err(e) => Err(e.to_string()),
        };
        if self.checkup.is_interrupted() {
            self.cut += packages.len();
            return;
        }
        let ended_well = seen.as_ref().is_ok_and(|run| run.end == End::Ok);
        if packages.len() > 1 && !ended_well {
            // One of them fails, or all are too much for one program: it is looked for in halves.
            let (first, second) = packages.split_at(packages.len() / 2);
            self.init(below, first);
            self.init(below, second);
            return;
        }
        for package in packages {
            let seen = seen.clone();
            self.seen.push(observation(
                self.target,
                package,
                RunKind::Init,
                packages.len(),
                seen,
            ));
        }
    }

    fn start(&self, wasm: &Utf8Path, sees: Sees) -> Result<Run, String> {
        let time = EACH.min(self.checkup.deadline.left()).max(LEAST);
        let task = Task {
            sees,
            ..Task::new(wasm, time)
        };
        let run = self.checkup.hosts.run(Site::On(self.target), &task)?;
        Ok(run.with_panics_as_crashes())
    }
}

/// The deepest directory from which a package may be imported, relative to its module.
pub(crate) fn importer_dir(module: &str, package: &str) -> Utf8PathBuf {
    let inside = package.strip_prefix(module).unwrap_or_default();
    let parts: Vec<&str> = inside.trim_start_matches('/').split('/').collect();
    let internal = parts.iter().rposition(|p| *p == "internal").unwrap_or(0);
    parts[..internal].iter().collect()
}
