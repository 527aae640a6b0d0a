//! `stub`: packages that build on wasm as a stub whose every call fails.

use model::{Effect, Finding, Rule};

use crate::context::{Claim, Context, Saying};

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for signature in cx.settings.stubs {
        for package in cx.judged().filter(|p| signature.covers(p.path())) {
            let found = package
                .files()
                .iter()
                .find_map(|f| Some((f, f.facts.src.find(&signature.text)?)));
            let Some((file, offset)) = found else {
                continue;
            };
            let saying = Saying {
                rule: Rule::Stub,
                effect: Effect::FailsAtRunTime,
                root: package.path().to_owned(),
                symbol: package.path().to_owned(),
                claim: Claim::plain(signature.message.as_str()),
            };
            findings.push(cx.at(package, file, u32::try_from(offset).unwrap_or(0), saying));
        }
    }
}
