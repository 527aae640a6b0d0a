//! One module from end to end: list, scan, compile, run, judge, advise.

use std::collections::BTreeSet;

use advisors::Catalogue;
use analyzer::{Scan, Why};
use model::{
    Builds as PackageBuilds, Effect, Finding, Goos, Incomplete, Level, Module, Report, Rule,
    SCHEMA, Target, TargetReport, Tool, Verdict,
};
use toolchain::{Go, Session};

use crate::builds::Builds;
use crate::checkup::Checkup;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::events::Events;
use crate::hosts::Hosts;
use crate::incomplete::incomplete;
use crate::modules::Chosen;
use crate::paths::{self, Paths};
use crate::settings::Settings;
use crate::stages;
use crate::stages::scan::ScanInput;
use model::Stage;

/// Part of the time that the module's tests may take where remedies are to be tried after them.
const TESTS: f64 = 0.6;

/// A module that was opened: what a [`Checkup`] borrows.
struct Opened<'o> {
    chosen: Chosen<'o>,
    settings: &'o Settings,
    events: &'o Events,
    session: Session,
    module: String,
    config: Config,
    builds: Builds,
    hosts: Hosts,
    paths: Paths,
}

impl<'o> Opened<'o> {
    /// Open a module, and list its packages.
    fn open(
        go: &Go,
        chosen: Chosen<'o>,
        config: Config,
        settings: &'o Settings,
        events: &'o Events,
    ) -> Result<(Self, Vec<Incomplete>), toolchain::Error> {
        let session = Session::open(go, chosen.root, &settings.tags)?;
        let path = session.module_path().ok().filter(|p| !p.is_empty());
        let paths = Paths::of(&session);
        let mut opened = Self {
            chosen,
            settings,
            events,
            module: path.unwrap_or_else(|| directory_name(chosen)),
            config,
            builds: Builds::default(),
            hosts: Hosts::find(&session, settings, paths.clone()),
            paths,
            session,
        };
        let (builds, incomplete) = stages::list::list(&opened.checkup());
        opened.builds = builds;
        Ok((opened, incomplete))
    }

    fn checkup(&self) -> Checkup<'_> {
        Checkup {
            module: &self.module,
            top: self.chosen.top,
            patterns: self.chosen.patterns,
            session: &self.session,
            settings: self.settings,
            config: &self.config,
            builds: &self.builds,
            hosts: &self.hosts,
            paths: &self.paths,
            deadline: Deadline::after(self.settings.budget),
            events: self.events.as_ref(),
        }
    }
}

/// Check a module; files are named relative to `chosen.top`. Never fails: what could not be done is
/// said in the report.
pub(crate) fn check(
    go: &Go,
    chosen: Chosen<'_>,
    config: Config,
    settings: &Settings,
    events: &Events,
) -> Report {
    let (opened, incomplete) = match Opened::open(go, chosen, config, settings, events) {
        Ok(opened) => opened,
        Err(e) => return empty_report(directory_name(chosen), settings, &e.to_string()),
    };
    let mut report = empty_report(opened.module.clone(), settings, "");
    report.incomplete = incomplete;
    report.module.version = chosen.version.map(str::to_owned);
    report.go.clone_from(&opened.session.env().goversion);
    let checkup = opened.checkup();
    let source = ScanInput::of(&checkup);
    fill(checkup, source.scan(&checkup), &mut report);
    if let Some(version) = chosen.version {
        // It lies in a scratch directory, which means nothing to readers.
        let name = format!("{}@{version}", report.module.path);
        report.observations = paths::published(report.observations, chosen.root, &name);
        report.wasm = paths::published(report.wasm, chosen.root, &name);
    }
    report
}

