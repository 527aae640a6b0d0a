//! Failures that end a command without a report.

use std::fmt;

use model::ExitStatus;

/// Why there is no report, and the exit status that says so.
#[derive(Debug)]
pub struct Failure {
    /// The exit status of the program.
    pub status: ExitStatus,
    message: String,
}

impl Failure {
    /// Something could not be judged at all.
    pub fn no_verdict(message: String) -> Self {
        Self {
            status: ExitStatus::NoVerdict,
            message,
        }
    }

    /// The command line or a configuration file is wrong.
    pub fn usage(message: String) -> Self {
        Self {
            status: ExitStatus::Usage,
            message,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<toolchain::Error> for Failure {
    fn from(e: toolchain::Error) -> Self {
        let status = if e.is_usage() {
            ExitStatus::Usage
        } else {
            ExitStatus::NoVerdict
        };
        Self {
            status,
            message: e.to_string(),
        }
    }
}
