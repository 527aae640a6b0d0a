//! Kinds of failure of the go command, read from its messages: it has no codes for them.

/// Why the go command failed, as far as its message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GoFault {
    /// No file of a package is left on the target (`NoGoError` in `go/build/build.go`).
    Excluded,
    /// The module needs a newer Go, and GOTOOLCHAIN=local forbids its download.
    Toolchain,
    /// A module is not in the cache, and GOPROXY=off forbids its download.
    Offline,
    /// The disk is full, or cannot be written.
    Disk,
    /// The system lacks memory, processes or open files; it ends the compiler or the linker then.
    Resources,
    /// A program that Go starts is not installed, such as git.
    Tool,
    /// A repository asks for a user name, a key or a password.
    Credentials,
    /// A module proxy refuses a module.
    Proxy,
    /// A module proxy or a repository is not reached.
    Network,
    /// An import path leads to no repository.
    Repository,
    /// A module is on no proxy, and GOVCS forbids to ask its repository.
    VersionControl,
    /// No module that is required has the package.
    NoPackage,
    /// A directory without Go files stands for the package.
    NoFiles,
    /// A module has no such version.
    NoVersion,
    /// An import path that no package can have.
    ImportPath,
    /// go.mod or go.work cannot be parsed.
    ModFile,
    /// A file or directory may not be read or written.
    Permission,
}

/// Fragments of messages, the most telling first: a message may have several. They are texts of
/// `cmd/go/internal` (modload, modfetch, modfetch/codehost, web), of git, and of the system.
const MESSAGES: &[(&str, GoFault)] = &[
    ("build constraints exclude all Go files", GoFault::Excluded),
    ("no non-test Go files", GoFault::Excluded),
    ("invalid import path", GoFault::ImportPath),
    ("malformed import path", GoFault::ImportPath),
    ("GOTOOLCHAIN=local", GoFault::Toolchain),
    ("GOPROXY=off", GoFault::Offline),
    ("module lookup disabled", GoFault::Offline),
    ("GOVCS disallows using", GoFault::VersionControl),
    ("no space left on device", GoFault::Disk),
    ("disk quota exceeded", GoFault::Disk),
    ("read-only file system", GoFault::Disk),
    ("signal: killed", GoFault::Resources),
    ("cannot allocate memory", GoFault::Resources),
    ("out of memory", GoFault::Resources),
    ("resource temporarily unavailable", GoFault::Resources),
    ("too many open files", GoFault::Resources),
    ("executable file not found", GoFault::Tool),
    ("could not read Username", GoFault::Credentials),
    ("terminal prompts disabled", GoFault::Credentials),
    ("Authentication failed", GoFault::Credentials),
    ("Permission denied (publickey", GoFault::Credentials),
    ("no secure protocol found", GoFault::Credentials),
    ("unknown revision", GoFault::NoVersion),
    ("reading http", GoFault::Proxy),
    ("401 Unauthorized", GoFault::Credentials),
    ("403 Forbidden", GoFault::Credentials),
    ("unrecognized import path", GoFault::Repository),
    ("no such host", GoFault::Network),
    ("dial tcp", GoFault::Network),
    ("i/o timeout", GoFault::Network),
    ("TLS handshake", GoFault::Network),
    ("tls: failed to", GoFault::Network),
    ("x509: certificate", GoFault::Network),
    ("Could not resolve host", GoFault::Network),
    ("connection refused", GoFault::Network),
    ("connection reset", GoFault::Network),
    ("git ls-remote", GoFault::Repository),
    ("cannot find module providing package", GoFault::NoPackage),
    ("no required module provides package", GoFault::NoPackage),
    ("does not contain package", GoFault::NoPackage),
    ("is not in std", GoFault::NoPackage),
    ("is not in GOROOT", GoFault::NoPackage),
    ("cannot find package", GoFault::NoPackage),
    ("no matching versions", GoFault::NoVersion),
    ("cannot query module", GoFault::NoVersion),
    ("no Go files in", GoFault::NoFiles),
    ("directory not found", GoFault::NoFiles),
    ("errors parsing", GoFault::ModFile),
    ("permission denied", GoFault::Permission),
];

const CREDENTIALS: &str = "for a private module set GOPRIVATE and configure git credentials";

impl GoFault {
    /// The kind of a message; none where no kind has such words.
    pub fn of(message: &str) -> Option<Self> {
        let found = MESSAGES.iter().find(|(words, _)| message.contains(words));
        found.map(|(_, fault)| *fault)
    }

