//! Rules are tried on small modules in memory, without a Go toolchain.
//!
//! [`check`] takes a txtar archive, or one Go file, and compares what a scan finds with the
//! expectations in it (`fixtures::findings`). A file whose path has an `@` is one of a dependency, as
//! in the module cache: `example.com/dep@v1.0.0/dep.go`. The standard library is
//! `testing/goroot.txtar`: a name that an example needs and that is not there is added to it.
//!
//! Lines before the first file set what a user would: `tags: A B`, `go: 22`,
//! `guard: SYMBOL js,wasip1`, and `incomplete: TEXT` for what the scan must not be able to judge.

mod listing;
mod pages;
mod runs;

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fixtures::findings::{self, Expected, Found};
use model::{Finding, Goos, Incomplete, Listing, Target};

use self::listing::{Module, list};
pub(crate) use self::runs::{difference, frame, run, scenario};
use crate::go::constraint::Platform;
use crate::go::graph::{DeclaredGuard, Places};
use crate::scan::Scan;
use crate::settings::{Settings, StubSignature};
use crate::system::System;

/// Where the module, the module cache and the standard library lie in memory.
const ROOT: &str = "/m";
const MODCACHE: &str = "/mod";
const GOROOT: &str = "/go";

/// N of the Go 1.N that modules in memory are read for, unless they say otherwise.
const RELEASE: u32 = 26;

/// Compares what a scan of a module finds with what its comments expect.
///
/// # Panics
///
/// When they differ, or an expectation means nothing.
#[track_caller]
pub(crate) fn check(archive: &str) {
    check_with(archive, |_| {});
}

/// The same with more than a scan sees: runs of programs, for one.
///
/// # Panics
///
/// Like [`check`].
#[track_caller]
pub(crate) fn check_with(archive: &str, more: impl Fn(&mut Scan<'_>)) {
    let (head, _) = fixtures::split(archive);
    let head = if archive.contains("\n-- ") || archive.starts_with("-- ") {
        head
    } else {
        String::new()
    };
    let complaints = compare(&head, fixtures::pages::module(archive), &more);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// What joins more with a scan.
type More<'m> = &'m dyn Fn(&mut Scan<'_>);

/// How the findings in a module differ from the expected ones.
fn compare(head: &str, files: Vec<(String, String)>, more: More<'_>) -> Vec<String> {
    let options = Options::read(head);
    let expected = match expectations(&files) {
        Ok(expected) => expected,
        Err(wrong) => return vec![wrong],
    };
    let scanned = scan(&options, files, more);
    let mut complaints = findings::compare(&expected, &scanned.found);
    let not_judged = scanned.incomplete.iter().map(|i| i.reason.as_str());
    let (met, open): (Vec<_>, Vec<_>) = not_judged.partition(|reason| {
        let wanted = options.incomplete.as_ref();
        wanted.is_some_and(|text| reason.contains(text))
    });
    complaints.extend(open.into_iter().map(|why| format!("not judged: {why}")));
    if let (Some(text), true) = (&options.incomplete, met.is_empty()) {
        complaints.push(format!("judged as a whole, and not incomplete: {text}"));
    }
    complaints
}

/// What the files of a module expect.
fn expectations(files: &[(String, String)]) -> Result<Vec<Expected>, String> {
    let mut all = Vec::new();
    for (path, text) in files {
        all.extend(findings::read(path, text)?);
    }
    Ok(all)
}

/// What a user would set.
struct Options {
    tags: Vec<String>,
    release: u32,
    guards: Vec<DeclaredGuard>,
    incomplete: Option<String>,
}

impl Options {
    /// Reads the lines before the first file; other lines than options say what the module is for.
    fn read(head: &str) -> Self {
        let mut options = Self {
            tags: Vec::new(),
            release: RELEASE,
            guards: Vec::new(),
            incomplete: None,
        };
        for (key, value) in head.lines().filter_map(|line| line.trim().split_once(": ")) {
            match key {
                "tags" => options.tags = value.split(' ').map(str::to_owned).collect(),
                "go" => options.release = value.parse().expect("a number after `go`"),
                "guard" => options.guards.push(guard(value)),
                "incomplete" => options.incomplete = Some(value.to_owned()),
                _ => {}
            }
        }
        options
    }
}

/// `SYMBOL GOOS,GOOS`
fn guard(value: &str) -> DeclaredGuard {
    let (symbol, on) = value.split_once(' ').unwrap_or((value, ""));
    let holds = |goos: &Goos| on.split(',').any(|name| name == goos.name());
    DeclaredGuard {
        symbol: symbol.to_owned(),
        holds_on: Goos::ALL.into_iter().filter(holds).collect(),
    }
}

/// What a scan says of a module.
struct Scanned {
    found: Vec<Found>,
    incomplete: Vec<Incomplete>,
}

/// Scans a module in memory for all targets.
fn scan(options: &Options, files: Vec<(String, String)>, more: More<'_>) -> Scanned {
    let module = Module::new(files);
    let native = list(&module, &platform("linux", "amd64", true, options));
    let wasm = |goos: Goos| list(&module, &platform(goos.name(), "wasm", false, options));
    let listings = Goos::ALL.map(|goos| (goos, wasm(goos)));
    let stubs = stubs();
    let settings = Settings {
        module: &module.path,
        dir: Utf8Path::new(ROOT),
        places: places(),
        tags: &options.tags,
        release: options.release,
        targets: &Target::ALL,
        native: Some(&native),
        guards: &options.guards,
        stubs: &stubs,
    };
    let memory = Memory(&module.disk);
    let mut scan = Scan::new(
        settings,
        listings.iter().map(|(goos, listing)| (*goos, listing)),
        &memory,
    );
    more(&mut scan);
    let judged = scan.judge();
    let mut named = Names::default();
    let builds = listings.iter().map(|(_, listing)| listing);
    for listing in builds.chain([&native]) {
        named.add(&module, listing);
    }
    let found = judged.findings.iter().map(|f| named.found(f)).collect();
    Scanned {
        found,
        incomplete: judged.incomplete,
    }
}

fn places() -> Places<'static> {
    Places {
        root: Utf8Path::new(ROOT),
        goroot: Utf8Path::new(GOROOT),
        modcache: Utf8Path::new(MODCACHE),
    }
}

fn platform<'a>(goos: &'a str, goarch: &'a str, cgo: bool, options: &'a Options) -> Platform<'a> {
    Platform {
        goos,
        goarch,
        cgo,
        tags: &options.tags,
        release: options.release,
    }
}

