//! Special files where files are expected, and files of any size.
#![expect(clippy::disallowed_methods, reason = "attacks prepare files")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::Attack;
use super::ground::Ground;

/// What a check may take, in bytes.
const MEMORY: u64 = 1 << 30;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "special: named pipes in the module",
        run: pipes_in_module,
    },
    Attack {
        name: "special: devices and sockets in the module",
        run: devices_in_module,
    },
    Attack {
        name: "special: wasm arguments",
        run: wasm_arguments,
    },
    Attack {
        name: "special: stored reports, wasmcheck.toml, wasm_exec.js",
        run: other_arguments,
    },
    Attack {
        name: "special: files of the cache",
        run: cache_files,
    },
    Attack {
        name: "size: a source file of one literal",
        run: large_literal,
    },
    Attack {
        name: "size: a source file of functions",
        run: many_functions,
    },
    Attack {
        name: "size: packages in a cycle",
        run: large_cycle,
    },
    Attack {
        name: "size: go.mod",
        run: large_module_file,
    },
];

/// Make a named pipe.
pub(super) fn fifo(path: &Path) -> Result<()> {
    ensure!(Command::new("mkfifo").arg(path).status()?.success());
    Ok(())
}

/// The places in a module where a file is expected.
const PLACES: [&str; 9] = [
    "go.sum",
    "go.work",
    "go.work.sum",
    "x.go",
    "lib/x.go",
    "x.s",
    "x_test.go",
    "x.c",
    "wasmcheck.toml",
];

fn in_each_place(ground: &Ground, make: fn(&Path) -> Result<()>) -> Result<()> {
    for place in PLACES {
        ground.hello()?;
        ground.write("lib/lib.go", "package lib\n")?;
        let path = ground.module.join(place);
        make(&path)?;
        for level in ["scan", "build"].into_iter().take(ground.rounds(1, 2)) {
            let seen = ground.run(&["-q", "--level", level])?;
            ensure!(
                seen.code != 0 || place == "x_test.go",
                "{place}: it is not mentioned"
            );
            ensure!(seen.memory < MEMORY, "{place}: {} bytes", seen.memory);
        }
        fs::remove_file(path)?;
    }
    ground.nothing_left()
}

fn pipes_in_module(ground: &Ground) -> Result<()> {
    in_each_place(ground, fifo)
}

fn devices_in_module(ground: &Ground) -> Result<()> {
    in_each_place(ground, |path| Ok(symlink("/dev/zero", path)?))?;
    in_each_place(ground, |path| {
        std::os::unix::net::UnixListener::bind(path)?;
        Ok(())
    })
}

fn wasm_arguments(ground: &Ground) -> Result<()> {
    let pipe = ground.module.join("pipe.wasm");
    fifo(&pipe)?;
    ground.link("/dev/zero", "zero.wasm")?;
    fs::create_dir(ground.module.join("dir.wasm"))?;
    for file in [
        "pipe.wasm",
        "zero.wasm",
        "dir.wasm",
        "none.wasm",
        "/dev/zero",
    ] {
        for command in ["inspect", "exec"] {
            let seen = ground.run(&[command, file])?;
            ensure!(
                seen.code == 3 || seen.code == 125,
                "{command} {file}: {}",
                seen.code
            );
            seen.says(file)?;
            ensure!(
                seen.memory < MEMORY / 4,
                "{command} {file}: {} bytes",
                seen.memory
            );
        }
    }
    ground.nothing_left()
}

fn other_arguments(ground: &Ground) -> Result<()> {
    ground.hello()?;
    fifo(&ground.module.join("report.json"))?;
    ground.link("/dev/zero", "zero.json")?;
    for file in ["report.json", "zero.json"] {
        for command in ["render", "compare"] {
            let args = [command, file, file];
            let seen = ground.run(&args[..if command == "render" { 2 } else { 3 }])?;
            ensure!(seen.code != 0 && seen.memory < MEMORY, "{command} {file}");
        }
        let guest = ground.guest("js");
        let seen = ground.run(&["exec", "--wasm-exec", file, &guest])?;
        seen.code_is(125)?;
    }
    Ok(())
}

fn cache_files(ground: &Ground) -> Result<()> {
    ground.hello()?;
    ground.write(
        "main.go",
        "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n",
    )?;
    ground.run(&["-q", "--level", "scan"])?.code_is(0)?;
    ground
        .run(&["exec", &ground.guest("wasip1"), "deep", "1"])?
        .code_is(0)?;
    let kept = ["facts", "modules"].map(|kind| ground.beside("cache").join(kind));
    let files = kept.iter().flat_map(fs::read_dir).flatten().flatten();
    let files: Vec<_> = files.map(|entry| entry.path()).collect();
    ensure!(files.len() > 3, "the cache keeps nothing");
    let zero = |path: &Path| Ok(symlink("/dev/zero", path)?);
    for make in [fifo, zero] as [fn(&Path) -> Result<()>; 2] {
        for file in &files {
            let _ = fs::remove_file(file);
            make(file)?;
        }
        let seen = ground.run(&["-q", "--level", "scan"])?;
        seen.code_is(0)?;
        ensure!(seen.memory < MEMORY, "{} bytes", seen.memory);
        ground
            .run(&["exec", &ground.guest("wasip1"), "deep", "1"])?
            .code_is(0)?;
    }
    Ok(())
}

/// A scan in little memory, or a refusal.
fn within_memory(ground: &Ground) -> Result<()> {
    let seen = ground.run(&["-q", "--level", "scan"])?;
    let memory = seen.memory >> 20;
    ensure!(seen.memory < MEMORY, "{memory} MiB");
    ensure!(
        [0, 1, 3].contains(&seen.code),
        "exit code {}: {}",
        seen.code,
        seen.stderr
    );
    ground.nothing_left()
}

fn large_literal(ground: &Ground) -> Result<()> {
    ground.hello()?;
    for name in ["a", "b"].into_iter().take(ground.rounds(1, 2)) {
        let text = format!(
            "package {name}\n\nvar x = []int{{{}}}\n",
            "1, ".repeat(16_000_000)
        );
        ground.write(&format!("{name}/x.go"), text)?;
    }
    within_memory(ground)
}

fn many_functions(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let mut text = "package a\n\nimport \"os\"\n\n".to_owned();
    for n in 0..ground.rounds(60_000, 600_000) {
        writeln!(
            text,
            "func f{n}(a int) int {{ if a > {n} {{ return len(os.Args) + a }}; return {n} }}"
        )?;
    }
    ground.write("a/x.go", text)?;
    within_memory(ground)
}

fn large_cycle(ground: &Ground) -> Result<()> {
    let count = ground.rounds(500, 3000);
    ground.hello()?;
    for n in 0..count {
        let next = (n + 1) % count;
        let text = format!("package p{n}\n\nimport _ \"example.com/m/p{next}\"\n");
        ground.write(&format!("p{n}/p.go"), text)?;
    }
    within_memory(ground)
}

fn large_module_file(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let text = "// a comment that nobody reads\n".repeat(3_400_000);
    ground.write("go.mod", format!("module example.com/m\n\ngo 1.24\n{text}"))?;
    within_memory(ground)?;
    ground.run(&["-q", "--level", "scan"])?.says("larger than")
}
