//! A file of the catalogue: what may stand in it. The schema for editors is made from these types.

use std::collections::BTreeMap;

use model::{AdviceKind, Compat, Goos, Target};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// The version of the format that this program reads.
pub const SCHEMA: u32 = 1;

/// A file: entries of one category.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// The version of the format; 1.
    pub schema: u32,
    /// The entries.
    #[serde(default)]
    #[schemars(with = "Vec<Entry>")]
    pub entry: Vec<Spanned<Entry>>,
}

/// What is known of one module, or of some packages or names of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A short name that stays: in lower case, with dashes.
    pub id: String,
    /// What it is about.
    pub r#match: Match,
    /// The versions for which it holds.
    #[schemars(with = "Vec<Range>")]
    pub versions: Vec<Spanned<Range>>,
    /// The builds for which it holds.
    pub targets: Vec<Goos>,
    /// Why the module fails.
    pub reason: Reason,
    /// How it fails.
    pub shape: Shape,
    /// Of a stub, text in its source; of any other shape, text in what the compiler says.
    #[serde(default)]
    pub signature: Vec<String>,
    /// One sentence: what is wrong, naming files and symbols.
    pub summary: String,
    /// What else is worth knowing.
    pub note: Option<String>,
    /// The remedies, in the order to try them.
    #[serde(default)]
    #[schemars(with = "Vec<Fix>")]
    pub fix: Vec<Spanned<Fix>>,
    /// How it is known.
    pub evidence: Vec<Evidence>,
}

/// Which packages an entry is about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The path of the module, without a major version where [`Match::majors`] lists some.
    pub module: String,
    /// Other paths of the same module: old names, vanity paths.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Major versions that are part of the path (`v2`), `v1` for the path without one, or `any`.
    #[serde(default)]
    pub majors: Vec<String>,
    /// Packages below the module's path: `.` for the module's own, `a/b` for one, `a/...` for one and
    /// all below it, `...` for all of them. All of them if none is given.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Names, as in `Open` or `example.com/m.Open`. Any name if none is given.
    #[serde(default)]
    pub symbols: Vec<String>,
}

/// From a version on, up to one that is fixed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first version; `0` where there was no good one before.
    pub introduced: String,
    /// The first version that is good again.
    pub fixed: Option<String>,
    /// A version in the range with which the failure was seen.
    pub tested: Option<String>,
    /// The builds for which the range holds; those of the entry if none is given.
    #[serde(default)]
    pub targets: Vec<Goos>,
}

/// A remedy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// What sort of change.
    pub kind: AdviceKind,
    /// One line that says what to do.
    pub title: String,
    /// The builds that it helps; those of the entry if none is given.
    #[serde(default)]
    pub targets: Vec<Goos>,
    /// What to move to.
    pub to: Option<To>,
    /// `module@version` that takes the module's place without a change of source, by a `replace`
    /// directive.
    pub replace: Option<String>,
    /// Build tags to add.
    #[serde(default)]
    pub tags_add: Vec<String>,
    /// Build tags that undo it.
    #[serde(default)]
    pub tags_avoid: Vec<String>,
    /// Build tags that a swap which is carried out needs, by build: `{ wasip1 = ["x"] }`.
    #[serde(default)]
    pub tags_on: BTreeMap<Goos, Vec<String>>,
    /// What has to be changed in the source of the user.
    #[serde(default)]
    pub changes: Vec<String>,
    /// How a swap is carried out: all packages that are replaced, and what is written in their places.
    #[serde(default)]
    #[schemars(with = "Vec<Rewrite>")]
    pub rewrite: Vec<Spanned<Rewrite>>,
    /// Of a fork: what takes the place of C in a package of the copy.
    pub adapter: Option<Adapter>,
    /// What the program can no longer do.
    pub lost: Option<String>,
    /// How much of the source has to change.
    pub compat: Option<Compat>,
    /// Points for the work, 1 for a minute.
    pub effort: Option<u32>,
    /// Licence of what is moved to, as an SPDX expression.
    pub licence: Option<String>,
    /// What the compiler does not find and the patch has to declare, as in `undefined: newFileLock`.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Name of the program that was built and run to verify it.
    pub probe: Option<String>,
}

/// What a fix moves to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct To {
    /// Path of the module; the same module if none is given.
    pub module: Option<String>,
    /// Import path, where it is not the module's own.
    pub package: Option<String>,
    /// The first version that helps.
    pub min: Option<String>,
    /// The newest version that was verified.
    pub tested: Option<String>,
}

/// A file that is added to a package in a copy of its module, for the builds that the fix helps: it declares what files
/// with C declare elsewhere, on top of the module that the fix names in `to`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// The package's import path.
    pub package: String,
    /// The text of the file, without a build constraint.
    pub source: String,
}

