//! The `replace` and `require` directives of a go.mod or go.work, as `go mod edit -json` and `go work edit -json` print them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::error::Error;
use crate::files;
use crate::go::{Go, parse_json};

/// Largest go.work, go.mod or go.sum that is read, in bytes.
pub(crate) const LARGEST: u64 = 16 << 20;

/// What stands in the place of a module.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Replace {
    pub(crate) old: Version,
    /// A path without a version is a directory (`go help work`).
    pub(crate) new: Version,
}

/// A module, or one version of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Version {
    pub(crate) path: String,
    pub(crate) version: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Edit {
    replace: Option<Vec<Replace>>,
    require: Option<Vec<Version>>,
}

/// Those of a go.mod whose right side is a directory.
pub(crate) fn local(go: &Go, dir: &Utf8Path) -> Result<Vec<Replace>, Error> {
    let mut replaces = read(go, dir)?.replace.unwrap_or_default();
    replaces.retain(|r| r.new.version.is_empty());
    Ok(replaces)
}

/// The versions of modules that a go.mod requires, by module path.
pub(crate) fn requirements(go: &Go, dir: &Utf8Path) -> Result<BTreeMap<String, String>, Error> {
    let all = read(go, dir)?.require.unwrap_or_default().into_iter();
    Ok(all.map(|of| (of.path, of.version)).collect())
}

fn read(go: &Go, dir: &Utf8Path) -> Result<Edit, Error> {
    let edit = ["mod", "edit", "-json", "go.mod"];
    let process = go.process(dir).args(edit).env("GOWORK", "off");
    let shown = process.shown();
    parse_json(&shown, &go.run(process)?.stdout)
}

/// The directories that the go.mod of a directory puts in the place of modules; none where it cannot be read, of
/// which listing the module will complain.
pub(crate) fn directories(go: &Go, dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Error> {
    let text = files::read_text(dir.join("go.mod").as_std_path(), LARGEST).unwrap_or_default();
    if let Some(spelled) = spelled(&text) {
        return Ok(spelled.iter().map(|path| dir.join(path)).collect());
    }
    match local(go, dir) {
        Ok(replaces) => Ok(replaces.iter().map(|r| dir.join(&r.new.path)).collect()),
        Err(Error::Go { .. }) => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

/// The directories of a go.mod without escapes, which the go command is not needed for; none where it is.
fn spelled(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((_, to)) = line.split_once("=>") else {
            continue;
        };
        let to = to.trim();
        if to.contains('\\') {
            return None;
        }
        let path = match to.chars().next() {
            Some(quote @ ('"' | '`')) => to[1..].split(quote).next(),
            _ => to.split_whitespace().next(),
        };
        // Paths of directories are told from those of modules by their start (`modfile.IsDirectoryPath`).
        let is_directory = |path: &&str| path.starts_with(['.', '/']);
        found.extend(path.filter(is_directory));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn directories_are_told_from_modules() {
        let text = "module m\n\nreplace a => ../a // why\nreplace (\n\tb v1.0.0 => `./b c`\n\tc => d v1.2.0\n\te => \"/x y\"\n)\n";
        assert_eq!(spelled(text), Some(vec!["../a", "./b c", "/x y"]));
        assert_eq!(spelled("replace a => \"\\x2e./a\"\n"), None);
    }
}
