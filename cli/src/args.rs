//! What was typed.

mod fix;

use std::iter;
use std::time::Duration;

use bytesize::ByteSize;
use camino::Utf8PathBuf;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use model::{Goos, Target};
use report::Format;

pub(crate) use self::fix::FixArgs;

/// Check whether a Go module builds and works under WebAssembly.
///
/// Answers for GOOS=wasip1 and GOOS=js (Node and browser): does it build, does it work, why not,
/// on which line, through which import chain, and what to do about it.
#[derive(Debug, Parser)]
#[command(name = "wasmcheck", version, args_conflicts_with_subcommands = true, after_help = AFTER)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) job: Option<Job>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
}

const AFTER: &str = "\
Examples:
  wasmcheck                                  the module in this directory
  wasmcheck ./cmd/...                        some packages of it
  wasmcheck github.com/yuin/goldmark@v1.7.8  a published module
  wasmcheck . -o report.html -o report.json  reports for people and for scripts
  wasmcheck . --level scan --target wasip1   a quick look: nothing is compiled
  wasmcheck inspect app.wasm                 what is in a wasm file
  wasmcheck render report.json -o report.html  another format, from a stored report
  wasmcheck fix                              changes that make it build, each tried before
  wasmcheck compare old.json new.json        what is new since an older report
  wasmcheck why os/exec.Command              the calls that lead to a function
  wasmcheck explain std-behaviour            what a rule means; `wasmcheck rules` lists them
  wasmcheck std os/exec                      what the standard library does under wasm
  wasmcheck exec app.wasm               built with GOOS=js: in an interpreter beside, not in Node
  GOOS=wasip1 GOARCH=wasm go test -exec \"wasmcheck exec\" ./...

Exit codes:
  0  nothing at or above the threshold   1  findings
  2  usage or configuration              3  a target has no verdict
  130  interrupted; what was found so far is reported";

/// What is to be done: the subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Check modules (the default)
    Check(CheckArgs),
    /// Show what a wasm file contains: Go version, modules, imports, calls to undefined functions
    Inspect(InspectArgs),
    /// Write a stored report, or what `inspect` stored, in another format
    Render(RenderArgs),
    /// Say what differs between two stored reports; exits with 1 when something is new
    Compare(CompareArgs),
    /// Show the changes that make what fails build, each tried before, or write them into the module
    Fix(FixArgs),
    /// Run a wasm program of Go in the sandbox, of GOOS=wasip1 or js; works as `go test -exec`
    Exec(ExecArgs),
    /// Show the imports and calls that lead to a package or a function
    Why(WhyArgs),
    /// Explain a rule, or how a function of the standard library behaves on wasm
    Explain(ExplainArgs),
    /// List the rules
    Rules,
    /// List the functions of the standard library that behave differently on wasm
    Std(StdArgs),
    /// Show or remove the cache
    Cache(CacheArgs),
    /// Run the task that standard input names, as JSON: how the other commands start the sandbox
    #[command(hide = true)]
    Worker,
    /// Clean up once the process that writes to standard input is gone: what it was killed before it could do
    #[command(hide = true)]
    Watchdog,
}

/// Options of `wasmcheck cache`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = CACHE)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) job: Option<CacheJob>,
}

/// What is done to the cache.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum CacheJob {
    /// Remove the cache
    Clean,
}

const CACHE: &str = "\
What the source of dependencies and of the standard library says is kept between runs, by the
content of the files, and so are compiled programs; a run with --no-cache does without. Each of the
two stays below 512 MiB by itself. The variable WASMCHECK_CACHE names another directory for it.";

/// Options of `wasmcheck explain`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = EXPLAIN)]
pub(crate) struct ExplainArgs {
    /// A rule, a sketch, or a name of the standard library: `cgo`, `file-lock`, `os/exec.Command`, `os.(*File).Chmod`
    #[arg(value_name = "RULE|SKETCH|SYMBOL")]
    pub(crate) what: String,
}

