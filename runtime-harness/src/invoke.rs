//! One export of a reactor, called with numbers: `//go:wasmexport`, `-buildmode=c-shared`.

use wasmtime::{Linker, Module, Store, Val, ValType};

use crate::host::Host;
use crate::watch::shortened;

/// Why an export cannot be called as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unfit(String);

/// Initialise the module, call an export, and tell its results. The first of the arguments is the
/// program's name.
pub(crate) fn call(
    store: &mut Store<Host>,
    linker: &Linker<Host>,
    module: &Module,
    name: &str,
    args: &[String],
) -> wasmtime::Result<Vec<String>> {
    let instance = linker.instantiate(&mut *store, module)?;
    let Some(function) = instance.get_func(&mut *store, name) else {
        let exports = module.exports().filter(|e| e.ty().func().is_some());
        let names: Vec<&str> = exports.map(|e| e.name()).collect();
        return Err(Unfit(shortened(format!(
            "the module exports no function `{name}`; it exports {}",
            names.join(", ")
        )))
        .into());
    };
    let ty = function.ty(&*store);
    let given = args.get(1..).unwrap_or_default();
    let wanted: Vec<ValType> = ty.params().collect();
    let values = given.iter().zip(&wanted).map(|(text, ty)| value(text, ty));
    let values = values.collect::<Option<Vec<Val>>>();
    let Some(values) =
        values.filter(|values| values.len() == wanted.len() && given.len() == wanted.len())
    else {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        return Err(Unfit(format!(
            "`{name}` takes ({}), but got ({})",
            wanted.join(", "),
            given.join(", ")
        ))
        .into());
    };
    // A reactor is initialised before anything else is called
    // (https://github.com/WebAssembly/WASI, application-abi.md).
    if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
        initialize.call(&mut *store, ())?;
    }
    let mut results = vec![Val::I32(0); ty.results().len()];
    function.call(&mut *store, &values, &mut results)?;
    Ok(results.iter().map(value_text).collect())
}

/// A number of a type; integers may be written without or with a sign.
fn value(text: &str, ty: &ValType) -> Option<Val> {
    match ty {
        ValType::I32 => {
            let unsigned = || text.parse::<u32>().ok().map(u32::cast_signed);
            text.parse().ok().or_else(unsigned).map(Val::I32)
        }
        ValType::I64 => {
            let unsigned = || text.parse::<u64>().ok().map(u64::cast_signed);
            text.parse().ok().or_else(unsigned).map(Val::I64)
        }
        ValType::F32 => text.parse().ok().map(|n: f32| Val::F32(n.to_bits())),
        ValType::F64 => text.parse().ok().map(|n: f64| Val::F64(n.to_bits())),
        _ => None,
    }
}

fn value_text(value: &Val) -> String {
    match value {
        Val::I32(n) => n.to_string(),
        Val::I64(n) => n.to_string(),
        Val::F32(n) => f32::from_bits(*n).to_string(),
        Val::F64(n) => f64::from_bits(*n).to_string(),
        other => format!("{other:?}"),
    }
}
