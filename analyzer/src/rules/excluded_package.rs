//! `excluded-package`: build constraints leave no Go file of a package.

use model::{Effect, Finding, Rule};

use super::syscall_js;
use crate::context::{Claim, Context, HERE, Saying};

/// What is said of an imported package.
pub(super) fn claim(path: &str) -> Claim {
    Claim::plain(format!(
        "build constraints leave no Go file of `{path}` on {HERE}"
    ))
}

/// The same of one that nothing imports.
pub(super) fn claim_of_unimported() -> Claim {
    Claim::plain(format!(
        "build constraints leave no Go file on {HERE}, and nothing there imports the package"
    ))
}

/// A package of the standard library that the target does not have: the importer is to blame.
pub(super) fn lacking_std(cx: &Context<'_, '_>, importer: &str, path: &str) -> Option<Finding> {
    let importer = cx.graph.get(importer)?;
    let (file, import) = importer.import_of(path)?;
    let rule = if path == syscall_js::PACKAGE {
        Rule::SyscallJs
    } else {
        Rule::ExcludedPackage
    };
    let saying = Saying {
        rule,
        effect: Effect::FailsToBuild,
        root: importer.path().to_owned(),
        symbol: path.to_owned(),
        claim: Claim::plain(format!(
            "the standard library has no package `{path}` on {HERE}"
        )),
    };
    Some(cx.at(importer, file, import.pos, saying))
}
