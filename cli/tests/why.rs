//! `wasmcheck why`: chains of imports and of calls, and what is said where there are none.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::World;

/// What `why` prints of the fixture, and its exit code.
fn why(what: &str) -> (String, Option<i32>) {
    let fixture = fixtures::all().into_iter().find(|f| f.name == "calls");
    let world = World::of(&fixture.unwrap());
    let ran = world.command(&["why", "-q", what]).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    (text, ran.status.code())
}

#[test]
fn calls_are_told_step_by_step() {
    let (text, code) = why("os/exec.(*Cmd).Start");
    let expected = "\
example.com/calls on wasip1 and js
  example.com/calls.main  main.go:14
    example.com/dep.(*Tool).Run  dep/dep.go:27
    example.com/dep.start  dep/dep.go:12
    os/exec.(*Cmd).Start
";
    assert_eq!((text.as_str(), code), (expected, Some(0)));
}

#[test]
fn uses_that_nothing_calls_are_counted() {
    let (text, _) = why("os/exec.Command");
    assert!(text.contains("more uses, to which no calls"), "{text}");
}

#[test]
fn imports_are_told_of_packages_and_modules() {
    let line = "  example.com/calls -> example.com/dep\n";
    let (text, code) = why("example.com/dep");
    assert!(text.contains(line) && code == Some(0), "{text}");
    let (text, _) = why("example.com/calls/where");
    assert!(
        text.contains("example.com/calls -> example.com/calls/where"),
        "{text}"
    );
}

#[test]
fn what_is_not_there_is_said_with_a_hint() {
    let (text, code) = why("exec.Command");
    assert!(text.contains("did you mean os/exec.Command?"), "{text}");
    assert_eq!(code, Some(1));
}
