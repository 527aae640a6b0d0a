//! Guards as a matrix: where control can get, snippet by snippet.

use std::sync::Arc;

use model::Goos;

use super::{FileFacts, KnownName, KnownNames, bit};

const NONE: u8 = 0;
const WASIP1: u8 = bit(Goos::Wasip1);
const JS: u8 = bit(Goos::Js);
const BOTH: u8 = WASIP1 | JS;

/// Where `mark()` can be reached, in a file with some declarations and one function.
fn live(declarations: &str, body: &str) -> u8 {
    let src = format!(
        "package p\n\nimport (\n\"runtime\"\n\"slices\"\n\"strings\"\n)\n\n{declarations}\n\nfunc f(x bool, s string) {{\n{body}\n}}\n"
    );
    let src = Arc::new(src.clone());
    let mut facts = FileFacts::read(&src);
    assert!(facts.errors.is_empty(), "{src}\n{:?}", facts.errors);
    // As packages are: again, while there is more to know.
    for _ in 0..4 {
        let known = |c: &super::Condition| {
            let name = KnownName {
                known: c.known,
                function: Some(c.function),
            };
            (facts.text(c.name).to_owned(), name)
        };
        let known: KnownNames = facts.conditions.iter().map(known).collect();
        facts = FileFacts::read_knowing(&src, &known);
    }
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
            ("if either() { mark() }", JS),
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

#[test]
fn strings() {
    check(
        "",
        &[
            (r#"if strings.Contains(runtime.GOOS, "s") { mark() }"#, BOTH),
            (
                r#"if strings.HasPrefix(runtime.GOOS, "wasi") { mark() }"#,
                WASIP1,
            ),
            (r#"if strings.HasSuffix(runtime.GOOS, "s") { mark() }"#, JS),
            (r#"if strings.EqualFold(runtime.GOOS, "JS") { mark() }"#, JS),
            (r#"if strings.Contains(s, "x") { mark() }"#, BOTH),
            ("if strings.Contains(s, runtime.GOOS) { mark() }", BOTH),
            (
                r#"if slices.Contains([]string{"linux", "js"}, runtime.GOOS) { mark() }"#,
                JS,
            ),
            (
                r#"if slices.Contains([]string{"linux", s}, runtime.GOOS) { mark() }"#,
                BOTH,
            ),
            (
                r#"if runtime.GOOS + "/" + runtime.GOARCH == "js/wasm" { mark() }"#,
                JS,
            ),
            (r#"if runtime.GOOS + "/" + s == "js/wasm" { mark() }"#, BOTH),
            (
                r#"strings := x; if strings.Contains(runtime.GOOS, "z") { mark() }"#,
                BOTH,
            ),
        ],
    );
}

#[test]
fn helpers_made_of_others() {
    let declarations = r#"
const native = runtime.GOARCH != "wasm"
func isWasm() bool { return !native }
func again() bool { return isWasm() }
func thrice() bool { if again() { return false }; return true }
func switched() bool { switch runtime.GOOS { case "js": return true; case "linux": return false }; return native }
func defaulted() bool { switch { case native: return true; default: return runtime.GOOS == "wasip1" } }
func nested() bool { if runtime.GOOS == "js" { if len(os) > 0 { return true } }; return false }
func loops() bool { for { return false } }
func hides() bool { native := len(os) > 0; return native }
func named() (native bool) { return native }
func panics() bool { if runtime.GOOS == "js" { panic("no") }; return false }
func ends() bool { if native { return true }; println(); return false }
var os string
"#;
    check(
        declarations,
        &[
            ("if isWasm() { mark() }", BOTH),
            ("if !again() { mark() }", NONE),
            ("if thrice() { mark() }", NONE),
            ("if switched() { mark() }", JS),
            ("if defaulted() { mark() }", WASIP1),
            ("if nested() { mark() }", JS),
            ("if !nested() { mark() }", BOTH),
            ("if loops() { mark() }", BOTH),
            ("if hides() { mark() }", BOTH),
            ("if named() { mark() }", BOTH),
            ("if panics() { mark() }", BOTH),
            ("if ends() { mark() }", NONE),
        ],
    );
}
