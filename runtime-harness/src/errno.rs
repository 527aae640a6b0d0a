//! Errors of WASI preview 1 by number (`typenames.witx`, `$errno`).

use std::io;

/// An error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

impl Errno {
    pub(crate) const ACCES: Self = Self(2);
    pub(crate) const ALREADY: Self = Self(7);
    pub(crate) const BADF: Self = Self(8);
    pub(crate) const BUSY: Self = Self(10);
    pub(crate) const EXIST: Self = Self(20);
    pub(crate) const FBIG: Self = Self(22);
    pub(crate) const ILSEQ: Self = Self(25);
    pub(crate) const INPROGRESS: Self = Self(26);
    pub(crate) const INTR: Self = Self(27);
    pub(crate) const INVAL: Self = Self(28);
    pub(crate) const IO: Self = Self(29);
    pub(crate) const ISDIR: Self = Self(31);
    pub(crate) const LOOP: Self = Self(32);
    pub(crate) const MFILE: Self = Self(33);
    pub(crate) const MLINK: Self = Self(34);
    pub(crate) const NAMETOOLONG: Self = Self(37);
    pub(crate) const NFILE: Self = Self(41);
    pub(crate) const NOENT: Self = Self(44);
    pub(crate) const NOMEM: Self = Self(48);
    pub(crate) const NOSPC: Self = Self(51);
    pub(crate) const NOTDIR: Self = Self(54);
    pub(crate) const NOTEMPTY: Self = Self(55);
    pub(crate) const NOTSOCK: Self = Self(57);
    pub(crate) const NOTSUP: Self = Self(58);
    pub(crate) const OVERFLOW: Self = Self(61);
    pub(crate) const PERM: Self = Self(63);
    pub(crate) const PIPE: Self = Self(64);
    pub(crate) const SPIPE: Self = Self(70);
}

/// The number of an error of this machine's files.
pub(crate) fn of(error: &io::Error) -> Errno {
    let known = error.raw_os_error().and_then(of_system);
    known.unwrap_or_else(|| match error.kind() {
        io::ErrorKind::NotFound => Errno::NOENT,
        io::ErrorKind::PermissionDenied => Errno::PERM,
        io::ErrorKind::AlreadyExists => Errno::EXIST,
        io::ErrorKind::InvalidInput => Errno::INVAL,
        _ => Errno::IO,
    })
}

#[cfg(unix)]
fn of_system(code: i32) -> Option<Errno> {
    const TABLE: [(i32, Errno); 26] = [
        (libc::EMFILE, Errno::MFILE),
        (libc::ENFILE, Errno::NFILE),
        (libc::EPIPE, Errno::PIPE),
        (libc::EPERM, Errno::PERM),
        (libc::ENOENT, Errno::NOENT),
        (libc::ENOMEM, Errno::NOMEM),
        (libc::EIO, Errno::IO),
        (libc::EBADF, Errno::BADF),
        (libc::EBUSY, Errno::BUSY),
        (libc::EACCES, Errno::ACCES),
        (libc::ENOTDIR, Errno::NOTDIR),
        (libc::EISDIR, Errno::ISDIR),
        (libc::EINVAL, Errno::INVAL),
        (libc::EEXIST, Errno::EXIST),
        (libc::EFBIG, Errno::FBIG),
        (libc::ENOSPC, Errno::NOSPC),
        (libc::ESPIPE, Errno::SPIPE),
        (libc::EMLINK, Errno::MLINK),
        (libc::ENAMETOOLONG, Errno::NAMETOOLONG),
        (libc::ENOTEMPTY, Errno::NOTEMPTY),
        (libc::ELOOP, Errno::LOOP),
        (libc::EOVERFLOW, Errno::OVERFLOW),
        (libc::EILSEQ, Errno::ILSEQ),
        (libc::EALREADY, Errno::ALREADY),
        (libc::EINPROGRESS, Errno::INPROGRESS),
        (libc::EINTR, Errno::INTR),
    ];
    if code == libc::ENOTSUP || code == libc::EOPNOTSUPP {
        return Some(Errno::NOTSUP);
    }
    let found = TABLE.iter().find(|(known, _)| *known == code);
    found.map(|(_, errno)| *errno)
}

/// By the codes of Windows ("System Error Codes").
#[cfg(windows)]
fn of_system(code: i32) -> Option<Errno> {
    Some(match code {
        // File, path, or name that cannot be.
        2 | 3 | 123 => Errno::NOENT,
        // Access denied, or the file is in use by another program.
        5 | 32 => Errno::ACCES,
        6 => Errno::BADF,
        8 | 14 => Errno::NOMEM,
        21 | 170 => Errno::BUSY,
        50 => Errno::NOTSUP,
        80 | 183 => Errno::EXIST,
        109 => Errno::PIPE,
        111 => Errno::NAMETOOLONG,
        // A negative position, or what is no link.
        131 | 4390 => Errno::INVAL,
        145 => Errno::NOTEMPTY,
        267 => Errno::NOTDIR,
        336 => Errno::ISDIR,
        681 => Errno::LOOP,
        // The privilege to make links.
        1314 => Errno::PERM,
        _ => return None,
    })
}

/// Names, in the order of the numbers.
const NAMES: [&str; 77] = [
    "success",
    "2big",
    "acces",
    "addrinuse",
    "addrnotavail",
    "afnosupport",
    "again",
    "already",
    "badf",
    "badmsg",
    "busy",
    "canceled",
    "child",
    "connaborted",
    "connrefused",
    "connreset",
    "deadlk",
    "destaddrreq",
    "dom",
    "dquot",
    "exist",
    "fault",
    "fbig",
    "hostunreach",
    "idrm",
    "ilseq",
    "inprogress",
    "intr",
    "inval",
    "io",
    "isconn",
    "isdir",
    "loop",
    "mfile",
    "mlink",
    "msgsize",
    "multihop",
    "nametoolong",
    "netdown",
    "netreset",
    "netunreach",
    "nfile",
    "nobufs",
    "nodev",
    "noent",
    "noexec",
    "nolck",
    "nolink",
    "nomem",
    "nomsg",
    "noprotoopt",
    "nospc",
    "nosys",
    "notconn",
    "notdir",
    "notempty",
    "notrecoverable",
    "notsock",
    "notsup",
    "notty",
    "nxio",
    "overflow",
    "ownerdead",
    "perm",
    "pipe",
    "proto",
    "protonosupport",
    "prototype",
    "range",
    "rofs",
    "spipe",
    "srch",
    "stale",
    "timedout",
    "txtbsy",
    "xdev",
    "notcapable",
];

/// How many there are, success included.
pub(crate) const COUNT: usize = NAMES.len();

/// The name of a number.
pub(crate) fn name(number: usize) -> &'static str {
    NAMES.get(number).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_files_have_the_number_of_the_specification() {
        let missing = std::fs::metadata("/nothing/here").expect_err("there is no such file");
        assert_eq!(of(&missing), Errno::NOENT);
        let escape = io::Error::new(io::ErrorKind::PermissionDenied, "out of the directory");
        assert_eq!(of(&escape), Errno::PERM);
    }

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!(
            (name(8), name(44), name(52), name(76)),
            ("badf", "noent", "nosys", "notcapable")
        );
    }
}
