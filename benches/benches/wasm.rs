//! How fast a Go program is read back, in bytes of the file per second of one core: `cmd/vet` for
//! wasip1, built by the Go on PATH. Beside it: the same file's operators read one by one, which is
//! what any reader of code has to do at least, and its validation.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark builds and reads its input itself"
)]

use std::process::Command;
use std::sync::LazyLock;

use analyzer::{InspectOptions, inspect_wasm};
use divan::Bencher;
use divan::counter::BytesCount;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("there is room for scratch files");
    let file = dir.path().join("vet.wasm");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&file)
        .arg("cmd/vet")
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .status();
    assert!(built.expect("Go is on PATH").success());
    std::fs::read(file).expect("Go has written it")
});

#[divan::bench(sample_count = 20)]
fn operators(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| {
        let mut count = 0_usize;
        for payload in Parser::new(0).parse_all(&FILE) {
            if let Ok(Payload::CodeSectionEntry(body)) = payload {
                let mut operators = body.get_operators_reader().expect("a body");
                while !operators.eof() {
                    divan::black_box(operators.read().expect("an operator"));
                    count += 1;
                }
            }
        }
        count
    });
}

#[divan::bench(sample_count = 20)]
fn inspect(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::new(FILE.len()))
        .with_inputs(|| FILE.clone())
        .bench_values(|file| {
            inspect_wasm("vet.wasm", file, InspectOptions::FUNCTIONS).expect("a Go program")
        });
}

#[divan::bench(sample_count = 20)]
fn validate(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| {
        Validator::new_with_features(WasmFeatures::all())
            .validate_all(&FILE)
            .expect("it is valid")
    });
}

fn main() {
    divan::main();
}
