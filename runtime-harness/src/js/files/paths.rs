//! Where paths lead: below the directories that a program was given, with links followed as on Linux.

use std::collections::VecDeque;

use cap_std::fs::Dir;

use super::call::LONGEST;
use super::{Done, Failure, Files, Mount};

/// Links on one way, as on Linux (`path_resolution(7)`).
const MAX_LINKS: u32 = 40;

/// A path that is being followed.
struct Walk {
    /// The names that lead to where it is.
    at: Vec<String>,
    /// The names that are left.
    todo: VecDeque<String>,
    /// Links that were followed.
    links: u32,
}

impl Walk {
    fn here(&self) -> String {
        format!("/{}", self.at.join("/"))
    }

    /// Whether it is not longer than paths may be, and so not deeper than there can be directories.
    fn is_short(&self) -> Done<()> {
        let length: usize = self.at.iter().map(|part| part.len() + 1).sum();
        if length > LONGEST {
            return Err(Failure::Code("ENAMETOOLONG"));
        }
        Ok(())
    }

    /// Goes on where the link that it is at leads.
    fn follow(&mut self, target: &str) -> Done<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Failure::Code("ELOOP"));
        }
        self.at.pop();
        if target.starts_with('/') {
            self.at.clear();
        }
        for part in parts(target).into_iter().rev() {
            self.todo.push_front(part);
        }
        Ok(())
    }
}

impl Files {
    /// Where a path leads, links followed: from the root, and without `..`. Links that start at the
    /// root start at that of the guest. The last name need not exist, and is followed only when
    /// `last` is.
    pub(super) fn walk(&self, path: &str, last: bool) -> Done<String> {
        if path.is_empty() {
            return Err(Failure::Code("ENOENT"));
        }
        let from = if path.starts_with('/') {
            ""
        } else {
            self.cwd.as_str()
        };
        let from = from.split('/').filter(|part| !part.is_empty());
        let mut walk = Walk {
            at: from.map(str::to_owned).collect(),
            todo: parts(path),
            links: 0,
        };
        while let Some(part) = walk.todo.pop_front() {
            match part.as_str() {
                "." => {}
                ".." => {
                    walk.at.pop();
                }
                _ => {
                    walk.at.push(part);
                    walk.is_short()?;
                    if walk.todo.is_empty() && !last {
                        break;
                    }
                    self.look(&mut walk)?;
                }
            }
        }
        Ok(walk.here())
    }

    /// Looks at the name that a walk has come to, and follows a link.
    fn look(&self, walk: &mut Walk) -> Done<()> {
        let here = walk.here();
        let found = self.mount(&here).and_then(|(mount, rest)| {
            let found = mount.dir.symlink_metadata(&rest)?;
            Ok((found, mount, rest))
        });
        let (found, mount, rest) = match found {
            // Above directories that were given, and in none itself.
            Err(_) if self.is_above(&here) => return Ok(()),
            Err(Failure::Code("ENOENT")) if walk.todo.is_empty() => return Ok(()),
            found => found?,
        };
        if found.is_symlink() {
            let target = mount.dir.read_link_contents(&rest)?;
            return walk.follow(&target.to_string_lossy());
        }
        if !found.is_dir() && !walk.todo.is_empty() {
            return Err(Failure::Code("ENOTDIR"));
        }
        Ok(())
    }

    fn is_above(&self, path: &str) -> bool {
        let below = |m: &Mount| m.guest.starts_with(&format!("{path}/"));
        self.mounts.iter().any(below)
    }

    /// The directory that a walked path lies in, and the path in it.
    pub(super) fn mount(&self, path: &str) -> Done<(&Mount, String)> {
        let inside = |mount: &Mount| {
            let rest = path.strip_prefix(mount.guest.trim_end_matches('/'))?;
            let whole = rest.is_empty() || rest.starts_with('/');
            whole.then(|| rest.trim_start_matches('/').to_owned())
        };
        let mounts = self.mounts.iter();
        let fitting = mounts.filter_map(|m| Some((m, inside(m)?)));
        let (mount, rest) = fitting
            .max_by_key(|(m, _)| m.guest.len())
            .ok_or(Failure::Code("ENOENT"))?;
        let rest = if rest.is_empty() {
            ".".to_owned()
        } else {
            rest
        };
        Ok((mount, rest))
    }

    /// Look at what a path leads to, its last link followed or not.
    pub(super) fn at<T>(
        &self,
        path: &str,
        last: bool,
        look: impl FnOnce(&Dir, &str) -> Done<T>,
    ) -> Done<T> {
        let path = self.walk(path, last || path.ends_with('/'))?;
        let (mount, rest) = self.mount(&path)?;
        look(&mount.dir, &rest)
    }

    /// The same in order to change it, which only some directories allow.
    pub(super) fn changed<T>(
        &self,
        path: &str,
        last: bool,
        change: impl FnOnce(&Dir, &str) -> Done<T>,
    ) -> Done<T> {
        let path = self.walk(path, last || path.ends_with('/'))?;
        let (mount, rest) = self.mount(&path)?;
        if !mount.writable {
            return Err(Failure::Code("EROFS"));
        }
        change(&mount.dir, &rest)
    }
}

/// A path below another unless it is absolute, without `.` and `..`.
pub(super) fn clean(below: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { below };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The names of a path in order; a slash at its end asks for a directory.
fn parts(path: &str) -> VecDeque<String> {
    let names = path.split('/').filter(|part| !part.is_empty());
    let mut parts: VecDeque<String> = names.map(str::to_owned).collect();
    if path.ends_with('/') && !parts.is_empty() {
        parts.push_back(".".to_owned());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn paths_stay_below_the_root() {
        for (below, path, whole) in [
            ("/a", "b/./c", "/a/b/c"),
            ("/a", "../../..", "/"),
            ("/a", "/x/../../y", "/y"),
            ("/", "", "/"),
        ] {
            assert_eq!(clean(below, path), whole);
        }
    }
}
