//! Arguments of the command line: directories, package patterns and published modules.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Failure;

/// An argument of the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Packages below or in a directory.
    Local {
        /// Where the pattern starts; absolute, links resolved.
        dir: Utf8PathBuf,
        /// `...` after it.
        recursive: bool,
    },
    /// A published module.
    Module(String),
}

/// Understand an argument. A path wins over a module of the same name.
pub(crate) fn parse(arg: &str) -> Result<Argument, Failure> {
    let (base, recursive) = match arg.strip_suffix("...") {
        Some(base) => (base.trim_end_matches('/'), true),
        None => (arg, false),
    };
    let base = if base.is_empty() { "." } else { base };
    let path = Utf8Path::new(base);
    if !path.exists() && arg.contains('@') {
        return Ok(Argument::Module(arg.to_owned()));
    }
    let dir = path
        .canonicalize_utf8()
        .map_err(|e| unreachable_path(base, &e))?;
    if !dir.is_dir() {
        let hint = if dir.extension() == Some("wasm") {
            format!("`wasmcheck inspect {base}` tells what is in it")
        } else {
            "name the directory that it lies in".to_owned()
        };
        return Err(Failure::usage(format!("{base}: not a directory; {hint}")));
    }
    dir.read_dir_utf8()
        .map_err(|e| unreachable_path(base, &e))?;
    Ok(Argument::Local { dir, recursive })
}

fn unreachable_path(path: &str, error: &std::io::Error) -> Failure {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound if path.contains('/') && !path.starts_with('.') => {
            "; for a published module, name its version: MODULE@VERSION"
        }
        std::io::ErrorKind::NotFound => "; name a directory with Go code",
        std::io::ErrorKind::PermissionDenied => "; check who owns it and who may read it",
        _ => "",
    };
    Failure::usage(format!("{path}: {error}{hint}"))
}

/// Go's pattern for a directory, relative to its module.
pub(crate) fn pattern(root: &Utf8Path, dir: &Utf8Path, recursive: bool) -> String {
    let inside = dir.strip_prefix(root).unwrap_or(Utf8Path::new(""));
    let all = recursive || inside.as_str().is_empty();
    match (inside.as_str(), all) {
        ("", _) => "./...".to_owned(),
        (inside, true) => format!("./{inside}/..."),
        (inside, false) => format!("./{inside}"),
    }
}

/// Patterns by module root.
pub(crate) type Patterns = BTreeMap<Utf8PathBuf, Vec<String>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_go() {
        let root = Utf8Path::new("/m");
        assert_eq!(pattern(root, Utf8Path::new("/m"), false), "./...");
        assert_eq!(pattern(root, Utf8Path::new("/m/cmd"), true), "./cmd/...");
        assert_eq!(pattern(root, Utf8Path::new("/m/cmd/x"), false), "./cmd/x");
    }

    #[test]
    fn modules_have_a_version_and_paths_exist() {
        assert_eq!(
            parse("a.b/c@v1.0.0").unwrap(),
            Argument::Module("a.b/c@v1.0.0".to_owned())
        );
        let text = parse("./no/such").unwrap_err().to_string();
        assert!(text.starts_with("./no/such: "), "{text}");
    }
}
