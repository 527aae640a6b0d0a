//! Runs of programs as they are observed, made by hand.

use model::{Difference, End, Frame, Observation, RunBuild, RunKind, Scenario, Target, TestClass};

/// A run of the main package of the module in memory, on wasip1.
pub(crate) fn run(end: End) -> Observation {
    Observation {
        target: Target::Wasip1,
        package: "example.com/m".to_owned(),
        kind: RunKind::Main,
        build: RunBuild::Ok,
        end: Some(end),
        exit: None,
        summary: "panic: by hand".to_owned(),
        stack: Vec::new(),
        stdout: String::new(),
        stderr: String::new(),
        calls: Vec::new(),
        refusals: Vec::new(),
        host: "wasmtime 1.2.3".to_owned(),
        milliseconds: 1,
        memory: 0,
        together: 1,
        goroutines: 0,
        tests: std::collections::BTreeMap::new(),
        entered: Vec::new(),
        scenario: None,
    }
}

/// A call on a stack.
pub(crate) fn frame(function: &str, file: &str, line: u32) -> Frame {
    Frame {
        function: function.to_owned(),
        file: file.to_owned(),
        line,
    }
}

/// A scenario that was played, and how it compares.
pub(crate) fn scenario(class: TestClass, differences: Vec<Difference>) -> Scenario {
    Scenario {
        name: "greets".to_owned(),
        args: Vec::new(),
        class,
        because: Vec::new(),
        differences,
        unsteady: Vec::new(),
        files: Vec::new(),
        native_exit: Some(0),
    }
}

/// What is other than natively.
pub(crate) fn difference(what: &str, native: &str, here: &str) -> Difference {
    Difference {
        what: what.to_owned(),
        native: native.to_owned(),
        here: here.to_owned(),
    }
}
