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
    let packages = stream
        .collect::<Result<Vec<ListedPackage>, _>>()
        .map_err(|e| Error::Output {
            command: command.to_owned(),
            message: e.to_string(),
        })?;
    Ok(Listing { packages })
}
