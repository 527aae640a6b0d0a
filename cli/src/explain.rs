//! `wasmcheck explain`, `rules` and `std`: what is known, without a module.

use std::fmt::Write as _;
use std::process::ExitCode;

use engine::Failure;
use engine::knowledge::{Behaviour, Kind, MissingName, SKETCHES, Sketch, Versions};
use model::{Goos, RULES, Target, visible};
use report::{style, view};

use crate::args::{ExplainArgs, StdArgs};
use crate::output;

/// Print the rules, a line each.
pub(crate) fn rules() -> Result<ExitCode, Failure> {
    let head = style::HEAD;
    let mut text = String::new();
    for rule in &RULES {
        let _ = writeln!(text, "{head}{:<24}{head:#} {}", rule.slug, rule.summary());
    }
    let sketches: Vec<&str> = SKETCHES.iter().map(|s| s.name).collect();
    let _ = writeln!(
        text,
        "\n`wasmcheck explain RULE` tells more. It also shows sketches of code that is kept apart from wasm: {}.",
        sketches.join(", ")
    );
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Print the document of a rule, or all that is known of a name of the standard library.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let what = args.what.as_str();
    let mut text = String::new();
    if let Some(rule) = RULES.iter().find(|rule| rule.slug == what) {
        text.push_str(&plain(rule.page));
    }
    if let Some(sketch) = SKETCHES.iter().find(|sketch| sketch.name == what) {
        if !text.is_empty() {
            text.push('\n');
        }
        write_sketch(&mut text, sketch);
    }
    if !text.is_empty() {
        output::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    for behaviour in engine::knowledge::behaviours(what) {
        write_behaviour(&mut text, what, behaviour);
    }
    for (symbol, on) in engine::knowledge::blocking().filter(|(symbol, _)| *symbol == what) {
        text.push_str(&blocks(symbol, on));
    }
    if let Some(missing) = engine::knowledge::missing_name(what) {
        lacking(&mut text, what, missing);
    }
    if text.is_empty() {
        return Err(unknown(what));
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What a class of code is to do, and files that show how.
fn write_sketch(text: &mut String, sketch: &Sketch) {
    let head = style::HEAD;
    let name = sketch.name;
    let _ = writeln!(text, "{head}A sketch: {name}{head:#}");
    for title in sketch.titles() {
        let _ = writeln!(text, "\n{title}");
    }
    for (file, code) in sketch.files {
        let _ = writeln!(text, "\n{head}{file}{head:#}\n");
        for line in code.lines() {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        }
    }
}

/// A document without the marks of its format: fenced blocks are indented like the others.
fn plain(document: &str) -> String {
    let head = style::HEAD;
    let (title, rest) = document.split_once('\n').unwrap_or((document, ""));
    let title = title.trim_start_matches(['#', ' ']);
    let mut text = format!("{head}{title}{head:#}\n");
    let mut fenced = false;
    for line in rest.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let indent = if fenced && !line.is_empty() {
            "    "
        } else {
            ""
        };
        let _ = writeln!(text, "{indent}{line}");
    }
    text
}

fn unknown(what: &str) -> Failure {
    let name = what.rsplit(['/', '.']).next().unwrap_or(what);
    let similar: Vec<&str> = engine::knowledge::all_behaviours()
        .map(|(symbol, _)| symbol)
        .filter(|symbol| symbol.rsplit('.').next() == Some(name))
        .take(3)
        .collect();
    let hint = if similar.is_empty() {
        "`wasmcheck rules` lists the rules, `wasmcheck std` the functions".to_owned()
    } else {
        format!("did you mean {}?", similar.join(" or "))
    };
    Failure::usage(format!(
        "`{what}` is neither a rule, nor a sketch, nor a name of the standard library that behaves differently on wasm; {hint}"
    ))
}

fn write_behaviour(text: &mut String, symbol: &str, behaviour: &Behaviour) {
    let (head, colour) = (style::HEAD, style::effect(behaviour.effect));
    let effect = behaviour.effect.name();
    let _ = writeln!(
        text,
        "{head}{symbol}{head:#}\n   {}, {colour}{effect}{colour:#} on {}: {}",
        behaviour.kind.name(),
        view::target_list(&behaviour.targets),
        behaviour.what
    );
    let versions = behaviour.versions.text();
    let known = if behaviour.measured {
        "measured"
    } else {
        "derived from Go's source; not measured"
    };
    let rows = [
        ("versions", versions.as_str()),
        ("the error", behaviour.error),
        ("instead", behaviour.advice),
        ("mended by", behaviour.mended_by),
        ("known", known),
    ];
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "   {name}: {value}");
    }
    let _ = writeln!(text, "   why: {}", behaviour.place());
}

