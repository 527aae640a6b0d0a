//! Hooks: an overlay over the standard library in which functions that behave differently on wasm
//! report that they were entered, with the stack of the goroutine.
//!
//! Most of what wasm lacks never reaches the host: Go's own `syscall`, `os` and `net` answer inside
//! the program (`syscall/net_wasip1.go`, `net/net_fake.go`). Only from within can it be seen. The
//! files are those of the user's GOROOT; each gets a call at the start of a function, on the same
//! line, so that lines stay what they are. `data/hooks.tsv` lists the functions.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use model::{Goos, Target};

use crate::std::behaviours::{all_behaviours, split_symbol};
use crate::system::System;

/// How much the entry of a function explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It fails whatever it is given.
    Fails,
    /// It is Go's network inside the process.
    Network,
    /// It succeeds with an answer that is made up, or without doing what it is for.
    Fakes,
    /// It does nearly what it does elsewhere, and is called by many.
    Weak,
}

/// A function that is hooked.
#[derive(Clone, Debug)]
struct Hook {
    symbol: &'static str,
    /// Files in GOROOT/src; the first that declares it.
    files: Vec<&'static str>,
    /// `Name` or `(*Recv).Name`
    decl: &'static str,
    /// A Go expression over its parameters; empty for always.
    when: &'static str,
    weight: Weight,
    targets: Vec<Target>,
}

/// Files that take the place of others in GOROOT, or are added to it.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// Path and text.
    pub files: BTreeMap<Utf8PathBuf, String>,
    /// The functions that report.
    pub symbols: BTreeSet<&'static str>,
}

/// Added to `runtime`: what hooked functions call. The first byte of its lines is the one that
/// `testing` puts before its own (`cmd/internal/test2json`), which nobody else writes. A function that was entered in the same way, from
/// the same goroutine, is not reported again; of goroutines with the same stack each is.
const RUNTIME: &str = r#"package runtime

var wasmcheckSeen [4096]uint64
var wasmcheckStack [16384]byte

// WasmcheckEntered reports that a function was entered.
func WasmcheckEntered(name string) {
	var pcs [64]uintptr
	h := uint64(getg().goid) * 0x9E3779B97F4A7C15
	for _, pc := range pcs[:Callers(2, pcs[:])] {
		h = (h ^ uint64(pc)) * 0x100000001b3
	}
	slot := &wasmcheckSeen[h%uint64(len(wasmcheckSeen))]
	if *slot == h {
		return
	}
	*slot = h
	n := Stack(wasmcheckStack[:], false)
	print("\n\x16@@entered ", name, "\n", string(wasmcheckStack[:n]), "\n\x16@@end\n")
}
"#;

/// The file that is added to each package with a hook.
const ADDED: &str = "zz_wasmcheck.go";

/// Lines before a function that say that it runs where no stack may grow, or nothing may be called.
const DELICATE: [&str; 3] = ["//go:nosplit", "//go:systemstack", "//go:nowritebarrier"];

/// How much the entry of a function explains; none when it has no hook.
pub fn weight(symbol: &str) -> Option<Weight> {
    hooks().find(|h| h.symbol == symbol).map(|h| h.weight)
}

