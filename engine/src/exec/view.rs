//! What a guest sees of this machine, by profile and by the directories that were named.

use std::path::{Path, PathBuf};

use camino::Utf8Path;
use runtime_harness::Preopen;

use super::{Exec, Profile};
use crate::cache;
use crate::hosts::USER;
use crate::prepared::ZONES;
use crate::world::World;

/// What every program of a system may read and tests expect: time zones, terminals, types of files.
const SYSTEM: [&str; 3] = ["/usr/share", "/lib/terminfo", "/etc/terminfo"];
/// Files of the kind: names of ports (`net/port_unix.go`), of protocols (`net/lookup_unix.go`), types
/// of files (`mime/type_unix.go`).
const SYSTEM_FILES: [&str; 3] = ["/etc/services", "/etc/protocols", "/etc/mime.types"];

/// What the guest sees of this machine.
#[derive(Default)]
pub(super) struct View {
    pub(super) dirs: Vec<Preopen>,
    pub(super) env: Vec<(String, String)>,
    /// A scratch copy, which lies there as long as this value.
    pub(super) world: Option<World>,
    /// What it does not see although it might expect to.
    pub(super) missing: Option<String>,
}

impl View {
    /// What was asked for on a command line.
    pub(super) fn of(exec: &Exec) -> Result<Self, String> {
        let copy = exec.sizes.disk.as_u64();
        let mut view = Self::default();
        match exec.profile.unwrap_or_else(|| default_profile(exec)) {
            Profile::Nothing => {}
            Profile::Cwd => view.current_dir(copy, exec.profile.is_some())?,
            Profile::GoTest => view = Self::of_tests(copy)?,
            Profile::Full => view.full()?,
        }
        for (option, dirs) in [("--dir", &exec.dir), ("--read", &exec.read)] {
            for dir in dirs {
                let dir = dir_of(option, dir)?;
                if dir.writable && cache::is_trusted(&dir.host) {
                    return Err(format!(
                        "{option} {}: this directory contains wasmcheck's cache of compiled programs and remedies, which no program may change; name a directory below it, or let WASMCHECK_CACHE name another place",
                        dir.host.display()
                    ));
                }
                view.dirs.push(dir);
            }
        }
        for (name, value) in &exec.env {
            view.env.retain(|(n, _)| n != name);
            view.env.push((name.clone(), value.clone()));
        }
        Ok(view)
    }

    /// The scratch directory.
    pub(super) fn scratch(&self) -> Option<PathBuf> {
        let world = self.world.as_ref()?;
        Some(world.scratch().as_std_path().to_owned())
    }

    /// A copy of the current directory. Where nobody asked for it, the program runs without it when it
    /// cannot be made, as in the root directory of the system.
    fn current_dir(&mut self, limit: u64, needed: bool) -> Result<(), String> {
        let here = current_dir()?;
        let why = match self.scratch_copy(&here, limit) {
            Err(why) if !needed => why,
            done => return done,
        };
        self.missing = Some(format!(
            "the program does not see the current directory: {why}"
        ));
        self.show(World::new().map_err(|e| e.to_string())?, &here)
    }

    /// A world with a copy of a directory, which is the current one.
    fn scratch_copy(&mut self, dir: &Path, limit: u64) -> Result<(), String> {
        let mut world = World::new().map_err(|e| e.to_string())?;
        let with_advice =
            |e| format!("{e}; name what the program needs with --dir, or use --profile nothing");
        world.copy(dir, limit).map_err(with_advice)?;
        self.missing = world.left_out();
        self.show(world, dir)
    }

    /// A world, in which a directory is the current one, and time zones.
    fn show(&mut self, mut world: World, dir: &Path) -> Result<(), String> {
        world
            .enter(dir)
            .map_err(|e| format!("{}: {e}", dir.display()))?;
        self.dirs.push(world.preopen());
        if Path::new(ZONES).is_dir() {
            self.dirs.push(open(Path::new(ZONES), ZONES, false));
        }
        self.env = world.env().to_vec();
        self.world = Some(world);
        Ok(())
    }

