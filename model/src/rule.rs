//! The rules as a table: everything that is known of a rule without looking at Go.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;

/// What a finding is an instance of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The package is written with cgo, and no other file is left.
    Cgo,
    /// Build constraints exclude every Go file of an imported package.
    ExcludedPackage,
    /// No such package, no such module, or it could not be loaded.
    MissingPackage,
    /// The package cannot be loaded as it stands: syntax, import cycle, broken `go:embed`.
    LoadError,
    /// A file does not parse.
    Syntax,
    /// A name that no selected file of the package declares.
    UndefinedName,
    /// A name that the imported package does not declare on the target.
    UndefinedImportedName,
    /// An unexported field or method that no selected file of the package declares.
    MissingMember,
    /// A name declared twice in the selected files.
    Redeclared,
    /// A function without a body where no assembly can supply it.
    MissingBody,
    /// A main package whose `func main` is in files that are not selected.
    MissingMain,
    /// A program that the linker refuses, since a package of it reaches into the standard library.
    RefusedLinkname,
    /// `syscall/js` imported where it does not exist.
    SyscallJs,
    /// A function of the standard library that fails, fakes or lies at run time.
    StdBehaviour,
    /// A package that compiles on wasm as a stub whose every call fails.
    Stub,
    /// A program that was run and ended by a panic, a fatal error of Go's runtime, or a trap.
    Crash,
    /// A program that behaved differently from the native run when a scenario of `wasmcheck.toml` was played.
    Scenario,
    /// An error of the Go compiler or linker that no other rule explains.
    Compiler,
}

/// Where in the way from source to a running program a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The Go command cannot load or parse the package.
    Load,
    /// The package does not compile.
    Build,
    /// The program does not link, or links to nothing.
    Link,
    /// The program runs, and something in it fails or differs.
    Run,
}

/// What is known of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// The rule of this row.
    pub rule: Rule,
    /// Name in reports, suppressions and `wasmcheck explain`, and stem of its page.
    pub slug: &'static str,
    /// Where it looks.
    pub family: Family,
    /// Effect of its findings, unless something known of the place says otherwise.
    pub effect: Effect,
    /// Effort points before advice is known: 1 is a line, 8 another design.
    pub effort: u32,
    /// Version of wasmcheck that has it first.
    pub since: &'static str,
    /// Its page, in Markdown: `# slug`, an empty line, the summary in one line, the rest.
    pub page: &'static str,
}

impl RuleInfo {
    /// What the rule finds, in one sentence: the third line of its page.
    pub fn summary(&self) -> &'static str {
        self.page.lines().nth(2).unwrap_or_default()
    }
}

/// One row of the table.
macro_rules! row {
    ($rule:ident, $slug:literal, $family:ident, $effect:ident, $effort:literal, $since:literal) => {
        RuleInfo {
            rule: Rule::$rule,
            slug: $slug,
            family: Family::$family,
            effect: Effect::$effect,
            effort: $effort,
            since: $since,
            page: include_str!(concat!("../../docs/rules/", $slug, ".md")),
        }
    };
}

/// All rules, in the order of [`Rule`] and of the rule list.
pub const RULES: [RuleInfo; 18] = [
    row!(Cgo, "cgo", Build, FailsToBuild, 8, "0.1.0"),
    row!(
        ExcludedPackage,
        "excluded-package",
        Build,
        FailsToBuild,
        3,
        "0.1.0"
    ),
    row!(
        MissingPackage,
        "missing-package",
        Load,
        FailsToBuild,
        3,
        "0.1.0"
    ),
    row!(LoadError, "load-error", Load, FailsToBuild, 2, "0.1.0"),
    row!(Syntax, "syntax", Load, FailsToBuild, 1, "0.1.0"),
    row!(
        UndefinedName,
        "undefined-name",
        Build,
        FailsToBuild,
        2,
        "0.1.0"
    ),
    row!(
        UndefinedImportedName,
        "undefined-imported-name",
        Build,
        FailsToBuild,
        3,
        "0.1.0"
    ),
    row!(
        MissingMember,
        "missing-member",
        Build,
        FailsToBuild,
        2,
        "0.1.0"
    ),
    row!(Redeclared, "redeclared", Build, FailsToBuild, 1, "0.1.0"),
    row!(MissingBody, "missing-body", Link, FailsToBuild, 2, "0.1.0"),
    row!(MissingMain, "missing-main", Link, FailsToBuild, 1, "0.1.0"),
    row!(
        RefusedLinkname,
        "refused-linkname",
        Link,
        FailsToBuild,
        3,
        "0.1.0"
    ),
    row!(SyscallJs, "syscall-js", Build, FailsToBuild, 1, "0.1.0"),
    row!(
        StdBehaviour,
        "std-behaviour",
        Run,
        FailsAtRunTime,
        5,
        "0.1.0"
    ),
    row!(Stub, "stub", Run, FailsAtRunTime, 8, "0.1.0"),
    row!(Crash, "crash", Run, FailsAtRunTime, 5, "0.1.0"),
    row!(Scenario, "scenario", Run, FailsAtRunTime, 5, "0.1.0"),
    row!(Compiler, "compiler", Build, FailsToBuild, 3, "0.1.0"),
];

impl Rule {
    /// All rules, in the order of the rule list.
    pub const ALL: [Self; RULES.len()] = {
        let mut all = [Self::Cgo; RULES.len()];
        let mut row = 0;
        while row < RULES.len() {
            all[row] = RULES[row].rule;
            row += 1;
        }
        all
    };

    /// The row of the table.
    pub const fn info(self) -> &'static RuleInfo {
        &RULES[self as usize]
    }

    /// The slug: name in reports, suppressions, `wasmcheck explain`, and stem of its page.
    pub const fn slug(self) -> &'static str {
        self.info().slug
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.slug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_rules() {
        for (number, row) in RULES.iter().enumerate() {
            assert_eq!(row.rule as usize, number, "{}", row.slug);
        }
    }

    #[test]
    fn every_page_begins_with_slug_and_summary() {
        for row in &RULES {
            assert!(
                row.page.starts_with(&format!("# {}\n\n", row.slug)),
                "{}",
                row.slug
            );
            assert!(
                row.summary().ends_with('.') && row.page.len() > 300,
                "{}",
                row.slug
            );
        }
    }
}
