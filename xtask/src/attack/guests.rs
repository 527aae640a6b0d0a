//! What a program in the sandbox leaves behind.
#![expect(
    clippy::disallowed_methods,
    reason = "attacks prepare files and build guests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::Attack;
use super::ground::Ground;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "guest: directories within directories",
        run: deep,
    },
    Attack {
        name: "guest: directories without rights, of a user who is not root",
        run: closed,
    },
];

/// The program of the guests; its first argument says what it does.
const SOURCE: &str = include_str!("guests/guest.go");

/// Build the guests of both systems.
pub(super) fn build() -> Result<TempDir> {
    let dir = TempDir::with_prefix("attack-guests-")?;
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755))?;
    fs::write(dir.path().join("guest.go"), SOURCE)?;
    for goos in ["wasip1", "js"] {
        let built = Command::new("go")
            .args(["build", "-o", &format!("{goos}.wasm"), "guest.go"])
            .current_dir(dir.path())
            .env("GOOS", goos)
            .env("GOARCH", "wasm")
            .env("GOFLAGS", "")
            .env("GOCACHE", dir.path().join("gocache"))
            .env_remove("GOWORK")
            .status()
            .context("go cannot be started")?;
        ensure!(built.success(), "the guest for {goos} does not build");
    }
    Ok(dir)
}

fn deep(ground: &Ground) -> Result<()> {
    for goos in ["wasip1", "js"] {
        let mut command = Command::new("sh");
        // With few descriptors, and a small stack.
        let script = "ulimit -n 256 && ulimit -s 1600 && exec \"$@\"";
        let inner = ground.command(&[
            "exec",
            "--timeout",
            "100s",
            &ground.guest(goos),
            "deep",
            "1500",
        ]);
        command
            .args(["-c", script, "sh"])
            .arg(inner.get_program())
            .args(inner.get_args());
        copy_env(&inner, &mut command);
        ground.finish(command)?.code_is(0)?;
        ground.nothing_left().context(goos)?;
    }
    Ok(())
}

fn copy_env(from: &Command, to: &mut Command) {
    for (key, value) in from.get_envs() {
        match value {
            Some(value) => to.env(key, value),
            None => to.env_remove(key),
        };
    }
    if let Some(dir) = from.get_current_dir() {
        to.current_dir(dir);
    }
}

fn closed(ground: &Ground) -> Result<()> {
    if !is_root(Path::new("/proc/self"))? {
        return Ok(());
    }
    for dir in [&ground.tmp, &ground.module, &ground.beside(".")] {
        fs::set_permissions(dir, PermissionsExt::from_mode(0o777))?;
    }
    for goos in ["wasip1", "js"] {
        let inner = ground.command(&["exec", &ground.guest(goos), "close"]);
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(inner.get_program())
            .args(inner.get_args());
        copy_env(&inner, &mut command);
        command.env("WASMCHECK_CACHE", ground.beside("nobody"));
        ground.finish(command)?.code_is(0).context(goos)?;
        ground.nothing_left().context(goos)?;
    }
    Ok(())
}

fn is_root(process: &Path) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(process.metadata()?.uid() == 0)
}
