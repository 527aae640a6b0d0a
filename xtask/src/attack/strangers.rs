//! What a clone brings is neither started nor waited for, and tells nothing of files elsewhere: programs, filters of a
//! repository, links.
#![expect(
    clippy::disallowed_methods,
    reason = "attacks prepare files and run git"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::Attack;
use super::ground::{Ground, Seen};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "programs: go and git of the module, started elsewhere",
        run: programs_elsewhere,
    },
    Attack {
        name: "programs: filters of a repository, and of one in the module",
        run: filters,
    },
    Attack {
        name: "programs: git, for a module that no proxy has",
        run: version_control,
    },
    Attack {
        name: "hangs: links to its own output, and to memory without end",
        run: endless,
    },
    Attack {
        name: "quotes: module files of members, and changes of linked files",
        run: linked,
    },
];

/// A file that uses what wasm lacks, so that a change of it is looked for.
const LOCKS: &str = "package m\n\nimport \"syscall\"\n\nvar token = \"s3cr3t\"\n\n// Lock locks.\nfunc Lock() error { println(token); return syscall.Flock(0, 2) }\n";

/// A program that notes that it ran.
fn script(ground: &Ground, name: &str) -> Result<()> {
    let ran = ground.beside("ran").display().to_string();
    ground.write(
        name,
        format!("#!/bin/sh\necho $0 \"$@\" >> {ran}\nexit 1\n"),
    )?;
    fs::set_permissions(ground.module.join(name), PermissionsExt::from_mode(0o755))?;
    Ok(())
}

fn nothing_ran(ground: &Ground, what: &str) -> Result<()> {
    let ran = fs::read_to_string(ground.beside("ran")).unwrap_or_default();
    ensure!(ran.is_empty(), "{what}: {ran}");
    Ok(())
}

fn path_with(dir: &Path) -> String {
    format!(
        "{}:{}",
        dir.display(),
        std::env::var("PATH").unwrap_or_default()
    )
}

fn programs_elsewhere(ground: &Ground) -> Result<()> {
    ground.write(
        "m/go.mod",
        "module example.com/m\n\ngo 1.24\n\nrequire example.com/winonly v1.0.0\n",
    )?;
    ground.write("m/m.go", LOCKS)?;
    fs::create_dir(ground.module.join(".git"))?;
    for program in ["go", "git", "node"] {
        script(ground, &format!("bin/{program}"))?;
        script(ground, &format!("m/bin/{program}"))?;
    }
    let module = ground.module.join("m").display().to_string();
    for dir in ["bin", "m/bin"] {
        for words in [&["-q"][..], &["fix", "--apply", "-q", "--allow-dirty"]] {
            let mut command = ground.command(words);
            command
                .arg(&module)
                .current_dir(ground.beside("home"))
                .env("PATH", path_with(&ground.module.join(dir)));
            ground.finish(command)?;
            nothing_ran(ground, dir)?;
        }
    }
    ground.nothing_left()
}