const EXPLAIN: &str = "\
Examples:
  wasmcheck explain undefined-imported-name
  wasmcheck explain file-lock          files that keep such code apart from wasm
  wasmcheck explain os/exec.Command
  wasmcheck explain syscall.Mmap";

/// Options of `wasmcheck std`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = STD)]
pub(crate) struct StdArgs {
    /// A package or the beginning of a symbol [default: all]
    #[arg(value_name = "PACKAGE|SYMBOL")]
    pub(crate) what: Option<String>,
    /// List the names that js or wasip1 do not declare instead
    #[arg(long)]
    pub(crate) missing: bool,
    /// Only these kinds of behaviour, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "KIND", conflicts_with = "missing",
        value_parser = PossibleValuesParser::new(engine::knowledge::Kind::ALL.map(engine::knowledge::Kind::name)))]
    pub(crate) kind: Vec<String>,
    #[command(flatten)]
    pub(crate) only: OnlyTargets,
    /// Only behaviour of this Go version, as in 1.24 [default: of any version]
    #[arg(long, value_name = "VERSION", value_parser = go_version)]
    pub(crate) go: Option<u32>,
}

const STD: &str = "\
Examples:
  wasmcheck std                            everything that is known
  wasmcheck std os/exec                    one package
  wasmcheck std --target wasip1 --go 1.24  one target of one Go version
  wasmcheck std --missing syscall          names that are not declared

Made from measurements of Go 1.21 to 1.27, and from the source of these.";

fn go_version(text: &str) -> Result<u32, String> {
    let version = text.trim_start_matches("go");
    let minor = version
        .strip_prefix("1.")
        .and_then(|rest| rest.split('.').next());
    minor
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| format!("`{text}` is no Go version; write 1.26"))
}

/// Which targets.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct OnlyTargets {
    /// Only these targets, separated by commas; `js` means js-node and js-browser
    #[arg(
        long = "target",
        visible_alias = "targets",
        value_delimiter = ',',
        value_name = "TARGET",
        value_parser = PossibleValuesParser::new(target_names())
    )]
    targets: Vec<String>,
}

impl OnlyTargets {
    /// All of them when none is named.
    pub(crate) fn chosen(&self) -> Vec<Target> {
        let means =
            |arg: &String, target: Target| *arg == target.name() || *arg == target.goos().name();
        let wanted = |target: &Target| {
            self.targets.is_empty() || self.targets.iter().any(|arg| means(arg, *target))
        };
        Target::ALL.into_iter().filter(wanted).collect()
    }
}

/// Targets as typed, each build, which means all of its targets, before them.
fn target_names() -> Vec<&'static str> {
    let of_build = |goos: Goos| iter::once(goos.name()).chain(goos.targets().map(Target::name));
    let mut names: Vec<&str> = Goos::ALL.into_iter().flat_map(of_build).collect();
    names.dedup();
    names
}

/// Which modules, and how Go is asked about them.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ModuleArgs {
    #[command(flatten)]
    pub(crate) only: OnlyTargets,
    /// Build tags, as in `go build -tags`
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub(crate) tags: Vec<String>,
    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Do not use or write the cache of facts about dependencies
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Download neither modules nor toolchains (GOPROXY=off, GOTOOLCHAIN=local)
    #[arg(long)]
    pub(crate) offline: bool,
    /// The Go command to use
    #[arg(long, value_name = "PROGRAM", default_value = "go")]
    pub(crate) go: String,
}

