//! `stub`: packages that build on wasm as a stub whose every call fails.

use model::{Effect, Finding, Rule};

use super::{Context, Saying};

pub(super) fn check(cx: &Context<'_, '_>, findings: &mut Vec<Finding>) {
    for signature in cx.settings.stubs {
        let Some(package) = cx.graph.get(&signature.package) else {
            continue;
        };
        for file in &package.files {
            let Some(offset) = file.facts.src.find(&signature.text) else {
                continue;
            };
            let saying = Saying {
                rule: Rule::Stub,
                effect: Effect::FailsAtRunTime,
                root: package.path().to_owned(),
                symbol: package.path().to_owned(),
                message: signature.message.clone(),
            };
            let offset = u32::try_from(offset).unwrap_or(0);
            findings.push(cx.at(package, file, offset, saying));
            break;
        }
    }
}
