//! What a page shows, in the words of other runs.

use model::{End, Ran};
use runtime_harness::{SuiteRun, crash_in, read_suite};
use toolchain::Shown;

use super::Seen;

/// A program that ended, or did not: in a page a deadlock is silent.
pub(super) fn seen(shown: Shown, host: String) -> Seen {
    let ran = ran(&shown, host);
    Seen {
        ran,
        stdout: shown.stdout,
        stderr: shown.stderr,
        without_module: None,
    }
}

fn ran(shown: &Shown, host: String) -> Ran {
    let end = match (shown.timed_out, shown.code) {
        (true, _) => End::Timeout,
        (false, Some(0)) => End::Ok,
        (false, Some(_)) if crash_in(&shown.stderr).is_some() => End::Crash,
        (false, Some(_)) => End::Fail,
        (false, None) => End::Crash,
    };
    Ran {
        end,
        exit: shown.code,
        why: shown.why.clone(),
        calls: Vec::new(),
        refusals: Vec::new(),
        milliseconds: 0,
        memory: 0,
        host,
    }
}

/// A test binary.
pub(super) fn suite(shown: &Shown) -> SuiteRun {
    read_suite(&shown.both, shown.code, shown.timed_out)
}