    /// What a test expects: its module around it, GOROOT to read, itself in its directory.
    pub(super) fn of_tests(limit: u64) -> Result<Self, String> {
        let mut view = Self::default();
        view.go_test(limit)?;
        Ok(view)
    }

    fn go_test(&mut self, limit: u64) -> Result<(), String> {
        let here = current_dir()?;
        let goroot = goroot();
        let in_goroot = goroot.as_ref().is_some_and(|root| here.starts_with(root));
        let module = here.ancestors().find(|dir| dir.join("go.mod").is_file());
        // The module of the standard library is GOROOT itself, which is there to read.
        let tree = module.filter(|_| !in_goroot).unwrap_or(&here).to_owned();
        self.scratch_copy(&tree, limit)?;
        let Some(world) = &mut self.world else {
            return Ok(());
        };
        let entered = world.enter(&here);
        let entered = entered.map_err(|e| format!("{}: {e}", here.display()))?;
        if let Some(goroot) = &goroot {
            world.set("GOROOT", &goroot.to_string_lossy());
            self.dirs
                .push(open(goroot, &goroot.to_string_lossy(), false));
        }
        if in_goroot {
            // Go takes the longest prefix: the package's own directory is the copy.
            self.dirs
                .push(open(&entered, &here.to_string_lossy(), true));
        }
        world.set("USER", USER);
        world.furnish().map_err(|e| e.to_string())?;
        SYSTEM_FILES
            .iter()
            .for_each(|file| world.show(Path::new(file)));
        self.env = world.env().to_vec();
        let shared = SYSTEM.into_iter().filter(|dir| Path::new(dir).is_dir());
        self.dirs
            .extend(shared.map(|dir| open(Path::new(dir), dir, false)));
        Ok(())
    }

    fn full(&mut self) -> Result<(), String> {
        self.dirs.push(open(Path::new("/"), "/", true));
        self.env.push((
            "PWD".to_owned(),
            current_dir()?.to_string_lossy().into_owned(),
        ));
        self.env
            .extend(variable("PATH").map(|path| ("PATH".to_owned(), path)));
        Ok(())
    }
}

/// GOROOT of the Go that runs the test: `go test` puts its `bin` first in PATH (release notes of Go
/// 1.19), and need not set the variable.
pub(super) fn goroot() -> Option<PathBuf> {
    let of = |dir: PathBuf| {
        let go = dir.join(format!("go{}", std::env::consts::EXE_SUFFIX));
        let root = go.canonicalize().ok()?.parent()?.parent()?.to_owned();
        root.join("src/runtime").is_dir().then_some(root)
    };
    let named = variable("GOROOT").map(PathBuf::from).filter(|d| d.is_dir());
    named.or_else(|| std::env::split_paths(&variable("PATH")?).find_map(of))
}

/// Whether it sees a copy, which lies in a scratch directory.
pub(super) fn is_in_scratch(exec: &Exec) -> bool {
    let profile = exec.profile.unwrap_or_else(|| default_profile(exec));
    matches!(profile, Profile::Cwd | Profile::GoTest)
}

fn default_profile(exec: &Exec) -> Profile {
    let name = exec.file.file_name().unwrap_or_default();
    if Utf8Path::new(name.trim_end_matches(".wasm")).extension() == Some("test") {
        Profile::GoTest
    } else if exec.dir.is_empty() {
        Profile::Cwd
    } else {
        Profile::Nothing
    }
}

fn current_dir() -> Result<PathBuf, String> {
    std::env::current_dir().map_err(|e| format!("the current directory cannot be found: {e}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "`go test` tells GOROOT and PATH this way"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn dir_of(option: &str, text: &str) -> Result<Preopen, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if !Utf8Path::new(host).is_dir() {
        return Err(format!("{option} {host}: there is no such directory"));
    }
    Ok(open(Path::new(host), guest, option == "--dir"))
}

fn open(host: &Path, guest: &str, writable: bool) -> Preopen {
    Preopen {
        host: host.to_owned(),
        guest: guest.to_owned(),
        writable,
    }
}
