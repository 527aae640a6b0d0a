//! Questions to Go about one module, none of which writes into it.

use std::collections::BTreeMap;
use std::iter;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::{Edit, Goos, Listing};

use crate::admission;
use crate::command::Process;
use crate::error::Error;
use crate::files;
use crate::flags;
use crate::go::{Go, GoEnv, without_quotes};
use crate::list;
use crate::replaces::{self, LARGEST};
use crate::scratch::Scratch;
use crate::workspace;

/// Longest time that listing packages may take, which compiles nothing.
const LISTING: Duration = Duration::from_mins(15);

/// What a package is listed or built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// This machine, cgo on: the reference.
    Native,
    /// `GOARCH=wasm`, cgo off.
    Wasm(Goos),
}

impl Platform {
    /// The reference, and every wasm build.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        iter::once(Self::Native).chain(Goos::ALL.map(Self::Wasm))
    }
}

/// How dependencies are resolved without writing into the user's tree.
///
/// Plain `go list -e` under `-mod=mod` rewrites go.sum, and under `-mod=readonly` an incomplete
/// go.sum stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `-mod=mod` on a scratch copy of go.mod and go.sum.
    Modfile,
    /// A go.work is in force: on a scratch copy of go.work and go.work.sum, since `-modfile` is not
    /// allowed there.
    Workspace,
    /// The same with a vendor directory: read-only.
    VendoredWorkspace,
    /// A vendor directory is in force: read-only.
    Vendor,
}

/// A module, and how Go is asked about it. Dropping it removes its scratch directory.
#[derive(Debug)]
pub struct Session {
    go: Go,
    env: GoEnv,
    root: Utf8PathBuf,
    mode: Mode,
    goflags: String,
    tags: Vec<String>,
    scratch: Scratch,
    /// Files of a patched module that take the place of others, for every build.
    pub(crate) overlay: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
}

/// How the link of a main package ended.
#[derive(Clone, Debug)]
pub enum Linked {
    /// The wasm lies there until the session ends.
    Ok(Utf8PathBuf),
    /// What Go said.
    Failed(String),
}

impl Session {
    /// Open the module that `dir` belongs to.
    pub fn open(go: &Go, dir: &Utf8Path, tags: &[String]) -> Result<Self, Error> {
        admission::module_files(dir)?;
        let env = go.env(dir)?;
        let Some(gomod) = env.module_file() else {
            return Err(Error::NoModule {
                path: dir.to_owned(),
            });
        };
        let root = gomod.parent().unwrap_or(dir).to_owned();
        let trusted: [&Utf8Path; 2] = [&env.goroot, &env.gomodcache];
        admission::sources(go, &root, env.workspace_file(), &trusted)?;
        let scratch = Scratch::new()?;
        let mut mode = mode(&env, &root);
        let mut copies = Platform::all().map(|platform| scratch.path().join(place(platform)));
        match (mode, env.workspace_file()) {
            (Mode::Modfile, _) => copies.try_for_each(|copy| copy_module_files(&root, &copy))?,
            (Mode::Workspace, Some(file)) if !workspace::copy(go, file, copies)? => {
                mode = Mode::VendoredWorkspace;
            }
            _ => {}
        }
        let goflags = flags::without_mod_flags(&env.goflags)?;
        Ok(Self {
            go: go.clone(),
            env,
            root,
            mode,
            goflags,
            tags: tags.to_vec(),
            scratch,
            overlay: BTreeMap::new(),
        })
    }

