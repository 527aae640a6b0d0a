//! `missing-main`: a main package whose `func main` is in files that are not selected.

use model::{Effect, Finding, Note, NoteKind, Rule};

use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{DeclKind, FileFacts};
use crate::go::graph::Package;

/// The compiler is content with a main package without `main`; the linker is not.
///
/// A main package that has no `main` on any platform is a plugin or unfinished, and none of the
/// target's doing.
pub(super) fn check<'a>(cx: &Context<'_, 'a>, package: &Package<'a>) -> Option<Finding> {
    let declares = |f: &FileFacts| {
        f.decls
            .iter()
            .any(|d| d.kind == DeclKind::Func && f.text(d.name) == "main")
    };
    let whole = package
        .files()
        .iter()
        .all(|f| f.facts.errors.is_empty() && f.unreadable.is_none());
    if package.listed.name != "main" || !whole || package.files().iter().any(|f| declares(&f.facts))
    {
        return None;
    }
    let ignored = super::left_out::ignored_files(cx, package);
    let lost: Vec<_> = ignored
        .iter()
        .filter(|f| declares(&f.facts) && f.facts.text(f.facts.package) == "main")
        .collect();
    let file = package.files().first().filter(|_| !lost.is_empty())?;
    let saying = Saying {
        rule: Rule::MissingMain,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: format!("{}.main", package.path()),
        claim: Claim::plain(format!(
            "no file that is left on {HERE} declares `func main`"
        )),
    };
    let mut finding = cx.at(package, file, file.facts.package.pos, saying);
    for ignored in lost {
        let place = cx.places().name_in(package.listed, &ignored.name);
        let text = format!("{place} declares it, and is {}", cx.why_ignored(ignored));
        let note = Note::new(NoteKind::DeclaredElsewhere, text);
        finding.notes.push(note.at(place, 0, 0));
    }
    Some(finding)
}
