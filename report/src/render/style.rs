//! Colours. What they are put on decides whether they are shown.

use anstyle::{AnsiColor, Style};
use model::{Effect, Verdict};

/// What is wrong: it does not build, or links broken.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What fails at run time.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What is silently different.
pub const ODD: Style = AnsiColor::Magenta.on_default().bold();
/// What works, and what helps.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Titles.
pub const HEAD: Style = Style::new().bold();
/// What is beside the point.
pub const SOFT: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();

/// The colour of a verdict.
pub const fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::FailsToBuild | Verdict::LinksBroken => ERROR,
        Verdict::FailsAtRunTime => WARN,
        Verdict::SilentlyDifferent => ODD,
        Verdict::Clean | Verdict::Works => GOOD,
        Verdict::Unknown | Verdict::Absent => SOFT,
    }
}

/// The colour of an effect: that of the verdict it leads to.
pub const fn effect(effect: Effect) -> Style {
    match effect.verdict() {
        Some(v) => verdict(v),
        None => PLAIN,
    }
}
