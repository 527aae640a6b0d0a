//! `crash`: a program that was run, and ended by a panic, a fatal error or a trap.

use camino::Utf8Path;
use model::{Effect, Evidence, Finding, Frame, Note, NoteKind, Observation, Rule, RunKind};

use crate::context::{Claim, Context, Saying, sentence, shorten};
use crate::go::graph::Package;

/// A program that ended by a panic, a fatal error or a trap.
pub(crate) fn check<'f>(
    cx: &Context<'_, '_>,
    causes: impl Iterator<Item = &'f Finding>,
    seen: &Observation,
) -> Option<Finding> {
    let package = cx.graph.get(&seen.package)?;
    let at_init = seen.kind == RunKind::Init;
    let when = if at_init {
        "the initialisation of the package"
    } else {
        "the program, run without arguments,"
    };
    let here = |f: &&Frame| {
        let dir = Utf8Path::new(&f.file).parent();
        dir.is_some_and(|d| d == package.listed.dir || d.as_str() == package.path())
    };
    let frame = seen.stack.iter().find(here);
    let saying = Saying {
        rule: Rule::Crash,
        effect: Effect::FailsAtRunTime,
        root: seen.package.clone(),
        symbol: frame.map_or_else(|| seen.package.clone(), |f| full_name(package, &f.function)),
        claim: Claim::plain(format!("{when} ends with `{}`", shorten(&seen.summary))),
    };
    let mut finding = cx.without_place(package, saying);
    finding.targets = vec![seen.target];
    finding.evidence = Evidence::Observed;
    finding.init = at_init;
    if let Some(frame) = frame {
        cx.set_line(&mut finding, package, &frame.file, frame.line);
    }
    let calls = seen.stack.iter().take(8);
    finding.notes.extend(calls.map(|f| frame_note(cx, f)));
    finding
        .notes
        .extend(causes.map(|f| Note::new(NoteKind::Cause, sentence(f))));
    let seen = format!("{}; not compared with a native run", seen.host);
    finding.notes.push(Note::new(NoteKind::Seen, seen));
    Some(finding)
}

fn frame_note(cx: &Context<'_, '_>, frame: &Frame) -> Note {
    let file = cx.name_of_file(&frame.file);
    let text = format!("{} at {file}:{}", frame.function, frame.line);
    Note::new(NoteKind::Frame, text).at(file, frame.line, 0)
}

/// The runtime writes `main.f` for functions of a main package.
fn full_name(package: &Package<'_>, function: &str) -> String {
    match function.strip_prefix("main.") {
        Some(name) if package.listed.name == "main" => format!("{}.{name}", package.path()),
        _ => function.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::{End, Observation, RunKind};

    use crate::testing::{check_with, frame, run};

    #[test]
    fn it_stands_at_the_call_in_the_package_itself() {
        let stack = vec![
            frame("panic", "/go/src/runtime/panic.go", 860),
            frame("example.com/m/lib.Fail", "/m/lib/lib.go", 3),
            frame("main.main", "/m/main.go", 6),
        ];
        let seen = Observation {
            stack,
            ..run(End::Crash)
        };
        check_with(
            r#"
-- main.go --
package main

import "example.com/m/lib"

func main() {
	lib.Fail()
//< crash on wasip1: example.com/m.main
}
-- lib/lib.go --
package lib

func Fail() { panic("lib") }
"#,
            |scan| scan.observed(&seen),
        );
    }

    #[test]
    fn initialisation_crashes_like_a_program() {
        let seen = Observation {
            kind: RunKind::Init,
            stack: vec![frame("example.com/m.init.0", "/m/table.go", 5)],
            ..run(End::Crash)
        };
        check_with(
            r#"
-- table.go --
package m

var table map[string]int

func init() { table["a"] = 1 }
//< crash on wasip1
"#,
            |scan| scan.observed(&seen),
        );
    }

    #[test]
    fn another_exit_code_is_no_crash() {
        let seen = Observation {
            exit: Some(2),
            stderr: "usage: app FILE\n".to_owned(),
            ..run(End::Fail)
        };
        check_with("func main() { println(1) }\n", |scan| scan.observed(&seen));
    }

    #[test]
    fn neither_is_a_limit_without_a_stack() {
        check_with("func main() { println(1) }\n", |scan| {
            scan.observed(&run(End::Timeout));
            scan.observed(&run(End::Crash));
        });
    }
}
