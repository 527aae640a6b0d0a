//! What was built, and what ran, grouped for readers.

use std::collections::BTreeMap;

use model::{End, Observation, Refusal, Report, RunKind, Target, UndefinedCall, WasmFile, count};

use super::words::{bytes, target_list};

/// What ran on a target.
#[derive(Debug)]
pub struct Runs<'r> {
    /// Which one.
    pub target: Target,
    /// What ran it.
    pub host: &'r str,
    /// Programs that were run, and those that ended with exit code 0.
    pub mains: (usize, usize),
    /// Packages that were initialised, and those that ended well.
    pub inits: (usize, usize),
    /// What did not end well, or was refused something.
    pub notable: Vec<&'r Observation>,
}

/// The wasm of one main package.
#[derive(Debug)]
pub struct Built<'r> {
    /// Import path.
    pub package: &'r str,
    /// One file for each build.
    pub files: Vec<&'r WasmFile>,
}

/// What ran, target by target.
pub fn runs(report: &Report) -> Vec<Runs<'_>> {
    let mut targets: BTreeMap<Target, Vec<&Observation>> = BTreeMap::new();
    let ran = report.observations.iter();
    for seen in ran.filter(|seen| seen.kind != RunKind::Test && seen.scenario.is_none()) {
        targets.entry(seen.target).or_default().push(seen);
    }
    let runs = targets.into_iter().map(|(target, all)| Runs {
        target,
        host: all.first().map_or("", |o| o.host.as_str()),
        mains: ended_well(&all, RunKind::Main),
        inits: ended_well(&all, RunKind::Init),
        notable: all.into_iter().filter(|o| is_notable(o)).collect(),
    });
    runs.collect()
}

/// How many runs of a kind there are, and how many of them ended well.
fn ended_well(all: &[&Observation], kind: RunKind) -> (usize, usize) {
    let of_kind = || all.iter().filter(|o| o.kind == kind);
    let well = of_kind().filter(|o| o.end == Some(End::Ok));
    (of_kind().count(), well.count())
}

/// Whether a run did not end well, was refused something, or left goroutines behind by itself.
fn is_notable(seen: &Observation) -> bool {
    let left = seen.together == 1 && seen.goroutines > 0;
    seen.end != Some(End::Ok) || left || !seen.refusals.is_empty()
}

impl Runs<'_> {
    /// In one sentence.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if self.mains.0 > 0 {
            let programs = count(self.mains.0, "program");
            parts.push(format!(
                "{} of {programs} ended with exit code 0",
                self.mains.1
            ));
        }
        if self.inits.0 > 0 {
            let packages = count(self.inits.0, "package");
            parts.push(format!("{} of {packages} initialised", self.inits.1));
        }
        parts.join(", ")
    }
}

/// The line of a program's output that says most: the last one of standard error.
pub fn last_words(seen: &Observation) -> Option<&str> {
    let said = |text: &'_ str| -> bool { !text.trim().is_empty() };
    let crashed = seen.end == Some(End::Crash);
    let last = seen.stderr.lines().rfind(|l| said(l));
    last.filter(|_| !crashed).map(str::trim)
}

/// Programs of `GOOS=js` that do otherwise under Node than in a browser, a line each: the browser has
/// no files, Node no `fetch` that Go uses (`net/http/roundtrip_js.go`).
pub fn host_differences(report: &Report) -> Vec<String> {
    let seen = |target: Target| {
        let all = report.observations.iter();
        all.filter(move |o| o.target == target && o.kind == RunKind::Main)
    };
    let named = |o: &Observation| o.scenario.as_ref().map(|s| s.name.clone());
    let others = Target::ALL.into_iter();
    let others = others.filter(|other| *other != other.goos().representative());
    let pairs = others.flat_map(|other| {
        seen(other.goos().representative()).filter_map(move |node| {
            let same = |o: &&Observation| o.package == node.package && named(o) == named(node);
            Some((node, seen(other).find(same)?))
        })
    });
    let told = pairs.filter_map(|(node, browser)| {
        let what = host_difference(node, browser)?;
        let scenario = named(node).map_or_else(String::new, |name| format!(" `{name}`"));
        Some(format!("{}{scenario}: {what}", node.package))
    });
    told.collect()
}

