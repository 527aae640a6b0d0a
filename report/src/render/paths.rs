//! Ways in a Go program for a terminal.

use std::fmt::Write as _;

use model::{PathStep, Producer, WasmFile, WasmPath, WasmSink, visible};

use super::style;
use crate::shown::shown;
use crate::view::file;

/// The ways to a function.
pub fn render(wasm: &WasmFile, symbol: &str, paths: &[WasmPath]) -> String {
    let head = style::HEAD;
    let known = wasm.functions.iter().any(|f| f.name == symbol);
    let (symbol, file) = (visible(symbol), visible(&wasm.file));
    let mut out = format!("{head}{symbol}{head:#} in {file}\n");
    if paths.is_empty() {
        out.push_str(if known && wasm.producer == Producer::Go {
            "\n  it is in the program, but only the start of the runtime reaches it\n"
        } else if known {
            "\n  it is in the program, but no export reaches it\n"
        } else {
            "\n  it is not in this program: the linker has removed it, or the name is spelled differently; without --why, `inspect` lists what is there\n"
        });
    }
    for path in shown(&paths.to_vec()) {
        let _ = writeln!(
            out,
            "\n  from {}, {}",
            file::root(path.root),
            path.level.title()
        );
        steps(&mut out, &path.steps);
    }
    out
}

/// Sinks, with the way to each.
pub(super) fn sinks<'s>(out: &mut String, sinks: impl IntoIterator<Item = &'s WasmSink>) {
    let head = style::HEAD;
    for sink in sinks {
        let when = if sink.is_init() {
            ", at initialisation"
        } else {
            ""
        };
        let level = sink.path.level.title();
        let _ = writeln!(out, "\n  {head}{}{head:#}{when}, {level}", sink.symbol);
        for (effect, rest) in file::behaviours(sink) {
            let (colour, effect) = (style::effect(effect), effect.name());
            let _ = writeln!(out, "    {colour}{effect}{colour:#} {rest}");
        }
        steps(out, &sink.path.steps);
    }
}

fn steps(out: &mut String, steps: &[PathStep]) {
    for step in steps {
        let (soft, place) = (style::SOFT, file::place(step));
        let how = file::how(step);
        let how = how.map_or_else(String::new, |how| format!(", {how}"));
        let line = format!("    {}  {soft}{place}{how}{soft:#}", step.function);
        let _ = writeln!(out, "{}", line.trim_end());
    }
}
