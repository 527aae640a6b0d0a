//! `cargo xtask same BEFORE AFTER [FIELD…]`: whether two reports say the same.
//!
//! The proof of a refactoring: reports of the same modules from before and after it are equal, but for the
//! fields that `same/fields.rs` lists with a reason each. BEFORE and AFTER are two files of JSON, or two
//! directories of them. Each FIELD is ignored besides, written as in that table: `findings.message`.

mod compare;
mod fields;
mod redact;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use compare::Difference;

/// Compares, and fails when there is a difference.
#[expect(clippy::print_stdout, reason = "differences are what is asked for")]
pub(crate) fn run(before: &Path, after: &Path, ignored: &[&str]) -> Result<()> {
    let pairs = pairs(before, after)?;
    let mut count = 0;
    for name in &pairs {
        // Joined with nothing, a path would end in a slash.
        let file = |side: &Path| side.join(name).components().collect::<PathBuf>();
        let [old, new] = [before, after].map(file);
        let differences = match (old.exists(), new.exists()) {
            (true, true) => compare::reports(read(&old)?, read(&new)?, ignored),
            (there, _) => vec![Difference::of_file(there)],
        };
        count += differences.len();
        for difference in differences {
            println!("{}: {difference}", name.display());
        }
    }
    println!("{} reports compared, {count} differences", pairs.len());
    if count > 0 {
        bail!("{} and {} differ", before.display(), after.display());
    }
    Ok(())
}

/// The names of the files to compare, below both paths; an empty name when these are files themselves.
fn pairs(before: &Path, after: &Path) -> Result<BTreeSet<PathBuf>> {
    if before.is_file() && after.is_file() {
        return Ok(BTreeSet::from([PathBuf::new()]));
    }
    let mut names = BTreeSet::new();
    for side in [before, after] {
        let shown = || side.display().to_string();
        for entry in side.read_dir().with_context(shown)? {
            let name = PathBuf::from(entry?.file_name());
            if name.extension().is_some_and(|e| e == "json") {
                names.insert(name);
            }
        }
    }
    if names.is_empty() {
        bail!("there is no .json file to compare");
    }
    Ok(names)
}

#[expect(clippy::disallowed_methods, reason = "chores read reports")]
fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}
