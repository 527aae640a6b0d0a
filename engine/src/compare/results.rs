//! Two runs of the tests of a package compared: natively, and under wasm.

use std::collections::{BTreeMap, BTreeSet};

use model::{Entered, TestClass, TestOutcome, TestResult};

use super::suite::{HookEntry, Suite, test_of, top};

/// Functions of a crash that are named.
const MOST: usize = 6;

/// How much the entry of a function explains, the most first; none for functions of no interest.
pub(crate) type WeightOf<'w> = &'w dyn Fn(&str) -> Option<u8>;

/// What is compared.
pub(crate) struct Compared<'c> {
    /// The native run; none when there was none.
    pub(crate) native: Option<&'c Suite>,
    /// The run on the target; none when the binary could not be built, or was not run.
    pub(crate) here: Option<&'c Suite>,
    /// Whether a top-level test is in the binary of the target.
    pub(crate) built: &'c dyn Fn(&str) -> bool,
    /// Why a top-level test is not in it: files.
    pub(crate) left_out: &'c dyn Fn(&str) -> Vec<String>,
    /// What explains a difference when no function does: files that only wasm selects.
    pub(crate) other_code: &'c [String],
    /// The network inside the process.
    pub(crate) network: &'c str,
    /// How much a function explains.
    pub(crate) weight: WeightOf<'c>,
    /// From this weight on, `other_code` explains more.
    pub(crate) weak: u8,
    /// Where the standard library lies: frames of it lead from a user's call to the hook.
    pub(crate) goroot: &'c str,
}

