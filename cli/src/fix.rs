//! `wasmcheck fix`: the changes that make what fails build, shown or written.

mod place;
mod upstream;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use engine::{Apply, Choice, Events, Failure, Fixed, Interrupt, Settings, TestSettings, Trusted};
use model::{
    Advice, AdviceKind, Builds, Confirmed, Edit, ExitStatus, Goos, Level, Rule, Stage,
    TargetReport, count, visible, visible_lines,
};
use report::style;

use self::place::Place;
use crate::args::FixArgs;
use crate::check::{INTERRUPTED, request, settings_of};
use crate::output;
use crate::progress::Progress;

/// Show the changes, or write them.
pub(crate) fn run(args: &FixArgs, interrupt: &Interrupt) -> Result<ExitCode, Failure> {
    // With a slash at its end, a link would be followed.
    let upstream = args.upstream.as_ref().map(|dir| dir.components().collect());
    let upstream: Option<Utf8PathBuf> = upstream;
    if let Some(dir) = &upstream {
        upstream::check_dir(dir)?;
    }
    let settings = Settings {
        remedies: true,
        budget: args.budget,
        // What fails to build is what is mended; runs show what crashes.
        run_share: 0.2,
        trusted: Trusted {
            native: args.native,
            ..Trusted::default()
        },
        tests: args.tests.then_some(TestSettings {
            native: args.native,
            timeout: args.test_timeout,
            only_mended: true,
        }),
        ..settings_of(&args.module, Level::Run)
    };
    let choice = Choice {
        only: args.only.clone(),
        kinds: args.kind.clone(),
    };
    let apply = args.apply.then_some(Apply {
        allow_dirty: args.allow_dirty,
    });
    let progress = Arc::new(Progress::new(args.module.quiet));
    let events: Events = progress.clone();
    let request = request(&args.module, &args.paths);
    let fixed = engine::fix(&request, &settings, &choice, apply, &events, interrupt)?;
    let changes = match &upstream {
        Some(_) => engine::upstream(&request, &settings, &fixed, &events, interrupt)?,
        None => Vec::new(),
    };
    progress.finish();
    let mut text = String::new();
    let here = Utf8Path::new(".").canonicalize_utf8().ok();
    for fixed in &fixed {
        let place = Place::of(fixed.root.as_deref(), here.as_deref());
        tell(&mut text, fixed, &place, args.apply);
    }
    let written = match &upstream {
        Some(dir) => upstream::write(&mut text, dir, &changes, &fixed),
        None => Ok(()),
    };
    output::print(&text)?;
    written?;
    if interrupt.is_raised() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::from(status(&fixed).code()))
}

/// Comments of a patch, which `git apply` passes over, and the diffs.
fn tell(text: &mut String, fixed: &Fixed, place: &Place, is_applied: bool) {
    let head = style::HEAD;
    let module = visible(&fixed.module);
    let _ = writeln!(text, "# {head}{module}{head:#}");
    leftovers(text, fixed, place, is_applied);
    if fixed.advice.is_empty() {
        let _ = writeln!(text, "# {}", nothing(fixed));
        unknown(text, fixed);
    }
    for advice in &fixed.advice {
        of_advice(text, advice);
    }
    for advice in &fixed.report.advice {
        in_the_way(text, advice);
    }
    if fixed.after.is_some() {
        written(text, fixed, place);
    } else {
        edits(text, fixed, place);
    }
    tags(text, &fixed.edits);
    let untried = fixed.report.incomplete.iter();
    for cut in untried.filter(|i| i.stage == Stage::Advise) {
        let _ = writeln!(text, "# not tried: {}", visible(&cut.reason));
    }
    for goos in Goos::ALL {
        if let Some(line) = builds(fixed, goos) {
            let _ = writeln!(text, "# {line}");
        }
    }
}

/// What was written, and what is to be done after it.
fn written(text: &mut String, fixed: &Fixed, place: &Place) {
    for file in &fixed.written {
        let file = place.path(Utf8Path::new(file));
        let _ = writeln!(text, "# wrote {}", visible(file.as_str()));
    }
    vendor(text, fixed);
    let rewritten = fixed.advice.iter().any(is_rewritten);
    if rewritten && fixed.written.iter().any(|file| file == "go.mod") {
        let _ = writeln!(text, "# go mod tidy removes what nothing requires any more");
    }
}

