//! What a program did with given arguments, input and files, compared with what it does elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use model::Difference;

/// Longest file whose content is compared; of others the length is.
const LARGEST: u64 = 16 << 20;
/// Most content of all files; of further ones the length is compared.
const CONTENT: u64 = 64 << 20;
/// Most text of the names of all files.
const NAMES: usize = 64 << 20;
/// Longest text of a difference.
const SHOWN: usize = 160;
/// What Go's runtime prints of goroutines, whose addresses differ everywhere
/// (`runtime/traceback.go`).
const TRACE: &str = "\ngoroutine ";

/// How a program ended, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Played {
    /// The exit code; none when it did not end by itself.
    pub(crate) exit: Option<i32>,
    /// How it ended, where it did not do so by itself.
    pub(crate) why: Option<String>,
    /// All of its standard output.
    pub(crate) stdout: String,
    /// All of its standard error.
    pub(crate) stderr: String,
    /// Files that it wrote, by their names in its world, with their content; none for those that it
    /// removed.
    pub(crate) files: BTreeMap<String, Option<Vec<u8>>>,
}

/// The files of a world at a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, Option<(u64, Option<SystemTime>)>>);

impl Tree {
    /// Look at all files and directories below `root`. Links are not followed.
    ///
    /// A program may make directories deeper than a stack, or than paths can name, and take the right to
    /// read them away: of what cannot be read, the name alone is known.
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        let mut todo = vec![String::new()];
        let mut left = NAMES;
        while let Some(dir) = todo.pop() {
            match tree.look(root, &dir, &mut left) {
                Ok(below) => todo.extend(below),
                Err(e) if dir.is_empty() => return Err(e),
                Err(_) => {}
            }
            if left == 0 {
                return Err(io::Error::other("their names are too long or too many"));
            }
        }
        Ok(tree)
    }

    /// Look at what a directory holds; the directories in it are still to be looked at.
    fn look(&mut self, root: &Path, dir: &str, left: &mut usize) -> io::Result<Vec<String>> {
        let mut below = Vec::new();
        for entry in fs::read_dir(root.join(dir.trim_start_matches('/')))? {
            let entry = entry?;
            let name = format!("{dir}/{}", entry.file_name().to_string_lossy());
            *left = left.saturating_sub(name.len());
            if *left == 0 {
                break;
            }
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                self.0.insert(format!("{name}/"), None);
                below.push(name);
            } else {
                let content = (metadata.len(), metadata.modified().ok());
                self.0.insert(name, Some(content));
            }
        }
        Ok(below)
    }

    /// What has become of the files since: those that are new or other, with their content, and those
    /// that are gone.
    pub(crate) fn changes(&self, root: &Path) -> io::Result<BTreeMap<String, Option<Vec<u8>>>> {
        let now = Self::of(root)?;
        let mut changes = BTreeMap::new();
        let mut left = CONTENT;
        for (name, state) in &now.0 {
            if self.0.get(name) != Some(state) {
                let content = content(root, name, &mut left);
                let content = content.unwrap_or_else(|e| format!("unreadable: {e}").into_bytes());
                changes.insert(name.clone(), Some(content));
            }
        }
        let gone = self.0.keys().filter(|name| !now.0.contains_key(*name));
        changes.extend(gone.map(|name| (name.clone(), None)));
        Ok(changes)
    }
}

fn content(root: &Path, name: &str, left: &mut u64) -> io::Result<Vec<u8>> {
    let path = root.join(name.trim_start_matches('/'));
    let metadata = fs::symlink_metadata(&path)?;
    if metadata.is_symlink() {
        let target = fs::read_link(&path)?;
        return Ok(format!("a link to {}", target.display()).into_bytes());
    }
    if !metadata.is_file() {
        return Ok(Vec::new());
    }
    let most = LARGEST.min(*left);
    if metadata.len() > most {
        return Ok(format!("{} bytes", metadata.len()).into_bytes());
    }
    let bytes = toolchain::files::read(&path, most)?;
    *left = left.saturating_sub(bytes.len() as u64);
    Ok(bytes)
}

impl Played {
    fn ending(&self) -> String {
        match (self.exit, &self.why) {
            (Some(code), _) => code.to_string(),
            (None, Some(why)) => format!("none: {why}"),
            (None, None) => "none".to_owned(),
        }
    }
}

