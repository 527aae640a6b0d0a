//! `std-behaviour`: functions of the standard library that build, and then fail, fake or lie.

mod unused;

use model::{Effect, Finding, Note, NoteKind, Rule, Target};

use self::unused::Used;
use crate::context::{Claim, Context, Saying};
use crate::go::calls::Calls;
use crate::go::facts::{Use, bit};
use crate::go::graph::Package;
use crate::go::source::Source;
use crate::go::symbol::symbol;
use crate::go::types::{Place, Types};
use crate::std::behaviours::{Behaviour, behaviours, waits_for_event_loop};

/// Uses in the module's own packages, and those in dependencies that run at initialisation or that
/// calls lead to: whether anything else is reached is not known before the program is linked.
pub(super) fn check<'g, 'a>(
    cx: &'g Context<'g, 'a>,
    types: &Types<'g, 'a>,
    calls: &Calls<'_, 'g, 'a>,
    findings: &mut Vec<Finding>,
) {
    for package in cx.judged() {
        let used = package.own.then(|| Used::of(package));
        for file in package.files() {
            if !package.own && !calls.touches(file) {
                continue;
            }
            let mut at = At {
                cx,
                calls,
                place: Place { package, file },
                used: used.as_ref(),
            };
            at.uses(types, findings);
            at.methods(types, findings);
        }
    }
}

/// One file.
struct At<'c, 'g, 'a> {
    cx: &'g Context<'g, 'a>,
    calls: &'c Calls<'c, 'g, 'a>,
    place: Place<'g, 'a>,
    /// The functions of an own package that may be used.
    used: Option<&'c Used>,
}

impl<'g, 'a> At<'_, 'g, 'a> {
    fn uses(&mut self, types: &Types<'g, 'a>, findings: &mut Vec<Finding>) {
        let facts = &self.place.file.facts;
        let mut text = String::new();
        for used in &facts.uses {
            if let Some(sel) = used.sel
                && let Some(package) = types.import(self.place, facts.text(used.base))
                && package.listed.standard
            {
                symbol(package.path(), "", facts.text(sel)).write(&mut text);
                self.symbol(used, &text, findings);
            }
        }
    }

    fn methods(&mut self, types: &Types<'g, 'a>, findings: &mut Vec<Finding>) {
        let things = types.things(self.place);
        let mut text = String::new();
        for access in &self.place.file.facts.typing.accesses {
            if let Some(symbol) = types.method(self.place, &things, access) {
                symbol.write(&mut text);
                self.symbol(&access.at, &text, findings);
            }
        }
    }

    /// What is known of a symbol that is used at a place.
    fn symbol(&mut self, used: &Use, symbol: &str, findings: &mut Vec<Finding>) {
        let (cx, Place { package, file }) = (self.cx, self.place);
        if behaviours(symbol).is_empty() && !used.callback {
            return;
        }
        let init = self.calls.at_init(file, used);
        if !(package.own || init || self.calls.reaches(file, used)) {
            return;
        }
        // A guard that keeps the build away keeps the deadlock away.
        if used.callback && used.live & bit(cx.graph.goos) != 0 {
            findings.extend(blocked(cx, package, file, used, symbol));
        }
        for (behaviour, targets) in here(cx, symbol) {
            let unused = self
                .used
                .is_some_and(|functions| !functions.has(file, used));
            let mut finding = finding(cx, self.place, used, symbol, behaviour, unused);
            finding.targets = targets;
            finding.init = init;
            self.called(&mut finding, used);
            // In dependencies only what changes a verdict is reported.
            if package.own || finding.effect != Effect::Note {
                findings.push(finding);
            }
        }
    }

    /// Who calls it.
    fn called(&self, finding: &mut Finding, used: &Use) {
        let places = self.cx.places();
        let name = |place: Place<'g, 'a>| places.name_in(place.package.listed, &place.file.name);
        let (chains, callers) = self.calls.chains(self.place.file, used, name);
        finding.calls = chains;
        finding.callers = callers.into_iter().collect();
    }
}

/// What is known of a symbol in this build, and the targets that it is known of.
pub(crate) fn here(
    cx: &Context<'_, '_>,
    symbol: &str,
) -> impl Iterator<Item = (&'static Behaviour, Vec<Target>)> {
    let now = behaviours(symbol).iter();
    now.filter_map(|behaviour| {
        let wanted = behaviour.targets.iter().copied();
        let targets: Vec<_> = wanted.filter(|t| cx.targets.contains(t)).collect();
        let mended = !behaviour.mended_by.is_empty() && cx.graph.get(behaviour.mended_by).is_some();
        let holds = behaviour.versions.has(cx.settings.release) && !mended;
        (holds && !targets.is_empty()).then_some((behaviour, targets))
    })
}

/// What a behaviour is explained by: the error, what to use instead, where Go has it.
pub(crate) fn explain(finding: &mut Finding, behaviour: &Behaviour) {
    let notes = &mut finding.notes;
    if !behaviour.error.is_empty() && behaviour.measured {
        notes.push(Note::new(NoteKind::Error, behaviour.error));
    }
    if !behaviour.advice.is_empty() {
        notes.push(Note::new(NoteKind::Instead, behaviour.advice));
    }
    notes.push(Note::new(NoteKind::Why, behaviour.place()));
}

/// What explains a callback that waits.
const BLOCKED: [(NoteKind, &str); 3] = [
    (
        NoteKind::Error,
        "fatal error: all goroutines are asleep - deadlock!",
    ),
    (
        NoteKind::Instead,
        "start a goroutine in the callback, and return a Promise to JavaScript",
    ),
    (NoteKind::Why, "GOROOT/src/syscall/js/func.go, FuncOf"),
];

