//! Remedies of a module that is, with all that they depend on, as it was when they were tried.

use std::env;
use std::io;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use model::{Advice, End, ListedPackage, Report};
use serde::{Deserialize, Serialize};
use toolchain::{Platform, files};

use crate::cache::KeptRemedies;
use crate::checkup::Checkup;
use crate::hosts::Site;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 128 << 20;
/// After this time new versions may have been published.
const AGE: Duration = Duration::from_hours(24);

/// What of the environment decides what is built, beside what the Go command says of it.
const VARIABLES: [&str; 4] = ["GOPROXY", "GOEXPERIMENT", "GOWASM", "GODEBUG"];

/// The place of the remedies of a module.
pub(super) struct Kept {
    store: KeptRemedies,
    name: blake3::Hash,
}

/// What trying remedies says.
#[derive(Serialize, Deserialize)]
struct Outcome {
    advice: Vec<Advice>,
    /// Of each finding, in their order.
    of_findings: Vec<Vec<String>>,
}

impl Kept {
    /// None where nothing is to be kept, or where it depends on more than is known: tests and scenarios may read
    /// anything.
    pub(super) fn find(checkup: &Checkup<'_>, report: &Report) -> Option<Self> {
        let settings = checkup.settings;
        let is_known = settings.cached
            && settings.tests.is_none()
            && checkup.config.scenario.is_empty()
            && report
                .incomplete
                .iter()
                .all(|i| i.stage != model::Stage::Load);
        let name = is_known.then(|| name(checkup, report).ok()).flatten()?;
        Some(Self {
            store: KeptRemedies::find()?,
            name,
        })
    }

    /// Put what is kept into the report; false where nothing is.
    pub(super) fn recall(&self, report: &mut Report) -> bool {
        let bytes = self.store.recall(&self.name);
        let outcome = bytes.and_then(|bytes| serde_json::from_slice::<Outcome>(&bytes).ok());
        let outcome = outcome.filter(|o| o.of_findings.len() == report.findings.len());
        let Some(outcome) = outcome else {
            return false;
        };
        report.advice = outcome.advice;
        for (finding, advice) in report.findings.iter_mut().zip(outcome.of_findings) {
            finding.advice = advice;
        }
        true
    }

    /// Keep what the report says.
    pub(super) fn keep(&self, report: &Report) {
        let outcome = Outcome {
            advice: report.advice.clone(),
            of_findings: report.findings.iter().map(|f| f.advice.clone()).collect(),
        };
        if let Ok(bytes) = serde_json::to_vec(&outcome) {
            self.store.keep(&self.name, &bytes);
        }
    }
}

/// A hash of everything that the remedies of a module depend on.
fn name(checkup: &Checkup<'_>, report: &Report) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(program()?.as_bytes());
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let age = since.unwrap_or_default().as_secs() / AGE.as_secs();
    add(&age.to_le_bytes());
    let settings = checkup.settings;
    let session = checkup.session;
    let hosts: Vec<bool> = settings
        .targets
        .iter()
        .map(|target| checkup.hosts.runs(Site::On(*target)))
        .collect();
    let asked = (
        &settings.targets,
        settings.level,
        &settings.tags,
        settings.trusted,
        hosts,
    );
    add(format!("{asked:?} {:?} {:?}", session.env(), checkup.patterns).as_bytes());
    add(format!("{:?}", checkup.config).as_bytes());
    for variable in VARIABLES {
        add(format!("{:?}", env::var_os(variable)).as_bytes());
    }
    add(&serde_json::to_vec(&(&report.findings, &report.advice))?);
    let crashes = report.observations.iter();
    let crashes = crashes.filter(|o| o.end == Some(End::Crash));
    for seen in crashes {
        let crash = (seen.target, &seen.package, &seen.kind, &seen.stack);
        add(&serde_json::to_vec(&crash)?);
    }
    let root = session.root();
    let workspace = session.env().workspace_file();
    let of_module = ["go.mod", "go.sum", "vendor/modules.txt"].map(|name| root.join(name));
    let of_workspace = workspace.map(|file| [file.to_owned(), file.with_extension("work.sum")]);
    for file in of_module.iter().chain(of_workspace.iter().flatten()) {
        match files::read(file.as_std_path(), LARGEST) {
            Ok(bytes) => add(&bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => add(b"none"),
            Err(e) => return Err(e),
        }
    }
    for (platform, listing) in checkup.builds.iter() {
        for package in listing.packages.iter().filter(|p| may_change(checkup, p)) {
            add(package.import_path.as_bytes());
            add_files(&mut add, platform, package)?;
        }
    }
    Ok(hasher.finalize())
}

/// The program, whichever it is: another one may find other remedies.
fn program() -> io::Result<String> {
    let metadata = env::current_exe()?.metadata()?;
    Ok(format!("{} {:?}", metadata.len(), metadata.modified()?))
}

/// Whether the files of a package are others than those of the standard library and of the module cache, which Go keeps
/// as they are.
fn may_change(checkup: &Checkup<'_>, package: &ListedPackage) -> bool {
    let env = checkup.session.env();
    let is_below = |dir: &Utf8Path| !dir.as_str().is_empty() && package.dir.starts_with(dir);
    !is_below(&env.goroot) && !is_below(&env.gomodcache)
}

fn add_files(
    add: &mut impl FnMut(&[u8]),
    platform: Platform,
    package: &ListedPackage,
) -> io::Result<()> {
    let sources = [
        &package.go_files,
        &package.cgo_files,
        &package.ignored_go_files,
        &package.ignored_other_files,
        &package.c_files,
        &package.s_files,
        &package.syso_files,
        &package.embed_files,
        &package.test_go_files,
        &package.xtest_go_files,
    ];
    for names in sources {
        add(format!("{platform:?} {names:?}").as_bytes());
        for name in names {
            let file = package.dir.join(name);
            add(&files::read(file.as_std_path(), LARGEST)?);
        }
    }
    Ok(())
}
