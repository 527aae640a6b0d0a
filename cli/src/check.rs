//! `wasmcheck check`: from arguments to reports and an exit code.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{
    Effect, ExitStatus, Incomplete, Level, Module, Report, SCHEMA, Target, TargetReport, Tool,
    Verdict,
};
use toolchain::{Fetched, Go, Interrupt, Options, Session};

use crate::args::{CheckArgs, FailOn, HostArg, LevelArg, ModuleArgs};
use crate::config::Config;
use crate::module;
use crate::output;
use crate::place::{self, Patterns, Place};
use crate::progress::Progress;

/// Exit code of a run that was interrupted: 128 + SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;

/// Wall time of the run stage, and that with tests.
pub(crate) const USUAL: Duration = Duration::from_mins(2);
const LONG: Duration = Duration::from_mins(30);

/// What a run is to do, resolved from what was typed.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) level: Level,
    pub(crate) targets: Vec<Target>,
    pub(crate) tags: Vec<String>,
    /// Facts of dependencies are kept between runs.
    pub(crate) cached: bool,
    /// Where code may run outside of the sandbox.
    pub(crate) trusted: Trusted,
    /// How the module's tests are run; none when they are not.
    pub(crate) tests: Option<TestSettings>,
    /// Wall time of the run stage.
    pub(crate) budget: Duration,
    /// What the module's owners say of it.
    pub(crate) config: Config,
}

/// Where the user lets the code run with all that the user may do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trusted {
    pub(crate) node: bool,
    pub(crate) chromium: bool,
    /// On this machine itself; under Node then, too.
    pub(crate) native: bool,
}

/// How tests are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TestSettings {
    /// The user trusts the code, and lets its tests run outside of the sandbox, too.
    pub(crate) native: bool,
    /// Wall time of the tests of one package.
    pub(crate) timeout: Duration,
}

impl Settings {
    /// The same for a module, with what its `wasmcheck.toml` says.
    pub(crate) fn with_config(&self, root: &Utf8Path) -> Result<Self, Failure> {
        Ok(Self {
            config: Config::read(root)?,
            ..self.clone()
        })
    }
}

/// A failure that ends the run without a report.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: ExitStatus,
    message: String,
}

impl Failure {
    /// Something could not be judged at all.
    pub(crate) fn no_verdict(message: String) -> Self {
        Self {
            status: ExitStatus::NoVerdict,
            message,
        }
    }

