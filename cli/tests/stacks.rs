//! Whose call to the host it was: what `exec` reads from memory is what Go says of itself.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read what the program wrote"
)]

mod common;

use common::{build_with, program};
use fixtures::stacks::{PROGRAM, compare};

#[test]
fn stacks_in_a_trace_are_those_of_runtime_callers() {
    let world = program(PROGRAM);
    for (goos, flags) in [
        ("wasip1", &[][..]),
        ("wasip1", &["-ldflags=-s -w", "-trimpath"]),
        ("js", &[]),
        ("js", &["-gcflags=-N -l"]),
    ] {
        let file = build_with(&world, goos, ".", flags);
        let trace = world.scratch.path().join("trace");
        let option = format!("--trace={}", trace.display());
        let ran = world.command(&["exec", &option, &file]).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let (count, differ) = compare(&said, &std::fs::read_to_string(trace).unwrap());
        assert!(count >= 18, "{goos} {flags:?}: {said}");
        assert!(differ.is_empty(), "{goos} {flags:?}: {}", differ.join("\n"));
    }
}

#[test]
fn what_the_host_refuses_is_reported_with_who_asked_for_it() {
    let world = program(
        "package main\n\nimport \"os\"\n\nfunc link(to string) error {\n\treturn os.Symlink(to, \"link\")\n}\n\nfunc main() {\n\tos.ReadFile(\"nowhere\")\n\tfor range 3 {\n\t\tif link(\"/etc\") == nil {\n\t\t\tpanic(\"it leads out\")\n\t\t}\n\t}\n}\n",
    );
    let file = build_with(&world, "wasip1", ".", &[]);
    let report = world.scratch.path().join("ran.json");
    let option = format!("--report={}", report.display());
    let ran = world.command(&["exec", &option, &file]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let ran: engine::Run = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    // A file that is not there is no refusal, and neither is what the runtime asks when it starts.
    let [refusal] = ran.refusals.as_slice() else {
        panic!("{:?}", ran.refusals)
    };
    assert_eq!(
        (refusal.call.as_str(), refusal.error.as_str(), refusal.times),
        ("path_symlink", "perm", 3)
    );
    assert_eq!(refusal.about.as_deref(), Some("\"/etc\""));
    let own = refusal.stack.iter().filter(|f| !f.is_std());
    let own: Vec<_> = own.map(|f| (f.function.as_str(), f.line)).collect();
    // The closure of os.Symlink that is inlined into main.
    assert_eq!(own.last(), Some(&("main.main", 12)), "{own:?}");
}
