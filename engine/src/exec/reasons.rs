//! Why a guest did not choose its exit code, as text.

use camino::Utf8Path;
use runtime_harness::{End, Outcome};

use crate::files;

/// The functions of the program's own that were called when a trap or a call to an undefined function ended it, in
/// words that follow the reason. The file itself knows their names, stripped or not.
pub(super) fn callers(file: &Utf8Path, outcome: &Outcome) -> String {
    const SHOWN: usize = 4;
    if !matches!(outcome.end, End::Trapped(_) | End::UnknownImport { .. }) {
        return String::new();
    }
    if !outcome.callers.is_empty() {
        let own = outcome.callers.iter().filter(|f| !f.is_std()).take(SHOWN);
        let named: Vec<String> = own
            .map(|f| format!("`{}` at {}:{}", f.function, f.file, f.line))
            .collect();
        return format!(", called by {}", named.join(" < "));
    }
    let bytes = files::read_wasm(file).unwrap_or_default();
    let read = analyzer::inspect_wasm("", bytes, analyzer::InspectOptions::FUNCTIONS);
    let functions = read.map(|read| read.file.functions).unwrap_or_default();
    let named = outcome.stack.iter().filter_map(|index| {
        let named = functions.iter().find(|f| f.index == Some(*index))?;
        let own = named.package.as_deref().is_some_and(|p| p != "runtime");
        own.then(|| format!("`{}`", named.name))
    });
    let named: Vec<String> = named.take(SHOWN).collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(", called by {}", named.join(" < "))
    }
}

/// Why no engine accepts the file, read from the file itself.
pub(super) fn hint(file: &Utf8Path) -> &'static str {
    let wasm = files::read_wasm(file)
        .ok()
        .and_then(|bytes| analyzer::read_wasm("", bytes).ok());
    match wasm {
        Some(wasm) if !wasm.undefined_calls.is_empty() => {
            "; it calls undefined functions: `wasmcheck inspect` names the callers"
        }
        _ => "",
    }
}

/// The reason in a sentence; none for a program that ended by itself.
pub(super) fn why(end: &End) -> Option<String> {
    match end {
        End::Exit(_) => None,
        End::TimedOut => Some("it ran out of time".to_owned()),
        End::Trapped(why) => Some(format!("it trapped: {why}")),
        End::Limit(what) | End::Failed(what) => Some(what.clone()),
        End::UnknownImport { module, name } => Some(format!(
            "it called `{name}` of `{module}`, which this host does not provide"
        )),
    }
}
