//! Running the program on fixtures: its own scratch space, a fake proxy, nothing else changed.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start the program and read what it wrote"
)]
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses a part of this, and a test that cannot start has failed"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use fixtures::Fixture;
use serde_json::Value;
use tempfile::TempDir;

/// A program of which the dependency has files for Unix alone: it needs a changed copy.
pub(crate) const UNIX_ONLY: &str = r#"
-- go.mod --
module example.com/app

go 1.21

require example.com/unixonly v1.0.0
-- main.go --
package main

import "example.com/unixonly"

func main() { println(unixonly.Files()) }
"#;

/// An unpacked fixture, and a place for everything that a run may leave behind.
pub(crate) struct World {
    pub(crate) scratch: TempDir,
    pub(crate) module: PathBuf,
    pub(crate) tmp: PathBuf,
}

/// What a run did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) report: Option<Value>,
}

impl World {
    pub(crate) fn of(fixture: &Fixture) -> Self {
        let world = Self::empty(&fixture.name);
        fixture.unpack(&world.module).unwrap();
        world
    }

    pub(crate) fn empty(name: &str) -> Self {
        let scratch = TempDir::new().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let (module, tmp) = (root.join(name), root.join("tmp"));
        std::fs::create_dir_all(&module).unwrap();
        std::fs::create_dir_all(&tmp).unwrap();
        Self {
            scratch,
            module,
            tmp,
        }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let (proxy, modcache) = proxy();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasmcheck"));
        command
            .args(args)
            .current_dir(&self.module)
            .env("TMPDIR", &self.tmp)
            .env("GOPROXY", proxy)
            .env("GOSUMDB", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GOMODCACHE", modcache)
            .env("GOFLAGS", "-modcacherw")
            .env("WASMCHECK_CACHE", modcache.with_file_name("cache"))
            .env_remove("GOWORK")
            .env_remove("NO_COLOR");
        command
    }

    /// Run with a JSON report beside the module.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let file = self.scratch.path().join("report.json");
        let mut all = vec!["--quiet", "-o", file.to_str().unwrap()];
        all.extend(args);
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(&all).output().unwrap();
        let report = std::fs::read(&file)
            .ok()
            .map(|bytes| serde_json::from_slice(&bytes).unwrap());
        Ran {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            report,
        }
    }

    /// Every file of the module with its bytes: what must not change.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut tree = BTreeMap::new();
        walk(&self.module, &mut tree);
        tree
    }

    /// What lies in the temporary directory.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.tmp).unwrap();
        entries
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

fn walk(dir: &Path, tree: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), tree);
        } else {
            tree.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
}

/// The fake proxy and a module cache of our own, made once for each test program.
fn proxy() -> &'static (String, PathBuf) {
    static PROXY: OnceLock<(String, PathBuf)> = OnceLock::new();
    PROXY.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("go-{}", std::process::id()));
        let proxy = fixtures::proxy(&dir.join("proxy")).unwrap();
        (proxy, dir.join("modcache"))
    })
}

/// A module with one file.
pub(crate) fn program(source: &str) -> World {
    let world = World::empty("program");
    std::fs::write(
        world.module.join("go.mod"),
        "module example.com/program\n\ngo 1.24\n",
    )
    .unwrap();
    std::fs::write(world.module.join("main.go"), source).unwrap();
    world
}

/// A module of archives of files.
pub(crate) fn unpacked(name: &str, archives: &[&str]) -> World {
    let world = World::empty(name);
    for archive in archives {
        fixtures::unpack(archive, &world.module).unwrap();
    }
    world
}

/// Run `wasmcheck fix`.
pub(crate) fn fix(world: &World, args: &[&str]) -> (Output, String) {
    let mut all = vec!["fix", "--quiet"];
    all.extend(args);
    let output = world.command(&all).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, text)
}

/// Run the plain go command in a module, for a target or for this machine, with the same proxy and cache.
pub(crate) fn go(world: &World, goos: Option<&str>, args: &[&str]) -> Output {
    let like = world.command(&[]);
    let mut command = Command::new("go");
    command.args(args).current_dir(&world.module);
    for (key, value) in like.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    if let Some(goos) = goos {
        command.env("GOOS", goos).env("GOARCH", "wasm");
    }
    command.output().unwrap()
}

/// Build a fixture's main package, stripped or not.
pub(crate) fn build(world: &World, goos: &str, package: &str, strip: bool) -> String {
    let flags: &[&str] = if strip { &["-ldflags=-s -w"] } else { &[] };
    build_with(world, goos, package, flags)
}

/// The same with flags of `go build`.
pub(crate) fn build_with(world: &World, goos: &str, package: &str, flags: &[&str]) -> String {
    let file = world
        .scratch
        .path()
        .join(format!("{goos}{}.wasm", flags.concat().replace(' ', "")));
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&file).args(flags);
    go.arg(package).current_dir(&world.module);
    go.env("GOOS", goos)
        .env("GOARCH", "wasm")
        .env("GOTOOLCHAIN", "local");
    go.env_remove("GOWORK").env_remove("GOFLAGS");
    let built = go.output().unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    file.to_str().unwrap().to_owned()
}

/// What `inspect` says of a file, as JSON.
pub(crate) fn inspect(world: &World, file: &str) -> Value {
    let ran = world
        .command(&["inspect", "--format", "json", file])
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    serde_json::from_slice(&ran.stdout).unwrap()
}
