//! How fast Go source is read, in bytes per second of one core, over the standard library of the
//! Go on PATH. Beside it: the same bytes searched for newlines, the floor that memory sets.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark finds and reads its input itself"
)]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use divan::counter::BytesCount;

static SOURCES: LazyLock<Vec<Arc<String>>> = LazyLock::new(|| {
    let output = Command::new("go")
        .args(["env", "GOROOT"])
        .output()
        .expect("Go is on PATH");
    let goroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut sources = Vec::new();
    collect(&Path::new(&goroot).join("src"), &mut sources);
    sources
});

fn collect(dir: &Path, sources: &mut Vec<Arc<String>>) {
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "testdata" {
            collect(&path, sources);
        } else if path.extension().is_some_and(|e| e == "go")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            sources.push(Arc::from(text));
        }
    }
}

fn bytes() -> BytesCount {
    BytesCount::new(SOURCES.iter().map(|s| s.len()).sum::<usize>())
}

#[divan::bench(sample_count = 10)]
fn read(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(|| {
        SOURCES
            .iter()
            .map(|s| analyzer::outline(s).uses)
            .sum::<usize>()
    });
}

#[divan::bench(sample_count = 10)]
fn newlines(bencher: Bencher<'_, '_>) {
    bencher.counter(bytes()).bench(|| {
        SOURCES
            .iter()
            .map(|s| s.bytes().filter(|b| *b == b'\n').count())
            .sum::<usize>()
    });
}

fn main() {
    divan::main();
}
