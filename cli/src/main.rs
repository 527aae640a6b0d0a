//! `wasmcheck`: the command line.

mod args;
mod cache;
mod check;
mod compare;
mod exec;
mod explain;
mod files;
mod inspect;
mod output;
mod progress;
mod render;
mod why;

use std::process::ExitCode;

use clap::Parser;
use engine::Interrupt;

use crate::args::{Args, Job};

fn main() -> ExitCode {
    let job = Args::parse().job();
    let interrupt = Interrupt::default();
    let raise = interrupt.clone();
    // A second handler is impossible here, and without one Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(move || raise.raise());
    let done = match &job {
        Job::Check(args) => check::run(args, &interrupt),
        Job::Inspect(args) => inspect::run(args),
        Job::Render(args) => render::run(args),
        Job::Compare(args) => compare::run(args),
        Job::Why(args) => why::run(args, &interrupt),
        Job::Explain(args) => explain::explain(args),
        Job::Rules => explain::rules(),
        Job::Std(args) => explain::std(args),
        Job::Cache(args) => cache::run(args),
        Job::Exec(args) => return exec::run(args, &interrupt),
        Job::Worker => return exec::work(&interrupt),
    };
    match done {
        Ok(code) => code,
        Err(e) => {
            output::error(&e);
            ExitCode::from(e.status.code())
        }
    }
}
