//! What was typed after `wasmcheck fix`.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use model::AdviceKind;

use super::{ModuleArgs, duration};

/// Options of `wasmcheck fix`.
#[derive(Clone, Debug, ClapArgs)]
#[command(after_help = FIX)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct FixArgs {
    /// A directory, a pattern as in Go, or MODULE@VERSION; `.` without one
    #[arg(value_name = "PATH|PATTERN")]
    pub(crate) paths: Vec<String>,
    /// Write the changes into the module, and check it again
    #[arg(long)]
    pub(crate) apply: bool,
    /// Write them although the module has changes that are not committed
    #[arg(long, requires = "apply")]
    pub(crate) allow_dirty: bool,
    /// Write the changes of dependencies into a new directory, as patches for their own repositories, each with title
    /// and body of a pull request
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = UPSTREAM)]
    pub(crate) upstream: Option<Utf8PathBuf>,
    /// Only what is for this package or module; may be given several times
    #[arg(long, value_name = "PACKAGE|MODULE")]
    pub(crate) only: Vec<String>,
    /// Only changes of these kinds, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "KIND", value_parser = kinds())]
    pub(crate) kind: Vec<AdviceKind>,
    /// Run the tests of packages that are mended, too, in the sandbox, with all changes together, and compare them
    /// with their native run: needs --native
    #[arg(long, requires = "native")]
    pub(crate) tests: bool,
    /// Run tests, and scenarios of wasmcheck.toml, on this machine as well, outside of the sandbox, with all your
    /// permissions. For code that you trust
    #[arg(long)]
    pub(crate) native: bool,
    /// Longest wall time of the tests of one package
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = duration)]
    pub(crate) test_timeout: Duration,
    /// Longest wall time for trying, as in 90s or 5m
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) budget: Duration,
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
}

/// The directory of `--upstream` without a value.
const UPSTREAM: &str = "wasmcheck-upstream";

/// Reads the name of a kind of change that `wasmcheck fix` can make.
fn kinds() -> impl TypedValueParser<Value = AdviceKind> {
    let names = AdviceKind::EDITS.map(AdviceKind::name);
    PossibleValuesParser::new(names).try_map(|name| {
        AdviceKind::EDITS
            .into_iter()
            .find(|k| k.name() == name)
            .ok_or("it is no kind")
    })
}

const FIX: &str = "\
Examples:
  wasmcheck fix                        the diff, for git apply
  wasmcheck fix --apply                write it, and check again
  wasmcheck fix --target wasip1        what one target needs
  wasmcheck fix --only golang.org/x/sys --kind upgrade,fork
  wasmcheck fix > wasm.patch && git apply wasm.patch
  wasmcheck fix --tests --native       run the tests of what is mended, too, and compare
  wasmcheck fix --upstream             patches for the repositories of dependencies
  wasmcheck fix --upstream=out --only github.com/a/b

Each change was compiled and linked for the targets that it is for, and the packages that it touches
still build on this machine. What is not committed is never written over: --allow-dirty allows it.

A dependency that is at fault is changed in a copy, in third_party. With --upstream, the same change is
written into DIR (by default wasmcheck-upstream; it must be new or empty) for its developers, two files
for each dependency: MODULE@VERSION.patch, for git am or git apply in a clone of its repository, and
MODULE@VERSION.md, a pull request: what fails, who imports it, what is lost, and how far it was checked.
The dependency is built in its own tree before and after; nothing of it is run, and nothing is sent.

Exit codes: 0 when everything builds, with --apply after it was written; 1 when something still fails;
2 when a change cannot be written, or DIR is taken; 3 when a target has no verdict.";
