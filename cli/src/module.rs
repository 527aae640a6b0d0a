//! One module from end to end: list, scan, compile, judge, advise.

use std::thread;
use std::time::Instant;

use analyzer::{Asked, Compiled, Places, Scan, StubSignature, Why};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Builds, Goos, Incomplete, Level, Listing, Report, Stage, Target};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toolchain::{Error, Go, Linked, Platform, Session};

use crate::cache::CachedDisk;
use crate::check::{self, Chosen, Settings};
use crate::progress::Progress;
use crate::sandbox::Sandbox;
use crate::suites::{self, Listed};
use crate::{attempt, files, run, scenarios};

/// Check the module in `root`; files are named relative to `top`. Never fails: what could not be
/// done is said in the report.
pub(crate) fn check(
    go: &Go,
    chosen: Chosen<'_>,
    settings: &Settings,
    progress: &Progress,
) -> Report {
    let session = match check::open(go, chosen.root, settings) {
        Ok(session) => session,
        Err(e) => return check::empty_report(directory_name(chosen), settings, &e.to_string()),
    };
    let run = Run::new(&session, chosen, settings, progress);
    let mut report = check::empty_report(run.module.clone(), settings, "");
    report.incomplete.clear();
    report.module.version = chosen.version.map(str::to_owned);
    report.go.clone_from(&session.env().goversion);
    run.fill(&mut report);
    if let Some(version) = chosen.version {
        // It lies in a scratch directory, which means nothing to readers.
        let name = format!("{}@{version}", report.module.path);
        let from = chosen.root.as_str();
        report.observations = renamed(report.observations, from, &name);
        report.wasm = renamed(report.wasm, from, &name);
    }
    report
}

/// A part of a report, with a directory under another name in all its texts.
fn renamed<P: Serialize + DeserializeOwned>(part: P, from: &str, to: &str) -> P {
    fn rename(value: &mut Value, from: &str, to: &str) {
        match value {
            Value::String(text) if text.contains(from) => *text = text.replace(from, to),
            Value::Array(all) => all.iter_mut().for_each(|v| rename(v, from, to)),
            Value::Object(all) => all.values_mut().for_each(|v| rename(v, from, to)),
            _ => {}
        }
    }
    let renamed = serde_json::to_value(&part).and_then(|mut value| {
        rename(&mut value, from, to);
        serde_json::from_value(value)
    });
    renamed.unwrap_or(part)
}

/// What `wasmcheck why` has found out of a module.
pub(crate) struct Answer {
    /// Path of the module.
    pub(crate) module: String,
    /// For each build of the targets.
    pub(crate) builds: Vec<(Goos, Option<Why>)>,
    /// What could not be found out.
    pub(crate) incomplete: Vec<Incomplete>,
}

/// What leads to a package or a function.
pub(crate) fn why(
    go: &Go,
    chosen: Chosen<'_>,
    what: &str,
    settings: &Settings,
    progress: &Progress,
) -> Answer {
    let mut incomplete = Vec::new();
    let session = match check::open(go, chosen.root, settings) {
        Ok(session) => session,
        Err(e) => {
            let report = check::empty_report(directory_name(chosen), settings, &e.to_string());
            return Answer {
                module: report.module.path,
                builds: Vec::new(),
                incomplete: report.incomplete,
            };
        }
    };
    let run = Run::new(&session, chosen, settings, progress);
    let builds = run.scanned(&mut incomplete, |mut scan, listed, _| {
        let why = |goos: Goos| (goos, scan.why(goos, what));
        listed.builds().map(why).collect()
    });
    Answer {
        module: run.module,
        builds,
        incomplete,
    }
}

/// What a module is called that cannot be opened.
fn directory_name(chosen: Chosen<'_>) -> String {
    chosen.root.file_name().unwrap_or("module").to_owned()
}

/// A main package that was linked.
#[derive(Clone, Debug)]
pub(crate) struct LinkedMain {
    pub(crate) goos: Goos,
    pub(crate) package: String,
    pub(crate) file: Utf8PathBuf,
}

struct Run<'r> {
    session: &'r Session,
    settings: &'r Settings,
    progress: &'r Progress,
    patterns: &'r [String],
    module: String,
    top: &'r Utf8Path,
}

impl<'r> Run<'r> {
    fn new(
        session: &'r Session,
        chosen: Chosen<'r>,
        settings: &'r Settings,
        progress: &'r Progress,
    ) -> Self {
        let path = session.module_path().ok().filter(|p| !p.is_empty());
        Self {
            session,
            settings,
            progress,
            patterns: chosen.patterns,
            module: path.unwrap_or_else(|| directory_name(chosen)),
            top: chosen.top,
        }
    }

