//! Chores: `cargo xtask ci`, `e2e`, `tidy`, `schema`, `std`.
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

mod e2e;
mod schema;
mod tables;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: cargo xtask COMMAND
  ci       everything that CI does
  e2e      the page in Chromium, the claims about Node under Node
  tidy     crate edges, file sizes, headers
  schema   write docs/report.schema.json
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
        ["ci"] => ci(),
        ["e2e"] => e2e(),
        ["tidy"] => tidy::check(),
        ["schema"] => schema::write(),
        ["std"] => tables::write(),
        _ => bail!("{USAGE}"),
    }
}

/// What CI does, in the order of what fails soonest.
fn ci() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    tidy::check()?;
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
    e2e()
}

fn e2e() -> Result<()> {
    // As the tests build it: with other features chosen, everything would be built twice.
    cargo(&["test", "--workspace", "--locked", "--no-run", "--quiet"])?;
    e2e::run(&target_dir().join("debug/wasmcheck"))
}

#[expect(clippy::disallowed_methods, reason = "cargo says where it builds")]
fn target_dir() -> PathBuf {
    std::env::var("CARGO_TARGET_DIR").map_or_else(|_| PathBuf::from("target"), PathBuf::from)
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