/// From a scan to a report, as deep as is asked for.
fn fill(checkup: Checkup<'_>, mut scan: Scan<'_>, report: &mut Report) {
    let settings = checkup.settings;
    let mut linked = Vec::new();
    if settings.level >= Level::Build {
        linked = stages::compile::compile(&checkup, &mut scan, report);
    }
    stages::inspect::inspect(&checkup, &mut scan, &linked, report);
    let checkup = checkup.until(Deadline::after(settings.budget));
    if settings.level >= Level::Run {
        stages::run::run(checkup, &mut scan, &linked, report);
        stages::scenarios::play(checkup, &mut scan, report);
    }
    let tags = scan.tags();
    judge(scan, checkup.config.catalogue(), report);
    if let Some(tests) = settings.tests.filter(|tests| !tests.only_mended) {
        // Remedies want time, too, where something fails.
        let is_last = !settings.remedies || report.findings.iter().all(|f| !is_mendable(f));
        let share = if is_last { 1.0 } else { TESTS };
        let checkup = checkup.until(checkup.deadline.share(share));
        stages::tests::run(checkup, tests, report);
    }
    if settings.remedies {
        stages::remedies::try_all(checkup, report, &tags);
    }
}

/// Remedies are tried for it.
fn is_mendable(finding: &Finding) -> bool {
    finding.effect == Effect::FailsToBuild || finding.rule == Rule::Crash
}

/// Put verdicts, findings and advice into the report.
fn judge(scan: Scan<'_>, catalogue: &Catalogue, report: &mut Report) {
    let mut judged = scan.judge();
    let packages = judged.targets.iter().flat_map(|t| &t.packages);
    let absent = packages.filter(|p| p.own && p.builds == PackageBuilds::Absent);
    let absent: BTreeSet<String> = absent.map(|p| p.package.clone()).collect();
    report.advice = catalogue.advise(&mut judged.findings, &absent);
    report.findings = judged.findings;
    report.incomplete.extend(judged.incomplete);
    for target in judged.targets {
        let mut slots = report.targets.iter_mut();
        if let Some(slot) = slots.find(|t| t.target == target.target) {
            *slot = target;
        }
    }
}

/// What leads to a package or a function of a module.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Path of the module.
    pub module: String,
    /// For each build of the targets.
    pub builds: Vec<(Goos, Option<Why>)>,
    /// What could not be found out.
    pub incomplete: Vec<Incomplete>,
}

/// What leads to a package or a function.
pub(crate) fn why(
    go: &Go,
    chosen: Chosen<'_>,
    what: &str,
    config: Config,
    settings: &Settings,
    events: &Events,
) -> Answer {
    let (opened, incomplete) = match Opened::open(go, chosen, config, settings, events) {
        Ok(opened) => opened,
        Err(e) => {
            return Answer {
                module: directory_name(chosen),
                builds: Vec::new(),
                incomplete: vec![incomplete(Stage::Load, None, e.to_string())],
            };
        }
    };
    let checkup = opened.checkup();
    let source = ScanInput::of(&checkup);
    let mut scan = source.scan(&checkup);
    let why = |(goos, _): (Goos, _)| (goos, scan.why(goos, what));
    let builds = checkup.builds.wasm().map(why).collect();
    Answer {
        module: checkup.module.to_owned(),
        builds,
        incomplete,
    }
}

/// What a module is called that cannot be opened.
fn directory_name(chosen: Chosen<'_>) -> String {
    chosen.root.file_name().unwrap_or("module").to_owned()
}

/// A report that says why there is nothing to say.
fn empty_report(path: String, settings: &Settings, why: &str) -> Report {
    let target = |target: &Target| TargetReport {
        target: *target,
        verdict: Verdict::Unknown,
        builds_percent: None,
        works_percent: None,
        packages: Vec::new(),
        roots: Vec::new(),
    };
    Report {
        schema: SCHEMA,
        tool: Tool {
            name: "wasmcheck".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        module: Module {
            path,
            version: None,
        },
        go: String::new(),
        level: settings.level,
        targets: settings.targets.iter().map(target).collect(),
        findings: Vec::new(),
        advice: Vec::new(),
        wasm: Vec::new(),
        observations: Vec::new(),
        incomplete: vec![incomplete(Stage::Load, None, why)],
    }
}
