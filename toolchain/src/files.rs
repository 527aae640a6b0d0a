//! Files that others may have put there: only regular ones are opened, without waiting, and no more of
//! them is read than is reasonable.
//!
//! Opening a named pipe waits for a writer, a device may have no end, and a module may bring either, or a
//! link to one.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What a pipe is called.
const PIPE: &str = "named pipe";

/// Open a regular file, or what a link leads to, for reading.
///
/// # Errors
///
/// As the system has it, and [`io::ErrorKind::InvalidInput`], naming the type, for what is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Opening alone moves some devices.
    regular(&fs::metadata(path)?)?;
    let file = without_waiting(false).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// The same of a file of ours, where others may have put a link.
pub fn open_own(path: &Path) -> io::Result<File> {
    regular(&fs::symlink_metadata(path)?)?;
    let file = without_waiting(true).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Read a regular file of at most `most` bytes.
///
/// # Errors
///
/// Those of [`open`], and [`io::ErrorKind::FileTooLarge`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(open(path)?, most)
}

/// The text of a regular file of at most `most` bytes.
///
/// # Errors
///
/// Those of [`read`], and [`io::ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, most)?);
    text.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// All of a file that was opened, if it is no longer than `most` bytes.
///
/// # Errors
///
/// [`io::ErrorKind::FileTooLarge`], and those of the system.
pub fn read_open(file: File, most: u64) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(most)).unwrap_or_default());
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let limit = most >> 20;
        let why = format!("the file is larger than {limit} MiB");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// The bytes of a file that the user named: a regular one, or a pipe that a shell has opened for us
/// (`/dev/stdin`, `<(command)`).
///
/// # Errors
///
/// Those of [`read`]; of a named pipe, what to do about it.
pub fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let opened = is_descriptor(path).then(|| File::open(path)).transpose()?;
    if let Some(pipe) = opened {
        // A directory or a device can be handed over, too.
        let metadata = pipe.metadata()?;
        if special(&metadata) != Some(PIPE) {
            regular(&metadata)?;
        }
        return read_open(pipe, most);
    }
    read(path, most).map_err(|e| {
        if fs::metadata(path).is_ok_and(|m| special(&m) == Some(PIPE)) {
            let why =
                format!("{e}; to read from it, give `/dev/stdin` and redirect the pipe to it");
            return io::Error::new(e.kind(), why);
        }
        e
    })
}

/// Whether a path names a descriptor that this process has already.
fn is_descriptor(path: &Path) -> bool {
    let dirs = ["/dev/fd", "/proc/self/fd"];
    path == Path::new("/dev/stdin")
        || path
            .parent()
            .is_some_and(|dir| dirs.map(Path::new).contains(&dir))
}

/// Write a file that the user named. A regular file is replaced as a whole, so that a full disk leaves no
/// half of it; a link, a device or a pipe is written as `>` of a shell does.
///
/// # Errors
///
/// Those of the system.
pub fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    Staged::new(file, text)?.put()
}

/// A file that is ready to be put into its place, so that several are there nearly at once.
#[derive(Debug)]
pub struct Staged(Stage);

#[derive(Debug)]
enum Stage {
    /// Written beside its place under a name that nobody knows.
    Beside(NamedTempFile, PathBuf),
    /// To be written as `>` of a shell does: to a link, a device or a pipe, or where the file can be written and its
    /// directory cannot.
    Direct(PathBuf, Vec<u8>),
}

impl Staged {
    /// Make a file ready, as [`write`] writes it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn new(file: &Path, text: &[u8]) -> io::Result<Self> {
        let direct = || Self(Stage::Direct(file.to_owned(), text.to_owned()));
        let there = match fs::symlink_metadata(file) {
            Ok(metadata) if !metadata.is_file() => return Ok(direct()),
            Ok(metadata) => Some(metadata.permissions()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        match beside(file, text, there.clone()) {
            Ok(part) => Ok(Self(Stage::Beside(part, file.to_owned()))),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied && there.is_some() => {
                Ok(direct())
            }
            Err(e) => Err(e),
        }
    }

    /// Put it into its place.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn put(self) -> io::Result<()> {
        match self.0 {
            Stage::Beside(part, file) => {
                part.persist(file)?;
                Ok(())
            }
            Stage::Direct(file, text) => File::create(file)?.write_all(&text),
        }
    }
}

