//! What the fuzz targets call, which see only what is public.

use std::time::Duration;

use camino::Utf8Path;

use crate::config::Config;
use crate::prepared::Prepared;
use crate::stages::scenarios;

/// Make the scratch copy and the files of each scenario that `text`, a `wasmcheck.toml`, has for the module
/// at `root`; nothing is built or run.
///
/// # Errors
/// What the user would be told about the text, or about the first scenario that cannot be laid out.
pub fn lay_out(root: &Utf8Path, text: &str) -> Result<(), String> {
    for scenario in Config::parse(text)?.scenario {
        let program = root.join("program");
        Prepared::of(&scenarios::task(root, &scenario, &program, Duration::ZERO))?;
    }
    Ok(())
}
