//! What a task sees, made ready: a scratch root directory with a copy of the module, files and
//! standard input.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

use crate::compare::Tree;
use crate::task::{Dir, Input, Run, Sees, Task};
use crate::world::World;

/// Largest copy of a module that a program gets to see, in bytes.
pub(crate) const COPY: u64 = 256 << 20;
/// Time zones, where Go looks for them (`time/zoneinfo_unix.go`).
pub(crate) const ZONES: &str = "/usr/share/zoneinfo";

/// A scratch directory with a root directory for a program in it.
pub(crate) struct Prepared {
    pub(crate) world: World,
    /// Why the module is not in it.
    pub(crate) without_module: Option<String>,
    /// Where the program starts, on this machine.
    pub(crate) dir: Utf8PathBuf,
    /// The file that is its standard input.
    pub(crate) stdin: Option<Utf8PathBuf>,
    /// The files before it starts, where it is to be known which of them it changes.
    before: Option<Tree>,
}

impl Prepared {
    /// Make what a task sees.
    pub(crate) fn of(task: &Task) -> Result<Self, String> {
        let mut world = World::new().map_err(|e| e.to_string())?;
        let mut without_module = None;
        let mut dir = world.preopen().host;
        if let Sees::Module {
            root,
            dir: there,
            needed,
        } = &task.sees
        {
            let copied = world.copy(root.as_std_path(), COPY);
            let no_copy = copied.err().map(|e| e.to_string());
            if let (true, Some(why)) = (*needed, &no_copy) {
                return Err(why.clone());
            }
            let entered = world.enter(there.as_std_path());
            let entered = entered.map_err(|e| format!("{there}: {e}"))?;
            if no_copy.is_none() {
                dir = entered;
            }
            without_module = no_copy.or_else(|| world.left_out());
        }
        for (key, value) in &task.env {
            world.set(key, value);
        }
        write(task, &world)?;
        let stdin = stdin(task, &world)?;
        let mut prepared = Self {
            world,
            without_module,
            dir: utf8(&dir)?,
            stdin,
            before: None,
        };
        prepared.before = task.watched.then(|| prepared.look()).transpose()?;
        Ok(prepared)
    }

    /// The directories that a program in the sandbox sees.
    pub(crate) fn dirs(&self) -> Result<Vec<Dir>, String> {
        let mut dirs = vec![Dir {
            host: utf8(&self.root())?,
            guest: "/".to_owned(),
            writable: true,
        }];
        if Path::new(ZONES).is_dir() {
            dirs.push(Dir {
                host: ZONES.into(),
                guest: ZONES.to_owned(),
                writable: false,
            });
        }
        Ok(dirs)
    }

    /// The root directory, on this machine.
    pub(crate) fn root(&self) -> PathBuf {
        self.world.preopen().host
    }

    fn look(&self) -> Result<Tree, String> {
        Tree::of(&self.root()).map_err(|e| unreadable(&e))
    }

    /// The files that the program has changed.
    pub(crate) fn changes(&self) -> Result<BTreeMap<String, Option<Vec<u8>>>, String> {
        let Some(before) = &self.before else {
            return Ok(BTreeMap::new());
        };
        before.changes(&self.root()).map_err(|e| unreadable(&e))
    }

    /// Add to a run outside of the sandbox what has become of the files. In a watched run, the place of
    /// the root directory, which is another in each, has no name.
    pub(crate) fn finish(&self, task: &Task, run: &mut Run) -> Result<(), String> {
        run.without_module.clone_from(&self.without_module);
        if task.watched {
            run.files = self.changes()?;
            run.rename(utf8(&self.root())?.as_str(), "");
        }
        Ok(())
    }

    /// What the program gets of its environment where it has no root of its own: the paths are those
    /// of this machine.
    pub(crate) fn env_outside(&self) -> Vec<(String, String)> {
        let place = |name: &str| inside(&self.world, name);
        let mut env: Vec<(String, String)> = self.world.env().to_vec();
        for (key, value) in &mut env {
            match key.as_str() {
                "HOME" => *value = place("/home"),
                "TMPDIR" => *value = place("/tmp"),
                "PWD" => *value = self.dir.to_string(),
                "PATH" => *value = path(),
                _ => {}
            }
        }
        env
    }
}

fn unreadable(e: &std::io::Error) -> String {
    format!("the files of the run cannot be read: {e}")
}

/// Write the files of a task, below the directory in which it starts.
fn write(task: &Task, world: &World) -> Result<(), String> {
    let dir = match &task.sees {
        Sees::Module { dir, .. } => dir.as_path(),
        _ => Utf8Path::new("/"),
    };
    for (name, text) in &task.files {
        let written = world.write(dir.join(name).as_std_path(), text);
        written.map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// Standard input as a file.
#[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
fn stdin(task: &Task, world: &World) -> Result<Option<Utf8PathBuf>, String> {
    match &task.input {
        Input::Nothing => Ok(None),
        Input::File(file) => Ok(Some(file.clone())),
        Input::Text(text) => {
            let file = world.scratch().join("stdin");
            std::fs::write(&file, text).map_err(|e| format!("no scratch space: {e}"))?;
            Ok(Some(file))
        }
        Input::InModule(file) => {
            let root = match &task.sees {
                Sees::Module { root, .. } => root.as_path(),
                _ => Utf8Path::new("/"),
            };
            // That of the copy, which no link leads out of.
            let copy = world.file(root.join(file).as_std_path());
            let copy = copy.map_err(|e| format!("stdin_file {file}: {e}"))?;
            utf8(&copy).map(Some)
        }
    }
}

/// The value of PATH for programs that run outside of the sandbox, without directories of the current one.
pub(crate) fn path() -> String {
    let path = toolchain::lookup::path(Utf8Path::new("."));
    path.to_string_lossy().into_owned()
}

/// Where a path of the guest lies, for programs that have no root of their own.
pub(crate) fn inside(world: &World, guest: &str) -> String {
    let path = world.host_path(Path::new(guest));
    path.to_string_lossy().into_owned()
}

/// A path as text.
pub(crate) fn utf8(path: &Path) -> Result<Utf8PathBuf, String> {
    Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|p| format!("{}: not UTF-8", p.display()))
}
