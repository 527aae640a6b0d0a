//! Guests of a few instructions against every limit of the sandbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]
#![expect(clippy::disallowed_methods, reason = "tests make their files")]

mod common;

use std::time::Duration;

use common::{Sink, bare};
use runtime_harness::{End, Error, Guest, Limits, Outcome, Preopen, run};
use tempfile::TempDir;

/// Opens `link` below the root: made where it is not there, its number at 200, its errno the value.
const OPEN: &str =
    "(call $open (i32.const 3) (i32.const 0) (i32.const 120) (i32.const 4) (i32.const 1)
    (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 200))";

/// Imports that the guests call, a memory of one page with text at 64, and a body.
fn wat(body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "elsewhere" "missing" (func $missing (param i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 64) "hello\n")
            (data (i32.const 80) "../../../../../../etc/passwd")
            (data (i32.const 120) "link")
            (func $endless (result i32) (i32.add (call $endless) (i32.const 1)))
            (func $hello (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))
            (func (export "_start")
                (i32.store (i32.const 8) (i32.const 64)) (i32.store (i32.const 12) (i32.const 6))
                {body}))"#
    )
}

/// Run with a limit of time that is for what would never end: the machine may be busy.
fn start(body: &str, dirs: Vec<Preopen>) -> (Result<Outcome, Error>, String) {
    start_for(Duration::from_mins(1), body, dirs)
}

fn start_for(time: Duration, body: &str, dirs: Vec<Preopen>) -> (Result<Outcome, Error>, String) {
    let out = Sink::default();
    let guest = Guest {
        wasm: wat::parse_str(wat(body)).unwrap().into(),
        args: vec!["guest".to_owned()],
        env: Vec::new(),
        dirs,
        stdin: None,
        stdout: Box::new(out.clone()),
        stderr: Box::new(out.clone()),
        limits: Limits {
            time: Some(time),
            memory: 1 << 20,
            output: 1 << 10,
            disk: 1 << 10,
            files: 3,
        },
        deterministic: false,
        trace: None,
        unwinder: None,
        compiler: runtime_harness::Compiler::default(),
        keeper: None,
        invoke: None,
        stop: None,
    };
    let ran = run(guest);
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    (ran, text)
}

fn end(body: &str) -> End {
    start(body, Vec::new()).0.unwrap().end
}

/// A root directory that the guest may change.
fn whole(root: &TempDir) -> Preopen {
    Preopen {
        host: root.path().to_owned(),
        guest: "/".to_owned(),
        writable: true,
    }
}

fn limit(body: &str) -> String {
    match end(body) {
        End::Limit(what) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_prints_and_exits_with_any_code() {
    let (ran, text) = start("(call $hello) (call $exit (i32.const 200))", Vec::new());
    let ran = ran.unwrap();
    assert_eq!((ran.end, text.as_str()), (End::Exit(200), "hello\n"));
    let write = ran.calls.iter().find(|c| c.name == "fd_write").unwrap();
    assert_eq!((write.calls, write.errors.len()), (1, 0));
}

#[test]
fn errors_are_counted_by_their_names() {
    let bad = "(drop (call $write (i32.const 77) (i32.const 8) (i32.const 1) (i32.const 16)))";
    let ran = start(&bad.repeat(2), Vec::new()).0.unwrap();
    let write = ran.calls.iter().find(|c| c.name == "fd_write").unwrap();
    assert_eq!((write.calls, write.errors["badf"]), (2, 2));
}

#[test]
fn loops_and_sleeps_end_with_their_time() {
    let end = |body: &str| {
        let time = Duration::from_millis(400);
        start_for(time, body, Vec::new()).0.unwrap().end
    };
    assert_eq!(end("(loop $l (br $l))"), End::TimedOut);
    // One subscription of zeros but for its timeout: the real-time clock, an hour.
    let hour = "(i64.store (i32.const 536) (i64.const 3600000000000))
        (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 16)))";
    assert_eq!(end(hour), End::TimedOut);
}

