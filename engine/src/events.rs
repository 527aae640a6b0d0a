//! Events of the engine's work; a terminal, a file of JSON lines and a page are listeners.

use std::sync::Arc;

use model::{Goos, Target};

/// Something begins, or has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'e> {
    /// A published module is fetched.
    Fetching {
        /// `MODULE@VERSION`
        module: &'e str,
    },
    /// A local `replace` directive of a published module was dropped.
    ReplaceDropped {
        /// `MODULE@VERSION`
        module: &'e str,
        /// The directive, without its keyword.
        replace: &'e str,
    },
    /// A module that go.work names is not checked, because it lies outside of the workspace and its repository.
    MemberLeftOut {
        /// Where it lies.
        dir: &'e str,
    },
    /// A program that PATH names is not started, because it lies in the current directory or in the module.
    ProgramRefused {
        /// Where it lies.
        file: &'e str,
    },
    /// Go fetches something from the network.
    Fetched {
        /// `MODULE VERSION`
        what: &'e str,
    },
    /// The packages of a module are listed.
    Listing {
        /// Path of the module.
        module: &'e str,
    },
    /// Source is read.
    Reading {
        /// Number of packages of the largest build.
        packages: usize,
    },
    /// All packages of a module are compiled.
    Compiling {
        /// Path of the module.
        module: &'e str,
        /// The build.
        goos: Goos,
    },
    /// A package is compiled again, for all of its errors.
    CompilingAgain {
        /// Import path.
        package: &'e str,
        /// The build.
        goos: Goos,
    },
    /// A main package is linked.
    Linking {
        /// Import path.
        package: &'e str,
        /// The build.
        goos: Goos,
        /// Which one of how many.
        step: Step,
    },
    /// Packages that fail are compiled with changes.
    Mending {
        /// The build.
        goos: Goos,
    },
    /// A main package is run.
    Running {
        /// Import path.
        package: &'e str,
        /// Where it runs.
        target: Target,
        /// Which one of how many.
        step: Step,
    },
    /// Library packages are initialised by one program.
    Initialising {
        /// Import paths.
        packages: &'e [String],
        /// Where they run.
        target: Target,
    },
    /// A scenario of `wasmcheck.toml` is played.
    Playing {
        /// Its name.
        scenario: &'e str,
        /// Where it runs.
        target: Target,
    },
    /// The tests of a package are run.
    Testing {
        /// Import path.
        package: &'e str,
        /// Which one of how many.
        step: Step,
    },
    /// The versions of a module are asked for.
    AskingVersions {
        /// Path of the module.
        module: &'e str,
    },
    /// A remedy is tried.
    Trying {
        /// What it is, as text.
        remedy: &'e str,
        /// The build.
        goos: Goos,
    },
    /// A changed dependency is built in its own tree.
    BuildingAlone {
        /// Path of the module.
        module: &'e str,
    },
}

/// One of several alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which one, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// Hears what the engine does, from any of its threads.
pub trait Listener: Send + Sync {
    /// Called as the event happens.
    fn hear(&self, event: Event<'_>);
}

impl<F: Fn(Event<'_>) + Send + Sync> Listener for F {
    fn hear(&self, event: Event<'_>) {
        self(event);
    }
}

/// A listener that the Go command's output is told to, too, while the engine works.
pub type Events = Arc<dyn Listener>;
