//! Events of the engine as text on standard error: a spinner on a terminal, a line per phase elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use engine::{Event, Listener, Step};
use indicatif::{ProgressBar, ProgressStyle};
use model::visible;

use crate::output;

/// Where the work stands.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    started: Instant,
    fetched: Mutex<usize>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        use std::io::IsTerminal;
        let terminal = !quiet && std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}");
            let bar = ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self {
            bar,
            quiet,
            started: Instant::now(),
            fetched: Mutex::new(0),
        }
    }

    /// A phase starts.
    fn phase(&self, what: &str) {
        let what = visible(what);
        match &self.bar {
            Some(bar) => bar.set_message(what.into_owned()),
            None if self.quiet => {}
            None => {
                let seconds = self.started.elapsed().as_secs_f64();
                output::say(&format!("wasmcheck: {what} ({seconds:.1} s)"));
            }
        }
    }

    /// Go fetches something from the network.
    fn fetched(&self, what: &str) {
        let count = {
            let mut fetched = self
                .fetched
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *fetched += 1;
            *fetched
        };
        let what = visible(what);
        match &self.bar {
            Some(bar) => bar.set_message(format!("fetching modules: {count}, {what}")),
            None if self.quiet || !count.is_power_of_two() => {}
            None => output::say(&format!("wasmcheck: go fetches modules: {count}, {what}")),
        }
    }

    /// A remark that stays on the screen.
    fn remark(&self, text: &str) {
        let text = visible(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| output::say(&text)),
            None => output::say(&text),
        }
    }

    /// Clear the line, so that results can be printed.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Listener for Progress {
    fn hear(&self, event: Event<'_>) {
        match event {
            Event::Fetched { what } => self.fetched(what),
            Event::ReplaceDropped { module, replace } => self.remark(&format!(
                "wasmcheck: dropped `replace {replace}`: its directory is not part of {module}"
            )),
            Event::MemberLeftOut { dir } => self.remark(&format!(
                "wasmcheck: {dir} is not checked: go.work names it, but it lies outside of the workspace; `wasmcheck {dir}` checks it"
            )),
            Event::ProgramRefused { file } => self.remark(&format!(
                "wasmcheck: {file} is not started: it lies in the current directory, in the module that is checked or in the repository around it, or PATH names its directory by a relative path; if you trust it, give `--go {file}`"
            )),
            phase => {
                if let Some(text) = phase_text(phase) {
                    self.phase(&text);
                }
            }
        }
    }
}

/// What a phase is about; none for events that begin none.
fn phase_text(event: Event<'_>) -> Option<String> {
    Some(match event {
        Event::Fetching { module } => format!("fetching {module}"),
        Event::Listing { module } => format!("listing the packages of {module}"),
        Event::Reading { packages } => format!("reading {packages} packages"),
        Event::Compiling { module, goos } => format!("compiling {module} for {goos}"),
        Event::CompilingAgain { package, goos } => {
            format!("compiling {package} for {goos} again, for all of its errors")
        }
        Event::Linking {
            package,
            goos,
            step,
        } => format!("linking {package} for {goos} {}", of(step)),
        Event::Running {
            package,
            target,
            step,
        } => format!("running {package} on {target} {}", of(step)),
        Event::Initialising { packages, target } => match packages {
            [one] => format!("initialising {one} on {target}"),
            many => format!("initialising {} packages on {target}", many.len()),
        },
        Event::Playing { scenario, target } => format!("playing `{scenario}` on {target}"),
        Event::Testing { package, step } => format!("testing {package} {}", of(step)),
        Event::AskingVersions { module } => format!("asking for versions of {module}"),
        Event::Mending { goos } => format!("changing what fails, and compiling it on {goos}"),
        Event::Trying { remedy, goos } => format!("trying {remedy} on {goos}"),
        Event::BuildingAlone { module } => format!("building {module} in its own tree"),
        _ => return None,
    })
}

fn of(step: Step) -> String {
    format!("({} of {})", step.number, step.of)
}
