//! The builds of a module: this machine's, which is the reference, and one for each `GOOS` of wasm.

use std::collections::BTreeMap;

use model::{Goos, ListedPackage, Listing};
use toolchain::Platform;

/// What Go lists for each platform that could be listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builds(BTreeMap<Platform, Listing>);

impl Builds {
    /// Keep the packages of a platform.
    pub(crate) fn insert(&mut self, platform: Platform, listing: Listing) {
        self.0.insert(platform, listing);
    }

    /// The packages of a platform.
    pub(crate) fn get(&self, platform: Platform) -> Option<&Listing> {
        self.0.get(&platform)
    }

    /// All listings.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Platform, &Listing)> {
        self.0
            .iter()
            .map(|(platform, listing)| (*platform, listing))
    }

    /// Those of wasm.
    pub(crate) fn wasm(&self) -> impl Iterator<Item = (Goos, &Listing)> {
        self.iter()
            .filter_map(|(platform, listing)| match platform {
                Platform::Wasm(goos) => Some((goos, listing)),
                Platform::Native => None,
            })
    }

    /// A package of a platform.
    pub(crate) fn package(&self, platform: Platform, path: &str) -> Option<&ListedPackage> {
        let packages = &self.get(platform)?.packages;
        packages.iter().find(|p| p.import_path == path)
    }
}
