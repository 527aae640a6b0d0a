//! Guests of `GOOS=js` that are JavaScript alone, against the limits of their host: in the place of
//! `wasm_exec.js` stands what a program could make JavaScript do.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Sink, bare};
use runtime_harness::{End, Guest, JsSupport, Limits, Preopen, run_js};
use tempfile::TempDir;

/// What `wasm_exec.js` looks at; `resume` asks for 48 MiB.
const WASM: &str = r#"(module
    (memory (export "mem") 16)
    (global $got (mut i32) (i32.const 0))
    (func (export "run") (param i32 i32))
    (func (export "resume") (global.set $got (memory.grow (i32.const 768))))
    (func (export "getsp") (result i32) (global.get $got)))"#;

/// Memory of these guests.
const MEMORY: u64 = 64 << 20;

/// Run statements; `out` prints, `tried` prints what a function throws, or what it gives.
fn run(body: &str) -> (End, String) {
    run_in(MEMORY, body)
}

fn run_in(memory: u64, body: &str) -> (End, String) {
    let none = Arc::new(|| false);
    run_until(none, memory, body)
}

fn run_until(stop: Arc<dyn Fn() -> bool + Send + Sync>, memory: u64, body: &str) -> (End, String) {
    let root = TempDir::new().unwrap();
    let out = Sink::default();
    let guest = Guest {
        dirs: vec![Preopen {
            host: root.path().to_owned(),
            guest: "/".to_owned(),
            writable: true,
        }],
        stdout: Box::new(out.clone()),
        stderr: Box::new(out.clone()),
        limits: Limits {
            time: Some(Duration::from_mins(1)),
            memory,
            output: 1 << 20,
            disk: 1 << 20,
            files: 100,
        },
        stop: Some(stop),
        ..bare(&wat::parse_str(WASM).unwrap())
    };
    let wasm_exec = format!(
        "const out = (...all) => console.log(...all);
         const tried = (what, work) => {{
             try {{ out(what, String(work())); }} catch (e) {{ out(what, e?.name ?? String(e)); }}
         }};
         globalThis.Go = class {{
             exited = true;
             importObject = {{}};
             async run(instance) {{ {body} }}
         }};"
    );
    let support = JsSupport {
        wasm_exec,
        node: true,
        dir: "/".to_owned(),
    };
    let ran = run_js(guest, support).unwrap();
    (ran.end, out.text())
}

/// What it prints, when it comes to its end.
fn printed(body: &str) -> String {
    printed_in(MEMORY, body)
}

fn printed_in(memory: u64, body: &str) -> String {
    let (end, text) = run_in(memory, body);
    assert_eq!(end, End::Exit(0), "{text}");
    text
}

#[test]
fn what_is_over_before_the_program_begins_is_an_end_of_it() {
    let (end, text) = run_until(Arc::new(|| true), MEMORY, "out('never');");
    assert_eq!((end, text.as_str()), (End::TimedOut, ""));
}

#[test]
fn bytes_that_the_host_makes_are_memory_of_the_guest() {
    for make in [
        "new TextEncoder().encode(text)",
        "new TextDecoder().decode(new Uint8Array(1 << 20).fill(120))",
        "new TextDecoder().decode(new Uint8Array(1 << 20).fill(255))",
        "crypto.getRandomValues(new Uint8Array(65536))",
        "new ArrayBuffer(1 << 20)",
        "text.toUpperCase()",
    ] {
        let body = format!(
            "const text = 'x'.repeat(1 << 20);
             let kept = [];
             let name = 'nothing';
             try {{ for (let i = 0; i < 2000; i++) kept.push({make}); }} catch (e) {{ name = e.name; }}
             const many = kept.length;
             kept = undefined;
             out(name, many);"
        );
        let text = printed(&body);
        assert!(
            text.starts_with("InternalError") || text.starts_with("RangeError"),
            "{make}: {text}"
        );
    }
}

#[test]
fn one_limit_counts_for_javascript_and_the_program() {
    let text = printed(
        "instance.exports.resume();
         out(instance.exports.getsp());
         tried('buffer', () => new ArrayBuffer(32 << 20));",
    );
    assert_eq!(text, "16\nbuffer InternalError\n");
    let text = printed(
        "let kept = new ArrayBuffer(32 << 20);
         instance.exports.resume();
         out(instance.exports.getsp());",
    );
    assert_eq!(text, "-1\n");
}

#[test]
fn a_program_that_ends_for_want_of_memory_is_told_the_limit() {
    let (end, _) = run("tried('', () => new ArrayBuffer(1 << 30)); this.exit(2);");
    assert_eq!(
        end,
        End::Limit("the program exceeded the memory limit of 64 MiB".to_owned())
    );
}

