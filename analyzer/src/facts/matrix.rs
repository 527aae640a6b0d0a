//! Guards as a matrix: where control can get, snippet by snippet.

use std::sync::Arc;

use super::{FileFacts, JS, KnownName, KnownNames, WASIP1};

const NONE: u8 = 0;
const BOTH: u8 = WASIP1 | JS;

/// Where `mark()` can be reached, in a file with some declarations and one function.
fn live(declarations: &str, body: &str) -> u8 {
    let src = format!(
        "package p\n\nimport \"runtime\"\n\n{declarations}\n\nfunc f(x bool, s string) {{\n{body}\n}}\n"
    );
    let src: Arc<str> = Arc::from(src);
    let first = FileFacts::read(&src);
    assert!(first.errors.is_empty(), "{src}\n{:?}", first.errors);
    let known: KnownNames = first
        .conditions
        .iter()
        .map(|c| {
            let name = KnownName {
                known: c.known,
                function: Some(c.function),
            };
            (first.text(c.name).to_owned(), name)
        })
        .collect();
    let facts = FileFacts::read_knowing(&src, &known);
    let marks: Vec<u8> = facts
        .uses
        .iter()
        .filter(|u| facts.text(u.base) == "mark")
        .map(|u| u.live)
        .collect();
    assert_eq!(marks.len(), 1, "one mark in {body}");
    marks[0]
}

