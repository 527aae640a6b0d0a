//! Each dependency is used, and says in a comment what for.

use super::edges;
use super::manifest;
use super::tree::{Crate, Tree};

/// What the comment above a dependency says that is there for its features or its version alone.
const NOT_USED: &str = "not used";

/// Checks the manifests of all crates.
pub(super) fn check(tree: &Tree, complaints: &mut Vec<String>) {
    for member in &tree.crates {
        let texts: Vec<&str> = member.files.iter().map(|f| f.text.as_str()).collect();
        manifest(member, &texts, complaints);
    }
}

fn manifest(member: &Crate, texts: &[&str], complaints: &mut Vec<String>) {
    for dependency in manifest::dependencies(&member.manifest) {
        let name = &dependency.name;
        let at = format!("{}/Cargo.toml:{}", member.name, dependency.line);
        // The reason of an edge between crates is in docs/architecture.md.
        if dependency.reason.is_empty() && !edges::is_member(name) {
            complaints.push(format!("{at}: no comment says what {name} is for"));
        }
        let excused = dependency.reason.to_lowercase().contains(NOT_USED);
        let used = texts.iter().any(|t| has_word(t, &name.replace('-', "_")));
        if !used && !excused {
            complaints.push(format!("{at}: {name} is not used"));
        }
    }
}

/// Whether a name stands in a text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_and_unexplained_dependencies_are_named() {
        let member = Crate {
            name: "a".to_owned(),
            manifest: "\
[dependencies]
model.workspace = true
bare.workspace = true
# Files.
some-files.workspace = true
# Nothing.
serde.workspace = true
# Not used here: brings a feature.
quiet.workspace = true
"
            .to_owned(),
            files: Vec::new(),
        };
        let mut complaints = Vec::new();
        let text = "use model::Rule;\nuse bare;\nuse some_files::open;\nuse serde_json::Value;";
        manifest(&member, &[text], &mut complaints);
        assert_eq!(
            complaints,
            [
                "a/Cargo.toml:3: no comment says what bare is for",
                "a/Cargo.toml:7: serde is not used",
            ]
        );
    }
}
