//! Ends the process of a guest that cannot be stopped otherwise.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use runtime_harness::{End, NAME};
use toolchain::Interrupt;

use super::{Launch, REFUSED};
use crate::files;
use crate::task::Run;

/// How long after its time a guest may still sit in a call to the host.
const GRACE: Duration = Duration::from_secs(1);
/// How long after an interrupt it may sit there.
const ASKED: Duration = Duration::from_millis(300);
/// 128 + SIGINT.
pub(super) const INTERRUPTED: u8 = 130;
/// What is said then.
pub(super) const WAS_INTERRUPTED: &str = "interrupted";

/// End the process when the user wants it, when a guest does not stop in time (it may sit in a call
/// to the host, or the compiler may take too long), or when the compiler takes too much memory.
pub(super) fn watch(launch: &Launch, interrupt: &Interrupt, scratch: Option<PathBuf>) {
    let launch = launch.clone();
    let interrupt = interrupt.clone();
    let end = (!launch.timeout.is_zero())
        .then(|| Instant::now().checked_add(launch.timeout.saturating_add(GRACE)))
        .flatten();
    // The guest's own memory is held to its limit elsewhere.
    let most = [launch.sizes.memory, launch.sizes.compile_memory].map(|size| size.as_u64());
    let memory = most[0].saturating_add(most[1]);
    std::thread::spawn(move || {
        let mut asked = None;
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let over = if end.is_some_and(|end| Instant::now() >= end) {
                Some((true, launch.exit(&End::TimedOut)))
            } else if resident().is_some_and(|resident| resident > memory) {
                let why = format!(
                    "compiling the program needed more memory than the limit of {} (--max-compile-memory)",
                    launch.sizes.compile_memory
                );
                Some((false, (REFUSED, Some(why))))
            } else {
                None
            };
            // It ends by itself as soon as it can, and then nothing is written any more.
            let is_asked =
                interrupt.is_raised() && asked.get_or_insert_with(Instant::now).elapsed() >= ASKED;
            if !is_asked && over.is_none() {
                continue;
            }
            if let Some(scratch) = &scratch {
                // The guest may still write there, until its directory is gone.
                toolchain::remove_scratch(scratch);
            }
            let Some((late, (code, why))) = over else {
                launch.complain(WAS_INTERRUPTED);
                leave(INTERRUPTED)
            };
            let why = why.unwrap_or_default();
            launch.report(&Run {
                why: Some(why.clone()),
                ..Run::ended(NAME.to_owned(), None, late)
            });
            launch.complain(&why);
            leave(code);
        }
    });
}

/// Memory of this process, in bytes, where the system gives it (`proc_pid_status(5)`, in KiB).
fn resident() -> Option<u64> {
    let told = files::read_text(Utf8Path::new("/proc/self/status")).ok()?;
    let line = told.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let size: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(size * 1024)
}

#[expect(
    clippy::exit,
    reason = "the guest's thread cannot be stopped otherwise"
)]
fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}