/// What is other in the second run, most telling first.
pub(crate) fn differences(native: &Played, here: &Played) -> Vec<Difference> {
    let mut all = Vec::new();
    if native.exit != here.exit || native.exit.is_none() {
        all.push(Difference {
            what: "exit code".to_owned(),
            native: native.ending(),
            here: here.ending(),
        });
    }
    all.extend(text("standard output", &native.stdout, &here.stdout));
    let said = |played: &Played| -> String {
        let text = &played.stderr;
        text.split(TRACE).next().unwrap_or_default().to_owned()
    };
    let (of_native, of_here) = (said(native), said(here));
    // Errors of the system begin with a capital under wasm (`syscall/tables_wasip1.go`).
    if !of_native.eq_ignore_ascii_case(&of_here) {
        all.extend(text("standard error", &of_native, &of_here));
    }
    let names = native.files.keys().chain(here.files.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort();
    names.dedup();
    all.extend(
        names
            .into_iter()
            .filter_map(|name| file(name, native, here)),
    );
    all
}

/// The first line that differs.
fn text(what: &str, native: &str, here: &str) -> Option<Difference> {
    if native == here {
        return None;
    }
    let (mut of_native, mut of_here) = (native.split('\n'), here.split('\n'));
    for line in 1.. {
        let (native, here) = (of_native.next(), of_here.next());
        if native != here {
            let shown_as = |text: Option<&str>| match text {
                Some(text) => format!("line {line} is `{}`", shown(text)),
                None => format!("there is no line {line}"),
            };
            return Some(Difference {
                what: what.to_owned(),
                native: shown_as(native),
                here: shown_as(here),
            });
        }
    }
    None
}

fn shown(line: &str) -> String {
    let plain = line.chars().filter(|c| !c.is_control() || *c == '\t');
    let mut text: String = plain.take(SHOWN + 1).collect();
    if text.chars().count() > SHOWN {
        text.pop();
        text.push('…');
    }
    text
}

fn file(name: &str, native: &Played, here: &Played) -> Option<Difference> {
    let (native, here) = (native.files.get(name), here.files.get(name));
    if native == here {
        return None;
    }
    let what = format!("file {name}");
    if let (Some(Some(native)), Some(Some(here))) = (native, here)
        && let (Ok(native), Ok(here)) = (str::from_utf8(native), str::from_utf8(here))
    {
        return text(&what, native, here);
    }
    let shown_as = |change: Option<&Option<Vec<u8>>>| match change {
        None => "unchanged".to_owned(),
        Some(None) => "removed".to_owned(),
        Some(Some(_)) if name.ends_with('/') => "created".to_owned(),
        Some(Some(bytes)) => format!("written, {} bytes", bytes.len()),
    };
    Some(Difference {
        what,
        native: shown_as(native),
        here: shown_as(here),
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use super::*;

    fn difference_lines(native: &Played, here: &Played) -> Vec<String> {
        let all = differences(native, here).into_iter();
        all.map(|d| format!("{}: {} / {}", d.what, d.native, d.here))
            .collect()
    }

    #[test]
    fn each_part_is_compared() {
        let native = Played {
            exit: Some(0),
            stdout: "a\nb\n".to_owned(),
            stderr: "panic: x\n\ngoroutine 1 [running]:\n0x1".to_owned(),
            files: BTreeMap::from([
                ("/m/out".to_owned(), Some(b"one".to_vec())),
                ("/m/old".to_owned(), None),
            ]),
            ..Played::default()
        };
        assert!(difference_lines(&native, &native).is_empty());
        let mut here = native.clone();
        here.stderr = "panic: x\n\ngoroutine 7 [running]:\n0x2".to_owned();
        assert!(
            difference_lines(&native, &here).is_empty(),
            "addresses are no difference"
        );
        here.stderr = here.stderr.replace("panic", "Panic");
        assert!(
            difference_lines(&native, &here).is_empty(),
            "nor are capitals"
        );
        here.exit = None;
        here.why = Some("it trapped".to_owned());
        here.stdout = "a\n".to_owned();
        here.files.clear();
        here.files.insert("/m/out".to_owned(), Some(vec![0xff]));
        assert_eq!(
            difference_lines(&native, &here),
            [
                "exit code: 0 / none: it trapped",
                "standard output: line 2 is `b` / line 2 is ``",
                "file /m/old: removed / unchanged",
                "file /m/out: written, 3 bytes / written, 1 bytes",
            ]
        );
    }

    #[test]
    fn changes_of_a_tree_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir(root.join("d")).unwrap();
        for name in ["d/same", "d/other", "gone"] {
            fs::write(root.join(name), "x").unwrap();
        }
        let before = Tree::of(root).unwrap();
        fs::write(root.join("d/other"), "more").unwrap();
        fs::remove_file(root.join("gone")).unwrap();
        fs::create_dir(root.join("new")).unwrap();
        let changes = before.changes(root).unwrap();
        let told: Vec<_> = changes
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("/d/other", Some(&b"more"[..])),
                ("/gone", None),
                ("/new/", Some(&b""[..]))
            ]
        );
    }
}