/// The overlay for a target, over the standard library in `goroot`. What this Go version declares
/// elsewhere, or not at all, is left out.
pub fn overlay(system: &dyn System, goroot: &Utf8Path, target: Target) -> Hooks {
    let src = goroot.join("src");
    let mut texts: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    let mut read = |file: &str| -> Option<String> {
        let path = src.join(file);
        if let Some(text) = texts.get(&path) {
            return Some(text.clone());
        }
        let text = String::from_utf8(system.read(&path).ok()?).ok()?;
        texts.insert(path, text.clone());
        Some(text)
    };
    let mut done = Hooks::default();
    let mut places: BTreeMap<Utf8PathBuf, BTreeMap<usize, String>> = BTreeMap::new();
    for hook in hooks().filter(|h| h.targets.contains(&target)) {
        for file in hook.files.iter().filter(|f| is_for(f, target)) {
            let Some(text) = read(file) else { continue };
            let Some(at) = body(&text, hook.decl) else {
                continue;
            };
            let entered = call(&text, &hook);
            let calls = places.entry(src.join(file)).or_default();
            calls.entry(at).or_insert(entered);
            done.symbols.insert(hook.symbol);
            break;
        }
    }
    let mut packages = BTreeMap::from([(src.join("runtime"), RUNTIME.to_owned())]);
    for (path, calls) in places {
        let mut text = texts.remove(&path).unwrap_or_default();
        let dir = path.parent().unwrap_or(&path).to_owned();
        packages.entry(dir).or_insert_with(|| package(&text));
        for (at, call) in calls.into_iter().rev() {
            text.insert_str(at, &call);
        }
        done.files.insert(path, text);
    }
    let added = packages.into_iter();
    done.files
        .extend(added.map(|(dir, text)| (dir.join(ADDED), text)));
    done
}

/// Whether the name of a file lets it be selected on a target.
fn is_for(file: &str, target: Target) -> bool {
    let mut others = Goos::ALL.into_iter().filter(|g| *g != target.goos());
    !others.any(|other| file.ends_with(&format!("_{other}.go")))
}

/// The helper of a package.
fn package(text: &str) -> String {
    let clause = text.lines().find_map(|l| l.strip_prefix("package "));
    let name = clause.unwrap_or("p").split_whitespace().next();
    format!(
        "package {}\n\nimport \"runtime\"\n\nfunc wasmcheckEntered(name string) {{ runtime.WasmcheckEntered(name) }}\n",
        name.unwrap_or("p")
    )
}

/// What is put into a function.
fn call(text: &str, hook: &Hook) -> String {
    let runtime = text.lines().any(|l| l == "package runtime");
    let name = if runtime {
        "WasmcheckEntered"
    } else {
        "wasmcheckEntered"
    };
    let symbol = hook.symbol;
    match hook.when {
        "" => format!(" {name}(\"{symbol}\");"),
        when => format!(" if {when} {{ {name}(\"{symbol}\") }};"),
    }
}

/// Where the body of a function begins, behind its brace; none for one without a body, and for one
/// in which nothing may be called. The files are as gofmt leaves them.
fn body(text: &str, decl: &str) -> Option<usize> {
    let is_it = |line: &str| {
        let Some(rest) = line.strip_prefix("func ") else {
            return false;
        };
        match decl.strip_prefix("(*").and_then(|d| d.split_once(").")) {
            Some((recv, name)) => {
                let parts = rest.strip_prefix('(').and_then(|r| r.split_once(") "));
                let named = |(of, rest): (&str, &str)| {
                    of.ends_with(&format!(" *{recv}")) && rest.starts_with(&format!("{name}("))
                };
                parts.is_some_and(named)
            }
            None => rest.starts_with(&format!("{decl}(")),
        }
    };
    let mut at = 0;
    let mut delicate = false;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let plain = line.trim_end();
        if !inside && is_it(plain) {
            if delicate {
                return None;
            }
            // In one line: the first brace with a space on both sides is that of the body.
            if plain.ends_with('}') {
                return plain.find(" { ").map(|open| at + open + 2);
            }
            inside = true;
        }
        if inside {
            if plain.ends_with('{') {
                return Some(at + plain.len());
            }
            // A declaration without a body.
            if plain.is_empty() {
                return None;
            }
        }
        delicate =
            plain.starts_with("//") && (delicate || DELICATE.iter().any(|d| plain.starts_with(d)));
        at += line.len();
    }
    None
}

