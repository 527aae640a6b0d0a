//! What the compiler says, joined with what the scan says.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use model::{Effect, Evidence, Finding, GoFault, Goos, ListError, Listing, Note, NoteKind, Rule};

use super::quoted;
use crate::context::{Claim, Context, Saying, token_end};
use crate::go::graph::Package;

/// The compiler's word on one build.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Packages that compiled.
    pub content: BTreeSet<String>,
    /// Errors, in the compiler's order.
    pub errors: Vec<CompileError>,
    /// Packages whose list of errors was cut.
    pub cut: Vec<String>,
    /// Packages that could not be compiled through no fault of their own, and why.
    pub undecided: Vec<(String, String)>,
    /// Packages that Go refused before compiling anything of them, and why.
    pub refused: BTreeMap<String, ListError>,
}

/// An error of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// Import path.
    pub package: String,
    /// As printed: absolute, or relative to the module's directory.
    pub file: Utf8PathBuf,
    /// From 1.
    pub line: u32,
    /// In bytes, from 1; 0 when not printed.
    pub column: u32,
    /// Continuation lines included.
    pub message: String,
}

impl Compiled {
    /// Read what `go list -export` says.
    pub fn read(listing: &Listing) -> Self {
        let mut compiled = Self::default();
        for package in &listing.packages {
            if !package.export.is_empty() {
                compiled.content.insert(package.import_path.clone());
            }
            match &package.error {
                Some(error) if error.err.starts_with("# ") => {
                    let before = compiled.errors.len();
                    compiled.read_errors(&package.import_path, &error.err);
                    if compiled.errors.len() == before {
                        compiled.without_position(&package.import_path, &error.err);
                    }
                }
                Some(error) if is_of_machine(&error.err) => {
                    let why = error.err.trim().to_owned();
                    compiled.undecided.push((package.import_path.clone(), why));
                }
                Some(error) => {
                    compiled
                        .refused
                        .insert(package.import_path.clone(), error.clone());
                }
                None => {}
            }
        }
        compiled
    }

    /// Put the full list of a package's errors in place of one that was cut.
    pub fn replace(&mut self, package: &str, full: &Listing) {
        let full = Self::read(full);
        if full.errors.is_empty() {
            return;
        }
        self.errors.retain(|e| e.package != package);
        self.errors.extend(full.errors);
        self.cut.retain(|p| p != package);
    }

    /// The compiler gave up on the whole package, or the machine on the compiler.
    fn without_position(&mut self, package: &str, text: &str) {
        let message: Vec<&str> = text
            .lines()
            .skip(1)
            .filter(|l| !l.trim().is_empty())
            .collect();
        let message = message.join("\n");
        if is_of_machine(&message) {
            self.undecided.push((package.to_owned(), message));
            return;
        }
        let (file, package) = (Utf8PathBuf::new(), package.to_owned());
        self.errors.push(CompileError {
            package,
            file,
            line: 0,
            column: 0,
            message,
        });
    }

    fn read_errors(&mut self, package: &str, text: &str) {
        for line in text.lines() {
            let continued = line.starts_with(['\t', ' ']);
            if line.trim() == "too many errors" || line.ends_with(": too many errors") {
                self.cut.push(package.to_owned());
            } else if let (true, Some(last)) = (continued, self.errors.last_mut()) {
                last.message.push('\n');
                last.message.push_str(line.trim());
            } else if let Some(mut error) = position(line) {
                package.clone_into(&mut error.package);
                self.errors.push(error);
            }
        }
    }
}

/// `file.go:line:column: message`
fn position(line: &str) -> Option<CompileError> {
    let (place, message) = line.split_once(": ")?;
    let mut parts = place.rsplitn(3, ':');
    let (last, middle, first) = (parts.next()?, parts.next()?, parts.next());
    let (file, line, column) = match (first, middle.parse::<u32>()) {
        (Some(file), Ok(line)) => (file, line, last.parse().ok()?),
        _ => (middle, last.parse().ok()?, 0),
    };
    let message = message.to_owned();
    // A directive, or an include, may name any file.
    (!file.is_empty()).then(|| CompileError {
        package: String::new(),
        file: file.into(),
        line,
        column,
        message,
    })
}

/// A finding that the compiler could not contradict so far.
fn is_static_build_failure(finding: &Finding) -> bool {
    finding.effect == Effect::FailsToBuild
        && finding.evidence == Evidence::Static
        && !matches!(finding.rule, Rule::MissingMain | Rule::RefusedLinkname)
}

