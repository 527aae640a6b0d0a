//! The stacks of goroutines, read from the memory of a running program.
//!
//! The engine's own stack is emptied whenever goroutines switch or a stack grows
//! (`runtime/asm_wasm.s`): Go's stack in linear memory has all calls. A frame ends with the PC to
//! return to, 8 bytes above what the function takes (`cmd/internal/obj/wasm/wasmobj.go`).

use model::Frame;

use crate::graph::Node;
use crate::image::Image;
use crate::moduledata::Moduledata;
use crate::pc::PcCoding;
use crate::pclntab::{Functions, Header, Pclntab};
use crate::wasm::WasmImage;

/// Calls on one stack.
const DEPTH: usize = 256;

/// Functions that run on a stack of the scheduler's, or begin one (`runtime/asm_wasm.s`).
const ENDS: [&str; 5] = [
    "runtime.goexit",
    "runtime.mcall",
    "runtime.mstart",
    "runtime.rt0_go",
    "runtime.systemstack",
];

/// The callers of these are shown, wrappers or not (`runtime/traceback.go`, `elideWrapperCalling`).
const PANICS: [&str; 3] = ["runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"];

/// What is needed to read the stacks of a Go program.
pub struct Stacks<I = WasmImage> {
    image: I,
    table: Pclntab,
    coding: PcCoding,
    /// The index that the format gives the first function.
    first: u32,
    /// Address that inline trees count from.
    gofunc: u64,
    /// The id of wrappers.
    wrapper: Option<u8>,
}

impl<I: Image> Stacks<I> {
    /// Of a program of `count` functions, the first of which has the index `first` in its file; none
    /// when its tables make no sense.
    pub(crate) fn new(
        image: I,
        header: Header,
        coding: PcCoding,
        first: u32,
        count: usize,
    ) -> Option<Self> {
        let table = Pclntab::new(header, &image, &coding, count);
        let gofunc = Moduledata::find(&image, &header)?.gofunc;
        let wrapper = table.read(&image).wrapper_id();
        Some(Self {
            image,
            table,
            coding,
            first,
            gofunc,
            wrapper,
        })
    }

    /// The PCs of a goroutine's calls, innermost first: `sp` is Go's stack pointer, an offset in
    /// `memory`, while the function with the index `function` calls the host. Where in it that is,
    /// the engine does not tell: its own PC is that of its start.
    pub fn walk(&self, memory: &[u8], sp: u32, function: u32) -> Vec<u64> {
        let Some(mut local) = function.checked_sub(self.first) else {
            return Vec::new();
        };
        let Some(entry) = self.coding.entry(local) else {
            return Vec::new();
        };
        let mut pcs = vec![entry];
        let mut sp = u64::from(sp);
        while pcs.len() < DEPTH && !self.ends(local) {
            let Some((pc, above)) = self.caller(memory, sp, local) else {
                break;
            };
            let Some((caller, _)) = self.coding.locate(pc) else {
                break;
            };
            pcs.push(pc);
            (sp, local) = (above, caller);
        }
        pcs
    }

    /// The PC that a function returns to, and the stack pointer then.
    fn caller(&self, memory: &[u8], sp: u64, local: Node) -> Option<(u64, u64)> {
        let size = self.functions().frame_size(local as usize)?;
        let at = usize::try_from(sp.checked_add(size)?).ok()?;
        let pc = self.image.layout().word(memory.get(at..)?)?;
        Some((pc, sp + size + self.image.pointer_size()))
    }

    fn ends(&self, local: Node) -> bool {
        let table = self.functions();
        let name = table.name(local as usize).unwrap_or_default();
        table.is_outermost(local as usize) || ENDS.contains(&name)
    }

    fn functions(&self) -> Functions<'_, '_, I> {
        self.table.read(&self.image)
    }

    /// What `runtime.CallersFrames` makes of PCs: inlined calls stand there as if they were none,
    /// wrappers that the compiler made do not, and neither does the end of all stacks.
    pub fn frames(&self, pcs: &[u64]) -> Vec<Frame> {
        let table = self.functions();
        let mut frames = Vec::new();
        let mut called = "";
        for (n, pc) in pcs.iter().enumerate() {
            let at = self.coding.locate(*pc);
            let Some((local, offset)) = at.filter(|(local, _)| n == 0 || !self.ends(*local)) else {
                continue;
            };
            // A call returns to what comes after it (`runtime/traceback.go`, `symPC`).
            let at = if n == 0 { 0 } else { offset.saturating_sub(1) };
            for frame in table.frames(self.gofunc, local as usize, at) {
                let shown = Some(frame.id) != self.wrapper || PANICS.contains(&called);
                called = frame.name;
                if !shown {
                    continue;
                }
                let (file, line) = frame.place.unwrap_or_default();
                frames.push(Frame {
                    function: printed(frame.name),
                    file: file.to_owned(),
                    line,
                });
            }
        }
        frames
    }
}

/// A function's name without the shapes of its type arguments (`runtime/symtab.go`,
/// `funcNameForPrint`).
fn printed(name: &str) -> String {
    match (name.find('['), name.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}[...]{}", &name[..open], &name[close + 1..])
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_arguments_are_not_printed() {
        assert_eq!(printed("m.Map[go.shape.int]"), "m.Map[...]");
        assert_eq!(
            printed("m.(*T[go.shape.[]int]).f.func1"),
            "m.(*T[...]).f.func1"
        );
        assert_eq!(printed("m.f"), "m.f");
    }

    #[test]
    fn what_is_no_go_program_has_no_stacks() {
        assert!(Stacks::read(b"\0asm\x01\0\0\0").is_none());
        assert!(Stacks::read(b"no wasm").is_none());
    }
}
