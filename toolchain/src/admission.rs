//! What of a module is looked at before the Go command reads it: Go opens whatever has the right name, and waits for
//! a named pipe, or for its own output behind a link to `/proc/self/fd/1`, without end.

use std::collections::BTreeSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;
use crate::files;
use crate::go::Go;
use crate::replaces::{self, LARGEST};
use crate::workspace::Work;

/// Files of a module's directory that Go reads before all others.
const MODULE_FILES: [&str; 4] = ["go.mod", "go.sum", "go.work", "go.work.sum"];

/// Largest file of assembly whose `#include` lines are followed, in bytes.
const ASSEMBLY: u64 = 16 << 20;

/// Directories of files that are no files: reading them waits, never ends, or tells of this process.
const SYSTEM: [&str; 3] = ["/proc", "/dev", "/sys"];

/// Longest chain of links that is followed (Linux follows 40, `path_resolution(7)`).
const LINKS: usize = 40;

/// An error for a go.mod, go.sum, go.work or go.work.sum of a directory, or of one above it, that Go would wait for,
/// or read without end, or a link to a file of another name, which Go would quote.
///
/// # Errors
///
/// [`Error::Io`], naming the file.
pub(crate) fn module_files(dir: &Utf8Path) -> Result<(), Error> {
    dir.ancestors().try_for_each(module_files_in)?;
    let workspace = std::env::var_os("GOWORK").and_then(|file| file.into_string().ok());
    workspace.map_or(Ok(()), |file| module_file(&Utf8PathBuf::from(file)))
}

fn module_files_in(dir: &Utf8Path) -> Result<(), Error> {
    MODULE_FILES
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
/// that a `replace` line of one of them names.
///
/// # Errors
///
/// [`Error::Io`], naming the file, and those of the Go command, which reads go.work and go.mod.
pub(crate) fn sources(go: &Go, root: &Utf8Path, workspace: Option<&Utf8Path>) -> Result<(), Error> {
    let mut roots = vec![root.to_owned()];
    if let Some(file) = workspace {
        let dir = file.parent().unwrap_or(file);
        let (members, replaced) = Work::read(go, file)?.directories(dir);
        roots.extend(members);
        roots.extend(replaced);
    }
    let mut seen = BTreeSet::new();
    while let Some(dir) = roots.pop() {
        let dir = dir.canonicalize_utf8().unwrap_or(dir);
        // Go wants a go.mod there, and a `replace` line could name the root of the file system.
        let is_module = dir.join("go.mod").symlink_metadata().is_ok();
        if !is_module || !seen.insert(dir.clone()) {
            continue;
        }
        module_files_in(&dir)?;
        if !seen
            .iter()
            .any(|other| other != &dir && dir.starts_with(other))
        {
            sources_in(&dir)?;
        }
        roots.extend(replaces::directories(go, &dir)?);
    }
    Ok(())
}

/// All source files below a directory. The Go command passes over hidden directories, `testdata` and `vendor` when
/// it expands `...`, and an import, a `replace` line or an `#include` line finds them there.
fn sources_in(root: &Utf8Path) -> Result<(), Error> {
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    todo.push(path.to_owned());
                }
                continue;
            }
            if is_source(path) && !kind.is_file() {
                source(path)?;
            }
            if is_assembly(path) {
                includes(path)?;
            }
        }
    }
    Ok(())
}

/// A source file that is no regular one, or a link.
fn source(path: &Utf8Path) -> Result<(), Error> {
    // A link that leads nowhere is for Go to complain of, and one to a directory is no file.
    if path.metadata().is_ok_and(|m| !m.is_dir()) {
        readable(path).map_err(Error::io(path))?;
    }
    Ok(())
}

/// The files that one of assembly includes, and those that they include: names of any kind, taken from the directory
/// of the package (`cmd/asm/internal/lex/input.go`).
fn includes(assembly: &Utf8Path) -> Result<(), Error> {
    let dir = assembly.parent().unwrap_or(assembly);
    let (mut todo, mut seen) = (vec![assembly.to_owned()], BTreeSet::new());
    while let Some(file) = todo.pop() {
        // What cannot be read is for the assembler to complain of.
        let Ok(text) = files::read(file.as_std_path(), ASSEMBLY) else {
            continue;
        };
        for name in String::from_utf8_lossy(&text).lines().filter_map(included) {
            let included = dir.join(name);
            source(&included)?;
            if seen.insert(included.clone()) {
                todo.push(included);
            }
        }
    }
    Ok(())
}