/// Errors confirm findings at their line or become findings; findings in packages that compiled
/// were wrong.
pub(crate) fn join(cx: &Context<'_, '_>, findings: &mut Vec<Finding>, compiled: &Compiled) {
    findings.retain(|f| !(is_static_build_failure(f) && compiled.content.contains(&f.package)));
    let of_loading = [
        Rule::Cgo,
        Rule::ExcludedPackage,
        Rule::MissingPackage,
        Rule::LoadError,
        Rule::SyscallJs,
    ];
    for finding in findings
        .iter_mut()
        .filter(|f| of_loading.contains(&f.rule) && f.effect == Effect::FailsToBuild)
    {
        if compiled.refused.contains_key(&finding.symbol) {
            finding.evidence = Evidence::Compiled;
        }
    }
    findings.extend(newly_refused(cx, compiled));
    for error in &compiled.errors {
        let error = quoted::fit(cx, error);
        let error = error.as_ref();
        let file = file_name(cx, error);
        let here = |f: &&mut Finding| {
            f.package == error.package
                && f.effect == Effect::FailsToBuild
                && f.file == file
                && f.line == error.line
        };
        let mut hits: Vec<&mut Finding> = findings.iter_mut().filter(here).collect();
        // Another error of the line may be the one that a finding foretold.
        let has_its_own = |f: &Finding| {
            let mut others = compiled.errors.iter();
            others.any(|e| {
                e.package == error.package
                    && e.file == error.file
                    && (e.line, e.column) == (f.line, f.column)
            })
        };
        let exact = hits.iter().position(|f| f.column == error.column);
        let hit = match exact {
            Some(i) => Some(hits.swap_remove(i)),
            None if hits.len() == 1
                && hits[0].evidence == Evidence::Static
                && !has_its_own(hits[0]) =>
            {
                hits.pop()
            }
            None => None,
        };
        match hit {
            Some(finding) => confirm(finding, error),
            None => findings.extend(new_finding(cx, error, file)),
        }
    }
}

/// Errors of loading that Go only has when it is asked to build.
fn newly_refused(cx: &Context<'_, '_>, compiled: &Compiled) -> Vec<Finding> {
    let graph = cx.graph;
    let new = compiled
        .refused
        .iter()
        .filter_map(|(path, error)| Some((graph.get(path)?, error)));
    let new = new.filter(|(p, _)| !p.has_load_error() && !graph.is_imported_without_files(p));
    new.filter(|(p, _)| !p.is_empty())
        .map(|(package, error)| {
            let mut finding = crate::rules::load_error(cx, package, error);
            finding.evidence = Evidence::Compiled;
            finding
        })
        .collect()
}

/// Whether the compiler or the linker did not come to an end: that is no word on the package.
pub(crate) fn is_of_machine(message: &str) -> bool {
    GoFault::of(message).is_some_and(GoFault::is_of_machine)
}

/// Where the token ends that stands at the place of a finding.
fn set_end(finding: &mut Finding) {
    if let (Some(source), 1..) = (&finding.source, finding.column) {
        finding.end_line = finding.line;
        finding.end_column = token_end(source, finding.column);
    }
}

fn confirm(finding: &mut Finding, error: &CompileError) {
    finding.evidence = Evidence::Compiled;
    // It names none in a long line.
    if error.column > 0 {
        finding.column = error.column;
    }
    let note = Note::new(NoteKind::Compiler, error.message.replace('\n', " "));
    if !finding.notes.contains(&note) {
        finding.notes.push(note);
    }
    set_end(finding);
}

fn file_name(cx: &Context<'_, '_>, error: &CompileError) -> String {
    if error.file.as_str().is_empty() {
        return String::new();
    }
    let path = error_path(cx, error);
    let package = cx.graph.get(&error.package);
    match package.filter(|p| path.parent() == Some(p.listed.dir.as_path())) {
        Some(package) => cx
            .places()
            .name_in(package.listed, path.file_name().unwrap_or_default()),
        None => cx.places().name(&path),
    }
}

/// Where the file of an error lies, by its name.
pub(super) fn error_path(cx: &Context<'_, '_>, error: &CompileError) -> Utf8PathBuf {
    normal(&cx.settings.dir.join(&error.file))
}