/// The last step where there is a vendor directory.
fn vendor(text: &mut String, fixed: &Fixed) {
    if let Some(command) = fixed.vendoring {
        let _ = writeln!(
            text,
            "# after that, nothing builds before the vendor directory is made anew: {command}"
        );
    }
}

/// What a run has left that was killed while it wrote.
fn leftovers(text: &mut String, fixed: &Fixed, place: &Place, is_applied: bool) {
    if fixed.leftovers.is_empty() {
        return;
    }
    let what = if is_applied { "removed" } else { "found" };
    for path in &fixed.leftovers {
        let path = place.path(path);
        let _ = writeln!(text, "# {what} {}", visible(path.as_str()));
    }
    let then = if is_applied {
        ""
    } else {
        "; `wasmcheck fix --apply` removes what is left of it"
    };
    let _ = writeln!(
        text,
        "#   this is of a run that was ended while it wrote: it may have changed a part of the files{then}"
    );
}

/// Why there is nothing to change.
fn nothing(fixed: &Fixed) -> &'static str {
    let targets = &fixed.report.targets;
    let mut packages = targets.iter().flat_map(|t| &t.packages).filter(|p| p.own);
    let are_known = targets.iter().all(is_known);
    if packages.any(|p| p.builds == Builds::No) {
        "no change that was tried makes more of it build"
    } else if fixed.report.findings.iter().any(|f| f.rule == Rule::Crash) {
        "everything builds, and no other version that was tried mends what crashes: `wasmcheck` says where"
    } else if are_known {
        "everything builds: there is nothing to change"
    } else {
        "it is not known what builds, so that nothing was tried"
    }
}

/// Why it is not known what builds.
fn unknown(text: &mut String, fixed: &Fixed) {
    if fixed.report.targets.iter().all(is_known) {
        return;
    }
    let reasons = fixed.report.incomplete.iter();
    let reasons = reasons.filter(|i| i.stage != Stage::Advise);
    let mut said = BTreeSet::new();
    for line in reasons.flat_map(|i| i.reason.lines()) {
        if said.insert(line) {
            let _ = writeln!(text, "#   {}", visible(line));
        }
    }
}

fn of_advice(text: &mut String, advice: &Advice) {
    let name = advice.kind.name();
    let _ = writeln!(text, "#\n# {name}: {}", visible(&advice.title));
    for (target, confirmed) in &advice.confirmed {
        let how = match confirmed {
            Confirmed::Tests => "builds and links with it, and tests do what they do natively",
            Confirmed::Run => "builds, links and starts with it",
            Confirmed::Build => "builds and links with it",
            Confirmed::CouldNot => "does not build with it alone",
            Confirmed::None => "it was not seen to build there with it",
        };
        let _ = writeln!(text, "#   {target}: {how}");
    }
    for tested in report::view::tested(advice) {
        let _ = writeln!(text, "#   {}", visible(&tested));
    }
    if let Some(loses) = &advice.loses {
        let _ = writeln!(text, "#   lost there: {}", visible(loses));
    }
    let cost = report::view::cost(&advice.cost);
    if !cost.is_empty() {
        let _ = writeln!(text, "#   {}", visible(&cost));
    }
    if advice.kind != AdviceKind::Swap {
        for change in &advice.cost.changes {
            let _ = writeln!(text, "#   {}", visible(change));
        }
    }
}

/// What stands in the way of a swap that could be carried out otherwise, and what is changed in another module.
fn in_the_way(text: &mut String, advice: &Advice) {
    if advice.kind == AdviceKind::None && advice.patch.is_some() {
        let _ = writeln!(text, "#\n# not made: {}", visible(&advice.title));
    }
    if advice.kind != AdviceKind::Swap || !advice.edits.is_empty() || advice.helps() {
        return;
    }
    let reasons: Vec<&String> = advice.tried.iter().filter_map(|a| a.why.as_ref()).collect();
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(text, "#\n# not made: {}", visible(&advice.title));
    for reason in reasons {
        let _ = writeln!(text, "#   {}", visible(reason));
    }
}

