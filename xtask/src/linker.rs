//! The wasm engine against Go's own linker: a linker that writes its relocations down says what
//! every program refers to, and so what can be reached; the engine must say the same of the file.
#![expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "chores build with Go, and stand between Go and its tools"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::{InspectOptions, inspect_wasm};
use anyhow::{Context, Result, bail, ensure};
use model::WasmFunction;

const DUMP: &str = include_str!("../go/linker/dump.go.txt");
const PROGRAMS: &str = include_str!("../data/linker.txtar");
/// Packages of the module of the programs, and of the standard library.
const PACKAGES: [&str; 6] = [
    "./reach",
    "./exec",
    "./http",
    "./template",
    "./tables",
    "cmd/vet",
];
/// Those that take longer.
const LARGE: [&str; 3] = ["cmd/go", "cmd/compile", "./many"];
/// Functions of `./many`: with those of the runtime more than 65,536, where numbers of functions
/// take a byte more.
const MANY: usize = 70_000;
const VERSIONS: [&str; 5] = ["1.21.13", "1.24.11", "1.25.5", "1.26.8", "1.27.1"];
/// From `main.main` alone, a program may have as many functions too many.
const EXTRA: usize = 50;
/// Names that are shown when `WASMCHECK_LINKER_NAMES` asks for them: those missed with a plus.
const SHOWN: usize = 12;
/// Variable that names the file for the dump, and the one that names the linker.
const TO: &str = "WASMCHECK_LINKER_DUMP";
const LINKER: &str = "WASMCHECK_LINKER";

/// Compare programs of some Go versions, and write docs/wasm-accuracy.tsv when all are asked for.
#[expect(clippy::print_stderr, reason = "chores talk to developers")]
pub(crate) fn run(versions: &[&str]) -> Result<()> {
    // Some programs alone, and some versions.
    let (packages, versions): (Vec<&str>, Vec<&str>) =
        versions.iter().partition(|word| word.contains('/'));
    let all = packages.is_empty() && versions.is_empty();
    let versions = if versions.is_empty() {
        &VERSIONS[..]
    } else {
        &versions[..]
    };
    let scratch = tempfile::tempdir()?;
    let module = scratch.path().join("programs");
    fixtures::unpack(PROGRAMS, &module)?;
    let reach = module.join("reach");
    fixtures::named("reach").unpack(&reach)?;
    std::fs::remove_file(reach.join("go.mod"))?;
    std::fs::create_dir(module.join("many"))?;
    std::fs::write(module.join("many/main.go"), many(MANY))?;
    let mut table = String::from(
        "# What the wasm engine says of programs, beside what Go's linker says. Written by `cargo xtask linker`.\n#\n\
         # Go\tprogram\ttarget\tbuild\tbytes\tfunctions\treachable\tmissed\textra\tfrom main\tmissed\textra\tinlined only\n",
    );
    let mut wrong = 0;
    for version in versions {
        let go = Go::of(version, scratch.path())?;
        let chosen = |package: &&&str| {
            packages.contains(*package)
                || (packages.is_empty() && (all || !LARGE.contains(*package)))
        };
        for package in PACKAGES.iter().chain(&LARGE).filter(chosen) {
            for (goos, flags) in [
                ("wasip1", ""),
                ("js", ""),
                ("wasip1", "-s -w"),
                ("js", "-N -l"),
            ] {
                // Of large programs the plain builds tell enough.
                if !flags.is_empty() && (package.starts_with("cmd/") || LARGE.contains(package)) {
                    continue;
                }
                let row = go.compare(&module, package, goos, flags)?;
                eprintln!("xtask: {}", row.text.replace('\t', " "));
                wrong += usize::from(!row.right);
                let _ = writeln!(table, "{}", row.text);
            }
        }
    }
    if all {
        std::fs::write("docs/wasm-accuracy.tsv", table)?;
    }
    ensure!(
        wrong == 0,
        "{wrong} programs are read differently from how the linker wrote them"
    );
    Ok(())
}

/// A program of so many functions, each called by the one before it.
fn many(count: usize) -> String {
    let mut text = String::from("package main\n\nvar n int\n\nfunc main() { f0() }\n");
    for i in 0..count {
        let next = i + 1;
        let _ = writeln!(
            text,
            "\n//go:noinline\nfunc f{i}() {{ n += {i}; f{next}() }}"
        );
    }
    let _ = writeln!(text, "\n//go:noinline\nfunc f{count}() {{}}");
    text
}

