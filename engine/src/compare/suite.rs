//! What a test binary prints under `-test.v=test2json`, read test by test: outcomes, who ended the
//! binary, and which hooked functions were entered in which test.
//!
//! `testing` puts byte 0x16 before its own lines (`testing.go`, `chattyPrinter`), so that what tests
//! print is not mistaken for them; hooks do the same.

use std::collections::{BTreeMap, BTreeSet};

use model::{End, Frame, TestOutcome};

use super::crash::{Crash, crash_in, frames, shortened};

/// Before a line of `testing`.
const MARK: char = '\u{16}';

/// Runs with `-test.skip` after one in which a test ended the binary.
const RERUNS: usize = 8;

/// Tests of a binary, and entries of functions, that are kept: it prints what it likes.
const MOST: usize = 100_000;

/// One run of a test binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SuiteRun {
    /// Outcomes of the tests that came to one.
    pub(crate) tests: BTreeMap<String, TestOutcome>,
    /// Tests that were started and did not end because another test ended the process.
    pub(crate) unfinished: BTreeSet<String>,
    /// Top-level tests that ended the binary.
    pub(crate) culprits: BTreeSet<String>,
    /// How the binary ended.
    pub(crate) end: End,
    /// Hooked functions that were entered, in order.
    pub(crate) entries: Vec<HookEntry>,
    /// The panic or fatal error that ended it.
    pub(crate) crash: Option<Crash>,
}

/// A hooked function was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HookEntry {
    /// Which function.
    pub(crate) symbol: String,
    /// The test that runs, or that is on the stack; empty outside of all.
    pub(crate) test: String,
    /// The calls that led there, innermost first.
    pub(crate) stack: Vec<Frame>,
}

/// A test binary with its reruns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Outcomes, those of reruns included.
    pub(crate) tests: BTreeMap<String, TestOutcome>,
    /// Tests that the plain run did not come to.
    pub(crate) unreached: BTreeSet<String>,
    /// How the plain run ended.
    pub(crate) end: End,
    /// Hooked functions that were entered in any run.
    pub(crate) entries: Vec<HookEntry>,
    /// What ended the plain run.
    pub(crate) crash: Option<Crash>,
    /// Where the runs ended that a test ended, by top-level test: innermost call first.
    pub(crate) crashes: BTreeMap<String, Vec<Frame>>,
}

impl Default for Suite {
    /// That of a package without tests.
    fn default() -> Self {
        Self {
            tests: BTreeMap::new(),
            unreached: BTreeSet::new(),
            end: End::Ok,
            entries: Vec::new(),
            crash: None,
            crashes: BTreeMap::new(),
        }
    }
}