/// How a run in a browser differs from that under Node.
fn host_difference(node: &Observation, browser: &Observation) -> Option<String> {
    if (node.end, node.exit) == (browser.end, browser.exit) {
        let differs = node.stdout != browser.stdout;
        return differs.then(|| "its output differs".to_owned());
    }
    let ended = |o: &Observation| match (o.end, o.exit) {
        (Some(End::Timeout), _) => "did not end".to_owned(),
        (_, Some(code)) => format!("exit code {code}"),
        _ => "crashed".to_owned(),
    };
    let said = last_words(browser).or(last_words(node));
    let said = said.filter(|said| !said.is_empty());
    let said = said.map_or_else(String::new, |said| format!(": {said}"));
    let (on_node, in_browser) = (ended(node), ended(browser));
    Some(format!(
        "{on_node} on {}, {in_browser} on {}{said}",
        node.target, browser.target
    ))
}

/// What the host refused a program, and where that asked for it.
pub fn refused(refusal: &Refusal) -> String {
    let about = refusal.about.as_ref();
    let about = about.map_or_else(String::new, |about| format!(" {about}"));
    let times = match refusal.times {
        1 => String::new(),
        times => format!(", {times} times"),
    };
    let own = refusal.stack.iter().find(|f| !f.is_std());
    let by = own.map_or_else(String::new, |f| {
        format!(", called by {} at {}:{}", f.function, f.file, f.line)
    });
    format!(
        "host call {}{about} failed with {}{times}{by}",
        refusal.call, refusal.error
    )
}

/// The mains that were built, by package.
pub fn built(report: &Report) -> Vec<Built<'_>> {
    let mut mains: BTreeMap<&str, Vec<&WasmFile>> = BTreeMap::new();
    for file in &report.wasm {
        let package = file.package.as_deref().unwrap_or(&file.file);
        mains.entry(package).or_default().push(file);
    }
    let built = mains
        .into_iter()
        .map(|(package, files)| Built { package, files });
    built.collect()
}

impl Built<'_> {
    /// Sizes, modules, and what it wants of the host beyond what Go's own library does.
    pub fn summary(&self) -> String {
        let sizes: Vec<String> = self
            .files
            .iter()
            .map(|f| format!("{} {}", target_list(&f.targets), bytes(f.size.file)))
            .collect();
        let modules = self
            .files
            .iter()
            .map(|f| f.modules.len())
            .max()
            .unwrap_or(0);
        let mut text = format!("{}; {}", sizes.join(", "), count(modules, "module"));
        let foreign = self.foreign_imports();
        if !foreign.is_empty() {
            text.push_str("; needs from its host: ");
            text.push_str(&foreign.join(", "));
        }
        text
    }

    /// Imports that are not those of WASI preview 1 or of Go's JavaScript glue.
    pub fn foreign_imports(&self) -> Vec<String> {
        let usual = ["wasi_snapshot_preview1", "gojs", "go"];
        let imports = self.files.iter().flat_map(|f| &f.imports);
        let foreign = imports.filter(|i| !usual.contains(&i.module.as_str()));
        let mut names: Vec<String> = foreign
            .map(|i| format!("{}.{}", i.module, i.name))
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The functions that a wasm file wants from each import module.
pub fn imports(wasm: &WasmFile) -> BTreeMap<&str, Vec<&str>> {
    let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for import in &wasm.imports {
        let names = modules.entry(&import.module).or_default();
        if !names.contains(&import.name.as_str()) {
            names.push(&import.name);
        }
    }
    modules
}

/// A call to nobody, in a line.
pub fn undefined_call(call: &UndefinedCall) -> String {
    let callee = call
        .callee
        .as_ref()
        .map_or_else(String::new, |c| format!(" calls {c}"));
    let place = match (&call.file, call.line) {
        (Some(file), Some(line)) => format!(" at {file}:{line}"),
        (Some(file), None) => format!(" in {file}"),
        _ => String::new(),
    };
    format!("{}{callee}{place}", call.caller)
}

/// What calls to nobody do in a file.
pub fn calls_to_nobody(wasm: &WasmFile) -> String {
    let mut instead = wasm
        .undefined_calls
        .iter()
        .filter_map(|c| c.instead.as_ref());
    let number =
        "Go's linker writes the same meaningless function index for every undefined function";
    match (instead.next(), &wasm.invalid) {
        (Some(other), None) => format!(
            "{number}. In this file that is the index of `{other}`: the calls run that function with the wrong arguments, and engines report no error."
        ),
        (Some(other), Some(_)) => {
            format!("{number}, in this file that of `{other}`; and no engine accepts the module.")
        }
        (None, _) => format!(
            "{number}. This file has no function of that number: no engine accepts the module, even if it is never called."
        ),
    }
}
