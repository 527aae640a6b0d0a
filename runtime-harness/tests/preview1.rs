//! Every function of WASI preview 1 by its name: what it returns when all is well, and its errors.
//!
//! A guest opens `a.txt` in its root, makes one call, and exits with the errno. Numbers are those of
//! the specification (legacy/preview1/docs.md, `errno`).
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]
#![expect(clippy::disallowed_methods, reason = "tests make their files")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::bare;
use runtime_harness::{End, Guest, Preopen, run};

const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const EXIST: i32 = 20;
const INVAL: i32 = 28;
const ISDIR: i32 = 31;
const NOENT: i32 = 44;
const NOTDIR: i32 = 54;
const NOTEMPTY: i32 = 55;
const NOTSOCK: i32 = 57;
const NOTSUP: i32 = 58;
const PERM: i32 = 63;
const SPIPE: i32 = 70;
/// In place of an errno: the engine ends a guest whose pointers lead out of its memory, or whose
/// numbers name nothing.
const TRAP: i32 = -1;
const FD: &str = "(global.get $fd)";
const ROOT: &str = "(i32.const 3)";
const NOBODY: &str = "(i32.const 99)";

/// Function, types of its parameters, arguments, errno.
type Row = (&'static str, &'static str, &'static str, i32);

/// `FD` is the open file, `ROOT` the root directory, `NOBODY` no descriptor; `A` is the path `a.txt`,
/// `D` a directory, `FULL` one with a file, `GONE` nothing, `NEW` nothing yet, `SLASHED` the same with a slash behind it, `UP` a path out of the
/// root; `BUF` is memory, `WILD` lies outside of it, `IOV` is an array of one buffer.
const ROWS: &[Row] = &[
    ("args_get", "i32 i32", "BUF BUF2", SUCCESS),
    ("args_get", "i32 i32", "WILD BUF", TRAP),
    ("args_sizes_get", "i32 i32", "BUF BUF2", SUCCESS),
    ("args_sizes_get", "i32 i32", "WILD BUF", TRAP),
    ("environ_get", "i32 i32", "BUF BUF2", SUCCESS),
    ("environ_sizes_get", "i32 i32", "BUF BUF2", SUCCESS),
    ("environ_sizes_get", "i32 i32", "WILD BUF", TRAP),
    ("clock_res_get", "i32 i32", "1 BUF", SUCCESS),
    ("clock_res_get", "i32 i32", "77 BUF", TRAP),
    ("clock_time_get", "i32 i64 i32", "0 0 BUF", SUCCESS),
    ("clock_time_get", "i32 i64 i32", "77 0 BUF", TRAP),
    ("fd_advise", "i32 i64 i64 i32", "FD 0 4 1", SUCCESS),
    ("fd_advise", "i32 i64 i64 i32", "NOBODY 0 4 1", BADF),
    ("fd_allocate", "i32 i64 i64", "NOBODY 0 4", BADF),
    ("fd_allocate", "i32 i64 i64", "FD 0 4", NOTSUP),
    ("fd_close", "i32", "FD", SUCCESS),
    ("fd_close", "i32", "NOBODY", BADF),
    ("fd_datasync", "i32", "FD", SUCCESS),
    ("fd_datasync", "i32", "NOBODY", BADF),
    ("fd_fdstat_get", "i32 i32", "FD BUF", SUCCESS),
    ("fd_fdstat_get", "i32 i32", "NOBODY BUF", BADF),
    ("fd_fdstat_set_flags", "i32 i32", "FD 1", SUCCESS),
    ("fd_fdstat_set_flags", "i32 i32", "NOBODY 1", BADF),
    ("fd_fdstat_set_rights", "i32 i64 i64", "FD 0 0", NOTSUP),
    ("fd_fdstat_set_rights", "i32 i64 i64", "NOBODY 0 0", BADF),
    ("fd_filestat_get", "i32 i32", "FD BUF", SUCCESS),
    ("fd_filestat_get", "i32 i32", "NOBODY BUF", BADF),
    ("fd_filestat_set_size", "i32 i64", "FD 2", SUCCESS),
    ("fd_filestat_set_size", "i32 i64", "NOBODY 2", BADF),
    ("fd_filestat_set_size", "i32 i64", "FD -1", INVAL),
    (
        "fd_filestat_set_times",
        "i32 i64 i64 i32",
        "FD 0 0 10",
        SUCCESS,
    ),
    (
        "fd_filestat_set_times",
        "i32 i64 i64 i32",
        "FD 0 0 15",
        INVAL,
    ),
    (
        "fd_filestat_set_times",
        "i32 i64 i64 i32",
        "NOBODY 0 0 10",
        BADF,
    ),
    ("fd_pread", "i32 i32 i32 i64 i32", "FD IOV 1 0 BUF", SUCCESS),
    (
        "fd_pread",
        "i32 i32 i32 i64 i32",
        "NOBODY IOV 1 0 BUF",
        BADF,
    ),
    ("fd_pread", "i32 i32 i32 i64 i32", "0 IOV 1 0 BUF", SPIPE),
    ("fd_prestat_get", "i32 i32", "ROOT BUF", SUCCESS),
    ("fd_prestat_get", "i32 i32", "NOBODY BUF", BADF),
    ("fd_prestat_dir_name", "i32 i32 i32", "ROOT BUF 1", SUCCESS),
    ("fd_prestat_dir_name", "i32 i32 i32", "FD BUF 1", NOTDIR),
    (
        "fd_pwrite",
        "i32 i32 i32 i64 i32",
        "FD IOV 1 0 BUF",
        SUCCESS,
    ),
    (
        "fd_pwrite",
        "i32 i32 i32 i64 i32",
        "NOBODY IOV 1 0 BUF",
        BADF,
    ),
    ("fd_read", "i32 i32 i32 i32", "FD IOV 1 BUF", SUCCESS),
    ("fd_read", "i32 i32 i32 i32", "NOBODY IOV 1 BUF", BADF),
    ("fd_read", "i32 i32 i32 i32", "0 IOV 1 BUF", SUCCESS),
    (
        "fd_readdir",
        "i32 i32 i32 i64 i32",
        "ROOT BUF 64 0 BUF2",
        SUCCESS,
    ),
    (
        "fd_readdir",
        "i32 i32 i32 i64 i32",
        "FD BUF 64 0 BUF2",
        BADF,
    ),
    (
        "fd_readdir",
        "i32 i32 i32 i64 i32",
        "NOBODY BUF 64 0 BUF2",
        BADF,
    ),
    ("fd_renumber", "i32 i32", "FD ROOT", SUCCESS),
    ("fd_renumber", "i32 i32", "NOBODY FD", BADF),
    ("fd_seek", "i32 i64 i32 i32", "FD 1 0 BUF", SUCCESS),
    ("fd_seek", "i32 i64 i32 i32", "FD -1 0 BUF", INVAL),
    ("fd_seek", "i32 i64 i32 i32", "1 0 0 BUF", SPIPE),
    ("fd_sync", "i32", "FD", SUCCESS),
    ("fd_sync", "i32", "NOBODY", BADF),
    ("fd_tell", "i32 i32", "FD BUF", SUCCESS),
    ("fd_tell", "i32 i32", "NOBODY BUF", BADF),
    ("fd_write", "i32 i32 i32 i32", "FD IOV 1 BUF", SUCCESS),
    ("fd_write", "i32 i32 i32 i32", "1 IOV 1 BUF", SUCCESS),
    ("fd_write", "i32 i32 i32 i32", "NOBODY IOV 1 BUF", BADF),
    ("path_create_directory", "i32 i32 i32", "ROOT NEW", SUCCESS),
    ("path_create_directory", "i32 i32 i32", "ROOT D", EXIST),
    ("path_create_directory", "i32 i32 i32", "ROOT UP", PERM),
    (
        "path_filestat_get",
        "i32 i32 i32 i32 i32",
        "ROOT 0 A BUF",
        SUCCESS,
    ),
    (
        "path_filestat_get",
        "i32 i32 i32 i32 i32",
        "ROOT 0 GONE BUF",
        NOENT,
    ),
    (
        "path_filestat_get",
        "i32 i32 i32 i32 i32",
        "ROOT 0 UP BUF",
        PERM,
    ),
    (
        "path_filestat_set_times",
        "i32 i32 i32 i32 i64 i64 i32",
        "ROOT 0 A 0 0 10",
        SUCCESS,
    ),
    (
        "path_filestat_set_times",
        "i32 i32 i32 i32 i64 i64 i32",
        "ROOT 0 GONE 0 0 10",
        NOENT,
    ),
    (
        "path_link",
        "i32 i32 i32 i32 i32 i32 i32",
        "ROOT 0 A ROOT NEW",
        SUCCESS,
    ),
    (
        "path_link",
        "i32 i32 i32 i32 i32 i32 i32",
        "ROOT 0 GONE ROOT NEW",
        NOENT,
    ),
    (
        "path_link",
        "i32 i32 i32 i32 i32 i32 i32",
        "ROOT 0 A ROOT UP",
        PERM,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "ROOT 0 A 0 2 0 0 BUF",
        SUCCESS,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "ROOT 0 GONE 0 2 0 0 BUF",
        NOENT,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "ROOT 0 A 2 2 0 0 BUF",
        NOTDIR,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "ROOT 0 A 5 66 0 0 BUF",
        EXIST,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "ROOT 0 UP 0 2 0 0 BUF",
        PERM,
    ),
    (
        "path_open",
        "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "FD 0 A 0 2 0 0 BUF",
        NOTDIR,
    ),
    (
        "path_readlink",
        "i32 i32 i32 i32 i32 i32",
        "ROOT A BUF 64 BUF2",
        INVAL,
    ),
    (
        "path_readlink",
        "i32 i32 i32 i32 i32 i32",
        "ROOT GONE BUF 64 BUF2",
        NOENT,
    ),
    ("path_remove_directory", "i32 i32 i32", "ROOT D", SUCCESS),
    (
        "path_remove_directory",
        "i32 i32 i32",
        "ROOT FULL",
        NOTEMPTY,
    ),
    ("path_remove_directory", "i32 i32 i32", "ROOT A", NOTDIR),
    (
        "path_rename",
        "i32 i32 i32 i32 i32 i32",
        "ROOT A ROOT NEW",
        SUCCESS,
    ),
    (
        "path_rename",
        "i32 i32 i32 i32 i32 i32",
        "ROOT GONE ROOT NEW",
        NOENT,
    ),
    (
        "path_rename",
        "i32 i32 i32 i32 i32 i32",
        "ROOT A ROOT UP",
        PERM,
    ),
    // A slash at the end means a directory.
    (
        "path_rename",
        "i32 i32 i32 i32 i32 i32",
        "ROOT A ROOT SLASHED",
        NOTDIR,
    ),
    (
        "path_rename",
        "i32 i32 i32 i32 i32 i32",
        "ROOT D ROOT SLASHED",
        SUCCESS,
    ),
    ("path_symlink", "i32 i32 i32 i32 i32", "A ROOT NEW", SUCCESS),
    ("path_symlink", "i32 i32 i32 i32 i32", "A ROOT D", EXIST),
    (
        "path_symlink",
        "i32 i32 i32 i32 i32",
        "ABSOLUTE ROOT NEW",
        PERM,
    ),
    ("path_unlink_file", "i32 i32 i32", "ROOT A", SUCCESS),
    ("path_unlink_file", "i32 i32 i32", "ROOT D", ISDIR),
    ("path_unlink_file", "i32 i32 i32", "ROOT GONE", NOENT),
    ("poll_oneoff", "i32 i32 i32 i32", "BUF BUF2 1 IOV", SUCCESS),
    ("poll_oneoff", "i32 i32 i32 i32", "BUF BUF2 0 IOV", INVAL),
    ("proc_raise", "i32", "9", NOTSUP),
    ("random_get", "i32 i32", "BUF 16", SUCCESS),
    ("random_get", "i32 i32", "WILD 16", TRAP),
    ("sched_yield", "", "", SUCCESS),
    ("sock_accept", "i32 i32 i32", "FD 0 BUF", NOTSOCK),
    ("sock_accept", "i32 i32 i32", "NOBODY 0 BUF", BADF),
    (
        "sock_recv",
        "i32 i32 i32 i32 i32 i32",
        "FD IOV 1 0 BUF BUF2",
        NOTSOCK,
    ),
    (
        "sock_send",
        "i32 i32 i32 i32 i32",
        "FD IOV 1 0 BUF",
        NOTSOCK,
    ),
    ("sock_shutdown", "i32 i32", "FD 1", NOTSOCK),
    ("sock_shutdown", "i32 i32", "NOBODY 1", BADF),
];

#[test]
fn every_function_returns_what_the_specification_has() {
    let wrong: Vec<String> = ROWS.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_function_is_called() {
    let called: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    // `proc_exit` ends every guest.
    assert_eq!(called.len() + 1, 46);
}

/// What a row returned, when that is not what it should.
fn wrong(row: &Row) -> Option<String> {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("root");
    fs::create_dir_all(root.join("d")).unwrap();
    fs::create_dir_all(root.join("full/sub")).unwrap();
    fs::write(root.join("a.txt"), "0123456789").unwrap();
    let guest = Guest {
        args: vec!["guest".to_owned()],
        env: vec![("A".to_owned(), "B".to_owned())],
        dirs: vec![Preopen {
            host: root,
            guest: "/".to_owned(),
            writable: true,
        }],
        ..bare(&wat::parse_str(program(row)).unwrap())
    };
    let end = run(guest).map(|ran| ran.end).map_err(|e| e.to_string());
    let (name, _, args, errno) = row;
    let right = match &end {
        Ok(End::Trapped(_)) => *errno == TRAP,
        end => *end == Ok(End::Exit(*errno)),
    };
    (!right).then(|| format!("{name} {args}: {end:?}, expected {errno}"))
}

fn program((name, types, args, _): &Row) -> String {
    let types: Vec<&str> = types.split_whitespace().collect();
    let mut given = Vec::new();
    for word in args.split_whitespace() {
        let text = |at: u32, len: u32| vec![at.to_string(), len.to_string()];
        given.extend(match word {
            "FD" => vec![FD.to_owned()],
            "ROOT" => vec![ROOT.to_owned()],
            "NOBODY" => vec![NOBODY.to_owned()],
            "A" => text(256, 5),
            "D" => text(264, 1),
            "FULL" => text(272, 4),
            "GONE" => text(280, 4),
            "NEW" => text(288, 3),
            "UP" => text(296, 4),
            "SLASHED" => text(312, 4),
            "ABSOLUTE" => text(304, 4),
            "BUF" => vec!["1024".to_owned()],
            "BUF2" => vec!["4096".to_owned()],
            "WILD" => vec!["-16".to_owned()],
            "IOV" => vec!["512".to_owned()],
            number => vec![number.to_owned()],
        });
    }
    assert_eq!(given.len(), types.len(), "{name} {args}");
    let arg = |(arg, ty): (String, &&str)| {
        if arg.starts_with('(') {
            arg
        } else {
            format!("({ty}.const {arg})")
        }
    };
    let args: Vec<String> = given.into_iter().zip(&types).map(arg).collect();
    let (params, args) = (types.join(" "), args.join(" "));
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "{name}" (func $it (param {params}) (result i32)))
            (memory (export "memory") 1)
            (global $fd (mut i32) (i32.const 0))
            (data (i32.const 256) "a.txt\00\00\00d\00\00\00\00\00\00\00full\00\00\00\00gone\00\00\00\00new\00\00\00\00\00../x\00\00\00\00/etc\00\00\00\00new/")
            (data (i32.const 512) "\00\08\00\00\04\00\00\00")
            (func (export "_start")
                (drop (call $open (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 5) (i32.const 0)
                    (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 800)))
                (global.set $fd (i32.load (i32.const 800)))
                (call $exit (call $it {args}))))"#
    )
}
