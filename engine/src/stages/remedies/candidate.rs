//! Candidates: sets of edits that are tried together.

use model::{Advice, Edit};

/// A set of edits to try.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) edits: Vec<Edit>,
}

impl From<Edit> for Candidate {
    fn from(edit: Edit) -> Self {
        Self { edits: vec![edit] }
    }
}

impl Candidate {
    /// Another version of a module.
    pub(super) fn version(module: &str, version: &str) -> Self {
        Self::from(Edit::Require {
            module: module.to_owned(),
            version: version.to_owned(),
        })
    }

    /// It is another version of the module, and nothing else.
    pub(super) fn is_version(&self) -> bool {
        matches!(self.edits.as_slice(), [Edit::Require { .. }])
    }

    /// The name in a report, beside the module that the advice names.
    pub(super) fn name(&self) -> String {
        self.names(|edit| match edit {
            Edit::Require { version, .. } => version.clone(),
            Edit::Replace { with, version, .. } => format!("{with}@{version}"),
            Edit::Drop { module } => module.clone(),
            Edit::Tag { tag } => tag.clone(),
            Edit::File { path, .. } | Edit::Fork { dir: path, .. } => path.to_string(),
        })
    }

    /// The name where no module stands beside it; `module` is the one that is to build.
    pub(super) fn full_name(&self, module: &str) -> String {
        self.names(|edit| match edit {
            Edit::Require { module, version } => format!("{module}@{version}"),
            Edit::Replace {
                module,
                with,
                version,
            } => format!("{with}@{version} in place of {module}"),
            Edit::Drop { module } => format!("go.mod without {module}"),
            Edit::Tag { tag } => format!("-tags {tag} for {module}"),
            Edit::File { path, .. } => format!("a change of {path}"),
            Edit::Fork { module, .. } => format!("a patched copy of {module}"),
        })
    }

    fn names(&self, name: impl FnMut(&Edit) -> String) -> String {
        self.edits.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Sets the edits of an advice, and the command that makes them.
    pub(super) fn put_into(&self, advice: &mut Advice) {
        advice.patch = Edit::patch(&self.edits);
        advice.edits.clone_from(&self.edits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_have_a_short_and_a_full_name() {
        let replace = Candidate::from(Edit::Replace {
            module: "a.b/c".to_owned(),
            with: "d.e/f".to_owned(),
            version: "v0.5.4".to_owned(),
        });
        let tag = Candidate::from(Edit::Tag {
            tag: "purego".to_owned(),
        });
        for (candidate, name, full_name) in [
            (
                Candidate::version("a.b/c", "v1.2.0"),
                "v1.2.0",
                "a.b/c@v1.2.0",
            ),
            (replace, "d.e/f@v0.5.4", "d.e/f@v0.5.4 in place of a.b/c"),
            (tag, "purego", "-tags purego for a.b/c"),
        ] {
            assert_eq!(candidate.name(), name);
            assert_eq!(candidate.full_name("a.b/c"), full_name);
        }
    }
}