/// A package, and what is written in its place in the user's source. A file that uses a name which is listed in
/// neither `names` nor `renamed` keeps the swap from being carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Its import path.
    pub package: String,
    /// Its name, where that is not the last part of the path.
    pub name: Option<String>,
    /// Import paths in its place: the first one takes its names, the others are imported for their initialisation
    /// alone. All are where it was imported for that alone.
    pub imports: Vec<String>,
    /// The name of the first one, where that is not the last part of the path.
    pub new_name: Option<String>,
    /// Names that both packages have, with the same meaning.
    #[serde(default)]
    pub names: Vec<String>,
    /// Names that have another one in the new package, as in `{ Old = "New" }`.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
    /// Arguments of functions, in all files of the module.
    #[serde(default)]
    pub arguments: Vec<Argument>,
}

/// Literals that are arguments of functions: with `from` and `to` one is put in the place of another, and an argument
/// that is no literal keeps the swap from being carried out; with `refuse` a literal with one of those texts does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// The functions, as in `database/sql.Open`.
    pub of: Vec<String>,
    /// Which argument, from 0.
    #[serde(default)]
    pub at: usize,
    /// The text of a literal, without its quotes.
    pub from: Option<String>,
    /// What is written in its place.
    pub to: Option<String>,
    /// Texts that the new package does not know.
    #[serde(default)]
    pub refuse: Vec<String>,
}

/// How something is known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What sort of source.
    pub kind: Source,
    /// Where it can be read.
    pub url: Option<String>,
    /// What it says.
    pub says: Option<String>,
    /// The day on which it was read, as in `2026-11-20`.
    pub seen: Option<String>,
}

/// Sources of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// It was built or run.
    Measured,
    /// An issue or a pull request.
    Issue,
    /// Those who maintain the module.
    Maintainer,
    /// The module's own tests in its continuous integration.
    Ci,
    /// The module's documentation.
    Readme,
}

/// Why a module fails on wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is written in C, in part.
    Cgo,
    /// A module that it requires fails.
    Dependency,
    /// Its build constraints leave wasm out.
    Excluded,
    /// It locks files.
    FileLock,
    /// It maps files into memory.
    Mmap,
    /// A file for each system is there, and none for wasm.
    PerOsFile,
    /// It starts or controls processes.
    Process,
    /// It names signals.
    Signals,
    /// It uses the system's sockets.
    Sockets,
    /// It reads fields of a file's status, or extended attributes.
    Stat,
    /// It reads the state of the system.
    Sysinfo,
    /// It controls a terminal.
    Termios,
    /// It looks users up.
    UserLookup,
    /// Functions are written in assembly.
    Assembly,
    /// It loads libraries at run time.
    Dlopen,
    /// It talks to the kernel or to a device.
    Kernel,
}

/// How a module fails on wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// No file is left.
    Excluded,
    /// The files that are left use names of those that are not.
    Partial,
    /// It builds, without names that its importers use.
    Hollow,
    /// It builds, and fails when it is used.
    Stub,
}

impl Fix {
    /// The builds that it is for, in an entry.
    pub fn helps<'a>(&'a self, entry: &'a Entry) -> &'a [Goos] {
        of(&self.targets, entry)
    }
}

impl Range {
    /// The builds for which it holds, in an entry.
    pub fn holds_on<'a>(&'a self, entry: &'a Entry) -> &'a [Goos] {
        of(&self.targets, entry)
    }
}

fn of<'a>(own: &'a [Goos], entry: &'a Entry) -> &'a [Goos] {
    if own.is_empty() { &entry.targets } else { own }
}

impl Match {
    /// Import paths of the modules that it names; those of `any` major version have the path alone.
    pub fn modules(&self) -> Vec<String> {
        let names = std::iter::once(&self.module).chain(&self.aliases);
        let mut modules = Vec::new();
        for name in names {
            if self.majors.is_empty() || self.any_major() {
                modules.push(name.clone());
                continue;
            }
            modules.extend(self.majors.iter().map(|major| with_major(name, major)));
        }
        modules
    }

    /// Whether it is about all major versions.
    pub fn any_major(&self) -> bool {
        self.majors.iter().any(|m| m == "any")
    }
}

/// The path of a module of some major version.
fn with_major(module: &str, major: &str) -> String {
    if module.starts_with("gopkg.in/") {
        return format!("{module}.{major}");
    }
    match major {
        "v0" | "v1" => module.to_owned(),
        _ => format!("{module}/{major}"),
    }
}

/// The class rules, a file of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classes {
    pub(super) class: Vec<ClassRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassRule {
    /// The directory of its sketch.
    pub(super) name: Option<String>,
    /// The targets on which a finding holds that it is for; any, where there are none.
    #[serde(default)]
    pub(super) targets: Vec<Target>,
    pub(super) rules: Vec<String>,
    pub(super) symbols: Vec<String>,
    pub(super) kind: AdviceKind,
    pub(super) title: String,
    pub(super) to: Option<String>,
    pub(super) loses: Option<String>,
}
