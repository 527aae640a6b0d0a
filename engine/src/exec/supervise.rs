//! A program of `GOOS=js` in a process of its own: a JavaScript engine is written in C, and whatever a
//! program does to it ends that process, not the one that tells it.

use std::ffi::OsString;

use runtime_harness::JS_NAME;
use toolchain::{Ending, Interrupt, Scratch, Supervised};

use super::watch::INTERRUPTED;
use super::{Exit, Launch, REFUSED};
use crate::hosts::{engine_ended, own_program, start_watchdog};
use crate::settings::WorkerProgram;
use crate::task::Run;

/// The variable that tells the process which runs the program that it is the one.
pub const SUPERVISED: &str = "WASMCHECK_SUPERVISED";

/// Start this program again with the same arguments, wait for its end, and remove what it left.
pub(super) fn run(
    launch: &Launch,
    args: &[OsString],
    interrupt: &Interrupt,
) -> Result<Exit, String> {
    start_watchdog(&WorkerProgram::Own);
    let scratch = Scratch::new().map_err(|e| e.to_string())?;
    let again = Supervised {
        program: own_program()?,
        args: args.to_vec(),
        env: vec![(SUPERVISED.to_owned(), "1".to_owned())],
    };
    let ending = again.run(scratch.path(), interrupt);
    drop(scratch);
    let code = match ending.map_err(|e| e.to_string())? {
        // Eight bits, as for every process.
        Ending::Code(code) => code.to_le_bytes()[0],
        Ending::Interrupted => INTERRUPTED,
        Ending::Signal(signal) => {
            let why = engine_ended(true, &signal);
            launch.report(&Run::crashed(JS_NAME.to_owned(), why.clone()));
            launch.complain(&why);
            REFUSED
        }
    };
    Ok(Exit {
        code,
        results: Vec::new(),
    })
}
