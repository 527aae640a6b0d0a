//! The command line as it was typed: read by clap, whose help, version and errors are printed here.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::Error;
use model::{ExitStatus, visible};

use crate::args::Args;
use crate::output;

/// Read the command line, or print what clap says of it.
pub(crate) fn parse() -> Result<Args, ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    Args::try_parse_from(&typed).map_err(|error| tell(&error, &typed))
}

/// Print help and version on standard output, and errors on standard error.
fn tell(error: &Error, typed: &[OsString]) -> ExitCode {
    if error.use_stderr() {
        output::say(&words(error, typed));
        return ExitCode::from(ExitStatus::Usage.code());
    }
    let text = error.render().ansi().to_string();
    match output::print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => output::fail(&e),
    }
}

/// What clap says in its own colours, and what was typed without any.
fn words(error: &Error, typed: &[OsString]) -> String {
    let clean = typed
        .iter()
        .map(|arg| visible(&arg.to_string_lossy()).into_owned());
    let clean: Vec<String> = clean.collect();
    if typed
        .iter()
        .zip(&clean)
        .all(|(arg, clean)| arg == clean.as_str())
    {
        return error.render().ansi().to_string();
    }
    // The same mistake is made by the same words without what a terminal obeys.
    match Args::try_parse_from(clean) {
        Err(same) if same.kind() == error.kind() => same.render().ansi().to_string(),
        _ => model::visible_lines(&error.render().to_string()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(args: &[&str]) -> String {
        let typed: Vec<OsString> = args.iter().map(OsString::from).collect();
        words(&Args::try_parse_from(&typed).unwrap_err(), &typed)
    }

    #[test]
    fn what_was_typed_has_no_colours() {
        for hostile in [
            "--\x1b]0;t\x07",
            "--timeout=\x1b[31mx\u{202e}",
            "--env=\x1b[31mx\r",
        ] {
            let words = told(&["wasmcheck", "exec", hostile, "a.wasm"]);
            assert!(words.contains(r"\u{1b}"), "{words:?}");
            assert!(
                !words.contains("\x1b]") && !words.contains("\x1b[31mx"),
                "{words:?}"
            );
            assert!(!words.contains(['\u{202e}', '\r']), "{words:?}");
            assert!(
                words.contains("\x1b["),
                "clap's own colours stay: {words:?}"
            );
        }
    }

    #[test]
    fn other_words_stay() {
        let words = told(&["wasmcheck", "--levle", "scan"]);
        assert!(words.contains("--level"), "{words}");
    }
}
