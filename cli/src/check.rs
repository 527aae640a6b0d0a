//! `wasmcheck check`: from arguments to reports and an exit code.

use std::process::ExitCode;
use std::sync::Arc;

use engine::{
    BUDGET_WITH_TESTS, DEFAULT_BUDGET, Events, Failure, Interrupt, Request, Settings, TestSettings,
    Trusted, WorkerProgram,
};
use model::{Effect, Level};

use crate::args::{CheckArgs, FailOn, HostArg, LevelArg, ModuleArgs};
use crate::output;
use crate::progress::Progress;

/// Exit code of a run that was interrupted: 128 + SIGINT, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Run the check.
pub(crate) fn run(args: &CheckArgs, interrupt: &Interrupt) -> Result<ExitCode, Failure> {
    output::check_names(&args.output)?;
    let progress = Arc::new(Progress::new(args.module.quiet));
    let events: Events = progress.clone();
    let request = request(&args.module, &args.paths);
    let reports = engine::check(&request, &settings(args), &events, interrupt)?;
    progress.finish();
    let report = report::merge_reports(reports);
    output::write(args, &report)?;
    if interrupt.is_raised() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let status = engine::exit_status(&report, threshold(args.fail_on), args.strict);
    Ok(ExitCode::from(status.code()))
}

/// Which modules, and how Go is asked about them.
pub(crate) fn request(args: &ModuleArgs, paths: &[String]) -> Request {
    Request {
        paths: paths.to_vec(),
        go: args.go.clone(),
        offline: args.offline,
    }
}

fn settings(args: &CheckArgs) -> Settings {
    let level = match args.level {
        LevelArg::Scan => Level::Scan,
        LevelArg::Build => Level::Build,
        LevelArg::Run => Level::Run,
    };
    let default_budget = if args.tests.tests {
        BUDGET_WITH_TESTS
    } else {
        DEFAULT_BUDGET
    };
    Settings {
        remedies: level >= Level::Run,
        trusted: Trusted {
            node: args.host.contains(&HostArg::Node),
            chromium: args.host.contains(&HostArg::Chromium),
            native: args.tests.native,
        },
        tests: args.tests.tests.then_some(TestSettings {
            native: args.tests.native,
            timeout: args.tests.test_timeout,
            only_mended: false,
        }),
        budget: args.budget.unwrap_or(default_budget),
        ..settings_of(&args.module, level)
    }
}

/// Settings for modules where nothing is run outside of the sandbox, and nothing is tried.
pub(crate) fn settings_of(args: &ModuleArgs, level: Level) -> Settings {
    Settings {
        level,
        remedies: false,
        targets: args.only.chosen(),
        tags: args.tags.clone(),
        cached: !args.no_cache,
        trusted: Trusted::default(),
        tests: None,
        budget: DEFAULT_BUDGET,
        run_share: 0.6,
        worker: WorkerProgram::Own,
    }
}

/// The least effect that ends with exit code 1.
fn threshold(fail_on: FailOn) -> Option<Effect> {
    match fail_on {
        FailOn::FailsToBuild => Some(Effect::LinksBroken),
        FailOn::FailsAtRunTime => Some(Effect::FailsAtRunTime),
        FailOn::SilentlyDifferent => Some(Effect::SilentlyDifferent),
        FailOn::Never => None,
    }
}
