//! The functions of Node's `fs` that a program of `GOOS=js` may call, with their arguments by name.

use super::node::{bits, whole};
use super::{Done, Failure};

/// A call as `host.js` hands it over: the name of the function, and one slot for each sort of argument.
pub(crate) struct Slots<'c> {
    pub(crate) name: &'c str,
    pub(crate) path: &'c str,
    pub(crate) other: &'c str,
    pub(crate) fd: u32,
    pub(crate) n: f64,
    pub(crate) m: f64,
}

/// Longest path, in bytes, as on Linux (`PATH_MAX`, which counts the byte that ends it).
pub(super) const LONGEST: usize = 4095;

impl Slots<'_> {
    /// Whether no path is longer than paths may be.
    pub(crate) fn are_short(&self) -> Done<()> {
        if self.path.len().max(self.other.len()) > LONGEST {
            return Err(Failure::Code("ENAMETOOLONG"));
        }
        Ok(())
    }
}

/// A call of one of Node's functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call<'c> {
    Open {
        path: &'c str,
        flags: u32,
        mode: u32,
    },
    Close {
        fd: u32,
    },
    /// `stat`, and `lstat`, which does not follow a link.
    Stat {
        path: &'c str,
        follow: bool,
    },
    StatOpen {
        fd: u32,
    },
    ReadDir {
        path: &'c str,
    },
    ReadLink {
        path: &'c str,
    },
    ChangeDir {
        path: &'c str,
    },
    MakeDir {
        path: &'c str,
        mode: u32,
    },
    RemoveDir {
        path: &'c str,
    },
    Unlink {
        path: &'c str,
    },
    Rename {
        from: &'c str,
        to: &'c str,
    },
    Link {
        from: &'c str,
        to: &'c str,
    },
    Symlink {
        target: &'c str,
        path: &'c str,
    },
    Truncate {
        path: &'c str,
        length: u64,
    },
    TruncateOpen {
        fd: u32,
        length: u64,
    },
    ChangeMode {
        path: &'c str,
        mode: u32,
    },
    ChangeModeOpen {
        fd: u32,
        mode: u32,
    },
    /// `chown`, and `lchown`, which does not follow a link.
    ChangeOwner {
        path: &'c str,
        owner: Owner,
        follow: bool,
    },
    ChangeOwnerOpen {
        fd: u32,
        owner: Owner,
    },
    SetTimes {
        path: &'c str,
        /// Seconds since 1970.
        accessed: f64,
        modified: f64,
    },
    Sync {
        fd: u32,
    },
}

/// The user and the group that a file is to get; a negative number leaves what it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Owner {
    pub(crate) user: f64,
    pub(crate) group: f64,
}

impl<'c> Call<'c> {
    /// Names the arguments; none for a function that this host does not have.
    pub(crate) fn new(slots: &Slots<'c>) -> Option<Self> {
        let &Slots {
            name,
            path,
            other,
            fd,
            n,
            m,
        } = slots;
        let mode = bits(n);
        let length = whole(n);
        let owner = Owner { user: n, group: m };
        Some(match name {
            "open" => Self::Open {
                path,
                flags: bits(n),
                mode: bits(m),
            },
            "close" => Self::Close { fd },
            "stat" | "lstat" => Self::Stat {
                path,
                follow: name == "stat",
            },
            "fstat" => Self::StatOpen { fd },
            "readdir" => Self::ReadDir { path },
            "readlink" => Self::ReadLink { path },
            "chdir" => Self::ChangeDir { path },
            "mkdir" => Self::MakeDir { path, mode },
            "rmdir" => Self::RemoveDir { path },
            "unlink" => Self::Unlink { path },
            "rename" => Self::Rename {
                from: path,
                to: other,
            },
            "link" => Self::Link {
                from: path,
                to: other,
            },
            "symlink" => Self::Symlink {
                target: path,
                path: other,
            },
            "truncate" => Self::Truncate { path, length },
            "ftruncate" => Self::TruncateOpen { fd, length },
            "chmod" => Self::ChangeMode { path, mode },
            "fchmod" => Self::ChangeModeOpen { fd, mode },
            "chown" | "lchown" => Self::ChangeOwner {
                path,
                owner,
                follow: name == "chown",
            },
            "fchown" => Self::ChangeOwnerOpen { fd, owner },
            "utimes" => Self::SetTimes {
                path,
                accessed: n,
                modified: m,
            },
            "fsync" => Self::Sync { fd },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_get_their_names() {
        let call = |name| {
            Call::new(&Slots {
                name,
                path: "/a",
                other: "/b",
                fd: 3,
                n: 7.0,
                m: 8.0,
            })
        };
        let opened = Call::Open {
            path: "/a",
            flags: 7,
            mode: 8,
        };
        assert_eq!(call("open"), Some(opened));
        let linked = Call::Symlink {
            target: "/a",
            path: "/b",
        };
        assert_eq!(call("symlink"), Some(linked));
        assert_eq!(call("watch"), None);
    }
}
