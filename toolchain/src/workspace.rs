//! A workspace without writing into it: Go makes and rewrites `go.work.sum` beside the go.work that is in
//! force (`cmd/go/internal/modload/init.go`), also with `-mod=readonly`.

use std::fmt::Write as _;
use std::fs;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::error::Error;
use crate::files;
use crate::go::{Go, parse_json};
use crate::replaces::{LARGEST, Replace};

/// A go.work as `go work edit -json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Work {
    go: String,
    toolchain: String,
    godebug: Option<Vec<Setting>>,
    #[serde(rename = "Use")]
    uses: Option<Vec<Use>>,
    replace: Option<Vec<Replace>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Setting {
    key: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Use {
    disk_path: Utf8PathBuf,
}

impl Work {
    /// What a go.work says.
    pub(crate) fn read(go: &Go, file: &Utf8Path) -> Result<Self, Error> {
        let dir = file.parent().unwrap_or(file);
        let edit = ["work", "edit", "-json", file.as_str()];
        let process = go.process(dir).args(edit);
        let shown = process.shown();
        parse_json(&shown, &go.run(process)?.stdout)
    }

    /// The directories of its modules, and those that it puts in the place of others.
    pub(crate) fn directories(&self, dir: &Utf8Path) -> (Vec<Utf8PathBuf>, Vec<Utf8PathBuf>) {
        let uses = self.uses.iter().flatten();
        let replaces = self.replace.iter().flatten();
        let local = replaces.filter(|r| r.new.version.is_empty());
        (
            uses.map(|u| joined(dir, &u.disk_path)).collect(),
            local
                .map(|r| joined(dir, Utf8Path::new(&r.new.path)))
                .collect(),
        )
    }

    /// The text of a go.work elsewhere that says the same: relative paths are those of `dir`.
    fn elsewhere(&self, dir: &Utf8Path) -> String {
        let mut text = String::new();
        for (word, value) in [("go", &self.go), ("toolchain", &self.toolchain)] {
            if !value.is_empty() {
                let _ = writeln!(text, "{word} {value}");
            }
        }
        for Setting { key, value } in self.godebug.iter().flatten() {
            let _ = writeln!(text, "godebug {key}={value}");
        }
        for Use { disk_path } in self.uses.iter().flatten() {
            let _ = writeln!(text, "use {}", quoted(joined(dir, disk_path).as_str()));
        }
        for Replace { old, new } in self.replace.iter().flatten() {
            // A path without a version is a directory (`go help work`).
            let path = if new.version.is_empty() {
                joined(dir, Utf8Path::new(&new.path)).into_string()
            } else {
                new.path.clone()
            };
            let (old_path, new_path) = (quoted(&old.path), quoted(&path));
            let line = format!("{old_path} {} => {new_path} {}", old.version, new.version);
            let _ = writeln!(text, "replace {}", line.trim_end());
        }
        text
    }
}

/// Put a copy of a workspace into each of some directories.
///
/// One with a vendor directory is left where it is: nothing is written there (`-mod=vendor`), and Go looks
/// for that directory beside go.work.
#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
pub(crate) fn copy(
    go: &Go,
    file: &Utf8Path,
    copies: impl Iterator<Item = Utf8PathBuf>,
) -> Result<bool, Error> {
    let dir = file.parent().unwrap_or(file);
    if dir.join("vendor/modules.txt").is_file() {
        return Ok(false);
    }
    let text = Work::read(go, file)?.elsewhere(dir);
    let sums = file.with_extension("work.sum");
    let sums = match files::read(sums.as_std_path(), LARGEST) {
        Ok(bytes) => Some(bytes),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(Error::io(sums)(e)),
    };
    for copy in copies {
        fs::create_dir_all(&copy).map_err(Error::Scratch)?;
        fs::write(copy.join("go.work"), &text).map_err(Error::Scratch)?;
        if let Some(sums) = &sums {
            fs::write(copy.join("go.work.sum"), sums).map_err(Error::Scratch)?;
        }
    }
    Ok(true)
}

/// A path of go.work as Go takes it, without `.` and `..` (`path/filepath.Join`): it compares absolute paths
/// as they are written.
fn joined(dir: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for part in dir.join(path).components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => _ = clean.pop(),
            part => clean.push(part),
        }
    }
    clean
}

/// A path as go.work wants it: in quotes, with Go's escapes where there is something to escape.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    if path.chars().all(plain) {
        return path.to_owned();
    }
    let mut text = String::from('"');
    for c in path.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => _ = write!(text, "\\u{:04x}", u32::from(c)),
            c => text.push(c),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_and_the_rest_stays() {
        let json = r#"{
            "Go": "1.24", "Toolchain": "go1.24.3",
            "Godebug": [{"Key": "default", "Value": "go1.21"}],
            "Use": [{"DiskPath": "."}, {"DiskPath": "./a b"}, {"DiskPath": "/abs"}],
            "Replace": [
                {"Old": {"Path": "x.y/z"}, "New": {"Path": "../z"}},
                {"Old": {"Path": "x.y/w", "Version": "v1.0.0"}, "New": {"Path": "x.y/v", "Version": "v1.2.0"}}
            ]
        }"#;
        let work: Work = serde_json::from_str(json).unwrap();
        assert_eq!(
            work.elsewhere(Utf8Path::new("/w")),
            "go 1.24\ntoolchain go1.24.3\ngodebug default=go1.21\nuse /w\nuse \"/w/a b\"\nuse /abs\n\
             replace x.y/z  => /z\nreplace x.y/w v1.0.0 => x.y/v v1.2.0\n"
        );
    }

    #[test]
    fn odd_paths_are_quoted() {
        assert_eq!(quoted("/a/b-1"), "/a/b-1");
        assert_eq!(quoted("/a \"b\"\\\n"), "\"/a \\\"b\\\"\\\\\\u000a\"");
    }
}
