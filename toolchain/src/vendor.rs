//! Vendor directories: copies of dependencies, which Go no longer takes once go.mod asks for others.

use camino::Utf8Path;

use crate::error::Error;
use crate::flags;
use crate::go::Go;

/// The command that makes the vendor directory of a module or of its workspace anew; none where there is none, and Go
/// is not told to take one.
pub fn vendoring(go: &Go, root: &Utf8Path) -> Result<Option<&'static str>, Error> {
    let env = go.env(root)?;
    let (dir, command) = match env.workspace_file().and_then(Utf8Path::parent) {
        Some(dir) => (dir, "go work vendor"),
        None => (root, "go mod vendor"),
    };
    let is_told = flags::value_of_mod(&env.goflags) == Some("vendor");
    Ok((is_told || dir.join("vendor").is_dir()).then_some(command))
}
