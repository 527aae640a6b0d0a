//! `wasmcheck fix`: nothing is written that was not asked for, and nothing is left half-written.
#![expect(clippy::disallowed_methods, reason = "attacks prepare files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Attack;
use super::ground::Ground;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "fix: KILL while it writes",
        run: killed,
    },
    Attack {
        name: "fix: a module whose files lead elsewhere",
        run: elsewhere,
    },
];

/// Packages of the module that is mended.
const PACKAGES: usize = 12;

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// A module in which each package lacks a file on wasm.
fn broken(ground: &Ground) -> Result<()> {
    fs::remove_dir_all(&ground.module)?;
    fs::create_dir(&ground.module)?;
    ground.write("go.mod", "module example.com/m\n\ngo 1.24\n")?;
    for number in 0..PACKAGES {
        let package = format!("package p{number}\n\n");
        let asks = "// Lock locks.\nfunc Lock() error { return lock() }\n";
        ground.write(&format!("p{number}/p.go"), package.clone() + asks)?;
        let answers = "import \"syscall\"\n\nfunc lock() error { return syscall.Flock(0, 0) }\n";
        ground.write(
            &format!("p{number}/p_unix.go"),
            format!("//go:build unix\n\n{package}{answers}"),
        )?;
    }
    Ok(())
}

fn apply(ground: &Ground) -> Result<Tree> {
    let seen = ground.run(&["fix", "--apply", "-q"])?;
    seen.code_is(0)?;
    seen.says(&format!("js: {PACKAGES} of {PACKAGES} packages build"))?;
    ground.tree()
}

fn killed(ground: &Ground) -> Result<()> {
    broken(ground)?;
    let before = ground.tree()?;
    let after = apply(ground)?;
    ensure!(
        after.len() > before.len() + PACKAGES - 1,
        "nothing was written"
    );
    for number in 0..ground.rounds(3, 60) {
        broken(ground)?;
        let mut going = ground.start(ground.command(&["fix", "--apply", "-q"]))?;
        while going.is_running()? && ground.tree().is_ok_and(|tree| tree == before) {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros(300) * u32::try_from(number)?);
        going.signal("KILL")?;
        going.end()?;
        for (path, content) in ground.tree()? {
            let is_whole = [&before, &after].map(|tree| tree.get(&path) == Some(&content));
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_aside = name.starts_with(".wasmcheck-");
            ensure!(
                is_aside || is_whole.contains(&true),
                "round {number}: half of {}",
                path.display()
            );
        }
        let whole = apply(ground).with_context(|| format!("round {number}"))?;
        ensure!(whole == after, "round {number}: something else was written");
    }
    ground.nothing_left()
}

/// Files of the module, its directories and what copies go to are links that lead out of it.
fn elsewhere(ground: &Ground) -> Result<()> {
    let outside = ground.beside("outside");
    let dirs = ["package", "third_party"].map(|name| outside.join(name));
    dirs.iter().try_for_each(fs::create_dir_all)?;
    let lock = "package p0\n\nfunc Lock() error { return lock() }\n";
    fs::write(outside.join("p.go"), lock)?;
    fs::write(outside.join("go.sum"), "")?;
    let all = || {
        let entries = fs::read_dir(&outside)?.chain(fs::read_dir(&dirs[0])?);
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths = paths.collect::<Result<Vec<_>>>()?;
        paths.sort();
        let files = paths.iter().filter(|path| path.is_file());
        let texts = files
            .map(|path| Ok(fs::read(path)?))
            .collect::<Result<Vec<_>>>()?;
        Ok::<_, anyhow::Error>((paths, texts))
    };
    let before = all()?;
    for (target, place) in [
        (outside.join("p.go"), "p0/p.go"),
        (outside.join("p.go"), "p0/p_wasm.go"),
        (outside.join("nothing"), "p0/p_wasm.go"),
        (dirs[0].clone(), "p0"),
        (outside.join("go.sum"), "go.sum"),
        (dirs[1].clone(), "third_party"),
    ] {
        broken(ground)?;
        let path = ground.module.join(place);
        if path.is_dir() {
            fs::remove_dir_all(&path)?;
        } else if path.exists() {
            fs::remove_file(&path)?;
        }
        ground.link(&target, place)?;
        let tree = ground.tree()?;
        for args in [&["fix", "-q"][..], &["fix", "--apply", "-q"]] {
            ground.run(args)?;
            ensure!(
                all()? == before,
                "{place}: something was written outside of the module"
            );
            let is_shown = args.len() == 2;
            ensure!(
                !is_shown || ground.tree()? == tree,
                "{place}: something was written without --apply"
            );
        }
        ensure!(path.is_symlink(), "{place}: the link is gone");
    }
    ground.nothing_left()
}