/// The file that a line includes: there may be room around the sign and before the name.
fn included(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix('#')?.trim_start();
    let name = line.strip_prefix("include")?.trim_start();
    name.strip_prefix('"')?.split('"').next()
}

/// An error for what is no regular file, or lies where the system keeps what is none.
fn readable(path: &Utf8Path) -> io::Result<()> {
    files::regular(&path.metadata()?)?;
    if leads_into_the_system(path) {
        let why = "this is a link into /proc, /dev or /sys, not to a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(())
}

/// Whether a file, or one on the way to which links lead, lies there. What a link says counts: `/proc/self` is
/// another directory for the process that reads it, and the descriptors in it may be files for us alone.
fn leads_into_the_system(path: &Utf8Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        let Ok(dir) = dir.canonicalize_utf8() else {
            return false;
        };
        if is_of_the_system(&dir) {
            return true;
        }
        let at = dir.join(name);
        match at.read_link_utf8() {
            Ok(to) => path = dir.join(to),
            Err(_) => return false,
        }
    }
    true
}

fn is_of_the_system(dir: &Utf8Path) -> bool {
    // A directory of files in memory.
    !dir.starts_with("/dev/shm") && SYSTEM.iter().any(|system| dir.starts_with(system))
}

fn is_assembly(file: &Utf8Path) -> bool {
    file.extension().is_some_and(|e| matches!(e, "s" | "S"))
}

/// Whether Go opens files of such a name: source (`go/build`, `goodOSArchFile` and `matchFile`), the list of a
/// vendor directory, and the profile of a program (`go help build`, `-pgo`).
fn is_source(file: &Utf8Path) -> bool {
    const ENDINGS: [&str; 15] = [
        "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "s", "S", "swig", "syso",
    ];
    let whole = matches!(file.file_name(), Some("modules.txt" | "default.pgo"));
    whole || file.extension().is_some_and(|e| ENDINGS.contains(&e))
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = Utf8PathBuf::from_path_buf(scratch.path().to_owned()).expect("a name");
        (scratch, root)
    }

    #[test]
    fn sources_that_never_end_are_found_wherever_an_import_leads() {
        let harmless = ["/dev/null.go", "../gone", "a.go"];
        let endless = [
            "/proc/self/fd/1",
            "/dev/stdin",
            "/dev/fd/1",
            "/dev/zero",
            "link",
        ];
        for dir in ["", "p", "testdata", "_x", ".x", "vendor/x", "node_modules"] {
            for (to, is_bad) in harmless
                .map(|to| (to, false))
                .into_iter()
                .chain(endless.map(|to| (to, true)))
            {
                let (_scratch, root) = directory();
                let dir = root.join(dir);
                fs::create_dir_all(&dir).expect("a directory");
                fs::write(dir.join("a.go"), "package p\n").expect("a file");
                symlink("/proc/self/environ", dir.join("link")).expect("a link");
                symlink(to, dir.join("b.go")).expect("a link");
                assert_eq!(sources_in(&root).is_err(), is_bad, "{dir}: {to}");
            }
        }
    }

    #[test]
    fn what_assembly_includes_is_looked_at_whatever_its_name() {
        for (line, is_bad) in [
            ("#include \"x.inc\"", true),
            (" # include\t\"x.inc\" // it", true),
            ("#include \"y.inc\"", true),
            ("// x.inc", false),
            ("#include \"gone.inc\"", false),
        ] {
            let (_scratch, root) = directory();
            symlink("/proc/self/fd/1", root.join("x.inc")).expect("a link");
            let include = "#include \"y.inc\"\n#include \"x.inc\"\n";
            fs::write(root.join("y.inc"), include).expect("a file");
            fs::write(root.join("a.s"), format!("{line}\n")).expect("a file");
            assert_eq!(sources_in(&root).is_err(), is_bad, "{line}");
        }
    }

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
