//! A wasm file for a terminal.

use std::fmt::Write as _;

use model::{Entry, Names, Producer, WasmFile};
use web::{proof, view};

use super::{paths, style};

/// Names that are shown before the rest is counted.
const SHOWN: usize = 12;

/// Packages that are shown with what they take.
const LARGEST: usize = 8;

/// Characters of a build setting that are shown.
const LONG: usize = 100;

/// Render with colours.
pub(crate) fn render(wasm: &WasmFile, all_sinks: bool) -> String {
    let mut out = String::new();
    let (head, soft) = (style::HEAD, style::SOFT);
    let made = made_by(wasm);
    let line = |out: &mut String, text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(
        &mut out,
        format!("{head}{}{head:#}  {soft}{made}{soft:#}\n", wasm.file),
    );
    for (name, value) in facts(wasm) {
        line(&mut out, format!("  {name:11} {value}"));
    }
    if let Some(why) = &wasm.invalid {
        let bad = style::ERROR;
        line(&mut out, format!("\n{bad}No engine takes it:{bad:#} {why}"));
    }
    if !wasm.undefined_calls.is_empty() {
        line(
            &mut out,
            format!("\n{head}Calls to functions that nobody defines{head:#}\n"),
        );
        for call in &wasm.undefined_calls {
            line(&mut out, format!("  {}", proof::undefined_call(call)));
        }
        line(&mut out, format!("\n  {}", proof::UNDEFINED_CALLS));
    }
    told_sinks(&mut out, wasm, all_sinks);
    told_sizes(&mut out, wasm);
    if !wasm.modules.is_empty() {
        line(&mut out, format!("\n{head}Modules{head:#}\n"));
        for module in &wasm.modules {
            let instead = module
                .replaced_by
                .as_ref()
                .map_or_else(String::new, |r| format!(" => {r}"));
            line(
                &mut out,
                format!("  {} {}{instead}", module.path, module.version),
            );
        }
    }
    if !wasm.settings.is_empty() {
        line(&mut out, format!("\n{head}Build settings{head:#}\n"));
        for setting in &wasm.settings {
            let value: String = setting.value.chars().take(LONG).collect();
            let more = if value.len() < setting.value.len() {
                "…"
            } else {
                ""
            };
            line(&mut out, format!("  {}={value}{more}", setting.key));
        }
    }
    out
}

/// The largest packages.
fn told_sizes(out: &mut String, wasm: &WasmFile) {
    let head = style::HEAD;
    if wasm.packages.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{head}Where the code is{head:#}\n");
    for package in wasm.packages.iter().take(LARGEST) {
        let name = package.package.as_deref().unwrap_or("(linker)");
        let _ = writeln!(out, "  {:>10}  {name}", view::bytes(package.code));
    }
    let rest = wasm.packages.iter().skip(LARGEST);
    let (count, bytes) = rest.fold((0, 0), |(n, sum), p| (n + 1, sum + p.code));
    if count > 0 {
        let _ = writeln!(out, "  {:>10}  {count} more packages", view::bytes(bytes));
    }
}

/// What fails, fakes or lies: what the program's own code, or its modules, get to, and of the rest
/// how much there is.
fn told_sinks(out: &mut String, wasm: &WasmFile, all: bool) {
    let head = style::HEAD;
    let (inside, outside): (Vec<_>, Vec<_>) = wasm.sinks.iter().partition(|s| s.inside_std);
    if wasm.sinks.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{head}What fails, fakes or lies, and is linked in{head:#}"
    );
    paths::sinks(out, outside);
    if all {
        paths::sinks(out, inside);
    } else if !inside.is_empty() {
        let _ = writeln!(
            out,
            "\n  {} more that the standard library alone calls; --sinks shows them",
            inside.len()
        );
    }
}

fn made_by(wasm: &WasmFile) -> String {
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

fn facts(wasm: &WasmFile) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    facts.extend(wasm.main.clone().map(|main| ("main", main)));
    facts.push(("entry", entry(wasm.entry).to_owned()));
    let size = &wasm.size;
    facts.push((
        "size",
        format!(
            "{}: code {}, data {}, custom sections {}",
            view::bytes(size.file),
            view::bytes(size.code),
            view::bytes(size.data),
            view::bytes(size.custom)
        ),
    ));
    let names = match wasm.names {
        Names::Pclntab => "named by Go's own table",
        Names::NameSection => "named by the name section",
        Names::None => "without names",
    };
    facts.push(("functions", format!("{}, {names}", wasm.function_count)));
    if let Some(memory) = wasm.memory {
        let most = memory
            .max_pages
            .map_or_else(|| "no limit".to_owned(), |max| view::bytes(max * 65536));
        let from = if memory.imported {
            ", from the host"
        } else {
            ""
        };
        facts.push((
            "memory",
            format!(
                "{} at the start, {most} of its own{from}",
                view::bytes(memory.min_pages * 65536)
            ),
        ));
    }
    if !wasm.features.is_empty() {
        facts.push(("features", wasm.features.join(", ")));
    }
    for (module, names) in proof::imports(wasm) {
        let shown = names
            .iter()
            .take(SHOWN)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let hidden = names.len().saturating_sub(SHOWN);
        let rest = if hidden > 0 {
            format!(" and {hidden} more")
        } else {
            String::new()
        };
        facts.push(("imports", format!("{module}: {shown}{rest}")));
    }
    let shown = wasm
        .exports
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    facts.push(("exports", shown));
    facts
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
