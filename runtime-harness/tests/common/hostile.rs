//! Guests that do what bytes say: any call to their host with any values. For tests and for the fuzz
//! targets.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "each user takes a part of this, and one that cannot start has failed"
)]

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Cursor, Write as _};
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use runtime_harness::{
    Compiler, End, Guest, JsSupport, Keeper, Limits, Preopen, Wasm, run, run_js,
};
use tempfile::{NamedTempFile, TempDir};

/// Bytes that these guests may write.
const DISK: u64 = 64 << 10;
/// What they may not change.
const OUTSIDE: &str = "outside of the root";

/// Functions of preview 1 with the kinds of their parameters, `l` being 64 bits.
const WASI: [(&str, &str); 44] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_get", "ii"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
];

/// A guest that reads its standard input into its memory from 4096 on, and calls what it says: a byte for
/// the function, and for each parameter one that is the number itself below 160 (`/` and letters of
/// paths lie at such addresses), an address from 160 on, and from 224 on the beginning of 4 or 8 bytes.
static WASI_GUEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let kind = |c: char| if c == 'l' { "i64" } else { "i32" };
    let imports = WASI.map(|(name, parameters)| {
        let parameters: Vec<&str> = parameters.chars().map(kind).collect();
        let parameters = parameters.join(" ");
        format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {parameters}) (result i32)))"#
        )
    });
    let calls = WASI.map(|(name, parameters)| {
        let given = parameters.chars().map(|c| match c {
            'l' => "(call $next)",
            _ => "(i32.wrap_i64 (call $next))",
        });
        let given: String = given.collect();
        format!(") (drop (call ${name} {given})) (br $again)")
    });
    // The table leads to the end of a block, and to the call behind it.
    let labels: Vec<String> = (0..WASI.len()).map(|n| n.to_string()).collect();
    let blocks = "(block ".repeat(WASI.len());
    let text = format!(
        r#"(module {imports}
        (memory (export "memory") 2)
        (global $at (mut i32) (i32.const 4096))
        (global $end (mut i32) (i32.const 0))
        (data (i32.const 97) "a/b/c/../../outside/etc/passwd/../../../..//dev/null")
        (data (i32.const 1000) "\61\00\00\00\03\00\00\00\00\10\00\00\ff\00\00\00\00\00\00\00\00\00\00\00")
        (func $byte (result i32)
            (local $here i32)
            (local.set $here (global.get $at))
            (if (i32.ge_u (local.get $here) (global.get $end)) (then (return (i32.const 0))))
            (global.set $at (i32.add (local.get $here) (i32.const 1)))
            (i32.load8_u (local.get $here)))
        (func $next (result i64)
            (local $kind i32) (local $here i32)
            (local.set $kind (call $byte))
            (if (i32.lt_u (local.get $kind) (i32.const 160))
                (then (return (i64.extend_i32_u (local.get $kind)))))
            (if (i32.lt_u (local.get $kind) (i32.const 224))
                (then (return (i64.extend_i32_u
                    (i32.mul (i32.sub (local.get $kind) (i32.const 160)) (i32.const 250))))))
            (local.set $here (global.get $at))
            (global.set $at (i32.add (local.get $here)
                (select (i32.const 4) (i32.const 8) (i32.lt_u (local.get $kind) (i32.const 240)))))
            (select (i64.load32_s (local.get $here)) (i64.load (local.get $here))
                (i32.lt_u (local.get $kind) (i32.const 240))))
        (func (export "_start")
            (i32.store (i32.const 16) (i32.const 4096)) (i32.store (i32.const 20) (i32.const 60000))
            (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
            (global.set $end (i32.add (i32.const 4096) (i32.load (i32.const 24))))
            (loop $again
                (if (i32.ge_u (global.get $at) (global.get $end)) (then (return)))
                {blocks} (br_table {labels} (i32.rem_u (call $byte) (i32.const {count}))) {calls})))"#,
        imports = imports.concat(),
        calls = calls.concat(),
        labels = labels.join(" "),
        count = WASI.len(),
    );
    wat::parse_str(text).unwrap()
});