/// Without `.` and `..`.
pub(super) fn normal(path: &camino::Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

fn new_finding(cx: &Context<'_, '_>, error: &CompileError, file: String) -> Option<Finding> {
    let package = cx.graph.get(&error.package)?;
    let mut finding = cx.without_place(package, saying(cx, package, error));
    finding.evidence = Evidence::Compiled;
    finding.file = file;
    (finding.line, finding.column) = (error.line, error.column);
    if !error.file.as_str().is_empty() {
        cx.quote(&mut finding, &error_path(cx, error));
    }
    let rest = error.message.lines().skip(1);
    finding
        .notes
        .extend(rest.map(|line| Note::new(NoteKind::Output, line)));
    Some(finding)
}

/// The rule and symbol of an error, by the compiler's own words (`cmd/compile/internal/types2`).
fn saying(cx: &Context<'_, '_>, package: &Package<'_>, error: &CompileError) -> Saying {
    let path = package.path();
    let first = error.message.lines().next().unwrap_or_default();
    let plain = |rule, symbol| Saying {
        rule,
        effect: Effect::FailsToBuild,
        root: path.to_owned(),
        symbol,
        claim: Claim::plain(first),
    };
    let undefined = first
        .strip_prefix("undefined: ")
        .map(|rest| rest.split_whitespace().next().unwrap_or(rest));
    match undefined.map(|name| name.split_once('.').ok_or(name)) {
        Some(Ok((qualifier, name))) => {
            let import = imported_as(cx, package, qualifier).unwrap_or(qualifier);
            plain(Rule::UndefinedImportedName, format!("{import}.{name}"))
        }
        Some(Err(name)) => plain(Rule::UndefinedName, format!("{path}.{name}")),
        None if first.contains(" redeclared") => plain(Rule::Redeclared, path.to_owned()),
        None if first == "missing function body" => plain(Rule::MissingBody, path.to_owned()),
        None if first.starts_with("syntax error") => plain(Rule::Syntax, path.to_owned()),
        None => plain(Rule::Compiler, path.to_owned()),
    }
}

fn imported_as<'c>(
    cx: &'c Context<'_, '_>,
    package: &'c Package<'_>,
    qualifier: &str,
) -> Option<&'c str> {
    let of = |path: &&String| {
        cx.graph
            .get(path)
            .is_some_and(|p| p.listed.name == qualifier)
    };
    package.listed.imports.iter().find(of).map(String::as_str)
}

/// A main package that compiled and did not link.
pub(crate) fn link_failed(
    cx: &Context<'_, '_>,
    findings: &mut Vec<Finding>,
    package: &str,
    output: &str,
) {
    let Some(package) = cx.graph.get(package) else {
        return;
    };
    let lines: Vec<&str> = output
        .lines()
        .filter(|l| !l.starts_with("# ") && !l.trim().is_empty())
        .collect();
    let message = lines
        .first()
        .map_or("the linker failed without a message", |l| l.trim());
    let rule = if message.contains("function main is undeclared") {
        Rule::MissingMain
    } else {
        Rule::Compiler
    };
    let foretold = |f: &&mut Finding| match f.rule {
        Rule::MissingMain => rule == Rule::MissingMain,
        Rule::RefusedLinkname => message.ends_with(&format!("invalid reference to {}", f.symbol)),
        _ => false,
    };
    let mut known = findings.iter_mut().filter(|f| f.package == package.path());
    if let Some(finding) = known.find(foretold) {
        finding.evidence = Evidence::Compiled;
        finding.notes.push(Note::new(NoteKind::Linker, message));
        return;
    }
    let saying = Saying {
        rule,
        effect: Effect::FailsToBuild,
        root: package.path().to_owned(),
        symbol: package.path().to_owned(),
        claim: Claim::plain(format!("the program compiles but does not link: {message}")),
    };
    let mut finding = cx.without_place(package, saying);
    finding.evidence = Evidence::Compiled;
    let rest = lines.iter().skip(1).take(20);
    finding
        .notes
        .extend(rest.map(|line| Note::new(NoteKind::Output, *line)));
    findings.push(finding);
}

/// Which builds a target list needs, without repetition.
pub fn builds_of(targets: &[model::Target]) -> Vec<Goos> {
    Goos::ALL
        .into_iter()
        .filter(|goos| targets.iter().any(|t| t.goos() == *goos))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiler_output_is_read_with_its_continuations() {
        let text = "# example.com/m\n./a.go:5:22: undefined: syscall.Sync\n../lib/b.go:7: x redeclared in this block\n\t./c.go:3:6: other declaration of x\n./a.go:9:1: too many errors\n";
        let mut compiled = Compiled::default();
        compiled.read_errors("example.com/m", text);
        assert_eq!(compiled.cut, ["example.com/m"]);
        assert_eq!(compiled.errors.len(), 2, "{:?}", compiled.errors);
        let first = &compiled.errors[0];
        assert_eq!(
            (first.file.as_str(), first.line, first.column),
            ("./a.go", 5, 22)
        );
        assert_eq!(
            compiled.errors[1].message,
            "x redeclared in this block\n./c.go:3:6: other declaration of x"
        );
    }
}