/// Stubs as the catalogue has them.
fn stubs() -> Vec<StubSignature> {
    let catalogue = include_str!("../../advisors/catalogue/db-embedded.toml");
    let text = "go-sqlite3 requires cgo to work. This is a stub";
    assert!(
        catalogue.contains(text),
        "the catalogue knows no such stub any more: {text}"
    );
    vec![StubSignature {
        package: "github.com/mattn/go-sqlite3".to_owned(),
        below: false,
        text: text.to_owned(),
        message: "without cgo the driver is a stub".to_owned(),
    }]
}

/// A disk that is a table.
struct Memory<'m>(&'m BTreeMap<Utf8PathBuf, String>);

impl System for Memory<'_> {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path);
        text.map(|text| text.clone().into_bytes())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// From the names of files and packages in reports to those in the archive.
#[derive(Default)]
struct Names {
    files: BTreeMap<String, String>,
    packages: BTreeMap<String, String>,
}

impl Names {
    fn add(&mut self, module: &Module, listing: &Listing) {
        for listed in listing.packages.iter().filter(|p| !p.standard) {
            for (path, name) in module.names_in(&listed.dir) {
                let file = path.file_name().unwrap_or_default();
                let reported = places().name_in(listed, file);
                self.files.insert(reported, name.clone());
                let dir = name.rsplit_once('/').map_or("", |(dir, _)| dir);
                self.packages
                    .insert(listed.import_path.clone(), dir.to_owned());
            }
        }
    }

    /// A finding as expectations speak of it.
    fn found(&self, finding: &Finding) -> Found {
        let file = self.files.get(&finding.file).unwrap_or(&finding.file);
        let dir = self.packages.get(&finding.package);
        Found::of(finding, file, dir.unwrap_or(&finding.package))
    }
}