/// Options of `wasmcheck why`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = WHY)]
pub(crate) struct WhyArgs {
    /// An import path, a module path, or a function: `os/exec.Command`, `net.(*Dialer).Dial`
    #[arg(value_name = "PACKAGE|SYMBOL")]
    pub(crate) what: String,
    /// A directory, a pattern as in Go, or MODULE@VERSION; `.` without one
    #[arg(value_name = "PATH|PATTERN")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
    /// Show all chains instead of the ten shortest
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

const WHY: &str = "\
Examples:
  wasmcheck why golang.org/x/sys/unix       the import chains to a package
  wasmcheck why golang.org/x/sys            to any package of a module
  wasmcheck why os/exec.Command ./cmd/...   the call chains to a function

Only the source is read. Calls are followed by name, through methods of values whose type is
written or given by a call, and through interfaces of the module itself.

Exit codes: 0 when something leads there, 1 when nothing does, 3 when a target has no answer.";

/// Options of `wasmcheck inspect`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = INSPECT)]
pub(crate) struct InspectArgs {
    /// Wasm files, from any compiler
    #[arg(value_name = "FILE.wasm", required = true)]
    pub(crate) files: Vec<Utf8PathBuf>,
    /// Show the chains of calls in a Go program to a function: `os/exec.(*Cmd).Start`, `syscall.Kill`
    #[arg(long, value_name = "SYMBOL")]
    pub(crate) why: Option<String>,
    /// Show all functions of the standard library in it that behave differently on wasm, also those that only
    /// the standard library itself calls
    #[arg(long, short = 'v', visible_alias = "verbose")]
    pub(crate) sinks: bool,
    /// Show what has changed since an older build: sizes, imports, modules, what fails
    #[arg(long, value_name = "OLD.wasm", conflicts_with = "why")]
    pub(crate) diff: Option<Utf8PathBuf>,
    /// Print its modules as a software bill of materials, `CycloneDX` 1.6
    #[arg(long, conflicts_with_all = ["why", "diff", "sinks"])]
    pub(crate) sbom: bool,
    /// What to print on standard output [default: by the extension of --output, else text]
    #[arg(long, value_name = "FORMAT", value_parser = formats(Format::has_files))]
    pub(crate) format: Option<&'static Format>,
    /// Exit with 1 when the file is larger, as in 8MiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<ByteSize>,
    /// Write to a file; its extension selects the format: .json, .html or .txt
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<Utf8PathBuf>,
}

const INSPECT: &str = "\
Examples:
  wasmcheck inspect app.wasm                             what is in it, and what will fail
  wasmcheck inspect app.wasm --sinks                     all that may fail, the ways there
  wasmcheck inspect app.wasm --why 'os/exec.(*Cmd).Start' how it gets to a function
  wasmcheck inspect app.wasm --diff old.wasm              what has changed since
  wasmcheck inspect app.wasm --sbom -o app.cdx.json       its modules, for other tools
  wasmcheck inspect app.wasm -o app.json                 everything, all functions included
  wasmcheck inspect app.wasm -o app.html                 a page, with a map of the packages
  wasmcheck inspect app.wasm --max-size 8MiB             a budget: exit code 1 when it is larger

A stripped Go program tells as much as another: its own tables are never stripped.

Exit codes: 0; 1 when it is larger than --max-size; 3 for a file that cannot be read as wasm.";

/// Options of `wasmcheck render`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = RENDER)]
pub(crate) struct RenderArgs {
    /// A report, or what `inspect` wrote, as JSON; `-` is standard input
    #[arg(value_name = "REPORT.json")]
    pub(crate) file: Utf8PathBuf,
    /// Write to a file; its extension selects the format, as in `wasmcheck check`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<Utf8PathBuf>,
    /// What to print on standard output [default: text, and nothing with --output]
    #[arg(long, value_name = "FORMAT", value_parser = formats(|_| true))]
    pub(crate) format: Option<&'static Format>,
    /// Show all findings and places, not only the most important
    #[arg(short, long, visible_alias = "sinks")]
    pub(crate) verbose: bool,
}

const RENDER: &str = "\
Examples:
  wasmcheck render report.json                         as a run prints it
  wasmcheck render report.json -o report.html          as a page
  wasmcheck inspect app.wasm -o app.json && wasmcheck render app.json -o app.html

Neither the module nor Go is needed, and reports of older versions are read, too.

Exit codes: 0; 2 for a wrong command line; 3 for a file that cannot be read as a report.";

/// Options of `wasmcheck compare`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = COMPARE)]
pub(crate) struct CompareArgs {
    /// The older report, as JSON; `-` is standard input
    #[arg(value_name = "OLD.json")]
    pub(crate) old: Utf8PathBuf,
    /// The newer one
    #[arg(value_name = "NEW.json")]
    pub(crate) new: Utf8PathBuf,
    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text",
        value_parser = formats(|f| f.is_text() || f.is_json()))]
    pub(crate) format: &'static Format,
}

