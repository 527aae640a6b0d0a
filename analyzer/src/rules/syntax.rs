//! `syntax`: files that do not parse.

use model::{Effect, Rule};

use super::Said;
use crate::context::{Claim, Context, Saying};
use crate::go::graph::Package;

/// Files that do not parse. What could be read of them is judged all the same.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>, said: &mut Said) {
    let findings = &mut said.findings;
    for file in package.files() {
        let saying = |message: String| Saying {
            rule: Rule::Syntax,
            effect: Effect::FailsToBuild,
            root: package.path().to_owned(),
            symbol: package.path().to_owned(),
            claim: Claim::plain(message),
        };
        if let Some(why) = &file.unreadable {
            findings.push(cx.at(
                package,
                file,
                0,
                saying(format!("the file cannot be read: {why}")),
            ));
        } else if let Some(limit) = file.facts.errors.iter().find(|e| e.is_limit()) {
            // Go may well take it: what cannot be read here is unknown, not broken.
            let name = cx.places().name_in(package.listed, &file.name);
            said.unreachable.push((
                package.path().to_owned(),
                format!("{name}: {}", limit.message),
            ));
        } else if let Some(error) = file.facts.errors.first() {
            let name = cx.places().name_in(package.listed, &file.name);
            let known = findings
                .iter()
                .any(|f| f.rule == Rule::Syntax && f.file == name);
            if !known {
                findings.push(cx.at(
                    package,
                    file,
                    error.pos,
                    saying(format!("syntax error: {}", error.message)),
                ));
            }
        }
    }
}
