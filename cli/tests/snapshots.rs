//! What a person reads: the text of some fixtures, as a whole.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::World;

fn text(name: &str, args: &[&str]) -> String {
    let world = World::of(&fixtures::named(name));
    let mut all = vec!["--quiet"];
    all.extend(args);
    let run = world.command(&all).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let dir = world.module.to_str().unwrap();
    let version = text
        .split_whitespace()
        .find(|w| w.starts_with("go1."))
        .unwrap_or("go1.")
        .trim_end_matches(',');
    let text = text.replace(dir, "DIR").replace(version, "GO");
    let lines = text.lines().map(without_what_differs);
    lines.collect::<Vec<_>>().join("\n")
}

/// A line without the sizes of programs and the time that package log begins its lines with.
fn without_what_differs(line: &str) -> String {
    if let Some(end) = line.find(" MiB;") {
        let start = line[..end].rfind(' ').map_or(0, |i| i + 1);
        return format!("{}SIZE{}", &line[..start], &line[end..]);
    }
    // `2026/11/21 22:32:56 `
    let date = line.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    match (line.get(date..date + 5), line.get(date + 20..)) {
        (Some(year), Some(rest)) if year.ends_with('/') => {
            format!("{}TIME {rest}", &line[..date])
        }
        _ => line.to_owned(),
    }
}

macro_rules! snapshots {
    ($($test:ident: $fixture:literal $($arg:literal)*;)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(text($fixture, &[$($arg),*]));
        })*
    };
}

snapshots! {
    clean: "clean" "--level" "scan";
    cgo: "cgo-own" "--level" "scan";
    hollow: "hollow" "--level" "scan" "--verbose";
    roots: "roots" "--level" "build";
    behaviour: "std-behaviour" "--level" "scan" "--verbose";
    stub: "stub" "--level" "scan";
    broken: "broken-gomod";
    unreachable: "unreachable" "--offline";
    compiled: "compiler-only";
    works: "works" "--target" "wasip1";
    crashes: "crashes" "--target" "wasip1";
    remedies: "remedies" "--target" "wasip1";
}
