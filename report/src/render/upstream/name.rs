//! Names of files for versions of modules.

use std::collections::BTreeSet;

/// Most bytes of a name: file systems take 255, and an ending is added.
const MOST: usize = 200;

/// `MODULE@VERSION` as the name of a file: slashes become hyphens, and capitals are written as the module cache does
/// (`golang.org/x/mod/module`, `EscapePath`), because some file systems do not tell them apart. A name that is among
/// the used ones gets a number.
pub(super) fn unused(module: &str, version: &str, used: &mut BTreeSet<String>) -> String {
    let mut name = String::new();
    for c in module.chars().chain("@".chars()).chain(version.chars()) {
        match c {
            '/' => name.push('-'),
            'A'..='Z' => name.extend(['!', c.to_ascii_lowercase()]),
            'a'..='z' | '0'..='9' | '-' | '_' | '~' | '+' | '@' | '.' => name.push(c),
            _ => name.push('_'),
        }
    }
    name.truncate(MOST);
    // Hidden files, `..` and options of commands are none of these.
    if name.starts_with(['.', '-']) {
        name.replace_range(..1, "_");
    }
    let mut number = 1;
    let mut unused = name.clone();
    while !used.insert(unused.clone()) {
        number += 1;
        unused = format!("{name}-{number}");
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_differ() {
        let mut used = BTreeSet::new();
        for (module, version, name) in [
            (
                "github.com/Azure/go-x",
                "v1.2.3",
                "github.com-!azure-go-x@v1.2.3",
            ),
            (
                "github.com/Azure/go/x",
                "v1.2.3",
                "github.com-!azure-go-x@v1.2.3-2",
            ),
            ("../../etc/x y\n", "v1", "_.-..-etc-x_y_@v1"),
            ("-rf", "v1", "_rf@v1"),
            ("a.b/c", "v2.0.0+incompatible", "a.b-c@v2.0.0+incompatible"),
        ] {
            assert_eq!(unused(module, version, &mut used), name);
        }
        assert!(unused(&"é".repeat(500), "v1", &mut used).len() <= MOST);
    }
}