fn check(declarations: &str, rows: &[(&str, u8)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(body, expected)| {
            let found = live(declarations, body);
            (found != *expected).then(|| format!("{body}: {found:02b}, not {expected:02b}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn comparisons() {
    check(
        "",
        &[
            ("mark()", BOTH),
            (r#"if runtime.GOOS == "linux" { mark() }"#, NONE),
            (r#"if runtime.GOOS == "js" { mark() }"#, JS),
            (r#"if "wasip1" == runtime.GOOS { mark() }"#, WASIP1),
            (r#"if runtime.GOOS != "js" { mark() }"#, WASIP1),
            (r#"if runtime.GOOS != "windows" { mark() }"#, BOTH),
            (r#"if runtime.GOARCH == "wasm" { mark() }"#, BOTH),
            (r#"if runtime.GOARCH != "wasm" { mark() }"#, NONE),
            (r#"if !(runtime.GOOS == "js") { mark() }"#, WASIP1),
            (r#"if (runtime.GOOS) == ("js") { mark() }"#, JS),
            ("if runtime.GOOS == s { mark() }", BOTH),
            (r#"if runtime.GOOS == "js" {} else { mark() }"#, WASIP1),
            (
                r#"if runtime.GOOS == "js" {} else if runtime.GOOS == "wasip1" {} else { mark() }"#,
                NONE,
            ),
            (r#"if runtime.Version() == "js" { mark() }"#, BOTH),
            (
                r#"runtime := struct{ GOOS string }{}; if runtime.GOOS == "linux" { mark() }"#,
                BOTH,
            ),
        ],
    );
}

#[test]
fn combinations() {
    check(
        "",
        &[
            (
                r#"if runtime.GOOS == "js" || runtime.GOOS == "wasip1" { mark() }"#,
                BOTH,
            ),
            (
                r#"if runtime.GOOS == "js" && runtime.GOARCH == "wasm" { mark() }"#,
                JS,
            ),
            (r#"if runtime.GOOS == "js" && x { mark() }"#, JS),
            (r#"if runtime.GOOS == "js" || x { mark() }"#, BOTH),
            (r#"if runtime.GOOS == "js" && x {} else { mark() }"#, BOTH),
            (r#"if runtime.GOOS == "js" || x {} else { mark() }"#, WASIP1),
            (
                r#"if runtime.GOOS != "js" && runtime.GOOS != "wasip1" { mark() }"#,
                NONE,
            ),
            (
                r#"if !(runtime.GOOS == "js" || runtime.GOOS == "wasip1") { mark() }"#,
                NONE,
            ),
            (r#"if x && !(runtime.GOOS == "linux") { mark() }"#, BOTH),
            ("if false { mark() }", NONE),
            ("if true { mark() }", BOTH),
            ("if !true { mark() }", NONE),
        ],
    );
}

#[test]
fn leaving_early() {
    check(
        "",
        &[
            (r#"if runtime.GOOS == "js" { return }; mark()"#, WASIP1),
            (r#"if runtime.GOOS == "js" { panic(1) }; mark()"#, WASIP1),
            (r#"if runtime.GOOS != "linux" { return }; mark()"#, NONE),
            (r#"if runtime.GOOS == "js" && x { return }; mark()"#, BOTH),
            (
                r#"if runtime.GOOS == "js" { if x { return } }; mark()"#,
                BOTH,
            ),
            (
                r#"for { if runtime.GOOS == "js" { break }; mark() }"#,
                WASIP1,
            ),
            (
                r#"for { if runtime.GOOS == "js" { continue }; mark() }"#,
                WASIP1,
            ),
            (r#"{ if runtime.GOOS == "js" { return } }; mark()"#, WASIP1),
            (
                r#"func() { if runtime.GOOS == "js" { return } }(); mark()"#,
                BOTH,
            ),
            (
                r#"if runtime.GOOS == "js" { return }; g(func() { mark() })"#,
                WASIP1,
            ),
            (r#"if runtime.GOOS == "js" { goto end }; end: mark()"#, BOTH),
        ],
    );
}

#[test]
fn switches() {
    check(
        "",
        &[
            (r#"switch runtime.GOOS { case "linux": mark() }"#, NONE),
            (r#"switch runtime.GOOS { case "js", "linux": mark() }"#, JS),
            (
                r#"switch runtime.GOOS { case "js": default: mark() }"#,
                WASIP1,
            ),
            (
                r#"switch runtime.GOOS { case "js": return }; mark()"#,
                WASIP1,
            ),
            (
                r#"switch runtime.GOOS { case "linux": default: return }; mark()"#,
                NONE,
            ),
            (
                r#"switch runtime.GOOS { case "js": fallthrough; case "linux": mark() }"#,
                JS,
            ),
            (
                r#"switch { case runtime.GOOS == "js": case x: mark() }"#,
                WASIP1,
            ),
            (
                r#"switch { case runtime.GOOS == "js" && x: default: mark() }"#,
                BOTH,
            ),
            (
                r#"switch goos := runtime.GOOS; goos { case "linux": mark() }"#,
                NONE,
            ),
            (
                r#"switch goos := runtime.GOOS; goos { case "linux": default: return }; mark()"#,
                NONE,
            ),
            ("switch runtime.GOOS { case s: mark() }", BOTH),
            (r#"switch runtime.GOOS + s { case "linux": mark() }"#, BOTH),
        ],
    );
}

#[test]
fn locals() {
    check(
        "",
        &[
            (r#"js := runtime.GOOS == "js"; if js { mark() }"#, JS),
            (r#"js := runtime.GOOS == "js"; if !js { mark() }"#, WASIP1),
            (
                r#"js := runtime.GOOS == "js"; wasi := !js; if wasi { mark() }"#,
                WASIP1,
            ),
            (r#"var js = runtime.GOOS == "js"; if js { mark() }"#, JS),
            (r#"const js = runtime.GOOS == "js"; if js { mark() }"#, JS),
            (
                r#"js, n := runtime.GOOS == "js", 1; g(n); if js { mark() }"#,
                JS,
            ),
            (
                r#"goos := runtime.GOOS; if goos == "linux" { mark() }"#,
                NONE,
            ),
            (r#"if js := runtime.GOOS == "js"; js { mark() }"#, JS),
            (
                r#"js := runtime.GOOS == "js"; if x { js = true }; if js { mark() }"#,
                BOTH,
            ),
            (
                r#"js := runtime.GOOS == "js"; g(&js); if js { mark() }"#,
                BOTH,
            ),
            (
                r#"js := runtime.GOOS == "js"; js, y := true, 1; g(y); if js { mark() }"#,
                BOTH,
            ),
            (
                r#"js := runtime.GOOS == "js"; { js := x; if js { mark() } }"#,
                BOTH,
            ),
            (
                r#"js := runtime.GOOS == "js"; g(func() { if js { mark() } })"#,
                JS,
            ),
            (
                r#"goos := runtime.GOOS; goos += s; if goos == "linux" { mark() }"#,
                BOTH,
            ),
        ],
    );
}

#[test]
fn names_of_the_package() {
    let declarations = r#"
const native = runtime.GOARCH != "wasm"
const off = false
const goos = runtime.GOOS
var browser = runtime.GOOS == "js"
var verbose = false
func isJS() bool { return runtime.GOOS == "js" }
func system() string { return runtime.GOOS }
func either() bool { if native { return true }; return runtime.GOOS == "js" }
func with(n int) bool { return runtime.GOOS == "js" }
type T struct{}
func (T) method() bool { return runtime.GOOS == "js" }
"#;
    check(
        declarations,
        &[
            ("if native { mark() }", NONE),
            ("if !native { mark() }", BOTH),
            ("if off { mark() }", NONE),
            (r#"if goos == "js" { mark() }"#, JS),
            ("if browser { mark() }", JS),
            ("if verbose { mark() }", BOTH),
            ("if isJS() { mark() }", JS),
            ("if !isJS() { return }; mark()", JS),
            ("if isJS() && x { mark() }", JS),
            (r#"if system() == "wasip1" { mark() }"#, WASIP1),
            (r#"switch system() { case "linux": mark() }"#, NONE),
            ("if either() { mark() }", BOTH),
            ("if with(1) { mark() }", BOTH),
            ("if (T{}).method() { mark() }", BOTH),
            ("native := x; if native { mark() }", BOTH),
            (
                "isJS := func() bool { return x }; if isJS() { mark() }",
                BOTH,
            ),
            ("if g(isJS) { mark() }", BOTH),
        ],
    );
}
