//! Numbers, metadata and errors in the forms that Node has for them.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::{Dir, Metadata, MetadataExt};

use super::call::Owner;
use super::{Done, Failure, Reply};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JavaScript has numbers of one kind; what does not fit is cut, as Node does"
)]
pub(super) fn bits(number: f64) -> u32 {
    number as i64 as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative lengths are none"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// A moment that the system can hold.
pub(super) fn moment(seconds: f64) -> Done<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    let moment = since.and_then(|since| UNIX_EPOCH.checked_add(since));
    moment.ok_or(Failure::Code("EINVAL"))
}

#[expect(clippy::cast_precision_loss, reason = "as in Node's Stats")]
pub(super) fn stat(metadata: &Metadata) -> Reply {
    let time = |seconds: i64, nanos: i64| seconds as f64 * 1000.0 + nanos as f64 / 1e6;
    let (m, number) = (metadata, |n: u64| n as f64);
    Reply::Stat(vec![
        ("dev", number(m.dev())),
        ("ino", number(m.ino())),
        ("mode", m.mode().into()),
        ("nlink", number(m.nlink())),
        ("uid", m.uid().into()),
        ("gid", m.gid().into()),
        ("rdev", number(m.rdev())),
        ("size", number(m.len())),
        ("blksize", number(m.blksize())),
        ("blocks", number(m.blocks())),
        ("atimeMs", time(m.atime(), m.atime_nsec())),
        ("mtimeMs", time(m.mtime(), m.mtime_nsec())),
        ("ctimeMs", time(m.ctime(), m.ctime_nsec())),
    ])
}

/// What is no file of a disk: the null device, or a pipe.
pub(super) fn device(mode: u32) -> Reply {
    const FIELDS: [&str; 12] = [
        "dev", "ino", "nlink", "uid", "gid", "rdev", "size", "blksize", "blocks", "atimeMs",
        "mtimeMs", "ctimeMs",
    ];
    let mut fields = FIELDS.map(|name| (name, 0.0)).to_vec();
    fields.push(("mode", mode.into()));
    Reply::Stat(fields)
}

/// Whether a file has the owner already that it is to get: nothing else is allowed to users.
pub(super) fn owned(metadata: &Metadata, owner: Owner) -> Done<()> {
    let same =
        |wanted: f64, is: u32| wanted < 0.0 || bits(wanted) == is || bits(wanted) == u32::MAX;
    if same(owner.user, metadata.uid()) && same(owner.group, metadata.gid()) {
        Ok(())
    } else {
        Err(Failure::Code("EPERM"))
    }
}

pub(super) fn permissions(mode: u32) -> cap_std::fs::Permissions {
    use cap_std::fs::PermissionsExt;
    cap_std::fs::Permissions::from_mode(mode & 0o7777)
}

pub(super) fn permit(dir: &Dir, path: &str, mode: u32) -> Done<()> {
    Ok(dir.set_permissions(path, permissions(mode))?)
}

pub(super) fn symlink(dir: &Dir, target: &str, path: &str) -> Done<()> {
    Ok(dir.symlink_contents(target, path)?)
}

/// Node's name of an error (its `code`; Go looks it up in `syscall/tables_js.go`).
pub(super) fn code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "ENOENT",
        io::ErrorKind::PermissionDenied => "EACCES",
        io::ErrorKind::AlreadyExists => "EEXIST",
        io::ErrorKind::NotADirectory => "ENOTDIR",
        io::ErrorKind::IsADirectory => "EISDIR",
        io::ErrorKind::DirectoryNotEmpty => "ENOTEMPTY",
        io::ErrorKind::InvalidInput => "EINVAL",
        io::ErrorKind::InvalidFilename => "ENAMETOOLONG",
        io::ErrorKind::StorageFull => "ENOSPC",
        io::ErrorKind::ReadOnlyFilesystem => "EROFS",
        io::ErrorKind::CrossesDevices => "EXDEV",
        io::ErrorKind::TooManyLinks => "EMLINK",
        io::ErrorKind::FileTooLarge => "EFBIG",
        io::ErrorKind::WouldBlock => "EAGAIN",
        io::ErrorKind::Unsupported => "ENOSYS",
        // ErrorKind::FilesystemLoop and that of bad descriptors are not stable.
        _ => match error.raw_os_error() {
            Some(9) => "EBADF",
            Some(40) => "ELOOP",
            Some(24) => "EMFILE",
            _ => "EIO",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_numbers_are_errors_or_cut() {
        for seconds in [f64::INFINITY, 1e19, f64::MAX] {
            assert!(matches!(moment(seconds), Err(Failure::Code("EINVAL"))));
        }
        for seconds in [f64::NAN, -1e19, f64::NEG_INFINITY, -0.5] {
            assert_eq!(moment(seconds).ok(), Some(UNIX_EPOCH));
        }
        assert_eq!(
            [f64::NAN, -0.5, 1e19].map(whole),
            [0, 0, 10_000_000_000_000_000_000]
        );
        assert_eq!(
            [f64::NAN, -1.0, f64::INFINITY].map(bits),
            [0, u32::MAX, u32::MAX]
        );
    }
}
