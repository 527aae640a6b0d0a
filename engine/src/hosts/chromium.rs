//! Headless Chromium: programs in a page, which has neither files nor input.

use toolchain::{Chromium, Interrupt, Shown};

use super::Host;
use crate::task::{Printed, Run, Task};

/// Runs programs of `GOOS=js` in pages of a browser.
pub(super) struct ChromiumHost {
    chromium: Chromium,
    interrupt: Interrupt,
}

impl ChromiumHost {
    pub(super) fn new(chromium: Chromium, interrupt: Interrupt) -> Self {
        Self {
            chromium,
            interrupt,
        }
    }
}

impl Host for ChromiumHost {
    fn name(&self) -> String {
        self.chromium.version.clone()
    }

    fn run(&self, task: &Task) -> Result<Run, String> {
        let name = task.program.file_name().unwrap_or("js");
        let mut args = vec![name.to_owned()];
        args.extend(task.arguments());
        let shown = self
            .chromium
            .run(&task.program, &args, &task.env, task.time, &self.interrupt);
        let shown = shown.map_err(|e| e.to_string())?;
        Ok(run(shown, self.name()))
    }
}

/// A program that ended, or did not: in a page a deadlock is silent.
fn run(shown: Shown, host: String) -> Run {
    Run {
        why: shown.why,
        printed: Printed {
            stdout: shown.stdout,
            stderr: shown.stderr,
            both: shown.both,
        },
        ..Run::ended(host, shown.code, shown.timed_out)
    }
}