const COMPARE: &str = "\
Examples:
  wasmcheck compare before.json after.json
  wasmcheck . --level scan --format json | wasmcheck compare before.json -

Findings are known again by their fingerprint, wherever they have moved; only targets of both reports
are compared.

Exit codes: 0; 1 when a finding is new, or has a worse effect; 2 for a wrong command line; 3 for a file
that cannot be read as a report.";

/// Reads the name of a format, of those that are wanted.
fn formats(wanted: fn(&Format) -> bool) -> impl TypedValueParser<Value = &'static Format> {
    let names = report::FORMATS.iter().filter(|format| wanted(format));
    PossibleValuesParser::new(names.map(|format| format.name))
        .try_map(|name| report::format_named(&name).ok_or("it is no format"))
}

/// Options of `wasmcheck exec`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = AFTER_EXEC)]
pub(crate) struct ExecArgs {
    /// What the program can access on this machine [default: go-test for a test binary, nothing with
    /// --dir, else cwd]
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// Open a directory for reading and writing; GUEST is its path inside the program
    #[arg(long, value_name = "HOST[::GUEST]")]
    pub(crate) dir: Vec<String>,
    /// Open a directory read-only
    #[arg(long, value_name = "HOST[::GUEST]")]
    pub(crate) read: Vec<String>,
    /// Set an environment variable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,
    /// Longest wall time, as in 90s or 5m; 0 for no limit
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Limit of memory, that of JavaScript for GOOS=js included, as in 512MiB
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) max_memory: ByteSize,
    /// Limit of memory for compiling the program
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
    pub(crate) max_compile_memory: ByteSize,
    /// Limit of printed output
    #[arg(long, value_name = "SIZE", default_value = "100MiB")]
    pub(crate) max_output: ByteSize,
    /// Limit of bytes written to files, and of the scratch copy
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) max_disk: ByteSize,
    /// Use clocks that advance only with the program, so that sleeping takes no time, and the same random bytes
    /// in each run
    #[arg(long)]
    pub(crate) deterministic: bool,
    /// Write each call to the host, with its result, on standard error or to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = "-")]
    pub(crate) trace: Option<Utf8PathBuf>,
    /// Initialise a reactor (`//go:wasmexport`, -buildmode=c-shared), call this export with ARGS as
    /// numbers, and print what it gives
    #[arg(long, value_name = "NAME")]
    pub(crate) invoke: Option<String>,
    /// Do not use or write the cache of compiled programs
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Go's `wasm_exec.js` for programs of GOOS=js, of the toolchain that built them [default: that of
    /// GOROOT, or of the `go` in PATH]
    #[arg(long, value_name = "FILE")]
    pub(crate) wasm_exec: Option<Utf8PathBuf>,
    /// The JavaScript host to simulate for programs of GOOS=js: with files (node) or without (browser)
    #[arg(long, value_enum, default_value = "node")]
    pub(crate) js_host: JsHostArg,
    /// Compiler: winch starts several times sooner, the code of cranelift is up to three times as fast
    #[arg(long, value_enum, default_value = "winch")]
    pub(crate) engine: EngineArg,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) report: Option<Utf8PathBuf>,
    /// The program
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: Utf8PathBuf,
    /// Its arguments
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) args: Vec<String>,
}

const AFTER_EXEC: &str = "\
Profiles:
  nothing  no file, no environment
  cwd      a scratch copy of the current directory at its own path; changes to it vanish
  go-test  a scratch copy of the module, /tmp, and for reading GOROOT and the system's shared data
           (/usr/share, /lib/terminfo): what `go test` needs
  full     every file of this machine, for reading and writing, as Go's own runner has it