/// A callback that waits for what can only happen after it.
fn blocked<'a>(
    cx: &Context<'_, 'a>,
    package: &Package<'a>,
    file: &Source,
    used: &Use,
    symbol: &str,
) -> Option<Finding> {
    let target = waits_for_event_loop(symbol).filter(|t| cx.targets.contains(t))?;
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect: Effect::FailsAtRunTime,
        root: package.path().to_owned(),
        symbol: symbol.to_owned(),
        claim: Claim::of(
            symbol,
            "waits for the JavaScript event loop, which waits for this js.FuncOf callback to return: a deadlock",
        ),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    finding.targets = vec![target];
    let note = |(kind, text): (NoteKind, &str)| Note::new(kind, text);
    finding.notes = BLOCKED.map(note).to_vec();
    Some(finding)
}

fn finding<'a>(
    cx: &Context<'_, 'a>,
    place: Place<'_, 'a>,
    used: &Use,
    symbol: &str,
    behaviour: &Behaviour,
    unused: bool,
) -> Finding {
    let Place { package, file } = place;
    let reached = used.live & bit(cx.graph.goos) != 0 && !unused;
    let saying = Saying {
        rule: Rule::StdBehaviour,
        effect: if reached {
            behaviour.effect
        } else {
            Effect::Note
        },
        root: package.path().to_owned(),
        symbol: symbol.to_owned(),
        claim: Claim::of(symbol, behaviour.what.as_str()),
    };
    let mut finding = cx.at(package, file, used.base.pos, saying);
    if unused {
        let why = "no code in the package calls the function that contains this call";
        finding.notes.push(Note::new(NoteKind::Unused, why));
        return finding;
    }
    if !reached {
        let line = file.facts.position(used.guard).0;
        finding.guard = Some(format!("{}:{line}", finding.file));
        let text = format!(
            "line {line} makes this code unreachable on {}",
            cx.graph.goos
        );
        let note = Note::new(NoteKind::Guard, text);
        finding.notes.push(note.at(finding.file.as_str(), line, 0));
        return finding;
    }
    explain(&mut finding, behaviour);
    finding
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn methods_by_the_types_of_values() {
        check(
            r#"
import "os"

func Stop(p *os.Process) error {
	q := p
	return q.Signal(os.Interrupt)
	//       ^^^^^^ std-behaviour fails-at-run-time on wasip1: os.(*Process).Signal
	//       ^^^^^^ std-behaviour fails-at-run-time on js-node,js-browser
}
"#,
        );
    }

    #[test]
    fn targets_differ() {
        check(
            r#"
import "os"

func Lock() int { return os.Getpid() }
//                       ^^ std-behaviour silently-different on wasip1
//                       ^^ std-behaviour silently-different on js-browser
"#,
        );
    }

    #[test]
    fn initialisation_of_a_dependency_counts() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/self"
-- example.com/self@v1.0.0/self.go --
package self

import "os"

var Path, _ = os.Executable()
//            ^^ std-behaviour

func Never() { os.Executable() }
"#,
        );
    }

    #[test]
    fn calls_lead_into_a_dependency() {
        check(
            r#"
-- a.go --
package a

import "example.com/self"

func A() { self.Path() }
-- example.com/self@v1.0.0/self.go --
package self

import "os"

func Path() string { return path() }

func path() string {
	path, _ := os.Executable()
	//         ^^ std-behaviour
	return path
}
"#,
        );
    }

    #[test]
    fn a_callback_must_not_wait_for_the_event_loop() {
        check(
            r#"
-- a_js.go --
package a

import (
	"os"
	"syscall/js"
)

var onLoad = js.FuncOf(func(this js.Value, args []js.Value) any {
	os.ReadFile("x")
//< std-behaviour fails-at-run-time on js-node: deadlock
//< std-behaviour fails-at-run-time on js-browser
	return nil
})
-- a.go --
package a
"#,
        );
    }

    #[test]
    fn guards_keep_control_away() {
        check(
            r#"
-- a.go --
package a

import (
	"os"
	"runtime"
)

const onWasm = runtime.GOARCH == "wasm"

func Early() {
	if onWasm {
		return
	}
	os.Pipe()
//< std-behaviour note
}

func Helper() {
	if hasPipes() {
		os.Pipe()
//^^ std-behaviour note
	}
}

func hasPipes() bool { return runtime.GOOS != "js" && runtime.GOOS != "wasip1" }
"#,
        );
    }

    #[test]
    fn a_guard_that_the_user_declares() {
        check(
            r#"
guard: example.com/m.inPage js

-- a.go --
package a

import "os"

var inPage = lookUp()

func lookUp() bool { return os.Getenv("PAGE") != "" }

func A() {
	if !inPage {
		_, _ = os.Executable()
		//     ^^ std-behaviour on wasip1
		//     ^^ std-behaviour note on js-node,js-browser
	}
}
"#,
        );
    }

    #[test]
    fn what_nothing_uses_is_a_note() {
        check(
            r#"
import "os"

func unused() { os.Executable() }
//              ^^ std-behaviour note: no code in the package calls
"#,
        );
    }

    #[test]
    fn other_functions_of_the_same_name_are_fine() {
        check(
            r#"
-- a.go --
package a

import "example.com/m/os"

type process struct{}

func (process) Signal(int) {}

func A(p process) { p.Signal(1); os.Executable() }
-- os/os.go --
package os

func Executable() (string, error) { return "", nil }
"#,
        );
    }

    #[test]
    fn a_dependency_that_nothing_calls_is_fine() {
        check(
            r#"
-- a.go --
package a

import _ "example.com/self"
-- example.com/self@v1.0.0/self.go --
package self

import "os"

func Path() string { path, _ := os.Executable(); return path }
"#,
        );
    }
}