#[test]
fn every_limit_says_which_it_was() {
    let print = limit("(loop $l (call $hello) (br $l))");
    assert!(
        print.contains("exceeded the output limit of 1 KiB"),
        "{print}"
    );
    let memory =
        limit("(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))");
    assert!(memory.contains("memory"), "{memory}");
    let resize = format!(
        "(drop {OPEN}) (drop (call $resize (i32.load (i32.const 200)) (i64.const 1000000)))"
    );
    assert!(in_root(&resize).contains("the disk limit"));
}

/// The limit at which a guest with a root directory ends.
fn in_root(body: &str) -> String {
    let root = TempDir::new().unwrap();
    match start(body, vec![whole(&root)]).0.unwrap().end {
        End::Limit(what) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_empty_buffers_hide_nothing_from_the_disk_limit() {
    // 1,100 empty buffers from 4096 on, and one of 2,000 bytes; twice, for a short write is allowed.
    let write = "(drop (call $write (i32.load (i32.const 200)) (i32.const 4096) (i32.const 1101) (i32.const 16)))";
    let body =
        format!("(drop {OPEN}) (i32.store (i32.const 12900) (i32.const 2000)) {write}{write}");
    assert!(in_root(&body).contains("the disk limit"));
}

#[test]
fn holes_are_disk_that_is_used() {
    let fd = "(i32.load (i32.const 200))";
    // One byte of `hello` at 600, once the file is empty again: twice, for one file has no more than one hole.
    let write = format!(
        "(drop (call $resize {fd} (i64.const 0)))
         (drop (call $pwrite {fd} (i32.const 8) (i32.const 1) (i64.const 600) (i32.const 16)))"
    );
    let one = "(i32.store (i32.const 12) (i32.const 1))";
    let twice = format!("(drop {OPEN}) {one} {write}{write}");
    assert!(in_root(&twice).contains("the disk limit"));
    // Far beyond the limit: `fbig`.
    let root = TempDir::new().unwrap();
    let far = format!(
        "(drop {OPEN}) (call $exit (call $pwrite {fd} (i32.const 8) (i32.const 1) (i64.const 1000000) (i32.const 16)))"
    );
    let ran = start(&far, vec![whole(&root)]).0.unwrap();
    assert_eq!(ran.end, End::Exit(22));
}

#[test]
fn where_links_lead_is_disk_that_is_used() {
    let link = "(drop (call $symlink (i32.const 1000) (i32.const 600) (i32.const 3) (i32.const 120) (i32.const 4)))";
    assert!(in_root(&link.repeat(2)).contains("the disk limit"));
}

#[test]
fn a_long_path_has_an_error_that_go_knows() {
    let root = TempDir::new().unwrap();
    let body = "(call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 1000) (i32.const 5000) (i32.const 1)
        (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 200)))";
    let ran = start(body, vec![whole(&root)]).0.unwrap();
    assert_eq!(ran.end, End::Exit(37));
}

#[test]
fn a_guest_ends_when_somebody_wants_it() {
    let hour = "(i64.store (i32.const 536) (i64.const 3600000000000))
        (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 16)))";
    let random = "(loop $l (drop (call $random (i32.const 1024) (i32.const 60000))) (br $l))";
    for body in ["(loop $l (br $l))", hour, random] {
        let guest = Guest {
            limits: Limits {
                time: None,
                ..Limits::default()
            },
            stop: Some(std::sync::Arc::new(|| true)),
            ..bare(&wat::parse_str(wat(body)).unwrap())
        };
        assert_eq!(run(guest).unwrap().end, End::TimedOut);
    }
}

#[test]
fn names_in_the_reasons_are_short() {
    let name = "n".repeat(100_000);
    let text =
        wat("(drop (call $missing (i32.const 1)))").replace("\"missing\"", &format!("{name:?}"));
    let End::UnknownImport { name, .. } = run(bare(&wat::parse_str(text).unwrap())).unwrap().end
    else {
        panic!("the import is unknown");
    };
    assert!(name.starts_with("nnn") && name.len() < 2000);
}

