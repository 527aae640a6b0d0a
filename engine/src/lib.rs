//! The engine of wasmcheck: from modules to reports, and from wasm files to what is in them.
//!
//! [`check`] takes a [`Request`] (which modules) and [`Settings`] (how deep, what may run where), tells
//! a [`Listener`] what it does, and gives one report for each module. It is the only crate that knows
//! the analyzer, the Go command and the sandbox at once; it knows no command line, no terminal and no
//! format of a report.
//!
//! Guests run in processes of their own: the program that uses this crate is started again with the
//! argument `worker`, calls [`worker()`], and gets a [`Task`] as JSON on standard input. With the argument
//! `watchdog` it calls [`watchdog()`], which ends what a run that was killed has left.

mod argument;
mod builds;
pub mod cache;
mod check;
mod checkup;
mod compare;
mod config;
mod deadline;
mod events;
mod exec;
mod failure;
mod files;
mod fix;
pub mod fuzzing;
mod hosts;
mod incomplete;
mod inspect;
mod modules;
mod paths;
mod prepared;
mod quoting;
mod settings;
mod stages;
mod status;
mod task;
mod world;

use std::sync::Arc;

use model::Report;
pub use toolchain::Interrupt;
use toolchain::{Go, Options};

pub use crate::check::Answer;
use crate::config::Config;
pub use crate::events::{Event, Events, Listener, Step};
pub use crate::exec::{Exec, Exit, JsHost, MaxSizes, Profile, SUPERVISED, exec, worker};
pub use crate::failure::Failure;
pub use crate::files::{read_stored, write, write_new};
pub use crate::fix::{Apply, Built, Choice, Fixed, fix, upstream};
pub use crate::inspect::inspect;
pub use crate::settings::{
    BUDGET_WITH_TESTS, DEFAULT_BUDGET, Request, Settings, TestSettings, Trusted, WorkerProgram,
};
pub use crate::status::exit_status;
pub use crate::task::{Compiler, Dir, Input, Printed, Run, Sees, Task, TaskKind};

/// Check the modules of a request; one report for each.
pub fn check(
    request: &Request,
    settings: &Settings,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<Vec<Report>, Failure> {
    hosts::start_watchdog(&settings.worker);
    let go = go(request, events, interrupt);
    let mut reports = Vec::new();
    modules::each_module(&request.paths, &go, events, &mut |chosen| {
        if let Some(file) = toolchain::lookup::refused(&request.go, chosen.root) {
            let file = file.display().to_string();
            events.hear(Event::ProgramRefused { file: &file });
        }
        let config = Config::read(chosen.root)?;
        reports.push(check::check(&go, chosen, config, settings, events));
        Ok(())
    })?;
    Ok(reports)
}

/// What leads to a package or a function, `what`, of the modules of a request. Only the source is read.
pub fn why(
    request: &Request,
    what: &str,
    settings: &Settings,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<Vec<Answer>, Failure> {
    hosts::start_watchdog(&settings.worker);
    let go = go(request, events, interrupt);
    let mut answers = Vec::new();
    modules::each_module(&request.paths, &go, events, &mut |chosen| {
        let config = Config::read(chosen.root)?;
        answers.push(check::why(&go, chosen, what, config, settings, events));
        Ok(())
    })?;
    Ok(answers)
}

/// Wait for the end of the process that holds the other end of standard input; then end what it has
/// started, and remove its scratch directories.
pub fn watchdog() {
    toolchain::watchdog::watch(std::io::stdin().lock());
}

/// Run a program outside of the sandbox, and end whatever it has left when it ends; the exit code, or the
/// signal, is that of the program.
#[cfg(target_os = "linux")]
pub use toolchain::reap;

pub use crate::hosts::REAP;

/// How Go is asked.
pub(crate) fn go(request: &Request, events: &Events, interrupt: &Interrupt) -> Go {
    let listener = Arc::clone(events);
    Go::new(Options {
        program: request.go.clone(),
        offline: request.offline,
        interrupt: interrupt.clone(),
        on_fetch: Arc::new(move |what| listener.hear(Event::Fetched { what })),
    })
}

/// What is known of the standard library without a module, and the words of answers.
pub mod knowledge {
    pub use advisors::{SKETCHES, Sketch};
    pub use analyzer::{
        Behaviour, Inspected, Kind, MissingName, Versions, Why, all_behaviours, behaviours,
        blocking, missing_name, missing_names, split_symbol,
    };
}
