//! Why a test binary does not build: files and names out of what Go prints.

use camino::Utf8Path;

use crate::go::graph::Places;

/// Causes that are named of one failure.
const MOST: usize = 6;

/// What is to blame, in the order of the errors: for each its file, as reports name files, the name
/// that is undefined, and the package that Go could not load.
pub fn build_causes(said: &str, dir: &Utf8Path, places: Places<'_>) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut say = |cause: String| {
        if !cause.is_empty() && !causes.contains(&cause) {
            causes.push(cause);
        }
    };
    for line in said.lines() {
        if let Some((file, message)) = error(line) {
            say(places.name(&dir.join(file)));
            if let Some(name) = message.strip_prefix("undefined: ") {
                say(name.split_whitespace().next().unwrap_or(name).to_owned());
            }
        }
        // `imports example.com/x: build constraints exclude all Go files in /dir`
        if let Some((before, _)) = line.split_once(": build constraints exclude all Go files") {
            say(before
                .rsplit([' ', '\t'])
                .next()
                .unwrap_or(before)
                .to_owned());
        }
    }
    causes.truncate(MOST);
    causes
}

/// `file.go:3:5: message`
fn error(line: &str) -> Option<(&str, &str)> {
    let (file, rest) = line.split_once(".go:")?;
    let (number, rest) = rest.split_once(':')?;
    number.parse::<u32>().ok()?;
    let message = match rest.split_once(": ") {
        Some((column, message)) if column.parse::<u32>().is_ok() => message,
        _ => rest.trim_start(),
    };
    let end = file.len() + ".go".len();
    Some((&line[..end], message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_names_and_packages_are_found() {
        let said = "# example.com/m/lock\nlock/lock_flock.go:40:24: undefined: syscall.Flock\nlock/lock_flock.go:41:24: undefined: syscall.LOCK_EX\n/mod/github.com/x/y@v1.0.0/z.go:7:2: cannot use a as b\nFAIL\texample.com/m/lock [build failed]\npackage example.com/m\n\timports example.com/gone: build constraints exclude all Go files in /mod/gone\n";
        let places = Places {
            root: "/m".into(),
            goroot: "/go".into(),
            modcache: "/mod".into(),
        };
        assert_eq!(
            build_causes(said, "/m".into(), places),
            [
                "lock/lock_flock.go",
                "syscall.Flock",
                "syscall.LOCK_EX",
                "github.com/x/y@v1.0.0/z.go",
                "example.com/gone"
            ]
        );
    }
}