fn git(dir: &Path, args: &[&str]) -> Result<()> {
    let identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"];
    let output = Command::new("git")
        .args(identity)
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()?;
    ensure!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn filters(ground: &Ground) -> Result<()> {
    let ran = ground.beside("ran").display().to_string();
    let filter = format!(
        "[filter \"x.y\"]\n\tclean = \"sh -c 'echo clean >> {ran}; cat'\"\n\trequired = true\n"
    );
    // A directory that looks like a bare repository, as a clone may bring one.
    ground.write("sub/go.mod", "module example.com/m\n\ngo 1.24\n")?;
    ground.write("sub/m.go", LOCKS)?;
    ground.write("sub/.gitattributes", "*.go filter=x.y\n")?;
    let sub = ground.module.join("sub");
    git(&sub, &["init", "-q"])?;
    git(&sub, &["add", "m.go"])?;
    for entry in fs::read_dir(sub.join(".git"))? {
        let entry = entry?;
        fs::rename(entry.path(), sub.join(entry.file_name()))?;
    }
    fs::remove_dir(sub.join(".git"))?;
    let core = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n";
    ground.write("sub/config", format!("{core}{filter}"))?;
    git(&ground.module, &["init", "-q"])?;
    git(&ground.module, &["add", "-A"])?;
    git(&ground.module, &["commit", "-q", "-m", "a"])?;
    let config = fs::read_to_string(ground.module.join(".git/config"))?;
    ground.write(".git/config", config + &filter)?;
    let touch = || ground.write("sub/m.go", LOCKS);
    for dir in [".", "sub"] {
        touch()?;
        let mut command = ground.command(&["fix", "--apply", "-q"]);
        command.current_dir(ground.module.join(dir));
        let seen = ground.finish(command)?;
        nothing_ran(ground, dir)?;
        seen.code_is(0)?;
        seen.says("1 of 1 package build")?;
        let without = ["-c", "filter.x.y.clean=", "-c", "filter.x.y.required=false"];
        let back = ["checkout", "-q", "--", "."];
        git(&ground.module, &[without, back].concat())?;
        git(&ground.module, &["clean", "-qfd"])?;
    }
    // Where git does not answer, nothing is written over.
    ground.write("sub/m.go", format!("{LOCKS}// More.\n"))?;
    fs::remove_file(ground.module.join(".git/HEAD"))?;
    let before = ground.tree()?;
    ground.run(&["fix", "--apply", "-q"])?.code_is(2)?;
    ensure!(ground.tree()? == before, "it was written over");
    ground.nothing_left()
}

fn version_control(ground: &Ground) -> Result<()> {
    let bin = ground.beside("bin");
    fs::create_dir(&bin)?;
    for program in ["git", "hg", "ssh"] {
        script(ground, program)?;
        fs::rename(ground.module.join(program), bin.join(program))?;
    }
    let empty = ground.beside("proxy");
    fs::create_dir(&empty)?;
    ground.write(
        "go.mod",
        "module example.com/m\n\ngo 1.24\n\nrequire example.invalid/x.git v1.0.0\n",
    )?;
    ground.write("m.go", "package m\n\nimport _ \"example.invalid/x.git\"\n")?;
    let run = |setting: (&str, &str)| -> Result<Seen> {
        let mut command = ground.command(&["-q", "--level", "scan"]);
        command
            .env("PATH", path_with(&bin))
            .env("GOFLAGS", "-mod=mod")
            .env("GOPROXY", format!("file://{},direct", empty.display()))
            .env("GOSUMDB", "off")
            .env(setting.0, setting.1);
        ground.finish(command)
    };
    let seen = run(("GOVCS", ""))?;
    nothing_ran(ground, "without GOVCS")?;
    seen.says("name it there, or set GOVCS")?;
    run(("GOPRIVATE", "example.invalid"))?;
    ensure!(
        ground.beside("ran").exists(),
        "git was not asked for a private module"
    );
    Ok(())
}

fn endless(ground: &Ground) -> Result<()> {
    let assembly = "#include \"x.inc\"\n";
    for (place, to) in [
        ("a.go", "/proc/self/fd/1"),
        ("a.go", "/proc/self/fd/2"),
        ("testdata/a.go", "/dev/stdout"),
        (".x/a.go", "/dev/fd/1"),
        ("x.inc", "/proc/self/fd/1"),
        ("x.inc", "/dev/zero"),
        ("go.mod", "/proc/self/fd/1"),
        ("go.work", "/proc/self/pagemap"),
        ("default.pgo", "/proc/self/fd/1"),
    ] {
        ground.hello()?;
        ground.write("f_wasm.s", assembly)?;
        ground.write("nested/go.mod", "module example.com/n\n\ngo 1.24\n")?;
        let file = ground.module.join(place);
        fs::create_dir_all(file.parent().unwrap_or(&ground.module))?;
        let _ = fs::remove_file(&file);
        ground.link(to, place)?;
        let seen = ground.run(&["-q", "--level", "build"])?;
        seen.code_is(3)?;
        seen.says(place)?;
        fs::remove_file(&file)?;
    }
    ground.nothing_left()
}

fn linked(ground: &Ground) -> Result<()> {
    let secret = ground.beside("secret");
    fs::write(&secret, "s3cr3t line\n")?;
    fs::write(ground.beside("go.work"), "s3cr3t line\n")?;
    fs::write(ground.beside("lock.go"), LOCKS)?;
    let member = "module example.com/a\n\ngo 1.24\n";
    for (place, to) in [
        ("b/go.mod", "../../secret"),
        ("b/go.sum", "../../secret"),
        ("go.work", "../go.work"),
        ("a/lock.go", "../../lock.go"),
        ("a/linked", "../../linked"),
    ] {
        fs::remove_dir_all(&ground.module)?;
        fs::create_dir_all(ground.beside("linked"))?;
        fs::write(ground.beside("linked/lock.go"), LOCKS)?;
        ground.write("a/go.mod", member)?;
        ground.write("a/a.go", "package m\n")?;
        if place == "a/linked" {
            ground.write("a/a.go", "package m\n\nimport _ \"example.com/a/linked\"\n")?;
        }
        ground.write("b/go.mod", member.replace("/a", "/b"))?;
        ground.write("b/b.go", "package b\n")?;
        ground.write("go.work", "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n")?;
        let _ = fs::remove_file(ground.module.join(place));
        ground.link(to, place)?;
        for words in [
            &["--format", "json"][..],
            &["-o", "page.html"],
            &["fix"],
            &["why", "syscall"],
        ] {
            for dir in [".", "a"] {
                let mut command = ground.command(words);
                command.current_dir(ground.module.join(dir));
                let seen = ground.finish(command)?;
                let page = fs::read_to_string(ground.module.join(dir).join("page.html"));
                let all = seen.stdout + &seen.stderr + &page.unwrap_or_default();
                ensure!(
                    !all.contains("s3cr3t"),
                    "{place}, {words:?} in {dir}: {all}"
                );
            }
        }
    }
    ground.nothing_left()
}