    /// The same module with other requirements and tags: a candidate. Its go.mod is edited in a
    /// scratch copy, whatever the mode; a workspace and a vendor directory are left aside.
    ///
    /// An edit of a file is refused: only go.mod and the tags can be changed.
    pub fn candidate(&self, go: &Go, edits: &[Edit]) -> Result<Self, Error> {
        let Flags {
            mod_edit,
            tags: added,
        } = Flags::of(edits)?;
        let scratch = Scratch::new()?;
        let base = scratch.path();
        for platform in Platform::all() {
            let dir = base.join(place(platform));
            copy_module_files(&self.root, &dir)?;
            if !mod_edit.is_empty() {
                let flags = mod_edit.iter().map(String::as_str);
                let edit = go.process(&dir).args(["mod", "edit"]).args(flags);
                go.run(edit.args(["go.mod"]).env("GOWORK", "off"))?;
            }
        }
        let mut tags = self.tags.clone();
        tags.extend(added);
        Ok(Self {
            go: go.clone(),
            env: self.env.clone(),
            root: self.root.clone(),
            mode: Mode::Modfile,
            goflags: self.goflags.clone(),
            tags,
            scratch,
            overlay: BTreeMap::new(),
        })
    }

    /// The versions of modules that go.mod requires, by module path.
    pub fn requirements(&self, go: &Go) -> Result<BTreeMap<String, String>, Error> {
        replaces::requirements(go, &self.root)
    }

    /// What `go env` says in the module.
    pub fn env(&self) -> &GoEnv {
        &self.env
    }

    /// Raised when the user wants to stop.
    pub fn interrupt(&self) -> &crate::Interrupt {
        self.go.interrupt()
    }

    /// The Go command that is asked.
    pub fn go(&self) -> &Go {
        &self.go
    }

    /// The directory of go.mod.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// How dependencies are resolved.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The module's path, as its go.mod says.
    pub fn module_path(&self) -> Result<String, Error> {
        match plain_module_path(&go_mod(&self.root)) {
            Some(path) => Ok(path.to_owned()),
            None => self.edited_module_path(),
        }
    }

    /// The same as the go command reads it.
    fn edited_module_path(&self) -> Result<String, Error> {
        #[derive(serde::Deserialize)]
        struct Edit {
            #[serde(rename = "Module")]
            module: Option<Path>,
        }
        #[derive(serde::Deserialize)]
        struct Path {
            #[serde(rename = "Path")]
            path: String,
        }
        let process = self.go.process(&self.root).args(["mod", "edit", "-json"]);
        let shown = process.shown();
        let output = self.go.run(process)?;
        let edit: Edit = crate::go::parse_json(&shown, &output.stdout)?;
        Ok(edit.module.map_or_else(String::new, |m| m.path))
    }

    /// All packages that match, and all that they need. Nothing is compiled.
    pub fn list(&self, platform: Platform, patterns: &[String]) -> Result<Listing, Error> {
        let fields = format!("-json={}", list::FIELDS);
        let flags = ["-e", "-deps", &fields];
        let process = self.process(platform, "list", &flags);
        self.go_list(platform, process.within(LISTING), patterns)
    }

    /// Compile everything that can be compiled, going on after errors.
    ///
    /// `go build ./...` would stop before compiling anything when there is a load error.
    pub fn compile(&self, goos: Goos, patterns: &[String]) -> Result<Listing, Error> {
        let flags = [
            "-e",
            "-export",
            "-deps",
            "-json=ImportPath,Standard,Name,Error,Export",
        ];
        let platform = Platform::Wasm(goos);
        let process = self.process(platform, "list", &flags);
        self.go_list(platform, process, patterns)
    }

    /// The same with all that [`Session::list`] says, natively too. Cgo is off there as well: what a stranger's
    /// directives tell a C compiler is not asked for.
    pub fn compile_listed(
        &self,
        platform: Platform,
        patterns: &[String],
    ) -> Result<Listing, Error> {
        let fields = format!("-json={},Export", list::FIELDS);
        let flags = ["-e", "-export", "-deps", &fields];
        let process = self.process(platform, "list", &flags);
        self.go_list(platform, process.env("CGO_ENABLED", "0"), patterns)
    }

