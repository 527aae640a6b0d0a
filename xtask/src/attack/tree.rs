//! Nothing outside of scratch directories is written, removed or run.
#![expect(clippy::disallowed_methods, reason = "attacks prepare files")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::Attack;
use super::ground::Ground;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "output: a committed link beside it",
        run: link_beside_output,
    },
    Attack {
        name: "output: a link, a device",
        run: odd_outputs,
    },
    Attack {
        name: "scenario: files through a link to .git",
        run: scenario_files,
    },
    Attack {
        name: "scenario: dir and stdin through links",
        run: scenario_dir,
    },
    Attack {
        name: "scratch: a clone with the name and mark of one",
        run: marked_module,
    },
    Attack {
        name: "scratch: a named pipe as the mark",
        run: marked_by_fifo,
    },
    Attack {
        name: "tree: a workspace without and with sums",
        run: workspaces,
    },
    Attack {
        name: "tree: vendor, read-only, uncommitted changes",
        run: odd_trees,
    },
    Attack {
        name: "quotes: links to a file outside of the module",
        run: quoted,
    },
    Attack {
        name: "quotes: a module that go.work names elsewhere",
        run: member_elsewhere,
    },
    Attack {
        name: "programs: go in the current directory",
        run: go_beside,
    },
    Attack {
        name: "cache clean: directories of the user",
        run: cache_of_the_user,
    },
    Attack {
        name: "tmpdir: inside of the module",
        run: tmpdir_inside,
    },
    Attack {
        name: "tmpdir: the current directory, and /",
        run: tmpdir_here,
    },
    Attack {
        name: "tmpdir: empty",
        run: tmpdir_empty,
    },
];

fn unchanged(ground: &Ground, args: &[&str]) -> Result<()> {
    let before = ground.tree()?;
    ground.run(args)?;
    ensure!(ground.tree()? == before, "the module was changed");
    ground.nothing_left()
}

fn link_beside_output(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let victim = ground.beside("victim");
    fs::write(&victim, "precious")?;
    for ending in ["html", "json", "txt"] {
        ground.link(&victim, &format!(".report.{ending}.part"))?;
        let output = format!("report.{ending}");
        ground
            .run(&["-q", "--level", "scan", "-o", &output])?
            .code_is(0)?;
        ensure!(
            fs::read(&victim)? == b"precious",
            "it was overwritten for {output}"
        );
        ensure!(ground.module.join(&output).symlink_metadata()?.is_file());
    }
    ground.nothing_left()
}

fn odd_outputs(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let target = ground.beside("target.json");
    ground.link(&target, "report.json")?;
    ground
        .run(&["-q", "--level", "scan", "-o", "report.json"])?
        .code_is(0)?;
    ensure!(
        fs::read(&target)?.starts_with(b"{"),
        "the link was not followed"
    );
    ensure!(
        ground.module.join("report.json").is_symlink(),
        "the link was replaced"
    );
    symlink("/dev/full", ground.module.join("full.json"))?;
    ground
        .run(&["-q", "--level", "scan", "-o", "full.json"])?
        .code_is(3)
}

fn quoted(ground: &Ground) -> Result<()> {
    let secret = ground.beside("secret");
    fs::write(&secret, "TOKEN=s3cr3t\n")?;
    for place in [
        "go.mod",
        "go.sum",
        "go.work",
        "wasmcheck.toml",
        "leak.go",
        "leak_test.go",
        "leak.s",
    ] {
        ground.hello()?;
        let _ = fs::remove_file(ground.module.join(place));
        ground.link(&secret, place)?;
        for args in [
            &["--format", "json", "--level", "build"][..],
            &["--level", "build"],
        ] {
            let seen = ground.run(args)?;
            let told = seen.stdout.contains("s3cr3t") || seen.stderr.contains("s3cr3t");
            ensure!(!told, "{place}: {}{}", seen.stdout, seen.stderr);
        }
        fs::remove_file(ground.module.join(place))?;
    }
    catalogue_outside(ground)?;
    module_outside(ground)?;
    ground.nothing_left()
}