/// As `-toolexec`: the linker is replaced by the one that writes.
#[expect(
    clippy::disallowed_methods,
    reason = "it stands between Go and its tools"
)]
pub(crate) fn toolexec(tool: &str, args: &[&str]) -> Result<()> {
    let is_linker = Path::new(tool)
        .file_stem()
        .is_some_and(|name| name == "link");
    let version = args.first() == Some(&"-V=full");
    let linker = std::env::var(LINKER).context("the linker is not named")?;
    let tool = if is_linker && !version { &linker } else { tool };
    let status = Command::new(tool).args(args).status()?;
    std::process::exit(status.code().unwrap_or(1));
}

/// A Go toolchain with such a linker.
struct Go {
    version: String,
    goroot: PathBuf,
    scratch: PathBuf,
    linker: PathBuf,
}

struct Row {
    text: String,
    right: bool,
}

impl Go {
    fn of(version: &str, scratch: &Path) -> Result<Self> {
        let output = command("go", &["env", "GOROOT"])
            .env("GOTOOLCHAIN", format!("go{version}"))
            .output()?;
        let goroot = String::from_utf8(output.stdout)?.trim().to_owned();
        ensure!(!goroot.is_empty(), "Go {version} cannot be had");
        let go = Self {
            version: version.to_owned(),
            goroot: PathBuf::from(goroot),
            scratch: scratch.to_owned(),
            linker: scratch.join(format!("link-{version}")),
        };
        go.build_linker()?;
        Ok(go)
    }

    fn go(&self) -> Command {
        let mut go = command(&self.goroot.join("bin/go").to_string_lossy(), &[]);
        go.env("GOTOOLCHAIN", "local").env("GOFLAGS", "");
        go
    }

    /// The linker's own source with a call before it writes the file.
    fn build_linker(&self) -> Result<()> {
        let dir = self.goroot.join("src/cmd/link/internal");
        let before = "bench.Start(\"Asmb\")";
        let main = std::fs::read_to_string(dir.join("ld/main.go"))?;
        ensure!(
            main.contains(before),
            "the linker of Go {} is another",
            self.version
        );
        let loader = std::fs::read_to_string(dir.join("loader/loader.go"))?;
        let mut dump = DUMP.to_owned();
        if !loader.contains("WasmExports") {
            let start = dump
                .find("\tfor _, s := range ldr.WasmExports")
                .unwrap_or(0);
            let end = start + dump[start..].find("\n\t}\n").context("the loop ends")? + 4;
            dump.replace_range(start..end, "");
        }
        let at = |name: &str| self.scratch.join(format!("{}-{name}", self.version));
        std::fs::write(at("dump.go"), dump)?;
        let call = format!("dumpGraph(ctxt); {before}");
        std::fs::write(at("main.go"), main.replace(before, &call))?;
        let overlay = serde_json::json!({"Replace": {
            dir.join("ld/main.go").to_string_lossy(): at("main.go"),
            dir.join("ld/wasmcheck_dump.go").to_string_lossy(): at("dump.go"),
        }});
        std::fs::write(at("overlay.json"), overlay.to_string())?;
        let mut build = self.go();
        build.args(["build", "-overlay"]).arg(at("overlay.json"));
        build.arg("-o").arg(&self.linker).arg("cmd/link");
        // Go refuses overlays of files in its module cache, where other toolchains lie.
        build.env("GOMODCACHE", self.scratch.join("no-modules"));
        build.current_dir(self.goroot.join("src/cmd"));
        done(&mut build)
    }

    fn compare(&self, module: &Path, package: &str, goos: &str, flags: &str) -> Result<Row> {
        let (file, dump) = (self.scratch.join("a.wasm"), self.scratch.join("a.dump"));
        let mut build = self.go();
        let this = std::env::current_exe()?;
        build.args(["build", "-toolexec"]);
        build.arg(format!("{} toolexec", this.display()));
        match flags {
            "" => {}
            "-N -l" => drop(build.arg("-gcflags=all=-N -l")),
            flags => drop(build.arg(format!("-ldflags={flags}"))),
        }
        build.arg("-o").arg(&file).arg(package).current_dir(module);
        build
            .env("GOOS", goos)
            .env("GOARCH", "wasm")
            .env("CGO_ENABLED", "0");
        build.env(TO, &dump).env(LINKER, &self.linker);
        done(&mut build)?;
        let bytes = std::fs::read(&file)?;
        let wasm = inspect_wasm(package, bytes, InspectOptions::FUNCTIONS)?.file;
        let truth = Truth::read(&std::fs::read_to_string(&dump)?);
        let text = truth.functions.values().map(|(_, name)| name.as_str());
        let names = differ(&text.collect::<Vec<_>>(), &wasm.functions, |f| {
            f.index.is_some()
        });
        ensure!(
            names == (0, 0),
            "{package} of Go {}: names differ: {names:?}",
            self.version
        );
        let unplaced = wasm
            .functions
            .iter()
            .filter(|f| f.index.is_some() && f.file.is_none());
        ensure!(unplaced.count() <= 1, "{package}: functions without a file");
        let all = truth.reached(truth.main().into_iter().chain(truth.inits.iter().copied()));
        let main = truth.reached(truth.main());
        let reached = differ(&all, &wasm.functions, |f| f.index.is_some() && f.reachable);
        let from_main = differ(&main, &wasm.functions, |f| {
            f.index.is_some() && f.reachable_from_main
        });
        let inlined = wasm
            .functions
            .iter()
            .filter(|f| f.index.is_none() && f.reachable);
        let text = format!(
            "{}\t{package}\t{goos}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            self.version,
            if flags.is_empty() { "plain" } else { flags },
            wasm.size.file,
            truth.functions.len(),
            all.len(),
            reached.0,
            reached.1,
            main.len(),
            from_main.0,
            from_main.1,
            inlined.count(),
        );
        let right = reached == (0, 0) && from_main.0 == 0 && from_main.1 <= EXTRA;
        Ok(Row { text, right })
    }
}