    /// List the packages, and scan them.
    fn scanned<T>(
        &self,
        incomplete: &mut Vec<Incomplete>,
        with: impl FnOnce(Scan<'_>, Listed<'_>, &mut Vec<Incomplete>) -> T,
    ) -> T {
        self.progress
            .phase(&format!("listing the packages of {}", self.module));
        let (native, listings) = self.list(incomplete);
        self.progress.phase(&format!(
            "reading {} packages",
            listings
                .iter()
                .map(|(_, l)| l.packages.len())
                .max()
                .unwrap_or(0)
        ));
        if listings.iter().all(|(_, l)| l.packages.is_empty()) && !listings.is_empty() {
            let patterns = self.patterns.join(" ");
            incomplete.push(Incomplete {
                stage: Stage::Load,
                target: None,
                reason: format!(
                    "{}: no Go package matches {patterns}; name a directory with Go files",
                    self.session.root()
                ),
            });
        }
        let env = self.session.env();
        let places = Places {
            root: self.top,
            goroot: &env.goroot,
            modcache: &env.gomodcache,
        };
        let stubs: Vec<StubSignature> = advisors::stubs().into_iter().map(signature).collect();
        let guards = self.settings.config.guards();
        let settings = analyzer::Settings {
            module: &self.module,
            dir: self.session.root(),
            places,
            tags: &self.settings.tags,
            release: release(&env.goversion),
            targets: &self.settings.targets,
            native: native.as_ref(),
            guards: &guards,
            stubs: &stubs,
        };
        let listed = Listed {
            native: native.as_ref(),
            wasm: &listings,
        };
        let disk = CachedDisk::new(self.settings.cached, &[&env.goroot, &env.gomodcache]);
        let scan = Scan::new(settings, &listings, &disk);
        with(scan, listed, incomplete)
    }

    fn fill(&self, report: &mut Report) {
        let mut incomplete = Vec::new();
        self.scanned(&mut incomplete, |scan, listed, incomplete| {
            report.incomplete.append(incomplete);
            self.judge(scan, listed, report);
        });
    }

    /// From a scan to a report, as deep as is asked for.
    fn judge(&self, mut scan: Scan<'_>, listed: Listed<'_>, report: &mut Report) {
        let mut linked = Vec::new();
        if self.settings.level >= Level::Build {
            for goos in listed.builds() {
                if let Err(e) = self.compile(&mut scan, goos, &mut linked) {
                    say(
                        &mut report.incomplete,
                        Stage::Build,
                        goos,
                        &self.settings.targets,
                        &e,
                    );
                }
            }
        }
        self.inspect(&mut scan, &linked, report);
        let deadline = Instant::now() + self.settings.budget;
        let sandbox = Sandbox::find(self.session, self.settings);
        if self.settings.level >= Level::Run {
            let (session, settings) = (self.session, self.settings);
            let stage = run::Stage::new(
                &self.module,
                session,
                settings,
                self.progress,
                &sandbox,
                deadline,
            );
            stage.run(&mut scan, &linked, report);
            let stage = scenarios::Stage {
                session,
                settings,
                progress: self.progress,
                sandbox: &sandbox,
                listed,
                deadline,
            };
            stage.run(&mut scan, report);
        }
        let tags = scan.tags();
        let mut judged = scan.judge();
        let packages = judged.targets.iter().flat_map(|t| &t.packages);
        let absent = packages.filter(|p| p.own && p.builds == Builds::Absent);
        let absent = absent.map(|p| p.package.clone()).collect();
        report.advice = advisors::advise(&mut judged.findings, &absent);
        report.findings = judged.findings;
        report.incomplete.extend(judged.incomplete);
        for target in judged.targets {
            if let Some(slot) = report
                .targets
                .iter_mut()
                .find(|t| t.target == target.target)
            {
                *slot = target;
            }
        }
        if let Some(tests) = self.settings.tests {
            let stage = suites::Stage {
                module: &self.module,
                top: self.top,
                session: self.session,
                settings: self.settings,
                tests,
                progress: self.progress,
                sandbox: &sandbox,
                deadline,
                listed,
            };
            stage.run(report);
        }
        if self.settings.level >= Level::Run {
            let stage = attempt::Stage {
                module: &self.module,
                session: self.session,
                settings: self.settings,
                progress: self.progress,
                sandbox: &sandbox,
                // Tests may have a long budget, remedies need none.
                deadline: deadline.min(Instant::now() + check::USUAL),
            };
            stage.run(report, &tags);
        }
    }

