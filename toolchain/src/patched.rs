//! A module with files changed, without writing into its tree, and dependencies with changed copies in their
//! places.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use model::Edit;

use crate::error::Error;
use crate::files;
use crate::go::Go;
use crate::replaces::LARGEST;
use crate::session::{Platform, Session, place};

/// What of a module is other than on the disk.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// Edits of go.mod, and tags.
    pub edits: Vec<Edit>,
    /// Texts of files of the module by their absolute paths; none where there is to be no such file.
    pub files: BTreeMap<Utf8PathBuf, Option<String>>,
    /// Directories that take the places of modules, by module path.
    pub forks: BTreeMap<String, Utf8PathBuf>,
}

impl Session {
    /// The same module with a patch: a candidate, as [`Session::candidate`] is.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    pub fn patched(&self, go: &Go, patch: &Patch) -> Result<Self, Error> {
        let mut session = self.candidate(go, &patch.edits)?;
        for platform in Platform::all() {
            let dir = session.scratch().join(place(platform));
            // This takes the place of a replacement of one version, too (`x/mod/modfile`, `AddReplace`).
            let flags: Vec<String> = patch
                .forks
                .iter()
                .map(|(module, to)| format!("-replace={module}={to}"))
                .collect();
            if !flags.is_empty() {
                let edit = go.process(&dir).args(["mod", "edit"]).args(flags);
                go.run(edit.args(["go.mod"]).env("GOWORK", "off"))?;
            }
        }
        let dir = session.scratch().join("patched");
        std::fs::create_dir_all(&dir).map_err(Error::Scratch)?;
        for (number, (path, text)) in patch.files.iter().enumerate() {
            let mut to = Utf8PathBuf::new();
            if let Some(text) = text {
                // The compiler names the file that it reads: by its own name, in a directory for each.
                let dir = dir.join(number.to_string());
                std::fs::create_dir(&dir).map_err(Error::Scratch)?;
                to = dir.join(path.file_name().unwrap_or("file.go"));
                std::fs::write(&to, text).map_err(Error::Scratch)?;
            }
            session.overlay.insert(path.clone(), to);
        }
        let list = serde_json::json!({ "Replace": session.overlay });
        std::fs::write(session.patched_list(), list.to_string()).map_err(Error::Scratch)?;
        Ok(session)
    }

    /// The files of a patch, and what takes their places: nothing where there is to be no such file.
    pub(crate) fn patched_files(&self) -> impl Iterator<Item = (&Utf8PathBuf, &Utf8PathBuf)> {
        self.overlay.iter()
    }

    /// The file that lists the files of a patch for Go.
    pub(crate) fn patched_list(&self) -> Utf8PathBuf {
        self.scratch().join("patched.json")
    }

    /// The texts of go.mod and go.sum that a patched module needs for this machine and for every wasm build. A
    /// directory that takes the place of a module is named relative to the module's own.
    pub fn module_files(&self, patch: &Patch, patterns: &[String]) -> Result<[String; 2], Error> {
        let mut last: Option<Utf8PathBuf> = None;
        for platform in Platform::all() {
            let dir = self.scratch().join(place(platform));
            for name in ["go.mod", "go.sum"] {
                // What Go adds for one platform, it finds there for the next.
                if let Some(before) = last
                    .as_ref()
                    .map(|last| last.join(name))
                    .filter(|f| f.exists())
                {
                    std::fs::copy(before, dir.join(name)).map_err(Error::Scratch)?;
                }
            }
            self.list(platform, patterns)?;
            last = Some(dir);
        }
        let dir = last.unwrap_or_else(|| self.scratch().to_owned());
        let read = |name: &str| {
            let file = dir.join(name);
            match files::read_text(file.as_std_path(), LARGEST) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
                text => text.map_err(Error::io(&file)),
            }
        };
        let mut go_mod: String = read("go.mod")?;
        for to in patch.forks.values() {
            if let Ok(below) = to.strip_prefix(self.root()) {
                go_mod = go_mod.replace(&format!("=> {to}"), &format!("=> ./{below}"));
            }
        }
        Ok([go_mod, read("go.sum")?])
    }
}

/// Require modules, as `path@version`, in the go.mod of a scratch directory.
pub fn get(go: &Go, dir: &Utf8Path, modules: &[String]) -> Result<(), Error> {
    let get = go
        .process(dir)
        .args(["get"])
        .args(modules.iter().map(String::as_str));
    go.run(get.env("GOWORK", "off")).map(|_| ())
}

/// See that the go.mod of a copied module names a path: Go wants the one under which the module is required where a
/// directory takes its place (`cmd/go/internal/modload/modfile.go`, `goModSummary`).
pub fn name_module(go: &Go, dir: &Utf8Path, module: &str) -> Result<(), Error> {
    let file = dir.join("go.mod");
    let text = if file.exists() {
        let edit = go.process(dir).args(["mod", "edit", "-print"]);
        let flag = format!("-module={module}");
        let edit = edit.args([flag.as_str(), "go.mod"]).env("GOWORK", "off");
        go.run(edit)?.stdout
    } else {
        format!("module {module}\n").into_bytes()
    };
    // What was copied may be read-only.
    match std::fs::remove_file(&file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&file)(e)),
        _ => files::write(file.as_std_path(), &text).map_err(Error::io(&file)),
    }
}
