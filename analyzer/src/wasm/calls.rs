//! One pass over all code: the proposals that it uses, and calls to functions that nobody defines.
//!
//! Go's linker writes the target of a call as `len(imports) + PC>>16 - 0x1000` and does not ask
//! whether the symbol is defined (`cmd/link/internal/wasm/asm.go`): for one that is not, the
//! number is negative. It writes it as signed LEB128, so that the last byte has bit 0x40 set,
//! which no other call of its has. Read unsigned, as wasm does, it names another function or none.

use std::collections::BTreeSet;

use model::UndefinedCall;
use wasmparser::{BinaryReaderError, FunctionBody, Operator};

use super::Sections;
use super::pclntab::{FIRST, Pclntab};

/// What the pass finds.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) features: BTreeSet<&'static str>,
    /// A call target is written in more bytes than unsigned LEB128 takes: signed.
    signed: bool,
    negative: Vec<Negative>,
}

/// A call whose target reads negative.
#[derive(Debug)]
struct Negative {
    /// Position of the caller in the code section.
    local: usize,
    /// The return PC that the code stored before the call.
    pc: Option<u64>,
}

impl Calls {
    pub(super) fn read(
        bytes: &[u8],
        bodies: &[FunctionBody<'_>],
        imports: usize,
    ) -> Result<Self, BinaryReaderError> {
        let mut calls = Self::default();
        for (local, body) in bodies.iter().enumerate() {
            calls.body(bytes, local, body, imports)?;
        }
        Ok(calls)
    }

    fn body(
        &mut self,
        bytes: &[u8],
        local: usize,
        body: &FunctionBody<'_>,
        imports: usize,
    ) -> Result<(), BinaryReaderError> {
        let mut operators = body.get_operators_reader()?;
        let mut constant = None;
        while !operators.eof() {
            let start = operators.original_position();
            let operator = operators.read()?;
            if let Some(feature) = feature(&operator) {
                self.features.insert(feature);
            }
            match operator {
                Operator::I64Const { value } => constant = Some(value.cast_unsigned()),
                Operator::Call { .. } => {
                    let operand = &bytes[start + 1..operators.original_position()];
                    let pc = constant.filter(|pc| pc >> 16 == FIRST + local as u64);
                    self.call(local, operand, pc, imports);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn call(&mut self, local: usize, operand: &[u8], pc: Option<u64>, imports: usize) {
        let Some(last) = operand.last() else { return };
        self.signed |= operand.len() > 1 && *last == 0;
        // An undefined symbol has the PC 0, which leaves `imports - 0x1000`.
        let undefined = i64::try_from(imports).map(|n| n - 0x1000);
        if last & 0x40 != 0 && Ok(signed(operand)) == undefined {
            self.negative.push(Negative { local, pc });
        }
    }

    /// The calls to undefined functions; none when a tool other than Go's linker wrote the code.
    pub(super) fn undefined(
        &self,
        pclntab: Option<&Pclntab<'_>>,
        sections: &Sections<'_>,
    ) -> Vec<UndefinedCall> {
        if !self.signed {
            return Vec::new();
        }
        let known = self.negative.iter().map(|call| {
            let name = pclntab
                .and_then(|t| t.name(call.local))
                .or_else(|| sections.name(call.local));
            // The stored PC is the one after the call.
            let before = call.pc.map_or(0, |pc| (pc & 0xffff).saturating_sub(1));
            let place = pclntab.and_then(|t| t.place(call.local, before));
            UndefinedCall {
                caller: name.map_or_else(|| format!("function {}", call.local), str::to_owned),
                callee: None,
                file: place.map(|(file, _)| file.to_owned()),
                line: place.map(|(_, line)| line),
            }
        });
        known.collect()
    }
}

/// Signed LEB128.
fn signed(bytes: &[u8]) -> i64 {
    let mut value = 0_i64;
    let mut shift = 0;
    for byte in bytes.iter().take(9) {
        value |= i64::from(byte & 0x7f) << shift;
        shift += 7;
    }
    match bytes.last() {
        Some(last) if last & 0x40 != 0 && shift < 64 => value | (-1 << shift),
        _ => value,
    }
}

/// The proposal that an instruction belongs to; none for the first WebAssembly.
fn feature(operator: &Operator<'_>) -> Option<&'static str> {
    macro_rules! proposals {
        ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $( Operator::$op { .. } => short(stringify!($proposal)), )*
                _ => None,
            }
        };
    }
    wasmparser::for_each_operator!(proposals)
}

/// wasmparser's name of a proposal, with hyphens.
fn short(proposal: &'static str) -> Option<&'static str> {
    Some(match proposal {
        "mvp" => return None,
        "sign_extension" => "sign-extension",
        "saturating_float_to_int" => "nontrapping-fptoint",
        "bulk_memory" => "bulk-memory",
        "reference_types" => "reference-types",
        "tail_call" => "tail-call",
        "relaxed_simd" => "relaxed-simd",
        "memory_control" => "memory-control",
        "function_references" => "function-references",
        "stack_switching" => "stack-switching",
        "wide_arithmetic" => "wide-arithmetic",
        "legacy_exceptions" => "legacy-exceptions",
        "shared_everything_threads" => "shared-everything-threads",
        "custom_descriptors" => "custom-descriptors",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_read_with_their_sign() {
        assert_eq!(signed(&[0x99, 0x60]), 25 - 0x1000);
        assert_eq!(signed(&[0x8a, 0x60]), 10 - 0x1000);
        assert_eq!(signed(&[0xc0, 0x00]), 64);
    }

    #[test]
    fn only_signed_code_has_undefined_calls() {
        let mut calls = Calls::default();
        calls.call(3, &[0x99, 0x60], None, 25);
        assert!(calls.undefined(None, &Sections::default()).is_empty());
        calls.call(4, &[0xc0, 0x00], None, 25);
        let found = calls.undefined(None, &Sections::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].caller, "function 3");
    }
}
