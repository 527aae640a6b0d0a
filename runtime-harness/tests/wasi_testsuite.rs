//! The tests of WASI preview 1 by the WebAssembly community group, where they are at hand:
//! `$WASI_TESTSUITE` names a checkout of the branch `prod/testsuite-base` of
//! WebAssembly/wasi-testsuite, whose files are not ours to keep here. Without it nothing is run, and
//! that is said.
//!
//! What a test expects stands beside it (doc/specification.md there): arguments, environment, a root
//! directory, exit code, output.
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]
#![expect(clippy::disallowed_methods, reason = "tests read their files")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Sink, bare};
use runtime_harness::{End, Guest, Preopen, run};
use serde::Deserialize;

/// What a test is given, and what it must do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    root: Option<String>,
    exit_code: i32,
    stdout: Option<String>,
    stderr: Option<String>,
}

#[test]
fn every_test_of_the_suite_passes() {
    let Some(suite) = std::env::var_os("WASI_TESTSUITE") else {
        eprintln!("not run: WASI_TESTSUITE does not name a checkout of WebAssembly/wasi-testsuite");
        return;
    };
    let mut files = Vec::new();
    wasm_files(Path::new(&suite), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{suite:?} has no test of wasm32-wasip1");
    let failed: Vec<String> = files.iter().filter_map(|f| failure(f)).collect();
    eprintln!("{} of {} passed", files.len() - failed.len(), files.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn wasm_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            wasm_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "wasm")
            && path.parent().is_some_and(|p| p.ends_with("wasm32-wasip1"))
        {
            files.push(path);
        }
    }
}

/// What a test did differently from what is expected.
fn failure(file: &Path) -> Option<String> {
    let expected: Expected = fs::read(file.with_extension("json"))
        .map(|text| serde_json::from_slice(&text).unwrap())
        .unwrap_or_default();
    let scratch = tempfile::tempdir().unwrap();
    let mut dirs = Vec::new();
    if let Some(root) = &expected.root {
        copy(&file.with_file_name(root), scratch.path());
        dirs.push(Preopen {
            host: scratch.path().to_owned(),
            guest: "/".to_owned(),
            writable: true,
        });
    }
    let (out, err) = (Sink::default(), Sink::default());
    let mut args = vec![file.file_name().unwrap().to_string_lossy().into_owned()];
    args.extend(expected.args.iter().cloned());
    let ran = run(Guest {
        args,
        env: expected.env.clone().into_iter().collect(),
        dirs,
        stdout: Box::new(out.clone()),
        stderr: Box::new(err.clone()),
        ..bare(&fs::read(file).unwrap())
    });
    let end = ran.map(|ran| ran.end).map_err(|e| e.to_string());
    let right = end == Ok(End::Exit(expected.exit_code))
        && expected
            .stdout
            .as_ref()
            .is_none_or(|text| *text == out.text())
        && expected
            .stderr
            .as_ref()
            .is_none_or(|text| *text == err.text());
    (!right).then(|| format!("{}: {end:?}\n{}{}", file.display(), out.text(), err.text()))
}

/// A copy of a root directory, without what earlier runs have left (`*.cleanup`).
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.extension().is_some_and(|e| e == "cleanup") {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