    /// Compile one package again, with no limit on the number of errors.
    ///
    /// Errors end after ten in each package otherwise (`cmd/compile/internal/base/print.go`).
    pub fn compile_with_all_errors(&self, goos: Goos, package: &str) -> Result<Listing, Error> {
        let gcflags = format!("-gcflags={package}=-e");
        let flags = [
            "-e",
            "-export",
            &gcflags,
            "-json=ImportPath,Standard,Name,Error,Export",
        ];
        let platform = Platform::Wasm(goos);
        let process = self.process(platform, "list", &flags);
        self.go_list(platform, process, &[package.to_owned()])
    }

    /// Link a main package into a file of its own; `number` keeps mains of one name apart.
    pub fn link(&self, goos: Goos, package: &str, number: usize) -> Result<Linked, Error> {
        let file = self.scratch.path().join(format!("{goos}-{number}.wasm"));
        self.build(&self.go, Platform::Wasm(goos), &[], package, &file)
    }

    /// Link a main package into `file`, natively too, without cgo; `overlay` is one of
    /// [`Session::overlay`].
    pub fn link_to(
        &self,
        platform: Platform,
        package: &str,
        overlay: Option<&Utf8Path>,
        file: &Utf8Path,
    ) -> Result<Linked, Error> {
        let flag = overlay_flag(overlay);
        let flags: Vec<&str> = flag.as_deref().into_iter().collect();
        self.build(&self.go_for(overlay), platform, &flags, package, file)
    }

    /// Compile the test binary of a package into `file`. Without cgo on every platform: what is
    /// compared is the same code.
    ///
    /// `overlay` is one of [`Session::overlay`]. `copy` is a copy of the module in which it is built,
    /// so that the paths in the binary are those of the place where it runs; it is left aside where
    /// the module cannot be built elsewhere.
    pub fn compile_test(
        &self,
        platform: Platform,
        package: &str,
        overlay: Option<&Utf8Path>,
        copy: Option<&Utf8Path>,
        file: &Utf8Path,
    ) -> Result<Linked, Error> {
        let dir = copy.filter(|_| self.stands_alone()).unwrap_or(&self.root);
        let go = self.go_for(overlay);
        let flags = ["-c", "-vet=off", "-o", file.as_str()];
        let process = self
            .process_of(&go, dir, platform, "test", &flags)
            .args(overlay_flag(overlay))
            .args([package])
            .env("CGO_ENABLED", "0");
        let output = self.go.run_any(process)?;
        Ok(if output.success && file.exists() {
            Linked::Ok(file.to_owned())
        } else if output.success {
            Linked::Failed("no test files".to_owned())
        } else {
            let said = String::from_utf8_lossy(&output.stdout) + output.stderr.as_str();
            Linked::Failed(self.with_true_paths(&said))
        })
    }

    pub(crate) fn build(
        &self,
        go: &Go,
        platform: Platform,
        flags: &[&str],
        package: &str,
        file: &Utf8Path,
    ) -> Result<Linked, Error> {
        // Without cgo natively, too: what is compared is the same code.
        let process = self
            .process_of(go, &self.root, platform, "build", &["-o", file.as_str()])
            .args(flags.iter().copied())
            .args([package])
            .env("CGO_ENABLED", "0");
        let output = self.go.run_any(process)?;
        Ok(if output.success {
            Linked::Ok(file.to_owned())
        } else {
            Linked::Failed(self.with_true_paths(&output.stderr))
        })
    }

    /// The session's scratch directory.
    pub(crate) fn scratch(&self) -> &Utf8Path {
        self.scratch.path()
    }

    fn go_list(
        &self,
        platform: Platform,
        process: Process,
        patterns: &[String],
    ) -> Result<Listing, Error> {
        let shown = format!("go list {}", patterns.join(" "));
        let process = process.args(["--"]).args(patterns);
        let output = self
            .go
            .run(process.shown_as(&shown))
            .map_err(|e| self.in_users_words(platform, e))?;
        list::parse(&shown, &output.stdout)
    }

