//! What came of verifying, as it is kept beside the catalogue: generated, sorted, never edited.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use model::Goos;
use serde::{Deserialize, Serialize};

use super::plan::Check;

/// Records of the Go version that was used last, one file for each build.
const DIR: &str = "advisors/catalogue/verified/go1.26";

/// What came of one check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The entry.
    pub(super) id: String,
    /// The remedy, counted from 0; none for the failure.
    pub(super) fix: Option<usize>,
    /// The Go version.
    pub(super) go: String,
    /// The build.
    pub(super) target: String,
    /// `module@version` that was tried.
    pub(super) module: String,
    /// How far it got.
    pub(super) level: Level,
    /// Whether it is as the catalogue says.
    pub(super) result: Outcome,
    /// What the compiler, the linker or the program said first.
    pub(super) first_error: Option<String>,
    /// What ran it.
    pub(super) runtime: Option<String>,
    /// What came of the tests of the package in the sandbox, where they were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tests: Option<Suite>,
    /// Of what was asked.
    pub(super) hash: String,
    /// The catalogue has changed since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) stale: bool,
}

/// What came of the tests of a package, with `-short`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Suite {
    /// How many passed.
    pub(super) passed: usize,
    /// Those that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) failed: Vec<String>,
    /// What was said where they did not come to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<String>,
}

impl Suite {
    /// Whether there are tests, and all pass.
    pub(super) fn is_good(&self) -> bool {
        self.passed > 0 && self.failed.is_empty() && self.ended.is_none()
    }
}

/// How far something gets, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// The module is there.
    List,
    /// The compiler has seen its source.
    Typecheck,
    /// The package builds.
    Build,
    /// A program with it links.
    Link,
    /// A program with it runs: its packages are initialised.
    Run,
    /// A program that uses it runs.
    Probe,
    /// And its own tests pass.
    Tests,
}

impl Level {
    /// Its name in records and pages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Typecheck => "typecheck",
            Self::Build => "build",
            Self::Link => "link",
            Self::Run => "run",
            Self::Probe => "probe",
            Self::Tests => "tests",
        }
    }
}

/// Whether it is as the catalogue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// It could not be tried.
    Skip,
}

impl Record {
    /// In a line.
    pub(super) fn told(&self) -> String {
        let error = self.first_error.as_deref().unwrap_or_default();
        format!("{} {} {error}", self.level.name(), self.module)
    }
}

type Key = (String, Option<usize>);

/// All records, for each build.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<Goos, BTreeMap<Key, Record>>);

impl Records {
    /// Read what is in the tree.
    pub(super) fn read() -> Result<Self> {
        let mut all = Self::default();
        for goos in Goos::ALL {
            let file = file(goos);
            if file.exists() {
                let text = std::fs::read_to_string(&file)?;
                all.add(goos, &text)
                    .with_context(|| file.display().to_string())?;
            }
        }
        Ok(all)
    }

    /// Take the text of a file in.
    pub(super) fn add(&mut self, goos: Goos, text: &str) -> Result<()> {
        let records: Vec<Record> = serde_json::from_str(text)?;
        let records = records.into_iter().map(|r| ((r.id.clone(), r.fix), r));
        self.0.insert(goos, records.collect());
        Ok(())
    }

    /// The record of a check.
    pub(super) fn of(&self, check: &Check) -> Option<&Record> {
        let key = (check.id.clone(), check.fix);
        self.0.get(&check.goos)?.get(&key)
    }

    /// Whether a check has a record that fits.
    pub(super) fn has(&self, check: &Check) -> bool {
        let fits = |r: &Record| r.hash == check.hash && r.result == Outcome::Pass;
        self.of(check).is_some_and(fits)
    }

    /// Forget records of what is no longer asked, and mark those that do not fit.
    pub(super) fn keep(&mut self, all: &[Check]) {
        for goos in Goos::ALL {
            let asked: BTreeMap<Key, &str> = all
                .iter()
                .filter(|c| c.goos == goos)
                .map(|c| ((c.id.clone(), c.fix), c.hash.as_str()))
                .collect();
            let records = self.0.entry(goos).or_default();
            records.retain(|key, _| asked.contains_key(key));
            for (key, record) in records {
                record.stale = asked.get(key).is_none_or(|hash| *hash != record.hash);
            }
        }
    }

    /// Put a record in the place of an older one.
    pub(super) fn put(&mut self, record: Record) {
        if let Some(goos) = Goos::named(&record.target) {
            let key = (record.id.clone(), record.fix);
            self.0.entry(goos).or_default().insert(key, record);
        }
    }

    /// Write those of a build.
    pub(super) fn write(&self, goos: Goos) -> Result<()> {
        let records: Vec<&Record> = self
            .0
            .get(&goos)
            .into_iter()
            .flat_map(BTreeMap::values)
            .collect();
        let text = serde_json::to_string_pretty(&records)? + "\n";
        std::fs::create_dir_all(DIR)?;
        let file = file(goos);
        let new = file.with_extension("new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, &file).with_context(|| file.display().to_string())
    }
}

fn file(goos: Goos) -> PathBuf {
    PathBuf::from(DIR).join(goos.name()).with_extension("json")
}
