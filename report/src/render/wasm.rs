//! A wasm file for a terminal.

use std::fmt::Write as _;

use model::{Fit, WasmFile};

use super::{Options, paths, style};
use crate::view::{self, file, proof};

/// Packages that are shown with what they take.
const LARGEST: usize = 8;

/// Characters of a build setting that are shown.
const LONG: usize = 100;

/// Render with colours.
pub fn render(wasm: &WasmFile, options: &Options) -> String {
    let mut out = String::new();
    let (head, soft) = (style::HEAD, style::SOFT);
    let made = file::made_by(wasm);
    line(
        &mut out,
        &format!("{head}{}{head:#}  {soft}{made}{soft:#}\n", wasm.file),
    );
    for (name, value) in file::facts(wasm) {
        line(&mut out, &format!("  {name:11} {value}"));
    }
    broken(&mut out, wasm);
    hosts(&mut out, wasm);
    sinks(&mut out, wasm, options.verbose);
    sizes(&mut out, wasm);
    modules(&mut out, wasm);
    settings(&mut out, wasm);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn title(out: &mut String, title: &str) {
    let head = style::HEAD;
    line(out, &format!("\n{head}{title}{head:#}\n"));
}

/// Why no engine takes it, and its calls to undefined functions.
fn broken(out: &mut String, wasm: &WasmFile) {
    if let Some(why) = &wasm.invalid {
        let bad = style::ERROR;
        line(out, &format!("\n{bad}No engine takes it:{bad:#} {why}"));
    }
    if wasm.undefined_calls.is_empty() {
        return;
    }
    title(out, "Calls to undefined functions");
    for call in &wasm.undefined_calls {
        line(out, &format!("  {}", proof::undefined_call(call)));
    }
    line(out, &format!("\n  {}", proof::calls_to_nobody(wasm)));
}

fn modules(out: &mut String, wasm: &WasmFile) {
    if wasm.modules.is_empty() {
        return;
    }
    title(out, "Modules");
    for module in &wasm.modules {
        let instead = module.replaced_by.as_ref();
        let instead = instead.map_or_else(String::new, |r| format!(" => {r}"));
        let (path, version) = (&module.path, &module.version);
        line(out, &format!("  {path} {version}{instead}"));
    }
}

fn settings(out: &mut String, wasm: &WasmFile) {
    if wasm.settings.is_empty() {
        return;
    }
    title(out, "Build settings");
    for setting in &wasm.settings {
        let value: String = setting.value.chars().take(LONG).collect();
        let more = if value.len() < setting.value.len() {
            "…"
        } else {
            ""
        };
        line(out, &format!("  {}={value}{more}", setting.key));
    }
}

/// The hosts that can run it, and why others cannot.
fn hosts(out: &mut String, wasm: &WasmFile) {
    let soft = style::SOFT;
    title(out, "Where it can run");
    for host in &wasm.hosts {
        let (fits, about) = (file::fits(host.fits), file::about(host));
        let line = format!("  {:18} {fits:8} {soft}{about}{soft:#}", host.host);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if let Some(glue) = &wasm.glue {
        let colour = match glue.fits {
            Fit::No => style::ERROR,
            _ => style::SOFT,
        };
        let _ = writeln!(out, "  {:18} {colour}{}{colour:#}", glue.file, glue.summary);
    }
}

/// The packages with the most code.
fn sizes(out: &mut String, wasm: &WasmFile) {
    if wasm.packages.is_empty() {
        return;
    }
    title(out, "Where the code is");
    for package in wasm.packages.iter().take(LARGEST) {
        let name = package.package.as_deref().unwrap_or("(linker)");
        let _ = writeln!(out, "  {:>10}  {name}", view::bytes(package.code));
    }
    let rest = wasm.packages.iter().skip(LARGEST);
    let (count, bytes) = rest.fold((0, 0), |(n, sum), p| {
        (n + 1, u64::saturating_add(sum, p.code))
    });
    if count > 0 {
        let _ = writeln!(out, "  {:>10}  {count} more packages", view::bytes(bytes));
    }
}

/// Functions that behave differently on wasm: what the program's own code, or its modules, get to, and of the rest
/// how much there is.
fn sinks(out: &mut String, wasm: &WasmFile, all: bool) {
    let head = style::HEAD;
    let (inside, outside): (Vec<_>, Vec<_>) = wasm.sinks.iter().partition(|s| s.inside_std);
    if wasm.sinks.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{head}Functions that behave differently on wasm{head:#}"
    );
    paths::sinks(out, outside);
    if all {
        paths::sinks(out, inside);
    } else if !inside.is_empty() {
        let _ = writeln!(
            out,
            "\n  {} more that only the standard library calls; --sinks shows them",
            inside.len()
        );
    }
}
