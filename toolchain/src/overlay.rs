//! Builds in which files take the place of others.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;
use crate::go::Go;
use crate::session::Session;

impl Session {
    /// Files that take the place of others, in the form that `-overlay` wants; they lie there until
    /// the session ends. Those of a patch are among them.
    ///
    /// Go takes no overlay over files of its module cache, where the toolchains lie that it fetches
    /// (`cmd/go/internal/modload/init.go`): such a one gets another name, in the scratch directory.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    pub fn overlay(
        &self,
        name: &str,
        files: &BTreeMap<Utf8PathBuf, String>,
    ) -> Result<Utf8PathBuf, Error> {
        let dir = self.scratch().join(name);
        std::fs::create_dir_all(&dir).map_err(Error::Scratch)?;
        let link = self.other_goroot();
        if let Some(link) = &link {
            linked(&self.env().goroot, link).map_err(Error::Scratch)?;
        }
        let patched = self.patched_files();
        let patched = patched.map(|(from, to)| (from.to_string(), to.as_str().into()));
        let mut replace: serde_json::Map<String, serde_json::Value> = patched.collect();
        for (number, (path, text)) in files.iter().enumerate() {
            let to = dir.join(format!("{number}.go"));
            std::fs::write(&to, text).map_err(Error::Scratch)?;
            let below = path.strip_prefix(&self.env().goroot).ok();
            let path = match (&link, below) {
                (Some(link), Some(below)) => link.join(below),
                _ => path.clone(),
            };
            replace.insert(path.into_string(), to.into_string().into());
        }
        let list = dir.join("overlay.json");
        let text = serde_json::json!({ "Replace": replace }).to_string();
        std::fs::write(&list, text).map_err(Error::Scratch)?;
        Ok(list)
    }

    /// What was printed by a program that was built with an overlay, with the standard library's own
    /// paths.
    pub(crate) fn with_true_paths(&self, printed: &str) -> String {
        match self.other_goroot() {
            Some(link) => printed.replace(link.as_str(), self.env().goroot.as_str()),
            None => printed.to_owned(),
        }
    }

    /// The Go command for a build with an overlay, or without one.
    pub(crate) fn go_for(&self, overlay: Option<&Utf8Path>) -> Go {
        match self.other_goroot().filter(|_| overlay.is_some()) {
            Some(link) => self.go().of(&link),
            None => self.go().clone(),
        }
    }

    /// Another name for a toolchain in the module cache: a link, which programs that are built with an
    /// overlay print in the place of GOROOT.
    pub fn other_goroot(&self) -> Option<Utf8PathBuf> {
        let env = self.env();
        let cached = !env.gomodcache.as_str().is_empty() && env.goroot.starts_with(&env.gomodcache);
        cached.then(|| self.scratch().join("goroot"))
    }
}

fn linked(goroot: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(goroot, link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_dir(goroot, link);
    match made {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
