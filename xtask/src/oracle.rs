//! The reader and the constraint evaluator against Go itself: go/parser and go/build say what the
//! files of some directories declare, and on which platforms they are selected.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use analyzer::{BuildPlatform, is_selected, outline};
use anyhow::{Context, Result, bail};
use serde_json::Value;

/// GOOS, GOARCH, cgo and tags: those of `xtask/go/oracle`, in its order.
const PLATFORMS: &[(&str, &str, bool, &[&str])] = &[
    ("js", "wasm", false, &[]),
    ("wasip1", "wasm", false, &[]),
    ("linux", "amd64", true, &[]),
    ("windows", "arm64", false, &["purego", "netgo"]),
    ("android", "arm", true, &["appengine"]),
    ("illumos", "amd64", false, &["tinygo", "integration"]),
    ("ios", "arm64", false, &["noasm", "race"]),
];

/// Mismatches that are printed.
const SHOWN: usize = 20;

/// Compare all Go files below some directories; those of GOROOT/src when none is given.
#[expect(clippy::print_stderr, reason = "chores talk to developers")]
pub(crate) fn run(dirs: &[&str]) -> Result<()> {
    let dirs = match dirs {
        [] => vec![goroot()?.join("src")],
        dirs => dirs.iter().map(PathBuf::from).collect(),
    };
    let mut files = Vec::new();
    dirs.iter().for_each(|dir| collect(dir, &mut files));
    eprintln!("xtask: {} files", files.len());
    // The reader needs room for deep trees.
    let compare = move || compare(&files);
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(compare)?;
    match thread.join() {
        Ok(done) => done,
        Err(_) => bail!("the reader panicked"),
    }
}

#[expect(clippy::print_stderr, reason = "chores talk to developers")]
fn compare(files: &[PathBuf]) -> Result<()> {
    let release = release()?;
    let said = ask(files)?;
    let (mut outlines, mut selections, mut broken, mut wrong) = (0, 0, 0, 0);
    for line in said.lines() {
        let said: Value = serde_json::from_str(line)?;
        let file = said["file"].as_str().unwrap_or_default();
        let Ok(bytes) = read(Path::new(file)) else {
            continue;
        };
        let src = Arc::new(String::from_utf8_lossy(&bytes).into_owned());
        let mut complaints = differences(&said, &src, &mut broken);
        outlines += 1;
        complaints.extend(selected(&said, file, &src, release));
        selections += PLATFORMS.len();
        for complaint in complaints {
            wrong += 1;
            if wrong <= SHOWN {
                eprintln!("{file}: {complaint}");
            }
        }
    }
    eprintln!(
        "xtask: {outlines} files read, {broken} of them with syntax errors; {selections} selections; {wrong} differences"
    );
    if wrong == 0 && outlines > 0 {
        Ok(())
    } else {
        bail!("the reader and Go differ")
    }
}

/// What the reader says differently from go/parser.
fn differences(said: &Value, src: &Arc<String>, broken: &mut usize) -> Vec<String> {
    let ours = outline(src);
    let theirs = said["broken"] == true;
    *broken += usize::from(theirs);
    // The reader may make sense of what Go refuses, and not the other way round.
    match ours.error {
        _ if theirs => return Vec::new(),
        Some((pos, error)) => return vec![format!("offset {pos}: {error}")],
        None => {}
    }
    let list = |key: &str| -> Vec<String> {
        let all = said[key].as_array().into_iter().flatten();
        all.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let mut complaints = Vec::new();
    if said["package"] != ours.package.as_str() {
        complaints.push(format!("package: {} and {}", said["package"], ours.package));
    }
    for (key, ours) in [("imports", ours.imports), ("decls", ours.decls)] {
        let theirs = list(key);
        if theirs != ours {
            let first = theirs.iter().zip(&ours).find(|(a, b)| a != b);
            complaints.push(format!(
                "{key}: {} and {}, first {first:?}",
                theirs.len(),
                ours.len()
            ));
        }
    }
    complaints
}

/// What the constraints say differently from go/build.
fn selected(said: &Value, file: &str, src: &str, release: u32) -> Option<String> {
    let name = Path::new(file).file_name()?.to_str()?;
    let ours: String = PLATFORMS
        .iter()
        .map(|(goos, goarch, cgo, tags)| {
            let tags: Vec<String> = tags.iter().map(|t| (*t).to_owned()).collect();
            let platform = BuildPlatform {
                goos,
                goarch,
                cgo: *cgo,
                tags: &tags,
                release,
            };
            if is_selected(platform, name, src) {
                'y'
            } else {
                'n'
            }
        })
        .collect();
    let theirs = said["selected"].as_str().unwrap_or_default();
    // go/build gives no answer for a file whose head does not parse.
    let same = theirs
        .chars()
        .zip(ours.chars())
        .all(|(a, b)| a == '?' || a == b);
    (!same).then(|| format!("selected: {theirs} and {ours}"))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        // What lies in testdata belongs to no package, and much of it is broken on purpose.
        if kind.is_dir() && entry.file_name() == "testdata" {
            continue;
        }
        if kind.is_dir() {
            collect(&path, files);
        } else if kind.is_file() && path.extension().is_some_and(|e| e == "go") {
            files.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "chores read the tree")]
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

#[expect(clippy::disallowed_methods, reason = "chores run Go")]
fn go(args: &[&str]) -> Command {
    let mut command = Command::new("go");
    command.args(args).current_dir("xtask/go/oracle");
    command
}

fn goroot() -> Result<PathBuf> {
    let output = go(&["env", "GOROOT"]).output()?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn release() -> Result<u32> {
    let output = go(&["env", "GOVERSION"]).output()?;
    let version = String::from_utf8(output.stdout)?;
    let minor = version
        .trim()
        .split('.')
        .nth(1)
        .and_then(|n| n.parse().ok());
    minor.context("go env GOVERSION")
}

/// What Go says of the files, a line of JSON each.
fn ask(files: &[PathBuf]) -> Result<String> {
    let mut child = go(&["run", "."])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("a pipe")?;
    let paths: String = files
        .iter()
        .filter_map(|f| Some(format!("{}\n", f.to_str()?)))
        .collect();
    // Written beside the reading, as both pipes may fill.
    let writer = std::thread::spawn(move || input.write_all(paths.as_bytes()));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    if !output.status.success() {
        bail!("xtask/go/oracle failed");
    }
    String::from_utf8(output.stdout).context("what Go prints")
}
