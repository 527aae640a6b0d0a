//! The wasm of mains, read back.

use analyzer::{InspectOptions, Inspected, Scan};
use model::{Goos, Report};

use super::compile::LinkedMain;
use crate::checkup::Checkup;
use crate::files;
use crate::incomplete::incomplete;
use model::Stage;

/// Read back the wasm of every main, and join it with the scan.
pub(crate) fn inspect(
    checkup: &Checkup<'_>,
    scan: &mut Scan<'_>,
    linked: &[LinkedMain],
    report: &mut Report,
) {
    for main in linked {
        let name = format!("{}/{}.wasm", main.goos, main.package);
        match read(scan, main, &name) {
            Ok(mut read) => {
                let wasm = &mut read.file;
                wasm.package = Some(main.package.clone());
                wasm.targets = checkup.targets_of(main.goos).collect();
                scan.inspected(main.goos, &main.package, wasm);
                scan.linked(main.goos, &main.package, &read);
                report.wasm.push(read.file);
            }
            Err(reason) => {
                let why = format!("{name} was linked and cannot be read back: {reason}");
                report.incomplete.push(incomplete(Stage::Build, None, why));
            }
        }
    }
    for goos in Goos::ALL {
        scan.dropped(goos);
    }
}

fn read(scan: &mut Scan<'_>, main: &LinkedMain, name: &str) -> Result<Inspected, String> {
    let places = scan.places(main.goos);
    let asked = InspectOptions {
        uses: true,
        places: &places,
        ..InspectOptions::default()
    };
    let bytes = files::read_wasm(&main.file)?;
    analyzer::inspect_wasm(name, bytes, asked).map_err(|e| e.to_string())
}
