//! Modules as trees of files: one unpacked from its module zip, several nested in one directory.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::error::Error;
use crate::files;
use crate::go::{Go, parse_json};
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

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Edit {
    replace: Option<Vec<Replace>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Replace {
    old: Version,
    new: Version,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    path: String,
    version: String,
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

/// The `replace` directives of a go.mod whose right side is a directory.
fn local_replaces(go: &Go, dir: &Utf8Path) -> Result<Vec<Replace>, Error> {
    let process = go.process(dir).args(["mod", "edit", "-json"]);
    let shown = process.shown();
    let edit: Edit = parse_json(&shown, &go.run(process)?.stdout)?;
    let mut replaces = edit.replace.unwrap_or_default();
    replaces.retain(|r| r.new.version.is_empty());
    Ok(replaces)
}

fn drop_local_replaces(go: &Go, dir: &Utf8Path) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    for replace in local_replaces(go, dir)? {
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
    let replaces = local_replaces(go, root).unwrap_or_default();
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
    let modules = Work::read(go, &dir.join("go.work"))?
        .modules(dir)
        .into_iter();
    modules
        .map(|path| path.canonicalize_utf8().map_err(Error::io(&path)))
        .collect()
}

/// An error for a source file of a module that Go would wait for, or read without end: a named pipe, a
/// device, a link to one.
pub(crate) fn regular_sources(root: &Utf8Path) -> Result<(), Error> {
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && !skipped(entry.file_name()) {
                todo.push(entry.path().to_owned());
            } else if !kind.is_file() && !kind.is_dir() && is_source(entry.path()) {
                // A link that leads nowhere is for Go to complain of, and one to a directory is no file.
                let metadata = entry.path().metadata().ok().filter(|m| !m.is_dir());
                let regular = metadata.map_or(Ok(()), |m| files::regular(&m));
                regular.map_err(Error::io(entry.path()))?;
            }
        }
    }
    Ok(())
}

/// Whether Go opens files of such a name (`go/build`, `goodOSArchFile` and `matchFile`).
fn is_source(file: &Utf8Path) -> bool {
    const ENDINGS: [&str; 15] = [
        "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "s", "S", "swig", "syso",
    ];
    file.extension().is_some_and(|e| ENDINGS.contains(&e))
}

fn skipped(name: &str) -> bool {
    name.starts_with(['.', '_']) || matches!(name, "testdata" | "vendor" | "node_modules")
}
