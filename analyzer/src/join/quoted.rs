//! Errors of the compiler and of the assembler, without what they quote of files that are none of the module's
//! source: a link, or an `#include`, can name any file of the machine.

use std::borrow::Cow;

use camino::Utf8Path;

use super::compiled::{CompileError, error_path, normal};
use crate::context::{Context, WITHHELD};
use crate::go::graph::Package;
use crate::system::Quotable;

/// An error as it may stand in a report.
pub(super) fn fit<'e>(cx: &Context<'_, '_>, error: &'e CompileError) -> Cow<'e, CompileError> {
    let package = cx.graph.get(&error.package);
    let quotes = |package: &Package<'_>| match error.file.as_str() {
        "" => {
            let mut assembly = package.listed.s_files.iter();
            assembly.any(|name| includes_another(cx, &package.listed.dir, &package.file_path(name)))
        }
        _ => quotes_another(cx, package, &error_path(cx, error)),
    };
    if package.is_some_and(quotes) {
        return Cow::Owned(CompileError {
            message: WITHHELD.to_owned(),
            ..error.clone()
        });
    }
    Cow::Borrowed(error)
}

/// Whether an error at a file may quote what is none of the module's source.
fn quotes_another(cx: &Context<'_, '_>, package: &Package<'_>, path: &Utf8Path) -> bool {
    let listed = package.listed;
    let name = path.file_name().unwrap_or_default();
    let mut all = listed.go_files.iter().chain(&listed.s_files);
    let own = path.parent() == Some(listed.dir.as_path()) && all.any(|file| file == name);
    let quotable = cx.sources.quotable(path);
    if own {
        let assembly = listed.s_files.iter().any(|file| file == name);
        quotable == Some(Quotable::Nothing) || assembly && includes_another(cx, &listed.dir, path)
    } else {
        // What the compiler says of a place that a `//line` names is about Go source. The assembler reads
        // what it names.
        quotable.is_some_and(|q| q != Quotable::Lines) && !listed.s_files.is_empty()
    }
}

/// Whether assembly includes a file that is none of the module's source. Names that are not found beside it are
/// looked for in directories of the toolchain (`cmd/asm/internal/lex`).
fn includes_another(cx: &Context<'_, '_>, dir: &Utf8Path, path: &Utf8Path) -> bool {
    let source = cx.sources.get(path);
    source.facts.src.lines().filter_map(included).any(|name| {
        let beside = cx.sources.quotable(&normal(&dir.join(name)));
        match beside {
            Some(quotable) => quotable != Quotable::Lines,
            None => name.starts_with('/') || name.split('/').any(|part| part == ".."),
        }
    })
}

/// The name in a line `#include "name"`.
fn included(line: &str) -> Option<&str> {
    let directive = line.trim_start().strip_prefix('#')?.trim_start();
    let name = directive.strip_prefix("include")?;
    name.split('"').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_read() {
        for line in [
            "#include \"a/b.h\"",
            " # include\t\"a/b.h\" // x",
            "#include\"a/b.h\"",
        ] {
            assert_eq!(included(line), Some("a/b.h"));
        }
        assert_eq!(included("#define X \"a/b.h\""), None);
        assert_eq!(included("#include"), None);
    }
}