/// A go.mod, of the module and of one below it, that is a link to one elsewhere.
fn module_outside(ground: &Ground) -> Result<()> {
    let outside = ground.beside("outside-module");
    fs::create_dir(&outside)?;
    fs::write(outside.join("go.mod"), "TOKEN=s3cr3t\n")?;
    for place in ["go.mod", "below/go.mod"] {
        ground.hello()?;
        ground.write("below/a.go", "package below\n")?;
        let _ = fs::remove_file(ground.module.join(place));
        ground.link(outside.join("go.mod"), place)?;
        let seen = ground.run(&["--level", "build"])?;
        let told = seen.stdout.contains("s3cr3t") || seen.stderr.contains("s3cr3t");
        ensure!(!told, "{place}: {}{}", seen.stdout, seen.stderr);
        fs::remove_file(ground.module.join(place))?;
    }
    Ok(())
}

/// A catalogue of the module by the name of a file that lies elsewhere, and in a directory that does.
fn catalogue_outside(ground: &Ground) -> Result<()> {
    ground.hello()?;
    ground.link(ground.beside("secret"), "secret")?;
    ground.link(ground.beside("."), "dir")?;
    for name in ["secret", "dir/secret"] {
        ground.write("wasmcheck.toml", format!("catalogue = [{name:?}]\n"))?;
        for verb in ["check", "fix"] {
            let seen = ground.run(&[verb, "-q"])?;
            seen.code_is(2)?;
            seen.says("leads out of the module")?;
            let told = seen.stderr.contains("s3cr3t");
            ensure!(!told, "{name}: {}", seen.stderr);
        }
    }
    Ok(())
}

/// A link that ends in the module's own tree from where the copy of it lies, too.
fn up_to(target: &Path) -> String {
    "../".repeat(40) + &target.display().to_string()
}

fn scenario_files(ground: &Ground) -> Result<()> {
    ground.hello()?;
    ground.write(".git/config", "[core]\n")?;
    ground.link(up_to(&ground.module.join(".git")), "x")?;
    ground.link(up_to(&ground.module.join("main.go")), "y")?;
    let files = "files = { \"x/config\" = \"fsmonitor\", \"y\" = \"\", \"x/new\" = \"\" }";
    ground.write(
        "wasmcheck.toml",
        format!("[[scenario]]\nname = \"s\"\n{files}\n"),
    )?;
    unchanged(ground, &["-q", "--target", "wasip1"])
}

fn scenario_dir(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let outside = ground.beside("outside");
    fs::create_dir(&outside)?;
    fs::write(outside.join("secret"), "s3cr3t")?;
    let source =
        "package main\n\nimport (\"io\"; \"os\")\n\nfunc main() { io.Copy(os.Stdout, os.Stdin) }\n";
    ground.write("main.go", source)?;
    ground.link(up_to(&outside), "x")?;
    ground.link(up_to(&outside.join("secret")), "in")?;
    for scenario in [
        "dir = \"x/new\"",
        "stdin_file = \"x/secret\"",
        "stdin_file = \"in\"",
        "dir = \"x\"\nfiles = { \"f\" = \"\" }",
    ] {
        ground.write(
            "wasmcheck.toml",
            format!("[[scenario]]\nname = \"s\"\n{scenario}\n"),
        )?;
        let seen = ground.run(&["-q", "--target", "wasip1", "--format", "json"])?;
        ensure!(
            !seen.stdout.contains("s3cr3t"),
            "{scenario}: the file was read"
        );
        let names = super::ground::names(&outside)?;
        ensure!(names == ["secret"], "{scenario}: {names:?}");
    }
    ground.nothing_left()
}

fn marked_module(ground: &Ground) -> Result<()> {
    // The mark of a real one, as it lies in every report of a bug.
    let clone = ground.tmp.join("wasmcheck-demo");
    fs::create_dir(&clone)?;
    fs::set_permissions(&clone, PermissionsExt::from_mode(0o700))?;
    fs::write(clone.join("go.mod"), "module example.com/m\n\ngo 1.24\n")?;
    fs::write(clone.join("main.go"), "package main\n\nfunc main() {}\n")?;
    for mark in ["", "1 2 3\n"] {
        fs::write(clone.join(".wasmcheck-scratch"), mark)?;
        age(&clone)?;
        let mut command = ground.command(&["-q", "--level", "scan"]);
        command.current_dir(&clone);
        ground.finish(command)?.code_is(0)?;
        ensure!(clone.join("main.go").exists(), "the module was removed");
    }
    Ok(())
}

