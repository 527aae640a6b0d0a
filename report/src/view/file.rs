//! What is said of a wasm file, for the terminal and for the page.

use model::{
    Effect, Entry, Fit, HostFit, Memory, Names, PathRoot, PathStep, Producer, Sizes, StepKind,
    WasmFile, WasmSink, count,
};

use super::proof;
use super::words::{bytes, target_list};

/// Names that are shown before the rest is counted.
const SHOWN: usize = 12;

/// Whether a host fits, in a word.
pub const fn fits(fit: Fit) -> &'static str {
    match fit {
        Fit::Yes => "yes",
        Fit::No => "no",
        Fit::Unknown => "perhaps",
    }
}

/// What is to be said of a host.
pub fn about(host: &HostFit) -> String {
    let with = host.with.as_ref().map(|with| format!("with {with}"));
    let more = with.into_iter().chain(host.note.clone());
    let all: Vec<String> = more.chain(host.why.iter().cloned()).collect();
    all.join("; ")
}

/// What made it, in a few words.
pub fn made_by(wasm: &WasmFile) -> String {
    let title = wasm.producer.title();
    match (&wasm.go_version, wasm.producer) {
        (Some(version), Producer::Go) => version.clone(),
        (Some(version), _) => format!("{title}, {version}"),
        (None, Producer::Go) => "Go of an unknown version".to_owned(),
        (None, _) => wasm
            .producers
            .iter()
            .find(|p| p.field == "processed-by" && p.name.eq_ignore_ascii_case(title))
            .map_or_else(|| title.to_owned(), |p| format!("{} {}", p.name, p.version)),
    }
}

/// A fact about a file: a word, and what it is.
type Fact = (&'static str, String);

/// What is to be known first.
pub fn facts(wasm: &WasmFile) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(wasm.main.clone().map(|main| ("main", main)));
    facts.push(("entry", entry(wasm.entry).to_owned()));
    facts.extend(sizes(&wasm.size));
    let names = match wasm.names {
        Names::Pclntab => "names from Go's function table",
        Names::NameSection => "named by the name section",
        Names::None => "without names",
    };
    facts.push(("functions", format!("{}, {names}", wasm.function_count)));
    facts.extend(wasm.memory.map(memory));
    if !wasm.features.is_empty() {
        facts.push(("features", wasm.features.join(", ")));
    }
    for (module, names) in proof::imports(wasm) {
        let hidden = names.len().saturating_sub(SHOWN);
        let rest = if hidden > 0 {
            format!(" and {hidden} more")
        } else {
            String::new()
        };
        let shown = first(names.iter().copied());
        facts.push(("imports", format!("{module}: {shown}{rest}")));
    }
    facts.push(("exports", first(wasm.exports.iter().map(String::as_str))));
    facts
}

/// The first names of a list.
fn first<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.take(SHOWN).collect::<Vec<_>>().join(", ")
}

/// Sizes of the file, and of what Go's linker put into it.
fn sizes(size: &Sizes) -> Vec<Fact> {
    let mut facts = vec![(
        "size",
        format!(
            "{}: code {}, data {}, custom sections {}",
            bytes(size.file),
            bytes(size.code),
            bytes(size.data),
            bytes(size.custom)
        ),
    )];
    let Some(go) = &size.go else { return facts };
    let (pclntab, types) = (bytes(go.pclntab), bytes(go.types));
    facts.push((
        "in memory",
        format!("function table {pclntab}, type descriptors {types}"),
    ));
    if go.reflection_functions > 0 {
        let functions = count(go.reflection_functions, "function");
        let code = bytes(go.reflection);
        facts.push((
            "reflection",
            format!(
                "alone keeps {code} of code, {functions}: the program looks up methods by name"
            ),
        ));
    }
    facts
}

fn memory(memory: Memory) -> Fact {
    let page = 65536;
    let most = memory.max_pages.map_or_else(
        || "no limit".to_owned(),
        |max| bytes(max.saturating_mul(page)),
    );
    let from = if memory.imported {
        ", from the host"
    } else {
        ""
    };
    let least = bytes(memory.min_pages.saturating_mul(page));
    let text = format!("{least} at the start, {most} of its own{from}");
    ("memory", text)
}

fn entry(entry: Entry) -> &'static str {
    match entry {
        Entry::Command => "a WASI command (_start)",
        Entry::Reactor => "a WASI reactor (_initialize)",
        Entry::Js => "Go for a JavaScript host (run, resume)",
        Entry::Start => "a start section",
        Entry::None => "none: a host calls its exports",
    }
}

/// Where a step is, by the end of its path.
pub fn place(step: &PathStep) -> String {
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

/// How a step leads to the next, where it does not just call it.
pub fn how(step: &PathStep) -> Option<String> {
    let through = step.through.as_deref();
    let of = |text: &str| match through {
        Some(through) => format!("{text} {through}"),
        None => text.to_owned(),
    };
    Some(match step.how? {
        StepKind::Call => return None,
        StepKind::Inlined => "inlined".to_owned(),
        StepKind::FunctionValue => "as a function value".to_owned(),
        StepKind::Interface => of("by way of"),
        StepKind::Variable => of("through the package variable"),
        StepKind::Methods => of("a method of"),
        StepKind::Reflection => of("as a method that reflection may look up, of"),
    })
}

/// Where a path begins.
pub const fn root(root: PathRoot) -> &'static str {
    match root {
        PathRoot::Main => "main.main",
        PathRoot::Init => "the initialisation of a package",
        PathRoot::Export => "a function that the host calls",
    }
}

/// What a sink does, a line for each of its behaviours, and the effect that the line is about.
pub fn behaviours(sink: &WasmSink) -> Vec<(Effect, String)> {
    let all = sink.behaviours.iter().map(|behaviour| {
        let on = target_list(&behaviour.targets);
        (behaviour.effect, format!("on {on}: {}", behaviour.what))
    });
    all.collect()
}
