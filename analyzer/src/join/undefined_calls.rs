//! Calls to undefined functions, which only the wasm shows, joined with findings.

use camino::Utf8Path;
use model::{Effect, Evidence, Finding, Note, NoteKind, Rule, UndefinedCall, WasmFile};

use crate::build::BuildFacts;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::graph::Package;

/// Join with what was found in the wasm of a main package: calls to undefined
/// functions confirm findings, or are findings of their own. Fills in who is called.
pub(crate) fn join(cx: &Context<'_, '_>, known: &mut BuildFacts, main: &str, wasm: &mut WasmFile) {
    // It has linked: the check is switched off.
    let refused = |f: &Finding| f.rule == Rule::RefusedLinkname && f.package == main;
    known.findings.retain(|f| !refused(f));
    for call in &mut wasm.undefined_calls {
        known.broken_mains.insert(main.to_owned());
        let found = callee(cx, &known.findings, call);
        let place = call_place(cx, call);
        let said = format!(
            "in the wasm file of `{main}`, `{}` calls it{place}",
            call.caller
        );
        if let Some(finding) = found.and_then(|index| known.findings.get_mut(index)) {
            call.callee = Some(finding.symbol.clone());
            finding.evidence = Evidence::Linked;
            finding.notes.push(Note::new(NoteKind::InWasm, said));
        } else if let Some(finding) = call_to_nobody(cx, main, call) {
            known.findings.push(finding);
        }
    }
}

/// The finding about the function that a call names, by the source line of the call.
fn callee(cx: &Context<'_, '_>, findings: &[Finding], call: &UndefinedCall) -> Option<usize> {
    let (package, text) = source_line(cx, call)?;
    let named = |f: &Finding| {
        let name = f.symbol.rsplit('.').next().unwrap_or_default();
        let before = if f.package == package.path() { "" } else { "." };
        has_call(&text, before, name)
    };
    findings
        .iter()
        .position(|f| f.rule == Rule::MissingBody && f.effect == Effect::LinksBroken && named(f))
}

/// Whether a line calls a name, after a qualifier or without one.
pub(crate) fn has_call(line: &str, before: &str, name: &str) -> bool {
    let call = format!("{before}{name}(");
    line.match_indices(&call).any(|(at, _)| {
        let last = line[..at].chars().next_back();
        !before.is_empty() || last.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.')
    })
}

fn source_line<'c, 'a>(
    cx: &'c Context<'_, 'a>,
    call: &UndefinedCall,
) -> Option<(&'c Package<'a>, String)> {
    let file = Utf8Path::new(call.file.as_deref()?);
    let package = cx.package_of_file(file)?;
    let source = cx.sources.get(&package.file_path(file.file_name()?));
    let line = source.facts.line(call.line?)?.to_owned();
    Some((package, line))
}

fn call_place(cx: &Context<'_, '_>, call: &UndefinedCall) -> String {
    match (&call.file, call.line) {
        (Some(file), Some(line)) => format!(" at {}:{line}", cx.name_of_file(file)),
        _ => String::new(),
    }
}

/// A call whose target the source does not tell.
fn call_to_nobody(cx: &Context<'_, '_>, main: &str, call: &UndefinedCall) -> Option<Finding> {
    let file = call.file.as_deref().map(Utf8Path::new);
    let package = file
        .and_then(|f| cx.package_of_file(f))
        .or_else(|| cx.graph.get(main))?;
    let saying = Saying {
        rule: Rule::MissingBody,
        effect: Effect::LinksBroken,
        root: package.path().to_owned(),
        symbol: call.caller.clone(),
        claim: Claim::of(
            call.caller.as_str(),
            format!(
                "calls a function that is not defined on {HERE}: the call traps or runs another function"
            ),
        ),
    };
    let mut finding = cx.without_place(package, saying);
    finding.evidence = Evidence::Linked;
    if let (Some(file), Some(line)) = (&call.file, call.line) {
        finding.file = cx.name_of_file(file);
        finding.line = line;
        let name = Utf8Path::new(file).file_name();
        cx.quote(&mut finding, &package.file_path(name.unwrap_or_default()));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_a_line() {
        assert!(has_call("\treturn add(3, 4)", "", "add"));
        assert!(!has_call("\treturn readd(3, 4) + x.add(1)", "", "add"));
        assert!(has_call("\treturn lib.Add(3, 4)", ".", "Add"));
    }
}
