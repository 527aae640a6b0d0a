//! `wasmcheck reap PROGRAM ARGUMENT…`: how other commands run a program outside of the sandbox, so that whatever
//! it leaves is ended. Its arguments are the program's: none is an option of wasmcheck.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::output;

/// As shells have it where a program cannot be started.
const NOT_STARTED: u8 = 127;

/// Run the program of the command line, if this is asked for.
pub(crate) fn asked() -> Option<ExitCode> {
    let mut typed = std::env::args_os().skip(1);
    if typed.next()? != engine::REAP {
        return None;
    }
    let program = typed.next()?;
    let args: Vec<OsString> = typed.collect();
    let code = engine::reap(&program, &args).unwrap_or_else(|e| {
        output::say(&format!("{}: {e}\n", program.display()));
        ExitCode::from(NOT_STARTED)
    });
    Some(code)
}