/// The top-level test of a test or subtest.
pub(crate) fn top(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

impl Suite {
    /// Run a binary, and again without the tests that ended it, until all others were reached.
    ///
    /// `run` is told what to skip, and gives nothing when there is no time left.
    pub(crate) fn measure(
        mut run: impl FnMut(&BTreeSet<String>) -> Option<SuiteRun>,
    ) -> Option<Self> {
        let plain = run(&BTreeSet::new())?;
        let reached: BTreeSet<String> = plain.tests.keys().cloned().collect();
        let mut suite = Self {
            tests: plain.tests,
            unreached: plain.unfinished,
            end: plain.end,
            entries: plain.entries,
            crash: plain.crash.clone(),
            crashes: BTreeMap::new(),
        };
        suite.blame(&plain.culprits, plain.crash);
        let mut skip = plain.culprits;
        for _ in 0..RERUNS {
            if skip.is_empty() {
                break;
            }
            let Some(again) = run(&skip) else { break };
            for (name, outcome) in again.tests {
                suite.tests.entry(name).or_insert(outcome);
            }
            suite.unreached.extend(again.unfinished);
            suite.entries.extend(again.entries);
            suite.blame(&again.culprits, again.crash);
            let before = skip.len();
            skip.extend(again.culprits);
            if skip.len() == before {
                break;
            }
        }
        let all = suite.tests.keys().cloned();
        suite.unreached.extend(all);
        suite.unreached.retain(|name| !reached.contains(name));
        Some(suite)
    }

    fn blame(&mut self, culprits: &BTreeSet<String>, crash: Option<Crash>) {
        let Some(crash) = crash else { return };
        for name in culprits {
            let stack = self.crashes.entry(name.clone());
            stack.or_insert_with(|| crash.stack.clone());
        }
    }
}

/// Read what a binary printed on both streams. `code` is its exit code, none when it was ended;
/// `late` says that this was because its time was up.
pub(crate) fn read(output: &str, code: Option<i32>, late: bool) -> SuiteRun {
    let mut reader = Reader::default();
    let mut lines = output.split('\n');
    while let Some(line) = lines.next() {
        match line.split_once(MARK) {
            None => reader.plain(line),
            Some((before, said)) => {
                if !before.is_empty() {
                    reader.plain(before);
                }
                if let Some(symbol) = said.strip_prefix("@@entered ") {
                    let stack: Vec<&str> = lines
                        .by_ref()
                        .take_while(|l| !l.starts_with(&format!("{MARK}@@end")))
                        .collect();
                    reader.entered(symbol, &stack);
                } else {
                    reader.framed(said.trim_start());
                }
            }
        }
    }
    reader.finish(output, code, late)
}

/// What a program printed without what hooks did: they begin and end a line of their own.
pub(crate) fn without_entries(output: &str) -> String {
    let mut text = String::new();
    let mut rest = output;
    let start = format!("\n{MARK}@@entered ");
    let end = format!("\n{MARK}@@end\n");
    while let Some(at) = rest.find(&start) {
        text.push_str(&rest[..at]);
        rest = rest[at..]
            .find(&end)
            .map_or("", |e| &rest[at + e + end.len()..]);
    }
    text + rest
}

#[derive(Default)]
struct Reader {
    tests: BTreeMap<String, TestOutcome>,
    /// The test that came to an end last.
    last: Option<String>,
    /// Running tests, and whether they wait for others.
    running: BTreeMap<String, bool>,
    started: BTreeSet<String>,
    current: String,
    entries: Vec<HookEntry>,
    /// `testing` came to its end.
    ended: bool,
}

impl Reader {
    /// A line that is not of `testing`, or of one that is too old to mark its last word.
    fn plain(&mut self, line: &str) {
        self.ended |= line == "FAIL" || line == "PASS";
    }

    fn framed(&mut self, said: &str) {
        self.plain(said);
        if let Some(rest) = said.strip_prefix("=== ") {
            let Some((verb, name)) = rest.split_once(' ') else {
                return;
            };
            let name = shortened(name.trim());
            if self.is_full(&name) {
                return;
            }
            match verb {
                "RUN" | "CONT" => drop(self.running.insert(name.clone(), false)),
                "PAUSE" => drop(self.running.insert(name.clone(), true)),
                _ => {}
            }
            if verb == "RUN" {
                self.started.insert(name.clone());
            }
            self.current = name;
        } else if let Some(rest) = said.strip_prefix("--- ") {
            let outcome = match rest.split_once(": ") {
                Some(("PASS", rest)) => Some((TestOutcome::Pass, rest)),
                Some(("FAIL", rest)) => Some((TestOutcome::Fail, rest)),
                Some(("SKIP", rest)) => Some((TestOutcome::Skip, rest)),
                _ => None,
            };
            let Some((outcome, rest)) = outcome else {
                return;
            };
            let name = rest.rsplit_once(" (").map_or(rest, |(name, _)| name);
            let name = shortened(name.trim());
            if self.is_full(&name) {
                return;
            }
            self.running.remove(&name);
            self.tests.insert(name.clone(), outcome);
            self.last = Some(name.clone());
            self.current = name;
        }
    }

    /// Whether there is no room for another test; what is known of one may still change.
    fn is_full(&self, name: &str) -> bool {
        let known = self
            .tests
            .len()
            .max(self.started.len())
            .max(self.running.len());
        known >= MOST && !self.tests.contains_key(name) && !self.started.contains(name)
    }

    fn entered(&mut self, symbol: &str, lines: &[&str]) {
        if self.entries.len() >= MOST {
            return;
        }
        let lines = lines.iter().skip_while(|l| !l.starts_with("goroutine "));
        let lines: Vec<&str> = lines.skip(1).copied().collect();
        let hook = |f: &Frame| f.function.to_lowercase().ends_with(".wasmcheckentered");
        let stack: Vec<Frame> = frames(&lines).into_iter().skip_while(hook).collect();
        let named = stack.iter().find_map(|f| test_of(&f.function));
        let test = match named {
            Some(name) if self.started.contains(name) && top(&self.current) != name => name,
            _ => self.current.as_str(),
        };
        let test = test.to_owned();
        self.entries.push(HookEntry {
            symbol: shortened(symbol.trim()),
            test,
            stack,
        });
    }

    fn finish(mut self, output: &str, code: Option<i32>, late: bool) -> SuiteRun {
        let own_limit = "panic: test timed out after ";
        let timed_out = late || output.contains(own_limit);
        let failed = code != Some(0);
        let abnormal = failed && (!self.running.is_empty() || timed_out || !self.ended);
        let mut run = SuiteRun {
            tests: BTreeMap::new(),
            unfinished: BTreeSet::new(),
            culprits: BTreeSet::new(),
            end: match (failed, abnormal, timed_out) {
                (false, ..) => End::Ok,
                (true, false, _) => End::Fail,
                (true, true, true) => End::Timeout,
                (true, true, false) => End::Crash,
            },
            entries: self.entries,
            crash: None,
        };
        if abnormal {
            let outcome = if timed_out {
                TestOutcome::Timeout
            } else {
                TestOutcome::Fail
            };
            run.crash = crash_in(output);
            let mut names = running_tests(output);
            names.retain(|_| timed_out);
            if names.is_empty() {
                let running = self.running.iter().filter(|(_, waits)| !**waits);
                names = running.map(|(name, _)| name.clone()).collect();
            }
            for name in &names {
                let parents = name.match_indices('/').map(|(end, _)| &name[..end]);
                let parents = parents.filter(|parent| self.running.contains_key(*parent));
                for blamed in parents.chain([name.as_str()]) {
                    self.tests.insert(blamed.to_owned(), outcome);
                }
            }
            run.culprits = names.iter().map(|name| top(name).to_owned()).collect();
            if let (true, Some(last)) = (run.culprits.is_empty(), &self.last)
                && self.tests.get(last) == Some(&TestOutcome::Fail)
            {
                run.culprits.insert(top(last).to_owned());
            }
        }
        let left = self.running.into_keys();
        run.unfinished = left.filter(|name| !self.tests.contains_key(name)).collect();
        run.tests = self.tests;
        run
    }
}

/// The tests that Go lists when its own limit was reached: `running tests:` and a line each,
/// `\tTestX (1s)`.
fn running_tests(output: &str) -> BTreeSet<String> {
    let Some((_, list)) = output.split_once("running tests:\n") else {
        return BTreeSet::new();
    };
    let lines = list.lines().take_while(|l| l.starts_with('\t'));
    let names = lines.filter_map(|l| l.split_whitespace().next());
    names.take(MOST).map(shortened).collect()
}

/// The test function that a function is, or lies in: `TestX` of `example.com/p.TestX.func1`.
pub(crate) fn test_of(function: &str) -> Option<&str> {
    let last = function.rsplit('/').next()?;
    let mut parts = last.split('.');
    let package = parts.next()?;
    let name = parts.next()?;
    let is_test = ["Test", "Example", "Fuzz"]
        .iter()
        .any(|p| name.starts_with(p));
    (is_test && package != "testing" && !name.contains('(')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "\u{16}=== RUN   TestA\nout\u{16}=== RUN   TestA/x y\n\u{16}--- PASS: TestA/x y (0.00s)\n\u{16}--- PASS: TestA (0.00s)\n\u{16}=== RUN   TestB\n    b_test.go:3: no\n\u{16}--- SKIP: TestB (0.00s)\n\u{16}=== RUN   ExampleC\n\u{16}--- FAIL: ExampleC (0.01s)\ngot:\n\u{16}FAIL\n";

    #[test]
    fn tests_that_a_binary_makes_many_or_long_are_bounded() {
        let line = |n: usize| format!("{MARK}=== RUN   Test{n}/{}\n", "x".repeat(20));
        let more = format!(
            "{MARK}=== RUN   Test{}\n{MARK}--- PASS: Test0/{} (0.00s)\n",
            "y".repeat(1 << 20),
            "x".repeat(20)
        );
        let output: String = (0..MOST + 500).map(line).chain([more]).collect();
        let run = read(&output, None, false);
        assert_eq!(run.tests.len() + run.unfinished.len(), MOST);
        assert_eq!(
            run.tests[&format!("Test0/{}", "x".repeat(20))],
            TestOutcome::Pass
        );
        let long = format!("{MARK}=== RUN   Test{}\n", "y".repeat(1 << 20));
        let run = read(&long, None, false);
        assert!(run.tests.keys().all(|name| name.len() < 2000), "it is cut");
    }

    #[test]
    fn outcomes_are_read() {
        let run = read(PLAIN, Some(1), false);
        let tests: Vec<_> = run
            .tests
            .iter()
            .map(|(n, o)| (n.as_str(), o.name()))
            .collect();
        assert_eq!(
            tests,
            [
                ("ExampleC", "fail"),
                ("TestA", "pass"),
                ("TestA/x y", "pass"),
                ("TestB", "skip")
            ]
        );
        assert_eq!(run.end, End::Fail);
        assert!(run.culprits.is_empty() && run.unfinished.is_empty());
    }

    #[test]
    fn a_panic_in_a_goroutine_blames_the_running_test() {
        let text = "\u{16}=== RUN   TestA\n\u{16}=== PAUSE TestA\n\u{16}=== RUN   TestB\n\u{16}=== RUN   TestB/s\npanic: boom\n\ngoroutine 9 [running]:\np.f()\n\t/m/f.go:3 +0x1\n";
        let run = read(text, Some(2), false);
        assert_eq!(run.end, End::Crash);
        assert_eq!(run.tests.keys().collect::<Vec<_>>(), ["TestB", "TestB/s"]);
        assert_eq!(run.culprits.iter().collect::<Vec<_>>(), ["TestB"]);
        assert_eq!(run.unfinished.iter().collect::<Vec<_>>(), ["TestA"]);
        assert_eq!(run.crash.unwrap().message, "panic: boom");
    }

    #[test]
    fn an_exit_is_seen_by_the_missing_last_word() {
        let text = "\u{16}=== RUN   TestA\n\u{16}--- FAIL: TestA (0.00s)\n";
        let run = read(text, Some(1), false);
        assert_eq!(run.end, End::Crash);
        assert_eq!(run.culprits.iter().collect::<Vec<_>>(), ["TestA"]);
    }

    #[test]
    fn tests_that_run_out_of_time_are_named_by_go_or_by_the_last_word() {
        let text = "\u{16}=== RUN   TestA\n\u{16}=== RUN   TestB\npanic: test timed out after 2m0s\n\trunning tests:\n\t\tTestB (2m0s)\n\ngoroutine 1 [running]:\n";
        let run = read(text, Some(2), false);
        assert_eq!(run.end, End::Timeout);
        assert_eq!(run.tests["TestB"], TestOutcome::Timeout);
        assert!(run.unfinished.contains("TestA"));
        let killed = read("\u{16}=== RUN   TestA\n", None, true);
        assert_eq!(killed.end, End::Timeout);
        assert_eq!(killed.tests["TestA"], TestOutcome::Timeout);
    }

    #[test]
    fn entries_belong_to_the_test_on_the_stack_or_the_one_that_runs() {
        let stack = |test: &str| {
            format!(
                "\u{16}@@entered net.socket\ngoroutine 7 [running]:\nruntime.WasmcheckEntered({{0x1, 0x2}})\n\t/go/src/runtime/zz_wasmcheck.go:9 +0x1\nnet.wasmcheckEntered(...)\n\t/go/src/net/zz_wasmcheck.go:5\nnet.socket(0x1)\n\t/go/src/net/net_fake.go:45 +0x2\nexample.com/p.{test}.func1()\n\t/m/p_test.go:8 +0x3\ncreated by example.com/p.Serve in goroutine 6\n\t/m/p.go:9 +0x4\n\n\u{16}@@end\n"
            )
        };
        let text = format!(
            "\u{16}=== RUN   TestA\n{}\u{16}--- PASS: TestA (0.00s)\n\u{16}=== RUN   TestB\n\u{16}=== RUN   TestB/s\n{}{}\u{16}PASS\n",
            stack("helper"),
            stack("TestB"),
            stack("TestA")
        );
        let run = read(&text, Some(0), false);
        let of: Vec<&str> = run.entries.iter().map(|e| e.test.as_str()).collect();
        assert_eq!(of, ["TestA", "TestB/s", "TestA"]);
        let stack: Vec<_> = run.entries[0]
            .stack
            .iter()
            .map(|f| f.function.as_str())
            .collect();
        assert_eq!(
            stack,
            [
                "net.socket",
                "example.com/p.helper.func1",
                "example.com/p.Serve"
            ]
        );
    }

    #[test]
    fn what_hooks_print_is_taken_out() {
        let text =
            "a\n\n\u{16}@@entered os.Pipe\ngoroutine 1\n\n\u{16}@@end\nb c\n\u{16}@@entered x\n";
        assert_eq!(without_entries(text), "a\nb c");
        assert_eq!(without_entries("plain\n"), "plain\n");
    }

    #[test]
    fn tests_behind_one_that_ended_the_binary_are_reached() {
        let mut skips = Vec::new();
        let suite = Suite::measure(|skip| {
            skips.push(skip.clone());
            Some(match skip.len() {
                0 => read("\u{16}=== RUN   TestA\npanic: x\n", Some(2), false),
                1 => read("\u{16}=== RUN   TestB\nfatal error: y\n", Some(2), false),
                _ => read(
                    "\u{16}=== RUN   TestC\n\u{16}--- PASS: TestC (0.00s)\n\u{16}PASS\n",
                    Some(0),
                    false,
                ),
            })
        })
        .unwrap();
        assert_eq!(skips.len(), 3);
        assert_eq!(suite.end, End::Crash);
        assert_eq!(suite.tests["TestC"], TestOutcome::Pass);
        assert_eq!(
            suite.unreached.iter().collect::<Vec<_>>(),
            ["TestB", "TestC"]
        );
    }
}