/// A root directory for a guest, with something beside it.
struct Place {
    whole: TempDir,
}

impl Place {
    fn new() -> Self {
        let whole = TempDir::new().unwrap();
        std::fs::create_dir(whole.path().join("root")).unwrap();
        std::fs::write(whole.path().join("outside"), OUTSIDE).unwrap();
        Self { whole }
    }

    fn guest(&self, wasm: Wasm, data: &[u8]) -> Guest {
        Guest {
            wasm,
            args: vec!["guest".to_owned(), "argument".to_owned()],
            env: vec![("NAME".to_owned(), "value".to_owned())],
            dirs: vec![Preopen {
                host: self.whole.path().join("root"),
                guest: "/".to_owned(),
                writable: true,
            }],
            stdin: Some(Box::new(Cursor::new(data.to_vec()))),
            stdout: Box::new(io::sink()),
            stderr: Box::new(io::sink()),
            limits: Limits {
                time: Some(Duration::from_secs(2)),
                memory: 64 << 20,
                output: 4 << 10,
                disk: DISK,
                files: 50,
            },
            // Sleeping takes no time.
            deterministic: true,
            trace: Some(Box::new(io::sink())),
            unwinder: None,
            compiler: Compiler::Winch,
            keeper: Some(Box::new(Kept)),
            invoke: None,
            stop: None,
        }
    }

    /// Nothing is outside of the root that was not, and no more in it than the limits allow.
    fn check(&self, end: &End) {
        assert!(!matches!(end, End::Failed(_)), "{end:?}");
        let outside = std::fs::read_to_string(self.whole.path().join("outside"));
        assert_eq!(outside.unwrap(), OUTSIDE);
        assert_eq!(std::fs::read_dir(self.whole.path()).unwrap().count(), 2);
        let (mut bytes, mut files) = (0, 0);
        measure(&self.whole.path().join("root"), &mut bytes, &mut files);
        assert!(bytes <= DISK && files <= 50, "{bytes} bytes, {files} files");
    }
}

/// Files and their length, below a directory; those that cannot be read are none.
fn measure(dir: &Path, bytes: &mut u64, files: &mut u64) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(found) = entry.metadata() else {
            continue;
        };
        *files += 1;
        if found.is_dir() {
            measure(&entry.path(), bytes, files);
        } else {
            *bytes += found.len() / links(&found);
        }
    }
}

/// How often a file is there.
#[cfg(unix)]
fn links(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found).max(1)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

/// Machine code of these guests.
struct Kept;

static KEPT: Mutex<BTreeMap<u64, NamedTempFile>> = Mutex::new(BTreeMap::new());

impl Keeper for Kept {
    fn recall(&self, form: u64) -> Option<File> {
        KEPT.lock().unwrap().get(&form)?.reopen().ok()
    }

    fn keep(&self, _: &[u8], form: u64, compiled: &[u8]) {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(compiled).unwrap();
        KEPT.lock().unwrap().insert(form, file);
    }
}

/// Have a guest of wasip1 do what the bytes say.
pub(crate) fn wasi(data: &[u8]) {
    let place = Place::new();
    let guest = place.guest(WASI_GUEST.clone().into(), data);
    place.check(&run(guest).unwrap().end);
}

/// What `wasm_exec.js` looks at.
static JS_GUEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = r#"(module (memory (export "mem") 16) (func (export "run") (param i32 i32))
        (func (export "resume") (drop (memory.grow (i32.const 1)))) (func (export "getsp") (result i32) (i32.const 8)))"#;
    wat::parse_str(text).unwrap()
});

