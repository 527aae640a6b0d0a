//! Sources that the Go command may read: it opens whatever has the right name, and waits for a named pipe, or for its
//! own output behind a link to `/proc/self/fd/1`, without end.

use std::collections::BTreeSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::Interrupt;
use crate::error::Error;
use crate::files;
use crate::strings;

/// Largest file of assembly that is searched, in bytes.
const LARGEST: u64 = 16 << 20;

/// How much assembly is searched for what it includes, in bytes, in all modules.
const ASSEMBLY: u64 = 256 << 20;

/// How many files and directories are looked at where links lead out of a module.
const OUTSIDE: usize = 200_000;

/// Directories of files that are no files: reading them waits, never ends, or tells of this process.
const SYSTEM: [&str; 3] = ["/proc", "/dev", "/sys"];

/// The one of them whose end comes at once.
const NULL: &str = "/dev/null";

/// Longest chain of links that is followed (Linux follows 40, `path_resolution(7)`).
const LINKS: usize = 40;

/// What was looked at and may be read: modules of one repository replace one another.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    modules: BTreeSet<Utf8PathBuf>,
    dirs: BTreeSet<Utf8PathBuf>,
    /// Files of assembly, and what they include, by the directory whose files they name.
    assembly: BTreeSet<(Utf8PathBuf, Utf8PathBuf)>,
    read: u64,
    outside: usize,
}

impl Admitted {
    /// Whether a module was not looked at before.
    pub(crate) fn begin(&mut self, module: &Utf8Path) -> bool {
        self.modules.insert(module.to_owned())
    }

    /// All source files below a directory. The Go command passes over hidden directories, `testdata` and `vendor`
    /// when it expands `...`, and an import, a `replace` line or an `#include` line finds them there; imports lead
    /// through links to directories.
    pub(crate) fn walk(
        &mut self,
        root: &Utf8Path,
        trusted: &[&Utf8Path],
        interrupt: &Interrupt,
    ) -> Result<(), Error> {
        let mut todo = vec![root.to_owned()];
        while let Some(dir) = todo.pop() {
            let is_system = is_of_the_system(&dir) || trusted.iter().any(|t| dir.starts_with(t));
            if is_system || self.outside > OUTSIDE || !self.dirs.insert(dir.clone()) {
                continue;
            }
            if interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
            for entry in entries {
                self.outside += usize::from(!dir.starts_with(root));
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                let path = entry.path();
                if kind.is_dir() {
                    if entry.file_name() != ".git" {
                        todo.push(path.to_owned());
                    }
                } else if kind.is_symlink() && path.is_dir() {
                    todo.extend(path.canonicalize_utf8());
                } else if is_source(path) {
                    if !kind.is_file() {
                        source(path)?;
                    }
                    self.assembly(path, interrupt)?;
                }
            }
        }
        Ok(())
    }

