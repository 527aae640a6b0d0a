//! Whose call it was: the guest's own stack at a call to the host that failed.
//!
//! Where that stack lies and what it means, only an [`Unwinder`] knows; here it is asked, and what it
//! says is kept.

use std::borrow::Cow;

use model::{Frame, Refusal};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::watch::shortened;

/// The name under which the guest's stack pointer is exported.
pub(crate) const POINTER: &str = "__wasmcheck_sp";
/// Its global: Go's linker writes it first (`cmd/link/internal/wasm/asm.go`, `writeGlobalSec`).
const GLOBAL: u32 = 0;
/// Different refusals that are kept, and stacks that are read for them.
const MOST: usize = 100;
const MOST_WALKS: usize = 10_000;
/// Frames of one stack that are kept; calls that were inlined stand among them.
const MOST_FRAMES: usize = 1000;

/// Reads the stacks of guests of one language.
pub trait Unwinder: Send {
    /// The places in the guest that wait for a call of its function with the index `function`,
    /// innermost first, as numbers that [`Unwinder::frames`] knows; `sp` is its stack pointer.
    fn walk(&self, memory: &[u8], sp: u32, function: u32) -> Vec<u64>;

    /// The same for people.
    fn frames(&self, places: &[u64]) -> Vec<Frame>;

    /// Whether a stack leads to something that is the user's.
    fn matters(&self, frames: &[Frame]) -> bool;
}

/// Where a guest is when it calls the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) sp: u32,
    /// Index of the function that calls.
    pub(crate) function: u32,
}

/// Who made the calls that were refused.
pub(crate) struct Callers {
    unwinder: Box<dyn Unwinder>,
    refused: Vec<Refused>,
    walks: usize,
}

struct Refused {
    call: String,
    error: String,
    about: Option<String>,
    times: u64,
    places: Vec<u64>,
}

impl Callers {
    pub(crate) fn new(unwinder: Box<dyn Unwinder>) -> Self {
        Self {
            unwinder,
            refused: Vec::new(),
            walks: 0,
        }
    }

    /// The stack for people.
    pub(crate) fn stack(&self, memory: &[u8], at: Position) -> Vec<Frame> {
        let places = self.unwinder.walk(memory, at.sp, at.function);
        self.frames(&places)
    }

    /// Their names are those of the file, which may be of any length.
    fn frames(&self, places: &[u64]) -> Vec<Frame> {
        let frames = self.unwinder.frames(places).into_iter().take(MOST_FRAMES);
        let shortened = frames.map(|frame| Frame {
            function: shortened(frame.function),
            file: shortened(frame.file),
            ..frame
        });
        shortened.collect()
    }

    /// Keep a call that was refused.
    pub(crate) fn refused(
        &mut self,
        (call, error): (&str, &str),
        about: Option<String>,
        memory: &[u8],
        at: Position,
    ) {
        if self.walks == MOST_WALKS {
            return;
        }
        self.walks += 1;
        let places = self.unwinder.walk(memory, at.sp, at.function);
        let same = |r: &&mut Refused| {
            r.call == call && r.error == error && r.about == about && r.places == places
        };
        if let Some(known) = self.refused.iter_mut().find(same) {
            known.times += 1;
        } else if self.refused.len() < MOST {
            self.refused.push(Refused {
                call: call.to_owned(),
                error: error.to_owned(),
                about,
                times: 1,
                places,
            });
        }
    }

    /// The refused calls, without those that the runtime of the guest's language makes for itself.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let told = self.refused.iter().filter_map(|r| {
            let stack = self.frames(&r.places);
            self.unwinder.matters(&stack).then(|| Refusal {
                call: r.call.clone(),
                error: r.error.clone(),
                about: r.about.clone(),
                times: r.times,
                stack,
            })
        });
        told.collect()
    }
}

/// The same module, which also exports its first global; unchanged if that cannot be.
pub(crate) fn with_pointer(wasm: &[u8]) -> Cow<'_, [u8]> {
    match exported(wasm) {
        Ok(Some(module)) => Cow::Owned(module),
        // The engine says what is wrong with it.
        Ok(None) | Err(_) => Cow::Borrowed(wasm),
    }
}

fn exported(wasm: &[u8]) -> Result<Option<Vec<u8>>, BinaryReaderError> {
    let mut module = Module::new();
    let mut done = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let Payload::ExportSection(exports) = payload else {
            let data = &wasm[range];
            module.section(&RawSection { id, data });
            continue;
        };
        let mut all = ExportSection::new();
        for export in exports {
            let export = export?;
            all.export(export.name, ExportKind::from(export.kind), export.index);
            done |= export.name == POINTER;
        }
        if done {
            return Ok(None);
        }
        all.export(POINTER, ExportKind::Global, GLOBAL);
        module.section(&all);
        done = true;
    }
    Ok(done.then(|| module.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_global_is_exported() {
        let text = r#"(module (global (mut i32) (i32.const 7)) (func (export "f")) (data "x") (memory 1))"#;
        let wasm = wat::parse_str(text).unwrap();
        let more = with_pointer(&wasm);
        let names = |wasm: &[u8]| {
            let sections = Parser::new(0).parse_all(wasm).map(Result::unwrap);
            let exports = sections.filter_map(|p| match p {
                Payload::ExportSection(exports) => Some(exports),
                _ => None,
            });
            let names = exports.flatten().map(|e| e.unwrap().name.to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&more), ["f", POINTER]);
        assert_eq!(*with_pointer(&more), *more, "once is enough");
        assert_eq!(*with_pointer(b"nothing"), *b"nothing");
    }
}
