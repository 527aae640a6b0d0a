//! Where a module lies as seen from the current directory, from which `git apply` reads the paths of a patch.

use camino::{Utf8Path, Utf8PathBuf};
use engine::Fixed;
use model::Edit;

/// Where a module lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the current directory, or nowhere where it could be changed.
    Here,
    /// In a directory below the current one.
    Below(Utf8PathBuf),
    /// In a directory above the current one, or beside it.
    Elsewhere(Utf8PathBuf),
}

impl Place {
    pub(super) fn of(root: Option<&Utf8Path>, here: Option<&Utf8Path>) -> Self {
        let Some(root) = root else { return Self::Here };
        match here.and_then(|here| root.strip_prefix(here).ok()) {
            Some(below) if below.as_str().is_empty() => Self::Here,
            Some(below) => Self::Below(below.to_owned()),
            None => Self::Elsewhere(root.to_owned()),
        }
    }

    /// The directory of the module, where it is not the current one.
    pub(super) fn dir(&self) -> Option<&Utf8Path> {
        match self {
            Self::Here => None,
            Self::Below(dir) | Self::Elsewhere(dir) => Some(dir),
        }
    }

    /// A file of the module, as it is named from the current directory.
    pub(super) fn path(&self, file: &Utf8Path) -> Utf8PathBuf {
        self.dir()
            .map_or_else(|| file.to_owned(), |dir| dir.join(file))
    }

    /// The edits with paths as they are applied from the current directory; those of a module elsewhere, from its own.
    pub(super) fn edits(&self, fixed: &Fixed) -> Vec<Edit> {
        match self {
            Self::Here | Self::Elsewhere(_) => fixed.edits.clone(),
            Self::Below(dir) => fixed.edits_from_above(dir),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_current_directory() {
        let named = |root, here| {
            let place = Place::of(Some(Utf8Path::new(root)), Some(Utf8Path::new(here)));
            place.path(Utf8Path::new("a/b.go")).into_string()
        };
        assert_eq!(named("/m", "/m"), "a/b.go");
        assert_eq!(named("/m/sub", "/m"), "sub/a/b.go");
        assert_eq!(named("/m", "/m/sub"), "/m/a/b.go");
        assert_eq!(named("/mm", "/m"), "/mm/a/b.go");
        assert_eq!(Place::of(None, Some(Utf8Path::new("/m"))), Place::Here);
    }
}
