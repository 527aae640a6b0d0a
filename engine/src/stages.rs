//! The stages of a check, one file each. A stage takes the [`Checkup`](crate::checkup::Checkup) and
//! what earlier stages found; what it could not do is said in the report.

pub(crate) mod compile;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod observation;
pub(crate) mod remedies;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod scenarios;
pub(crate) mod tests;

use std::time::Duration;

use analyzer::Disk;
use camino::Utf8PathBuf;
use model::{Incomplete, Target, count};

use crate::checkup::Checkup;

/// The function that stands for Go's network inside the process.
const NETWORK: &str = "net.socket";

/// A stage that may be incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Packages are listed and read.
    Load,
    /// Packages are compiled, mains linked and read back.
    Build,
    /// Mains are run, libraries initialised.
    Run,
    /// Tests are run.
    Test,
    /// Scenarios are played.
    Scenario,
    /// Remedies are tried.
    Advise,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Build => "build",
            Self::Run => "run",
            Self::Test => "test",
            Self::Scenario => "scenario",
            Self::Advise => "advise",
        }
    }
}

/// What a stage could not do.
pub(crate) fn incomplete(
    stage: Stage,
    target: Option<Target>,
    reason: impl Into<String>,
) -> Incomplete {
    Incomplete {
        stage: stage.name().to_owned(),
        target,
        reason: reason.into(),
    }
}

/// The reason of a stage that had no time for everything.
pub(crate) fn out_of_time(
    budget: Duration,
    before: &str,
    left: usize,
    noun: &str,
    after: &str,
) -> String {
    let budget = humantime::format_duration(budget);
    let left = count(left, noun);
    format!("the budget of {budget} was used up before {before}{left}{after}; --budget raises it")
}

/// The overlay with the hooks of a target.
fn hooks(checkup: &Checkup<'_>, target: Target) -> Result<Utf8PathBuf, toolchain::Error> {
    let session = checkup.session;
    let hooks = analyzer::overlay(&Disk, &session.env().goroot, target);
    session.overlay(&format!("hooks-{}", target.goos()), &hooks.files)
}
