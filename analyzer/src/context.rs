//! What rules and joins look at, and how they make findings.

use std::sync::Arc;

use camino::Utf8Path;
use model::{Effect, Evidence, Finding, Goos, Note, NoteKind, Rule, Target};

use crate::go::constraint::{Exclusion, Platform};
use crate::go::graph::{Graph, Package, Places};
use crate::go::source::{Source, Sources};
use crate::settings::Settings;
use crate::system::Quotable;

/// Everything that a rule may look at.
pub(crate) struct Context<'c, 'a> {
    pub(crate) settings: &'c Settings<'a>,
    pub(crate) graph: &'c Graph<'a>,
    pub(crate) sources: &'c Arc<Sources<'a>>,
    /// The requested targets that this build serves.
    pub(crate) targets: Vec<Target>,
}

/// Stands for the name of the build in claims: what holds for both builds names none of them. It is
/// a character for private use, which the source of no program has.
pub(crate) const HERE: &str = "\u{f8ff}";

/// A claim about a name, or a sentence without a name.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    subject: String,
    what: String,
}

impl Claim {
    /// Words that continue the name in backquotes.
    pub(crate) fn of(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            what: what.into(),
        }
    }

    /// A sentence of its own.
    pub(crate) fn plain(what: impl Into<String>) -> Self {
        Self::of("", what)
    }
}

/// A finding as one sentence. [`HERE`] becomes the build, when all of the targets have one.
pub(crate) fn sentence(finding: &Finding) -> String {
    let what = on_builds(&finding.what, &finding.targets);
    match finding.subject.as_str() {
        "" => what,
        subject => format!("`{subject}` {what}"),
    }
}

/// A claim that names the build of the targets, or wasm where they have several.
pub(crate) fn on_builds(what: &str, targets: &[Target]) -> String {
    let mut builds = targets.iter().map(|t| t.goos());
    let first = builds.next();
    let one = first.filter(|goos| builds.all(|other| other == *goos));
    what.replace(HERE, one.map_or("wasm", Goos::name))
}

/// What a finding says, apart from its place.
pub(crate) struct Saying {
    pub(crate) rule: Rule,
    pub(crate) effect: Effect,
    pub(crate) root: String,
    pub(crate) symbol: String,
    pub(crate) claim: Claim,
}

impl<'a> Context<'_, 'a> {
    /// A finding at an offset of a selected file.
    pub(crate) fn at(
        &self,
        package: &Package<'a>,
        file: &Source,
        offset: u32,
        saying: Saying,
    ) -> Finding {
        let (line, column) = file.facts.position(offset);
        let mut finding = self.without_place(package, saying);
        finding.file = self.places().name_in(package.listed, &file.name);
        (finding.line, finding.column) = (line, column);
        match self.sources.quotable(&package.file_path(&file.name)) {
            Some(Quotable::Lines) => set_source(&mut finding, file),
            Some(Quotable::Nothing) => withhold(&mut finding),
            Some(Quotable::Messages) | None => {}
        }
        finding
    }

    /// Give a finding the line of its place in a file, if the file may be quoted.
    pub(crate) fn quote(&self, finding: &mut Finding, path: &Utf8Path) {
        if self.sources.quotable(path) == Some(Quotable::Lines) {
            set_source(finding, &self.sources.get(path));
        }
    }

    /// A finding about a package as a whole.
    pub(crate) fn without_place(&self, package: &Package<'a>, saying: Saying) -> Finding {
        let module = package.listed.module.as_ref();
        let version = module.map(|m| m.version.clone()).filter(|v| !v.is_empty());
        Finding {
            id: String::new(),
            fingerprint: String::new(),
            rule: saying.rule,
            targets: self.targets.clone(),
            effect: saying.effect,
            evidence: Evidence::Static,
            root: saying.root,
            package: package.path().to_owned(),
            module: module.map_or_else(|| "std".to_owned(), |m| m.path.clone()),
            version,
            file: String::new(),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            symbol: saying.symbol,
            subject: saying.claim.subject,
            what: saying.claim.what,
            message: String::new(),
            notes: Vec::new(),
            source: None,
            guard: None,
            init: false,
            chains: Vec::new(),
            calls: Vec::new(),
            callers: Vec::new(),
            advice: Vec::new(),
        }
    }

    pub(crate) fn places(&self) -> Places<'a> {
        self.settings.places
    }

    /// Packages whose source is judged: all but the standard library.
    pub(crate) fn judged(&self) -> impl Iterator<Item = &Package<'a>> {
        self.graph
            .packages
            .values()
            .filter(|p| !p.listed.standard && !p.is_empty())
    }

    /// The constraints of this build, with cgo as it is or switched on.
    pub(crate) fn platform(&self, cgo: bool) -> Platform<'a> {
        let (tags, release) = (self.settings.tags, self.settings.release);
        Platform {
            goos: self.graph.goos.name(),
            goarch: "wasm",
            cgo,
            tags,
            release,
        }
    }

    /// A file that the target leaves out declares a name in a line.
    pub(crate) fn declared_in(&self, package: &Package<'a>, file: &Source, line: u32) -> Note {
        let name = self.places().name_in(package.listed, &file.name);
        let text = format!(
            "{name}:{line} declares it, but is {}",
            self.why_ignored(file)
        );
        Note::new(NoteKind::DeclaredElsewhere, text).at(name, line, 0)
    }

    /// Why a file is not selected: text that continues its name.
    pub(crate) fn why_ignored(&self, file: &Source) -> String {
        match self.platform(false).excludes(&file.name, &file.facts.src) {
            Some(Exclusion::Name(suffix)) => format!("left out by the `{suffix}` in its name"),
            Some(Exclusion::Line(line, text)) => {
                format!("left out by line {line}, `{}`", shorten(&text))
            }
            None if file.facts.cgo.is_some() => "left out because it imports \"C\"".to_owned(),
            None => "left out by Go".to_owned(),
        }
    }

    /// The package that a file name in a binary belongs to: by its directory, or, with `-trimpath`,
    /// by its import path.
    pub(crate) fn package_of_file(&self, file: &Utf8Path) -> Option<&Package<'a>> {
        let dir = file.parent()?;
        let mut packages = self.graph.packages.values();
        packages.find(|p| p.listed.dir == dir || p.path() == dir.as_str())
    }

    /// A file of a binary, named as reports name files.
    pub(crate) fn name_of_file(&self, file: &str) -> String {
        let path = Utf8Path::new(file);
        match (self.package_of_file(path), path.file_name()) {
            (Some(package), Some(name)) => self.places().name_in(package.listed, name),
            _ => self.places().name(path),
        }
    }

    /// The place of a finding: a line of a file of its package, which a binary names.
    pub(crate) fn set_line(
        &self,
        finding: &mut Finding,
        package: &Package<'a>,
        file: &str,
        line: u32,
    ) {
        let name = Utf8Path::new(file).file_name().unwrap_or_default();
        finding.file = self.places().name_in(package.listed, name);
        finding.line = line;
        self.quote(finding, &package.file_path(name));
    }
}