/// In its place: takes functions and values as the bytes of standard input say.
const JS: &str = r#"
const call = (name, ...args) => new Promise((done) => fs[name](...args, (error, value) => done(value)));
globalThis.Go = class {
    exited = true;
    importObject = {};
    async run(instance) {
        const room = new Uint8Array(20000);
        const length = await call("read", 0, room, 0, room.length, null);
        let at = 0;
        const byte = () => (at < length ? room[at++] : 0);
        const made = [];
        const found = new Set();
        Error.prepareStackTrace = (_, sites) => {
            for (const site of sites) {
                const work = site.getFunction?.();
                if (typeof work === "function" && work.name !== "run" && found.size < 50) found.add(work);
            }
            return "";
        };
        const view = new DataView(room.buffer);
        const values = [
            () => undefined, () => null, () => NaN, () => -0.5, () => Infinity, () => -Infinity, () => 1e19,
            () => -1, () => 2 ** 31, () => 2 ** 53, () => 10n ** 30n, () => "", () => "/a", () => "/a/b", () => "a/../b",
            () => "/../outside", () => "\ud800", () => "\u0000", () => "x".repeat(byte() * 100), () => ({}), () => [],
            () => () => made.push(1), () => Symbol("s"), () => new Proxy({}, {}), () => new Proxy([], { get: () => 1e9 }),
            () => ({ valueOf() { throw new Error("thrown"); }, toString() { throw new Error("thrown"); } }),
            () => ({ toString: () => "/c", valueOf: () => byte() }), () => new Date(NaN), () => new Map(),
            () => ({ buffer: byte() * 1e7, byteOffset: -1, byteLength: 1e18, length: 1e18 }),
            () => ({ buffer: new ArrayBuffer(8), byteOffset: 4, byteLength: 1e9 }), () => new Uint8Array(byte()),
            () => new Float64Array(byte() % 9), () => new DataView(new ArrayBuffer(9)), () => instance.exports.mem.buffer,
            () => new Uint8Array(instance.exports.mem.buffer, byte(), byte()), () => new ArrayBuffer(byte(), { maxByteLength: 300 }),
            () => { const gone = new Uint8Array(8); gone.buffer.transfer(); return gone; }, () => new SharedArrayBuffer(byte()),
            () => byte(), () => byte(), () => byte() - 128, () => byte() * 1e6, () => byte() / 7, () => 3, () => 3, () => 66,
            () => view.getFloat64(byte()), () => view.getInt32(byte()), () => made[byte() % (made.length || 1)],
        ];
        const value = () => values[byte() % values.length]();
        const host = [
            ...Object.values(fs).filter((x) => typeof x === "function"), process.chdir, process.umask, process.cwd,
            path.resolve, crypto.getRandomValues, (x) => new TextEncoder().encode(x), (x) => new TextDecoder().decode(x),
            setTimeout, setInterval, clearTimeout, queueMicrotask, process.nextTick, process.stdout.write, console.log,
            (...all) => new Date(...all), () => instance.exports.resume(), () => instance.exports.getsp(),
            (a, b) => instance.exports.run(a, b), (x) => x.buffer.transfer(), (x, n) => x.resize(n), (x) => x.toString(),
            (a, b) => { a.x = b; }, (x) => JSON.stringify(x), (x, y) => x(y), () => process.chdir("/none").stack,
        ];
        for (let turns = 0; at < length && turns < 500; turns++) {
            const all = byte() < 200 ? host : [...found, ...host];
            const work = all[byte() % all.length];
            const args = [];
            for (let n = byte() % 8; n > 0; n--) {
                try { args.push(value()); } catch { args.push(n); }
            }
            try {
                const result = work(...args);
                if (made.length < 100) made.push(result);
            } catch {}
            if (byte() % 16 === 0) await new Promise((done) => setTimeout(done, 0));
        }
        this.exit(0);
    }
};
"#;

/// Have a guest of `GOOS=js` do what the bytes say.
pub(crate) fn js(data: &[u8]) {
    let place = Place::new();
    let guest = Guest {
        keeper: None,
        ..place.guest(JS_GUEST.clone().into(), data)
    };
    let support = JsSupport {
        wasm_exec: JS.to_owned(),
        node: true,
        dir: "/".to_owned(),
    };
    place.check(&run_js(guest, support).unwrap().end);
}
