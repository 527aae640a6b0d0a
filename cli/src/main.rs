//! `wasmcheck`: the command line.

mod args;
mod cache;
mod check;
mod compare;
mod exec;
mod explain;
mod files;
mod fix;
mod inspect;
mod output;
mod progress;
#[cfg(target_os = "linux")]
mod reap;
mod render;
mod typed;
mod why;

use std::process::ExitCode;

use engine::Interrupt;

use crate::args::Job;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(code) = reap::asked() {
        return code;
    }
    let job = match typed::parse() {
        Ok(args) => args.job(),
        Err(code) => return code,
    };
    let interrupt = Interrupt::default();
    if job.is_long() {
        listen(&interrupt);
    }
    let done = match &job {
        Job::Check(args) => check::run(args, &interrupt),
        Job::Inspect(args) => inspect::run(args),
        Job::Render(args) => render::run(args),
        Job::Compare(args) => compare::run(args),
        Job::Fix(args) => fix::run(args, &interrupt),
        Job::Why(args) => why::run(args, &interrupt),
        Job::Explain(args) => explain::explain(args),
        Job::Rules => explain::rules(),
        Job::Std(args) => explain::std(args),
        Job::Cache(args) => cache::run(args),
        Job::Exec(args) => return exec::run(args, &interrupt),
        Job::Worker => return exec::work(&interrupt),
        Job::Watchdog => {
            engine::watchdog();
            return ExitCode::SUCCESS;
        }
    };
    match done {
        Ok(code) => code,
        Err(e) => output::fail(&e),
    }
}

/// Let Ctrl-C, SIGTERM and SIGHUP ask for an end, so that what was found is still reported and nothing is
/// left behind. Other commands have nothing to clean up: the system ends them.
fn listen(interrupt: &Interrupt) {
    let raise = interrupt.clone();
    // A second handler is impossible here, and without one the signal still ends the process.
    let _ = ctrlc::set_handler(move || raise.raise());
}