Exit codes: that of the program; 124 out of time; 125 another limit, or no program that can be
run; 134 a trap. Wherever the program did not choose the code, standard error says why.

What the program prints passes through as it is: a terminal obeys it. What wasmcheck says of it does not.

Examples:
  wasmcheck exec app.wasm --flag of the program
  wasmcheck exec --dir ./data::/data --timeout 30s app.wasm
  wasmcheck exec --deterministic --trace=calls.txt app.wasm   the same in every run
  wasmcheck exec --invoke add lib.wasm 3 4
  GOOS=wasip1 GOARCH=wasm go test -exec \"wasmcheck exec\" ./...";

/// Compilers of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    Winch,
    Cranelift,
}

/// Hosts of programs of GOOS=js.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsHostArg {
    Node,
    Browser,
}

/// What a program sees of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    Nothing,
    Cwd,
    GoTest,
    Full,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text).map_err(|e| format!("{e}; write it as 90s or 5m"))
}

/// Options of `wasmcheck check`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// A directory, a Go package pattern (./cmd/...), or MODULE@VERSION [default: .]
    #[arg(value_name = "PATH|PATTERN|MODULE@VERSION")]
    pub(crate) paths: Vec<String>,
    /// Depth of the check: `scan` reads the source, `build` compiles it too, `run` runs what was
    /// built in the sandbox and tries fixes
    #[arg(long, value_enum, default_value = "run")]
    pub(crate) level: LevelArg,
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
    /// Write a report to a file; its extension selects the format: .json, .html or .txt
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<Utf8PathBuf>,
    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(|_| true))]
    pub(crate) format: &'static Format,
    /// Show all findings and places, not only the most important
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Run programs of GOOS=js outside of the sandbox, too. For code that you trust
    #[arg(long, value_enum, value_name = "HOST")]
    pub(crate) host: Vec<HostArg>,
    #[command(flatten)]
    pub(crate) tests: TestArgs,
    /// Longest wall time, for each module, of the stage that runs programs and tries fixes
    /// [default: 120s, with --tests 30m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Exit with 1 for findings of this effect or a worse one
    #[arg(
        long,
        value_enum,
        value_name = "EFFECT",
        default_value = "fails-at-run-time"
    )]
    pub(crate) fail_on: FailOn,
    /// Exit with 3 if anything has no verdict
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The module's own tests.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct TestArgs {
    /// Run the module's tests, too, with -short: each package's in the sandbox, test by test
    #[arg(long)]
    pub(crate) tests: bool,
    /// Run tests, and scenarios of wasmcheck.toml, on this machine as well, and compare: outside of
    /// the sandbox, with all your permissions, natively and with Node. For code that you trust
    #[arg(long)]
    pub(crate) native: bool,
    /// Longest wall time of the tests of one package
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = duration)]
    pub(crate) test_timeout: Duration,
}

/// Depth of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Scan,
    Build,
    Run,
}

/// Hosts that run code outside the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HostArg {
    /// js-node under Node itself, with all your permissions
    Node,
    /// js-browser in a page of headless Chromium, which nothing runs otherwise
    Chromium,
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
    /// What is to be done, however it was typed.
    pub(crate) fn job(self) -> Job {
        self.job.unwrap_or(Job::Check(self.check))
    }
}

impl Job {
    /// Whether it starts processes, or makes scratch directories.
    pub(crate) fn is_long(&self) -> bool {
        matches!(
            self,
            Self::Check(_) | Self::Fix(_) | Self::Why(_) | Self::Exec(_) | Self::Worker
        )
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
        let check = |args: &[&str]| match Args::try_parse_from(args).unwrap().job() {
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
        let Job::Exec(exec) = Args::try_parse_from(args).unwrap().job() else {
            panic!()
        };
        assert_eq!(
            (exec.file.as_str(), exec.timeout),
            ("a.test", Duration::from_secs(5))
        );
        assert_eq!(exec.args, ["-test.v", "--timeout", "x"]);
    }
}
