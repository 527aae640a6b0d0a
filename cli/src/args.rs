//! What was typed.

use camino::Utf8PathBuf;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Check whether a Go module builds and works under WebAssembly.
///
/// Answers for GOOS=wasip1 and GOOS=js (Node and browser): does it build, does it work, why not,
/// on which line, through which import chain, and what to do about it.
#[derive(Debug, Parser)]
#[command(name = "wasmcheck", version, args_conflicts_with_subcommands = true, after_help = AFTER)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: CheckArgs,
}

const AFTER: &str = "\
Examples:
  wasmcheck                                  the module in this directory
  wasmcheck ./cmd/...                        some packages of it
  wasmcheck github.com/yuin/goldmark@v1.7.8  a published module
  wasmcheck . -o report.html -o report.json  reports for people and for scripts
  wasmcheck . --level scan --target wasip1   a quick look: nothing is compiled

Exit codes:
  0  nothing at or above the threshold   1  findings
  2  usage or configuration              3  a target has no verdict
  130  interrupted; what was found so far is reported";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check modules (the default)
    Check(CheckArgs),
}

/// Options of `wasmcheck check`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that can be typed"
)]
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// A directory, a Go package pattern (./cmd/...), or MODULE@VERSION [default: .]
    #[arg(value_name = "PATH|PATTERN|MODULE@VERSION")]
    pub(crate) paths: Vec<String>,
    /// How deep to look: `scan` reads the source, `build` compiles it too
    #[arg(long, value_enum, default_value = "build")]
    pub(crate) level: LevelArg,
    /// Targets, separated by commas; `js` means js-node and js-browser
    #[arg(
        long = "target",
        visible_alias = "targets",
        value_delimiter = ',',
        value_name = "TARGET"
    )]
    pub(crate) targets: Vec<TargetArg>,
    /// Build tags, as in `go build -tags`
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub(crate) tags: Vec<String>,
    /// Write a report; the end of the name chooses the format: .json, .html or .txt
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<Utf8PathBuf>,
    /// What to print on standard output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Show every finding and every place, not the most important ones
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Fetch neither modules nor toolchains (GOPROXY=off, GOTOOLCHAIN=local)
    #[arg(long)]
    pub(crate) offline: bool,
    /// The Go command to use
    #[arg(long, value_name = "PROGRAM", default_value = "go")]
    pub(crate) go: String,
    /// Exit with 1 from this effect on
    #[arg(
        long,
        value_enum,
        value_name = "EFFECT",
        default_value = "fails-at-run-time"
    )]
    pub(crate) fail_on: FailOn,
    /// Exit with 3 when anything could not be judged
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Depth of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Scan,
    Build,
}

/// Targets as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetArg {
    Wasip1,
    Js,
    JsNode,
    JsBrowser,
}

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Html,
}

/// The threshold of exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    FailsToBuild,
    FailsAtRunTime,
    SilentlyDifferent,
    Never,
}

impl Args {
    /// The options of the check, however it was called.
    pub(crate) fn check(self) -> CheckArgs {
        match self.command {
            Some(Command::Check(check)) => check,
            None => self.check,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn check_is_the_default_command() {
        let with = Args::try_parse_from(["wasmcheck", "check", "./m", "--level", "scan"])
            .unwrap()
            .check();
        let without = Args::try_parse_from(["wasmcheck", "./m", "--level", "scan"])
            .unwrap()
            .check();
        assert_eq!((with.paths, with.level), (without.paths, without.level));
    }
}