#[test]
fn tables_and_shared_memories_are_memory() {
    let end = |text: String| {
        let guest = Guest {
            limits: Limits {
                memory: 1 << 20,
                ..Limits::default()
            },
            ..bare(&wat::parse_str(text).unwrap())
        };
        match run(guest) {
            Ok(ran) => format!("{:?}", ran.end),
            Err(why) => why.to_string(),
        }
    };
    let with = |more: &str, body: &str| {
        wat(body).replace("(memory (export", &format!("{more} (memory (export"))
    };
    let table = end(with(
        "(table $t 1 funcref)",
        "(drop (table.grow $t (ref.null func) (i32.const 1000000)))",
    ));
    assert_eq!(table, "Exit(0)", "a refused growth alone ends nothing");
    let table = end(with(
        "(table $t 1 funcref)",
        "(if (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1)) (then unreachable))",
    ));
    assert_eq!(table, "Exit(0)", "it is not granted");
    // Objects that the engine itself keeps.
    let objects = end(with(
        "(type $o (struct (field i64 i64 i64 i64)))",
        "(loop $l (drop (struct.new $o (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1))) (br $l))",
    ));
    assert!(
        !objects.contains("Exit") && !objects.contains("TimedOut"),
        "{objects}"
    );
    let shared = end(with("(memory 1 65536 shared)", ""));
    assert!(!shared.contains("Exit(0)"), "{shared}");
}

#[test]
fn files_that_stay_as_long_use_up_no_disk() {
    let root = TempDir::new().unwrap();
    let resize = "(drop (call $resize (i32.load (i32.const 200)) (i64.const 1000)))".repeat(5);
    let body = format!("(drop {OPEN}) {resize}");
    let ran = start(&body, vec![whole(&root)]).0.unwrap();
    assert_eq!(ran.end, End::Exit(0));
}

#[test]
fn a_file_in_place_of_a_closed_stream_is_that_file() {
    let root = TempDir::new().unwrap();
    std::fs::write(root.path().join("link"), "0123456").unwrap();
    // Exit with the number of bytes that are read from descriptor 0, and with what is printed to 1.
    let body = format!(
        "(drop (call $close (i32.const 0))) (drop {OPEN}) (i32.store (i32.const 12) (i32.const 100))
         (drop (call $read (i32.load (i32.const 200)) (i32.const 8) (i32.const 1) (i32.const 16)))
         (call $exit (i32.add (i32.load (i32.const 16)) (i32.mul (i32.const 10) (i32.load (i32.const 200)))))"
    );
    let ran = start(&body, vec![whole(&root)]).0.unwrap();
    assert_eq!(ran.end, End::Exit(7));
    let (ran, printed) = start(
        &format!("(drop (call $close (i32.const 1))) (drop {OPEN}) (call $hello)"),
        vec![whole(&root)],
    );
    assert_eq!((ran.unwrap().end, printed.as_str()), (End::Exit(0), ""));
    let written = std::fs::read_to_string(root.path().join("link")).unwrap();
    assert_eq!(written, "hello\n6");
}

#[test]
fn open_files_are_limited() {
    let root = TempDir::new().unwrap();
    // The root itself again and again, for reading: `mfile`.
    let open = "(call $open (i32.const 3) (i32.const 0) (i32.const 80) (i32.const 1) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 200))";
    let body = format!(
        "(loop $l (i32.store (i32.const 220) {open}) (br_if $l (i32.eqz (i32.load (i32.const 220)))))
         (call $exit (i32.load (i32.const 220)))"
    );
    let ran = start(&body, vec![whole(&root)]).0.unwrap();
    assert_eq!(ran.end, End::Exit(33));
}