    /// An error that names the user's go.mod, not our copy of it.
    fn in_users_words(&self, platform: Platform, error: Error) -> Error {
        let Error::Go { command, message } = error else {
            return error;
        };
        let name = self.scratch.path().file_name().unwrap_or_default();
        let copy = format!("{name}/{}", place(platform));
        let workspace = self.env.workspace_file().and_then(Utf8Path::parent);
        let dir = workspace.filter(|_| self.mode == Mode::Workspace);
        Error::Go {
            command,
            message: without_quotes(
                &replace_paths(&message, &copy, dir.unwrap_or(&self.root).as_str()),
                &self.root,
            ),
        }
    }

    /// Whether the module needs nothing of the directories around it.
    fn stands_alone(&self) -> bool {
        let text = go_mod(&self.root);
        let mut replaced = text.lines().filter_map(|l| l.split_once("=>"));
        let outside = |to: &str| {
            to.trim_start()
                .trim_start_matches('"')
                .starts_with(['.', '/'])
        };
        let alone = matches!(self.mode, Mode::Modfile | Mode::Vendor);
        alone && !replaced.any(|(_, to)| outside(to))
    }

    fn process(&self, platform: Platform, verb: &str, flags: &[&str]) -> Process {
        self.process_of(&self.go, &self.root, platform, verb, flags)
    }

    fn process_of(
        &self,
        go: &Go,
        dir: &Utf8Path,
        platform: Platform,
        verb: &str,
        flags: &[&str],
    ) -> Process {
        let mut process = go.process(dir).args([verb, "-buildvcs=false"]);
        let files = self.scratch.path().join(place(platform));
        match self.mode {
            Mode::Modfile => {
                let modfile = files.join("go.mod");
                process = process
                    .args(["-mod=mod", &format!("-modfile={modfile}")])
                    .env("GOWORK", "off");
            }
            Mode::Workspace => process = process.env("GOWORK", files.join("go.work")),
            Mode::VendoredWorkspace | Mode::Vendor => {}
        }
        if !self.tags.is_empty() {
            process = process.args([format!("-tags={}", self.tags.join(","))]);
        }
        // A later flag of the same kind, which has these files, too, takes its place.
        if !self.overlay.is_empty() {
            process = process.args([format!("-overlay={}", self.patched_list())]);
        }
        let (goos, goarch, cgo) = match platform {
            Platform::Native => (
                self.env.gohostos.as_str(),
                self.env.gohostarch.as_str(),
                "1",
            ),
            Platform::Wasm(goos) => (goos.name(), "wasm", "0"),
        };
        process
            .args(flags)
            .env("GOOS", goos)
            .env("GOARCH", goarch)
            .env("CGO_ENABLED", cgo)
            .env("GOFLAGS", &self.goflags)
    }
}

/// The edits of a candidate as flags of the go command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Flags {
    /// Flags of `go mod edit`: `-require=path@version`, `-replace=old=new@version`.
    mod_edit: Vec<String>,
    /// Build tags that are added.
    tags: Vec<String>,
}

impl Flags {
    fn of(edits: &[Edit]) -> Result<Self, Error> {
        let mut flags = Self::default();
        for edit in edits {
            match edit {
                Edit::Require { module, version } => {
                    flags.mod_edit.push(format!("-require={module}@{version}"));
                }
                Edit::Replace {
                    module,
                    with,
                    version,
                } => {
                    let flag = format!("-replace={module}={with}@{version}");
                    flags.mod_edit.push(flag);
                }
                Edit::Drop { module } => flags.mod_edit.push(format!("-droprequire={module}")),
                Edit::Tag { tag } => flags.tags.push(tag.clone()),
                Edit::File { path, .. } => return Err(Error::FileEdit { path: path.clone() }),
                Edit::Fork { dir, .. } => return Err(Error::FileEdit { path: dir.clone() }),
            }
        }
        Ok(flags)
    }
}

/// The path of a `module` line as almost all are; anything else is for the go command to read.
fn plain_module_path(text: &str) -> Option<&str> {
    const PATH: &str = "-._~/";
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with("//"))?;
    let path = first.strip_prefix("module ")?.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || PATH.contains(c);
    (path.chars().all(plain) && !path.is_empty()).then_some(path)
}

