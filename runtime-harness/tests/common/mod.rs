//! Guests for tests.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses a part of this, and a test that cannot start has failed"
)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use runtime_harness::{Guest, Limits};

/// Where a guest prints.
#[derive(Clone, Default)]
pub(crate) struct Sink(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A guest with nothing but its module.
pub(crate) fn bare(wasm: &[u8]) -> Guest {
    Guest {
        wasm: wasm.to_vec().into(),
        args: Vec::new(),
        env: Vec::new(),
        dirs: Vec::new(),
        stdin: None,
        stdout: Box::new(io::sink()),
        stderr: Box::new(io::sink()),
        limits: Limits::default(),
        deterministic: false,
        trace: None,
        unwinder: None,
        compiler: runtime_harness::Compiler::default(),
        keeper: None,
        invoke: None,
        stop: None,
    }
}
