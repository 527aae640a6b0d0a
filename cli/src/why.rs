//! `wasmcheck why`: what leads to a package or a function.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use engine::knowledge::Why;
use engine::{Events, Failure, Interrupt};
use model::{CallStep, ExitStatus, Goos, Incomplete, Level, count, visible, visible_lines};
use report::style;

use crate::args::WhyArgs;
use crate::check::{request, settings_of};
use crate::output;
use crate::progress::Progress;

/// Chains that are shown of each kind.
const SHOWN: usize = 10;

/// Print the chains of each build.
pub(crate) fn run(args: &WhyArgs, interrupt: &Interrupt) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.module, Level::Scan);
    let progress = Arc::new(Progress::new(args.module.quiet));
    let events: Events = progress.clone();
    let request = request(&args.module, &args.paths);
    let answers = engine::why(&request, &args.what, &settings, &events, interrupt)?;
    let mut text = String::new();
    let (mut found, mut incomplete) = (false, Vec::new());
    for answer in answers {
        let known = |why: &Option<Why>| why.as_ref().is_some_and(|w| w.known);
        found |= answer.builds.iter().any(|(_, why)| known(why));
        let builds = answer.builds.into_iter();
        let builds: Vec<_> = builds
            .map(|(goos, why)| (goos, why.as_ref().map(shown)))
            .collect();
        tell(&mut text, &visible(&answer.module), &builds, args);
        incomplete.extend(answer.incomplete);
    }
    progress.finish();
    for Incomplete { reason, .. } in &incomplete {
        let _ = writeln!(text, "not known: {}", visible_lines(reason));
    }
    output::print(&text)?;
    let status = match (found, incomplete.is_empty()) {
        (true, _) => ExitStatus::Clean,
        (false, true) => ExitStatus::Findings,
        (false, false) => ExitStatus::NoVerdict,
    };
    Ok(ExitCode::from(status.code()))
}

/// Names as people see them.
fn shown(why: &Why) -> Why {
    Why {
        imports: report::shown(&why.imports),
        calls: report::shown(&why.calls),
        similar: report::shown(&why.similar),
        known: why.known,
        others: why.others,
    }
}

/// What holds for both builds is printed once.
fn tell(text: &mut String, module: &str, answers: &[(Goos, Option<Why>)], args: &WhyArgs) {
    let head = style::HEAD;
    let mut said: Vec<(Vec<&str>, &Why)> = Vec::new();
    for (goos, why) in answers {
        let Some(why) = why else { continue };
        match said.iter_mut().find(|(_, other)| *other == why) {
            Some((on, _)) => on.push(goos.name()),
            None => said.push((vec![goos.name()], why)),
        }
    }
    for (on, why) in said {
        let _ = writeln!(text, "{head}{module}{head:#} on {}", on.join(" and "));
        answer(text, why, args);
    }
}

fn answer(text: &mut String, why: &Why, args: &WhyArgs) {
    let what = &visible(&args.what);
    let limit = if args.verbose { usize::MAX } else { SHOWN };
    if !why.known {
        let _ = writeln!(text, "  nothing imports or uses `{what}` there");
        if !why.similar.is_empty() {
            let _ = writeln!(text, "  did you mean {}?", why.similar.join(" or "));
        }
        return;
    }
    for chain in why.imports.iter().take(limit) {
        let _ = writeln!(text, "  {}", chain.join(" -> "));
    }
    more(text, why.imports.len(), limit, "import chain");
    for chain in why.calls.iter().take(limit) {
        steps(text, chain, what);
    }
    more(text, why.calls.len(), limit, "use");
    if why.others > 0 {
        let uses = count(why.others, "more use");
        let _ = writeln!(text, "  {uses}, to which no calls are known to lead");
    }
    if why.imports.is_empty() && why.calls.is_empty() && why.others == 0 {
        let _ = writeln!(
            text,
            "  `{what}` is in the build, but no other package of the module imports it"
        );
    }
}

fn steps(text: &mut String, chain: &[CallStep], what: &str) {
    let soft = style::SOFT;
    for (depth, step) in chain.iter().enumerate() {
        let indent = "  ".repeat(depth.min(1));
        let CallStep {
            function,
            file,
            line,
        } = step;
        let _ = writeln!(text, "  {indent}{function}  {soft}{file}:{line}{soft:#}");
    }
    let _ = writeln!(text, "    {what}");
}

fn more(text: &mut String, all: usize, limit: usize, what: &str) {
    let hidden = all.saturating_sub(limit);
    if hidden > 0 {
        let hidden = count(hidden, &format!("more {what}"));
        let _ = writeln!(text, "  and {hidden}: --verbose shows them");
    }
}
