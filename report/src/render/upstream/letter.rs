//! Title and body of a pull request.

use std::fmt::Write as _;

use model::{Confirmed, TreeBuild, visible};

use super::Told;
use crate::render::markdown::{block, code, code_in_cell, text};
use crate::view::upstream::User;

/// Most lines of what Go says that are quoted.
const LINES: usize = 20;
/// Most other remedies that are listed.
const TRIED: usize = 10;

/// A change as Markdown: the title is its only heading of the first level.
pub(super) fn letter(told: &Told<'_>) -> String {
    let upstream = told.upstream;
    let mut out = format!("# {}\n\n", told.title());
    let of = if told.packages() == [upstream.module.clone()] {
        String::new()
    } else {
        let packages: Vec<String> = told.packages().iter().map(|p| code(p)).collect();
        format!(" ({})", packages.join(", "))
    };
    let _ = writeln!(
        out,
        "{} at {}{of} does not build with `GOARCH=wasm`. With this change it builds for {}.",
        code(&upstream.module),
        code(&upstream.version),
        told.on()
    );
    fails(&mut out, told);
    imported(&mut out, told);
    changes(&mut out, told);
    checked(&mut out, told);
    out
}

/// The builds that fail, with what Go says.
fn fails(out: &mut String, told: &Told<'_>) {
    out.push_str("\n## What fails\n");
    let builds = told.upstream.builds.iter();
    let failing = builds.filter(|b| b.goos.is_some() && !b.before.is_empty());
    let mut groups: Vec<(&[String], Vec<String>)> = Vec::new();
    for build in failing {
        let said = build.before.as_slice();
        match groups.iter_mut().find(|(other, _)| *other == said) {
            Some((_, commands)) => commands.push(command(build)),
            None => groups.push((said, vec![command(build)])),
        }
    }
    for (said, commands) in &groups {
        let commands: Vec<String> = commands.iter().map(|c| code(c)).collect();
        let verb = if commands.len() == 1 { "says" } else { "say" };
        let _ = writeln!(out, "\n{} {verb}:\n", commands.join(" and "));
        out.push_str(&block(&cut(said)));
    }
    if !groups.is_empty() {
        return;
    }
    for user in &told.users {
        let (module, go) = (code(user.module), code(user.go));
        let _ = writeln!(out, "\nIn {module}, which needs it, with {go}:\n");
        out.push_str(&block(&cut(&user.faults)));
    }
}

/// The chains of imports that lead to what fails.
fn imported(out: &mut String, told: &Told<'_>) {
    out.push_str("\n## Who imports it\n");
    for user in &told.users {
        let _ = writeln!(out, "\n{}:\n", code(user.module));
        let chains: Vec<String> = user.chains.iter().map(|c| c.join("\n  imports ")).collect();
        out.push_str(&block(&chains));
    }
}

/// What the patch does, and what is lost.
fn changes(out: &mut String, told: &Told<'_>) {
    let on = told.on();
    let diff = &told.upstream.diff;
    let files = diff.lines().filter(|l| l.starts_with("+++ "));
    let files = files.count();
    let new = diff.lines().filter(|l| *l == "--- /dev/null").count();
    let _ = write!(
        out,
        "\n## What this changes\n\n{}, {new} of them new.",
        model::count(files, "file")
    );
    let losses = told.losses();
    if !losses.is_empty() {
        let _ = writeln!(out, " On {on}, which cannot do what is asked of it:\n");
        for loss in &losses {
            let _ = writeln!(out, "- {}", text(loss));
        }
        if losses.iter().any(|loss| loss.contains("ErrUnsupported")) {
            out.push_str("\nCallers can tell: `errors.Is(err, errors.ErrUnsupported)`.\n");
        }
    }
    if losses.is_empty() {
        out.push('\n');
    }
    out.push_str("\nOther platforms do what they did before.\n");
}

/// How far the change was tried, and what was tried in its place.
fn checked(out: &mut String, told: &Told<'_>) {
    out.push_str("\n## How it was checked\n");
    let builds = &told.upstream.builds;
    if !builds.is_empty() {
        let go = told.users.first().map_or("Go", |user| user.go);
        let _ = writeln!(
            out,
            "\nIn a copy of the module, with its own `go.mod` and {}:\n\n| build | before | with this change |\n|---|---|---|",
            code(go)
        );
        for build in builds {
            let outcome = |said: &[String]| if said.is_empty() { "builds" } else { "fails" };
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                code_in_cell(&command(build)),
                outcome(&build.before),
                outcome(&build.after)
            );
        }
    }
    for build in builds.iter().filter(|b| !b.after.is_empty()) {
        let _ = writeln!(
            out,
            "\nWith this change, {} still says:\n",
            code(&command(build))
        );
        out.push_str(&block(&cut(&build.after)));
    }
    if let Some(why) = &told.upstream.untried {
        out.push_str("\nIt was not built in the module's own tree:\n\n");
        out.push_str(&block(&why.lines().collect::<Vec<_>>()));
    }
    for user in &told.users {
        confirmed(out, user);
    }
    out.push_str("\nThe tests of the module were not run.\n");
    let tried: Vec<&String> = told.users.iter().flat_map(|u| &u.tried).collect();
    if !tried.is_empty() {
        let version = code(&told.upstream.version);
        let _ = writeln!(
            out,
            "\nThe patch is against {version}. Tried in its place, and not enough:\n"
        );
        for line in tried.iter().take(TRIED) {
            let _ = writeln!(out, "- {}", text(line));
        }
        if tried.len() > TRIED {
            let _ = writeln!(out, "- and {} more", tried.len() - TRIED);
        }
    }
}

/// How far a module that uses the dependency works with the change.
fn confirmed(out: &mut String, user: &User<'_>) {
    let _ = writeln!(
        out,
        "\nIn {}, which imports it, with {}:\n",
        code(user.module),
        code(user.go)
    );
    for (target, confirmed) in &user.confirmed {
        let how = match confirmed {
            Confirmed::Tests => "compiles, links, and tests do what they do natively",
            Confirmed::Run => "compiles, links and starts",
            Confirmed::Build => "compiles and links",
            Confirmed::None | Confirmed::CouldNot => "does not build with this change alone",
        };
        let _ = writeln!(out, "- {target}: {how}");
    }
}

/// A build as it is typed.
fn command(build: &TreeBuild) -> String {
    let packages = build.packages.join(" ");
    let env = match build.goos {
        Some(goos) => format!("GOOS={goos} GOARCH=wasm"),
        None => match build.platform.split_once('/') {
            Some((os, arch)) => format!("GOOS={os} GOARCH={arch} CGO_ENABLED=0"),
            None => String::new(),
        },
    };
    format!("{env} go build {}", visible(&packages))
}

/// The first lines of many.
fn cut(lines: &[String]) -> Vec<String> {
    let mut cut: Vec<String> = lines.iter().take(LINES).cloned().collect();
    if lines.len() > LINES {
        cut.push(format!("… and {} more lines", lines.len() - LINES));
    }
    cut
}
