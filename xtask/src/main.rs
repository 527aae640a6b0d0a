//! Chores of the project: `cargo xtask` lists them.
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

#[cfg(unix)]
mod attack;
mod e2e;
mod inlined;
mod linker;
mod oracle;
mod pairs;
mod replay;
mod same;
mod schema;
mod stacks;
mod suites;
mod tables;
mod target_dir;
mod tidy;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use target_dir::target_dir;

const USAGE: &str = "usage: cargo xtask COMMAND
  attack [--binary FILE] [WORD…]  hostile modules, guests, directories and signals against the program, or
           another build of it; those with all of the words in their name
  ci       everything that CI does
  e2e      the page in Chromium, the claims about Node under Node
  tidy     crate edges, dependencies, sizes, cycles, headers, pages of rules
  sizes    how long functions and files are, crate by crate
  fuzz SECONDS [hosts]  each fuzz target for so long, or those of the sandbox, whose first build takes
           many minutes; needs cargo-fuzz and a nightly toolchain
  inlined  write which functions of the standard library leave their calls in the wasm (minutes)
  linker [VERSION…]  the wasm engine against a linker that writes its relocations down (minutes)
  oracle [DIR…]  the reader and the constraints against go/parser and go/build; GOROOT/src without a directory
  pairs    releases between which Go's verdict changed, told apart by the scan; fetches modules
  replay [--binary FILE] [MODULE@VERSION…|page]  modules that fail, changed by `wasmcheck fix` and built with
           the plain `go` command, where no row is known (hours); `page` writes docs/remedies-accuracy.md alone
  same BEFORE AFTER [FIELD…]  whether reports, or directories of them, are equal but for fields that may
           differ: before and after a refactoring
  stacks [VERSION…]  stacks in the sandbox against runtime.Callers, for each Go version
  schema   write docs/report.schema.json and docs/catalogue.schema.json
  suites [PACKAGE…]  tests of the standard library against Go's own runners; fetches these (minutes)
  verify-catalogue [--binary FILE] [[tests] ID…|page]  build and run what the catalogue says, where no record
           fits (hours); `page` writes docs/catalogue.md alone
  std      write what the standard library lacks and fails, for each Go version (minutes)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<()> {
    match args {
        #[cfg(unix)]
        ["attack", "--binary", file, words @ ..] => attack::run(Path::new(file), words, true),
        ["attack", words @ ..] => attack(words, true),
        ["ci"] => ci(),
        ["e2e"] => e2e(),
        ["tidy"] => tidy::check(),
        ["sizes"] => tidy::print_sizes(),
        ["stacks", versions @ ..] => stacks::run(versions, &target_dir().join("debug/wasmcheck")),
        ["suites", packages @ ..] => suites::run(packages, &target_dir().join("debug/wasmcheck")),
        ["same", before, after, fields @ ..] => {
            same::run(Path::new(before), Path::new(after), fields)
        }
        ["verify-catalogue", "--binary", file, ids @ ..] => verify::run(ids, Path::new(file)),
        ["verify-catalogue", ids @ ..] => verify::run(ids, &target_dir().join("debug/wasmcheck")),
        ["replay", "--binary", file, modules @ ..] => replay::run(modules, Path::new(file)),
        ["replay", modules @ ..] => replay::run(modules, &target_dir().join("debug/wasmcheck")),
        ["schema"] => schema::write(),
        ["inlined"] => inlined::write(),
        ["std"] => tables::write(),
        ["fuzz", seconds] => fuzz(seconds, &FUZZED),
        ["fuzz", seconds, "hosts"] => fuzz(seconds, &HOSTS),
        ["pairs"] => pairs::run(),
        ["linker", versions @ ..] => linker::run(versions),
        ["toolexec", tool, args @ ..] => linker::toolexec(tool, args),
        ["oracle", dirs @ ..] => oracle::run(dirs),
        _ => bail!("{USAGE}"),
    }
}

/// What CI does, in the order of what fails soonest.
fn ci() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    tidy::check()?;
    // Not offline: crates for other systems, too, have licences, and nothing has fetched them yet.
    // The database of advisories is not part of the project: the workflow asks it.
    cargo(&["deny", "--locked", "check", "licenses", "bans", "sources"])?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])?;
    cargo(&["test", "--workspace", "--locked"])?;
    attack(&[], false)?;
    e2e()?;
    fuzz("30", &FUZZED)
}

#[cfg(unix)]
fn attack(words: &[&str], thorough: bool) -> Result<()> {
    // As the tests build it: with other features chosen, everything would be built twice.
    cargo(&["test", "--workspace", "--locked", "--no-run", "--quiet"])?;
    attack::run(&target_dir().join("debug/wasmcheck"), words, thorough)
}

#[cfg(not(unix))]
fn attack(_: &[&str], _: bool) -> Result<()> {
    bail!("the attacks are those of Unix")
}

fn e2e() -> Result<()> {
    // As the tests build it: with other features chosen, everything would be built twice.
    cargo(&["test", "--workspace", "--locked", "--no-run", "--quiet"])?;
    e2e::run(&target_dir().join("debug/wasmcheck"))
}

/// The fuzz targets that CI runs.
const FUZZED: [&str; 5] = ["reader", "constraint", "wasm", "report", "visible"];

/// Those that need the engines of the sandbox.
const HOSTS: [&str; 3] = ["wasi", "js", "scenario"];

/// Each target for a while. Without a sanitizer: the code of ours that is fuzzed has hardly any unsafe
/// blocks, and panics and endless loops are seen without one.
#[expect(clippy::disallowed_methods, reason = "chores run cargo")]
fn fuzz(seconds: &str, targets: &[&str]) -> Result<()> {
    let time = format!("-max_total_time={seconds}");
    for target in targets {
        eprintln!("xtask: fuzzing {target} for {seconds} s");
        // New inputs go where builds go; `cargo fuzz cmin` chooses which of them are kept.
        let found = target_dir().join("fuzz-corpus").join(target);
        std::fs::create_dir_all(&found)?;
        let found = std::path::absolute(&found)?;
        let kept = std::path::absolute(format!("fuzz/corpus/{target}"))?;
        // Through rustup's own cargo: this one is pinned to the toolchain of the project.
        let mut command = std::process::Command::new("rustup");
        command.args([
            "run",
            "nightly",
            "cargo",
            "fuzz",
            "run",
            "--sanitizer",
            "none",
        ]);
        if targets == HOSTS {
            command.args(["--features", "hosts"]);
        }
        command.arg(target);
        command.args([&found, &kept]).arg("--");
        command.args([
            &time,
            "-timeout=10",
            "-max_len=20000",
            "-print_final_stats=1",
            "-verbosity=0",
        ]);
        command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        let status = command.status().context("rustup cannot be started")?;
        if !status.success() {
            bail!("{target}: an input that fails is in fuzz/artifacts/{target}");
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "chores run cargo")]
fn cargo(args: &[&str]) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    eprintln!("xtask: cargo {}", args.join(" "));
    let status = std::process::Command::new(cargo)
        .args(args)
        .status()
        .context("cargo cannot be started")?;
    if status.success() {
        Ok(())
    } else {
        bail!("cargo {} failed", args.join(" "))
    }
}
