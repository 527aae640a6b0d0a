//! Directories of a check under the names that readers of a report know.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toolchain::Session;

/// Directories of this machine that mean nothing to readers, and what stands for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    /// The link to a toolchain of the module cache, and the toolchain.
    goroot: Option<(Utf8PathBuf, Utf8PathBuf)>,
    /// The module cache, with a slash at its end.
    modcache: String,
    /// The directory of the module, with a slash at its end.
    root: String,
}

impl Paths {
    /// Those of a module.
    pub(crate) fn of(session: &Session) -> Self {
        let env = session.env();
        Self {
            goroot: session
                .other_goroot()
                .map(|link| (link, env.goroot.clone())),
            modcache: format!("{}/", env.gomodcache),
            root: format!("{}/", session.root()),
        }
    }

    /// What a program printed that was built with an overlay, with the standard library's own paths.
    pub(crate) fn of_toolchain(&self, printed: &str) -> String {
        match &self.goroot {
            Some((link, goroot)) => printed.replace(link.as_str(), goroot.as_str()),
            None => printed.to_owned(),
        }
    }

    /// A message with files of the module relative to it, which lies in a scratch directory.
    pub(crate) fn in_module(&self, message: &str) -> String {
        message.replace(&self.root, "")
    }

    /// A message without the directory of the module cache, and without its way to write capitals
    /// (`golang.org/x/mod/module`, `EscapePath`).
    pub(crate) fn without_cache(&self, message: &str) -> String {
        let mut parts = message.split(self.modcache.as_str());
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (path, rest) = part.split_at(part.find(':').unwrap_or(part.len()));
            let mut capital = false;
            for c in path.chars() {
                match c {
                    '!' => capital = true,
                    c if capital => {
                        text.push(c.to_ascii_uppercase());
                        capital = false;
                    }
                    c => text.push(c),
                }
            }
            text.push_str(rest);
        }
        text
    }
}

/// Whether an import path is a module, or a package, or lies below it.
pub(crate) fn is_inside(module: &str, package: &str) -> bool {
    let rest = package.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A part of a report, with the scratch directory of a published module under another name in all its
/// texts.
pub(crate) fn published<P: Serialize + DeserializeOwned>(
    part: P,
    root: &Utf8Path,
    name: &str,
) -> P {
    fn rename(value: &mut Value, from: &str, to: &str) {
        match value {
            Value::String(text) if text.contains(from) => *text = text.replace(from, to),
            Value::Array(all) => all.iter_mut().for_each(|v| rename(v, from, to)),
            Value::Object(all) => all.values_mut().for_each(|v| rename(v, from, to)),
            _ => {}
        }
    }
    let renamed = serde_json::to_value(&part).and_then(|mut value| {
        rename(&mut value, root.as_str(), name);
        serde_json::from_value(value)
    });
    renamed.unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_modules_as_people_do() {
        let paths = Paths {
            modcache: "/c/".to_owned(),
            ..Paths::default()
        };
        let said =
            "/c/github.com/!azure/x@v1.0.0/a.go:3:1: undefined: !b; /c/a.b/c@v1.0.0/d.go:1:1: e";
        assert_eq!(
            paths.without_cache(said),
            "github.com/Azure/x@v1.0.0/a.go:3:1: undefined: !b; a.b/c@v1.0.0/d.go:1:1: e"
        );
    }
}
