//! The source of everything that is listed, read and judged by the rules.

use analyzer::{DeclaredGuard, Places, Scan, StubSignature};

use crate::cache::CachedDisk;
use crate::checkup::Checkup;
use crate::quoting::{Limits, QuotedDisk};

/// What a scan borrows beside the checkup.
pub(crate) struct ScanInput {
    disk: QuotedDisk,
    guards: Vec<DeclaredGuard>,
    stubs: Vec<StubSignature>,
}

impl ScanInput {
    /// The disk, and what is known of names.
    pub(crate) fn of(checkup: &Checkup<'_>) -> Self {
        let env = checkup.session.env();
        let dependencies = [env.goroot.as_path(), env.gomodcache.as_path()];
        let disk = CachedDisk::new(checkup.settings.cached, &dependencies);
        Self {
            disk: QuotedDisk::new(disk, Limits::of_checkup(checkup)),
            guards: checkup.config.guards(),
            stubs: stubs(checkup),
        }
    }

    /// Read the source, and run the rules.
    pub(crate) fn scan<'s>(&'s self, checkup: &Checkup<'s>) -> Scan<'s> {
        let settings = analyzer::Settings {
            module: checkup.module,
            dir: checkup.session.root(),
            places: places(checkup),
            tags: &checkup.settings.tags,
            release: release(&checkup.session.env().goversion),
            targets: &checkup.settings.targets,
            native: checkup.builds.get(toolchain::Platform::Native),
            guards: &self.guards,
            stubs: &self.stubs,
        };
        Scan::new(settings, checkup.builds.wasm(), &self.disk)
    }
}

/// How files are named in a report.
pub(crate) fn places<'c>(checkup: &Checkup<'c>) -> Places<'c> {
    let env = checkup.session.env();
    Places {
        root: checkup.top,
        goroot: &env.goroot,
        modcache: &env.gomodcache,
    }
}

fn stubs(checkup: &Checkup<'_>) -> Vec<StubSignature> {
    let stubs = checkup.config.catalogue().stubs();
    stubs.into_iter().map(signature).collect()
}

fn signature(stub: advisors::Stub) -> StubSignature {
    StubSignature {
        package: stub.package,
        below: stub.below,
        text: stub.text,
        message: stub.message,
    }
}

/// N of `go1.N.P`; 0 for versions that cannot be read.
fn release(version: &str) -> u32 {
    let minor = version.strip_prefix("go1.").unwrap_or_default();
    let digits = minor
        .find(|c: char| !c.is_ascii_digit())
        .map_or(minor, |end| &minor[..end]);
    digits.parse().unwrap_or(0)
}
