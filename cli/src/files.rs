//! Files that the user named for reports.

use std::io::{Read, Write};

use camino::Utf8Path;

/// A file that an earlier run wrote, or standard input for `-`.
pub(crate) fn read_stored(file: &Utf8Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut opened| opened.read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("{file}: there is no such file"))
        }
        Err(e) => Err(format!("{file}: {e}")),
    }
}

/// Write a file through one beside it, so that a full disk leaves no half of it.
pub(crate) fn write(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let temporary = file.with_file_name(format!(".{}.part", file.file_name().unwrap_or("report")));
    let written = put(&temporary, text).and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn put(file: &Utf8Path, text: &str) -> std::io::Result<()> {
    let mut out = std::fs::File::create(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}
