//! A published module in a directory of its own, and the plain `go` command in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use model::Goos;
use serde::Deserialize;

/// A copy of a module that may be changed, as its author would have it: writable, with a go.mod, in a
/// repository; directives that replace by a directory which a release does not have are gone.
pub(super) struct Module {
    dir: tempfile::TempDir,
    /// What each build has to be told.
    pub(super) tags: Vec<String>,
}

/// Whether the own packages of a module build.
pub(super) struct Built(BTreeMap<String, Package>);

struct Package {
    is_main: bool,
    builds: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    dir: Option<PathBuf>,
    go_mod: Option<PathBuf>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    import_path: String,
    name: Option<String>,
    export: Option<String>,
    #[serde(default)]
    go_files: Vec<String>,
    #[serde(default)]
    cgo_files: Vec<String>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GoMod {
    #[serde(default)]
    replace: Option<Vec<Replace>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replace {
    old: ModuleVersion,
    new: ModuleVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModuleVersion {
    path: String,
    version: Option<String>,
}

impl Built {
    pub(super) fn failing(&self) -> impl Iterator<Item = &String> {
        self.0
            .iter()
            .filter(|(_, p)| !p.builds)
            .map(|(path, _)| path)
    }

    pub(super) fn built(&self) -> impl Iterator<Item = &String> {
        self.0
            .iter()
            .filter(|(_, p)| p.builds)
            .map(|(path, _)| path)
    }

    pub(super) fn builds(&self, package: &str) -> bool {
        self.0.get(package).is_some_and(|p| p.builds)
    }
}

impl Module {
    /// `MODULE@VERSION` in a new directory.
    pub(super) fn lay_out(spec: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let module = Self {
            dir,
            tags: Vec::new(),
        };
        let output = module.go(&["mod", "download", "-json", spec], None)?;
        let got: Downloaded = serde_json::from_slice(&output.stdout).context("go mod download")?;
        let Some(source) = got.dir else {
            bail!("{spec}: {}", got.error.unwrap_or_default());
        };
        let root = module.dir();
        module.run("cp", &["-r", "--", &format!("{}/.", source.display()), "."])?;
        module.run("chmod", &["-R", "u+w", "."])?;
        module.run("rm", &["-rf", "vendor"])?;
        if let Some(file) = got.go_mod.filter(|_| !root.join("go.mod").exists()) {
            std::fs::copy(file, root.join("go.mod"))?;
            module.run("chmod", &["u+w", "go.mod"])?;
        }
        module.drop_directories()?;
        module.run("git", &["init", "-q"])?;
        module.run("git", &["add", "-A", "-f"])?;
        let who = [
            "-c",
            "user.email=replay@example.com",
            "-c",
            "user.name=replay",
        ];
        module.run(
            "git",
            &[&who[..], &["commit", "-qm", "as published"]].concat(),
        )?;
        Ok(module)
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn drop_directories(&self) -> Result<()> {
        let output = self.go(&["mod", "edit", "-json"], None)?;
        let file: GoMod = serde_json::from_slice(&output.stdout).context("go mod edit")?;
        for replace in file.replace.unwrap_or_default() {
            if replace.new.version.is_none() {
                let version = replace.old.version.map(|v| format!("@{v}"));
                let old = replace.old.path + &version.unwrap_or_default();
                self.go(&["mod", "edit", &format!("-dropreplace={old}")], None)?;
            }
        }
        Ok(())
    }

    /// What builds, for a target or for this machine.
    pub(super) fn built(&self, goos: Option<Goos>) -> Result<Built> {
        let fields = "-json=ImportPath,Name,Export,GoFiles,CgoFiles,Error";
        let output = self.go(&["list", "-e", "-export", fields, "./..."], goos)?;
        let mut packages = BTreeMap::new();
        for listed in serde_json::Deserializer::from_slice(&output.stdout).into_iter() {
            let listed: Listed = listed.context("go list")?;
            // Without files there is nothing to build, as Go says of `./...`.
            let has_files = !listed.go_files.is_empty() || !listed.cgo_files.is_empty();
            if has_files || listed.error.is_some() {
                let package = Package {
                    is_main: listed.name.as_deref() == Some("main"),
                    builds: listed.export.is_some_and(|e| !e.is_empty()),
                };
                packages.insert(listed.import_path, package);
            }
        }
        ensure!(
            !packages.is_empty(),
            "go list: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(Built(packages))
    }

    /// Packages that compile and do not link: programs by themselves, others in one that imports them.
    pub(super) fn unlinked(
        &self,
        goos: Goos,
        mended: &[&String],
        built: &Built,
    ) -> Result<Vec<String>> {
        let mut unlinked = Vec::new();
        let mut importers: BTreeMap<PathBuf, Vec<&String>> = BTreeMap::new();
        let root = self.root_path()?;
        for package in mended {
            if built.0.get(*package).is_some_and(|p| p.is_main) {
                if !self.links(goos, package)? {
                    unlinked.push((*package).clone());
                }
            } else {
                importers
                    .entry(self.importer_dir(&root, package))
                    .or_default()
                    .push(package);
            }
        }
        for (dir, packages) in importers {
            if self.links_in(goos, &dir, &packages)? {
                continue;
            }
            for package in packages {
                if !self.links_in(goos, &dir, &[package])? {
                    unlinked.push(package.clone());
                }
            }
        }
        Ok(unlinked)
    }

    /// Where a program may stand that imports a package, which may be internal to some directory.
    fn importer_dir(&self, root: &str, package: &str) -> PathBuf {
        let below = package.strip_prefix(root).unwrap_or_default();
        let below = format!("{}/", below.trim_start_matches('/'));
        let parent = match below.rfind("internal/") {
            Some(at) if at == 0 || below.as_bytes()[at - 1] == b'/' => &below[..at],
            _ => "",
        };
        self.dir().join(parent).join("replayed_main")
    }

    fn links_in(&self, goos: Goos, dir: &Path, packages: &[&String]) -> Result<bool> {
        let imports: Vec<String> = packages.iter().map(|p| format!("import _ {p:?}")).collect();
        let imports = imports.join(
            "
",
        );
        std::fs::create_dir_all(dir)?;
        let text = format!("package main\n\n{imports}\nfunc main() {{}}\n");
        std::fs::write(dir.join("main.go"), text)?;
        let package = dir.strip_prefix(self.dir())?.display().to_string();
        let links = self.links(goos, &format!("./{package}"));
        std::fs::remove_dir_all(dir)?;
        links
    }

    fn links(&self, goos: Goos, package: &str) -> Result<bool> {
        let output = self.go(&["build", "-o", "/dev/null", package], Some(goos))?;
        Ok(output.status.success())
    }

    fn root_path(&self) -> Result<String> {
        let output = self.go(&["list", "-m"], None)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Lines that were added and taken away, copies of dependencies apart.
    pub(super) fn changed_lines(&self) -> Result<usize> {
        self.run("git", &["add", "-A", "-f"])?;
        let paths = [
            "diff",
            "--cached",
            "--numstat",
            "--",
            ".",
            ":!third_party",
            ":!go.sum",
        ];
        let text = self.run("git", &paths)?;
        let counts = text.lines().flat_map(|l| l.split('\t').take(2));
        Ok(counts.filter_map(|n| n.parse::<usize>().ok()).sum())
    }

    fn go(&self, args: &[&str], goos: Option<Goos>) -> Result<Output> {
        let (first, rest) = args.split_at(1);
        let mut command = Command::new("go");
        command.args(first);
        if !self.tags.is_empty() && ["list", "build"].contains(&args[0]) && args[1] != "-m" {
            command.arg(format!("-tags={}", self.tags.join(",")));
        }
        command.args(rest).current_dir(self.dir());
        command.env("GOFLAGS", "-mod=mod -buildvcs=false");
        command.env("GOWORK", "off").env("GOTOOLCHAIN", "local");
        if let Some(goos) = goos {
            command.envs([
                ("GOOS", goos.name()),
                ("GOARCH", "wasm"),
                ("CGO_ENABLED", "0"),
            ]);
        }
        command.output().context("go")
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        let output = Command::new(program)
            .args(args)
            .current_dir(self.dir())
            .output()
            .context(program.to_owned())?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{program} {}: {text}",
            args.join(" ")
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
