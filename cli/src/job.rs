//! What a command line asks for.

use crate::args::{
    Args, CacheArgs, CheckArgs, Command, CompareArgs, ExecArgs, ExplainArgs, InspectArgs,
    RenderArgs, StdArgs, WhyArgs,
};

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Job {
    /// The main job.
    Check(CheckArgs),
    /// Read a wasm file.
    Inspect(InspectArgs),
    /// Render a stored report.
    Render(RenderArgs),
    /// Compare two stored reports.
    Compare(CompareArgs),
    /// Run one in the sandbox.
    Exec(ExecArgs),
    /// Say what leads to a package or a function.
    Why(WhyArgs),
    /// Say what a rule or a function of the standard library is about.
    Explain(ExplainArgs),
    /// List the rules.
    Rules,
    /// List what the standard library does under wasm.
    Std(StdArgs),
    /// Tell about the cache, or clean it.
    Cache(CacheArgs),
    /// Run the task on standard input.
    Worker,
    /// Clean up after the process that writes to standard input.
    Watchdog,
}

impl Job {
    /// What is to be done, however it was typed.
    pub(crate) fn of(args: Args) -> Self {
        match args.command {
            None => Self::Check(args.check),
            Some(Command::Check(check)) => Self::Check(check),
            Some(Command::Inspect(inspect)) => Self::Inspect(inspect),
            Some(Command::Render(render)) => Self::Render(render),
            Some(Command::Compare(compare)) => Self::Compare(compare),
            Some(Command::Exec(exec)) => Self::Exec(exec),
            Some(Command::Why(why)) => Self::Why(why),
            Some(Command::Explain(explain)) => Self::Explain(explain),
            Some(Command::Rules) => Self::Rules,
            Some(Command::Std(std)) => Self::Std(std),
            Some(Command::Cache(cache)) => Self::Cache(cache),
            Some(Command::Worker) => Self::Worker,
            Some(Command::Watchdog) => Self::Watchdog,
        }
    }

    /// Whether it starts processes, or makes scratch directories.
    pub(crate) fn is_long(&self) -> bool {
        matches!(
            self,
            Self::Check(_) | Self::Why(_) | Self::Exec(_) | Self::Worker
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[test]
    fn check_is_the_default_command() {
        let check = |args: &[&str]| match Job::of(Args::try_parse_from(args).unwrap()) {
            Job::Check(check) => (check.paths, check.level),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            check(&["wasmcheck", "check", "./m", "--level", "scan"]),
            check(&["wasmcheck", "./m", "--level", "scan"])
        );
    }

    #[test]
    fn what_follows_the_program_is_its_own() {
        let args = [
            "wasmcheck",
            "exec",
            "--timeout",
            "5s",
            "a.test",
            "-test.v",
            "--timeout",
            "x",
        ];
        let Job::Exec(exec) = Job::of(Args::try_parse_from(args).unwrap()) else {
            panic!()
        };
        assert_eq!(
            (exec.file.as_str(), exec.timeout),
            ("a.test", Duration::from_secs(5))
        );
        assert_eq!(exec.args, ["-test.v", "--timeout", "x"]);
    }
}
