//! Ways in a Go program for a terminal.

use std::fmt::Write as _;

use model::{PathLevel, PathRoot, PathStep, StepKind, Target, WasmFile, WasmPath, WasmSink};
use web::view;

use super::style;

/// The ways to a function.
pub(crate) fn render(wasm: &WasmFile, symbol: &str, paths: &[WasmPath]) -> String {
    let head = style::HEAD;
    let mut out = format!("{head}{symbol}{head:#} in {}\n", wasm.file);
    let known = wasm.functions.iter().any(|f| f.name == symbol);
    if paths.is_empty() {
        out.push_str(if known {
            "\n  it is there, and only the start of the runtime gets to it\n"
        } else {
            "\n  it is not in this program: nothing that is kept refers to it\n"
        });
    }
    for path in paths {
        let _ = writeln!(out, "\n  from {}, {}", root(path.root), level(path.level));
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
        let level = level(sink.path.level);
        let _ = writeln!(out, "\n  {head}{}{head:#}{when}, {level}", sink.symbol);
        for behaviour in analyzer::behaviours(&sink.symbol) {
            let here = behaviour.targets.iter().copied();
            let here: Vec<Target> = here.filter(|t| sink.targets.contains(t)).collect();
            if !here.is_empty() {
                let colour = style::effect(behaviour.effect);
                let (effect, on) = (behaviour.effect.name(), view::targets_in_words(&here));
                let what = &behaviour.what;
                let _ = writeln!(out, "    {colour}{effect}{colour:#} on {on}: {what}");
            }
        }
        steps(out, &sink.path.steps);
    }
}

fn steps(out: &mut String, steps: &[PathStep]) {
    for step in steps {
        let (soft, place) = (style::SOFT, place(step));
        let how = step
            .how
            .and_then(|how| telling(how, step.through.as_deref()));
        let how = how.map_or_else(String::new, |how| format!(", {how}"));
        let _ = writeln!(out, "    {}  {soft}{place}{how}{soft:#}", step.function);
    }
}

fn place(step: &PathStep) -> String {
    let file = step.file.as_deref().unwrap_or_default();
    // The end of the path tells enough.
    let mut parts = file.rsplitn(3, '/');
    let (name, dir) = (parts.next().unwrap_or_default(), parts.next());
    let short = dir.map_or_else(|| name.to_owned(), |dir| format!("{dir}/{name}"));
    match step.line {
        Some(line) => format!("{short}:{line}"),
        None => short,
    }
}

/// How a function leads to the next, where it does not just call it.
fn telling(how: StepKind, through: Option<&str>) -> Option<String> {
    let of = |text: &str| match through {
        Some(through) => format!("{text} {through}"),
        None => text.to_owned(),
    };
    Some(match how {
        StepKind::Call => return None,
        StepKind::Inlined => "inlined".to_owned(),
        StepKind::FunctionValue => "as a function value".to_owned(),
        StepKind::Interface => of("by way of"),
        StepKind::Variable => of("in a package variable"),
        StepKind::Methods => of("a method of"),
    })
}

const fn root(root: PathRoot) -> &'static str {
    match root {
        PathRoot::Main => "main.main",
        PathRoot::Init => "the initialisation of a package",
        PathRoot::Export => "a function that the host calls",
    }
}

const fn level(level: PathLevel) -> &'static str {
    match level {
        PathLevel::Direct => "by calls alone",
        PathLevel::FunctionValue => "if the function value is called",
        PathLevel::Interface => "if the method is called through the interface",
        PathLevel::Variable => "if what the variable holds is used",
        PathLevel::Methods => "if something calls the method of the type",
    }
}