fn lacking(text: &mut String, symbol: &str, missing: MissingName) {
    let head = style::HEAD;
    let _ = writeln!(text, "{head}{symbol}{head:#}");
    let _ = writeln!(
        text,
        "   the {} is declared on {}, but not on {}: code that uses it does not build there",
        missing.kind,
        missing.elsewhere.replace(',', ", "),
        missing_on(missing)
    );
}

/// `js, and wasip1 up to Go 1.23`
fn missing_on(missing: MissingName) -> String {
    let on = missing.lacking.into_iter().filter_map(|(goos, versions)| {
        let words = versions?.text();
        Some(format!("{goos} {words}").trim_end().to_owned())
    });
    on.collect::<Vec<_>>().join(", and ")
}

/// Print what the standard library does under wasm, or what it does not declare there.
pub(crate) fn std(args: &StdArgs) -> Result<ExitCode, Failure> {
    let mut text = if args.missing {
        missing(args)
    } else {
        behaviours(args)
    };
    if text.is_empty() {
        let what = visible(args.what.as_deref().unwrap_or("the standard library"));
        text = format!(
            "no row about {what}: as far as is known, it behaves on wasm as it does natively\n"
        );
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a symbol is the one, in the package, or begins like what was asked for.
fn wanted(args: &StdArgs, symbol: &str) -> bool {
    args.what.as_deref().is_none_or(|what| {
        let package = engine::knowledge::split_symbol(symbol).map(|(path, _)| path);
        package == Some(what) || (what.contains('.') && symbol.starts_with(what))
    })
}

fn behaviours(args: &StdArgs) -> String {
    let targets = args.only.chosen();
    let of_kind =
        |kind: Kind| args.kind.is_empty() || args.kind.iter().any(|name| name == kind.name());
    let blocking = |symbol: &str| {
        let mut rows = engine::knowledge::blocking();
        rows.find(|(name, on)| *name == symbol && targets.contains(on))
    };
    let mut text = String::new();
    for (symbol, rows) in engine::knowledge::all_behaviours().filter(|(s, _)| wanted(args, s)) {
        for row in rows.iter().filter(|row| of_kind(row.kind)) {
            let on: Vec<Target> = row
                .targets
                .iter()
                .copied()
                .filter(|t| targets.contains(t))
                .collect();
            if on.is_empty() || !args.go.is_none_or(|release| row.versions.has(release)) {
                continue;
            }
            let (head, colour) = (style::HEAD, style::effect(row.effect));
            let versions = match row.versions.text().as_str() {
                "" => String::new(),
                words => format!(", {words}"),
            };
            let _ = writeln!(
                text,
                "{head}{symbol}{head:#}  {}, {colour}{}{colour:#} on {}{versions}: {}",
                row.kind.name(),
                row.effect.name(),
                view::target_list(&on),
                row.what
            );
        }
        if let Some((_, on)) = blocking(symbol).filter(|_| of_kind(Kind::Blocks)) {
            let _ = write!(text, "{}", blocks(symbol, on));
        }
    }
    text
}

/// A function that waits for the event loop.
fn blocks(symbol: &str, on: Target) -> String {
    let effect = Kind::Blocks.effects()[0];
    let (head, colour) = (style::HEAD, style::effect(effect));
    format!(
        "{head}{symbol}{head:#}  {}, {colour}{}{colour:#} on {on}: never returns when a js.FuncOf callback calls it\n",
        Kind::Blocks.name(),
        effect.name(),
    )
}

fn missing(args: &StdArgs) -> String {
    let targets = args.only.chosen();
    let lacks = |(goos, versions): (Goos, Option<Versions>)| {
        let asked = goos.targets().any(|t| targets.contains(&t));
        let now = versions.filter(|v| args.go.is_none_or(|release| v.has(release)));
        (goos, now.filter(|_| asked))
    };
    let mut text = String::new();
    for (symbol, name) in engine::knowledge::missing_names().filter(|(s, _)| wanted(args, s)) {
        let here = MissingName {
            lacking: name.lacking.map(lacks),
            ..name
        };
        if here.lacking.iter().all(|(_, versions)| versions.is_none()) {
            continue;
        }
        let _ = writeln!(
            text,
            "{symbol}  {}, on {}; missing on {}",
            name.kind,
            name.elsewhere.replace(',', ", "),
            missing_on(here)
        );
    }
    text
}