    /// The files that one of assembly includes, and those that they include: names of any kind, taken from the
    /// directory of the package (`cmd/asm/internal/lex/input.go`). Every text in quotes may be one, since comments
    /// and macros may stand around it.
    fn assembly(&mut self, file: &Utf8Path, interrupt: &Interrupt) -> Result<(), Error> {
        if file.extension() != Some("s") {
            return Ok(());
        }
        let dir = file.parent().unwrap_or(file);
        let mut todo = vec![file.to_owned()];
        while let Some(file) = todo.pop() {
            let real = file.canonicalize_utf8().unwrap_or_else(|_| file.clone());
            if self.read > ASSEMBLY || !self.assembly.insert((dir.to_owned(), real)) {
                continue;
            }
            if interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            // What cannot be read is for the assembler to complain of.
            let Ok(text) = files::read(file.as_std_path(), LARGEST) else {
                continue;
            };
            self.read += text.len() as u64;
            if !contains(&text, b"include") {
                continue;
            }
            let Some(names) = strings::quoted(&text) else {
                let why = "its texts in quotes cannot be told apart";
                let why = io::Error::new(io::ErrorKind::InvalidData, why);
                return Err(Error::io(file)(why));
            };
            for name in names {
                let included = dir.join(name);
                source(&included)?;
                if included.is_file() {
                    todo.push(included);
                }
            }
        }
        Ok(())
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

/// A source file that is no regular one, or a link.
fn source(path: &Utf8Path) -> Result<(), Error> {
    // A link that leads nowhere is for Go to complain of, and one to a directory is no file.
    let is_file = path.metadata().is_ok_and(|m| !m.is_dir());
    if is_file && end(path) != End::Null {
        readable(path).map_err(Error::io(path))?;
    }
    Ok(())
}

/// An error for what is no regular file, or lies where the system keeps what is none.
pub(crate) fn readable(path: &Utf8Path) -> io::Result<()> {
    files::regular(&path.metadata()?)?;
    if end(path) != End::Elsewhere {
        let why = "this is a link into /proc, /dev or /sys, not to a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(())
}

/// Where links lead.
#[derive(PartialEq, Eq)]
enum End {
    /// Into a directory of the system.
    System,
    /// To the device that ends at once.
    Null,
    Elsewhere,
}

/// Where a file, or one on the way to which links lead, lies. What a link says counts: `/proc/self` is another
/// directory for the process that reads it, and the descriptors in it may be files for us alone.
fn end(path: &Utf8Path) -> End {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return End::Elsewhere;
        };
        let Ok(dir) = dir.canonicalize_utf8() else {
            return End::Elsewhere;
        };
        let at = dir.join(name);
        if at == NULL {
            return End::Null;
        }
        if is_of_the_system(&dir) {
            return End::System;
        }
        match at.read_link_utf8() {
            Ok(to) => path = dir.join(to),
            Err(_) => return End::Elsewhere,
        }
    }
    End::System
}

fn is_of_the_system(dir: &Utf8Path) -> bool {
    // A directory of files in memory.
    !dir.starts_with("/dev/shm") && SYSTEM.iter().any(|system| dir.starts_with(system))
}

/// Whether Go opens files of such a name: source (`go/build`, `fileListForExt`), the list of a vendor directory, and
/// the profile of a program (`go help build`, `-pgo`).
fn is_source(file: &Utf8Path) -> bool {
    const ENDINGS: [&str; 20] = [
        "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s",
        "S", "sx", "swig", "swigcxx", "syso",
    ];
    let whole = matches!(file.file_name(), Some("modules.txt" | "default.pgo"));
    whole || file.extension().is_some_and(|e| ENDINGS.contains(&e))
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
pub(crate) mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    pub(crate) fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = Utf8PathBuf::from_path_buf(scratch.path().to_owned()).expect("a name");
        (scratch, root)
    }

    fn is_refused(root: &Utf8Path) -> bool {
        let walked = Admitted::default().walk(root, &[], &Interrupt::default());
        walked.is_err()
    }

    #[test]
    fn a_linked_directory_is_entered_once() {
        let (_scratch, root) = directory();
        for dir in ["m/p", "far/q"] {
            fs::create_dir_all(root.join(dir)).expect("a directory");
        }
        symlink("../far", root.join("m/far")).expect("a link");
        symlink("../m", root.join("far/m")).expect("a link");
        assert!(!is_refused(&root.join("m")));
        symlink("/proc/self/fd/1", root.join("far/q/x.f90")).expect("a link");
        assert!(is_refused(&root.join("m")));
    }

    #[test]
    fn sources_that_never_end_are_found_wherever_an_import_leads() {
        let harmless = ["/dev/null", "../gone", "a.go"];
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
                assert_eq!(is_refused(&root), is_bad, "{dir}: {to}");
            }
        }
    }

    #[test]
    fn what_assembly_includes_is_looked_at_whatever_its_name() {
        for (line, is_bad) in [
            ("#include \"x.inc\"", true),
            (" # include\t\"x.inc\" // it", true),
            ("#include \"y.inc\"", true),
            ("#/**/include \"x.inc\"", true),
            ("/* */ #include \"\\x78\\056inc\"", true),
            ("#define D #include \"x.inc\"\nD", true),
            ("#include \"/dev/null\"", false),
            ("// x.inc", false),
            ("#include \"gone.inc\"", false),
        ] {
            let (_scratch, root) = directory();
            symlink("/proc/self/fd/1", root.join("x.inc")).expect("a link");
            let include = "#include \"y.inc\"\n#include \"x.inc\"\n";
            fs::write(root.join("y.inc"), include).expect("a file");
            fs::write(root.join("a.s"), format!("{line}\n")).expect("a file");
            assert_eq!(is_refused(&root), is_bad, "{line}");
        }
    }
}
