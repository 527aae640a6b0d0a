//! Stacks that the sandbox reads from memory against `runtime.Callers`, over Go versions.
#![expect(clippy::disallowed_methods, reason = "chores build with Go")]
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fixtures::stacks::{PROGRAM, compare};

const VERSIONS: [&str; 6] = [
    "1.21.13", "1.23.12", "1.24.11", "1.25.5", "1.26.8", "1.27.1",
];
const FLAGS: [&str; 4] = ["", "-ldflags=-s -w", "-trimpath", "-gcflags=all=-l"];

/// Toolchains before Go 1.24 come without `wasm_exec.js` when Go itself fetches them: another one,
/// of the same generation, may be named.
const SCRIPT: &str = "WASM_EXEC";

/// Compare with all versions, or some.
pub(crate) fn run(versions: &[&str], wasmcheck: &Path) -> Result<()> {
    let versions = if versions.is_empty() {
        &VERSIONS[..]
    } else {
        versions
    };
    let wasmcheck = std::path::absolute(wasmcheck)?;
    let scratch = tempfile::tempdir()?;
    let dir = scratch.path();
    std::fs::write(dir.join("go.mod"), "module example.com/stacks\n\ngo 1.21\n")?;
    std::fs::write(dir.join("main.go"), PROGRAM)?;
    let mut wrong = 0;
    for version in versions {
        for goos in ["wasip1", "js"] {
            if goos == "js" && !has_script(version)? {
                eprintln!(
                    "xtask: Go {version} js: not run, it has no wasm_exec.js; {SCRIPT} names one"
                );
                continue;
            }
            for flags in FLAGS {
                let (count, differ) = once(dir, &wasmcheck, version, goos, flags)
                    .with_context(|| format!("Go {version}, {goos}, {flags}"))?;
                eprintln!(
                    "xtask: Go {version} {goos} {flags}: {count} stacks, {} differ",
                    differ.len()
                );
                differ.iter().for_each(|told| eprintln!("{told}"));
                wrong += differ.len();
            }
        }
    }
    ensure!(wrong == 0, "{wrong} stacks are other than Go's own");
    Ok(())
}

fn goroot(version: &str) -> Result<String> {
    let mut go = Command::new("go");
    go.args(["env", "GOROOT"]);
    let root = go.env("GOTOOLCHAIN", format!("go{version}")).output()?;
    Ok(String::from_utf8(root.stdout)?.trim().to_owned())
}

fn has_script(version: &str) -> Result<bool> {
    let root = goroot(version)?;
    Ok(Path::new(&root).join("lib/wasm/wasm_exec.js").is_file() || script(&root).is_some())
}

/// The file that was named, for toolchains without one.
fn script(root: &str) -> Option<String> {
    let has = Path::new(root).join("lib/wasm/wasm_exec.js").is_file();
    let named = std::env::var(SCRIPT).ok().filter(|file| !file.is_empty());
    named.filter(|_| !has)
}

fn once(
    dir: &Path,
    wasmcheck: &Path,
    version: &str,
    goos: &str,
    flags: &str,
) -> Result<(usize, Vec<String>)> {
    let go = |args: &[&str]| {
        let mut go = Command::new("go");
        go.args(args).current_dir(dir);
        go.env("GOTOOLCHAIN", format!("go{version}"));
        go.env("GOOS", goos).env("GOARCH", "wasm");
        go.env_remove("GOFLAGS").env_remove("GOWORK");
        go
    };
    let mut build = go(&["build", "-o", "program.wasm"]);
    build.args((!flags.is_empty()).then_some(flags));
    let done = build.arg(".").output()?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "it does not build: {said}");
    let root = goroot(version)?;
    let trace = dir.join("trace");
    let ran = Command::new(wasmcheck)
        .arg("exec")
        .arg(format!("--trace={}", trace.display()))
        .arg("program.wasm")
        .args(script(&root).map(|file| format!("--wasm-exec={file}")))
        .env("GOROOT", &root)
        .current_dir(dir)
        .output()?;
    let printed = String::from_utf8_lossy(&ran.stdout);
    let (count, differ) = compare(&printed, &std::fs::read_to_string(&trace)?);
    ensure!(count > 10, "it printed {count} stacks: {printed}");
    Ok((count, differ))
}
