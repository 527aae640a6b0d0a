//! The modules that a command line names: in directories, nested, of a workspace, or published.

use camino::{Utf8Path, Utf8PathBuf};
use toolchain::{Fetched, Go};

use crate::argument::{self, Argument, Patterns};
use crate::events::{Event, Events};
use crate::failure::Failure;
use crate::quoting;

/// A module that was chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'c> {
    /// Where its go.mod lies.
    pub(crate) root: &'c Utf8Path,
    /// Files are named relative to this: the directory that holds all modules.
    pub(crate) top: &'c Utf8Path,
    /// The version, if it is a published one.
    pub(crate) version: Option<&'c str>,
    /// Which of its packages.
    pub(crate) patterns: &'c [String],
}

/// What is done with a module.
type With<'w> = &'w mut dyn FnMut(Chosen<'_>) -> Result<(), Failure>;

/// Calls `with` for every module named on the command line; without arguments, for those of the current
/// directory.
pub(crate) fn each_module(
    paths: &[String],
    go: &Go,
    events: &Events,
    with: With<'_>,
) -> Result<(), Failure> {
    let here = [".".to_owned()];
    let typed = if paths.is_empty() { &here } else { paths };
    let arguments = typed
        .iter()
        .map(|arg| argument::parse(arg))
        .collect::<Result<Vec<_>, _>>()?;
    let mut patterns = Patterns::new();
    for argument in arguments {
        match argument {
            Argument::Module(spec) => published(&spec, go, events, with)?,
            Argument::Local { dir, recursive } => {
                distrust(&dir);
                gather((go, events), &dir, recursive, &mut patterns)?;
            }
        }
    }
    let top = patterns
        .keys()
        .cloned()
        .reduce(|a, b| common(&a, &b))
        .unwrap_or_default();
    for (root, patterns) in &patterns {
        with(Chosen {
            root,
            top: &top,
            version: None,
            patterns,
        })?;
    }
    Ok(())
}

/// Start no program that a module, or the repository around it, may have brought.
fn distrust(dir: &Utf8Path) {
    // Who keeps all that is theirs in one repository has their programs there, too: that stays trusted.
    let repository = quoting::repository(dir);
    let root = module_root(dir);
    for stranger in [Some(dir), root.as_deref(), repository]
        .into_iter()
        .flatten()
    {
        toolchain::lookup::distrust(stranger);
    }
}

/// The nearest directory that holds both.
fn common(a: &Utf8Path, b: &Utf8Path) -> Utf8PathBuf {
    a.ancestors()
        .find(|dir| b.starts_with(dir))
        .unwrap_or(a)
        .to_owned()
}

/// The modules that a directory stands for: its own, those nested in it, those of its workspace.
fn gather(
    (go, events): (&Go, &Events),
    dir: &Utf8Path,
    recursive: bool,
    patterns: &mut Patterns,
) -> Result<(), Failure> {
    let roots = match module_root(dir) {
        Some(root) => {
            let is_root = root == dir;
            patterns
                .entry(root.clone())
                .or_default()
                .push(argument::pattern(&root, dir, recursive));
            if is_root || recursive {
                toolchain::find_modules(go, dir)
            } else {
                Vec::new()
            }
        }
        None if dir.join("go.work").is_file() => members((go, events), dir)?,
        None => toolchain::find_modules(go, dir),
    };
    if roots.is_empty() && patterns.is_empty() {
        return Err(toolchain::Error::NoModule {
            path: dir.to_owned(),
        }
        .into());
    }
    for root in roots {
        patterns.entry(root).or_default().push("./...".to_owned());
    }
    Ok(())
}

/// The modules of a workspace that lie in it or in the repository around it. A go.work that came with a clone
/// may name any module of the machine, whose source is nobody's business.
fn members((go, events): (&Go, &Events), dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let real = dir.canonicalize_utf8().map_err(toolchain::Error::io(dir))?;
    let around = quoting::repository(&real).unwrap_or(&real);
    let (inside, outside): (Vec<_>, Vec<_>) = toolchain::workspace_modules(go, dir)?
        .into_iter()
        .partition(|member| member.starts_with(around));
    for member in &outside {
        events.hear(Event::MemberLeftOut {
            dir: member.as_str(),
        });
    }
    if let (true, Some(member)) = (inside.is_empty(), outside.first()) {
        return Err(Failure::usage(format!(
            "{dir}/go.work: all of its modules lie outside of the workspace; name those that are to be checked, as in `wasmcheck {member}`"
        )));
    }
    Ok(inside)
}

/// The directory of the go.mod that is in force.
fn module_root(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    dir.ancestors()
        .find(|d| d.join("go.mod").is_file())
        .map(Utf8Path::to_owned)
}

fn published(spec: &str, go: &Go, events: &Events, with: With<'_>) -> Result<(), Failure> {
    events.hear(Event::Fetching { module: spec });
    let fetched: Fetched = toolchain::fetch(go, spec)?;
    for replace in &fetched.dropped {
        events.hear(Event::ReplaceDropped {
            module: spec,
            replace,
        });
    }
    let dir = fetched
        .dir
        .canonicalize_utf8()
        .map_err(toolchain::Error::io(&fetched.dir))?;
    with(Chosen {
        root: &dir,
        top: &dir,
        version: Some(&fetched.version),
        patterns: &["./...".to_owned()],
    })
}
