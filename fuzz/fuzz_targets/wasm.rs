//! Any bytes, and a Go program in which some bytes are others, can be read back: no panic, no
//! endless loop.
#![no_main]

use std::process::Command;
use std::sync::LazyLock;

use analyzer::{InspectOptions, inspect_wasm};
use libfuzzer_sys::fuzz_target;

/// A program that the Go on PATH builds.
static PROGRAM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("wasmcheck-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("there is room for scratch files");
    let (source, file) = (dir.join("main.go"), dir.join("a.wasm"));
    let text = "package main\n\nimport \"os\"\n\nvar w interface{ Write([]byte) (int, error) } = os.Stdout\n\nfunc main() { w.Write([]byte(\"x\")) }\n";
    std::fs::write(&source, text).expect("a file can be written");
    let mut go = Command::new("go");
    go.args(["build", "-ldflags=-s", "-o"]).arg(&file).arg(&source);
    go.env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOFLAGS", "");
    assert!(go.status().expect("Go is on PATH").success());
    let bytes = std::fs::read(&file).expect("Go has written it");
    let _ = std::fs::remove_dir_all(&dir);
    bytes
});

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else {
        return;
    };
    let asked = InspectOptions {
        functions: true,
        uses: true,
        places: &[(String::new(), 1)],
        why: Some("os.(*File).Write"),
        count: 3,
    };
    if mode % 4 == 0 {
        let _ = inspect_wasm("fuzz", rest.to_vec(), asked);
        return;
    }
    let mut bytes = PROGRAM.clone();
    // The data, with Go's own tables, is the second half.
    let from = if mode % 4 == 1 { 0 } else { bytes.len() / 2 };
    let room = bytes.len() - from;
    for patch in rest.chunks_exact(4) {
        let at = usize::from(patch[0]) << 16 | usize::from(patch[1]) << 8 | usize::from(patch[2]);
        bytes[from + at % room] = patch[3];
    }
    let _ = inspect_wasm("fuzz", bytes, asked);
});