fn edits(text: &mut String, fixed: &Fixed, place: &Place) {
    let commands: Vec<String> = fixed.edits.iter().filter_map(Edit::command).collect();
    for command in commands {
        let dir = place.dir().map(|dir| format!(" in {dir}"));
        let dir = dir.unwrap_or_default();
        let _ = writeln!(text, "#\n# run{}: {}", visible(&dir), visible(&command));
    }
    let edits = place.edits(fixed);
    for edit in &edits {
        if let Edit::Fork {
            module,
            copied,
            version,
            dir,
            diff,
        } = edit
        {
            let module = copied.as_ref().unwrap_or(module);
            let _ = writeln!(
                text,
                "#\n# a copy of {module} {version} goes to {} (`wasmcheck fix --apply` lays it there), changed by:",
                visible(dir.as_str())
            );
            for line in shown(diff).lines() {
                let _ = writeln!(text, "#   {line}");
            }
        }
    }
    let diffs: Vec<&String> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::File { diff, .. } => Some(diff),
            _ => None,
        })
        .collect();
    if let (Place::Elsewhere(dir), false) = (place, diffs.is_empty()) {
        let _ = writeln!(text, "#\n# apply this in {}:", visible(dir.as_str()));
    }
    for diff in diffs {
        text.push_str(&shown(diff));
    }
    for obstacle in &fixed.obstacles {
        let _ = writeln!(text, "# cannot be applied: {}", visible(obstacle));
    }
    vendor(text, fixed);
}

/// Whether a remedy is another module, for which files were rewritten.
fn is_rewritten(advice: &Advice) -> bool {
    let mut edits = advice.edits.iter();
    advice.kind == AdviceKind::Swap && edits.any(|edit| matches!(edit, Edit::File { .. }))
}

/// What each build has to be told.
fn tags(text: &mut String, edits: &[Edit]) {
    let tags = edits.iter().filter_map(|edit| match edit {
        Edit::Tag { tag } => Some(visible(tag).into_owned()),
        _ => None,
    });
    let tags: Vec<String> = tags.collect();
    if !tags.is_empty() {
        let _ = writeln!(text, "# build with: -tags {}", tags.join(","));
    }
}

/// A diff as people see it, the ends of its lines as they are: `git apply` wants them so.
fn shown(diff: &str) -> String {
    let lines = diff
        .split_inclusive('\n')
        .map(|line| match line.strip_suffix("\r\n") {
            Some(line) => visible_lines(line) + "\r\n",
            None => visible_lines(line),
        });
    lines.collect()
}

/// How many packages build.
fn builds(fixed: &Fixed, goos: Goos) -> Option<String> {
    let [before, after] = fixed.builds(goos);
    let before = before?;
    let packages = count(before.of, "package");
    let built = before.built;
    Some(match after {
        Some(after) => format!(
            "{goos}: {} of {packages} build, {built} before",
            after.built
        ),
        None => format!("{goos}: {built} of {packages} build without changes"),
    })
}

/// Whether a target has packages, of each of which it is known whether it builds.
fn is_known(target: &TargetReport) -> bool {
    let mut own = target
        .packages
        .iter()
        .filter(|p| p.own && p.builds != Builds::Absent)
        .peekable();
    own.peek().is_some() && own.all(|p| p.builds != Builds::Unknown)
}

/// Whether something still fails.
fn status(fixed: &[Fixed]) -> ExitStatus {
    let mut status = ExitStatus::Clean;
    for fixed in fixed {
        let report = fixed.after.as_ref().unwrap_or(&fixed.report);
        let mut own = report
            .targets
            .iter()
            .flat_map(|t| &t.packages)
            .filter(|p| p.own);
        if own.any(|p| p.builds == Builds::No) {
            return ExitStatus::Findings;
        }
        if !report.targets.iter().all(is_known) {
            status = ExitStatus::NoVerdict;
        }
    }
    status
}
