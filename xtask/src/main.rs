//! Chores: `cargo xtask ci`, `cargo xtask schema`.
#![expect(clippy::print_stderr, reason = "chores talk to developers")]

mod schema;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

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
        ["schema"] => schema::write(),
        _ => bail!("usage: cargo xtask ci | schema"),
    }
}

/// What CI does, in the order of what fails soonest.
fn ci() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["test", "--workspace", "--locked"])?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])
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