/// What the linker wrote down.
#[derive(Default)]
struct Truth {
    /// Value and name, by symbol.
    functions: HashMap<u32, (u64, String)>,
    relocations: HashMap<u32, Vec<u32>>,
    inits: Vec<u32>,
}

impl Truth {
    /// Weak references count where they are calls: initialisers of maps that are kept. Tables of
    /// the runtime refer to everything, and count for nothing.
    fn read(dump: &str) -> Self {
        const TABLES: [&str; 8] = [
            "runtime.firstmoduledata",
            "runtime.typelink",
            "runtime.itablink",
            "runtime.pclntab",
            "runtime.functab",
            "runtime.findfunctab",
            "runtime.pcheader",
            "local.moduledata",
        ];
        const MARKS: [&str; 4] = [
            "R_USEIFACE",
            "R_USEIFACEMETHOD",
            "R_USENAMEDMETHOD",
            "R_KEEP",
        ];
        let mut truth = Self::default();
        let (mut symbol, mut counts) = (0, false);
        for line in dump.lines() {
            let mut columns = line.split('\t');
            let (what, id) = (columns.next(), columns.next());
            let id: u32 = id.and_then(|id| id.parse().ok()).unwrap_or(0);
            let mut text = || columns.next().unwrap_or_default();
            match what {
                Some("S") => {
                    let (kind, value, name) = (text(), text(), text());
                    let value: u64 = value.parse().unwrap_or(0);
                    if kind.starts_with("STEXT") && value >> 16 >= 0x1000 {
                        truth.functions.insert(id, (value, name.to_owned()));
                    }
                    (symbol, counts) = (id, !TABLES.contains(&name));
                }
                Some("R") => {
                    let (kind, weak) = (text(), text() == "true");
                    if counts && !MARKS.contains(&kind) && (!weak || kind == "R_CALL") {
                        truth.relocations.entry(symbol).or_default().push(id);
                    }
                }
                _ => truth.inits.push(id),
            }
        }
        truth
    }

    fn main(&self) -> Vec<u32> {
        let named = self
            .functions
            .iter()
            .filter(|(_, (_, name))| name == "main.main");
        named.map(|(id, _)| *id).collect()
    }

    fn reached(&self, roots: impl IntoIterator<Item = u32>) -> Vec<&str> {
        let mut todo: Vec<u32> = roots.into_iter().collect();
        let mut seen: HashSet<u32> = todo.iter().copied().collect();
        while let Some(at) = todo.pop() {
            for to in self.relocations.get(&at).into_iter().flatten() {
                if seen.insert(*to) {
                    todo.push(*to);
                }
            }
        }
        let functions = seen.iter().filter_map(|id| self.functions.get(id));
        functions.map(|(_, name)| name.as_str()).collect()
    }
}

/// How many functions are missed, and how many too many.
#[expect(clippy::print_stderr, reason = "chores talk to developers")]
fn differ(
    truth: &[&str],
    ours: &[WasmFunction],
    is: impl Fn(&WasmFunction) -> bool,
) -> (usize, usize) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for name in truth {
        *counts.entry(name).or_default() += 1;
    }
    for function in ours.iter().filter(|f| is(f)) {
        *counts.entry(&function.name).or_default() -= 1;
    }
    if std::env::var_os("WASMCHECK_LINKER_NAMES").is_some() {
        let differ = counts.iter().filter(|(_, n)| **n != 0).take(SHOWN);
        differ.for_each(|(name, n)| eprintln!("xtask:   {n:+} {name}"));
    }
    let of = |sign: i64| counts.values().map(|n| (n * sign).max(0)).sum::<i64>();
    let count = |n: i64| usize::try_from(n).unwrap_or(0);
    (count(of(1)), count(of(-1)))
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

fn done(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
