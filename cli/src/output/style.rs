//! Colours. What they are put on decides whether they are shown.

use anstyle::{AnsiColor, Style};
use model::{Effect, Verdict};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const ODD: Style = AnsiColor::Magenta.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const SOFT: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();

/// The colour of a verdict.
pub(crate) const fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::FailsToBuild | Verdict::LinksBroken => ERROR,
        Verdict::FailsAtRunTime => WARN,
        Verdict::SilentlyDifferent => ODD,
        Verdict::Clean | Verdict::Works => GOOD,
        Verdict::Unknown | Verdict::Absent => SOFT,
    }
}

/// The colour of an effect: that of the verdict it leads to.
pub(crate) const fn effect(effect: Effect) -> Style {
    match effect.verdict() {
        Some(v) => verdict(v),
        None => PLAIN,
    }
}
