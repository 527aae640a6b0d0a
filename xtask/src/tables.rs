//! What the standard library lacks and what always fails, for each Go version, as data: made by the
//! Go program in `xtask/go/std` from the source of each distribution.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// One release of each minor version that the tables cover.
pub(crate) const VERSIONS: &[&str] = &[
    "1.21.13", "1.22.12", "1.23.12", "1.24.11", "1.25.5", "1.26.8", "1.27.1",
];

/// Minor versions.
type Versions = BTreeSet<u32>;

#[derive(Default)]
struct Tables {
    /// By symbol.
    missing: BTreeMap<String, Missing>,
    /// By symbol, error and place; by target, the versions.
    fails: BTreeMap<String, BTreeMap<String, Failure>>,
    read: Versions,
    /// Versions whose distribution has no `wasm_exec.js`: nothing is known of the browser there.
    without_browser: Versions,
}

#[derive(Default)]
struct Missing {
    kind: String,
    elsewhere: String,
    js: Versions,
    wasip1: Versions,
}

#[derive(Default)]
struct Failure {
    versions: Versions,
    error: String,
    place: String,
}

/// Write `analyzer/data/std-missing.tsv` and `analyzer/data/std-fails.tsv`.
#[expect(clippy::disallowed_methods, reason = "chores write into the tree")]
pub(crate) fn write() -> Result<()> {
    let mut tables = Tables::default();
    for version in VERSIONS {
        tables.add(version)?;
    }
    std::fs::write("analyzer/data/std-missing.tsv", tables.missing())?;
    std::fs::write("analyzer/data/std-fails.tsv", tables.fails())?;
    Ok(())
}

impl Tables {
    #[expect(clippy::print_stderr, reason = "it takes minutes")]
    fn add(&mut self, version: &str) -> Result<()> {
        eprintln!("xtask: reading the standard library of Go {version}");
        let minor = version.split('.').nth(1).and_then(|n| n.parse().ok());
        let minor: u32 = minor.context("a version is 1.N.P")?;
        let goroot = go(&["env", "GOROOT"], Some(version))?;
        let (release, root) = (minor.to_string(), goroot.trim());
        let args = ["run", ".", "-goroot", root, "-release", &release];
        let lines = go(&args, None)?;
        self.read.insert(minor);
        for line in lines.lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["missing", kind, symbol, elsewhere, lacking] => {
                    let row = self.missing.entry((*symbol).to_owned()).or_default();
                    (row.kind, row.elsewhere) = ((*kind).to_owned(), (*elsewhere).to_owned());
                    for target in lacking.split(',') {
                        let versions = match target {
                            "js" => &mut row.js,
                            _ => &mut row.wasip1,
                        };
                        versions.insert(minor);
                    }
                }
                ["fails", symbol, target, error, place] => {
                    let row = self.fails.entry((*symbol).to_owned()).or_default();
                    let of = row.entry((*target).to_owned()).or_default();
                    of.versions.insert(minor);
                    (of.error, of.place) = ((*error).to_owned(), (*place).to_owned());
                }
                ["unread", "js-browser"] => {
                    self.without_browser.insert(minor);
                }
                _ => bail!("`{line}` is no line of xtask/go/std"),
            }
        }
        Ok(())
    }

    fn head(&self, columns: &str) -> String {
        let (first, last) = (self.read.first(), self.read.last());
        let (first, last) = (first.copied().unwrap_or(0), last.copied().unwrap_or(0));
        format!(
            "# Made by `cargo xtask std` from the source of Go 1.{first} to 1.{last}; not to be edited.\n\
             # Versions: empty for all of these, `1.24-` from one on, `-1.22` up to one, `no` for none.\n\
             #\n# {columns}\n"
        )
    }

    fn missing(&self) -> String {
        let mut text =
            self.head("symbol\tkind\twhere it is declared\tmissing on js\tmissing on wasip1");
        for (symbol, row) in &self.missing {
            let (js, wasip1) = (range(&row.js, &self.read), range(&row.wasip1, &self.read));
            let _ = writeln!(
                text,
                "{symbol}\t{}\t{}\t{js}\t{wasip1}",
                row.kind, row.elsewhere
            );
        }
        text
    }

    /// Targets with the same versions share a line.
    fn fails(&self) -> String {
        let mut text = self.head(
            "symbol\ttargets\tversions\tthe error, as the source has it\twhere in GOROOT/src",
        );
        for (symbol, targets) in &self.fails {
            let mut rows: BTreeMap<(String, &str), (Vec<&str>, &str)> = BTreeMap::new();
            for target in ["wasip1", "js-node", "js-browser"] {
                if let Some(row) = targets.get(target) {
                    let key = (self.versions(targets, target, row), row.error.as_str());
                    rows.entry(key)
                        .or_insert((Vec::new(), row.place.as_str()))
                        .0
                        .push(target);
                }
            }
            for ((versions, error), (targets, place)) in rows {
                let targets = targets.join(",");
                let _ = writeln!(text, "{symbol}\t{targets}\t{versions}\t{error}\t{place}");
            }
        }
        text
    }

    /// The versions of a row. What is known of the browser begins with the first `wasm_exec.js` that
    /// could be read; earlier versions are taken to be like that (it changed once, in 1.24), and what
    /// fails without its help fails there as it does under Node.
    fn versions(&self, targets: &BTreeMap<String, Failure>, target: &str, row: &Failure) -> String {
        let node = targets.get("js-node").filter(|n| n.error == row.error);
        match (target, node) {
            ("js-browser", Some(node)) => range(&node.versions, &self.read),
            ("js-browser", None) => range(&row.versions, &(&self.read - &self.without_browser)),
            _ => range(&row.versions, &self.read),
        }
    }
}

fn range(versions: &Versions, read: &Versions) -> String {
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
        return "no".to_owned();
    };
    let from_start = Some(first) == read.first();
    let to_end = Some(last) == read.last();
    match (from_start, to_end) {
        (true, true) => String::new(),
        (false, true) => format!("1.{first}-"),
        (true, false) => format!("-1.{last}"),
        (false, false) => format!("1.{first}-1.{last}"),
    }
}

/// What Go prints, of a version of its own or of the one on PATH.
#[expect(clippy::disallowed_methods, reason = "chores run Go")]
fn go(args: &[&str], version: Option<&str>) -> Result<String> {
    let mut command = Command::new("go");
    command.args(args).current_dir("xtask/go/std");
    if let Some(version) = version {
        command.env("GOTOOLCHAIN", format!("go{version}"));
    }
    let output = command.output().context("Go cannot be started")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("go {}: {errors}", args.join(" "));
    }
    String::from_utf8(output.stdout).context("what Go prints")
}
