//! What the machine did is no verdict about the module.
#![expect(clippy::disallowed_methods, reason = "attacks prepare files")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::Attack;
use super::ground::{Ground, Seen};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "machine: a full disk for temporary files",
        run: full_disk,
    },
    Attack {
        name: "machine: no home, no cache directory",
        run: no_home,
    },
    Attack {
        name: "machine: TMPDIR that is not there, or cannot be written",
        run: no_tmpdir,
    },
    Attack {
        name: "streams: full, and closed",
        run: streams,
    },
];

/// A small file system in memory, gone when it is dropped; none for whom may not mount.
struct Small(PathBuf);

impl Small {
    fn mount(dir: &Path) -> Result<Option<Self>> {
        fs::create_dir_all(dir)?;
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(dir);
        let mounted = command.stderr(std::process::Stdio::null()).status()?;
        Ok(mounted.success().then(|| Self(dir.to_owned())))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn no_false_verdict(seen: &Seen, what: &str) -> Result<()> {
    let false_verdict = seen.stdout.contains("fails to build") || seen.code == 1;
    ensure!(!false_verdict, "{what}: {}{}", seen.stdout, seen.stderr);
    Ok(())
}

fn full_disk(ground: &Ground) -> Result<()> {
    ground.hello()?;
    ground.write("lib/lib.go", "package lib\n\nfunc F() {}\n")?;
    // Compiled once, so that only links and lists are left to do.
    ground.run(&["-q"])?.code_is(0)?;
    let Some(disk) = Small::mount(&ground.beside("disk"))? else {
        eprintln!("        (a file system cannot be mounted here: not tried)");
        return Ok(());
    };
    let rooms = [
        16_000_usize,
        1 << 20,
        0,
        4_096,
        30_000,
        100_000,
        500_000,
        3 << 20,
    ];
    for left in rooms.into_iter().take(ground.rounds(2, 8)) {
        let tmp = disk.0.join("tmp");
        fs::create_dir_all(&tmp)?;
        let fill = (4_usize << 20).saturating_sub(left + 8192);
        // As much of it as fits.
        let _ = fs::write(disk.0.join("fill"), vec![0; fill]);
        for cached in [true, false] {
            let mut command = ground.command(&["--level", "build"]);
            command.env("TMPDIR", &tmp);
            if !cached {
                command.env("GOCACHE", ground.beside(&format!("gocache-{left}")));
            }
            no_false_verdict(&ground.finish(command)?, &format!("{left} bytes left"))?;
        }
        fs::remove_file(disk.0.join("fill"))?;
    }
    Ok(())
}

fn no_home(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let guest = ground.guest("wasip1");
    fs::create_dir(ground.module.join("data"))?;
    let bare = |args: &[&str]| {
        let mut command = ground.command(args);
        command.env_remove("WASMCHECK_CACHE");
        command
    };
    let seen = ground.finish(bare(&[
        "exec",
        "--dir",
        "./data::/tmp",
        &guest,
        "deep",
        "1",
    ]))?;
    seen.code_is(0)?;
    fs::remove_dir_all(ground.module.join("data"))?;
    for home in [Some("none/at/all"), Some(""), None] {
        let mut command = bare(&["--target", "wasip1,js-node"]);
        match home {
            Some(home) => command.env("HOME", home),
            None => command.env_remove("HOME"),
        };
        let seen = ground.finish(command)?;
        seen.code_is(0)?;
        ensure!(seen.stdout.contains("works"), "{home:?}: {}", seen.stdout);
    }
    ground.nothing_left()
}

fn no_tmpdir(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let file = ground.beside("file");
    fs::write(&file, "")?;
    fs::set_permissions(&file, PermissionsExt::from_mode(0o444))?;
    for tmp in [ground.beside("not-there"), file] {
        let mut command = ground.command(&["--level", "build"]);
        command.env("TMPDIR", &tmp);
        let seen = ground.finish(command)?;
        seen.code_is(3)?;
        seen.says(&tmp.display().to_string())?;
    }
    Ok(())
}

fn streams(ground: &Ground) -> Result<()> {
    ground.hello()?;
    let binary = ground.command(&[]).get_program().to_owned();
    let commands: [(&str, bool); 10] = [
        ("--level scan", true),
        ("--level scan --format json", true),
        ("--level scan --format html", true),
        ("why fmt.Println", true),
        ("nosuch", false),
        ("inspect /nosuch", false),
        ("exec /nosuch", false),
        ("--help", true),
        ("rules", true),
        ("explain undefined-name", true),
    ];
    for (args, prints) in commands {
        for (redirected, loses) in [
            ("2>/dev/full", false),
            ("2>&-", false),
            (">/dev/full", true),
            (">&-", true),
            (">/dev/full 2>/dev/full", true),
        ] {
            let mut command = ground.command(&[]);
            let env: Vec<_> = command
                .get_envs()
                .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
                .collect();
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("exec \"$0\" {args} {redirected}")])
                .arg(&binary);
            shell.current_dir(&ground.module);
            for (key, value) in env {
                match value {
                    Some(value) => shell.env(key, value),
                    None => shell.env_remove(key),
                };
            }
            command = shell;
            let seen = ground.finish(command)?;
            if prints && loses && redirected != ">&-" {
                ensure!(
                    seen.code != 0,
                    "{args} {redirected}: exit code 0 although nothing was printed"
                );
            }
        }
    }
    Ok(())
}
