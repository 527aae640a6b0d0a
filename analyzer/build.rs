//! A hash of the source of the reader, so that facts which another one kept are known as such.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for of in [
        "src/go/facts.rs",
        "src/go/facts",
        "src/go/syntax.rs",
        "src/go/syntax",
        "src/go/pack.rs",
    ] {
        println!("cargo::rerun-if-changed={of}");
        gather(Path::new(of), &mut files)?;
    }
    files.sort();
    let mut hash = DefaultHasher::new();
    for file in files {
        hash.write(&content(&file)?);
    }
    println!("cargo::rustc-env=READER={:016x}", hash.finish());
    Ok(())
}

fn gather(path: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        into.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        gather(&entry?.path(), into)?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the source of this crate")]
fn content(file: &Path) -> io::Result<Vec<u8>> {
    fs::read(file)
}
