//! The licence at the head of a file: it goes along with what is taken from the file.

/// What a comment says that tells a licence or the holder of a copyright.
const TELLS: [&str; 3] = ["Copyright", "SPDX-License-Identifier", "License"];

/// Lines of comments that tell the go command something, and are of the one file alone.
const DIRECTIVES: [&str; 5] = [
    "//go:",
    "// +build",
    "//+build",
    "// Code generated ",
    "//line ",
];

/// The comments above the package clause that tell a licence, each with a blank line after it. The package's
/// documentation is none of them.
pub(super) fn of(text: &str) -> String {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    let mut in_block = false;
    for line in text.lines() {
        let line = line.trim_end();
        if !in_block && line.starts_with("package ") {
            // What stands right above it is the documentation.
            paragraphs.pop();
            return told(&paragraphs);
        }
        match paragraphs.last_mut() {
            Some(paragraph) if in_block || !line.is_empty() => paragraph.push(line),
            _ => paragraphs.push(Vec::new()),
        }
        let opens = |line: &str| line.rfind("/*") > line.rfind("*/");
        in_block = if in_block {
            !line.contains("*/")
        } else {
            !line.starts_with("//") && opens(line)
        };
    }
    String::new()
}

fn told(paragraphs: &[Vec<&str>]) -> String {
    let mut licence = String::new();
    for paragraph in paragraphs {
        let lines = paragraph.iter().copied();
        let lines = lines.filter(|line| !DIRECTIVES.iter().any(|d| line.starts_with(d)));
        let text = lines.collect::<Vec<_>>().join("\n");
        if TELLS.iter().any(|word| text.contains(word)) {
            licence.push_str(&text);
            licence.push_str("\n\n");
        }
    }
    licence
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_licence_is_told_apart_from_other_comments() {
        for (head, licence) in [
            ("", ""),
            (
                "// Copyright A.\n// See LICENSE.\n\n",
                "// Copyright A.\n// See LICENSE.\n\n",
            ),
            (
                "/*\nCopyright A.\n\npackage of rights\n*/\n\n",
                "/*\nCopyright A.\n\npackage of rights\n*/\n\n",
            ),
            (
                "// SPDX-License-Identifier: MIT\r\n//go:build unix\r\n// +build unix\r\n\r\n",
                "// SPDX-License-Identifier: MIT\n\n",
            ),
            (
                "//go:build unix\n\n// Licensed, see /* x.\n\n// Of files.\n\n",
                "// Licensed, see /* x.\n\n",
            ),
            // The documentation of the package, and what is of this file alone.
            ("// Package p has a License.\n", ""),
            ("// Code generated from License.txt. DO NOT EDIT.\n\n", ""),
        ] {
            assert_eq!(of(&format!("{head}package p\n")), licence, "{head}");
        }
        assert_eq!(of("// Copyright A.\n\n/* package p\n"), "");
    }
}
