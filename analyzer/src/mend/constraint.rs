//! Build constraints of files, taken in, left out and written down.

use std::collections::BTreeSet;

use model::Goos;

use crate::go::constraint::{Header, name_terms, plus_build_options};

/// The targets of an edit.
pub(super) type Targets = BTreeSet<Goos>;

/// The constraint of a file by its name and its lines; none of one that is always selected.
pub(super) fn of(name: &str, text: &str) -> Option<String> {
    let by_name = name_terms(name);
    let mut terms: Vec<String> = by_name.into_iter().map(str::to_owned).collect();
    let lines = of_lines(text).filter(|lines| !terms.contains(lines));
    if let Some(lines) = lines.as_deref().filter(|lines| !lines.contains("||")) {
        // `js && wasm` in a file whose name ends in `_js`.
        terms.retain(|term| lines.split("&&").all(|other| other.trim() != term));
    }
    terms.extend(lines.map(|lines| {
        let alternatives = lines.contains("||") && !terms.is_empty();
        if alternatives {
            format!("({lines})")
        } else {
            lines
        }
    }));
    (!terms.is_empty()).then(|| terms.join(" && "))
}

/// The constraint in the lines above the package clause.
pub(super) fn of_lines(text: &str) -> Option<String> {
    let header = Header::of(text);
    if let Some((_, line)) = header.go_build {
        let expr = line.trim_start_matches("//go:build");
        let expr = expr.split("//").next().unwrap_or_default();
        return Some(expr.trim().to_owned());
    }
    let lines: Vec<String> = header
        .plus_build
        .iter()
        .map(|(_, line)| of_plus_build(line))
        .collect();
    match lines.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(
            lines
                .iter()
                .map(|l| grouped(l))
                .collect::<Vec<_>>()
                .join(" && "),
        ),
    }
}

/// `// +build a,!b c` as `(a && !b) || c`.
fn of_plus_build(line: &str) -> String {
    let options: Vec<String> = plus_build_options(line)
        .map(|option| option.replace(',', " && "))
        .collect();
    let several = options.len() > 1;
    let group = |option: &String| {
        if several && option.contains("&&") {
            format!("({option})")
        } else {
            option.clone()
        }
    };
    options.iter().map(group).collect::<Vec<_>>().join(" || ")
}

fn grouped(expr: &str) -> String {
    if expr.contains("||") {
        format!("({expr})")
    } else {
        expr.to_owned()
    }
}

/// The targets as a constraint.
pub(super) fn only(targets: &Targets) -> String {
    let names: Vec<&str> = targets.iter().map(|g| g.name()).collect();
    names.join(" || ")
}

/// A constraint that holds on these targets, too.
pub(super) fn with(expr: Option<&str>, targets: &Targets) -> Option<String> {
    Some(format!("{} || {}", expr?, only(targets)))
}

/// A constraint that does not hold on these targets any more.
pub(super) fn without(expr: Option<&str>, targets: &Targets) -> String {
    let not: Vec<String> = targets.iter().map(|g| format!("!{}", g.name())).collect();
    let mut terms: Vec<String> = expr.map(grouped).into_iter().collect();
    terms.extend(not);
    terms.join(" && ")
}

/// The file with another constraint in the place of all its lines.
pub(super) fn put(text: &str, expr: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = format!("//go:build {expr}{end}");
    let header = Header::of(text);
    let mut old: Vec<u32> = header
        .plus_build
        .iter()
        .map(|(number, _)| *number)
        .collect();
    old.extend(header.go_build.map(|(number, _)| number));
    let Some(first) = old.iter().min().copied() else {
        let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
        return format!("{}{line}{end}{}", &text[..bom], &text[bom..]);
    };
    let mut out = String::new();
    for (number, old_line) in (1..).zip(text.split_inclusive('\n')) {
        if number == first {
            out.push_str(&line);
        } else if !old.contains(&number) {
            // Below the line is a blank one, or the next line would be part of its comment.
            if number == first + 1
                && !old_line.trim().is_empty()
                && !old_line.trim_start().starts_with("//")
            {
                out.push_str(end);
            }
            out.push_str(old_line);
        }
    }
    out
}

/// Suffixes of names that say no more than which platforms a file is for, beside those of Go.
const PLATFORMS: [&str; 22] = [
    "unix",
    "posix",
    "nix",
    "linux",
    "darwin",
    "bsd",
    "windows",
    "windos",
    "plan9",
    "other",
    "others",
    "default",
    "notwindows",
    "nonwindows",
    "nowindows",
    "notunix",
    "nonunix",
    "generic",
    "common",
    "js",
    "wasm",
    "wasip1",
];

/// The name of a file without what says which platforms it is for.
pub(super) fn stem(name: &str) -> &str {
    let mut stem = name.strip_suffix(".go").unwrap_or(name);
    while let Some((rest, last)) = stem.rsplit_once('_') {
        let platform = PLATFORMS.contains(&last) || !name_terms(&format!("x_{last}.go")).is_empty();
        if !platform || rest.is_empty() {
            break;
        }
        stem = rest;
    }
    stem
}

/// What the targets are called in names of files.
pub(super) fn suffix(targets: &Targets) -> &'static str {
    match targets.iter().next() {
        Some(goos) if targets.len() == 1 => goos.name(),
        _ => "wasm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> Targets {
        Goos::ALL.into_iter().collect()
    }

    #[test]
    fn constraints_are_read_and_written() {
        for (name, text, expr) in [
            ("a.go", "package a\n", None),
            ("a_linux.go", "package a\n", Some("linux")),
            (
                "a_linux_amd64.go",
                "//go:build cgo || x\n\npackage a\n",
                Some("linux && amd64 && (cgo || x)"),
            ),
            (
                "a_js.go",
                "//go:build js && wasm\n\npackage a\n",
                Some("js && wasm"),
            ),
            (
                "a.go",
                "// +build !windows,cgo js\n// +build go1.9\n\npackage a\n",
                Some("((!windows && cgo) || js) && go1.9"),
            ),
        ] {
            assert_eq!(of(name, text).as_deref(), expr, "{name} {text}");
        }
        assert_eq!(
            with(Some("a && b"), &both()).as_deref(),
            Some("a && b || wasip1 || js")
        );
        assert_eq!(
            without(Some("a || b"), &both()),
            "(a || b) && !wasip1 && !js"
        );
        assert_eq!(without(None, &both()), "!wasip1 && !js");
    }

    #[test]
    fn lines_are_put_where_go_reads_them() {
        for (text, wanted) in [
            ("package a\n", "//go:build x\n\npackage a\n"),
            (
                "// Licence\n\n//go:build old\n// +build old\n\npackage a\n",
                "// Licence\n\n//go:build x\n\npackage a\n",
            ),
            (
                "// +build old\n\n// Doc.\npackage a\n",
                "//go:build x\n\n// Doc.\npackage a\n",
            ),
            ("//go:build old\npackage a\n", "//go:build x\n\npackage a\n"),
            (
                "//go:build old\r\n\r\npackage a\r\n",
                "//go:build x\r\n\r\npackage a\r\n",
            ),
        ] {
            assert_eq!(put(text, "x"), wanted);
            assert_eq!(of_lines(&put(text, "x")).as_deref(), Some("x"));
        }
    }

    #[test]
    fn names_lose_their_platforms() {
        for (name, wanted) in [
            ("lock_unix.go", "lock"),
            ("lock_linux_amd64.go", "lock"),
            ("a_b.go", "a_b"),
            ("linux.go", "linux"),
            ("term_posix_other.go", "term"),
        ] {
            assert_eq!(stem(name), wanted);
        }
    }
}
