//! The stacks of goroutines, read from the memory of a running program.
//!
//! The engine's own stack is emptied whenever goroutines switch or a stack grows
//! (`runtime/asm_wasm.s`): Go's stack in linear memory has all calls. A frame ends with the PC to
//! return to, 8 bytes above what the function takes (`cmd/internal/obj/wasm/wasmobj.go`).

use model::Frame;
use self_cell::self_cell;
use wasmparser::{Parser, Payload};

use super::Sections;
use super::image::Image;
use super::moduledata::Moduledata;
use super::pclntab::{FIRST, Pclntab};

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

/// Whoever calls these is told, wrapper or not (`runtime/traceback.go`, `elideWrapperCalling`).
const PANICS: [&str; 3] = ["runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"];

self_cell!(
    struct Owned {
        owner: Image,
        #[covariant]
        dependent: Pclntab,
    }
);

/// What is needed to read the stacks of a Go program.
pub struct Stacks {
    table: Owned,
    /// Positions in the code section by position in Go's function table, and back.
    slots: Vec<Option<u32>>,
    imports: u32,
    /// Address that inline trees count from.
    gofunc: u64,
    /// The id of wrappers.
    wrapper: Option<u8>,
}

impl Stacks {
    /// Of a wasm file; none when it is no Go program.
    pub fn read(wasm: &[u8]) -> Option<Self> {
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.ok()?;
            if !matches!(payload, Payload::CustomSection(_)) {
                sections.take(payload).ok()?;
            }
        }
        let slots = sections.table();
        let image = Image::of(&sections.segments)?;
        let table = Owned::try_new(image, |image| {
            Pclntab::find(image, &slots, sections.bodies.len()).ok_or(())
        });
        let table = table.ok()?;
        let (address, in_functions) = table.borrow_dependent().address();
        let gofunc = Moduledata::find(table.borrow_owner(), address, in_functions)?.gofunc;
        let wrapper = table.borrow_dependent().wrapper_id();
        Some(Self {
            table,
            slots,
            wrapper,
            imports: u32::try_from(sections.imports.len()).ok()?,
            gofunc,
        })
    }

    /// The PCs of a goroutine's calls, innermost first: `sp` is Go's stack pointer while the
    /// function with the index `function` calls the host. Where in it that is, the engine does not
    /// tell: its own PC is that of its start.
    pub fn walk(&self, memory: &[u8], sp: u32, function: u32) -> Vec<u64> {
        let Some(mut local) = function.checked_sub(self.imports) else {
            return Vec::new();
        };
        let slot = self.slots.iter().position(|l| *l == Some(local));
        let Some(slot) = slot.and_then(|slot| u64::try_from(slot).ok()) else {
            return Vec::new();
        };
        let mut pcs = vec![(FIRST + slot) << 16];
        let mut sp = u64::from(sp);
        while pcs.len() < DEPTH && !self.ends(local) {
            let Some((pc, above)) = self.caller(memory, sp, local) else {
                break;
            };
            let Some(caller) = self.local(pc) else { break };
            pcs.push(pc);
            (sp, local) = (above, caller);
        }
        pcs
    }

    /// The PC that a function returns to, and the stack pointer then.
    fn caller(&self, memory: &[u8], sp: u64, local: u32) -> Option<(u64, u64)> {
        let size = self.table.borrow_dependent().frame_size(local as usize)?;
        let at = usize::try_from(sp.checked_add(size)?).ok()?;
        let word = memory.get(at..)?.get(..8)?;
        let pc = u64::from_le_bytes(word.try_into().ok()?);
        Some((pc, sp + size + 8))
    }

    fn ends(&self, local: u32) -> bool {
        let table = self.table.borrow_dependent();
        let name = table.name(local as usize).unwrap_or_default();
        table.is_outermost(local as usize) || ENDS.contains(&name)
    }

    fn local(&self, pc: u64) -> Option<u32> {
        let slot = usize::try_from((pc >> 16).checked_sub(FIRST)?).ok()?;
        *self.slots.get(slot)?
    }

    /// What `runtime.CallersFrames` makes of PCs: inlined calls stand there as if they were none,
    /// wrappers that the compiler made do not, and neither does the end of all stacks.
    pub fn frames(&self, pcs: &[u64]) -> Vec<Frame> {
        let (image, table) = (self.table.borrow_owner(), self.table.borrow_dependent());
        let mut frames = Vec::new();
        let mut called = "";
        for (n, pc) in pcs.iter().enumerate() {
            let Some(local) = self.local(*pc).filter(|local| n == 0 || !self.ends(*local)) else {
                continue;
            };
            // A call returns to what comes after it (`runtime/traceback.go`, `symPC`).
            let at = if n == 0 {
                0
            } else {
                (pc & 0xffff).saturating_sub(1)
            };
            for frame in table.frames(image, self.gofunc, local as usize, at) {
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
