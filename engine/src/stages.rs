//! The stages of a check, one file each. A stage takes the [`Checkup`](crate::checkup::Checkup) and
//! what earlier stages found; what it could not do is named in the report's `incomplete`.

pub(crate) mod compile;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod observation;
pub(crate) mod remedies;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod scenarios;
pub(crate) mod tests;

use analyzer::Disk;
use camino::Utf8PathBuf;
use model::Target;

use crate::checkup::Checkup;

/// The function that stands for Go's network inside the process.
const NETWORK: &str = "net.socket";

/// The overlay with the hooks of a target.
fn hooks(checkup: &Checkup<'_>, target: Target) -> Result<Utf8PathBuf, toolchain::Error> {
    let session = checkup.session;
    let hooks = analyzer::overlay(&Disk, &session.env().goroot, target);
    session.overlay(&format!("hooks-{}", target.goos()), &hooks.files)
}