impl Compared<'_> {
    /// Every test of either run.
    pub(crate) fn results(&self) -> BTreeMap<String, TestResult> {
        let of = |suite: Option<&Suite>| -> BTreeSet<String> {
            let names = suite.map(|s| s.tests.keys().chain(&s.unreached).cloned());
            names.into_iter().flatten().collect()
        };
        let names = &of(self.native) | &of(self.here);
        let told = names.into_iter().map(|name| {
            let result = self.result(&name);
            (name, result)
        });
        told.collect()
    }

    fn result(&self, name: &str) -> TestResult {
        let (native, here) = self.outcomes(name);
        let class = self.class(name, native, here);
        TestResult {
            native,
            here,
            class,
            because: self.because(name, class, here),
        }
    }

    /// Natively, and here.
    fn outcomes(&self, name: &str) -> (Option<TestOutcome>, Option<TestOutcome>) {
        let of = |suite: Option<&Suite>| suite.and_then(|s| s.tests.get(name).copied());
        (of(self.native), of(self.here))
    }

    fn class(
        &self,
        name: &str,
        native: Option<TestOutcome>,
        here: Option<TestOutcome>,
    ) -> TestClass {
        if self.native.is_none() {
            return TestClass::NotCompared;
        }
        match (native, here) {
            (Some(TestOutcome::Pass), Some(TestOutcome::Pass)) if self.networks(name) => {
                TestClass::FakeNetwork
            }
            (native, here) if native == here => TestClass::Same,
            (None, _) => TestClass::OnlyHere,
            (_, Some(TestOutcome::Timeout)) => TestClass::TimedOut,
            (_, Some(TestOutcome::Skip)) => TestClass::Skipped,
            (_, Some(_)) => TestClass::Differs,
            (_, None) => self.missing(name),
        }
    }

    /// Why a test that runs natively has no outcome here.
    fn missing(&self, name: &str) -> TestClass {
        let Some(here) = self.here else {
            return TestClass::NotBuilt;
        };
        let parent = here.tests.get(top(name));
        if here.unreached.contains(name) || parent == Some(&TestOutcome::Timeout) {
            TestClass::NotReached
        } else if !(self.built)(top(name)) {
            TestClass::NotBuilt
        } else if name.contains('/') {
            TestClass::NotStarted
        } else {
            TestClass::NotReached
        }
    }

    /// Whether a test, or one of its subtests, used the network inside the process.
    fn networks(&self, name: &str) -> bool {
        self.entries().any(|e| self.is_network_of(e, name))
    }

    fn is_network_of(&self, entry: &HookEntry, name: &str) -> bool {
        let rest = entry.test.strip_prefix(name);
        entry.symbol == self.network && rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
    }

    fn entries(&self) -> impl Iterator<Item = &HookEntry> {
        self.here.into_iter().flat_map(|here| &here.entries)
    }

    fn because(&self, name: &str, class: TestClass, here: Option<TestOutcome>) -> Vec<String> {
        let failed = matches!(here, Some(TestOutcome::Fail | TestOutcome::Timeout));
        match class {
            TestClass::OnlyHere | TestClass::NotCompared if !failed => Vec::new(),
            TestClass::Same => Vec::new(),
            TestClass::NotBuilt => (self.left_out)(top(name)),
            TestClass::FakeNetwork => self.symbols(|e| self.is_network_of(e, name)),
            _ => {
                // What ended the binary before any test stands outside of all.
                let before = class == TestClass::NotReached;
                let related =
                    |e: &HookEntry| top(&e.test) == top(name) || (before && e.test.is_empty());
                let weight = |e: &HookEntry| (self.weight)(&e.symbol);
                let strong = |e: &HookEntry| weight(e).is_some_and(|w| w < self.weak);
                let mut symbols = self.symbols(|e| related(e) && strong(e));
                if symbols.is_empty() && class != TestClass::TimedOut {
                    symbols = self.crashed_in(top(name));
                    symbols.extend_from_slice(self.other_code);
                }
                // What is found out once, before the tests or in the first that asks, is entered there
                // alone.
                if symbols.is_empty() && class != TestClass::TimedOut {
                    let alike = |e: &HookEntry| {
                        e.test.is_empty() || self.outcomes(top(&e.test)) == self.outcomes(top(name))
                    };
                    symbols = self.symbols(|e| strong(e) && alike(e));
                }
                symbols.extend(self.symbols(|e| related(e) && !strong(e)));
                symbols
            }
        }
    }

    /// The functions on the way from a test to the panic that ended it, innermost first.
    fn crashed_in(&self, name: &str) -> Vec<String> {
        let stack = self.here.and_then(|here| here.crashes.get(name));
        let frames = stack.into_iter().flatten().map(|f| f.function.as_str());
        let inside = frames.take_while(|f| test_of(f).is_none());
        let own = inside.filter(|f| !f.starts_with("runtime.") && !f.starts_with("testing."));
        let mut symbols: Vec<String> = Vec::new();
        for function in own.filter(|f| *f != "panic") {
            // A closure is part of the function around it.
            let outer = function.split(".func").next().unwrap_or(function);
            let outer = outer.replace("[...]", "");
            if symbols.len() < MOST && !symbols.contains(&outer) {
                symbols.push(outer);
            }
        }
        symbols
    }

    /// The functions of entries, the most decisive first, each followed by the function of the
    /// standard library that the user called.
    fn symbols(&self, chosen: impl Fn(&HookEntry) -> bool) -> Vec<String> {
        let entries = self.entries().filter(|e| chosen(e));
        let weighed = entries.filter_map(|e| Some(((self.weight)(&e.symbol)?, e)));
        let mut weighed: Vec<(u8, &HookEntry)> = weighed.collect();
        weighed.sort_by_key(|(weight, _)| *weight);
        let mut symbols: Vec<String> = Vec::new();
        for (_, entry) in weighed {
            let called = self.called(entry).filter(|called| *called != entry.symbol);
            for symbol in [Some(entry.symbol.clone()), called].into_iter().flatten() {
                if !symbols.contains(&symbol) {
                    symbols.push(symbol);
                }
            }
        }
        symbols
    }

    /// The last function of the standard library on the way from the user's code to the hook.
    fn called(&self, entry: &HookEntry) -> Option<String> {
        let src = format!("{}/src/", self.goroot.trim_end_matches('/'));
        let std = entry.stack.iter().take_while(|f| f.file.starts_with(&src));
        let last = std.last()?;
        let name = last.function.rsplit('.').next().unwrap_or_default();
        let plain = name.starts_with(|c: char| c.is_ascii_uppercase());
        plain.then(|| last.function.replace("[...]", ""))
    }

    /// What was entered, by function, with the tests in which it was.
    pub(crate) fn entered(&self) -> Vec<Entered> {
        let mut all: BTreeMap<&str, Entered> = BTreeMap::new();
        for entry in self.entries() {
            let entered = all.entry(&entry.symbol).or_insert_with(|| Entered {
                symbol: entry.symbol.clone(),
                tests: Vec::new(),
                stack: entry.stack.clone(),
            });
            if !entered.tests.contains(&entry.test) {
                entered.tests.push(entry.test.clone());
            }
        }
        all.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::suite::read;

    fn suite(text: &str, code: i32) -> Suite {
        Suite::measure(|_| Some(read(&text.replace('#', "\u{16}"), Some(code), false))).unwrap()
    }

    #[test]
    fn each_class_has_its_case() {
        let native = suite(
            "#=== RUN   TestSame\n#--- PASS: TestSame (0s)\n#--- PASS: TestNet (0s)\n#--- PASS: TestFails (0s)\n#--- PASS: TestSkips (0s)\n#--- PASS: TestSkips/sub (0s)\n#--- PASS: TestLeftOut (0s)\n#PASS\n",
            0,
        );
        let here = suite(
            "#--- PASS: TestSame (0s)\n#=== RUN   TestNet\n#@@entered net.socket\ngoroutine 1 [running]:\nnet.socket()\n\t/go/src/net/a.go:1 +0x1\nnet.Listen()\n\t/go/src/net/b.go:1 +0x1\np.TestNet()\n\t/m/p.go:1 +0x1\n\n#@@end\n#--- PASS: TestNet (0s)\n#--- FAIL: TestFails (0s)\n#--- SKIP: TestSkips (0s)\n#--- PASS: TestMore (0s)\n#FAIL\n",
            1,
        );
        let compared = Compared {
            native: Some(&native),
            here: Some(&here),
            built: &|name| name != "TestLeftOut",
            left_out: &|_| vec!["p_linux_test.go".to_owned()],
            other_code: &["p_wasm.go".to_owned()],
            network: "net.socket",
            weight: &|_| Some(1),
            weak: 3,
            goroot: "/go",
        };
        let results = compared.results();
        let told: Vec<_> = results
            .iter()
            .map(|(name, r)| (name.as_str(), r.class, r.because.join(" ")))
            .collect();
        let expected = [
            ("TestFails", TestClass::Differs, "p_wasm.go"),
            ("TestLeftOut", TestClass::NotBuilt, "p_linux_test.go"),
            ("TestMore", TestClass::OnlyHere, ""),
            ("TestNet", TestClass::FakeNetwork, "net.socket net.Listen"),
            ("TestSame", TestClass::Same, ""),
            ("TestSkips", TestClass::Skipped, "p_wasm.go"),
            ("TestSkips/sub", TestClass::NotStarted, "p_wasm.go"),
        ];
        assert_eq!(told, expected.map(|(n, c, b)| (n, c, b.to_owned())));
    }
}
