//! The versions of a module that can be had.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::Deserialize;

use crate::error::Error;
use crate::go::Go;

/// A module as `go list -m -json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedModule {
    version: String,
    versions: Vec<String>,
    error: Option<serde_json::Value>,
}

impl Go {
    /// The versions of a module: those that its proxy lists, those of the module cache, and those
    /// of `asked` that exist. Lists are not complete, so that each of `asked` is asked for by name.
    pub fn versions(
        &self,
        dir: &Utf8Path,
        modcache: &Utf8Path,
        module: &str,
        asked: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Error> {
        let mut found = cached(modcache, module);
        if self.is_offline() {
            // A list that lies in the cache names versions that do not.
            return Ok(found);
        }
        let list = format!("{module}@latest");
        for told in self.ask(dir, &["-versions".to_owned(), list])? {
            found.extend(told.versions);
            found.insert(told.version);
        }
        let queries = asked.iter().filter(|v| !found.contains(*v));
        let queries: Vec<String> = queries.map(|v| format!("{module}@{v}")).collect();
        if !queries.is_empty() {
            let told = self.ask(dir, &queries)?;
            found.extend(
                told.into_iter()
                    .filter(|t| t.error.is_none())
                    .map(|t| t.version),
            );
        }
        found.remove("");
        Ok(found)
    }

    /// What Go says of some modules; nothing where it fails as a whole.
    fn ask(&self, dir: &Utf8Path, queries: &[String]) -> Result<Vec<ListedModule>, Error> {
        let process = self
            .process(dir)
            .args(["list", "-m", "-e", "-json", "--"])
            .args(queries);
        let process = process.env("GOWORK", "off").env("GOFLAGS", "-mod=mod");
        let output = self.run_any(process)?;
        let values =
            serde_json::Deserializer::from_slice(&output.stdout).into_iter::<ListedModule>();
        Ok(values.map_while(Result::ok).collect())
    }
}

/// The versions that lie in the module cache (`cmd/go/internal/modfetch/cache.go`).
fn cached(modcache: &Utf8Path, module: &str) -> BTreeSet<String> {
    let escaped = module.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
        out
    });
    let dir = modcache.join("cache/download").join(escaped).join("@v");
    let Ok(entries) = dir.read_dir_utf8() else {
        return BTreeSet::new();
    };
    let names = entries.flatten().map(|e| e.file_name().to_owned());
    names
        .filter_map(|n| n.strip_suffix(".zip").map(str::to_owned))
        .collect()
}