/// Put a directory in the place of every path that ends in `copy`, absolute or relative: Go
/// shortens paths.
fn replace_paths(message: &str, copy: &str, dir: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(copy) {
        let before = &rest[..at];
        let start = before
            .rfind(|c: char| c.is_whitespace() || c == '"')
            .map_or(0, |i| i + 1);
        out.push_str(&before[..start]);
        out.push_str(dir);
        rest = &rest[at + copy.len()..];
    }
    out + rest
}

/// The directory of the scratch copy of go.mod for a platform. Each has its own: Go rewrites it, and
/// the platforms are asked at once.
pub(crate) fn place(platform: Platform) -> &'static str {
    match platform {
        Platform::Native => "native",
        Platform::Wasm(goos) => goos.name(),
    }
}

fn mode(env: &GoEnv, root: &Utf8Path) -> Mode {
    if env.workspace_file().is_some() {
        Mode::Workspace
    } else if root.join("vendor/modules.txt").is_file() {
        Mode::Vendor
    } else {
        Mode::Modfile
    }
}

/// The text of a go.mod; none where it cannot be read, of which Go will complain.
fn go_mod(root: &Utf8Path) -> String {
    files::read_text(root.join("go.mod").as_std_path(), LARGEST).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
fn copy_module_files(root: &Utf8Path, scratch: &Utf8Path) -> Result<(), Error> {
    std::fs::create_dir_all(scratch).map_err(Error::Scratch)?;
    for name in ["go.mod", "go.sum"] {
        let from = root.join(name);
        match files::read(from.as_std_path(), LARGEST) {
            Ok(bytes) => std::fs::write(scratch.join(name), bytes).map_err(Error::Scratch)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(from)(e)),
        }
    }
    Ok(())
}

/// The flag for an overlay of [`Session::overlay`].
fn overlay_flag(overlay: Option<&Utf8Path>) -> Option<String> {
    overlay.map(|list| format!("-overlay={list}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_lines_of_the_usual_kind_are_read_here() {
        for (text, path) in [
            (
                "// Deprecated: no.\n\nmodule example.com/a-b/v2\n\ngo 1.21\n",
                Some("example.com/a-b/v2"),
            ),
            ("module m\r\n", Some("m")),
            ("module \"m\"\n", None),
            ("module m // why\n", None),
            ("module (\n\tm\n)\n", None),
            ("go 1.21\nmodule m\n", None),
            ("", None),
        ] {
            assert_eq!(plain_module_path(text), path, "{text}");
        }
    }

    #[test]
    fn edits_become_flags_of_go_mod_edit_and_tags() {
        let module = || "a.b/c".to_owned();
        let edits = [
            Edit::Require {
                module: module(),
                version: "v1.2.0".to_owned(),
            },
            Edit::Replace {
                module: module(),
                with: "d.e/f".to_owned(),
                version: "v0.5.4".to_owned(),
            },
            Edit::Drop { module: module() },
            Edit::Tag {
                tag: "purego".to_owned(),
            },
        ];
        let flags = Flags::of(&edits).unwrap();
        assert_eq!(
            flags.mod_edit,
            [
                "-require=a.b/c@v1.2.0",
                "-replace=a.b/c=d.e/f@v0.5.4",
                "-droprequire=a.b/c"
            ]
        );
        assert_eq!(flags.tags, ["purego"]);
        let file = Edit::File {
            path: "x.go".into(),
            diff: String::new(),
        };
        assert!(matches!(Flags::of(&[file]), Err(Error::FileEdit { .. })));
    }

    #[test]
    fn messages_name_the_users_files() {
        let said = "go: errors parsing ../tmp/wasmcheck-a/js/go.mod:\n/tmp/wasmcheck-a/js/go.mod:5: syntax error";
        let told = replace_paths(said, "wasmcheck-a/js", "/home/u/m");
        assert_eq!(
            told,
            "go: errors parsing /home/u/m/go.mod:\n/home/u/m/go.mod:5: syntax error"
        );
    }
}
