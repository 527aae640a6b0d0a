//! Adapters of forks: mistakes in them.

use super::tests::{ALL, entry, told, user};

#[test]
fn mistakes_of_adapters_are_told_with_their_place() {
    let adapter = |kind: &str, to: &str, package: &str, source: &str| {
        let fix = format!("kind = \"{kind}\"\nto = {to}");
        let table = format!(
            "[entry.fix.adapter]\npackage = \"{package}\"\nsource = \'\'\'\n{source}\'\'\'\n\n[[entry.evidence]]"
        );
        let text = entry("a", "module = \"example.com/m\"", ALL).replace("kind = \"split\"", &fix);
        vec![text.replace("[[entry.evidence]]", &table)]
    };
    let to = "{ module = \"example.com/new\", tested = \"v1.0.0\" }";
    let module = "example.com/m";
    assert!(user(&adapter("fork", to, module, "package m\n")).is_ok());
    told(vec![
        (
            adapter("swap", to, module, "package m\n"),
            "only a fork has an `adapter`",
        ),
        (
            adapter(
                "fork",
                "{ module = \"example.com/new\" }",
                module,
                "package m\n",
            ),
            "what to require",
        ),
        (
            adapter("fork", to, "example.com/other", "package m\n"),
            "`example.com/other` is no package of",
        ),
        (
            adapter("fork", to, module, "func F() {}\n"),
            "it has no `package`",
        ),
        (
            adapter("fork", to, module, "//go:build js\n\npackage m\n"),
            "`//go:build js`: an adapter gets the build constraint",
        ),
        (
            adapter("fork", to, module, "package m\n\nimport \"C\"\n"),
            "an adapter is written in Go alone",
        ),
        (
            adapter(
                "fork",
                &to.replace("v1.0.0", "v9.0.0"),
                module,
                "package m\n",
            ),
            "example.com/new has no version v9.0.0",
        ),
        (
            adapter(
                "fork",
                &to.replace("example.com/new", "-x"),
                module,
                "package m\n",
            ),
            "`-x` is no path of a module",
        ),
    ]);
}
