//! A wasm file for a terminal.

use std::fmt::Write as _;

use model::{Fit, WasmFile};
use web::{file, proof, view};

use super::{paths, style};

/// Packages that are shown with what they take.
const LARGEST: usize = 8;

/// Characters of a build setting that are shown.
const LONG: usize = 100;

/// Render with colours.
pub(crate) fn render(wasm: &WasmFile, all_sinks: bool) -> String {
    let mut out = String::new();
    let (head, soft) = (style::HEAD, style::SOFT);
    let made = file::made_by(wasm);
    let line = |out: &mut String, text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(
        &mut out,
        format!("{head}{}{head:#}  {soft}{made}{soft:#}\n", wasm.file),
    );
    for (name, value) in file::facts(wasm) {
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
        line(&mut out, format!("\n  {}", proof::calls_to_nobody(wasm)));
    }
    told_hosts(&mut out, wasm);
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

/// The hosts that can run it, and why others cannot.
fn told_hosts(out: &mut String, wasm: &WasmFile) {
    let (head, soft) = (style::HEAD, style::SOFT);
    let _ = writeln!(out, "\n{head}Where it can run{head:#}\n");
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
        let _ = writeln!(out, "  {:18} {colour}{}{colour:#}", glue.file, glue.told);
    }
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
