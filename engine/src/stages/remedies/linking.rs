//! Whether what compiles also links and starts: programs by themselves, libraries in programs that import them for their
//! initialisation, which run in the sandbox.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use model::{Confirmed, End, Goos, ListedPackage};
use toolchain::{Error, Linked, Session};

use super::{first_lines, may_import};
use crate::checkup::Checkup;
use crate::hosts::Site;
use crate::paths::is_inside;
use crate::stages::run::{EACH, importer_dir};
use crate::task::{Run, Task};

/// What is done with programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mains {
    /// So many are linked.
    Link(usize),
    /// So many are linked, and run without arguments.
    Run(usize),
}

/// What linking packages found out.
#[derive(Default)]
pub(super) struct Found {
    /// Those that link, and how far each was seen to work.
    pub(super) linked: BTreeMap<String, Confirmed>,
    /// Why the first does not that does not.
    pub(super) unlinked: Option<String>,
    /// How many do not.
    pub(super) failed: usize,
    /// What the first program said of which the initialisation failed.
    pub(super) stopped: Option<String>,
    /// Why the first program could not be run.
    pub(super) not_run: Option<String>,
    /// Time was over before all were linked.
    pub(super) cut_off: bool,
}

/// Link packages of one build. Libraries that may be imported from one directory are linked together, or each alone
/// where that fails. Those of dependencies that the module may not import are passed over, and so are programs after
/// the first ones.
///
/// # Errors
/// The Go command cannot be run; what it says of a package is no error.
pub(super) fn link(
    checkup: &Checkup<'_>,
    session: &Session,
    goos: Goos,
    packages: &[&ListedPackage],
    mains: Mains,
) -> Result<Found, Error> {
    let mut linking = Linking {
        checkup,
        session,
        goos,
        number: 0,
        runs_mains: matches!(mains, Mains::Run(_)),
        found: Found::default(),
    };
    let (programs, libraries): (Vec<&ListedPackage>, Vec<&ListedPackage>) =
        packages.iter().partition(|p| p.name == "main");
    let (Mains::Link(most) | Mains::Run(most)) = mains;
    for program in programs.into_iter().take(most) {
        linking.program(&program.import_path)?;
    }
    let mut groups: BTreeMap<Utf8PathBuf, Vec<String>> = BTreeMap::new();
    for library in libraries {
        let path = &library.import_path;
        let own = is_inside(checkup.module, path);
        if own || may_import(checkup.module, path) {
            let below = if own {
                importer_dir(checkup.module, path)
            } else {
                Utf8PathBuf::new()
            };
            groups.entry(below).or_default().push(path.clone());
        }
    }
    for (below, packages) in &groups {
        linking.libraries(below, packages)?;
    }
    Ok(linking.found)
}

struct Linking<'l> {
    checkup: &'l Checkup<'l>,
    session: &'l Session,
    goos: Goos,
    /// Keeps the files apart that are linked.
    number: usize,
    /// Programs are run, too.
    runs_mains: bool,
    found: Found,
}

impl Linking<'_> {
    fn program(&mut self, path: &str) -> Result<(), Error> {
        self.number += 1;
        let linked = self.session.link(self.goos, path, self.number);
        match self.in_time(linked)? {
            Some(Linked::Ok(file)) => {
                let outcome = if self.runs_mains {
                    // What a program says of missing arguments is no fault.
                    self.ran(&file, |end| end != End::Crash)
                } else {
                    Confirmed::Build
                };
                self.found.linked.insert(path.to_owned(), outcome);
            }
            Some(Linked::Failed(why)) => self.failed(&why),
            None => {}
        }
        Ok(())
    }

    fn libraries(&mut self, below: &Utf8Path, packages: &[String]) -> Result<(), Error> {
        if self.checkup.is_over() {
            self.found.cut_off = true;
            return Ok(());
        }
        self.number += 1;
        let linked = self
            .session
            .link_inits(self.goos, below, packages, self.number);
        match self.in_time(linked)? {
            Some(Linked::Ok(file)) => {
                let outcome = self.ran(&file, |end| end == End::Ok);
                let linked = packages.iter().map(|p| (p.clone(), outcome));
                self.found.linked.extend(linked);
            }
            Some(Linked::Failed(_)) if packages.len() > 1 => {
                for package in packages {
                    self.libraries(below, std::slice::from_ref(package))?;
                }
            }
            Some(Linked::Failed(why)) => self.failed(&why),
            None => {}
        }
        Ok(())
    }

    /// What there was no time for is not confirmed, and no error.
    fn in_time(&mut self, linked: Result<Linked, Error>) -> Result<Option<Linked>, Error> {
        match linked {
            Err(Error::TookTooLong { .. }) => {
                self.found.cut_off = true;
                Ok(None)
            }
            linked => linked.map(Some),
        }
    }

    fn failed(&mut self, why: &str) {
        self.found.failed += 1;
        self.found.unlinked.get_or_insert_with(|| first_lines(why));
    }

    /// How far a program came that is run without arguments: it works where it ends well.
    fn ran(&mut self, file: &Utf8Path, ends_well: impl Fn(End) -> bool) -> Confirmed {
        let site = Site::On(self.goos.representative());
        let hosts = self.checkup.hosts;
        if !hosts.runs(site) {
            return Confirmed::Build;
        }
        let run = hosts.run(site, &Task::new(file, EACH));
        match run.map(Run::with_panics_as_crashes) {
            Ok(run) if ends_well(run.end) => return Confirmed::Run,
            Ok(run) => {
                let said = first_lines(&run.printed.stderr);
                self.found.stopped.get_or_insert(said);
            }
            Err(why) => _ = self.found.not_run.get_or_insert(why),
        }
        Confirmed::Build
    }
}
