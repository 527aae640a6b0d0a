//! What `go list -json` prints.

use model::{ListedPackage, Listing};

use crate::error::Error;

/// The fields that are asked for; the fewer, the less work for Go.
pub(crate) const FIELDS: &str = "ImportPath,Name,Dir,Standard,DepOnly,Module,GoFiles,CgoFiles,\
IgnoredGoFiles,IgnoredOtherFiles,CFiles,CXXFiles,MFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,\
SysoFiles,EmbedFiles,CgoLDFLAGS,CgoPkgConfig,Imports,ImportMap,Error,TestGoFiles,XTestGoFiles";

/// Read a stream of JSON objects.
pub(crate) fn parse(command: &str, bytes: &[u8]) -> Result<Listing, Error> {
    let stream = serde_json::Deserializer::from_slice(bytes).into_iter();
    let mut packages = stream
        .collect::<Result<Vec<ListedPackage>, _>>()
        .map_err(|e| Error::Output {
            command: command.to_owned(),
            message: e.to_string(),
        })?;
    packages.iter_mut().for_each(place);
    Ok(Listing { packages })
}

/// Go 1.26 leaves the directory out of packages of which constraints exclude all files, where their module is replaced:
/// it is that of the module, and the rest of the import path.
fn place(package: &mut ListedPackage) {
    let found = !package.ignored_go_files.is_empty();
    let Some(module) = package.module.as_ref().filter(|_| found) else {
        return;
    };
    let below = package.import_path.strip_prefix(&module.path);
    if let (true, Some(below)) = (package.dir.as_str().is_empty(), below)
        && !module.dir.as_str().is_empty()
    {
        let below = below.trim_start_matches('/');
        package.dir = match below {
            "" => module.dir.clone(),
            below => module.dir.join(below),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_replaced_modules_have_a_directory() {
        let module = r#""Module": {"Path": "a.b/c", "Dir": "/m"}"#;
        let ignored = r#""IgnoredGoFiles": ["x.go"]"#;
        for (json, dir) in [
            (
                format!(r#"{{"ImportPath": "a.b/c", {module}, {ignored}}}"#),
                "/m",
            ),
            (
                format!(r#"{{"ImportPath": "a.b/c/d", {module}, {ignored}}}"#),
                "/m/d",
            ),
            (format!(r#"{{"ImportPath": "a.b/c/d", {module}}}"#), ""),
            (
                format!(r#"{{"ImportPath": "a.b/c", "Dir": "/o", {module}, {ignored}}}"#),
                "/o",
            ),
        ] {
            let listing = parse("go list", json.as_bytes()).unwrap_or_default();
            let dirs: Vec<&str> = listing.packages.iter().map(|p| p.dir.as_str()).collect();
            assert_eq!(dirs, [dir], "{json}");
        }
    }
}