#[test]
fn memories_share_one_limit() {
    let text =
        wat("(call $hello)").replace("(memory (export", "(memory 9) (memory 9) (memory (export");
    let guest = Guest {
        limits: Limits {
            memory: 1 << 20,
            ..Limits::default()
        },
        ..bare(&wat::parse_str(text).unwrap())
    };
    let why = match run(guest) {
        Ok(ran) => panic!("{:?}", ran.end),
        Err(why) => why.to_string(),
    };
    assert!(why.contains("memor"), "{why}");
}

#[test]
fn a_refused_growth_alone_ends_nothing() {
    assert_eq!(end("(drop (memory.grow (i32.const 100)))"), End::Exit(0));
}

#[test]
fn an_unknown_import_fails_when_it_is_called() {
    let (ran, text) = start(
        "(call $hello) (drop (call $missing (i32.const 1)))",
        Vec::new(),
    );
    let missing = End::UnknownImport {
        module: "elsewhere".to_owned(),
        name: "missing".to_owned(),
    };
    assert_eq!((ran.unwrap().end, text.as_str()), (missing, "hello\n"));
}

#[test]
fn what_winch_does_not_take_is_run_all_the_same() {
    // Tail calls, which Winch lacks: a million of them, on one frame.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func $count (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
            (return_call $count (i32.sub (local.get 0) (i32.const 1))))
        (func (export "_start") (call $exit (call $count (i32.const 1000000)))))"#;
    let ran = run(bare(&wat::parse_str(text).unwrap())).unwrap();
    assert_eq!(ran.end, End::Exit(9));
}

#[test]
fn traps_are_told() {
    assert!(matches!(end("unreachable"), End::Trapped(why) if why.contains("unreachable")));
    assert!(matches!(end("(drop (call $endless))"), End::Trapped(why) if why.contains("stack")));
}

#[test]
fn the_environment_is_not_inherited() {
    // Exit with the number of variables.
    let count = "(drop (call $environ (i32.const 16) (i32.const 20))) (call $exit (i32.load (i32.const 16)))";
    assert_eq!(end(count), End::Exit(0));
}

#[test]
fn a_link_out_of_the_root_is_not_followed() {
    let root = TempDir::new().unwrap();
    // Make the link, open it, and exit with the error.
    let body = "(drop (call $symlink (i32.const 80) (i32.const 28) (i32.const 3) (i32.const 120) (i32.const 4)))
        (call $exit (call $open (i32.const 3) (i32.const 1) (i32.const 120) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 200)))";
    let ran = start(body, vec![whole(&root)]).0.unwrap();
    let refused = [End::Exit(63), End::Exit(76)];
    assert!(refused.contains(&ran.end), "{:?} {:?}", ran.end, ran.calls);
    assert!(
        ran.calls
            .iter()
            .any(|c| c.name == "path_symlink" && c.calls == 1)
    );
}

#[test]
fn files_are_counted_as_they_are_made() {
    let root = TempDir::new().unwrap();
    // The same link again and again: the limit is on trying.
    let link = "(drop (call $symlink (i32.const 80) (i32.const 28) (i32.const 3) (i32.const 120) (i32.const 4)))";
    let made = |times: usize| {
        start(&link.repeat(times), vec![whole(&root)])
            .0
            .unwrap()
            .end
    };
    assert_eq!(made(3), End::Exit(0));
    assert!(matches!(made(4), End::Limit(what) if what.contains("the limit of created files, 3")));
}

#[test]
fn a_module_that_claims_four_gibibytes_is_refused() {
    let wasm =
        wat::parse_str("(module (memory (export \"memory\") 65536) (func (export \"_start\")))");
    let told = match run(bare(&wasm.unwrap())) {
        Ok(ran) => format!("{:?}", ran.end),
        Err(e) => e.to_string(),
    };
    assert!(told.contains("memory") && told.contains("limit"), "{told}");
}

#[test]
fn what_is_no_command_is_refused() {
    assert!(matches!(run(bare(b"#!/bin/sh")), Err(Error::Module(_))));
    let told = run(bare(b"\0asm\x01\0\0\0")).unwrap_err().to_string();
    assert!(told.contains("_start"), "{told}");
}
