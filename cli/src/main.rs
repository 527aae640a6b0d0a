//! `wasmcheck`: the command line.

mod args;
mod check;
mod module;
mod output;
mod place;
mod progress;

use std::process::ExitCode;

use clap::Parser;
use toolchain::Interrupt;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let interrupt = Interrupt::default();
    let raise = interrupt.clone();
    // A second handler is impossible here, and without one Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(move || raise.raise());
    match check::run(&args.check(), &interrupt) {
        Ok(code) => code,
        Err(e) => {
            anstream::eprintln!(
                "{}error:{} {e:#}",
                output::style::ERROR,
                output::style::ERROR.render_reset()
            );
            ExitCode::from(e.status.code())
        }
    }
}
