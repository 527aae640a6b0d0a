//! The dependencies in a Cargo.toml with the comments above them, which a TOML reader drops.

/// A dependency of a member of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    /// Its name in the manifest.
    pub(super) name: String,
    /// It stands in `[dev-dependencies]`.
    pub(super) dev: bool,
    /// The line, from 1.
    pub(super) line: usize,
    /// The comment above it, or above the first dependency of its group; empty without one.
    pub(super) reason: String,
}

/// Reads the dependencies of a manifest, those for some systems included.
pub(super) fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(manifest.lines()) {
        reader.line(number, line.trim());
    }
    reader.found
}

/// Where in the manifest the reader stands.
#[derive(Default)]
struct Reader {
    /// Inside a section of dependencies; `true` for those of tests.
    section: Option<bool>,
    reason: String,
    /// The line before was part of a comment.
    in_comment: bool,
    /// Brackets that were opened on lines before.
    depth: usize,
    found: Vec<Dependency>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        if let Some(comment) = line.strip_prefix('#') {
            if !self.in_comment {
                self.reason.clear();
            }
            self.reason.push_str(comment);
            self.in_comment = true;
            return;
        }
        self.in_comment = false;
        if self.depth > 0 {
            self.count(line);
        } else if line.is_empty() {
            self.reason.clear();
        } else if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_end_matches(']').rsplit('.').next();
            self.section = match name {
                Some("dependencies" | "build-dependencies") => Some(false),
                Some("dev-dependencies") => Some(true),
                _ => None,
            };
            self.reason.clear();
        } else {
            self.dependency(number, line);
            self.count(line);
        }
    }

    fn dependency(&mut self, number: usize, line: &str) {
        let (Some(dev), Some((key, _))) = (self.section, line.split_once('=')) else {
            return;
        };
        let name = key.trim().trim_end_matches(".workspace").to_owned();
        self.found.push(Dependency {
            name,
            dev,
            line: number,
            reason: self.reason.trim().to_owned(),
        });
    }

    fn count(&mut self, line: &str) {
        self.depth += line.matches(['[', '{']).count();
        self.depth = self.depth.saturating_sub(line.matches([']', '}']).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hold_for_their_group() {
        let manifest = "\
[package]
name = \"a\"

[dependencies]
bare.workspace = true
# Two lines
# of reason.
one.workspace = true
two = { workspace = true, features = [
    \"x\",
] }
# Another.
three.workspace = true

[target.'cfg(target_os = \"linux\")'.dependencies]
four.workspace = true

[dev-dependencies]
# For tests.
five.workspace = true
";
        let found: Vec<_> = dependencies(manifest)
            .into_iter()
            .map(|d| (d.name, d.dev, d.line, d.reason))
            .collect();
        let row =
            |name: &str, dev, line, reason: &str| (name.to_owned(), dev, line, reason.to_owned());
        assert_eq!(
            found,
            [
                row("bare", false, 5, ""),
                row("one", false, 8, "Two lines of reason."),
                row("two", false, 9, "Two lines of reason."),
                row("three", false, 13, "Another."),
                row("four", false, 16, ""),
                row("five", true, 20, "For tests."),
            ]
        );
    }
}