/// All of them.
fn hooks() -> impl Iterator<Item = Hook> {
    let lines = include_str!("../../data/hooks.tsv").lines();
    let listed = lines.filter(|l| !l.starts_with('#')).filter_map(row);
    let derived = all_behaviours().flat_map(|(symbol, rows)| {
        let derived = rows.iter().filter(|row| !row.measured);
        derived.filter_map(move |row| {
            let (_, decl) = split_symbol(symbol)?;
            let (file, _) = row.source.split_once(':')?;
            Some(Hook {
                symbol,
                files: vec![file],
                decl,
                when: "",
                weight: Weight::Fails,
                targets: row.targets.clone(),
            })
        })
    });
    listed.chain(derived)
}

fn row(line: &'static str) -> Option<Hook> {
    let mut columns = line.split('\t');
    let symbol = columns.next()?;
    let files = columns.next()?.split('|').collect();
    let (decl, when) = (columns.next()?, columns.next()?);
    let weight = match columns.next()? {
        "fails" => Weight::Fails,
        "network" => Weight::Network,
        "fakes" => Weight::Fakes,
        "weak" => Weight::Weak,
        _ => return None,
    };
    let only = columns.next().unwrap_or_default();
    let targets = Target::ALL
        .into_iter()
        .filter(|t| only.is_empty() || only.split(',').any(|o| o == t.name()));
    Some(Hook {
        symbol,
        files,
        decl,
        when,
        weight,
        targets: targets.collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_hook() {
        let lines = include_str!("../../data/hooks.tsv").lines();
        for line in lines.filter(|l| !l.starts_with('#')) {
            let hook = row(line).unwrap_or_else(|| panic!("{line}"));
            assert!(!hook.targets.is_empty(), "{line}");
            assert!(split_symbol(hook.symbol).is_some(), "{line}");
        }
    }

    /// One file for every path.
    struct One(&'static str);

    impl System for One {
        fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
            match path.as_str() {
                "/go/src/syscall/syscall_js.go" => Ok(self.0.as_bytes().to_vec()),
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        }
    }

    #[test]
    fn calls_stand_at_the_start_of_bodies() {
        let text = "package syscall\n\nfunc Kill(pid int, signum Signal) error { return ENOSYS }\n\n//go:nosplit\nfunc Umask(mask int) int {\n\treturn 0\n}\n\nfunc Wait4(\n\tpid int,\n) (f func() struct{}, err error) {\n\treturn\n}\n";
        let hooks = overlay(&One(text), "/go".into(), Target::JsNode);
        let file = &hooks.files[Utf8Path::new("/go/src/syscall/syscall_js.go")];
        assert!(
            file.contains("error { wasmcheckEntered(\"syscall.Kill\"); return ENOSYS }"),
            "{file}"
        );
        assert!(file.contains("(mask int) int {\n"), "{file}");
        assert!(
            file.contains("err error) { wasmcheckEntered(\"syscall.Wait4\");\n"),
            "{file}"
        );
        assert_eq!(file.lines().count(), text.lines().count());
        let helper = &hooks.files[Utf8Path::new("/go/src/syscall/zz_wasmcheck.go")];
        assert!(helper.starts_with("package syscall\n"));
        assert!(
            hooks
                .files
                .contains_key(Utf8Path::new("/go/src/runtime/zz_wasmcheck.go"))
        );
        assert!(!hooks.symbols.contains("syscall.Umask"));
        let other = overlay(&One(text), "/go".into(), Target::Wasip1);
        assert!(other.symbols.is_empty(), "{:?}", other.symbols);
    }

    #[test]
    fn methods_are_found_by_their_receiver() {
        let text =
            "func (p *Process) signal(sig Signal) error {\n}\nfunc (c *Cmd) Start() error {\n}\n";
        assert_eq!(
            body(text, "(*Cmd).Start"),
            text.find("error {\n}\n")
                .map(|_| text.rfind('{').unwrap() + 1)
        );
        assert_eq!(body(text, "(*Process).wait"), None);
        assert_eq!(body("func f(fd int32) Errno\n\nfunc g() {\n}\n", "f"), None);
    }
}