    pub(crate) fn usage(message: String) -> Self {
        Self {
            status: ExitStatus::Usage,
            message,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<toolchain::Error> for Failure {
    fn from(e: toolchain::Error) -> Self {
        let status = if e.is_usage() {
            ExitStatus::Usage
        } else {
            ExitStatus::NoVerdict
        };
        Self {
            status,
            message: e.to_string(),
        }
    }
}

/// Run the check.
pub(crate) fn run(args: &CheckArgs, interrupt: &Interrupt) -> Result<ExitCode, Failure> {
    output::check_names(&args.output)?;
    let settings = settings(args);
    let progress = Arc::new(Progress::new(args.module.quiet));
    let go = go(&args.module, interrupt, &progress);
    let mut reports = Vec::new();
    each_module(&args.paths, &go, &progress, &mut |chosen| {
        let settings = settings.with_config(chosen.root)?;
        reports.push(module::check(&go, chosen, &settings, &progress));
        Ok(())
    })?;
    progress.finish();
    let report = report::merge_reports(reports);
    output::write(args, &report)?;
    if interrupt.is_raised() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::from(status(args, &report).code()))
}

fn settings(args: &CheckArgs) -> Settings {
    let level = match args.level {
        LevelArg::Scan => Level::Scan,
        LevelArg::Build => Level::Build,
        LevelArg::Run => Level::Run,
    };
    Settings {
        level,
        targets: args.module.only.chosen(),
        tags: args.module.tags.clone(),
        cached: !args.module.no_cache,
        trusted: Trusted {
            node: args.host.contains(&HostArg::Node),
            chromium: args.host.contains(&HostArg::Chromium),
            native: args.tests.native,
        },
        tests: args.tests.tests.then_some(TestSettings {
            native: args.tests.native,
            timeout: args.tests.test_timeout,
        }),
        budget: args
            .budget
            .unwrap_or(if args.tests.tests { LONG } else { USUAL }),
        config: Config::default(),
    }
}

/// How Go is asked.
pub(crate) fn go(args: &ModuleArgs, interrupt: &Interrupt, progress: &Arc<Progress>) -> Go {
    let told = Arc::clone(progress);
    Go::new(Options {
        program: args.go.clone(),
        offline: args.offline,
        interrupt: interrupt.clone(),
        on_fetch: Arc::new(move |what| told.fetched(what)),
    })
}

/// A module that was chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'c> {
    /// Where its go.mod lies.
    pub(crate) root: &'c Utf8Path,
    /// Files are named relative to this: the directory that holds all modules.
    pub(crate) top: &'c Utf8Path,
    /// The version, if it is a published one.
    pub(crate) version: Option<&'c str>,
    /// Which of its packages.
    pub(crate) patterns: &'c [String],
}

/// What is done with a module.
type With<'w> = &'w mut dyn FnMut(Chosen<'_>) -> Result<(), Failure>;

/// Do something with each module that was typed; nothing typed is the current directory.
pub(crate) fn each_module(
    paths: &[String],
    go: &Go,
    progress: &Progress,
    with: With<'_>,
) -> Result<(), Failure> {
    let here = [".".to_owned()];
    let typed = if paths.is_empty() { &here } else { paths };
    let places = typed
        .iter()
        .map(|arg| place::understand(arg))
        .collect::<Result<Vec<_>, _>>()?;
    let mut patterns = Patterns::new();
    for place in places {
        match place {
            Place::Module(spec) => published(&spec, go, progress, with)?,
            Place::Local { dir, recursive } => gather(go, &dir, recursive, &mut patterns)?,
        }
    }
    let top = patterns
        .keys()
        .cloned()
        .reduce(|a, b| common(&a, &b))
        .unwrap_or_default();
    for (root, patterns) in &patterns {
        with(Chosen {
            root,
            top: &top,
            version: None,
            patterns,
        })?;
    }
    Ok(())
}

/// The nearest directory that holds both.
fn common(a: &Utf8Path, b: &Utf8Path) -> Utf8PathBuf {
    a.ancestors()
        .find(|dir| b.starts_with(dir))
        .unwrap_or(a)
        .to_owned()
}

/// The modules that a directory stands for: its own, those nested in it, those of its workspace.
fn gather(
    go: &Go,
    dir: &Utf8Path,
    recursive: bool,
    patterns: &mut Patterns,
) -> Result<(), Failure> {
    let roots = match module_root(dir) {
        Some(root) => {
            let is_root = root == dir;
            patterns
                .entry(root.clone())
                .or_default()
                .push(place::pattern(&root, dir, recursive));
            if is_root || recursive {
                toolchain::find_modules(go, dir)
            } else {
                Vec::new()
            }
        }
        None if dir.join("go.work").is_file() => toolchain::workspace_modules(go, dir)?,
        None => toolchain::find_modules(go, dir),
    };
    if roots.is_empty() && patterns.is_empty() {
        return Err(toolchain::Error::NoModule {
            path: dir.to_owned(),
        }
        .into());
    }
    for root in roots {
        patterns.entry(root).or_default().push("./...".to_owned());
    }
    Ok(())
}

/// The directory of the go.mod that is in force.
fn module_root(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    dir.ancestors()
        .find(|d| d.join("go.mod").is_file())
        .map(Utf8Path::to_owned)
}

fn published(spec: &str, go: &Go, progress: &Progress, with: With<'_>) -> Result<(), Failure> {
    progress.phase(&format!("fetching {spec}"));
    let fetched: Fetched = toolchain::fetch(go, spec)?;
    for replace in &fetched.dropped {
        progress.remark(&format!(
            "wasmcheck: dropped `replace {replace}`: its directory is not part of {spec}"
        ));
    }
    let dir = fetched
        .dir
        .canonicalize_utf8()
        .map_err(toolchain::Error::io(&fetched.dir))?;
    with(Chosen {
        root: &dir,
        top: &dir,
        version: Some(&fetched.version),
        patterns: &["./...".to_owned()],
    })
}

/// A report that says why there is nothing to say.
pub(crate) fn empty_report(path: String, settings: &Settings, why: &str) -> Report {
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
        incomplete: vec![Incomplete {
            stage: model::Stage::Load,
            target: None,
            reason: why.to_owned(),
        }],
    }
}

/// Open a module, or say why that cannot be.
pub(crate) fn open(
    go: &Go,
    root: &Utf8Path,
    settings: &Settings,
) -> Result<Session, toolchain::Error> {
    Session::open(go, root, &settings.tags)
}

fn status(args: &CheckArgs, report: &Report) -> ExitStatus {
    let worst = match args.fail_on {
        FailOn::FailsToBuild => Some(Effect::LinksBroken),
        FailOn::FailsAtRunTime => Some(Effect::FailsAtRunTime),
        FailOn::SilentlyDifferent => Some(Effect::SilentlyDifferent),
        FailOn::Never => None,
    };
    let threshold = worst.and_then(Effect::verdict);
    // A module of which nothing is left does not build, whatever `go build` says of it.
    let hit = |t: &TargetReport| {
        threshold.is_some_and(|v| t.verdict <= v || t.verdict == Verdict::Absent)
    };
    // Tests that were asked for count as the packages do; those without a verdict do not.
    let tests = |t: &TargetReport| {
        let failed = [
            Verdict::FailsToBuild,
            Verdict::FailsAtRunTime,
            Verdict::SilentlyDifferent,
        ];
        let own = t.packages.iter().filter(|p| p.own).map(|p| p.tests);
        let mut counted = own.filter(|v| failed.contains(v));
        counted.any(|tests| threshold.is_some_and(|v| tests <= v))
    };
    let unknown = |t: &TargetReport| t.verdict == Verdict::Unknown;
    let partly = |t: &TargetReport| {
        t.packages
            .iter()
            .any(|p| p.own && p.verdict == Verdict::Unknown)
    };
    if report.targets.iter().any(|t| hit(t) || tests(t)) {
        ExitStatus::Findings
    } else if report.targets.iter().any(unknown)
        || (args.strict && report.targets.iter().any(partly))
    {
        ExitStatus::NoVerdict
    } else {
        ExitStatus::Clean
    }
}