#[test]
fn what_is_deep_is_an_error_of_the_guest() {
    let deep = "let deep = []; for (let i = 0; i < 200000; i++) deep = [deep];";
    // `JSON.stringify` looks at each of the levels at each of them.
    let less = "let deep = {}; for (let i = 0; i < 3000; i++) deep = { deep: [deep] };";
    let proxy = "let deep = {}; for (let i = 0; i < 100000; i++) deep = new Proxy(deep, {});";
    let bound = "let deep = Math.abs; for (let i = 0; i < 100000; i++)
        deep = Object.defineProperty(deep.bind(null), 'name', { value: '' });";
    for (build, use_it) in [
        (deep, "deep.toString()"),
        (deep, "deep.toLocaleString()"),
        (deep, "deep.flat(Infinity)"),
        (less, "console.log(deep)"),
        (deep, "structuredClone(deep)"),
        (less, "JSON.stringify(deep)"),
        (proxy, "deep.x"),
        (proxy, "'x' in deep"),
        (proxy, "Array.isArray(deep)"),
        (proxy, "Object.keys(deep)"),
        (proxy, "deep.x = 1"),
        (bound, "deep(3)"),
        ("", "JSON.parse('['.repeat(1000000))"),
        ("", "JSON.parse('{\"a\":'.repeat(1000000))"),
        ("", "new RegExp('('.repeat(100000) + ')'.repeat(100000))"),
        ("", "/^(?:a|b)*c/.test('ab'.repeat(300000))"),
        ("const f = () => f();", "f()"),
        ("const o = { get x() { return o.x; } };", "o.x"),
        ("const o = { toString() { return `${o}`; } };", "`${o}`"),
        ("const o = { valueOf() { return +o; } };", "+o"),
        (
            "const f = (a, b) => [a, b].sort(f).length;",
            "[1, 2].sort(f)",
        ),
        ("const f = (x) => x.replace(/./g, f);", "f('a')"),
        ("class A { constructor() { new A(); } }", "new A()"),
        (
            "const p = new Proxy({}, { get: (t, k, r) => r[k] });",
            "p.x",
        ),
        (
            "Error.prepareStackTrace = () => new Error().stack;",
            "new Error().stack",
        ),
        (
            "Error.stackTraceLimit = Infinity; const f = () => f();",
            "f()",
        ),
        ("const f = () => { try { f(); } finally { f(); } };", "0"),
        ("const f = async () => { await f(); };", "f()"),
        ("function* f() { yield* f(); }", "[...f()]"),
    ] {
        // Whether it is an error depends on the stack that it takes; that the program goes on does not.
        let text = printed_in(
            1 << 30,
            &format!("{build} tried('deep', () => {use_it}); out('after');"),
        );
        assert!(text.ends_with("after\n"), "{build} {use_it}: {text}");
    }
    let text = printed_in(
        1 << 30,
        &format!("{deep} tried('deep', () => deep.toString());"),
    );
    assert_eq!(text, "deep RangeError\n");
}

/// What no function expects, and what looks like what it does.
const ODD: &str = "const odd = [undefined, null, NaN, -0.5, -1, 0, 1, 2, 3, 1e19, -1e19, Infinity, -Infinity,
    2 ** 31, 2 ** 32, 2 ** 53, 1e308, 10n ** 30n, '', 'a', '/a', '/tmp/../..', '\\u0000', '\\ud800',
    'x'.repeat(100000), '/'.repeat(100000), 'a/'.repeat(50000), {}, [], [1, [2]], () => 1, Symbol('s'),
    { valueOf() { throw new Error('thrown'); }, toString() { throw new Error('thrown'); } },
    { buffer: 1e9, byteOffset: -1, byteLength: 1e18, length: 1e18 },
    { buffer: new ArrayBuffer(8), byteOffset: 4, byteLength: 1e9 },
    new Uint8Array(8), new Float64Array(2), new DataView(new ArrayBuffer(3)), new Proxy({}, {}),
    (() => { const gone = new Uint8Array(8); gone.buffer.transfer(); return gone; })(),
    new Date(NaN), new Map(), Object.create(Uint8Array.prototype), instance.exports.mem.buffer];";