fn age(dir: &Path) -> Result<()> {
    let old = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    Ok(fs::File::open(dir)?.set_modified(old)?)
}

fn marked_by_fifo(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let dir = ground.tmp.join("wasmcheck-x");
    fs::create_dir(&dir)?;
    super::files::fifo(&dir.join(".wasmcheck-scratch"))?;
    age(&dir)?;
    ground.run(&["-q", "--level", "scan"])?.code_is(0)?;
    ensure!(dir.exists(), "a directory of others was removed");
    Ok(())
}

fn workspaces(ground: &Ground) -> Result<()> {
    let proxy = fixtures::proxy(&ground.beside("proxy"))?;
    let module = "module example.com/a\n\ngo 1.24\n\nrequire example.com/winonly v1.0.0\n";
    ground.write("a/go.mod", module)?;
    ground.write("a/a.go", "package a\n\nimport _ \"example.com/winonly\"\n")?;
    ground.write("b/go.mod", "module example.com/b\n\ngo 1.24\n")?;
    ground.write("b/main.go", "package main\n\nfunc main() {}\n")?;
    ground.write("go.work", "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n")?;
    for sums in [None, Some(""), Some("example.com/old v1.0.0/go.mod h1:x\n")] {
        if let Some(sums) = sums {
            ground.write("go.work.sum", sums)?;
        }
        let flags = ["-mod=mod", "", "-mod=readonly", "-modfile=other.mod"];
        for flags in flags.into_iter().take(ground.rounds(1, 4)) {
            for (dir, args) in [
                (".", ["-q", "--level", "build"]),
                ("a", ["-q", "--level", "run"]),
            ] {
                let before = ground.tree()?;
                let mut command = ground.command(&args);
                command
                    .current_dir(ground.module.join(dir))
                    .env("GOFLAGS", format!("{flags} -modcacherw").trim())
                    .env("GOPROXY", &proxy);
                let seen = ground.finish(command)?;
                let judged = !seen.stdout.contains("unknown");
                ensure!(judged || sums.is_some(), "{flags} {dir}: {}", seen.stdout);
                ensure!(
                    ground.tree()? == before,
                    "{sums:?} {flags} {dir}: the workspace was changed"
                );
            }
        }
    }
    ground.nothing_left()
}

fn member_elsewhere(ground: &Ground) -> Result<()> {
    let far = ground.beside("far");
    fs::create_dir(&far)?;
    fs::write(far.join("go.mod"), "module example.com/far\n\ngo 1.24\n")?;
    fs::write(far.join("far.go"), "package far\n\nvar token = s3cr3t\n")?;
    ground.link(&far, "link")?;
    for named in ["../far", "./link"] {
        ground.write("a/go.mod", "module example.com/a\n\ngo 1.24\n")?;
        ground.write("a/a.go", "package a\n")?;
        ground.write(
            "go.work",
            format!("go 1.24\n\nuse (\n\t./a\n\t{named}\n)\n"),
        )?;
        let seen = ground.run(&["--format", "json", "--level", "build"])?;
        let told = seen.stdout.contains("s3cr3t") || seen.stderr.contains("s3cr3t");
        ensure!(!told, "{named}: {}", seen.stdout);
        ensure!(
            seen.stdout.contains("example.com/a"),
            "{named}: {}",
            seen.stderr
        );
        ensure!(
            seen.stderr.contains("is not checked"),
            "{named}: {}",
            seen.stderr
        );
    }
    ground.nothing_left()
}

fn odd_trees(ground: &Ground) -> Result<()> {
    ground.hello()?;
    ground.write("vendor/modules.txt", "")?;
    unchanged(ground, &["-q"])?;
    fs::remove_dir_all(ground.module.join("vendor"))?;
    ground.write("go.sum", "example.com/old v1.0.0/go.mod h1:x\n")?;
    let git = |args: &[&str]| {
        Command::new("git")
            .args(args)
            .current_dir(&ground.module)
            .output()
    };
    git(&["init", "-q", "."])?;
    git(&["add", "main.go"])?;
    ground.write("main.go", "package main\n\nfunc main() { println(1) }\n")?;
    ground.write("untracked", "")?;
    unchanged(ground, &["-q"])?;
    fs::set_permissions(&ground.module, PermissionsExt::from_mode(0o555))?;
    let held = unchanged(ground, &["-q"]);
    fs::set_permissions(&ground.module, PermissionsExt::from_mode(0o755))?;
    held
}

