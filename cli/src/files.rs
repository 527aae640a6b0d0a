//! Files that the user named for reports.

use std::io::{self, Read};

use camino::Utf8Path;

/// A file that an earlier run wrote, or standard input for `-`.
pub(crate) fn read_stored(file: &Utf8Path) -> Result<String, String> {
    let read = if file == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        read.map(|_| String::from_utf8_lossy(&bytes).into_owned())
    } else {
        engine::read_stored(file)
    };
    read.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("{file}: there is no such file"),
        _ => format!("{file}: {e}"),
    })
}