/// Write a file where there is none yet, not even a link; it is there as a whole or not at all.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`], and those of the system.
pub fn write_new(file: &Path, text: &[u8]) -> io::Result<()> {
    beside(file, text, None)?.persist_noclobber(file)?;
    Ok(())
}

/// Write a file beside another one, with the rights of that.
fn beside(file: &Path, text: &[u8], there: Option<Permissions>) -> io::Result<NamedTempFile> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wasmcheck-");
    #[cfg(unix)]
    {
        // What the user's umask leaves of it.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    let mut part = builder.tempfile_in(dir.unwrap_or(Path::new(".")))?;
    if let Some(there) = there {
        part.as_file().set_permissions(there)?;
    }
    part.write_all(text)?;
    part.as_file().sync_all()?;
    Ok(part)
}

/// An error for what is no regular file.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`], naming the type.
pub fn regular(metadata: &Metadata) -> io::Result<()> {
    match special(metadata) {
        None => Ok(()),
        Some(what) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("this is a {what}, not a regular file"),
        )),
    }
}

/// An error for a link to a file of another name: what complains of a go.mod quotes it, and a module could
/// have any file quoted.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`], and those of the system.
pub fn of_its_name(path: &Path) -> io::Result<()> {
    if path.canonicalize()?.file_name() == path.file_name() {
        return Ok(());
    }
    let why = "this is a symbolic link to a file of another name";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// The type of what is no regular file.
fn special(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some(PIPE);
        }
        if kind.is_socket() {
            return Some("socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("device");
        }
    }
    Some(if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symbolic link"
    } else {
        "special file"
    })
}

#[cfg(unix)]
fn without_waiting(nofollow: bool) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    let mut flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, nofollow);
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    options
}

#[cfg(not(unix))]
fn without_waiting(_: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests prepare files")]
mod tests {
    use rustix::fs::{FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "0123456789").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        mknodat(rustix::fs::CWD, at("fifo"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(read(&at("file"), 10).unwrap(), b"0123456789");
        assert_eq!(read_text(&at("link"), 10).unwrap(), "0123456789");
        let kind = |path: &Path, most| read(path, most).unwrap_err().kind();
        assert_eq!(kind(&at("file"), 9), io::ErrorKind::FileTooLarge);
        assert_eq!(kind(&at("none"), 9), io::ErrorKind::NotFound);
        for (name, what) in [
            ("fifo", "named pipe"),
            ("zero", "device"),
            (".", "directory"),
        ] {
            let error = read(&at(name), 9).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(what), "{error}");
        }
        assert!(of_its_name(&at("file")).is_ok());
        assert!(of_its_name(&at("link")).is_err());
        assert!(open_own(&at("file")).is_ok());
        assert!(open_own(&at("link")).is_err());
        let error = read_named(&at("fifo"), 9).unwrap_err().to_string();
        assert!(error.contains("/dev/stdin"), "{error}");
    }

    #[test]
    fn a_new_file_takes_no_place_that_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        write_new(&at("new"), b"one").unwrap();
        std::os::unix::fs::symlink(at("none"), at("link")).unwrap();
        for name in ["new", "link"] {
            let error = write_new(&at(name), b"two").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(read(&at("new"), 9).unwrap(), b"one");
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 2, "nothing else is left");
    }

    #[test]
    fn what_lies_beside_an_output_stays() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("victim"), "kept").unwrap();
        for name in [".report.html.part", ".wasmcheck-"] {
            symlink(at("victim"), at(name)).unwrap();
        }
        write(&at("report.html"), b"one").unwrap();
        assert_eq!(read(&at("report.html"), 9).unwrap(), b"one");
        std::fs::set_permissions(at("report.html"), PermissionsExt::from_mode(0o640)).unwrap();
        write(&at("report.html"), b"two").unwrap();
        let mode = fs::metadata(at("report.html"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(read(&at("victim"), 9).unwrap(), b"kept");
        symlink(at("victim"), at("link.html")).unwrap();
        write(&at("link.html"), b"three").unwrap();
        assert_eq!(read(&at("victim"), 9).unwrap(), b"three");
        assert!(fs::symlink_metadata(at("link.html")).unwrap().is_symlink());
        write(Path::new("/dev/null"), b"four").unwrap();
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 5, "nothing else is left");
    }
}
