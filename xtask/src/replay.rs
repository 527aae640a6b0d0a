//! Whether what `wasmcheck fix` writes mends: modules that fail are laid out, fixed, and built with the
//! plain `go` command, for both targets and for this machine, before and after. What came of it is written
//! down, one JSON object a module; `page` makes a page of the docs of it.
#![expect(
    clippy::disallowed_methods,
    reason = "chores build with Go, and write into the tree"
)]
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

mod go;
mod page;
mod row;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use model::Goos;

use self::go::Module;
use self::row::{Counts, Row};

/// The modules that are replayed, and what is known of those that are not mended whole.
const MODULES: &str = "xtask/data/replay.tsv";
/// What came of each.
const ROWS: &str = "xtask/data/replay.jsonl";
/// The page that is generated.
const PAGE: &str = "docs/remedies-accuracy.md";

/// Replay some modules, or all of the list, where a row of this program is missing; then write the page.
/// `page` writes the page alone.
pub(crate) fn run(words: &[&str], wasmcheck: &Path) -> Result<()> {
    let mut rows = row::read(Path::new(ROWS))?;
    let known = row::known(Path::new(MODULES))?;
    if words != ["page"] {
        let wasmcheck = std::path::absolute(wasmcheck)?;
        let all: Vec<&str> = if words.is_empty() {
            let new = |m: &&str| !rows.iter().any(|r| r.module == **m);
            known.keys().map(String::as_str).filter(new).collect()
        } else {
            words.to_vec()
        };
        for (i, module) in all.iter().enumerate() {
            match replay(module, &wasmcheck) {
                Ok(row) => {
                    eprintln!("xtask: {}/{} {}", i + 1, all.len(), row.told());
                    rows.retain(|r| r.module != row.module);
                    rows.push(row);
                    rows.sort_by(|a, b| a.module.cmp(&b.module));
                    row::write(Path::new(ROWS), &rows)?;
                }
                Err(e) => eprintln!("xtask: {}/{} {module}: {e:#}", i + 1, all.len()),
            }
        }
    }
    std::fs::write(PAGE, page::text(&rows, &known)).context(PAGE)
}

/// Lay a module out, fix it, and build it before and after.
fn replay(spec: &str, wasmcheck: &Path) -> Result<Row> {
    let mut module = Module::lay_out(spec)?;
    let builds = [Some(Goos::Js), Some(Goos::Wasip1), None];
    let before = builds.map(|goos| module.built(goos));
    let start = Instant::now();
    let output = Command::new(wasmcheck)
        .arg("fix")
        .arg(module.dir())
        .args(["--apply", "--allow-dirty", "--quiet", "--budget", "30m"])
        .output()
        .context("wasmcheck fix")?;
    let seconds = start.elapsed().as_secs();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    for line in told.lines().filter(|line| line.starts_with("# not tried")) {
        eprintln!("xtask: {spec}: {line}");
    }
    ensure!(
        output.status.code().is_some_and(|c| c < 2 || c == 3),
        "wasmcheck fix: {errors}"
    );
    module.tags = row::tags(&told);
    let mut row = Row {
        module: spec.to_owned(),
        seconds,
        kinds: row::kinds(&told),
        lines: module.changed_lines()?,
        ..Row::default()
    };
    for (goos, before) in builds.into_iter().zip(before) {
        let before = before?;
        let after = module.built(goos)?;
        let failing: Vec<&String> = before.failing().collect();
        let (mended, left): (Vec<&String>, Vec<&String>) =
            failing.iter().partition(|p| after.builds(p));
        let mut counts = Counts {
            failing: failing.len(),
            mended: mended.len(),
            left: left.into_iter().cloned().collect(),
            broken: before
                .built()
                .filter(|p| !after.builds(p))
                .cloned()
                .collect(),
            unlinked: Vec::new(),
        };
        if let Some(goos) = goos {
            counts.unlinked = module.unlinked(goos, &mended, &after)?;
        }
        row.targets
            .insert(goos.map_or("native", Goos::name).to_owned(), counts);
    }
    Ok(row)
}
