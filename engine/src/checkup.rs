//! What all stages of the check of one module share.

use camino::Utf8Path;
use model::{Goos, Incomplete, Target, count};
use toolchain::Session;

use crate::builds::Builds;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::events::{Event, Listener};
use crate::hosts::Hosts;
use crate::incomplete::incomplete;
use crate::paths::Paths;
use crate::settings::Settings;
use model::Stage;

/// A module that is checked, and all that its stages share.
#[derive(Clone, Copy)]
pub(crate) struct Checkup<'c> {
    /// Path of the module.
    pub(crate) module: &'c str,
    /// Files are named relative to this: the directory that holds all modules.
    pub(crate) top: &'c Utf8Path,
    /// Which of its packages.
    pub(crate) patterns: &'c [String],
    pub(crate) session: &'c Session,
    pub(crate) settings: &'c Settings,
    /// What the module's owners say of it.
    pub(crate) config: &'c Config,
    pub(crate) builds: &'c Builds,
    pub(crate) hosts: &'c Hosts,
    pub(crate) paths: &'c Paths,
    /// When the stage must end.
    pub(crate) deadline: Deadline,
    pub(crate) events: &'c dyn Listener,
}

impl Checkup<'_> {
    /// The same with another deadline.
    #[must_use]
    pub(crate) fn until(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }

    /// Tell what begins.
    pub(crate) fn tell(&self, event: Event<'_>) {
        self.events.hear(event);
    }

    /// Whether nothing new may be begun.
    pub(crate) fn is_over(&self) -> bool {
        self.is_interrupted() || self.deadline.is_over()
    }

    /// Whether the user wants an end: what was running was ended with it, and says nothing.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.session.interrupt().is_raised()
    }

    /// Why a stage ended before something: the user has interrupted it, or its time was up.
    pub(crate) fn ended_before(&self, what: &str) -> String {
        if self.is_interrupted() {
            return format!("interrupted before {what}");
        }
        let budget = humantime::format_duration(self.settings.budget);
        format!("the budget of {budget} was used up before {what}; --budget raises it")
    }

    /// The same of a stage that did a part of its work.
    pub(crate) fn ended_before_all(
        &self,
        before: &str,
        left: usize,
        noun: &str,
        after: &str,
    ) -> String {
        let left = count(left, noun);
        self.ended_before(&format!("{before}{left}{after}"))
    }

    /// The targets of a build that are asked for.
    pub(crate) fn targets_of(&self, goos: Goos) -> impl Iterator<Item = Target> {
        let targets = self.settings.targets.iter().copied();
        targets.filter(move |t| t.goos() == goos)
    }

    /// Say for each target of a build what a stage could not do.
    pub(crate) fn say_of(
        &self,
        into: &mut Vec<Incomplete>,
        stage: Stage,
        goos: Goos,
        reason: &impl ToString,
    ) {
        let targets = self.targets_of(goos);
        into.extend(targets.map(|target| incomplete(stage, Some(target), reason.to_string())));
    }
}
