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
    // Sizes and the time of a log line are the toolchain's and the day's.
    let text = text.replace(dir, "DIR").replace(version, "GO");
    let lines = text.lines().map(|line| match line.find(" MiB;") {
        Some(end) => {
            let start = line[..end].rfind(' ').map_or(0, |i| i + 1);
            format!("{}SIZE{}", &line[..start], &line[end..])
        }
        // `2026/11/21 22:32:56 `, as package log begins its lines.
        None => {
            let date = line.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            let rest = line.get(date + 20..).unwrap_or_default();
            let is_date = line.get(date..date + 5).is_some_and(|d| d.ends_with('/'));
            if is_date {
                format!("{}TIME {rest}", &line[..date])
            } else {
                line.to_owned()
            }
        }
    });
    lines.collect::<Vec<_>>().join("\n")
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
