//! What the code of a module says: the proposals that it uses, and calls to undefined
//! functions.
//!
//! Go's linker writes the target of a call as `len(imports) + PC>>16 - 0x1000` and does not ask
//! whether the symbol is defined (`cmd/link/internal/wasm/asm.go`): for one that is not, the
//! number is negative. It writes it as signed LEB128, so that the last byte has bit 0x40 set,
//! which no other call of its has. Read unsigned, as wasm does, it names another function or none.

use std::collections::BTreeSet;
use std::ops::Range;

use model::UndefinedCall;
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

use super::code::{Code, KeptConstants};
use super::sections::Sections;
use crate::image::Image;
use crate::pc::NO_OFFSET;
use crate::pclntab::Functions;
use crate::references::Call;

/// Read all bodies. `slots` are the positions of the functions in the function table.
pub(super) fn read(
    bytes: &[u8],
    bodies: &[Range<usize>],
    slots: &[u64],
    wanted: KeptConstants,
) -> Result<(Code, BTreeSet<&'static str>), BinaryReaderError> {
    let mut code = Code::default();
    let mut features = BTreeSet::new();
    for ((body, slot), local) in bodies.iter().zip(slots).zip(0..) {
        let before = code.marks();
        if code
            .body(&bytes[body.clone()], local, *slot, wanted)
            .is_err()
        {
            code.back_to(before);
            let body = body_at(bytes, body);
            generic(&body, local, wanted.imports, &mut code, &mut features)?;
        }
    }
    features.extend(code.extensions.iter().filter_map(|ext| proposal(*ext)));
    Ok((code, features))
}

/// A body, for the reader of wasmparser.
pub(super) fn body_at<'b>(bytes: &'b [u8], at: &Range<usize>) -> FunctionBody<'b> {
    FunctionBody::new(BinaryReader::new(&bytes[at.clone()], at.start))
}

/// Read a body with instructions that the pass does not know.
fn generic(
    body: &FunctionBody<'_>,
    caller: u32,
    imports: u64,
    code: &mut Code,
    features: &mut BTreeSet<&'static str>,
) -> Result<(), BinaryReaderError> {
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let operator = operators.read()?;
        features.extend(feature(&operator));
        if let Operator::Call { function_index } = operator {
            let local = u64::from(function_index).checked_sub(imports);
            let local = local.and_then(|local| u32::try_from(local).ok());
            code.references.calls.extend(local.map(|callee| Call {
                caller,
                callee,
                offset: NO_OFFSET,
            }));
        }
    }
    Ok(())
}

/// Position in the code section of the function whose number the linker writes for an undefined one:
/// two bytes, `imports - 0x1000` with a sign, read without one.
const CALLED_INSTEAD: usize = 0x3000;

/// The calls to undefined functions; none when a tool other than Go's linker wrote the code.
pub(super) fn undefined<I: Image>(
    code: &Code,
    table: Option<Functions<'_, '_, I>>,
    sections: &Sections<'_>,
) -> Vec<UndefinedCall> {
    // An undefined symbol has the PC 0, which leaves `imports - 0x1000`.
    let undefined = i64::try_from(sections.imports.len()).map(|n| n - 0x1000);
    if !code.signed {
        return Vec::new();
    }
    let name = |local: usize| {
        let known = table.and_then(|t| t.name(local));
        known.or_else(|| sections.name(local))
    };
    // Engines read the number without its sign.
    let instead = (CALLED_INSTEAD < sections.bodies.len()).then(|| {
        name(CALLED_INSTEAD).map_or_else(|| format!("function {CALLED_INSTEAD}"), str::to_owned)
    });
    let negative = code.negative.iter();
    let calls = negative.filter(|(_, _, operand)| Ok(*operand) == undefined);
    let known = calls.map(|(caller, pc, _)| {
        let local = *caller as usize;
        // The stored PC is the one after the call.
        let before = if *pc == NO_OFFSET {
            0
        } else {
            pc.saturating_sub(1)
        };
        let place = table.and_then(|t| t.place(local, before));
        UndefinedCall {
            caller: name(local).map_or_else(|| format!("function {local}"), str::to_owned),
            callee: None,
            instead: instead.clone(),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.map(|(_, line)| line),
        }
    });
    known.collect()
}

/// The proposal of an opcode that the pass knows, and its sub-opcode.
const fn proposal(extension: (u8, u32)) -> Option<&'static str> {
    Some(match extension {
        (0xc0..=0xc4, _) => "sign-extension",
        (0xfc, 0..=7) => "nontrapping-fptoint",
        (0xfc, 8..=14) => "bulk-memory",
        (0xfc | 0x1c, _) => "reference-types",
        (0xfd, 0..0x100) => "simd",
        (0xfd, _) => "relaxed-simd",
        _ => return None,
    })
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
    use super::super::image::WasmImage;
    use super::*;

    fn read_one(code: &mut Code, caller: u32, operand: &[u8]) {
        let body = [&[0, 0x10], operand, &[0x0b]].concat();
        let wanted = KeptConstants::of(None, 0, 0);
        code.body(&body, caller, 0, wanted).unwrap();
    }

    #[test]
    fn only_signed_code_has_undefined_calls() {
        let mut sections = Sections::default();
        for _ in 0..25 {
            sections.imports.push(model::WasmImport {
                module: String::new(),
                name: String::new(),
            });
        }
        let mut code = Code::default();
        read_one(&mut code, 3, &[0x99, 0x60]);
        assert!(undefined::<WasmImage>(&code, None, &sections).is_empty());
        read_one(&mut code, 4, &[0xc0, 0x00]);
        let found = undefined::<WasmImage>(&code, None, &sections);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].caller, "function 3");
    }

    #[test]
    fn bodies_with_other_instructions_are_left_to_wasmparser() {
        let mut code = Code::default();
        let wanted = KeptConstants::of(None, 0, 0);
        // atomic.fence
        assert!(code.body(&[0, 0xfe, 3, 0, 0x0b], 0, 0, wanted).is_err());
        assert!(code.body(&[0, 0x10], 0, 0, wanted).is_err());
        assert!(code.body(&[0xff], 0, 0, wanted).is_err());
    }
}
