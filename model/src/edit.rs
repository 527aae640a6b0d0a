//! Changes that mend a finding, as data: command lines and patches are made from them.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of a module, or of how it is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum Edit {
    /// Require a version of a module: `go get MODULE@VERSION`.
    Require {
        /// Module path.
        module: String,
        /// The version.
        version: String,
    },
    /// Put another module in the place of one: `go mod edit -replace`.
    Replace {
        /// Path of the module that is replaced.
        module: String,
        /// Path of the module that takes its place.
        with: String,
        /// Its version.
        version: String,
    },
    /// Remove the requirement of a module.
    Drop {
        /// Module path.
        module: String,
    },
    /// Build with a tag: `-tags TAG`.
    Tag {
        /// The tag.
        tag: String,
    },
    /// Change, create or remove a file.
    File {
        /// Relative to the module's root.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// A unified diff that `git apply` takes.
        diff: String,
    },
    /// Copy a version of a module into a directory of the checked one, change the copy, and put it in the module's
    /// place: `go mod edit -replace=MODULE=./DIR`.
    Fork {
        /// Module path.
        module: String,
        /// The module that is copied, where go.mod puts another one in the module's place already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copied: Option<String>,
        /// The version that is copied.
        version: String,
        /// Where the copy is laid, relative to the module's root.
        #[schemars(with = "String")]
        dir: Utf8PathBuf,
        /// A unified diff, with paths relative to the copied module's root.
        diff: String,
    },
}

impl Edit {
    /// The shell command that makes the change; none for a build tag, which is given to each build,
    /// for a file or a fork, whose diff says it, and where a path or version is none that Go takes: a module may
    /// write anything into `vendor/modules.txt`, which nobody should be asked to type.
    pub fn command(&self) -> Option<String> {
        let words = match self {
            Self::Require { module, version } => vec![module, version],
            Self::Replace {
                module,
                with,
                version,
            } => vec![module, with, version],
            Self::Drop { module } => vec![module],
            Self::Fork { .. } | Self::Tag { .. } | Self::File { .. } => return None,
        };
        if !words.into_iter().all(|word| is_plain(word)) {
            return None;
        }
        match self {
            Self::Require { module, version } => Some(format!("go get {module}@{version}")),
            Self::Replace {
                module,
                with,
                version,
            } => Some(format!(
                "go mod edit -replace={module}={with}@{version} && go mod tidy"
            )),
            Self::Drop { module } => {
                Some(format!("go mod edit -droprequire={module} && go mod tidy"))
            }
            Self::Tag { .. } | Self::File { .. } | Self::Fork { .. } => None,
        }
    }

    /// The value of [`Advice::patch`](crate::Advice::patch) for a list of edits: their commands;
    /// where none of them has one, the diffs of their files.
    pub fn patch(edits: &[Self]) -> Option<String> {
        let commands: Vec<String> = edits.iter().filter_map(Self::command).collect();
        if !commands.is_empty() {
            return Some(commands.join(" && "));
        }
        let diffs = edits.iter().filter_map(|edit| match edit {
            Self::File { diff, .. } | Self::Fork { diff, .. } => Some(diff.as_str()),
            _ => None,
        });
        Some(diffs.collect::<String>()).filter(|diffs| !diffs.is_empty())
    }
}

/// Whether a module path or version has only the characters that Go allows in them
/// (`golang.org/x/mod/module`, `CheckPath`; `golang.org/x/mod/semver`).
fn is_plain(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/+!".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_would_run_is_no_command() {
        for module in [
            "x;touch${IFS}/tmp/f;:",
            "-modfile=x",
            "a b",
            "$(id)",
            "a`id`",
            "",
        ] {
            let drop = Edit::Drop {
                module: module.to_owned(),
            };
            assert_eq!(drop.command(), None, "{module}");
            let require = Edit::Require {
                module: "a.b/c".to_owned(),
                version: module.to_owned(),
            };
            assert_eq!(Edit::patch(&[require]), None, "{module}");
        }
    }

    #[test]
    fn patches_are_commands_or_diffs() {
        let require = Edit::Require {
            module: "a.b/c".to_owned(),
            version: "v1.2.0".to_owned(),
        };
        let replace = Edit::Replace {
            module: "a.b/c".to_owned(),
            with: "d.e/f".to_owned(),
            version: "v0.5.4".to_owned(),
        };
        let tag = Edit::Tag {
            tag: "purego".to_owned(),
        };
        let file = Edit::File {
            path: "x.go".into(),
            diff: "--- a/x.go\n".to_owned(),
        };
        for (edits, patch) in [
            (vec![require], Some("go get a.b/c@v1.2.0")),
            (
                vec![replace],
                Some("go mod edit -replace=a.b/c=d.e/f@v0.5.4 && go mod tidy"),
            ),
            (vec![tag], None),
            (vec![file], Some("--- a/x.go\n")),
        ] {
            assert_eq!(Edit::patch(&edits).as_deref(), patch);
        }
    }
}
