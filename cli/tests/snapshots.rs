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
    text.replace(dir, "DIR").replace(version, "GO")
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
}
