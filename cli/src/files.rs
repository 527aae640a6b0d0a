//! Files that the user named for reports.

use std::io::Write;

use camino::Utf8Path;

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