fn go_beside(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let ran = ground.beside("ran");
    let path = std::env::var("PATH").unwrap_or_default();
    for name in [
        "go",
        "node",
        "git",
        "gcc",
        "cc",
        "chromium",
        "google-chrome",
        "bin/go",
        "bin/gcc",
    ] {
        ground.write(name, format!("#!/bin/sh\necho $0 >> {}\n", ran.display()))?;
        fs::set_permissions(ground.module.join(name), PermissionsExt::from_mode(0o755))?;
    }
    // What needs the C compiler natively.
    ground.write(
        "c/c.go",
        "package c\n\n// int one() { return 1; }\nimport \"C\"\n\nvar X = C.one()\n",
    )?;
    let bin = ground.module.join("bin").display().to_string();
    for path in [
        format!(":{path}"),
        format!(".:{path}"),
        format!("{path}:"),
        format!("bin:{path}"),
        format!("{bin}:{path}"),
    ] {
        let mut command = ground.command(&["-q", "--host", "node", "--host", "chromium"]);
        command.env("PATH", &path);
        ground.finish(command)?;
        ensure!(!ran.exists(), "PATH={path}: {}", fs::read_to_string(&ran)?);
    }
    let mut command = ground.command(&["-q", "--level", "scan"]);
    command.env("PATH", ".");
    let seen = ground.finish(command)?;
    seen.says("not started")
}

fn cache_of_the_user(ground: &Ground) -> Result<()> {
    ground.hello()?;
    for dir in ["facts", "modules"] {
        ground.write(&format!("{dir}/mine/thesis"), "")?;
        ground.write(&format!("{dir}/thesis"), "")?;
    }
    let before = ground.tree()?;
    for args in [
        &["cache", "clean"][..],
        &["-q", "--level", "scan"],
        &["cache", "clean"],
    ] {
        let mut command = ground.command(args);
        command.env("WASMCHECK_CACHE", &ground.module);
        ground.finish(command)?.code_is(0)?;
    }
    ensure!(
        ground.tree()? == before,
        "files of the user were removed or added"
    );
    Ok(())
}

fn tmpdir_inside(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let source = "package main\n\nimport (\"fmt\"; \"os\")\n\nfunc main() { _, err := os.Stat(\"data\"); fmt.Println(err) }\n";
    ground.write("main.go", source)?;
    ground.write("data", "")?;
    fs::create_dir(ground.module.join("tmp"))?;
    let before = ground.tree()?;
    let mut command = ground.command(&["--target", "wasip1,js-node"]);
    command.env("TMPDIR", ground.module.join("tmp"));
    let seen = ground.finish(command)?;
    seen.code_is(0)?;
    seen.says("works")?;
    ensure!(ground.tree()? == before, "the module was changed");
    Ok(())
}

fn tmpdir_here(ground: &Ground) -> Result<()> {
    let guest = ground.guest("wasip1");
    for (dir, tmp) in [(&ground.tmp, &ground.tmp), (&ground.module, &ground.module)] {
        let mut command = ground.command(&["exec", &guest, "deep", "1"]);
        command.current_dir(dir).env("TMPDIR", tmp);
        ground.finish(command)?.code_is(0)?;
    }
    let mut command = ground.command(&["exec", "--max-disk", "1MiB", &guest, "deep", "1"]);
    command.current_dir("/");
    let seen = ground.finish(command)?;
    seen.code_is(0)?;
    seen.says("does not see the current directory")?;
    ground.nothing_left()
}

fn tmpdir_empty(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let made = fs::metadata(&ground.module)?.modified()?;
    let mut command = ground.command(&["-q"]);
    command.env("TMPDIR", "");
    ground.finish(command)?.code_is(0)?;
    ensure!(
        fs::metadata(&ground.module)?.modified()? == made,
        "something was made in the module"
    );
    Ok(())
}
