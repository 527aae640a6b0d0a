//! The versions of a module that can be had.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::error::Error;
use crate::files;
use crate::go::Go;

/// Largest file that describes a version, in bytes.
const LARGEST_INFO: u64 = 1 << 20;

/// A module as `go list -m -json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedModule {
    version: String,
    versions: Vec<String>,
    deprecated: String,
    retracted: Vec<String>,
    error: Option<serde_json::Value>,
}

/// What can be had of a module, and what its newest go.mod says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Versions that were not retracted.
    pub found: BTreeSet<String>,
    /// What its `// Deprecated:` comment says.
    pub deprecated: Option<String>,
    /// Why the version in use was retracted.
    pub retracted: Option<String>,
    /// The proxy was asked: without a network, there may be versions that nobody knows of.
    pub asked: bool,
}

impl Go {
    /// The versions of a module: those that its proxy lists, those of the module cache, and those
    /// of `asked` that exist. Lists are not complete, so that each of `asked` is asked for by name.
    /// `used` is the version of which it is asked whether it was retracted.
    pub fn versions(
        &self,
        dir: &Utf8Path,
        modcache: &Utf8Path,
        module: &str,
        used: Option<&str>,
        asked: &BTreeSet<String>,
    ) -> Result<Versions, Error> {
        let mut versions = Versions {
            found: cached(modcache, module),
            ..Versions::default()
        };
        if self.is_offline() {
            // A list that lies in the cache names versions that do not.
            return Ok(versions);
        }
        let list = format!("{module}@latest");
        for told in self.ask(dir, &["-versions"], &[list])? {
            versions.asked |= told.error.is_none();
            versions.found.extend(told.versions);
            versions.found.insert(told.version);
        }
        let queries = asked.iter().filter(|v| !versions.found.contains(*v));
        let queries = queries.map(String::as_str).chain(used);
        let queries: Vec<String> = queries.map(|v| format!("{module}@{v}")).collect();
        if !queries.is_empty() {
            for told in self.ask(dir, &["-u", "-retracted"], &queries)? {
                if !told.deprecated.is_empty() {
                    versions.deprecated = Some(told.deprecated);
                }
                if !told.retracted.is_empty() {
                    versions.found.remove(&told.version);
                    let why = Some(told.retracted.join("; "));
                    versions.retracted = why.filter(|_| used == Some(&told.version));
                } else if told.error.is_none() {
                    versions.found.insert(told.version);
                }
            }
        }
        versions.found.remove("");
        Ok(versions)
    }

    /// What Go says of some modules; nothing where it fails as a whole.
    fn ask(
        &self,
        dir: &Utf8Path,
        flags: &[&str],
        queries: &[String],
    ) -> Result<Vec<ListedModule>, Error> {
        let process = self
            .process(dir)
            .args(["list", "-m", "-e", "-json"])
            .args(flags)
            .args(["--"])
            .args(queries);
        let process = process.env("GOWORK", "off").env("GOFLAGS", "-mod=mod");
        let output = self.run_any(process)?;
        let values =
            serde_json::Deserializer::from_slice(&output.stdout).into_iter::<ListedModule>();
        Ok(values.map_while(Result::ok).collect())
    }
}

/// A module as it lies in the module cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedModule {
    /// When the version was made, as in `2026-01-31T08:00:00Z`.
    pub time: Option<String>,
    /// Size of its archive in bytes.
    pub bytes: Option<u64>,
}

/// What the module cache has of a version of a module (`cmd/go/internal/modfetch/cache.go`).
pub fn cached_module(modcache: &Utf8Path, module: &str, version: &str) -> CachedModule {
    #[derive(Deserialize)]
    struct Info {
        #[serde(rename = "Time")]
        time: Option<String>,
    }
    let dir = download_dir(modcache, module);
    let version = escaped(version);
    let info = files::read_text(
        dir.join(format!("{version}.info")).as_std_path(),
        LARGEST_INFO,
    );
    let info = info
        .ok()
        .and_then(|text| serde_json::from_str::<Info>(&text).ok());
    let zip = dir.join(format!("{version}.zip")).metadata();
    CachedModule {
        time: info.and_then(|info| info.time),
        bytes: zip.ok().map(|zip| zip.len()),
    }
}

/// Where the module cache has the archives of a module.
fn download_dir(modcache: &Utf8Path, module: &str) -> Utf8PathBuf {
    modcache
        .join("cache/download")
        .join(escaped(module))
        .join("@v")
}

/// A path or version as the module cache writes it, which takes no two names for one where case is ignored.
fn escaped(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

/// The versions that lie in the module cache (`cmd/go/internal/modfetch/cache.go`).
fn cached(modcache: &Utf8Path, module: &str) -> BTreeSet<String> {
    let dir = download_dir(modcache, module);
    let Ok(entries) = dir.read_dir_utf8() else {
        return BTreeSet::new();
    };
    let names = entries.flatten().map(|e| e.file_name().to_owned());
    names
        .filter_map(|n| n.strip_suffix(".zip").map(str::to_owned))
        .collect()
}
