//! `undefined-name`: a name that no selected file of the package declares.

use model::{Effect, Finding, Rule};

use super::names;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::Use;
use crate::go::graph::Package;
use crate::go::source::Source;

/// A name that the package itself does not declare.
pub(super) fn finding<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
) -> Finding {
    let name = file.facts.text(used.base);
    let elsewhere = names::declared_elsewhere(cx, package, name);
    let saying = Saying {
        rule: Rule::UndefinedName,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.{name}", package.path()),
        claim: Claim::of(
            name,
            if elsewhere.is_empty() {
                "is declared in no file of the package".to_owned()
            } else {
                format!("is declared only in files that {HERE} leaves out")
            },
        ),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    finding.notes.extend(elsewhere);
    finding
}