    /// Read back the wasm of every main.
    fn inspect(&self, scan: &mut Scan<'_>, linked: &[LinkedMain], report: &mut Report) {
        for main in linked {
            let name = format!("{}/{}.wasm", main.goos, main.package);
            let places = scan.places(main.goos);
            let asked = Asked {
                uses: true,
                places: &places,
                ..Asked::default()
            };
            let read = files::read_wasm(&main.file).and_then(|bytes| {
                analyzer::inspect_wasm(&name, bytes, asked).map_err(|e| e.to_string())
            });
            match read {
                Ok(mut read) => {
                    let wasm = &mut read.file;
                    wasm.package = Some(main.package.clone());
                    let built = |t: &&Target| t.goos() == main.goos;
                    wasm.targets = self
                        .settings
                        .targets
                        .iter()
                        .filter(built)
                        .copied()
                        .collect();
                    scan.inspected(main.goos, &main.package, wasm);
                    scan.linked(main.goos, &main.package, &read);
                    report.wasm.push(read.file);
                }
                Err(reason) => report.incomplete.push(Incomplete {
                    stage: Stage::Build,
                    target: None,
                    reason: format!("{name} was linked and cannot be read back: {reason}"),
                }),
            }
        }
        for goos in Goos::ALL {
            scan.dropped(goos);
        }
    }

    /// The packages of this machine's build and of each wasm build, all asked for at once.
    fn list(&self, incomplete: &mut Vec<Incomplete>) -> (Option<Listing>, Vec<(Goos, Listing)>) {
        let builds = analyzer::builds_of(&self.settings.targets);
        let (native, wasm) = thread::scope(|scope| {
            let list = |platform| scope.spawn(move || self.session.list(platform, self.patterns));
            let native = list(Platform::Native);
            let wasm: Vec<_> = builds
                .iter()
                .map(|goos| (*goos, list(Platform::Wasm(*goos))))
                .collect();
            let join = |handle: thread::ScopedJoinHandle<'_, Result<Listing, Error>>| {
                handle.join().unwrap_or(Err(Error::Interrupted))
            };
            (
                join(native),
                wasm.into_iter()
                    .map(|(goos, handle)| (goos, join(handle)))
                    .collect::<Vec<_>>(),
            )
        });
        let mut listings = Vec::new();
        for (goos, listing) in wasm {
            match listing {
                Ok(listing) if !listing.packages.is_empty() => listings.push((goos, listing)),
                Ok(_) => listings.push((goos, Listing::default())),
                Err(e) => say(incomplete, Stage::Load, goos, &self.settings.targets, &e),
            }
        }
        (native.ok(), listings)
    }

    /// Compile everything that compiles, and link the mains whose packages all did.
    fn compile(
        &self,
        scan: &mut Scan<'_>,
        goos: Goos,
        linked: &mut Vec<LinkedMain>,
    ) -> Result<(), Error> {
        self.progress
            .phase(&format!("compiling {} for {goos}", self.module));
        let mut compiled = Compiled::read(&self.session.compile(goos, self.patterns)?);
        for package in compiled.cut.clone() {
            self.progress.phase(&format!(
                "compiling {package} for {goos} again, for all of its errors"
            ));
            compiled.replace(
                &package,
                &self.session.compile_with_all_errors(goos, &package)?,
            );
        }
        scan.join(goos, &compiled);
        let mains = scan.linkable(goos);
        for (number, main) in mains.iter().enumerate() {
            self.progress.phase(&format!(
                "linking {main} for {goos} ({} of {})",
                number + 1,
                mains.len()
            ));
            match self.session.link(goos, main, number)? {
                Linked::Failed(output) => scan.link_failed(goos, main, &output),
                Linked::Ok(file) => linked.push(LinkedMain {
                    goos,
                    package: main.clone(),
                    file,
                }),
            }
        }
        Ok(())
    }
}

fn signature(stub: advisors::Stub) -> StubSignature {
    StubSignature {
        package: stub.package,
        below: stub.below,
        text: stub.text,
        message: stub.message,
    }
}

fn say(
    incomplete: &mut Vec<Incomplete>,
    stage: Stage,
    goos: Goos,
    targets: &[Target],
    error: &Error,
) {
    let there = targets.iter().filter(|t| t.goos() == goos);
    incomplete.extend(there.map(|target| Incomplete {
        stage,
        target: Some(*target),
        reason: error.to_string(),
    }));
}

/// N of `go1.N.P`; 0 for versions that cannot be read.
fn release(version: &str) -> u32 {
    let minor = version.strip_prefix("go1.").unwrap_or_default();
    let digits = minor
        .find(|c: char| !c.is_ascii_digit())
        .map_or(minor, |end| &minor[..end]);
    digits.parse().unwrap_or(0)
}
