//! `wasmcheck rules`, `explain` and `std`: what is known without a module.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::World;

fn run(args: &[&str]) -> (String, String, Option<i32>) {
    let ran = World::empty("knowledge").command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(ran.stdout), text(ran.stderr), ran.status.code())
}

#[test]
fn rules_are_listed_and_explained() {
    let (rules, _, _) = run(&["rules"]);
    let pages = std::fs::read_dir("../docs/rules")
        .expect("docs/rules")
        .count();
    assert_eq!(rules.lines().take_while(|l| !l.is_empty()).count(), pages);
    let (text, _, code) = run(&["explain", "missing-body"]);
    assert!(text.starts_with("missing-body\n") && text.contains("missing function body"));
    assert_eq!(code, Some(0));
}

#[test]
fn functions_are_explained_with_error_and_source() {
    let (text, _, _) = run(&["explain", "os.Pipe"]);
    for part in [
        "fails-at-run-time on all targets",
        "not implemented on js",
        "GOROOT/src/os/",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let (text, _, _) = run(&["explain", "syscall.Openat"]);
    assert!(
        text.contains("but not on js, and wasip1 up to Go 1.23"),
        "{text}"
    );
}

#[test]
fn places_of_reasons_are_where_goroot_has_them() {
    let (text, _, _) = run(&["explain", "os.ReadFile"]);
    assert!(
        text.contains("why: GOROOT/lib/wasm/wasm_exec.js:"),
        "{text}"
    );
}

#[test]
fn what_is_not_known_is_an_error_with_a_hint() {
    let (text, error, code) = run(&["explain", "exec.Command"]);
    assert!(
        text.is_empty() && error.contains("did you mean os/exec.Command?"),
        "{error}"
    );
    assert_eq!(code, Some(2));
}

#[test]
fn the_list_is_narrowed_by_kind() {
    let (text, _, code) = run(&["std", "os", "--kind", "fakes,blocks"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("os.FindProcess  fakes, silently-different"),
        "{text}"
    );
    assert!(
        text.contains("os.ReadFile  blocks, fails-at-run-time on js-node"),
        "{text}"
    );
    assert!(!text.contains("os.Pipe"), "{text}");
    let (_, errors, code) = run(&["std", "--kind", "lies"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("always-fails, panics, fakes"), "{errors}");
}

#[test]
fn the_list_is_narrowed_by_package_target_and_version() {
    let lines = |args: &[&str]| run(args).0.lines().map(str::to_owned).collect::<Vec<_>>();
    let exec = lines(&["std", "os/exec", "--target", "wasip1"]);
    assert!(
        exec.len() > 5
            && exec
                .iter()
                .all(|l| l.starts_with("os/exec.") && l.contains("on wasip1"))
    );
    let one = |version| lines(&["std", "net.(*TCPConn).SetKeepAliveConfig", "--go", version]);
    assert!(one("1.22")[0].starts_with("no row about "));
    assert_eq!(one("go1.23.4").len(), 1);
    let missing = lines(&["std", "--missing", "syscall.Openat", "--go", "1.24"]);
    assert_eq!(missing, ["syscall.Openat  func, on linux; missing on js"]);
    let wrong = run(&["std", "--go", "newest"]);
    assert!(
        wrong.1.contains("write 1.26") && wrong.2 == Some(2),
        "{}",
        wrong.1
    );
}
