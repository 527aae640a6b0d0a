//! The comment above `import "C"`: headers, compiler flags, libraries.
//!
//! Source of the format: the section "Using cgo with the go command" of `cmd/cgo/doc.go`.

use serde::{Deserialize, Serialize};

use crate::go::syntax::Comment;
use crate::go::syntax::ast::File;

/// What a file wants from C.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cgo {
    /// Offset of the quote of `"C"`.
    pub(crate) pos: u32,
    /// Headers as written, brackets or quotes included.
    pub(crate) includes: Vec<String>,
    /// `#cgo` lines.
    pub(crate) flags: Vec<CgoFlag>,
}

/// `#cgo CONDITION NAME: VALUE`
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CgoFlag {
    /// Build constraint in the old form; empty without one.
    pub(crate) condition: String,
    /// `LDFLAGS`, `CFLAGS`, `pkg-config` …
    pub(crate) name: String,
    /// Everything after the colon.
    pub(crate) value: String,
}

pub(super) fn read(src: &str, file: &File<'_>) -> Option<Cgo> {
    let mut imports = file.imports.iter().filter(|i| i.path == "C").peekable();
    let pos = imports.peek()?.pos;
    let mut cgo = Cgo {
        pos,
        includes: Vec::new(),
        flags: Vec::new(),
    };
    for import in imports {
        for line in preamble(src, &file.comments, import.doc_end).lines() {
            read_line(line, &mut cgo);
        }
    }
    Some(cgo)
}

fn read_line(line: &str, cgo: &mut Cgo) {
    let line = line.trim().trim_start_matches("//").trim_start();
    let Some(directive) = line.strip_prefix('#') else {
        return;
    };
    let directive = directive.trim_start();
    if let Some(header) = directive
        .strip_prefix("include")
        .or(directive.strip_prefix("import"))
    {
        cgo.includes.push(header.trim().to_owned());
    } else if let Some(flag) = directive.strip_prefix("cgo")
        && let Some((head, value)) = flag.split_once(':')
    {
        let head = head.trim();
        let (condition, name) = head.rsplit_once(char::is_whitespace).unwrap_or(("", head));
        cgo.flags.push(CgoFlag {
            condition: condition.trim().to_owned(),
            name: name.to_owned(),
            value: value.trim().to_owned(),
        });
    }
}

/// The text of the comments that end right above an offset: no blank line in between.
fn preamble<'s>(src: &'s str, comments: &[Comment], end: u32) -> &'s str {
    let mut start = end;
    for comment in comments.iter().rev().filter(|c| c.end <= end) {
        let gap = src
            .get(comment.end as usize..start as usize)
            .unwrap_or("\n\n");
        if !gap.trim().is_empty() || gap.matches('\n').count() > 1 {
            break;
        }
        start = comment.start;
    }
    src.get(start as usize..end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::FileFacts;

    #[test]
    fn the_preamble_is_the_comment_right_above() {
        let src = "package p\n\n// #include <no.h>\n\n/*\n#cgo linux,!android LDFLAGS: -lm -lz\n#cgo pkg-config: zlib\n#include <math.h>\n# include \"own.h\"\n*/\nimport \"C\"\n";
        let cgo = FileFacts::read(&Arc::new(src.to_owned()))
            .cgo
            .expect("the file imports C");
        assert_eq!(cgo.includes, ["<math.h>", "\"own.h\""]);
        let flags: Vec<_> = cgo
            .flags
            .iter()
            .map(|f| (f.condition.as_str(), f.name.as_str(), f.value.as_str()))
            .collect();
        assert_eq!(
            flags,
            [
                ("linux,!android", "LDFLAGS", "-lm -lz"),
                ("", "pkg-config", "zlib")
            ]
        );
    }

    #[test]
    fn a_group_with_one_import_keeps_its_comment() {
        let src = "package p\n// #include <a.h>\nimport (\n\t\"C\"\n)\n";
        let cgo = FileFacts::read(&Arc::new(src.to_owned()))
            .cgo
            .expect("the file imports C");
        assert_eq!(cgo.includes, ["<a.h>"]);
    }
}