/// What is said of a file of which nothing may stand in a report.
pub(crate) const WITHHELD: &str = "Go refuses something here, and nothing is quoted of it: a link, an include or a directive leads out of the module's own source";

/// Leave nothing in a finding that its file could have said.
pub(crate) fn withhold(finding: &mut Finding) {
    finding.symbol.clone_from(&finding.package);
    finding.subject.clear();
    WITHHELD.clone_into(&mut finding.what);
    finding.notes.clear();
}

fn set_source(finding: &mut Finding, file: &Source) {
    let line = file.facts.line(finding.line);
    let end = token_end(line.unwrap_or_default(), finding.column);
    if finding.column > 0 {
        (finding.end_line, finding.end_column) = (finding.line, end);
    }
    finding.source = line.map(|line| source_line(line, end));
}

/// A source line fit for a report: its beginning, to behind the place at least.
fn source_line(line: &str, end: u32) -> String {
    const MOST: usize = 4000;
    const BEHIND: usize = 100;
    let line = line.trim_ascii_end();
    let usual = line
        .char_indices()
        .nth(LONG)
        .map_or(line.len(), |(at, _)| at);
    let wanted = (end as usize).saturating_add(BEHIND).min(MOST);
    let cut = line.ceil_char_boundary(usual.max(wanted));
    if cut >= line.len() {
        line.to_owned()
    } else {
        format!("{}…", &line[..cut])
    }
}

/// Characters of a line that stand in a report.
const LONG: usize = 200;

/// The column behind the token that begins at a column of a line, both counted from 1 in bytes: a
/// string, a name with its qualifier, or one character.
pub(crate) fn token_end(line: &str, column: u32) -> u32 {
    let start = (column as usize).saturating_sub(1);
    let Some(rest) = line.get(start..).filter(|rest| !rest.is_empty()) else {
        return column;
    };
    let closed = |quote: char| Some(rest.strip_prefix(quote)?.find(quote)? + 2);
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    let word = word.unwrap_or(rest.len());
    let one = rest.chars().next().map_or(0, char::len_utf8);
    let len = closed('"').or_else(|| closed('`')).unwrap_or(word.max(one));
    column + u32::try_from(len).unwrap_or(0)
}

/// A line of a message fit for a report.
pub(crate) fn shorten(line: &str) -> String {
    let line = line.trim_end();
    match line.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_end_where_their_token_does() {
        assert_eq!(token_end("\treturn isTerminal(fd)", 9), 19);
        assert_eq!(token_end("import \"os/exec\"", 8), 17);
        assert_eq!(token_end("x := syscall.Kill(1, 2)", 6), 18);
        assert_eq!(token_end("a + b", 3), 4);
        assert_eq!(token_end("é", 1), 3);
        assert_eq!(token_end("a", 9), 9);
    }

    #[test]
    fn long_lines_are_kept_to_behind_their_place() {
        assert_eq!(source_line("\tx \u{a0}\t", 4), "\tx \u{a0}");
        let long = "é".repeat(9000);
        for (end, kept) in [(1, 400), (500, 600), (9999, 4000), (u32::MAX, 4000)] {
            assert_eq!(source_line(&long, end).len(), kept + "…".len(), "{end}");
        }
        assert_eq!(source_line(&long[..300], 9999), long[..300]);
    }

    #[test]
    fn claims_name_the_build_that_they_hold_for() {
        let what = format!("is missing on {HERE}");
        assert_eq!(on_builds(&what, &[Target::Wasip1]), "is missing on wasip1");
        assert_eq!(on_builds(&what, &Target::ALL), "is missing on wasm");
        let js: Vec<Target> = model::Goos::Js.targets().collect();
        assert_eq!(on_builds(&what, &js), "is missing on js");
    }
}
