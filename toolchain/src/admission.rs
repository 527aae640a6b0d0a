//! What of a module is looked at before the Go command reads it.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::admitted::readable;
use crate::error::Error;
use crate::files;
use crate::go::Go;
use crate::replaces::{self, LARGEST};
use crate::workspace::Work;

/// Files that say what a module requires, and of a workspace.
const REQUIREMENTS: [&str; 2] = ["go.mod", "go.sum"];
const WORKSPACE: [&str; 2] = ["go.work", "go.work.sum"];

/// An error for a go.mod, go.sum, go.work or go.work.sum that is in force in a directory and that Go would wait for, or
/// read without end, or that is a link to a file of another name, which Go would quote.
///
/// # Errors
///
/// [`Error::Io`], naming the file.
pub(crate) fn module_files(dir: &Utf8Path) -> Result<(), Error> {
    let module = dir
        .ancestors()
        .find(|dir| dir.join("go.mod").symlink_metadata().is_ok());
    for dir in dir.ancestors() {
        if module.is_none_or(|module| dir.starts_with(module)) {
            each_file(dir, &REQUIREMENTS)?;
        }
        each_file(dir, &WORKSPACE)?;
    }
    let workspace = std::env::var_os("GOWORK").and_then(|file| file.into_string().ok());
    workspace.map_or(Ok(()), |file| module_file(&Utf8PathBuf::from(file)))
}

fn each_file(dir: &Utf8Path, names: &[&str]) -> Result<(), Error> {
    names
        .iter()
        .try_for_each(|name| module_file(&dir.join(name)))
}

fn module_file(file: &Utf8Path) -> Result<(), Error> {
    let Ok(metadata) = file.metadata() else {
        return Ok(());
    };
    // Go takes a directory of such a name for nothing.
    if !metadata.is_dir() {
        readable(file).map_err(Error::io(file))?;
        files::of_its_name(file.as_std_path()).map_err(Error::io(file))?;
    }
    if metadata.len() > LARGEST {
        let why = format!("the file is larger than {} MiB", LARGEST >> 20);
        let why = io::Error::new(io::ErrorKind::FileTooLarge, why);
        return Err(Error::io(file)(why));
    }
    Ok(())
}

/// The same for the source files of a module, those of the members of its workspace, and those of the directories
/// that a `replace` line of one of them names. `trusted` are directories that no module writes.
///
/// # Errors
///
/// [`Error::Io`], naming the file, [`Error::Interrupted`], and those of the Go command, which reads go.work and go.mod.
pub(crate) fn sources(
    go: &Go,
    root: &Utf8Path,
    workspace: Option<&Utf8Path>,
    trusted: &[&Utf8Path],
) -> Result<(), Error> {
    let mut roots = vec![root.to_owned()];
    if let Some(file) = workspace {
        let dir = file.parent().unwrap_or(file);
        let (members, replaced) = Work::read(go, file)?.directories(dir);
        roots.extend(members);
        roots.extend(replaced);
    }
    let mut admitted = go.admitted();
    while let Some(dir) = roots.pop() {
        let dir = dir.canonicalize_utf8().unwrap_or(dir);
        // Go wants a go.mod there, and a `replace` line could name the root of the file system.
        let is_module = dir.join("go.mod").symlink_metadata().is_ok();
        if !is_module || !admitted.begin(&dir) {
            continue;
        }
        each_file(&dir, &REQUIREMENTS)?;
        admitted.walk(&dir, trusted, go.interrupt())?;
        roots.extend(replaces::directories(go, &dir)?);
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::admitted::tests::directory;

    #[test]
    fn module_files_are_files_of_their_name() {
        let (_scratch, root) = directory();
        fs::write(root.join("secret"), "s3cr3t").expect("a file");
        fs::create_dir(root.join("m")).expect("a directory");
        assert!(module_files(&root.join("m")).is_ok());
        for (name, to) in [
            ("go.mod", "../secret"),
            ("go.work", "/proc/self/pagemap"),
            ("go.sum", "/proc/self/fd/1"),
        ] {
            let file = root.join("m").join(name);
            symlink(to, &file).expect("a link");
            assert!(module_files(&root.join("m")).is_err(), "{name}");
            fs::remove_file(&file).expect("a link");
        }
    }
}
