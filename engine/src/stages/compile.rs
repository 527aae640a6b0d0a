//! What the compiler and the linker say.

use analyzer::{Compiled, Scan};
use camino::Utf8PathBuf;
use model::{Goos, Report};
use toolchain::{Error, Linked};

use crate::checkup::Checkup;
use crate::events::{Event, Step};
use model::Stage;

/// A main package that was linked.
#[derive(Clone, Debug)]
pub(crate) struct LinkedMain {
    pub(crate) goos: Goos,
    pub(crate) package: String,
    pub(crate) file: Utf8PathBuf,
}

/// Compile and link each wasm build.
pub(crate) fn compile(
    checkup: &Checkup<'_>,
    scan: &mut Scan<'_>,
    report: &mut Report,
) -> Vec<LinkedMain> {
    let mut linked = Vec::new();
    for (goos, _) in checkup.builds.wasm() {
        let done = match packages(checkup, scan, goos) {
            Ok(()) => mains(checkup, scan, goos, &mut linked),
            Err(e) => {
                scan.not_compiled(goos);
                Err(e)
            }
        };
        if let Err(e) = done {
            checkup.say_of(&mut report.incomplete, Stage::Build, goos, &e);
        }
    }
    linked
}

/// Compile everything that compiles, again where Go cut its list of errors short.
fn packages(checkup: &Checkup<'_>, scan: &mut Scan<'_>, goos: Goos) -> Result<(), Error> {
    checkup.tell(Event::Compiling {
        module: checkup.module,
        goos,
    });
    let session = checkup.session;
    let mut compiled = Compiled::read(&session.compile(goos, checkup.patterns)?);
    for package in compiled.cut.clone() {
        checkup.tell(Event::CompilingAgain {
            package: &package,
            goos,
        });
        let all = session.compile_with_all_errors(goos, &package)?;
        compiled.replace(&package, &all);
    }
    scan.join(goos, &compiled);
    Ok(())
}

/// Link the mains whose packages all compiled.
fn mains(
    checkup: &Checkup<'_>,
    scan: &mut Scan<'_>,
    goos: Goos,
    linked: &mut Vec<LinkedMain>,
) -> Result<(), Error> {
    let mains = scan.linkable(goos);
    for (number, main) in mains.iter().enumerate() {
        checkup.tell(Event::Linking {
            package: main,
            goos,
            step: Step {
                number: number + 1,
                of: mains.len(),
            },
        });
        match checkup.session.link(goos, main, number) {
            Ok(Linked::Failed(output)) => scan.link_failed(goos, main, &output),
            Ok(Linked::Ok(file)) => linked.push(LinkedMain {
                goos,
                package: main.clone(),
                file,
            }),
            Err(e) => {
                scan.not_linked(goos, &mains[number..]);
                return Err(e);
            }
        }
    }
    Ok(())
}
