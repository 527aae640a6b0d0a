//! Modules as trees of files: one unpacked from its module zip, several nested in one directory.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::admission;
use crate::error::Error;
use crate::go::{Go, parse_json};
use crate::replaces;
use crate::scratch::Scratch;
use crate::workspace::Work;

/// A module of the module cache, laid out as a user would have it.
#[derive(Debug)]
pub struct Fetched {
    /// Where it lies; removed when this value is dropped.
    pub dir: Utf8PathBuf,
    /// Module path.
    pub path: String,
    /// The version that the query came to.
    pub version: String,
    /// Local `replace` directives that were dropped: what they point to is not in the module.
    pub dropped: Vec<String>,
    /// The repository that it comes from; empty where the Go command has not recorded it.
    pub origin: Origin,
    _scratch: Scratch,
}

/// The repository of a version (`cmd/go/internal/modfetch/codehost`, `Origin`). Proxies need not know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Origin {
    /// Its address.
    #[serde(rename = "URL")]
    pub url: String,
    /// The commit.
    pub hash: String,
    /// The directory of the module, empty for the root.
    pub subdir: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Download {
    path: String,
    version: String,
    error: String,
    dir: Utf8PathBuf,
    go_mod: Utf8PathBuf,
    origin: Option<Origin>,
}

/// Unpack `MODULE@VERSION` into a scratch directory.
pub fn fetch(go: &Go, spec: &str) -> Result<Fetched, Error> {
    let scratch = Scratch::new()?;
    let base = scratch.path();
    let download = download(go, base, spec)?;
    let dir = base.join("module");
    copy_tree(&download.dir, &dir)?;
    let gomod = dir.join("go.mod");
    if !gomod.exists() {
        fs::copy(&download.go_mod, &gomod).map_err(Error::io(&gomod))?;
        make_writable(&gomod)?;
    }
    drop_hollow_vendor(&dir)?;
    drop_workspace(&dir)?;
    let dropped = drop_local_replaces(go, &dir)?;
    Ok(Fetched {
        dir,
        path: download.path,
        version: download.version,
        dropped,
        origin: download.origin.unwrap_or_default(),
        _scratch: scratch,
    })
}

fn download(go: &Go, dir: &Utf8Path, spec: &str) -> Result<Download, Error> {
    let process = go
        .process(dir)
        .args(["mod", "download", "-json", spec])
        .env("GOWORK", "off");
    let command = process.shown();
    let output = go.run_any(process)?;
    if output.stdout.is_empty() {
        return Err(Error::Go {
            command,
            message: output.stderr.trim().to_owned(),
        });
    }
    let download: Download = parse_json(&command, &output.stdout)?;
    if download.error.is_empty() {
        Ok(download)
    } else {
        Err(Error::Go {
            command,
            message: download.error,
        })
    }
}

/// Copy a tree of the module cache, which is read-only, so that the copy is writable.
fn copy_tree(from: &Utf8Path, to: &Utf8Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in from.read_dir_utf8().map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let kind = entry.file_type().map_err(Error::io(entry.path()))?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy_tree(entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).map_err(Error::io(&target))?;
            make_writable(&target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_writable(file: &Utf8Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).map_err(Error::io(file))
}

#[cfg(not(unix))]
fn make_writable(file: &Utf8Path) -> Result<(), Error> {
    let mut permissions = file.metadata().map_err(Error::io(file))?.permissions();
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions).map_err(Error::io(file))
}

/// Module zips keep `vendor/modules.txt` and leave the vendored packages out; such a directory
/// would stop every Go command.
fn drop_hollow_vendor(dir: &Utf8Path) -> Result<(), Error> {
    let vendor = dir.join("vendor");
    let Ok(entries) = vendor.read_dir_utf8() else {
        return Ok(());
    };
    let hollow = entries.flatten().all(|e| e.file_name() == "modules.txt");
    if hollow {
        fs::remove_dir_all(&vendor).map_err(Error::io(vendor))
    } else {
        Ok(())
    }
}

/// A published go.work names modules of the repository that module zips leave out; those who require the module
/// never see it.
fn drop_workspace(dir: &Utf8Path) -> Result<(), Error> {
    for name in ["go.work", "go.work.sum"] {
        let file = dir.join(name);
        if file.symlink_metadata().is_ok() {
            fs::remove_file(&file).map_err(Error::io(file))?;
        }
    }
    Ok(())
}

fn drop_local_replaces(go: &Go, dir: &Utf8Path) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    for replace in replaces::local(go, dir)? {
        let at = if replace.old.version.is_empty() {
            ""
        } else {
            "@"
        };
        let old = format!("{}{at}{}", replace.old.path, replace.old.version);
        let flag = format!("-dropreplace={old}");
        go.run(go.process(dir).args(["mod", "edit", &flag]))?;
        dropped.push(format!("{old} => {}", replace.new.path));
    }
    Ok(dropped)
}

/// Directories below `root` that have a go.mod of their own, `root` apart, sorted.
///
/// Those that the go.mod of `root` puts in the place of a dependency are left out: they are
/// judged as dependencies. Skipped are the directories that Go's `...` skips
/// (`cmd/go/internal/modload/search.go`): those whose name starts with a dot or underscore,
/// `testdata`, `vendor`; and `node_modules`.
pub fn find_modules(go: &Go, root: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let Ok(entries) = dir.read_dir_utf8() else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let kind = entry.file_type();
            if kind.is_ok_and(|k| k.is_dir()) && !skipped(name) {
                todo.push(entry.path().to_owned());
            } else if name == "go.mod" && dir != root {
                found.push(dir.clone());
            }
        }
    }
    if found.is_empty() {
        return found;
    }
    // A go.mod that cannot be read has no say here; listing the module will complain of it.
    let replaces = admission::module_files(root).and_then(|()| replaces::local(go, root));
    let replaces = replaces.unwrap_or_default();
    let dependencies: Vec<Utf8PathBuf> = replaces
        .iter()
        .filter_map(|r| root.join(&r.new.path).canonicalize_utf8().ok())
        .collect();
    found.retain(|dir| !dependencies.contains(dir));
    found.sort();
    found
}

/// The modules that the go.work of a directory uses.
pub fn workspace_modules(go: &Go, dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Error> {
    admission::module_files(dir)?;
    let (modules, _) = Work::read(go, &dir.join("go.work"))?.directories(dir);
    modules
        .into_iter()
        .map(|path| path.canonicalize_utf8().map_err(Error::io(&path)))
        .collect()
}

fn skipped(name: &str) -> bool {
    name.starts_with(['.', '_']) || matches!(name, "testdata" | "vendor" | "node_modules")
}
