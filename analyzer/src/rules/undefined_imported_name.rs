//! `undefined-imported-name`: a name that the imported package does not declare on the target.

use model::{Effect, Finding, Goos, Note, NoteKind, Rule};

use super::names;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::Span;
use crate::go::graph::Package;
use crate::go::source::Source;
use crate::std::behaviours::missing_name;

/// `path.sel`, where the package is there and the name may not be.
pub(super) fn check<'c, 'a>(
    cx: &'c Context<'c, 'a>,
    package: &Package<'a>,
    file: &Source,
    path: &'c str,
    sel: Span,
    exports: &mut names::Exports<'c, 'a>,
    findings: &mut Vec<Finding>,
) {
    let name = file.facts.text(sel);
    if exports
        .of(path)
        .is_none_or(|names| names.contains_key(name))
    {
        return;
    }
    let Some(imported) = cx.graph.get(path) else {
        return;
    };
    let elsewhere = names::declared_elsewhere(cx, imported, name);
    // The standard library is not to blame for what a target lacks, nor is a package for a name
    // that it has nowhere.
    let hollow = !imported.listed.standard && !elsewhere.is_empty();
    let root = if hollow { path } else { package.path() };
    let saying = Saying {
        rule: Rule::UndefinedImportedName,
        effect: Effect::FailsToBuild,
        root: root.to_owned(),
        symbol: format!("{path}.{name}"),
        claim: Claim::of(
            path,
            if elsewhere.is_empty() {
                format!("declares no `{name}`, on no platform")
            } else {
                format!("does not declare `{name}` on {HERE}")
            },
        ),
    };
    let mut finding = cx.at(package, file, sel.pos, saying);
    if imported.listed.standard {
        let missing = missing_std(cx, &format!("{path}.{name}"));
        finding.notes.extend(missing);
    } else {
        finding.notes.extend(elsewhere);
    }
    findings.push(finding);
}

/// Where else a name of the standard library is declared, and from which version on it is here.
fn missing_std(cx: &Context<'_, '_>, symbol: &str) -> Option<Note> {
    let missing = missing_name(symbol)?;
    let here = match cx.graph.goos {
        Goos::Js => missing.js,
        Goos::Wasip1 => missing.wasip1,
    };
    let elsewhere = missing.elsewhere.replace(',', ", ");
    let later = match here {
        Some(versions) if versions.to != u32::MAX => {
            format!("; on {} from Go 1.{} on", cx.graph.goos, versions.to + 1)
        }
        _ => String::new(),
    };
    let text = format!("it is declared on {elsewhere}{later}");
    Some(Note::new(NoteKind::DeclaredElsewhere, text))
}