    /// Whether the same module may load and build on another machine: with a network, credentials,
    /// disk or memory. Nothing is known about the module then.
    pub const fn is_of_machine(self) -> bool {
        match self {
            Self::Offline
            | Self::Disk
            | Self::Resources
            | Self::Tool
            | Self::Permission
            | Self::Credentials
            | Self::Proxy
            | Self::Network
            | Self::Repository
            | Self::VersionControl => true,
            Self::Excluded
            | Self::Toolchain
            | Self::NoPackage
            | Self::NoFiles
            | Self::NoVersion
            | Self::ImportPath
            | Self::ModFile => false,
        }
    }

    /// What the user can do about it.
    pub const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Toolchain => {
                "set GOTOOLCHAIN=auto to let Go download the newer toolchain, or install it"
            }
            Self::Offline => "run without --offline, or download it first with `go mod download`",
            Self::Disk => "free some space, or point TMPDIR and GOCACHE to a disk that has it",
            Self::Tool => "install the program that the message names, or use a module proxy",
            Self::Resources => {
                "free some memory, or set GOFLAGS=-p=1 to compile one package at a time"
            }
            Self::Credentials => CREDENTIALS,
            Self::Proxy => {
                "check the module's path and version, GOPROXY, and for a private module GOPRIVATE"
            }
            Self::Network => "check the network, its certificates and GOPROXY",
            Self::Repository => {
                "check its path and the network; for a private module set GOPRIVATE and configure git credentials"
            }
            Self::VersionControl => {
                "no proxy has it, and wasmcheck lets Go run git only for modules that GOPRIVATE names: name it there, or set GOVCS (`go help vcs`)"
            }
            Self::ModFile => "fix the line; `go mod edit -fmt` shows what can be parsed",
            Self::Permission => "check the owner and permissions of the file",
            Self::Excluded
            | Self::NoPackage
            | Self::NoFiles
            | Self::NoVersion
            | Self::ImportPath => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_go_command_have_a_kind() {
        for (message, fault) in [
            (
                "build constraints exclude all Go files in /m/x",
                Some(GoFault::Excluded),
            ),
            (
                "module a.b/c: git ls-remote -q origin: fatal: could not read Username for 'https://a.b'",
                Some(GoFault::Credentials),
            ),
            (
                "cannot find module providing package a.b/c: module lookup disabled by GOPROXY=off",
                Some(GoFault::Offline),
            ),
            (
                "module a.b/c@latest found (v1.8.0), but does not contain package a.b/c/d",
                Some(GoFault::NoPackage),
            ),
            (
                "package Pizza is not in std (/usr/lib/go/src/Pizza)",
                Some(GoFault::NoPackage),
            ),
            ("found packages a (a.go) and b (b.go) in /m", None),
            (
                "module example.com/x: Get \"https://proxy/x\": dial tcp: lookup proxy: no such host",
                Some(GoFault::Network),
            ),
            (
                "example.com/x@v1.0.0: module lookup disabled by GOPROXY=off",
                Some(GoFault::Offline),
            ),
            (
                "reading https://proxy/x/@v/list: 403 Forbidden",
                Some(GoFault::Proxy),
            ),
            (
                "fatal: could not read Username for 'https://git': terminal prompts disabled",
                Some(GoFault::Credentials),
            ),
            (
                "no required module provides package example.com/x; to add it:",
                Some(GoFault::NoPackage),
            ),
            (
                "go.mod requires go >= 1.99 (running go 1.26; GOTOOLCHAIN=local)",
                Some(GoFault::Toolchain),
            ),
            (
                "m.go:3:8: invalid import path: no such host",
                Some(GoFault::ImportPath),
            ),
            (
                "reading https://proxy/x/@v/v9.info: 404 Not Found\n\tinvalid version: unknown revision v9",
                Some(GoFault::NoVersion),
            ),
            (
                "Get \"https://proxy/x\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Some(GoFault::Network),
            ),
            (
                "failed to execute git version: exec: \"git\": executable file not found in $PATH",
                Some(GoFault::Tool),
            ),
            (
                "/go/pkg/tool/compile: signal: killed",
                Some(GoFault::Resources),
            ),
            (
                "example.com/x@v1.0.0: GOVCS disallows using git for public example.com/x; see 'go help vcs'",
                Some(GoFault::VersionControl),
            ),
            ("undefined: x", None),
            // The names of packages are no messages.
            ("example.com/mtls: relocation target f not defined", None),
            ("example.com/x509: function main is undeclared", None),
        ] {
            assert_eq!(GoFault::of(message), fault, "{message}");
        }
    }

    #[test]
    fn no_words_hide_later_ones() {
        for (at, (words, _)) in MESSAGES.iter().enumerate() {
            let hidden = MESSAGES[..at]
                .iter()
                .find(|(first, _)| words.contains(first));
            assert!(hidden.is_none(), "{words} is never reached");
        }
    }
}