#[test]
fn odd_values_are_errors_of_the_guest() {
    // Each function with each value at each place, the others being a file that is open.
    let body = format!(
        "{ODD}
         const open = await new Promise((done) => fs.open('/file', 66, 0o600, (e, fd) => done(fd)));
         const calls = {{ ...fs, umask: process.umask, chdir: process.chdir, cwd: process.cwd,
             resolve: path.resolve, random: crypto.getRandomValues, encode: (x) => new TextEncoder().encode(x),
             decode: (x) => new TextDecoder().decode(x), timer: setTimeout, interval: (f, x) => clearInterval(setInterval(f, x)),
             clear: clearTimeout, micro: queueMicrotask, tick: process.nextTick, write: process.stdout.write,
             print: console.log, date: (x) => new Date(x), now: performance.now }};
         delete calls.constants;
         const quiet = () => {{}};
         let count = 0;
         for (const call of Object.values(calls)) {{
             for (const value of odd) {{
                 for (let place = 0; place < 5; place++) {{
                     const given = [open, new Uint8Array(4), 0, 4, null, quiet];
                     given[place] = value;
                     try {{ call(...given); }} catch {{}}
                     try {{ call(value, value, value, value, value, quiet); }} catch {{}}
                     try {{ call(value, quiet); }} catch {{}}
                     try {{ call('/file', value, quiet); }} catch {{}}
                     try {{ call('/file', value, value, quiet); }} catch {{}}
                     count++;
                 }}
             }}
         }}
         process.stderr.write('counted ' + count);
         this.exit(0);"
    );
    let (end, text) = run(&body.replace("print: console.log, ", ""));
    assert!(
        matches!(end, End::Exit(0) | End::Limit(_)),
        "{end:?} {text}"
    );
}

#[test]
fn functions_of_the_host_take_any_value() {
    // The frames of an exception are known with their functions, those of the host's script among them.
    let body = format!(
        "{ODD}
         const found = new Set();
         Error.prepareStackTrace = (_, sites) => {{
             for (const site of sites) found.add(site.getFunction?.());
             return '';
         }};
         fs.stat('/none', (e) => void e);
         try {{ process.chdir('/none'); }} catch (e) {{ void e.stack; }}
         await new Promise((done) => fs.open('/none', 0, 0, done));
         for (const call of found) {{
             if (typeof call !== 'function' || call.name === 'run') continue;
             odd.forEach((a, n) => {{
                 const b = odd[(n * 7 + 3) % odd.length];
                 try {{ call(a, b, a, b, a, b, a); }} catch {{}}
             }});
             try {{ call('no such call of this host', {{}}); }} catch {{}}
         }}
         this.exit(0);"
    );
    let (end, text) = run(&body);
    assert!(
        matches!(end, End::Exit(_) | End::Limit(_)),
        "{end:?} {text}"
    );
}

#[test]
fn a_moment_that_no_system_has_is_an_error() {
    let text = printed(
        "const made = await new Promise((done) => fs.open('/file', 66, 0o600, done));
         for (const time of [1e19, Infinity, 1e300])
             out(await new Promise((done) => fs.utimes('/file', time, time, (e) => done(e?.code))));
         out(await new Promise((done) => fs.utimes('/file', 9e18, 9e18, (e) => done(e === null || e.code))));
         out(await new Promise((done) => fs.stat('/file', (e, found) => done(typeof found.mtimeMs))));",
    );
    assert!(text.starts_with("EINVAL\nEINVAL\nEINVAL\n"), "{text}");
    assert!(text.ends_with("number\n"), "{text}");
}

#[test]
fn holes_are_disk_that_is_used() {
    let open = "const fd = await new Promise((done) => fs.open('/file', 66, 0o600, (e, fd) => done(fd)));
        const write = (at) => new Promise((done) => fs.write(fd, new Uint8Array(1), 0, 1, at, (e) => done(e?.code)));";
    let far = printed(&format!("{open} out(await write(1e15));"));
    assert_eq!(far, "EFBIG\n");
    for road in [
        "for (let i = 1; i <= 300; i++) await write(i * 4096);",
        "for (let i = 0; i < 3; i++) { await new Promise((done) => fs.ftruncate(fd, 500000, done));
             await new Promise((done) => fs.truncate('/file', 0, done)); }",
        "for (let i = 0; i < 50; i++) { const to = 'x'.repeat(4000);
             for (let n = 0; n < 20; n++) await new Promise((done) => fs.symlink(to, '/l' + i + n, done)); }",
    ] {
        let (end, text) = run(&format!("{open} {road}"));
        assert!(matches!(&end, End::Limit(why) if why.contains("limit")), "{road}: {end:?} {text}");
    }
}

#[test]
fn long_paths_have_an_error_that_go_knows() {
    let text = printed(
        "const asked = (...args) => new Promise((done) => fs[args[0]](...args.slice(1), (e) => done(e?.code)));
         out(await asked('mkdir', '/' + 'a/'.repeat(3000), 0o700));
         out(await asked('stat', 'x'.repeat(5000)));
         out(await asked('symlink', 'x'.repeat(5000), '/l'));
         let code, depth = 0;
         while (!code && depth < 30) {
             code = await asked('mkdir', 'd'.repeat(250), 0o700);
             if (!code) try { process.chdir('d'.repeat(250)); } catch (e) { code = e.code; }
             depth++;
         }
         out(code, depth > 10);
         tried('resolve', () => path.resolve('a/'.repeat(1 << 20)).length);",
    );
    let long = "ENAMETOOLONG";
    assert_eq!(
        text,
        format!("{long}\n{long}\n{long}\n{long} true\nresolve RangeError\n")
    );
}
