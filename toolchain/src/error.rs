//! Failures that a user can cause and mend.

use camino::Utf8PathBuf;
use model::GoFault;

/// Why the Go command could not be asked. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `go` on PATH.
    #[error(
        "no Go toolchain found: `{program}` cannot be started ({source}); install Go from https://go.dev/dl, put it on PATH, or name it with --go"
    )]
    NoGo {
        /// What was to be started.
        program: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// A file or directory could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which one.
        path: Utf8PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The Go command refused as a whole.
    #[error("`{command}` failed: {message}{}", advice(message))]
    Go {
        /// The command as one would type it.
        command: String,
        /// What it said.
        message: String,
    },
    /// The Go command printed something that cannot be read.
    #[error("`{command}` printed what cannot be parsed: {message}")]
    Output {
        /// The command as one would type it.
        command: String,
        /// What is wrong with it.
        message: String,
    },
    /// There is no go.mod.
    #[error(
        "{path}: no go.mod here or in any directory above; run `go mod init` there, or name a directory that belongs to a module"
    )]
    NoModule {
        /// The directory that was asked for.
        path: Utf8PathBuf,
    },
    /// GOFLAGS has a value of `-mod` that Go refuses.
    #[error(
        "GOFLAGS: -mod={value} not supported (can be '', 'mod', 'readonly', or 'vendor'); `go env GOFLAGS` shows it, in the environment or written by `go env -w`"
    )]
    ModFlag {
        /// The value.
        value: String,
    },
    /// A scratch directory or a pipe could not be made.
    #[error(
        "cannot create a temporary directory: {0}; free some space or set TMPDIR to another disk"
    )]
    Scratch(std::io::Error),
    /// A candidate has an edit of a file, which cannot be tried.
    #[error("{path}: a change of a file cannot be tried, only requirements and build tags can")]
    FileEdit {
        /// The file, relative to the module's root.
        path: Utf8PathBuf,
    },
    /// A process was ended at its deadline.
    #[error("`{command}` took too long and was stopped")]
    TookTooLong {
        /// The command as one would type it.
        command: String,
    },
    /// The user, or the system, asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An [`Error::Io`] for a path.
    pub fn io(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Whether another directory, rather than another machine, would mend it.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoModule { .. })
    }
}

/// What to do about a failure, on a line of its own.
fn advice(message: &str) -> String {
    let advice = GoFault::of(message).and_then(GoFault::advice);
    advice.map_or_else(String::new, |advice| format!("\n{advice}"))
}
