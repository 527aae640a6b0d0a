//! Edits of files as unified diffs that `git apply` takes, made and applied.

use diffy::patch_set::{FileOperation, ParseOptions, PatchKind, PatchSet};
use diffy::{DiffOptions, Patch};

/// The diff of a file by its path; `before` is none of a new file, `after` none of one that is removed.
pub fn diff(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let name = |side: char, text: Option<&str>| match text {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let mut options = DiffOptions::new();
    options.set_original_filename(name('a', before));
    options.set_modified_filename(name('b', after));
    options
        .create_patch(before.unwrap_or_default(), after.unwrap_or_default())
        .to_string()
}

/// The text of a file after a diff of it; none of a file that the diff removes.
///
/// # Errors
/// Where the text is not the one that the diff was made of, or the diff cannot be read.
pub fn apply(before: Option<&str>, diff: &str) -> Result<Option<String>, String> {
    let patch = Patch::from_str(diff).map_err(|e| format!("the diff cannot be read: {e}"))?;
    let text = diffy::apply(before.unwrap_or_default(), &patch)
        .map_err(|e| format!("the file is not the one that the diff was made of: {e}"))?;
    Ok((patch.modified() != Some("/dev/null")).then_some(text))
}

/// The diffs of single files that a diff of several consists of, with the paths of the files.
///
/// # Errors
/// Where it cannot be read.
pub fn of_files(diff: &str) -> Result<Vec<(String, String)>, String> {
    let files = PatchSet::parse(diff, ParseOptions::unidiff()).map(|file| {
        let file = file.map_err(|e| format!("the diff cannot be read: {e}"))?;
        let path = match file.operation().strip_prefix(1) {
            FileOperation::Delete(path) | FileOperation::Create(path) => path.into_owned(),
            FileOperation::Modify { modified, .. } => modified.into_owned(),
            FileOperation::Rename { to, .. } | FileOperation::Copy { to, .. } => to.into_owned(),
        };
        match file.into_patch() {
            PatchKind::Text(changes) => Ok((path, changes.to_string())),
            PatchKind::Binary(_) => Err(format!("{path}: the diff is of bytes, not of text")),
        }
    });
    files.collect()
}

/// A diff of several files with a directory before all paths, none where that is empty.
///
/// # Errors
/// Where it cannot be read.
pub fn below(dir: &str, diff: &str) -> Result<String, String> {
    if dir.is_empty() {
        return Ok(diff.to_owned());
    }
    let files = of_files(diff)?;
    let moved = files.iter().map(|(_, diff)| {
        let (head, hunks) = diff.split_at(diff.find("\n@@").unwrap_or(diff.len()));
        let lines = head.split_inclusive('\n').map(|line| {
            // A name with special characters is quoted.
            let side = ["--- a/", "--- \"a/", "+++ b/", "+++ \"b/"]
                .into_iter()
                .find(|side| line.starts_with(side));
            side.map_or_else(
                || line.to_owned(),
                |side| format!("{side}{dir}/{}", &line[side.len()..]),
            )
        });
        lines.collect::<String>() + hunks
    });
    Ok(moved.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_moved_into_a_directory() {
        let both = diff("a.go", Some("-- a/x\n"), Some("++ b/x\n"))
            + &diff("é/c.go", None, Some("c\r\n"))
            + &diff("d.go", Some("d"), None);
        let moved = below("sub/v2", &both).unwrap();
        let files = of_files(&moved).unwrap();
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["sub/v2/a.go", "sub/v2/é/c.go", "sub/v2/d.go"]);
        let after = apply(Some("-- a/x\n"), &files[0].1).unwrap();
        assert_eq!(after.as_deref(), Some("++ b/x\n"));
        assert_eq!(apply(None, &files[1].1).unwrap().as_deref(), Some("c\r\n"));
        assert_eq!(below("", &both).unwrap(), both);
    }

    #[test]
    fn a_diff_leads_from_one_text_to_the_other() {
        for (before, after) in [
            (Some("a\nb\n"), Some("a\nc\n")),
            (None, Some("a\n")),
            (Some("a\r\nb\r\n"), Some("a\r\nb")),
            (Some("a\n"), None),
        ] {
            let diff = diff("x y/a.go", before, after);
            assert_eq!(apply(before, &diff).unwrap().as_deref(), after, "{diff}");
        }
        assert!(
            diff("a.go", None, Some("a\n"))
                .starts_with("--- /dev/null\n+++ b/a.go\n@@ -0,0 +1 @@\n+a\n")
        );
        let both = diff("a.go", Some("a\n"), None) + &diff("b/c.go", None, Some("c\n"));
        let files = of_files(&both).unwrap();
        assert_eq!([&*files[0].0, &*files[1].0], ["a.go", "b/c.go"]);
        assert_eq!(apply(Some("a\n"), &files[0].1), Ok(None));
        let other = diff("a.go", Some("a\n"), Some("b\n"));
        assert!(
            apply(Some("c\n"), &other)
                .unwrap_err()
                .contains("not the one")
        );
    }
}
