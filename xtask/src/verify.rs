//! Whether the catalogue is true: each entry fails as it says, and each remedy builds, links and runs,
//! in a scratch module with the plain `go` command. What came of it is written down beside the
//! catalogue; records that fit what is asked are not made again.
#![expect(
    clippy::disallowed_methods,
    reason = "chores build with Go, and write into the tree"
)]
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

mod go;
mod page;
mod plan;
mod record;
#[cfg(test)]
mod tests;
mod what;

use std::path::{Path, PathBuf};

use advisors::file::Entry;
use anyhow::{Context, Error, Result};
use model::Goos;

use self::go::Go;
use self::plan::{Check, What, checks};
use self::record::{Level, Outcome, Records};

/// The page that is generated.
const PAGE: &str = "docs/catalogue.md";
/// Where the entries are.
const CATALOGUE: &str = "advisors/catalogue";
/// Where the probes are: programs that use a remedy, one directory for each.
const PROBES: &str = "advisors/catalogue/probes";

/// Verify the entries of some ids, or all, where a record is missing or does not fit; then write the
/// page. `page` writes the page alone; `tests` runs the tests of what remedies use, where that was not done.
pub(crate) fn run(words: &[&str], wasmcheck: &Path) -> Result<()> {
    let entries = entries(Path::new("."))?;
    let all = plan(Path::new("."), &entries)?;
    if let ["tests", ids @ ..] = words {
        let go = Go::new(&std::path::absolute(wasmcheck)?)?;
        let chosen = |c: &&Check| ids.is_empty() || ids.contains(&c.id.as_str());
        tests(&go, &all.iter().filter(chosen).collect::<Vec<_>>())?;
    } else if words != ["page"] {
        let go = Go::new(&std::path::absolute(wasmcheck)?)?;
        let chosen = |c: &&Check| words.is_empty() || words.contains(&c.id.as_str());
        verify(&go, &all, &all.iter().filter(chosen).collect::<Vec<_>>())?;
    }
    let records = Records::read()?;
    std::fs::write(PAGE, page::text(&entries, &records, &all)).context(PAGE)
}

/// An entry with its category.
type Categorised = (String, Entry);

/// The entries in the tree below a root, by category.
fn entries(root: &Path) -> Result<Vec<Categorised>> {
    let dir = root.join(CATALOGUE);
    let files = std::fs::read_dir(&dir).with_context(|| dir.display().to_string())?;
    let mut names: Vec<PathBuf> = files
        .map(|f| Ok(f?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    names.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    names.sort();
    let mut all = Vec::new();
    for file in names {
        let stem = file.file_stem().unwrap_or_default();
        let category = stem.to_string_lossy().into_owned();
        // The rules for classes of failures name no module.
        if category == "classes" {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let name = file.display().to_string();
        let of_file = advisors::entries(&name, &text).map_err(Error::msg)?;
        all.extend(of_file.into_iter().map(|e| (category.clone(), e)));
    }
    Ok(all)
}

/// All that is to be verified of some entries, whose probes lie below a root.
fn plan(root: &Path, entries: &[Categorised]) -> Result<Vec<Check>> {
    let probe = |name: &str| {
        let file = root.join(PROBES).join(name).join("main.go");
        std::fs::read_to_string(&file).with_context(|| file.display().to_string())
    };
    let mut all = Vec::new();
    for (_, entry) in entries {
        all.extend(checks(entry, &probe).with_context(|| entry.id.clone())?);
    }
    Ok(all)
}

/// Run the tests of what remedies use, where a record says nothing of them.
fn tests(go: &Go, chosen: &[&Check]) -> Result<()> {
    let mut records = Records::read()?;
    for check in chosen {
        let What::Runs(wanted) = &check.what else {
            continue;
        };
        let record = records.of(check).filter(|_| records.has(check));
        let Some(record) = record.filter(|r| r.tests.is_none()) else {
            continue;
        };
        let suite = go.suite(check.goos, wanted)?;
        eprintln!("xtask: {} {} {suite:?}", check.id, check.goos.name());
        let mut record = record.clone();
        if suite.is_good() {
            record.level = Level::Tests;
        }
        record.tests = Some(suite);
        records.put(record);
        records.write(check.goos)?;
    }
    Ok(())
}

fn verify(go: &Go, all: &[Check], chosen: &[&Check]) -> Result<()> {
    let mut records = Records::read()?;
    records.keep(all);
    let open: Vec<&&Check> = chosen.iter().filter(|c| !records.has(c)).collect();
    eprintln!(
        "xtask: {} of {} checks have no record that fits",
        open.len(),
        chosen.len()
    );
    let mut failed = 0;
    for (i, check) in open.iter().enumerate() {
        let record = go.check(check)?;
        let bad = record.result != Outcome::Pass;
        failed += usize::from(bad);
        eprintln!(
            "xtask: {}/{} {} {} {}: {}{}",
            i + 1,
            open.len(),
            check.id,
            check.fix.map_or("fails".to_owned(), |n| format!("fix {n}")),
            check.goos.name(),
            if bad { "NOT BORNE OUT at " } else { "" },
            record.told()
        );
        records.put(record);
        records.write(check.goos)?;
    }
    for goos in Goos::ALL {
        records.write(goos)?;
    }
    eprintln!("xtask: {failed} are not borne out");
    Ok(())
}
